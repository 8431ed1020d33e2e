//===- tk.cpp - starts the program that the executable is called as -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Tools.h"
#include "tk/Support/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/WithColor.h"
#include <csignal>
#include <unistd.h>

namespace {
struct Tool {
  llvm::StringLiteral name;
  llvm::StringLiteral purpose;
  int (*run)(int argc, char **argv);
};
} // namespace

static constexpr Tool kTools[] = {
    {"tkc", "compile kernels", mlir::tk::runTkc},
    {"tk-opt", "run passes on MLIR files", mlir::tk::runTkOpt},
    {"tk-run", "run the tests of kernels", mlir::tk::runTkRun},
};

static const Tool *findTool(llvm::StringRef name) {
  const Tool *tool =
      llvm::find_if(kTools, [&](const Tool &t) { return t.name == name; });
  return tool == std::end(kTools) ? nullptr : tool;
}

/// Runs a program. What it printed has arrived, or the call has failed.
static int run(const Tool &tool, int argc, char **argv) {
  int exitCode = tool.run(argc, argv);
  if (llvm::Error error = mlir::tk::finishStandardOutput()) {
    llvm::WithColor::error(llvm::errs(), tool.name)
        << llvm::toString(std::move(error)) << "\n";
    exitCode = 1;
  }
  // Nobody is left to tell.
  llvm::errs().clear_error();
  return exitCode;
}

static void printUsage(llvm::raw_ostream &os) {
  os << "usage: tk <program> [arguments], or call it by a program's name\n\n";
  for (const Tool &tool : kTools)
    os << "  " << llvm::left_justify(tool.name, 8) << tool.purpose << "\n";
}

/// Calls only what signal-safety(7) lists. LLVM removes its handlers before it
/// prints a stack, so SIGABRT ends the process.
static void endCrash(int) {
  constexpr char kText[] = "\nthe stack cannot be printed\n";
  if (write(STDERR_FILENO, kText, sizeof(kText) - 1) < 0) {
    // There is nobody left to tell.
  }
  raise(SIGABRT);
}

/// Printing the stack of a crash allocates memory. If the crash happened inside
/// the allocator, whose lock is then held, that would never return.
static void limitCrash(void *) {
  constexpr unsigned kSecondsForStack = 5;
  signal(SIGALRM, endCrash);
  alarm(kSecondsForStack);
}

int main(int argc, char **argv) {
  // Handlers run in the order in which they are added. The pretty stack trace
  // cancels any alarm, so ours comes after it, and before the one of InitLLVM,
  // which prints the stack.
  llvm::EnablePrettyStackTrace();
  llvm::sys::AddSignalHandler(limitCrash, nullptr);
  llvm::InitLLVM init(argc, argv);
  if (const Tool *tool = findTool(llvm::sys::path::stem(argv[0])))
    return run(*tool, argc, argv);
  if (argc < 2) {
    printUsage(llvm::errs());
    return 1;
  }
  llvm::StringRef name = argv[1];
  if (const Tool *tool = findTool(name))
    return run(*tool, argc - 1, argv + 1);
  if (name == "--help" || name == "-h") {
    printUsage(llvm::outs());
    return 0;
  }
  llvm::WithColor::error() << "no program is called '" << name << "'\n";
  printUsage(llvm::errs());
  return 1;
}
