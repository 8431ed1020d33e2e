//===- DotTile.h - the registers of the tiles of a dot, by place ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_DOTTILE_H
#define TK_CONVERSION_TKGTOLLVM_DOTTILE_H

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"

namespace mlir::tkg {

/// A place in a tile as thread 0 sees it: what the registers of any thread
/// decide, since instructions cut all threads' parts alike.
struct DotPlace {
  int64_t batch = 0;
  int64_t row = 0;
  int64_t column = 0;
};

/// The registers of one tile of a dot.
class DotTile {
public:
  explicit DotTile(const tk::Layout &layout);

  /// The register that holds the element at `place`; -1 if it is not decided by
  /// a register.
  int64_t getRegister(DotPlace place) const;
  /// The places of all registers that are no copies, in register order.
  SmallVector<DotPlace> getPlaces() const;
  const tk::Layout &getLayout() const { return layout; }

private:
  int64_t getIndex(DotPlace place) const;

  tk::Layout layout;
  int64_t numRows, numColumns, numBatches;
  SmallVector<int64_t, 0> registerAt;
};

/// An operand of a dot, in registers or in shared memory. From shared memory an
/// element is read when it is first needed, so that reads spread over the
/// dot. Elements past the end of the tile along K are zeros.
class DotOperand {
public:
  enum Side { Lhs, Rhs };

  /// The operand of `op`, which after conversion is `values`.
  DotOperand(LoweringContext &context, Emitter &e, DotOp op, Side side,
             ValueRange values);

  /// Plans the access to shared memory; failure, after an error, if the layouts
  /// do not fit.
  LogicalResult initialise();

  Value get(DotPlace place);
  /// The number of elements along K, padding excluded.
  int64_t getK() const { return k; }
  Type getElementType() const { return elementType; }

private:
  Value read(int64_t r);
  Value zeroPadding(Value element, int64_t r);

  LoweringContext &context;
  Emitter &e;
  DotOp op;
  Type type;
  DotTile tile;
  unsigned kDim;
  int64_t k;
  Type elementType;
  SmallVector<Value> registers;
  /// For shared memory: the plan, and the access that reads each register.
  Value base;
  std::optional<tk::SharedAccessPlan> plan;
  std::optional<SharedTile> shared;
  SmallVector<const tk::SharedAccessPlan::Access *> accessOf;
  SmallVector<Value> padded;
};

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_DOTTILE_H
