//===- tkc.cpp - the compiler ---------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TkcOptions.h"
#include "Tools.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/ToolUtilities.h"
#include "tk/Frontend/Format.h"
#include "tk/Frontend/Parser.h"
#include "tk/Pipelines/CommandDiagnostics.h"
#include "tk/Pipelines/Registration.h"
#include "tk/Support/BinaryFile.h"
#include "tk/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static int fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "tkc") << message << "\n";
  return 1;
}

/// Compiles one part of the input and writes the result to `os`. `target` gets
/// what it was compiled for.
static LogicalResult compile(std::unique_ptr<llvm::MemoryBuffer> buffer,
                             const TkcOptions &options, TimingScope &timing,
                             raw_ostream &os, const TargetInfo *&target) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  if (failed(enableRemarks(context, options.remarks)))
    return failure();
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());

  Compiler compiler(context, options.compiler);
  // The front end has diagnostics of its own.
  bool isSource = options.compiler.startAt == Stage::Source;
  DiagnosticSession session(sources, isSource && options.verifyDiagnostics,
                            llvm::errs());
  // An expected error makes the compilation fail; what counts is that all
  // diagnostics were expected.
  if (options.verifyDiagnostics && isSource) {
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diagnostic) { session.add(diagnostic); });
    (void)compiler.compile(sources, session.getReporter(), timing);
    return success(session.finish());
  }
  if (options.verifyDiagnostics) {
    SourceMgrDiagnosticVerifierHandler handler(sources, &context);
    (void)compiler.compile(sources, session.getReporter(), timing);
    return handler.verify();
  }
  SourceMgrDiagnosticHandler handler(sources, &context);
  // Remarks that were made errors do not stop the compilation by themselves.
  CommandDiagnosticHandler commandHandler(&context, "tkc", llvm::errs());
  bool hasErrors = false;
  ScopedDiagnosticHandler watcher(&context, [&](Diagnostic &diagnostic) {
    hasErrors |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return failure();
  });
  FailureOr<CompilerOutput> output =
      compiler.compile(sources, session.getReporter(), timing);
  bool isFine = session.finish();
  if (failed(output) || hasErrors || !isFine)
    return failure();
  os << output->getContents();
  target = output->target;
  return success();
}

/// Prints the tree or the formatted text of one part of a .tk file.
static LogicalResult printSyntax(std::unique_ptr<llvm::MemoryBuffer> buffer,
                                 const TkcOptions &options, raw_ostream &os) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  DiagnosticSession session(sources, options.verifyDiagnostics, llvm::errs());
  DiagnosticReporter &reporter = session.getReporter();
  if (options.action == TkcOptions::Action::Format) {
    if (std::optional<std::string> text =
            formatSource(sources, sources.getMainFileID(), reporter))
      os << *text;
  } else {
    ASTContext context;
    ParsedProgram program = parseProgram(sources, context, reporter);
    if (!reporter.hasErrors())
      dumpAST(program.files.front(), os);
  }
  return success(session.finish());
}

/// The whole result was made before the output is opened, which may be the
/// input.
static int write(StringRef path, StringRef result) {
  if (llvm::Error error =
          writeOutputFile(path, [&](raw_ostream &os) { os << result; }))
    return fail(llvm::toString(std::move(error)));
  return 0;
}

static int runSyntax(const TkcOptions &options) {
  auto input = options.input == "-"
                   ? llvm::MemoryBuffer::getSTDIN()
                   : llvm::MemoryBuffer::getFile(
                         options.input, /*IsText=*/false,
                         /*RequiresNullTerminator=*/true, /*IsVolatile=*/true);
  if (!input)
    return fail("cannot open '" + options.input +
                "': " + input.getError().message());
  std::string result;
  llvm::raw_string_ostream os(result);
  auto printChunk = [&](std::unique_ptr<llvm::MemoryBuffer> chunk,
                        raw_ostream &chunkOs) {
    return printSyntax(std::move(chunk), options, chunkOs);
  };
  if (failed(splitAndProcessBuffer(std::move(*input), printChunk, os,
                                   options.splitInputFile ? kDefaultSplitMarker
                                                          : "")))
    return 1;
  return write(options.getOutput(Vendor::NVIDIA), result);
}

/// Nothing but a .tk file begins with its language version, `tk 1`, after
/// comments.
static bool looksLikeSource(StringRef text) {
  while (true) {
    text = text.ltrim();
    if (!text.consume_front("//"))
      break;
    text = text.split('\n').second;
  }
  if (!text.consume_front("tk"))
    return false;
  StringRef version = text.ltrim();
  return version.size() < text.size() && !version.empty() &&
         llvm::isDigit(version.front());
}

static int run(TkcOptions options) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> input =
      openInputFile(options.input, &message);
  if (!input)
    return fail(message);
  if (options.input == "-" && !options.compiler.startAt &&
      looksLikeSource(input->getBuffer()))
    options.compiler.startAt = Stage::Source;

  DefaultTimingManager timingManager;
  timingManager.setEnabled(options.printTimes);
  timingManager.setDisplayMode(DefaultTimingManager::DisplayMode::Tree);
  TimingScope timing = timingManager.getRootScope();
  const TargetInfo *target = options.compiler.target.target;
  auto compileChunk = [&](std::unique_ptr<llvm::MemoryBuffer> chunk,
                          raw_ostream &os) {
    return compile(std::move(chunk), options, timing, os, target);
  };
  std::string result;
  llvm::raw_string_ostream os(result);
  LogicalResult compiled =
      splitAndProcessBuffer(std::move(input), compileChunk, os,
                            options.splitInputFile ? kDefaultSplitMarker : "");
  // Who reads along sees what came of the other parts; a file has all or none.
  std::string path = options.getOutput(target->getVendor());
  if (failed(compiled) && path != "-")
    return 1;
  int exitCode = write(path, result);
  return failed(compiled) ? 1 : exitCode;
}

static int describe(const TkcOptions &options) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> input =
      openInputFile(options.input, &message);
  if (!input)
    return fail(message);
  if (llvm::Error error = describeBinary(input->getBuffer(), llvm::outs()))
    return fail("cannot describe '" + options.input +
                "': " + llvm::toString(std::move(error)));
  return 0;
}

int mlir::tk::runTkc(int argc, char **argv) {
  llvm::Expected<TkcOptions> options =
      parseTkcOptions(ArrayRef(argv, argc).drop_front());
  if (!options)
    return fail(llvm::toString(options.takeError()));
  switch (options->action) {
  case TkcOptions::Action::Describe:
    return describe(*options);
  case TkcOptions::Action::PrintHelp:
    printTkcHelp(llvm::outs());
    return 0;
  case TkcOptions::Action::PrintVersion:
    llvm::outs() << "tkc " << TK_VERSION << "\n";
    return 0;
  case TkcOptions::Action::Format:
  case TkcOptions::Action::PrintAST:
    return runSyntax(*options);
  case TkcOptions::Action::Compile:
    return run(*options);
  }
  llvm_unreachable("all actions are listed");
}
