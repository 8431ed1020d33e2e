//===- ChildProcess.h - runs this program again in another process --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_CHILDPROCESS_H
#define TK_RUNTIME_CHILDPROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <chrono>
#include <optional>
#include <string>

namespace mlir::tk {

/// A process that shares our standard streams and sends us lines through a pipe
/// of its own. Ended with us at the latest.
class ChildProcess {
public:
  /// The file descriptor that the child writes its lines to.
  static constexpr int kChannel = 3;

  /// For the child: ends it when its parent ends, whatever ended that.
  static void endWithParent();

  /// Starts the file `program`; the arguments include its name.
  static llvm::Expected<ChildProcess>
  start(llvm::StringRef program, llvm::ArrayRef<std::string> arguments);
  ChildProcess(ChildProcess &&other);
  /// Kills it if it still runs.
  ~ChildProcess();

  struct Line {
    enum class Kind { Text, End, Timeout };
    Kind kind;
    std::string text;
  };
  /// The next line, the end of all lines, or neither for so long.
  Line readLine(std::chrono::milliseconds limit);

  void kill();

  /// Waits for its end. Empty if it exited by itself, with `exitCode` set;
  /// otherwise why it was ended: "Segmentation fault".
  std::string wait(int &exitCode);

private:
  ChildProcess(int pid, int pipe) : pid(pid), pipe(pipe) {}

  int pid;
  int pipe;
  /// What came after the last line.
  std::string rest;
};

} // namespace mlir::tk

#endif // TK_RUNTIME_CHILDPROCESS_H
