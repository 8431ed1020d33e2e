//===- BodyCall.cpp - calls of functions, casts and methods ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyArgs.h"
#include "BodyChecker.h"
#include "Builtins.h"
#include "ForeignNames.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Arguments of builtins
//===----------------------------------------------------------------------===//

BodyChecker::Args::Args(BodyChecker &checker, const CallExpr &call,
                        StringRef callee, ArrayRef<StringRef> params)
    : checker(checker) {
  SmallVector<StringRef> positional, required, names;
  for (StringRef param : params) {
    bool isNamed = param.consume_back("=");
    bool isOptional = param.consume_front("?");
    names.push_back(param);
    if (isNamed)
      continue;
    positional.push_back(param);
    if (!isOptional)
      required.push_back(param);
  }
  size_t next = 0;
  for (const CallArg &arg : call.args) {
    StringRef name = arg.name.name;
    if (!arg.name && next < positional.size())
      name = positional[next++];
    if (name.empty()) {
      reportSurplus(call, arg, callee, positional.size(), params);
      isGood = false;
      return;
    }
    if (!is_contained(names, name)) {
      auto message = checker.report(arg.name.range, DiagKind::UnknownArgument,
                                    "'" + callee.str() + "'", name);
      if (StringRef hint = getForeignArgumentHint(name); !hint.empty())
        message.hint(hint);
      else if (std::optional<StringRef> closest = findClosest(name, names))
        message.note(arg.name.range, DiagKind::DidYouMean, *closest);
      isGood = false;
      return;
    }
    if (!values.try_emplace(name, arg.value).second) {
      checker.report(arg.range, DiagKind::ArgumentTwice, name);
      isGood = false;
      return;
    }
  }
  for (StringRef param : required)
    if (!values.contains(param)) {
      checker.report(call.range, DiagKind::MissingArgument, callee, param);
      isGood = false;
      return;
    }
}

/// `arg` is one positional argument too many.
void BodyChecker::Args::reportSurplus(const CallExpr &call, const CallArg &arg,
                                      StringRef callee, size_t numExpected,
                                      ArrayRef<StringRef> params) {
  auto message =
      checker.report(arg.range, DiagKind::WrongArgumentCount, callee,
                     formatCount(numExpected, "argument"), call.args.size());
  if (callee == "arange") {
    message.hint("it counts from 0: write 'begin + arange(n)'");
    return;
  }
  if (callee == "reshape" || callee == "broadcast") {
    message.hint("the shape stands in brackets: '" + callee + "(t, [M, N])'");
    return;
  }
  if (callee.starts_with("atomic_")) {
    message.hint("the place comes first: '" + callee + "(x[i], v)'");
    return;
  }
  for (StringRef param : params)
    if (param.consume_back("=")) {
      message.hint("write '" + param + " = ...' to say what it is");
      return;
    }
}

std::optional<unsigned> BodyChecker::Args::getWord(StringRef param,
                                                   ArrayRef<StringRef> choices,
                                                   unsigned defaultChoice) {
  const Expr *value = get(param);
  if (!value)
    return defaultChoice;
  auto *name = dyn_cast<NameExpr>(value);
  const StringRef *found =
      name ? llvm::find(choices, name->name) : choices.end();
  if (found != choices.end())
    return found - choices.begin();
  checker.report(value->range, DiagKind::UnknownWord, param,
                 llvm::join(choices, ", "));
  return std::nullopt;
}

std::optional<bool> BodyChecker::Args::getBool(StringRef param,
                                               bool defaultValue) {
  const Expr *value = get(param);
  if (!value)
    return defaultValue;
  ConstValue constant = checker.evaluate(*value);
  if (constant.getBool())
    return *constant.getBool();
  if (constant)
    checker.report(value->range, DiagKind::ExpectedCondition,
                   constant.getValueType().str());
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Callees
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkCall(const CallExpr &call) {
  if (auto *name = dyn_cast<NameExpr>(call.callee))
    return checkNamedCall(call, *name);
  if (auto *generic = dyn_cast<GenericExpr>(call.callee))
    return checkGenericCall(call, *generic);
  if (auto *shaped = dyn_cast<ShapedExpr>(call.callee))
    return checkShaped(*shaped, &call);
  if (auto *member = dyn_cast<MemberExpr>(call.callee))
    return checkMethod(call, *member);
  if (isa<ErrorExpr>(call.callee))
    return makeError(call.range);
  return fail(call.callee->range, DiagKind::CannotCall);
}

TypedExpr *BodyChecker::checkNamedCall(const CallExpr &call,
                                       const NameExpr &callee) {
  if (const Symbol *symbol = scope->find(callee.name)) {
    if (const ElementType *type = symbol->constant.getType())
      return checkCastCall(call, *type);
    if (const FnDecl *function = symbol->constant.getFunction())
      return checkFunctionCall(call, *function, {});
    return fail(callee.range, DiagKind::CannotCall);
  }
  if (std::optional<ScalarKind> kind = parseScalarKind(callee.name))
    return checkCastCall(call, *kind);
  if (auto *function = context.decls->find<FnDecl>(callee.name))
    return checkFunctionCall(call, *function, {});
  if (isBuiltinName(callee.name))
    return checkBuiltin(call, callee.name, callee.range);
  if (const Decl *decl = context.decls->named.lookup(callee.name)) {
    auto message = report(callee.range, DiagKind::CannotCall);
    if (!isa<EnumDecl>(decl))
      message.hint("only a sequence launches kernels");
    return makeError(call.range);
  }
  auto message = report(callee.range, DiagKind::UnknownName, callee.name);
  if (StringRef hint = getForeignNameHint(callee.name); !hint.empty()) {
    message.hint(hint);
    return makeError(call.range);
  }
  SmallVector<StringRef> names(getBuiltinNames());
  for (const auto &entry : context.decls->named)
    names.push_back(entry.getKey());
  llvm::sort(names);
  if (std::optional<StringRef> closest = findClosest(callee.name, names))
    message.note(callee.range, DiagKind::DidYouMean, *closest);
  return makeError(call.range);
}

TypedExpr *BodyChecker::checkCastCall(const CallExpr &call,
                                      ElementType element) {
  if (call.args.size() != 1 || call.args[0].name)
    return fail(call.range, DiagKind::WrongArgumentCount, element.str(),
                "1 argument", call.args.size());
  TypedExpr *operand = check(*call.args[0].value);
  if (operand->type.isError())
    return operand;
  if (!operand->type.isComputed() && !operand->type.isUntyped())
    return fail(call.args[0].range, DiagKind::ExpectedNumber,
                operand->type.str());
  operand = castTo(operand, element, call.range);
  operand->range = call.range;
  return operand;
}

TypedExpr *BodyChecker::checkGenericCall(const CallExpr &call,
                                         const GenericExpr &callee) {
  StringRef name = callee.name.name;
  if (auto *function = context.decls->find<FnDecl>(name))
    return checkFunctionCall(call, *function, callee.args);
  bool isKnown = name == "cast" || name == "bitcast" || name == "arange" ||
                 name == "acc_of";
  if (!isKnown) {
    auto message = report(callee.name.range, DiagKind::CannotCall);
    if (isBuiltinName(name))
      message.hint("the shape stands in brackets: '" + name + "<f32>[M, N]'");
    return makeError(call.range);
  }
  if (callee.args.size() != 1)
    return fail(callee.range, DiagKind::WrongGenericCount, name,
                formatCount(1, "generic argument"), callee.args.size());
  ConstValue value = evaluate(*callee.args[0].value);
  if (!value)
    return makeError(call.range);
  if (!value.getType())
    return fail(callee.args[0].range, DiagKind::ExpectedTypeName,
                value.getValueType().str());
  ElementType element = *value.getType();
  if (name == "acc_of")
    return checkCastCall(call, getAccumulatorType(element));
  if (name == "arange") {
    Args args(*this, call, name, {"end"});
    return args ? checkArange(call.range, element, args)
                : makeError(call.range);
  }
  Args args(*this, call, name,
            name == "cast" ? ArrayRef<StringRef>{"value", "round=", "saturate="}
                           : ArrayRef<StringRef>{"value"});
  if (!args)
    return makeError(call.range);
  TypedExpr *operand = checkTyped(*args.get("value"));
  if (operand->type.isError())
    return operand;
  ElementType found = operand->type.getElement();
  if (name == "bitcast") {
    bool hasBits = !found.isPointer() && !element.isPointer() &&
                   !found.isIndex() && !element.isIndex();
    if (!hasBits || getBitWidth(found.scalar) != getBitWidth(element.scalar))
      return fail(call.range, DiagKind::BitcastWidth, found.str(),
                  element.str());
    return makeOp(TypedOp::Bitcast, operand->type.withElement(element),
                  {operand}, call.range);
  }
  constexpr StringRef kRoundings[] = {"rne", "rtz", "rtp", "rtn"};
  std::optional<unsigned> rounding = args.getWord("round", kRoundings, 0);
  std::optional<bool> saturates = args.getBool("saturate", false);
  if (!rounding || !saturates)
    return makeError(call.range);
  if (found.isPointer() || element.isPointer())
    return fail(call.range, DiagKind::CannotCast, operand->type.str(),
                element.str());
  auto *cast = context.arena->create<TypedCast>(
      operand->type.withElement(element), call.range);
  cast->operand = operand;
  cast->saturates = *saturates;
  if (args.get("round"))
    cast->rounding = static_cast<Rounding>(*rounding);
  cast->effect = operand->effect;
  return cast;
}

/// `zeros<f32>[M, N]`, `ones<f32>[M]`, `fill<f32>[M](value)`
TypedExpr *BodyChecker::checkShaped(const ShapedExpr &expr,
                                    const CallExpr *call) {
  StringRef name = expr.base->name.name;
  SourceRange range = call ? call->range : expr.range;
  bool takesValue = name == "fill" || name == "full";
  if (!takesValue && name != "zeros" && name != "ones")
    return fail(expr.base->name.range, DiagKind::NotAValue, name);
  if (!context.liftedShape.empty())
    return fail(expr.base->name.range, DiagKind::NeedsWholeTile, name);
  if (expr.base->args.size() != 1)
    return fail(expr.base->range, DiagKind::WrongGenericCount, name,
                formatCount(1, "generic argument"), expr.base->args.size());
  size_t numArgs = call ? call->args.size() : 0;
  if (numArgs != (takesValue ? 1 : 0))
    return fail(range, DiagKind::WrongArgumentCount, name,
                formatCount(takesValue, "argument"), numArgs);
  ConstValue type = evaluate(*expr.base->args[0].value);
  std::optional<SmallVector<int64_t>> shape =
      evaluateShape(expr.shape, expr.range);
  if (!type || !shape)
    return makeError(range);
  if (!type.getType())
    return fail(expr.base->args[0].range, DiagKind::ExpectedTypeName,
                type.getValueType().str());
  ElementType element = *type.getType();
  TypedExpr *value;
  if (takesValue) {
    value = check(*call->args[0].value);
    if (value->type.isError())
      return value;
    bool isBoolConstant = value->type.isBool() && element.isBool();
    if (!isBoolConstant)
      value = convertTo(value, ValueType::scalar(element), "the value");
  } else if (element.isBool()) {
    value = makeUntyped(ConstValue::boolean(name == "ones"), range);
  } else {
    value = makeInteger(name == "ones", element, range);
  }
  return value->type.isError() ? value : makeFill(value, *shape, range);
}

TypedExpr *BodyChecker::checkMethod(const CallExpr &call,
                                    const MemberExpr &callee) {
  StringRef name = callee.member.name;
  auto *base = dyn_cast<NameExpr>(callee.base);
  if (base && base->name == "fast" && !scope->find("fast"))
    return checkFast(call, callee.member);
  TypedExpr *view = check(*callee.base);
  if (view->type.isError())
    return view;
  constexpr StringRef kMethods[] = {"dim", "inside", "stride", "sub"};
  if (!view->type.isView() || !is_contained(kMethods, name)) {
    auto message = report(callee.member.range, DiagKind::NoSuchMember,
                          view->type.str(), name);
    if (StringRef hint = getForeignMemberHint(name); !hint.empty())
      message.hint(hint);
    else if (isBuiltinName(name))
      message.hint("write '" + name + "(x)'");
    else if (std::optional<StringRef> closest = findClosest(name, kMethods))
      message.note(callee.member.range, DiagKind::DidYouMean, *closest);
    return makeError(call.range);
  }
  if (name == "sub")
    return checkSub(call, view);
  Args args(*this, call, name, {"axis"});
  int64_t axis = 0;
  if (!args || !checkAxis(*args.get("axis"), view->type.getRank(), axis))
    return makeError(call.range);
  return makeOp(name == "dim" ? TypedOp::Dim : TypedOp::Stride,
                ValueType::scalar(ScalarKind::Index), {view}, call.range,
                {axis});
}
