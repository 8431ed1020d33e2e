//===- ElementwisePattern.h - lowers an op register by register -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_CONVERSION_TKGTOLLVM_ELEMENTWISEPATTERN_H
#define TK_LIB_CONVERSION_TKGTOLLVM_ELEMENTWISEPATTERN_H

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

namespace mlir::tkg {

/// An op on the elements of tiles of one layout, or on scalars. Registers with
/// the same operands (parts of a broadcast tile) share one result.
template <typename OpT> class ElementwisePattern : public TkgPattern<OpT> {
public:
  using TkgPattern<OpT>::TkgPattern;
  using typename TkgPattern<OpT>::OneToNOpAdaptor;

  /// Lowers the op for one register, whose result has type `type`.
  virtual Value emit(OpT op, Emitter &e, Type type,
                     ValueRange operands) const = 0;

  FailureOr<SmallVector<Value>> lower(OpT op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const final {
    Type type = convertElementType(getElementTypeOrSelf(op->getResult(0)));
    ArrayRef<ValueRange> operands = adaptor.getOperands();
    DenseMap<std::tuple<Value, Value, Value>, Value> known;
    SmallVector<Value> results;
    for (size_t r = 0, end = operands.front().size(); r < end; ++r) {
      SmallVector<Value, 3> ofRegister;
      for (ValueRange operand : operands)
        ofRegister.push_back(operand[r]);
      assert(ofRegister.size() <= 3 && "elementwise ops take three operands");
      SmallVector<Value, 3> key = ofRegister;
      key.resize(3);
      Value &result = known[{key[0], key[1], key[2]}];
      if (!result)
        result = emit(op, e, type, ofRegister);
      results.push_back(result);
    }
    return results;
  }
};

} // namespace mlir::tkg

#endif // TK_LIB_CONVERSION_TKGTOLLVM_ELEMENTWISEPATTERN_H
