//===- ItemsInstruction.h - accesses to views by index items --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_ITEMSINSTRUCTION_H
#define TK_LIB_INTERPRETER_ITEMSINSTRUCTION_H

#include "GridRun.h"
#include "ViewWalk.h"

namespace mlir::tk {

/// Base of the instructions with index items. Slots: some, then the view, then
/// one item for each dimension.
class ItemsInstruction : public TileInstruction {
public:
  ItemsInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                   ViewAccess access, unsigned viewSlot,
                   std::optional<ArrayRef<bool>> inbounds = std::nullopt)
      : TileInstruction(op, slots, numResults), access(std::move(access)),
        viewSlot(viewSlot) {
    if (inbounds)
      this->inbounds.assign(inbounds->begin(), inbounds->end());
  }

protected:
  /// Where the items lie. A walk refers to this array.
  SmallVector<const char *, kMaxViewRank>
  getItems(ProgramInstance &instance) const {
    SmallVector<const char *, kMaxViewRank> items;
    for (int64_t dim = 0; dim < access.rank; ++dim)
      items.push_back(instance.frame + slots[viewSlot + 1 + dim]);
    return items;
  }
  const ViewValue &getView(ProgramInstance &instance) const {
    return instance.get<ViewValue>(slots[viewSlot]);
  }
  /// The slot after the items.
  size_t getNextSlot() const { return viewSlot + 1 + access.rank; }

  AccessRun getAccessRun(const ViewValue &view, const ViewWalk::Run &run) const;

  /// Reports a coordinate outside in a dimension that was promised to have
  /// none.
  void checkInbounds(ProgramInstance &instance, const ViewWalk &walk,
                     StringRef verb) const;

  /// Reads the elements in row-major order. Those outside become the value of
  /// one element, or zeros if that is null.
  void readItems(ProgramInstance &instance, char *to, const char *pad) const;

  ViewAccess access;
  unsigned viewSlot;
  SmallVector<bool, kMaxViewRank> inbounds;
};

/// What the items of an op that accesses `accessed` pick.
template <typename OpT> ViewAccess makeViewAccess(OpT op, Type accessed) {
  SmallVector<ViewItem> items = op.getItems();
  SmallVector<int64_t> shape;
  SmallVector<ItemTileDims> dims = getItemTileDims(items, shape);
  return ViewAccess(op.getView().getType(), items, dims, accessed);
}

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_ITEMSINSTRUCTION_H
