//===- Interpreter.h - running tk kernels on the CPU ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_INTERPRETER_INTERPRETER_H
#define TK_INTERPRETER_INTERPRETER_H

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"
#include "tk/Support/DType.h"
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class FunctionOpInterface;
} // namespace mlir

namespace mlir::tk {

struct TileProgram;

/// An argument of a kernel.
struct KernelArgument {
  enum class Kind { Tensor, Pointer, Scalar, Absent };

  /// A tensor in `memory`, which the caller owns. `data` is the element at
  /// index (0, ..., 0); strides count elements.
  static KernelArgument tensor(DType dtype, void *data, ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> strides,
                               MutableArrayRef<uint8_t> memory);
  /// A pointer to `data`, which may reach all of `memory`.
  static KernelArgument pointer(DType dtype, void *data,
                                MutableArrayRef<uint8_t> memory);
  /// A scalar; a float parameter takes `number(double)`.
  static KernelArgument integer(int64_t value);
  static KernelArgument number(double value);
  /// An optional argument that was not given.
  static KernelArgument absent();

  Kind kind = Kind::Absent;
  DType dtype = DType::F32;
  void *data = nullptr;
  SmallVector<int64_t, 4> shape;
  SmallVector<int64_t, 4> strides;
  MutableArrayRef<uint8_t> memory;
  /// One byte per element-sized piece of `memory`, not 0 where it has been
  /// written. Empty: all of it has. The interpreter reads and updates it.
  MutableArrayRef<uint8_t> written;
  int64_t integerValue = 0;
  double floatValue = 0;
};

/// What went wrong, once for each kind of mistake and operation.
struct RuntimeError {
  Location loc;
  /// Names the program: "program (3, 0) reads outside 'x': ...".
  std::string message;
  /// The other half of the story, if there is one.
  std::optional<Location> noteLoc;
  std::string note;
  /// How many further programs or elements had the same error.
  int64_t numRepeats = 0;
  std::array<int64_t, 3> program = {};
};

struct RunOptions {
  /// 0: one for each core.
  unsigned numThreads = 0;
  /// Detect programs that race. Costs 16 bytes for each element of memory that
  /// the kernel may write.
  bool detectRaces = true;
  /// Wall-clock limit in seconds; 0: none.
  double timeLimitInSeconds = 0;
  /// Bytes that frames of started programs may take together.
  uint64_t maxFrameBytes = uint64_t(8) << 30;
  /// Bytes of `tk.print` output that are kept.
  size_t maxOutputBytes = 1 << 16;
};

struct RunResult {
  bool succeeded() const { return errors.empty(); }

  /// Sorted by program, then by position in the kernel.
  std::vector<RuntimeError> errors;
  /// What `tk.print` printed, program after program.
  std::string output;
  uint64_t numPrograms = 0;
  uint64_t numInstructions = 0;
  double seconds = 0;
};

/// A kernel made ready to run. The operation must outlive it and not change.
class CompiledKernel {
public:
  /// Fails, with a diagnostic at the operation, on what the interpreter does
  /// not know.
  static FailureOr<CompiledKernel> compile(FunctionOpInterface kernel);

  CompiledKernel(CompiledKernel &&);
  CompiledKernel &operator=(CompiledKernel &&);
  ~CompiledKernel();

  /// Runs the programs of `grid` (an empty one runs none). Memory that pointers
  /// stored in memory lead to is listed in `reachable`. Arguments that do not
  /// fit the parameters are reported like errors of the kernel.
  RunResult run(ArrayRef<KernelArgument> arguments, std::array<int64_t, 3> grid,
                const RunOptions &options = {},
                ArrayRef<KernelArgument> reachable = {}) const;

private:
  explicit CompiledKernel(FunctionOpInterface kernel,
                          std::unique_ptr<TileProgram> program);
  Operation *kernel;
  std::unique_ptr<TileProgram> program;
};

} // namespace mlir::tk

#endif // TK_INTERPRETER_INTERPRETER_H
