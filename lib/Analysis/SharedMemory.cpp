//===- SharedMemory.cpp - how much shared memory ops take -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/SharedMemory.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Analysis/ReducePlan.h"
#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "tk/Support/LayoutConversion.h"
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

std::optional<tk::ConversionPlan>
mlir::tkg::getConversionPlan(ConvertLayoutOp op) {
  LayoutAttr from = getLayout(op.getSource()), to = getLayout(op.getResult());
  const tk::TargetInfo *target = getTargetInfo(op);
  if (!from || !to || !target)
    return std::nullopt;
  Type element = getElementTypeOrSelf(op.getType());
  return tk::planConversion(from.getLayout(), to.getLayout(),
                            8 * getElementSizeInBytes(element), *target);
}

static int64_t getConversionBytes(ConvertLayoutOp op) {
  std::optional<tk::ConversionPlan> plan = getConversionPlan(op);
  return plan ? plan->getScratchInBytes() : 0;
}

static int64_t getReductionBytes(tk::ReduceOp op) {
  LayoutAttr attr = getLayout(op.getSources().front());
  if (!attr)
    return 0;
  auto tile = cast<RankedTensorType>(op.getSources().front().getType());
  std::optional<ReducePlan> plan =
      planReduce(attr.getLayout(), op.getAxis(), tile.getDimSize(op.getAxis()));
  return plan ? getReduceScratch(op, *plan).sizeInBytes : 0;
}

static int64_t getGatherBytes(tk::GatherOp op) {
  LayoutAttr attr = getLayout(op.getSource());
  return attr ? getTileBytes(op.getSource().getType(), attr.getLayout()) : 0;
}

/// The elements of the tile in row-major order, without padding.
static int64_t getReshapeBytes(tk::ReshapeOp op) {
  if (!op->hasAttr(kThroughMemoryAttr))
    return 0;
  auto type = cast<RankedTensorType>(op.getType());
  return type.getNumElements() * getElementSizeInBytes(type.getElementType());
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
      .Case([](tk::ReshapeOp op) { return getReshapeBytes(op); })
      .Case<tk::AtomicRMWOp, tk::AtomicCASOp, tk::AtomicLoadOp>(
          [](auto op) { return getAtomicBytes(op); })
      .Default(int64_t(0));
}

int64_t mlir::tkg::getNumScratchSlots(Operation *op) {
  auto slots = op->getAttrOfType<IntegerAttr>(kScratchSlotsAttr);
  return slots ? slots.getInt() : 1;
}

bool mlir::tkg::scratchMeetsBlock(Operation *op) {
  auto conversion = dyn_cast<ConvertLayoutOp>(op);
  if (!conversion)
    return true;
  std::optional<tk::ConversionPlan> plan = getConversionPlan(conversion);
  return plan && !plan->staysInWarp;
}

const tk::TargetInfo *mlir::tkg::getTargetInfo(Operation *op) {
  auto module =
      isa<ModuleOp>(op) ? cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
  auto name =
      module ? module->getAttrOfType<StringAttr>(kTargetAttr) : StringAttr();
  return name ? tk::TargetInfo::lookup(name.getValue()) : nullptr;
}
