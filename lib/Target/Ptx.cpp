//===- Ptx.cpp - LLVM IR to PTX -------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxVersion.h"
#include "TargetMachine.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::tk;

/// Gives every `.file` a date and a size: ptxas puts into the cubin those of a
/// file that it finds under the name, unless the date is not 0. A size of 0 is
/// unknown (PTX ISA, "Debugging Directives: .file").
static std::string fixFileDates(StringRef ptx) {
  constexpr StringLiteral kFile = "\t.file\t", kDateAndSize = ", 1, 0";
  std::string result;
  while (!ptx.empty()) {
    auto [line, rest] = ptx.split('\n');
    result += line;
    if (line.starts_with(kFile))
      result += kDateAndSize;
    result += '\n';
    ptx = rest;
  }
  return result;
}

FailureOr<std::string> mlir::tk::emitPtx(Location loc, llvm::Module &module,
                                         const TargetOptions &options,
                                         TimingScope &timing) {
  TimingScope scope = timing.nest("generate PTX");
  if (!options.emitLineInfo)
    llvm::StripDebugInfo(module);
  std::string features =
      "+ptx" + std::to_string(computePtxVersion(module, *options.target));
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(*options.target, features);
  SmallString<0> ptx;
  if (failed(runCodeGenerator(loc, module, *machine, /*emitText=*/true, ptx)))
    return failure();
  return fixFileDates(ptx);
}
