//===- ReferenceModel.cpp - references for the sizes of one test ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A reference computes on whole tensors. For one test all sizes are known, so
// each tensor becomes a tile of static shape, floats as f64, and the body is
// checked like any other.

#include "ProgramImpl.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;

/// Floats are computed in f64; integers keep their type.
static ElementType getReferenceElement(DType dtype) {
  ScalarKind kind = getScalarKind(dtype);
  return isFloat(kind) ? ScalarKind::F64 : kind;
}

namespace {

/// The checked body of a reference.
class ReferenceBody {
public:
  ReferenceBody(CheckedProgram::Impl &program, const TestCase &test,
                const BoundInstance &instance, const ReferenceDecl &reference)
      : program(program), test(test), instance(instance), reference(reference),
        checker(program.makeContext(arena, functions, /*isReference=*/true),
                scope) {}

  /// Null after a mistake.
  TypedBlock *check() {
    declareNames();
    unsigned errorsBefore = program.diags.getNumErrors();
    TypedBlock *body =
        checker.checkBody(*reference.body, ValueType::makeVoid());
    if (program.diags.getNumErrors() != errorsBefore)
      return nullptr;
    structureReturns(*body, ValueType::makeVoid(), arena);
    return body;
  }

protected:
  static bool isInput(const TestArgument &argument) {
    return readsArgument(argument.access);
  }

  ValueType getTileType(const TestArgument &argument) {
    return ValueType::shaped(getReferenceElement(argument.dtype),
                             argument.dims);
  }

  void declareNames() {
    for (const auto &[name, value] : instance.bindings)
      scope.declare(name, {nullptr, value, false, {}});
    for (const auto &entry : test.bindings.values)
      if (entry.second.isInteger() && !isArgument(entry.getKey()))
        scope.declare(entry.getKey(),
                      {nullptr,
                       ConstValue::integer(entry.second.getInteger()),
                       false,
                       {}});
    for (const Param &param : instance.parts.params)
      if (instance.isAbsent(param))
        scope.declare(param.name.name, {nullptr, {}, true, param.name.range});
    for (const TestArgument &argument : test.arguments)
      declareArgument(argument);
  }

  bool isArgument(StringRef name) const {
    return llvm::any_of(test.arguments, [&](const TestArgument &argument) {
      return argument.name == name;
    });
  }

  const Param &getParam(StringRef name) const {
    return *llvm::find_if(instance.parts.params, [&](const Param &param) {
      return param.name.name == name;
    });
  }

  void declareArgument(const TestArgument &argument) {
    const Param &param = getParam(argument.name);
    SourceRange range = param.name.range;
    if (!argument.isBuffer()) {
      Variable *variable = arena.createVariable(
          param.name.name,
          ValueType::scalar(getReferenceElement(argument.dtype)), range);
      variable->isOptional = param.isOptional;
      inputs.push_back({&argument, variable});
      scope.declare(param.name.name, {variable, {}, false, range});
      return;
    }
    const auto *result =
        llvm::find_if(reference.results, [&](const ReferenceResult &candidate) {
          return candidate.name.name == argument.name;
        });
    bool isResult = result != reference.results.end();
    Variable *variable = arena.createVariable(
        param.name.name, getTileType(argument), range, isResult);
    variable->isOptional = param.isOptional;
    if (isInput(argument))
      inputs.push_back({&argument, variable});
    else
      startAtZero(variable);
    if (isResult)
      results.push_back({&argument, variable});
    scope.declare(param.name.name, {variable, {}, false, range});
  }

  /// A result may be assigned slice by slice, so it starts with a value.
  void startAtZero(Variable *variable) {
    ElementType element = variable->type.getElement();
    auto *zero = arena.create<TypedConstant>(ValueType::scalar(element),
                                             variable->range);
    zero->value = element.isBool()    ? ConstValue::boolean(false)
                  : element.isFloat() ? ConstValue::floating(llvm::APFloat(0.0))
                                      : ConstValue::integer(0);
    auto *fill = arena.create<TypedOperation>(variable->type, variable->range);
    fill->op = TypedOp::Splat;
    fill->operands = {zero};
    auto *assign = arena.create<TypedAssign>(variable->range);
    assign->variable = variable;
    assign->value = fill;
    checker.prologue.push_back(assign);
  }

  CheckedProgram::Impl &program;
  const TestCase &test;
  const BoundInstance &instance;
  const ReferenceDecl &reference;
  Scope scope;
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker;
  using Binding = std::pair<const TestArgument *, Variable *>;
  SmallVector<Binding> inputs;
  SmallVector<Binding> results;
};

/// Makes IR of it.
class ReferenceBuilder : ReferenceBody {
public:
  ReferenceBuilder(CheckedProgram::Impl &program, const TestCase &test,
                   const BoundInstance &instance,
                   const ReferenceDecl &reference, MLIRContext *context)
      : ReferenceBody(program, test, instance, reference), builder(context) {}

  OwningOpRef<ModuleOp> build() {
    TypedBlock *body = check();
    return body ? generate(*body) : nullptr;
  }

private:
  Location getLoc(SourceRange range) {
    return getLocation(program.sourceMgr, range, builder.getContext());
  }

  Type getViewType(const TestArgument &argument) {
    return convertType(ValueType::view(getReferenceElement(argument.dtype),
                                       argument.dims, true),
                       builder.getContext());
  }

  DictionaryAttr makeArgAttrs(const TestArgument &argument,
                              ParamAccess access) {
    NamedAttrList attrs;
    attrs.append(kNameAttr, builder.getStringAttr(argument.name));
    if (argument.isBuffer())
      attrs.append(kAccessAttr, AccessAttr::get(builder.getContext(), access));
    attrs.append(kDtypeAttr, builder.getStringAttr(
                                 getReferenceElement(argument.dtype).str()));
    return attrs.getDictionary(builder.getContext());
  }

  OwningOpRef<ModuleOp> generate(const TypedBlock &body) {
    Location loc = getLoc(reference.name.range);
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    builder.setInsertionPointToStart(module->getBody());
    program.generateFunctions(functions, builder);
    SmallVector<Type> types;
    SmallVector<Attribute> argAttrs;
    for (auto [argument, variable] : inputs) {
      types.push_back(argument->isBuffer()
                          ? getViewType(*argument)
                          : convertType(variable->type, builder.getContext()));
      argAttrs.push_back(makeArgAttrs(*argument, ParamAccess::Read));
    }
    for (auto [argument, variable] : results) {
      types.push_back(getViewType(*argument));
      argAttrs.push_back(makeArgAttrs(*argument, ParamAccess::Out));
    }
    auto func = func::FuncOp::create(builder, loc, "reference",
                                     builder.getFunctionType(types, {}));
    func.setArgAttrsAttr(builder.getArrayAttr(argAttrs));
    Block *block = func.addEntryBlock();
    builder.setInsertionPointToStart(block);
    BodyGenerator generator(builder, program.sourceMgr);
    ValueRange arguments = block->getArguments();
    for (auto [i, input] : llvm::enumerate(inputs)) {
      auto [argument, variable] = input;
      Value value = arguments[i];
      if (argument->isBuffer())
        value = loadWhole(value, *argument, variable->range);
      generator.define(variable, value);
    }
    generator.generateBlock(body);
    for (auto [i, result] : llvm::enumerate(results)) {
      auto [argument, variable] = result;
      auto *current =
          arena.create<TypedVariable>(variable->type, variable->range);
      current->variable = variable;
      storeWhole(generator.generateOne(*current), arguments[inputs.size() + i],
                 *argument, variable->range);
    }
    func::ReturnOp::create(builder, loc);
    if (failed(verify(*module)))
      return nullptr;
    return module;
  }

  SmallVector<Value> makeOrigin(const TestArgument &argument, Location loc) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    return SmallVector<Value>(argument.dims.size(), zero);
  }

  Value loadWhole(Value view, const TestArgument &argument, SourceRange range) {
    Location loc = getLoc(range);
    Type type = convertType(getTileType(argument), builder.getContext());
    // A slice has at least one element.
    if (llvm::is_contained(argument.dims, 0))
      return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
    return LoadViewOp::create(
        builder, loc, type, view, makeOrigin(argument, loc), Value(),
        builder.getDenseI64ArrayAttr(argument.dims), DenseBoolArrayAttr());
  }

  void storeWhole(Value tile, Value view, const TestArgument &argument,
                  SourceRange range) {
    if (llvm::is_contained(argument.dims, 0))
      return;
    Location loc = getLoc(range);
    StoreViewOp::create(builder, loc, tile, view, makeOrigin(argument, loc),
                        builder.getDenseI64ArrayAttr(argument.dims),
                        DenseBoolArrayAttr());
  }

  OpBuilder builder;
};

} // namespace

OwningOpRef<ModuleOp>
CheckedProgram::Impl::generateReference(const TestCase &test,
                                        MLIRContext *context) {
  context->loadDialect<TkDialect, arith::ArithDialect, func::FuncDialect,
                       math::MathDialect, scf::SCFDialect>();
  auto found = decls.references.find(test.instance.name);
  std::optional<BoundInstance> instance = resolve(test.instance);
  if (found == decls.references.end() || !instance)
    return nullptr;
  return ReferenceBuilder(*this, test, *instance, *found->second, context)
      .build();
}

void CheckedProgram::Impl::checkReference(const TestCase &test,
                                          const BoundInstance &instance,
                                          const ReferenceDecl &reference) {
  ReferenceBody(*this, test, instance, reference).check();
}
