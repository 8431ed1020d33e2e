//===- ComputeRoof.h - the fastest that a kernel could multiply -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_COMPUTEROOF_H
#define TK_LIB_TESTING_COMPUTEROOF_H

#include "tk/Runtime/ArithmeticSpeed.h"
#include "tk/Testing/TestDevice.h"
#include <map>

namespace mlir::tk {

/// The unit that a kernel's products could use, and how many products of the
/// unit make one of the kernel.
struct ComputeNeed {
  ArithmeticUnit unit = ArithmeticUnit::BF16;
  double productsEach = 1;
};

/// By the types and the precision of its `tk.dot`; nothing without one. Of
/// several kinds the slowest to make counts.
std::optional<ComputeNeed> findComputeNeed(const TestPlan &plan);

/// Measures each unit once.
class ComputeRoofs {
public:
  /// For the products of the kernel. An error where nothing can be measured.
  llvm::Expected<ArithmeticSpeed> get(GpuDevice &gpu, const ComputeNeed &need,
                                      BenchMode mode);

private:
  std::map<ArithmeticUnit, ArithmeticSpeed> speeds;
};

} // namespace mlir::tk

#endif // TK_LIB_TESTING_COMPUTEROOF_H
