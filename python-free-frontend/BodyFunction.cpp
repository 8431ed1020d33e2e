//===- BodyFunction.cpp - instances of generic functions ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Generic arguments
//===----------------------------------------------------------------------===//

/// The value of `arg` for `param`; nothing after a mistake.
static bool isOfKind(const ConstValue &value, const GenericParam &param,
                     const Declarations &decls) {
  switch (param.kind) {
  case GenericParam::Kind::Type:
    return value.getType();
  case GenericParam::Kind::Int:
    return value.getInteger();
  case GenericParam::Kind::Bool:
    return value.getBool();
  case GenericParam::Kind::Enum:
    return value.getEnumDecl() &&
           value.getEnumDecl() == decls.find<EnumDecl>(param.constraint.name);
  case GenericParam::Kind::Fn:
    return value.getFunction();
  }
  llvm_unreachable("every kind is handled");
}

StringRef mlir::tk::describeKind(const GenericParam &param) {
  switch (param.kind) {
  case GenericParam::Kind::Type:
    return "a type";
  case GenericParam::Kind::Int:
    return "an integer constant";
  case GenericParam::Kind::Bool:
    return "a constant truth value";
  case GenericParam::Kind::Enum:
    return param.constraint.name;
  case GenericParam::Kind::Fn:
    return "the name of a function";
  }
  llvm_unreachable("every kind is handled");
}

bool BodyChecker::bindGenericArgs(ArrayRef<GenericParam> params,
                                  ArrayRef<GenericArg> args, StringRef callee,
                                  GenericBindings &bindings) {
  size_t next = 0;
  bool isGood = true;
  for (const GenericArg &arg : args) {
    const GenericParam *param = nullptr;
    if (!arg.name) {
      if (next < params.size())
        param = &params[next++];
    } else {
      param = find_if(params, [&](const GenericParam &candidate) {
        return candidate.name.name == arg.name.name;
      });
      if (param == params.end())
        param = nullptr;
    }
    if (!param) {
      if (arg.name)
        report(arg.name.range, DiagKind::UnknownGeneric, callee, arg.name.name);
      else
        report(arg.range, DiagKind::WrongGenericCount, callee,
               formatCount(params.size(), "generic argument"), args.size());
      return false;
    }
    ConstValue value;
    if (auto *enumCase = dyn_cast<EnumCaseExpr>(arg.value)) {
      auto *decl = param->kind == GenericParam::Kind::Enum
                       ? context.decls->find<EnumDecl>(param->constraint.name)
                       : nullptr;
      std::optional<unsigned> index;
      if (decl)
        index = findEnumCase(*decl, enumCase->name);
      else
        report(arg.value->range, DiagKind::WrongGenericKind, param->name.name,
               describeKind(*param), "." + enumCase->name.name.str())
            .note(param->range, DiagKind::DeclaredHere, param->name.name);
      if (!index) {
        isGood = false;
        continue;
      }
      value = ConstValue::enumCase(decl, *index);
    } else {
      value = evaluate(*arg.value);
      if (!value) {
        isGood = false;
        continue;
      }
    }
    if (!isOfKind(value, *param, *context.decls)) {
      report(arg.value->range, DiagKind::WrongGenericKind, param->name.name,
             describeKind(*param), value.str())
          .note(param->range, DiagKind::DeclaredHere, param->name.name);
      isGood = false;
      continue;
    }
    if (!bindings.insert({param->name.name, value}).second) {
      report(arg.range, DiagKind::ArgumentTwice, param->name.name);
      isGood = false;
    }
  }
  return isGood;
}

/// True if type class `name` of `T: float` holds `element`.
static bool isInClass(ElementType element, StringRef name) {
  if (name.empty() || name == "any")
    return true;
  if (element.isPointer())
    return false;
  ScalarKind kind = element.scalar;
  if (name == "float")
    return element.isFloat();
  if (name == "half")
    return kind == ScalarKind::F16 || kind == ScalarKind::BF16;
  bool isSized = element.isInteger() && !element.isIndex();
  if (name == "int")
    return isSized;
  if (name == "signed")
    return isSized && !element.isUnsigned();
  if (name == "unsigned")
    return isSized && element.isUnsigned();
  return name == "number" && (isSized || element.isFloat());
}

bool BodyChecker::finishGenericArgs(ArrayRef<GenericParam> params,
                                    SourceRange use, StringRef callee,
                                    GenericBindings &bindings) {
  bool isGood = true;
  GenericBindings ordered;
  // A default or a list of choices may use the parameters before it.
  Scope inner(scope);
  SaveAndRestore savedScope(scope, &inner);
  for (const GenericParam &param : params) {
    StringRef name = param.name.name;
    if (!bindings.count(name) && param.defaultValue) {
      GenericArg arg;
      arg.value = param.defaultValue;
      arg.range = param.defaultValue->range;
      if (!bindGenericArgs(param, arg, callee, bindings))
        return false;
    }
    auto found = bindings.find(name);
    if (found == bindings.end()) {
      report(use, DiagKind::MissingGeneric, callee, name)
          .note(param.range, DiagKind::DeclaredHere, name)
          .hint("write '" + callee + "<" + name + " = ...>'");
      isGood = false;
      continue;
    }
    const ConstValue &value = found->second;
    if (param.kind == GenericParam::Kind::Type &&
        !isInClass(*value.getType(), param.constraint.name)) {
      report(use, DiagKind::WrongTypeClass, name, param.constraint.name,
             value.str())
          .note(param.range, DiagKind::DeclaredHere, name);
      isGood = false;
    }
    if (param.choices) {
      bool isChoice = false;
      for (const Expr *choice : param.choices->elements)
        isChoice |= evaluate(*choice) == value;
      if (!isChoice) {
        report(use, DiagKind::NotAChoice, name, value.str())
            .note(param.choices->range, DiagKind::ChoicesHere);
        isGood = false;
      }
    }
    inner.declare(name, {nullptr, value, false, param.name.range});
    ordered.insert({name, value});
  }
  bindings = std::move(ordered);
  return isGood;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

const FnDecl *BodyChecker::findFunction(const Expr &expr) {
  auto *name = dyn_cast<NameExpr>(&expr);
  if (!name)
    return nullptr;
  if (const Symbol *symbol = scope->find(name->name))
    return symbol->constant.getFunction();
  return context.decls->find<FnDecl>(name->name);
}

static bool holdsTile(const ValueType &type) {
  return type.isTile() || any_of(type.getElements(), holdsTile);
}

TypedExpr *BodyChecker::checkFunctionCall(const CallExpr &call,
                                          const FnDecl &decl,
                                          ArrayRef<GenericArg> genericArgs) {
  StringRef name = decl.name.name;
  GenericBindings bindings;
  if (!bindGenericArgs(decl.genericParams, genericArgs, name, bindings))
    return makeError(call.range);
  SmallVector<TypedExpr *> args(decl.params.size());
  size_t next = 0;
  for (const CallArg &arg : call.args) {
    size_t position = next++;
    if (arg.name) {
      position = find_if(decl.params,
                         [&](const Param &param) {
                           return param.name.name == arg.name.name;
                         }) -
                 decl.params.begin();
      if (position == decl.params.size())
        return fail(arg.name.range, DiagKind::UnknownArgument,
                    "'" + name.str() + "'", arg.name.name);
    }
    if (position >= args.size()) {
      report(call.range, DiagKind::WrongArgumentCount, name,
             formatCount(decl.params.size(), "argument"), call.args.size())
          .note(decl.name.range, DiagKind::DeclaredHere, name);
      return makeError(call.range);
    }
    if (args[position])
      return fail(arg.range, DiagKind::ArgumentTwice,
                  decl.params[position].name.name);
    args[position] = check(*arg.value);
  }
  for (auto [param, arg] : zip_equal(decl.params, args)) {
    if (!arg && param.isOptional)
      arg = makeUntyped(ConstValue(), call.range);
    if (!arg && param.init)
      arg = checkDefault(param);
    if (!arg) {
      report(call.range, DiagKind::MissingArgument, name, param.name.name)
          .note(decl.name.range, DiagKind::DeclaredHere, name);
      return makeError(call.range);
    }
    if (arg->type.isError())
      return makeError(call.range);
  }
  // Inside a lifted function, a scalar may be a tile in disguise.
  bool isLifted =
      any_of(args, [](TypedExpr *arg) { return holdsTile(arg->type); });
  return callFunction(decl, std::move(bindings), args, call.range,
                      isLifted ? ArrayRef<int64_t>(context.liftedShape)
                               : ArrayRef<int64_t>());
}

/// The default of a scalar is a constant, whatever is known at the call.
TypedExpr *BodyChecker::checkDefault(const Param &param) {
  Scope empty;
  ConstValue value = BodyChecker(context, empty).evaluate(*param.init);
  return value ? makeUntyped(value, param.init->range)
               : makeError(param.init->range);
}

/// The type of a parameter of a function; reports a mode that it cannot have.
ValueType BodyChecker::resolveParamType(const Param &param) {
  bool isWritable = param.access != ParamAccess::Read;
  ValueType type = resolveType(*param.type, isWritable);
  if (type.isError())
    return type;
  if (isWritable && !type.isView()) {
    report(param.accessRange, DiagKind::ModeNeedsTensor, type.str());
    return ValueType::error();
  }
  if (param.init && !type.isScalar()) {
    report(param.init->range, DiagKind::DefaultNeedsScalar, type.str());
    return ValueType::error();
  }
  return type;
}

/// Binds generic parameters that `type` names from the type of an argument.
/// What cannot match is found when the argument is converted.
bool BodyChecker::inferGenericArgs(const FnDecl &decl, const TypeExpr &type,
                                   TypedExpr *arg, const ValueType &argType,
                                   GenericBindings &bindings) {
  auto bindName = [&](StringRef name, GenericParam::Kind kind,
                      ConstValue value) {
    for (const GenericParam &param : decl.genericParams)
      if (param.name.name == name && param.kind == kind)
        bindings.insert({param.name.name, std::move(value)});
  };
  auto bindElement = [&](const TypeExpr &elementType, ElementType element) {
    const TypeExpr *inner = &elementType;
    while (auto *pointer = dyn_cast<PtrTypeExpr>(inner)) {
      if (!element.isPointer())
        return;
      element = element.getPointee();
      inner = pointer->element;
    }
    if (auto *named = dyn_cast<NamedTypeExpr>(inner))
      bindName(named->name, GenericParam::Kind::Type,
               ConstValue::type(element));
  };
  auto bindShape = [&](ArrayRef<const Expr *> extents) {
    if (extents.size() != static_cast<size_t>(argType.getRank()))
      return;
    for (auto [extent, value] : zip_equal(extents, argType.getShape()))
      if (auto *name = dyn_cast<NameExpr>(extent))
        if (value != kDynamicExtent)
          bindName(name->name, GenericParam::Kind::Int,
                   ConstValue::integer(value));
  };
  if (auto *tuple = dyn_cast<TupleTypeExpr>(&type)) {
    if (!argType.isTuple() ||
        argType.getElements().size() != tuple->elements.size())
      return true;
    auto *literal = dyn_cast<TypedTuple>(arg);
    for (auto [i, element] : enumerate(tuple->elements))
      inferGenericArgs(decl, *element, literal ? literal->elements[i] : arg,
                       argType.getElements()[i], bindings);
    return true;
  }
  if (auto *tile = dyn_cast<TileTypeExpr>(&type)) {
    if (argType.isTile()) {
      bindElement(*tile->element, argType.getElement());
      bindShape(tile->shape);
    }
  } else if (auto *tensor = dyn_cast<TensorTypeExpr>(&type)) {
    if (argType.isView()) {
      bindElement(*tensor->element, argType.getElement());
      bindShape(tensor->dims);
    }
  } else if (argType.isComputed()) {
    bindElement(type, argType.getElement());
  }
  return true;
}

TypedExpr *BodyChecker::callFunction(const FnDecl &decl,
                                     GenericBindings bindings,
                                     MutableArrayRef<TypedExpr *> args,
                                     SourceRange range,
                                     ArrayRef<int64_t> liftedShape) {
  TypedFunction *function =
      instantiate(decl, bindings, args, range, liftedShape);
  if (!function || function->result.isError())
    return makeError(range);
  auto *call = context.arena->create<TypedCall>(function->result, range);
  call->callee = function;
  for (TypedExpr *arg : args) {
    if (arg->type.isNone())
      continue;
    call->args.push_back(arg);
    call->effect = std::max(call->effect, arg->effect);
  }
  if (!isPure(*function->body))
    call->effect = Effect::Writes;
  else if (function->body->value)
    call->effect = std::max(call->effect, Effect::Reads);
  return call;
}

/// Describes what `type` needs if the extents of `type` cannot follow from an
/// argument of type `argType`; empty if they can.
static std::string describeMismatch(const TypeExpr &type,
                                    const ValueType &argType) {
  size_t rank = argType.isTile() || argType.isView() ? argType.getRank() : 0;
  if (auto *tile = dyn_cast<TileTypeExpr>(&type))
    if (!argType.isTile() || tile->shape.size() != rank)
      return "a tile of " + formatCount(tile->shape.size(), "dimension");
  if (auto *tensor = dyn_cast<TensorTypeExpr>(&type))
    if (!argType.isView() || tensor->dims.size() != rank)
      return "a tensor of " + formatCount(tensor->dims.size(), "dimension");
  return "";
}

/// Reports an argument from which no generic argument can follow because its
/// type does not fit its parameter. False if there is none.
bool BodyChecker::reportMismatch(const FnDecl &decl,
                                 ArrayRef<TypedExpr *> args) {
  for (auto [param, arg] : zip_equal(decl.params, args)) {
    if (!param.type || arg->type.isNone())
      continue;
    std::string needed = describeMismatch(*param.type, arg->type);
    if (needed.empty())
      continue;
    report(arg->range, DiagKind::ExpectedType,
           "'" + param.name.name.str() + "'", needed, arg->type.str())
        .note(param.name.range, DiagKind::DeclaredHere, param.name.name);
    return true;
  }
  return false;
}

/// Infers the generic arguments that are still missing from `args`. False after
/// a mistake.
bool BodyChecker::finishBindings(const FnDecl &decl, ArrayRef<TypedExpr *> args,
                                 SourceRange range, GenericBindings &bindings) {
  for (auto [param, arg] : zip_equal(decl.params, args))
    if (param.type && !arg->type.isNone())
      inferGenericArgs(decl, *param.type, arg, arg->type, bindings);
  // A literal alone gives its own type to a parameter that nothing else binds.
  for (auto [param, arg] : zip_equal(decl.params, args))
    if (param.type && arg->type.isUntyped())
      inferGenericArgs(decl, *param.type, arg, defaultType(arg)->type,
                       bindings);
  bool isComplete = all_of(decl.genericParams, [&](const GenericParam &param) {
    return param.defaultValue || bindings.count(param.name.name);
  });
  if (!isComplete && reportMismatch(decl, args))
    return false;
  return finishGenericArgs(decl.genericParams, range, decl.name.name, bindings);
}

/// Converts `arg` to `type`, the declared type of `param`, and returns the type
/// that the parameter has in this instance; an error type after a mistake.
ValueType BodyChecker::fitArgument(const Param &param, ValueType type,
                                   bool isLifted, StringRef function,
                                   TypedExpr *&arg) {
  std::string what = "'" + param.name.name.str() + "'";
  if (type.isView() && arg->type.isView()) {
    if (type.isWritable() && !arg->type.isWritable()) {
      report(arg->range, DiagKind::NotWritable)
          .note(param.name.range, DiagKind::DeclaredHere, param.name.name);
      return ValueType::error();
    }
    // A view may know more of its extents than the parameter says.
    bool fits = type.getElement() == arg->type.getElement() &&
                type.getRank() == arg->type.getRank();
    for (int64_t i = 0; fits && i < type.getRank(); ++i)
      fits = type.getShape()[i] == kDynamicExtent ||
             type.getShape()[i] == arg->type.getShape()[i];
    if (fits)
      return ValueType::view(type.getElement(), arg->type.getShape(),
                             type.isWritable());
    report(arg->range, DiagKind::ExpectedType, what, type.str(),
           arg->type.str());
    return ValueType::error();
  }
  if (isLifted)
    return arg->type;
  if (type.isScalar() && arg->type.isTile()) {
    report(arg->range, DiagKind::ExpectedType, what, type.str(),
           arg->type.str())
        .hint("'map(" + function + ", ...)' applies it to each element");
    return ValueType::error();
  }
  arg = convertTo(arg, type, what);
  return arg->type.isError() ? arg->type : type;
}

/// The function for these arguments, which are converted to its parameters.
TypedFunction *BodyChecker::instantiate(const FnDecl &decl,
                                        GenericBindings &bindings,
                                        MutableArrayRef<TypedExpr *> args,
                                        SourceRange range,
                                        ArrayRef<int64_t> liftedShape) {
  StringRef name = decl.name.name;
  FunctionInstances &functions = *context.functions;
  if (is_contained(functions.active, &decl)) {
    report(range, DiagKind::Recursion, name)
        .note(decl.name.range, DiagKind::DeclaredHere, name);
    return nullptr;
  }
  if (functions.instances.size() >= kMaxFunctionInstances) {
    if (!std::exchange(functions.areTooMany, true))
      report(range, DiagKind::TooManyInstances, kMaxFunctionInstances);
    return nullptr;
  }
  bool isLifted = !liftedShape.empty();
  if (!finishBindings(decl, args, range, bindings))
    return nullptr;

  // Types of parameters mean what they mean where the function stands.
  Scope declScope;
  for (const auto &[paramName, value] : bindings)
    declScope.declare(paramName, {nullptr, value, false, {}});
  BodyChecker declChecker(context, declScope);
  std::vector<ValueType> types;
  std::string key;
  raw_string_ostream os(key);
  os << name;
  for (const auto &[paramName, value] : bindings)
    os << "," << value.str();
  for (auto [param, arg] : zip_equal(decl.params, args)) {
    if (param.isOptional && arg->type.isNone()) {
      types.push_back(ValueType::none());
      os << ";none";
      continue;
    }
    ValueType type = declChecker.resolveParamType(param);
    if (!type.isError())
      type = fitArgument(param, type, isLifted, name, arg);
    if (type.isError())
      return nullptr;
    types.push_back(type);
    os << ";" << type.str() << (type.isWritable() ? "!" : "");
  }
  os << "|" << formatExtents(liftedShape)
     << (context.isCombiner ? "combiner" : "");
  TypedFunction *&function = functions.instances[key];
  if (!function)
    function = checkFunction(decl, bindings, types, liftedShape);
  return function;
}

/// Views and pointers have no value to stand for "not yet known".
static bool hasNoZero(const ValueType &type) {
  if (type.isTuple())
    return any_of(type.getElements(), hasNoZero);
  return type.isView() || (type.isComputed() && type.getElement().isPointer());
}

bool BodyChecker::structureBodyReturns(TypedBlock &body,
                                       const ValueType &result) {
  SourceRange flagged = structureReturns(body, result, *context.arena);
  if (!flagged.isValid() || !hasNoZero(result))
    return true;
  report(flagged, DiagKind::ReturnFromLoop, result.str());
  return false;
}

/// "activate_relu_64": unique among the functions of the module.
static std::string makeSymbolName(const FnDecl &decl,
                                  const GenericBindings &bindings,
                                  llvm::StringSet<> &taken) {
  std::string name = decl.name.name.str();
  for (const auto &[paramName, value] : bindings)
    name += "_" + value.str();
  for (char &c : name)
    if (!isAlnum(c))
      c = '_';
  std::string unique = name;
  for (unsigned i = 2; !taken.insert(unique).second; ++i)
    unique = name + "_v" + std::to_string(i);
  return unique;
}

TypedFunction *BodyChecker::checkFunction(const FnDecl &decl,
                                          const GenericBindings &bindings,
                                          ArrayRef<ValueType> paramTypes,
                                          ArrayRef<int64_t> liftedShape) {
  auto *function = context.arena->create<TypedFunction>();
  function->decl = &decl;
  function->symbolName =
      makeSymbolName(decl, bindings, context.functions->symbolNames);
  Scope paramScope;
  for (const auto &[paramName, value] : bindings)
    paramScope.declare(paramName, {nullptr, value, false, {}});
  BodyContext inner = context;
  inner.liftedShape.assign(liftedShape.begin(), liftedShape.end());
  BodyChecker checker(std::move(inner), paramScope);
  unsigned &depth = context.functions->depth;
  SaveAndRestore deeper(depth, depth + kCallDepth);
  context.functions->active.push_back(&decl);
  for (auto [param, type] : zip_equal(decl.params, paramTypes)) {
    if (type.isNone()) {
      paramScope.declare(param.name.name,
                         {nullptr, {}, true, param.name.range});
      continue;
    }
    Variable *variable =
        context.arena->createVariable(param.name.name, type, param.name.range);
    variable->isOptional = param.isOptional;
    function->params.push_back(variable);
    paramScope.declare(param.name.name,
                       {variable, {}, false, param.name.range});
    if (auto *tensor = dyn_cast<TensorTypeExpr>(param.type))
      checker.declareDims(*tensor, variable);
  }
  unsigned errorsBefore = context.diags->getNumErrors();
  ValueType result = ValueType::makeVoid();
  if (decl.returnType)
    result = checker.resolveType(*decl.returnType);
  if (!liftedShape.empty() && decl.returnType && !result.isError()) {
    std::function<ValueType(const ValueType &)> lift =
        [&](const ValueType &type) {
          if (!type.isTuple())
            return type.isScalar()
                       ? ValueType::shaped(type.getElement(), liftedShape)
                       : type;
          std::vector<ValueType> elements;
          for (const ValueType &element : type.getElements())
            elements.push_back(lift(element));
          return ValueType::tuple(elements);
        };
    result = lift(result);
  }
  function->result = result;
  function->body = checker.checkBody(*decl.body, result);
  context.functions->active.pop_back();
  if (context.diags->getNumErrors() != errorsBefore || result.isError()) {
    function->result = ValueType::error();
    return function;
  }
  if (!structureBodyReturns(*function->body, result)) {
    function->result = ValueType::error();
    return function;
  }
  context.functions->functions.push_back(function);
  return function;
}

void BodyChecker::checkUncalled(const FnDecl &decl) {
  GenericBindings bindings;
  if (!finishGenericArgs(decl.genericParams, decl.name.range, decl.name.name,
                         bindings))
    return;
  Scope declScope;
  for (const auto &[name, value] : bindings)
    declScope.declare(name, {nullptr, value, false, {}});
  BodyChecker declChecker(context, declScope);
  std::vector<ValueType> types;
  for (const Param &param : decl.params) {
    types.push_back(declChecker.resolveParamType(param));
    if (types.back().isError())
      return;
  }
  checkFunction(decl, bindings, types, /*liftedShape=*/{});
}
