//===- ArithmeticSpeed.h - the roof of what multiplies and adds -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How fast a GPU multiplies and adds is measured as how fast it copies is: by a
// kernel that does nothing else. It multiplies random numbers, for zeros take
// less power and leave a higher clock.

#ifndef TK_RUNTIME_ARITHMETICSPEED_H
#define TK_RUNTIME_ARITHMETICSPEED_H

#include "tk/Runtime/Benchmark.h"

namespace mlir::tk {

/// What multiplies: the matrix unit on operands of a type, or the ordinary
/// multiply-add of f32.
enum class ArithmeticUnit { F16, BF16, TF32, F64, I8, FusedMultiplyAdd };

llvm::ArrayRef<ArithmeticUnit> getAllArithmeticUnits();

/// A kernel `arithmetic_speed(out: u32 *, iterations: u32)` as PTX.
struct ArithmeticSpeedKernel {
  std::string ptx;
  /// "wgmma bf16", "mma f64", "fma f32".
  std::string unit;
  int64_t threadsPerBlock = 0;
  /// Blocks that a multiprocessor is to hold.
  int64_t blocksPerProcessor = 0;
  /// Of a block in an iteration; a multiplication and an addition are two.
  int64_t operations = 0;
};

/// For a target of ours, with the widest instruction that its multiprocessors
/// have: wgmma on sm_90a, else mma.sync. Nothing for targets that run no PTX.
std::optional<ArithmeticSpeedKernel>
makeArithmeticSpeedKernel(ArithmeticUnit unit, llvm::StringRef target);

struct ArithmeticSpeed {
  std::string unit;
  double operationsPerSecond = 0;
};

/// Fails on GPUs that run no PTX.
llvm::Expected<ArithmeticSpeed>
measureArithmeticSpeed(GpuDevice &device, ArithmeticUnit unit, BenchMode mode);

} // namespace mlir::tk

#endif // TK_RUNTIME_ARITHMETICSPEED_H
