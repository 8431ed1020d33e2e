//===- tk-opt.cpp - runs passes on MLIR files -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../../test/lib/TestPasses.h"
#include "ShowLayout.h"
#include "Tools.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tk/Pipelines/Registration.h"

using namespace mlir;

int mlir::tk::runTkOpt(int argc, char **argv) {
  DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  registerTestAlignmentPass();
  ShowLayoutOptions showLayout;
  auto [inputFile, outputFile] =
      registerAndParseCLIOptions(argc, argv, "the tk pass driver", registry);
  if (showLayout.isRequested())
    return showLayout.run(outputFile.c_str());
  return asMainReturnCode(
      MlirOptMain(argc, argv, inputFile, outputFile, registry));
}
