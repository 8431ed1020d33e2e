//===- tk-opt.cpp - runs passes on MLIR files -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../../test/lib/TestPasses.h"
#include "CheckEachPass.h"
#include "ShowLayout.h"
#include "Tools.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Pipelines/Compiler.h"
#include "tk/Pipelines/Registration.h"
#include "tk/Support/OutputFile.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static int fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "tk-opt") << message << "\n";
  return EXIT_FAILURE;
}

/// The tk IR of all kernels that a .tk file exports or tests, as text.
static std::unique_ptr<llvm::MemoryBuffer>
translateSource(std::unique_ptr<llvm::MemoryBuffer> buffer,
                DialectRegistry &registry) {
  std::string name = buffer->getBufferIdentifier().str();
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  SourceMgrDiagnosticHandler handler(sources, &context);
  DiagnosticSession session(sources, /*verifies=*/false, llvm::errs());
  std::unique_ptr<CheckedProgram> program =
      CheckedProgram::create(sources, session.getReporter());
  if (!program)
    return nullptr;
  CompilerOptions options;
  options.target.target = TargetInfo::lookup("sm_90a");
  options.startAt = Stage::Source;
  options.stopAfter = Stage::Tk;
  options.instances = listCheckedInstances(*program);
  DefaultTimingManager timing;
  TimingScope scope = timing.getRootScope();
  FailureOr<CompilerOutput> output =
      Compiler(context, options).compile(sources, session.getReporter(), scope);
  if (!session.finish() || failed(output))
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(output->getContents(),
                                              name + " as tk IR");
}

/// Runs passes as mlir-opt does, and checks them if `check` is given. Nothing
/// is written then if a pass was found to be wrong.
static LogicalResult runPasses(std::unique_ptr<llvm::MemoryBuffer> buffer,
                               DialectRegistry &registry,
                               const std::optional<PassCheckOptions> &check,
                               raw_ostream &os) {
  MlirOptMainConfig usual = MlirOptMainConfig::createFromCLOptions();
  MlirOptMainConfig config = usual;
  PassCheckSummary summary;
  if (check)
    config.setPassPipelineSetupFn([&](PassManager &manager) {
      return success(succeeded(usual.setupPassPipeline(manager)) &&
                     succeeded(addPassChecker(manager, *check, summary)));
    });
  std::string text;
  llvm::raw_string_ostream textStream(text);
  LogicalResult ran =
      MlirOptMain(textStream, std::move(buffer), registry, config);
  if (!check)
    os << text;
  if (failed(ran) || !check)
    return ran;
  llvm::errs() << "tk-opt: checked " << summary.numKernels << " kernels on "
               << summary.numLaunches << " launches in " << summary.numRuns
               << " runs\n";
  // Mistakes that were expected are as good as none.
  if (summary.foundMistake && !config.shouldVerifyDiagnostics())
    return failure();
  os << text;
  return success();
}

/// --show-layout draws a layout given on the command line: it reads no file and
/// runs no passes.
static llvm::Error checkInputOfPicture(StringRef inputFile) {
  if (inputFile != "-")
    return llvm::createStringError("--show-layout takes no input file, got '" +
                                   inputFile + "'");
  MLIRContext context;
  PassManager manager(&context);
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (failed(config.setupPassPipeline(manager)) || !manager.empty())
    return llvm::createStringError("--show-layout runs no passes");
  return llvm::Error::success();
}

int mlir::tk::runTkOpt(int argc, char **argv) {
  DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  registerTestAlignmentPass();
  registerTestMiscompilePass();
  registerTestRegisterPressurePass();
  ShowLayoutOptions showLayout;
  CheckEachPassOptions checkOptions;
  auto [inputFile, outputFile] =
      registerAndParseCLIOptions(argc, argv, "the tk pass driver", registry);
  if (llvm::Error error = showLayout.isRequested()
                              ? checkInputOfPicture(inputFile)
                              : showLayout.checkAlone())
    return fail(llvm::toString(std::move(error)));
  if (showLayout.isRequested())
    return showLayout.run(outputFile.c_str());
  llvm::Expected<std::optional<PassCheckOptions>> check =
      checkOptions.get(inputFile);
  if (!check)
    return fail(llvm::toString(check.takeError()));
  // These print lists and take no input.
  const MlirOptMainConfig &config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses())
    return asMainReturnCode(
        MlirOptMain(argc, argv, inputFile, outputFile, registry));
  bool isSource = StringRef(inputFile).ends_with(".tk");

  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> input =
      openInputFile(inputFile, &message);
  if (!input)
    return fail(message);
  if (isSource)
    input = translateSource(std::move(input), registry);
  if (!input)
    return EXIT_FAILURE;
  std::string text;
  llvm::raw_string_ostream os(text);
  LogicalResult ran = runPasses(std::move(input), registry, *check, os);
  // Who reads along sees what came of the other parts; a file has all or none.
  if (failed(ran) && outputFile != "-")
    return EXIT_FAILURE;
  if (llvm::Error error =
          writeOutputFile(outputFile, [&](raw_ostream &file) { file << text; }))
    return fail(llvm::toString(std::move(error)));
  return asMainReturnCode(ran);
}
