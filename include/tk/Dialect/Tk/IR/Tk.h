//===- Tk.h - the tk dialect: the tile language as written ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TK_H
#define TK_DIALECT_TK_IR_TK_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferIntRangeInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tk/Support/HostExpr.h"
#include "tk/Support/ParamAccess.h"

#include "tk/Dialect/Tk/IR/TkDialect.h.inc"
#include "tk/Dialect/Tk/IR/TkEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tk/Dialect/Tk/IR/TkAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "tk/Dialect/Tk/IR/TkTypes.h.inc"

namespace mlir::tk {

/// How one index item of a view access picks elements along its dimension.
enum class ItemKind { Scalar, Slice, Gather };

/// One item of `%x[%i, %k +: 64, gather %t]`, decoded.
struct ViewItem {
  ItemKind kind;
  /// The coordinate, the start of the slice, or the tile of coordinates.
  Value value;
  /// Number of elements of a slice.
  int64_t extent = 0;
};

/// The values of `itemExtents` that are no slice extent.
constexpr int64_t kScalarItem = -1;
constexpr int64_t kGatherItem = -2;

/// Decodes the operands of an indexed access, one item per view dimension.
SmallVector<ViewItem> getViewItems(OperandRange indices,
                                   ArrayRef<int64_t> itemExtents);

/// One dimension of a view as an access walks over it.
///
/// `x[i, k +: 64, t, u]` with `t`, `u`: tile<8xindex> has the tile dimensions
/// [64, 8]: dimension 0 of `x` is dropped, 1 is walked by tile dimension 0, and
/// 2 and 3 both by tile dimension 1, because adjacent gathers of one shape
/// pair.
struct ItemTileDims {
  /// First tile dimension of the item; meaningless for a scalar.
  int64_t firstTileDim;
  /// Number of tile dimensions: 0 for a scalar, 1 for a slice, the rank of the
  /// tile for a gather.
  int64_t numTileDims;
};

/// Computes which tile dimensions each item walks, and the shape of the tile.
SmallVector<ItemTileDims> getItemTileDims(ArrayRef<ViewItem> items,
                                          SmallVectorImpl<int64_t> &tileShape);

/// Returns `element`, shaped and laid out like `type` if that is a tile.
Type getSameShape(Type type, Type element);

/// Implemented by the dialect whose attributes are the encodings of tiles, so
/// that the verifiers of `tk` ops can ask whether layouts agree.
class TileLayoutInterface : public DialectInterface::Base<TileLayoutInterface> {
public:
  TileLayoutInterface(Dialect *dialect) : Base(dialect) {}

  /// Checks the layouts of the tiles that `op` takes and gives.
  virtual LogicalResult verifyLayouts(Operation *op) const = 0;
};

/// Checks the layouts around `op`; trivial where no tile has one.
LogicalResult verifyTileLayouts(Operation *op);

/// Discardable attribute of a kernel: its programs wait for each other, so all
/// of the grid must be resident at once.
constexpr StringLiteral kResidentAttr = "tk.resident";

/// Discardable attribute of the loops that `tk-split-masked-loops` made of one
/// loop: "head", "full" or "tail".
constexpr StringLiteral kSegmentAttr = "tk.segment";

/// Names of the discardable attributes on kernels and their arguments.
constexpr StringLiteral kNameAttr = "tk.name";         // "x"
constexpr StringLiteral kAccessAttr = "tk.access";     // #tk.access<read>
constexpr StringLiteral kDimsAttr = "tk.dims";         // ["M", "N"]
constexpr StringLiteral kDtypeAttr = "tk.dtype";       // "u8": as declared
constexpr StringLiteral kOptionalAttr = "tk.optional"; // unit
constexpr StringLiteral kAliasAttr = "tk.alias";       // ["y"]: may overlap y
constexpr StringLiteral kZeroedAttr = "tk.zeroed";     // unit: temp starts as 0

/// Parses an array of texts, such as `grid` and `tk.dims`; the verifiers have
/// seen to it that this does not fail. Nothing is an empty array.
llvm::Expected<std::vector<HostExpr>> parseHostExprs(ArrayAttr texts);

} // namespace mlir::tk

#define GET_OP_CLASSES
#include "tk/Dialect/Tk/IR/TkOps.h.inc"

#endif // TK_DIALECT_TK_IR_TK_H
