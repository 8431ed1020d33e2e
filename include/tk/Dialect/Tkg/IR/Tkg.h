//===- Tkg.h - the tkg dialect: the tile language on a machine ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_TKG_H
#define TK_DIALECT_TKG_IR_TKG_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Support/LayoutBuilders.h"

#include "tk/Dialect/Tkg/IR/TkgDialect.h.inc"
#include "tk/Dialect/Tkg/IR/TkgEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tk/Dialect/Tkg/IR/TkgAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "tk/Dialect/Tkg/IR/TkgTypes.h.inc"

namespace mlir::tkg {

/// The memory that the threads of a block share.
struct SharedMemory : public SideEffects::Resource::Base<SharedMemory> {
  StringRef getName() final { return "SharedMemory"; }
};

/// Names of the discardable attributes; the dialect's description says what
/// they mean.
constexpr StringLiteral kTargetAttr = "tkg.target";
constexpr StringLiteral kThreadsPerWarpAttr = "tkg.threads_per_warp";
constexpr StringLiteral kWarpsAttr = "tkg.warps";
constexpr StringLiteral kSharedBytesAttr = "tkg.shared_bytes";
constexpr StringLiteral kVariantAttr = "tkg.variant";
constexpr StringLiteral kFallbackAttr = "tkg.fallback";
constexpr StringLiteral kKernelAttr = "tkg.kernel";
constexpr StringLiteral kPreconditionsAttr = "tkg.preconditions";
constexpr StringLiteral kFactsAttr = "tkg.facts";
constexpr StringLiteral kStageAttr = "tkg.stage";
constexpr StringLiteral kOrderAttr = "tkg.order";
constexpr StringLiteral kNumStagesAttr = "tkg.num_stages";
constexpr StringLiteral kRolledAttr = "tkg.rolled";
constexpr StringLiteral kScratchOffsetAttr = "tkg.scratch_offset";
constexpr StringLiteral kScratchSlotsAttr = "tkg.scratch_slots";

/// What a launch promises about a tensor argument: the attribute `tkg.facts`,
/// decoded. Missing entries promise nothing.
struct TensorFacts {
  /// `base_alignment`: the base address is a multiple of this, in bytes.
  int64_t baseAlignment = 1;
  /// `inner_stride_one`: the last dimension has stride 1.
  bool isInnerStrideOne = false;
  /// `stride_divisibility`: all strides but the last are multiples of this, in
  /// elements.
  int64_t strideDivisibility = 1;
  /// `extent_divisibility`: one for each dimension, in elements.
  SmallVector<int64_t> extentDivisibility;
  /// `small_offsets`: every offset inside the tensor, in elements, fits in 31
  /// bits.
  bool hasSmallOffsets = false;
};
/// The facts of argument `index`; nothing promised where it is no tensor.
TensorFacts getTensorFacts(tk::KernelOp kernel, unsigned index);
DictionaryAttr getTensorFactsAttr(MLIRContext *context,
                                  const TensorFacts &facts);

/// The warps of a block and the lanes of a warp, as the attributes of the
/// kernel around `op` and of its module say; nothing before
/// `convert-tk-to-tkg`.
std::optional<tk::ThreadCounts> getThreadCounts(Operation *op);

/// The layout that a tile type carries; null for a scalar or a bare tile.
LayoutAttr getLayout(Type type);
inline LayoutAttr getLayout(Value value) { return getLayout(value.getType()); }
/// `type` with another layout; a null layout removes it.
RankedTensorType withLayout(RankedTensorType type, LayoutAttr layout);

} // namespace mlir::tkg

#define GET_OP_CLASSES
#include "tk/Dialect/Tkg/IR/TkgOps.h.inc"

#endif // TK_DIALECT_TKG_IR_TKG_H
