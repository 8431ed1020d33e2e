//===- SharedMemory.cpp - how much shared memory ops take -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/SharedMemory.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::HardwareDim;
using tk::Layout;

int64_t mlir::tkg::getElementSizeInBytes(Type elementType) {
  if (elementType.isIndex() || isa<tk::PtrType>(elementType))
    return 8;
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8u);
}

/// All elements of a tile, padding included.
static int64_t getTileBytes(Type type, const Layout &layout) {
  return layout.getShape().getNumElements() *
         getElementSizeInBytes(getElementTypeOrSelf(type));
}

static int64_t getConversionBytes(ConvertLayoutOp op) {
  LayoutAttr from = getLayout(op.getSource()), to = getLayout(op.getResult());
  if (!from || !to)
    return 0;
  Layout source = from.getLayout(), result = to.getLayout();
  bool isLinear = tk::makeCommensurable(source, result);
  if (isLinear) {
    Layout map = tk::invertAndCompose(source, result);
    if (tk::isIdentityOn(map, HardwareDim::Lane) &&
        tk::isIdentityOn(map, HardwareDim::Warp))
      return 0;
  }
  return std::max(getTileBytes(op.getType(), source),
                  getTileBytes(op.getType(), result));
}

/// The number of warps, or groups of them, that share a row along `axis`.
static int64_t getNumWarpsAlong(const Layout &layout, unsigned axis) {
  uint64_t axisBits = layout.getShape().getBitMask(axis);
  int64_t count = 1;
  for (const tk::HardwareDigit &digit : layout.getDigits(HardwareDim::Warp)) {
    bool isAlong =
        digit.radix == 2
            ? (digit.bits & axisBits) != 0
            : digit.odd && layout.getShape().getOddDim(*digit.odd) == axis;
    if (isAlong)
      count *= digit.radix;
  }
  return count;
}

static int64_t getReductionBytes(tk::ReduceOp op) {
  LayoutAttr attr = getLayout(op.getSources().front());
  if (!attr)
    return 0;
  const Layout &layout = attr.getLayout();
  int64_t numWarps = getNumWarpsAlong(layout, op.getAxis());
  if (numWarps == 1)
    return 0;
  int64_t numResults = layout.getShape().getNumElements() /
                       layout.getShape().getExtent(op.getAxis());
  int64_t bytes = 0;
  for (Value source : op.getSources())
    bytes += llvm::alignTo(
        numResults * numWarps *
            getElementSizeInBytes(getElementTypeOrSelf(source.getType())),
        kScratchAlignmentInBytes);
  return bytes;
}

static int64_t getGatherBytes(tk::GatherOp op) {
  LayoutAttr attr = getLayout(op.getSource());
  return attr ? getTileBytes(op.getSource().getType(), attr.getLayout()) : 0;
}

/// Replicas of an element do not repeat the atomic; they get its result from
/// the thread that did it.
static int64_t getAtomicBytes(Operation *op) {
  if (op->getNumResults() == 0 || op->use_empty())
    return 0;
  Type type = op->getResult(0).getType();
  if (!isa<RankedTensorType>(type))
    return getElementSizeInBytes(type);
  LayoutAttr attr = getLayout(type);
  if (!attr)
    return 0;
  const Layout &layout = attr.getLayout();
  bool hasReplicas = layout.getFreeDigits(HardwareDim::Lane) != 0 ||
                     layout.getFreeDigits(HardwareDim::Warp) != 0;
  return hasReplicas ? getTileBytes(type, layout) : 0;
}

int64_t mlir::tkg::getScratchBytes(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([](ConvertLayoutOp op) { return getConversionBytes(op); })
      .Case([](tk::ReduceOp op) { return getReductionBytes(op); })
      .Case([](tk::GatherOp op) { return getGatherBytes(op); })
      .Case<tk::AtomicRMWOp, tk::AtomicCASOp, tk::AtomicLoadOp>(
          [](auto op) { return getAtomicBytes(op); })
      .Default(int64_t(0));
}

const tk::TargetInfo *mlir::tkg::getTargetInfo(Operation *op) {
  auto module =
      isa<ModuleOp>(op) ? cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
  auto name =
      module ? module->getAttrOfType<StringAttr>(kTargetAttr) : StringAttr();
  return name ? tk::TargetInfo::lookup(name.getValue()) : nullptr;
}
