//===- SharedTile.h - moves a tile between registers and shared memory ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_SHAREDTILE_H
#define TK_CONVERSION_TKGTOLLVM_SHAREDTILE_H

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include "tk/Support/SharedAccess.h"

namespace mlir::tkg {

/// Carries out a SharedAccessPlan on the tile at `base`. What a thread adds to
/// the base is computed once at the start of the kernel; an access then is at a
/// constant distance from one of a few addresses.
class SharedTile {
public:
  SharedTile(LoweringContext &context, Emitter &e, Value base, Type elementType,
             const tk::SharedAccessPlan &plan)
      : context(context), e(e), base(base), elementType(elementType),
        plan(plan) {}

  /// All registers of the plan.
  SmallVector<Value> load();
  /// The registers that one access reads, in the order of its registers.
  SmallVector<Value> load(const tk::SharedAccessPlan::Access &access);
  /// Stores a tile held as `layout`. Where threads hold the same elements, one
  /// of them stores: several at once would be a race, of equal values or not.
  void store(ValueRange registers, const tk::Layout &layout);

  /// The address of an access: base + (thread ^ xorOffset) + addOffset.
  Value getPointer(const tk::SharedAccessPlan::Access &access);

private:
  void store(const tk::SharedAccessPlan::Access &access, ValueRange registers);

  LoweringContext &context;
  Emitter &e;
  Value base;
  Type elementType;
  const tk::SharedAccessPlan &plan;
  /// The addresses for each `xorOffset`.
  SmallVector<std::pair<int64_t, Value>, 8> known;
};

/// Bools take a byte in shared memory, too.
SmallVector<Value> toSharedElements(Emitter &e, ValueRange values);
SmallVector<Value> fromSharedElements(Emitter &e, Type elementType,
                                      ValueRange values);

/// The scratch memory of `op`; null, after an error, if none was allocated.
Value getScratch(LoweringContext &context, Emitter &e, Operation *op);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_SHAREDTILE_H
