//===- GridRun.h - what the programs of one run share ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_GRIDRUN_H
#define TK_LIB_INTERPRETER_GRIDRUN_H

#include "Loops.h"
#include "RunMemory.h"
#include "TileProgram.h"
#include "tk/Interpreter/Interpreter.h"
#include <map>
#include <mutex>

namespace mlir::tk {

/// The kinds of mistakes. An operation reports each at most once.
enum class ErrorKind {
  OutsideMemory,
  OutsideView,
  NeverWritten,
  InFlight,
  ReadOnly,
  Race,
  Arithmetic,
  GatherOutside,
  Assertion,
  Assumption,
  Arguments,
  Deadlock,
  Limit,
};

/// Which program made a mistake, where.
struct ErrorOrigin {
  ErrorOrigin(const ProgramInstance &instance)
      // Reported while it executes, an instruction is the one before the next.
      : program(instance.number), instruction(instance.nextInstruction - 1),
        coordinates(instance.coordinates) {}

  uint32_t program;
  unsigned instruction;
  std::array<int64_t, 3> coordinates;
};

/// Collects errors from all threads. Of several programs with the same error
/// the lowest is named, so that the report does not depend on the schedule.
class ErrorLog {
public:
  /// `makeMessage` is called only for the first error of its kind.
  void report(const ErrorOrigin &origin, Operation *op, ErrorKind kind,
              llvm::function_ref<std::string()> makeMessage,
              Operation *noteOp = nullptr, StringRef note = {});
  std::vector<RuntimeError> take();
  bool empty();

private:
  struct Entry {
    ErrorOrigin origin;
    RuntimeError error;
  };
  std::mutex mutex;
  std::map<std::pair<Operation *, ErrorKind>, Entry> entries;
};

/// What `tk.print` printed, kept apart for each program.
class OutputLog {
public:
  explicit OutputLog(size_t maxBytes) : maxBytes(maxBytes) {}
  /// Whether more would be dropped anyway.
  bool isFull();
  void print(const ProgramInstance &instance, StringRef text);
  std::string take();

private:
  size_t maxBytes;
  std::mutex mutex;
  size_t numBytes = 0;
  std::map<uint32_t, std::string> texts;
};

struct GridRun {
  GridRun(const TileProgram &program, std::array<int64_t, 3> grid,
          const RunOptions &options)
      : program(program), grid(grid), options(options),
        output(options.maxOutputBytes) {}

  const TileProgram &program;
  std::array<int64_t, 3> grid;
  const RunOptions &options;
  RunMemory memory;
  ErrorLog errors;
  OutputLog output;
};

std::array<int64_t, 3> getCoordinates(const GridRun &run, uint32_t number);

/// "program 3", or "program (3, 1)" in a grid of more than one dimension.
std::string describeProgram(const GridRun &gridRun, uint32_t number);

/// Reports what a checked loop found.
void reportFault(ProgramInstance &instance, Operation *op,
                 const LoopFault &fault, char *const *slots);

/// Runs all programs of the grid. Returns the number of instructions executed.
uint64_t runPrograms(GridRun &gridRun, ArrayRef<char> prologue);

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_GRIDRUN_H
