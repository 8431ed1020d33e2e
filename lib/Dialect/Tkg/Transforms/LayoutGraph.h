//===- LayoutGraph.h - the choices that tkg-assign-layouts has ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiles of a kernel fall into groups that share one choice of layout:
//
//   - a load, a store or an atomic on its own, because conversions belong
//     between memory and arithmetic;
//   - elementwise ops that feed each other, with what loops and branches carry
//     between them, and broadcasts that they read.
//
// The layout of a tile is a function of the choice of its group: that of
// `tk.reduce` or `tk.expand_dims` follows from their operand. So does the
// layout in which an op wants an operand. Where the two differ, a conversion is
// needed; such a place is a *use*.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTGRAPH_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTGRAPH_H

#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::tkg {

/// A layout as a function of the choice of a group: apply `steps` in order. A
/// layout that does not depend on any choice has no group but is `fixed`.
struct LayoutExpr {
  struct Step {
    LayoutRelation relation;
    /// From `source` to `derived`, or back.
    bool isDerived;
  };
  std::optional<unsigned> group;
  LayoutAttr fixed;
  SmallVector<Step, 2> steps;

  /// The layout for a choice of the group; null if a step is impossible.
  LayoutAttr evaluate(LayoutAttr choice) const;
  /// A choice for which `evaluate` gives `layout`, or null.
  LayoutAttr invert(LayoutAttr layout) const;
};

/// A place where a tile is read in a layout of the reader's choice.
struct LayoutUse {
  OpOperand *operand;
  LayoutExpr required;
};

/// A tile and what reads it.
struct TileNode {
  LayoutExpr provided;
  SmallVector<LayoutUse> uses;
  /// The tile can be made again in any layout for next to nothing.
  bool isCheap = false;
};

class LayoutGraph {
public:
  /// Reports an error where a tile cannot get a layout at all.
  static FailureOr<LayoutGraph> build(tk::KernelOp kernel);

  unsigned getNumGroups() const { return samples.size(); }
  /// A tile whose layout is the choice of the group, or would be: the value
  /// that is stored, the source of a reshape.
  Value getSample(unsigned group) const { return samples[group]; }
  /// All tiles, in the order of the program.
  const llvm::MapVector<Value, TileNode> &getTiles() const { return tiles; }
  const TileNode &getTile(Value tile) const { return tiles.find(tile)->second; }
  /// The tiles whose layout or uses depend on the group.
  ArrayRef<Value> getAffectedTiles(unsigned group) const {
    return affected[group];
  }
  /// The group of the ops that touch memory (or of `tk.reshape`), whose operand
  /// and result layouts it decides; nothing for other ops.
  std::optional<unsigned> getGroupOf(Operation *op) const;

private:
  friend class LayoutGraphBuilder;

  SmallVector<Value> samples;
  SmallVector<SmallVector<Value>> affected;
  llvm::MapVector<Value, TileNode> tiles;
  llvm::DenseMap<Operation *, unsigned> groupOfOp;
};

/// How often an op runs, compared with the kernel.
double getFrequency(Operation *op);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTGRAPH_H
