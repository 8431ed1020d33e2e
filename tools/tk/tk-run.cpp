//===- tk-run.cpp - runs the tests and benches of .tk files ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TkRunOptions.h"
#include "Tools.h"
#include "mlir/Support/FileUtilities.h"
#include "tk/Support/BinaryFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static int fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "tk-run") << message << "\n";
  return 1;
}

static int describe(const SessionOptions &options) {
  for (const std::string &file : options.files) {
    std::string message;
    std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(file, &message);
    if (!buffer)
      return fail(message);
    if (llvm::Error error = describeBinary(buffer->getBuffer(), llvm::outs()))
      return fail("cannot describe '" + file +
                  "': " + llvm::toString(std::move(error)));
  }
  return 0;
}

int mlir::tk::runTkRun(int argc, char **argv) {
  llvm::Expected<TkRunOptions> options =
      parseTkRunOptions(ArrayRef(argv, argc).drop_front());
  if (!options)
    return fail(llvm::toString(options.takeError()));
  switch (options->action) {
  case TkRunOptions::Action::PrintHelp:
    printTkRunHelp(llvm::outs());
    return 0;
  case TkRunOptions::Action::PrintVersion:
    llvm::outs() << "tk-run " << TK_VERSION << "\n";
    return 0;
  case TkRunOptions::Action::Describe:
    return describe(options->session);
  case TkRunOptions::Action::Run: {
    // Started again, the one executable must know which program it is.
    std::vector<std::string> arguments(argv, argv + argc);
    arguments.front() = "tk-run";
    return runSession(options->session,
                      llvm::sys::fs::getMainExecutable(
                          argv[0], reinterpret_cast<void *>(&runTkRun)),
                      arguments);
  }
  }
  llvm_unreachable("all actions are listed");
}
