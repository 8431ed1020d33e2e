//===- InlinePtx.cpp - PTX instructions that have no op -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InlinePtx.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tkg;

/// The letter of the register class of a type (PTX inline assembly in LLVM).
static std::string getConstraint(Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return "l";
  if (type.isF32())
    return "f";
  if (type.isF64())
    return "d";
  if (type.isInteger(1))
    return "b";
  switch (type.getIntOrFloatBitWidth()) {
  case 16:
    return "h";
  case 32:
    return "r";
  case 64:
    return "l";
  }
  llvm_unreachable("no register class for this type");
}

void InlinePtx::addResult(Type type) {
  results.push_back(type);
  resultConstraints.push_back("=" + getConstraint(type));
}

void InlinePtx::addInput(Value value) {
  inputs.push_back(value);
  inputConstraints.push_back(getConstraint(value.getType()));
}

void InlinePtx::addTiedInput(Value value, unsigned number) {
  inputs.push_back(value);
  inputConstraints.push_back(llvm::utostr(number));
}

SmallVector<Value> InlinePtx::emit(Emitter &e, const std::string &text,
                                   Effects effects) const {
  SmallVector<std::string> constraints = resultConstraints;
  llvm::append_range(constraints, inputConstraints);
  Type type = e.getTuple(results);
  auto op = LLVM::InlineAsmOp::create(
      e.getRewriter(), e.getLoc(),
      results.empty() ? TypeRange() : TypeRange(type), inputs, text,
      llvm::join(constraints, ","), /*has_side_effects=*/effects == Memory,
      /*is_align_stack=*/false, LLVM::TailCallKind::None,
      LLVM::AsmDialectAttr(), ArrayAttr());
  if (results.empty())
    return {};
  if (results.size() == 1)
    return {op.getResult(0)};
  SmallVector<Value> values;
  for (size_t i = 0; i < results.size(); ++i)
    values.push_back(e.extractValue(op.getResult(0), i));
  return values;
}

std::string mlir::tkg::getOperandList(unsigned first, unsigned count) {
  if (count == 1)
    return "$" + llvm::utostr(first);
  std::string list;
  for (unsigned i = 0; i < count; ++i)
    list += (i ? ", $" : "{$") + llvm::utostr(first + i);
  return list + "}";
}
