//===- ComputeRoof.cpp - the fastest that a kernel could multiply ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ComputeRoof.h"
#include "tk/Dialect/Tk/IR/Tk.h"

using namespace mlir;
using namespace mlir::tk;

static std::optional<ComputeNeed> getNeed(DotOp dot) {
  Type element =
      cast<RankedTensorType>(dot.getLhs().getType()).getElementType();
  if (element.isF16())
    return ComputeNeed{ArithmeticUnit::F16};
  if (element.isBF16())
    return ComputeNeed{ArithmeticUnit::BF16};
  if (element.isF64())
    return ComputeNeed{ArithmeticUnit::F64};
  if (element.isInteger(8))
    return ComputeNeed{ArithmeticUnit::I8};
  if (!element.isF32())
    return std::nullopt;
  switch (dot.getPrecision()) {
  case Precision::IEEE:
    return ComputeNeed{ArithmeticUnit::FusedMultiplyAdd};
  case Precision::TF32:
    return ComputeNeed{ArithmeticUnit::TF32};
  case Precision::TF32x3:
    return ComputeNeed{ArithmeticUnit::TF32, 3};
  }
  llvm_unreachable("all precisions are listed");
}

/// From the fastest to the slowest: an order of hardware, not of the
/// enumeration.
static double getRank(const ComputeNeed &need) {
  switch (need.unit) {
  case ArithmeticUnit::I8:
    return 0;
  case ArithmeticUnit::F16:
  case ArithmeticUnit::BF16:
    return 1;
  case ArithmeticUnit::TF32:
    return 1 + need.productsEach;
  case ArithmeticUnit::FusedMultiplyAdd:
    return 5;
  case ArithmeticUnit::F64:
    return 6;
  }
  llvm_unreachable("all units are listed");
}

std::optional<ComputeNeed> mlir::tk::findComputeNeed(const TestPlan &plan) {
  std::optional<ComputeNeed> result;
  for (const TestLaunch &launch : plan.launches)
    launch.module.get()->walk([&](DotOp dot) {
      std::optional<ComputeNeed> need = getNeed(dot);
      if (need && (!result || getRank(*need) > getRank(*result)))
        result = need;
    });
  return result;
}

llvm::Expected<ArithmeticSpeed>
ComputeRoofs::get(GpuDevice &gpu, const ComputeNeed &need, BenchMode mode) {
  auto found = speeds.find(need.unit);
  if (found == speeds.end()) {
    llvm::Expected<ArithmeticSpeed> speed =
        measureArithmeticSpeed(gpu, need.unit, mode);
    if (!speed)
      return speed.takeError();
    found = speeds.emplace(need.unit, std::move(*speed)).first;
  }
  ArithmeticSpeed speed = found->second;
  speed.operationsPerSecond /= need.productsEach;
  if (need.productsEach != 1)
    speed.unit += " / " + std::to_string(int(need.productsEach));
  return speed;
}
