//===- InlinePtx.h - PTX instructions that have no op ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_CONVERSION_TKGTONVVM_INLINEPTX_H
#define TK_LIB_CONVERSION_TKGTONVVM_INLINEPTX_H

#include "tk/Conversion/TkgToLLVM/Emitter.h"
#include <string>

namespace mlir::tkg {

/// One piece of inline assembly, operand by operand. Results come first, then
/// inputs, numbered in this order; `$0` in the text is operand 0.
///
///   InlinePtx ptx;
///   ptx.addResult(e.getI32());                 // $0
///   ptx.addInput(pointer);                     // $1
///   ptx.emit(e, "ld.global.b32 $0, [$1];", Effects::Memory);
class InlinePtx {
public:
  /// What the assembly does besides computing its results.
  enum Effects { None, Memory };

  void addResult(Type type);
  /// `predicate`s are i1, pointers 64 bits.
  void addInput(Value value);
  /// An input in the register of result `number`: what the result is if the
  /// assembly does not write it.
  void addTiedInput(Value value, unsigned number);

  SmallVector<Value> emit(Emitter &e, const std::string &text,
                          Effects effects) const;

private:
  SmallVector<Type> results;
  SmallVector<std::string> resultConstraints;
  SmallVector<Value> inputs;
  SmallVector<std::string> inputConstraints;
};

/// "{$2, $3, $4}", or "$2" for one.
std::string getOperandList(unsigned first, unsigned count);

} // namespace mlir::tkg

#endif // TK_LIB_CONVERSION_TKGTONVVM_INLINEPTX_H
