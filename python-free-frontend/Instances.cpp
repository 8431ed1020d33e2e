//===- Instances.cpp - kernels and sequences with bound parameters --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "tk/Support/MachineDefinitions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Names of instances
//===----------------------------------------------------------------------===//

/// Absent arguments are bound to this.
static constexpr StringRef kAbsent = "none";

StringRef Instance::getBinding(StringRef name) const {
  for (const InstanceBinding &binding : bindings)
    if (binding.name == name)
      return binding.value;
  return "";
}

std::string Instance::str() const {
  std::string text = name;
  bool isPositional = true;
  for (const InstanceBinding &binding : bindings) {
    // Types come first and need no names.
    isPositional &= parseScalarKind(binding.value).has_value();
    text += &binding == &bindings.front() ? "<" : ", ";
    text += isPositional ? binding.value : binding.name + " = " + binding.value;
  }
  return bindings.empty() ? text : text + ">";
}

std::string Instance::getSymbolName() const {
  std::string symbol = name;
  for (const InstanceBinding &binding : bindings) {
    symbol += "_";
    if (binding.value == kAbsent)
      symbol += "no_" + binding.name;
    else if (parseScalarKind(binding.value))
      symbol += binding.value;
    else
      symbol += binding.name + binding.value;
  }
  for (char &c : symbol)
    c = llvm::isAlnum(c) ? c : c == '-' ? 'm' : '_';
  return symbol;
}

Instance BoundInstance::getInstance() const {
  Instance instance;
  instance.name = parts.name.name.str();
  instance.isSequence = parts.isSequence;
  for (const auto &[name, value] : bindings)
    instance.bindings.push_back({name.str(), value.str()});
  for (const Param &param : parts.params)
    if (isAbsent(param))
      instance.bindings.push_back({param.name.name.str(), kAbsent.str()});
  return instance;
}

//===----------------------------------------------------------------------===//
// From text and syntax
//===----------------------------------------------------------------------===//

std::optional<BoundInstance>
CheckedProgram::Impl::bindInstance(const InstanceRef &ref, Scope &constants) {
  BoundInstance instance;
  instance.decl = decls.findLaunchable(ref.name, diags);
  if (!instance.decl)
    return std::nullopt;
  instance.parts = getLaunchableParts(*instance.decl);
  SmallVector<GenericArg> generics;
  for (const GenericArg &arg : ref.args) {
    bool isAbsence = false;
    for (const Param &param : instance.parts.params)
      isAbsence |= param.isOptional && param.name.name == arg.name.name &&
                   isa<NoneExpr>(arg.value);
    if (isAbsence)
      instance.absent.insert(arg.name.name);
    else
      generics.push_back(arg);
  }
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker(makeContext(arena, functions), constants);
  if (!checker.bindGenericArgs(instance.parts.genericParams, generics,
                               ref.name.name, instance.bindings) ||
      !checker.finishGenericArgs(instance.parts.genericParams, ref.range,
                                 ref.name.name, instance.bindings))
    return std::nullopt;
  return instance;
}

/// Reads a binding back from its text.
static ConstValue parseBinding(StringRef text, const GenericParam &param,
                               const Declarations &decls) {
  switch (param.kind) {
  case GenericParam::Kind::Type: {
    ElementType element;
    while (text.consume_front("ptr<") && text.consume_back(">"))
      ++element.pointerDepth;
    std::optional<ScalarKind> kind = parseScalarKind(text);
    if (!kind)
      return {};
    element.scalar = *kind;
    return ConstValue::type(element);
  }
  case GenericParam::Kind::Int: {
    int64_t value = 0;
    uint64_t large = 0;
    if (!text.getAsInteger(10, value))
      return ConstValue::integer(value);
    return text.getAsInteger(10, large) ? ConstValue()
                                        : ConstValue::integer(large);
  }
  case GenericParam::Kind::Bool:
    return text == "true" || text == "false"
               ? ConstValue::boolean(text == "true")
               : ConstValue();
  case GenericParam::Kind::Enum: {
    auto *decl = decls.find<EnumDecl>(param.constraint.name);
    text.consume_front(".");
    for (auto [i, name] : llvm::enumerate(decl->cases))
      if (name.name == text)
        return ConstValue::enumCase(decl, i);
    return {};
  }
  case GenericParam::Kind::Fn: {
    auto *function = decls.find<FnDecl>(text);
    return function ? ConstValue::function(function) : ConstValue();
  }
  }
  llvm_unreachable("every kind is handled");
}

std::optional<BoundInstance>
CheckedProgram::Impl::resolve(const Instance &instance) {
  BoundInstance bound;
  bound.decl = decls.findLaunchable({instance.name, {}}, diags);
  if (!bound.decl)
    return std::nullopt;
  bound.parts = getLaunchableParts(*bound.decl);
  Identifier declName = bound.parts.name;
  for (const InstanceBinding &binding : instance.bindings) {
    const Param *param =
        llvm::find_if(bound.parts.params, [&](const Param &candidate) {
          return candidate.isOptional && candidate.name.name == binding.name;
        });
    if (param != bound.parts.params.end() && binding.value == kAbsent) {
      bound.absent.insert(binding.name);
      continue;
    }
    const GenericParam *generic = llvm::find_if(
        bound.parts.genericParams, [&](const GenericParam &candidate) {
          return candidate.name.name == binding.name;
        });
    if (generic == bound.parts.genericParams.end()) {
      diags.report(declName.range, DiagKind::UnknownGeneric, declName.name,
                   binding.name);
      return std::nullopt;
    }
    ConstValue value = parseBinding(binding.value, *generic, decls);
    if (!value) {
      diags.report(generic->range, DiagKind::WrongGenericKind, binding.name,
                   describeKind(*generic), binding.value);
      return std::nullopt;
    }
    bound.bindings.insert({generic->name.name, value});
  }
  Scope scope;
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker(makeContext(arena, functions), scope);
  if (!checker.finishGenericArgs(bound.parts.genericParams, declName.range,
                                 declName.name, bound.bindings))
    return std::nullopt;
  return bound;
}

std::optional<Instance>
CheckedProgram::Impl::rebind(const Instance &instance,
                             ArrayRef<InstanceBinding> changes) {
  Instance changed = instance;
  for (const InstanceBinding &change : changes) {
    auto found = llvm::find_if(changed.bindings, [&](const auto &binding) {
      return binding.name == change.name;
    });
    if (found == changed.bindings.end())
      changed.bindings.push_back(change);
    else
      found->value = change.value;
  }
  std::optional<BoundInstance> bound = resolve(changed);
  if (!bound)
    return std::nullopt;
  return bound->getInstance();
}

const Decl *CheckedProgram::Impl::parseDecl(const Twine &text) {
  // Read as a file of its own, so that messages can point at it.
  unsigned buffer =
      sourceMgr.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(
                                       ("tk 1; " + text).str(), "<argument>"),
                                   {});
  llvm::StringSet<> generics;
  for (const auto &entry : decls.named)
    generics.insert(entry.getKey());
  unsigned errorsBefore = diags.getNumErrors();
  SourceFile file =
      parseSourceFile(sourceMgr, buffer, generics, astContext, diags);
  if (diags.getNumErrors() != errorsBefore)
    return nullptr;
  if (file.decls.size() == 1)
    return file.decls.front();
  diags.report(file.decls[1]->range, DiagKind::ExpectedToken,
               "the end of the argument", "another declaration");
  return nullptr;
}

const InstanceRef *CheckedProgram::Impl::parseInstanceRef(StringRef text) {
  auto *exports =
      dyn_cast_or_null<ExportDecl>(parseDecl("export " + text + ";"));
  if (!exports || exports->instances.size() == 1)
    return exports ? &exports->instances.front() : nullptr;
  diags.report(exports->instances[1].range, DiagKind::ExpectedToken,
               "the end of the argument", "another instance");
  return nullptr;
}

std::optional<Instance> CheckedProgram::Impl::parseInstance(StringRef text) {
  const InstanceRef *ref = parseInstanceRef(text);
  if (!ref)
    return std::nullopt;
  Scope scope;
  std::optional<BoundInstance> bound = bindInstance(*ref, scope);
  if (!bound)
    return std::nullopt;
  return bound->getInstance();
}

std::vector<Instance> CheckedProgram::Impl::listInstances() {
  std::vector<Instance> instances;
  auto add = [&](Instance instance) {
    if (!llvm::is_contained(instances, instance))
      instances.push_back(std::move(instance));
  };
  for (const ExportDecl *exports : decls.exports)
    for (const InstanceRef &ref : exports->instances) {
      Scope scope;
      if (std::optional<BoundInstance> bound = bindInstance(ref, scope))
        add(bound->getInstance());
    }
  if (decls.exports.empty()) {
    for (const TestCase &test : getTests())
      add(test.instance);
    for (const TestCase &bench : getBenches())
      add(bench.instance);
  }
  // The kernels that sequences launch.
  for (size_t i = 0; i < instances.size(); ++i) {
    if (!instances[i].isSequence)
      continue;
    std::optional<BoundInstance> bound = resolve(instances[i]);
    std::optional<SequencePlan> plan =
        bound ? getSequencePlan(*bound) : std::nullopt;
    if (plan)
      for (const SequenceStep &step : plan->steps)
        add(step.instance);
  }
  return instances;
}

//===----------------------------------------------------------------------===//
// Parameters, grid and requirements
//===----------------------------------------------------------------------===//

void CheckedProgram::Impl::declareConstants(const BoundInstance &instance,
                                            Scope &scope) {
  for (const auto &[name, value] : instance.bindings)
    scope.declare(name, {nullptr, value, false, {}});
}

void CheckedProgram::Impl::declareHostNames(const BoundInstance &instance,
                                            HostExprBuilder &hostExprs) {
  for (const Param &param : instance.parts.params) {
    bool isAbsent = instance.isAbsent(param);
    if (param.isOptional)
      hostExprs.declare(param.name.name, HostExpr::boolean(!isAbsent));
    auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type);
    if (tensor || isa_and_nonnull<PtrTypeExpr>(param.type))
      hostExprs.declareMemory(param.name.name, /*hasSize=*/tensor);
    else if (!isAbsent)
      hostExprs.declare(param.name.name, HostExpr::name(param.name.name));
    if (!tensor)
      continue;
    for (const Expr *dim : tensor->dims)
      if (auto *name = dyn_cast<NameExpr>(dim))
        if (!instance.bindings.count(name->name))
          hostExprs.declare(name->name, HostExpr::name(name->name));
  }
}

std::optional<ParamInfo>
CheckedProgram::Impl::getParamInfo(const BoundInstance &instance,
                                   const Param &param, BodyChecker &checker,
                                   HostExprBuilder &hostExprs) {
  ParamInfo info;
  info.name = param.name.name.str();
  info.access = param.access;
  ValueType type =
      checker.resolveType(*param.type, param.access != ParamAccess::Read);
  if (type.isError())
    return std::nullopt;
  if (!type.isView() && !type.isScalar()) {
    diags.report(param.type->range, DiagKind::NotAKernelParam, type.str());
    return std::nullopt;
  }
  if (!type.isView() && param.access != ParamAccess::Read) {
    diags.report(param.accessRange, DiagKind::ModeNeedsTensor, type.str());
    return std::nullopt;
  }
  info.isTensor = type.isView();
  info.isPointer = type.getElement().isPointer();
  info.holdsPointers =
      info.isPointer && (info.isTensor || type.getElement().pointerDepth > 1);
  info.dtype = getDType(type.getElement().scalar);
  if (param.init && !checkInit(param, type, checker))
    return std::nullopt;
  info.isZeroed = param.access == ParamAccess::Temp && param.init;
  if (auto *tensor = dyn_cast<TensorTypeExpr>(param.type))
    for (const Expr *dim : tensor->dims) {
      std::optional<HostExpr> expr = hostExprs.build(*dim);
      if (!expr)
        return std::nullopt;
      info.dims.push_back(*expr);
    }
  const LaunchClauses &clauses = *instance.parts.clauses;
  for (const AliasClause &alias : clauses.aliases) {
    auto isHere = [&](const Identifier &name) {
      return name.name == info.name;
    };
    if (!llvm::any_of(alias.names, isHere))
      continue;
    for (const Identifier &name : alias.names)
      if (!isHere(name))
        info.aliases.push_back(name.name.str());
  }
  for (const CallArg &init : clauses.inits)
    if (init.name.name == param.name.name) {
      info.initialValue = getInitialValue(param, init, info.dtype, checker);
      if (!info.initialValue)
        return std::nullopt;
    }
  return info;
}

/// The default of a scalar, or the 0 of a workspace.
bool CheckedProgram::Impl::checkInit(const Param &param, const ValueType &type,
                                     BodyChecker &checker) {
  ConstValue value = checker.evaluate(*param.init);
  if (!value)
    return false;
  if (!type.isView() && !type.getElement().isPointer()) {
    bool fits = isValueOf(value, type.getElement().scalar);
    if (!fits)
      diags.report(param.init->range, DiagKind::NotRepresentable, value.str(),
                   type.str());
    return fits;
  }
  if (param.access != ParamAccess::Temp) {
    diags.report(param.init->range, DiagKind::DefaultNeedsScalar, type.str());
    return false;
  }
  if (isZero(value))
    return true;
  diags.report(param.init->range, DiagKind::TempNotZero, value.str());
  return false;
}

/// What `init(c = 0)` writes into a parameter before each launch.
std::optional<double>
CheckedProgram::Impl::getInitialValue(const Param &param, const CallArg &init,
                                      DType dtype, BodyChecker &checker) {
  if (param.access == ParamAccess::Read) {
    diags.report(init.name.range, DiagKind::NotWritable)
        .note(param.name.range, DiagKind::DeclaredHere, param.name.name)
        .hint("declare it 'mut'");
    return std::nullopt;
  }
  ConstValue value = checker.evaluate(*init.value);
  if (!value)
    return std::nullopt;
  if (!isValueOf(value, getScalarKind(dtype))) {
    diags.report(init.value->range, DiagKind::NotRepresentable, value.str(),
                 getDTypeName(dtype));
    return std::nullopt;
  }
  if (const Int128 *integer = value.getInteger())
    return static_cast<double>(*integer);
  if (const bool *truth = value.getBool())
    return *truth;
  return roundTo(ScalarKind::F64, *value.getFloat()).convertToDouble();
}

static StringRef describeHostKind(HostValue::Kind kind) {
  switch (kind) {
  case HostValue::Kind::Integer:
    return "an integer";
  case HostValue::Kind::Float:
    return "a float";
  case HostValue::Kind::Bool:
    return "a truth value";
  }
  llvm_unreachable("every kind is handled");
}

/// A part of `expr` that every evaluation computes and that divides an integer
/// by a constant zero.
template <typename KindOfName>
static std::optional<HostExpr> findDivisionByZero(const HostExpr &expr,
                                                  KindOfName kindOfName) {
  using Kind = HostExpr::Kind;
  Kind kind = expr.getKind();
  ArrayRef<HostExpr> operands = expr.getOperands();
  bool divides = kind == Kind::Divide || kind == Kind::Remainder ||
                 kind == Kind::CeilDivide;
  if (divides && operands[1].getConstantInteger() == 0 &&
      operands[0].inferKind(kindOfName) == HostValue::Kind::Integer)
    return expr;
  // The other operands of these may be there for the case without the zero.
  if (kind == Kind::If || kind == Kind::And || kind == Kind::Or)
    operands = operands.take_front();
  for (const HostExpr &operand : operands)
    if (auto found = findDivisionByZero(operand, kindOfName))
      return found;
  return std::nullopt;
}

/// Reports an expression that cannot have a value of the kind that `what`
/// needs.
bool CheckedProgram::Impl::checkHostExpr(const HostExpr &expr,
                                         const Expr &syntax, StringRef what,
                                         HostValue::Kind expected,
                                         const InstanceInfo &info) {
  auto kindOfName = [&](StringRef name) -> std::optional<HostValue::Kind> {
    for (const ParamInfo &param : info.params) {
      if (param.name != name || param.isTensor)
        continue;
      if (param.isPointer)
        return std::nullopt;
      if (isFloat(param.dtype))
        return HostValue::Kind::Float;
      return param.dtype == DType::Bool ? HostValue::Kind::Bool
                                        : HostValue::Kind::Integer;
    }
    // A dimension, or the bytes of a tensor.
    return HostValue::Kind::Integer;
  };
  std::optional<HostValue::Kind> kind = expr.inferKind(kindOfName);
  if (kind && *kind != expected) {
    diags.report(syntax.range, DiagKind::ExpectedType, what,
                 describeHostKind(expected), describeHostKind(*kind));
    return false;
  }
  if (std::optional<HostExpr> division = findDivisionByZero(expr, kindOfName)) {
    diags.report(syntax.range, DiagKind::DivisionByZero, division->str());
    return false;
  }
  // What has an integer here is an extent, of a tensor or of the grid.
  std::optional<int64_t> extent = expr.getConstantInteger();
  if (extent && *extent < 0) {
    diags.report(syntax.range, DiagKind::NegativeExtent, *extent);
    return false;
  }
  return true;
}

/// The values that `tune` lists for a generic parameter, or for what the
/// compiler would choose: numbers of warps and stages.
std::optional<TuneAxis>
CheckedProgram::Impl::getTuneAxis(const BoundInstance &instance,
                                  const TuneEntry &entry,
                                  BodyChecker &checker) {
  TuneAxis axis;
  axis.name = entry.name.name.str();
  axis.isGenericParam = instance.bindings.count(entry.name.name);
  if (!axis.isGenericParam && !isMachineDefinition(axis.name)) {
    diags.report(entry.name.range, DiagKind::UnknownTuneAxis, axis.name);
    return std::nullopt;
  }
  for (const Expr *choice : entry.choices->elements) {
    if (!axis.isGenericParam) {
      std::optional<int64_t> number =
          checker.evaluateInteger(*choice, "a number of warps or stages");
      if (!number)
        return std::nullopt;
      if (!isMachineValue(axis.name, *number)) {
        diags.report(choice->range, DiagKind::MachineValue,
                     describeMachineValues(axis.name), *number);
        return std::nullopt;
      }
      axis.choices.push_back(std::to_string(*number));
      continue;
    }
    const GenericParam *param = llvm::find_if(
        instance.parts.genericParams, [&](const GenericParam &candidate) {
          return candidate.name.name == axis.name;
        });
    GenericArg arg;
    arg.value = choice;
    arg.range = choice->range;
    GenericBindings bindings;
    if (!checker.bindGenericArgs(*param, arg, instance.parts.name.name,
                                 bindings))
      return std::nullopt;
    axis.choices.push_back(bindings.front().second.str());
  }
  return axis;
}

bool CheckedProgram::Impl::addParamInfos(const BoundInstance &instance,
                                         BodyChecker &checker,
                                         HostExprBuilder &hostExprs,
                                         InstanceInfo &info) {
  for (const Param &param : instance.parts.params) {
    if (instance.isAbsent(param))
      continue;
    std::optional<ParamInfo> paramInfo =
        getParamInfo(instance, param, checker, hostExprs);
    if (!paramInfo)
      return false;
    info.params.push_back(std::move(*paramInfo));
  }
  // Dimensions are checked last, as they may name scalars that come later.
  size_t next = 0;
  for (const Param &param : instance.parts.params)
    if (!instance.isAbsent(param)) {
      const ParamInfo &paramInfo = info.params[next++];
      for (auto [i, dim] : llvm::enumerate(paramInfo.dims))
        if (!checkHostExpr(dim, *cast<TensorTypeExpr>(param.type)->dims[i],
                           "a dimension", HostValue::Kind::Integer, info))
          return false;
    }
  return true;
}

/// Reports a grid that is missing or has too many axes. False after a mistake.
bool CheckedProgram::Impl::checkGrid(const BoundInstance &instance) {
  constexpr size_t kMaxGridRank = 3;
  const LaunchClauses &clauses = *instance.parts.clauses;
  if (!instance.parts.isSequence && clauses.grid.empty()) {
    diags
        .report(instance.parts.name.range, DiagKind::MissingGrid,
                instance.parts.name.name)
        .hint("say after the parameters how many programs run, as in "
              "'grid(cdiv(N, 128))'");
    return false;
  }
  if (clauses.grid.size() > kMaxGridRank) {
    diags.report(clauses.gridRange, DiagKind::GridRank, clauses.grid.size());
    return false;
  }
  return true;
}

std::optional<InstanceInfo>
CheckedProgram::Impl::getInfo(const BoundInstance &instance) {
  Scope scope;
  declareConstants(instance, scope);
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker(makeContext(arena, functions), scope);
  HostExprBuilder hostExprs(checker, diags);
  declareHostNames(instance, hostExprs);

  InstanceInfo info;
  info.instance = instance.getInstance();
  info.doc = instance.parts.doc.str();
  info.isResident = static_cast<bool>(instance.parts.clauses->progress);
  const LaunchClauses &clauses = *instance.parts.clauses;
  if (!addParamInfos(instance, checker, hostExprs, info) ||
      !checkGrid(instance))
    return std::nullopt;
  for (auto [exprs, target, what, kind] :
       {std::make_tuple(clauses.grid, &info.grid, "an axis of the grid",
                        HostValue::Kind::Integer),
        std::make_tuple(clauses.requirements, &info.requirements, "'require'",
                        HostValue::Kind::Bool)})
    for (const Expr *expr : exprs) {
      std::optional<HostExpr> built = hostExprs.build(*expr);
      if (!built || !checkHostExpr(*built, *expr, what, kind, info))
        return std::nullopt;
      target->push_back(*built);
    }
  for (const TuneEntry &entry : clauses.tune) {
    std::optional<TuneAxis> axis = getTuneAxis(instance, entry, checker);
    if (!axis)
      return std::nullopt;
    info.tune.push_back(std::move(*axis));
  }
  return info;
}

//===----------------------------------------------------------------------===//
// Generation
//===----------------------------------------------------------------------===//

void CheckedProgram::Impl::generateFunctions(const FunctionInstances &functions,
                                             OpBuilder &builder) {
  for (TypedFunction *function : functions.functions) {
    MLIRContext *context = builder.getContext();
    Location loc = getLocation(sourceMgr, function->decl->name.range, context);
    SmallVector<Type> inputs, results;
    for (Variable *param : function->params)
      flattenType(param->type, context, inputs);
    flattenType(function->result, context, results);
    auto func = func::FuncOp::create(builder, loc, function->symbolName,
                                     builder.getFunctionType(inputs, results));
    func.setPrivate();
    OpBuilder::InsertionGuard guard(builder);
    Block *block = func.addEntryBlock();
    builder.setInsertionPointToStart(block);
    BodyGenerator generator(builder, sourceMgr);
    ValueRange arguments = block->getArguments();
    for (Variable *param : function->params) {
      SmallVector<Type> types;
      flattenType(param->type, context, types);
      generator.define(param, arguments.take_front(types.size()));
      arguments = arguments.drop_front(types.size());
    }
    func::ReturnOp::create(builder, loc,
                           generator.generateBlock(*function->body));
  }
}

static DictionaryAttr makeArgAttrs(const ParamInfo &info, const ValueType &type,
                                   OpBuilder &builder) {
  MLIRContext *context = builder.getContext();
  NamedAttrList attrs;
  attrs.append(kNameAttr, builder.getStringAttr(info.name));
  attrs.append(kDtypeAttr, builder.getStringAttr(type.getElement().str()));
  if (info.isTensor) {
    attrs.append(kAccessAttr, AccessAttr::get(context, info.access));
    SmallVector<Attribute> dims;
    for (const HostExpr &dim : info.dims)
      dims.push_back(builder.getStringAttr(dim.str()));
    attrs.append(kDimsAttr, builder.getArrayAttr(dims));
  }
  if (!info.aliases.empty()) {
    SmallVector<StringRef> names(info.aliases.begin(), info.aliases.end());
    attrs.append(kAliasAttr, builder.getStrArrayAttr(names));
  }
  if (info.isZeroed)
    attrs.append(kZeroedAttr, builder.getUnitAttr());
  return attrs.getDictionary(context);
}

static ArrayAttr makeTexts(ArrayRef<HostExpr> exprs, OpBuilder &builder) {
  SmallVector<Attribute> texts;
  for (const HostExpr &expr : exprs)
    texts.push_back(builder.getStringAttr(expr.str()));
  return builder.getArrayAttr(texts);
}

std::optional<CheckedKernel>
CheckedProgram::Impl::checkKernel(const BoundInstance &instance,
                                  TypedArena &arena,
                                  FunctionInstances &functions) {
  unsigned errorsBefore = diags.getNumErrors();
  std::optional<InstanceInfo> info = getInfo(instance);
  if (!info)
    return std::nullopt;
  const LaunchableParts &parts = instance.parts;
  Scope scope;
  declareConstants(instance, scope);
  BodyChecker checker(makeContext(arena, functions), scope);
  SmallVector<Variable *> variables;
  for (const Param &param : parts.params) {
    if (instance.isAbsent(param)) {
      scope.declare(param.name.name, {nullptr, {}, true, param.name.range});
      continue;
    }
    ValueType type =
        checker.resolveType(*param.type, param.access != ParamAccess::Read);
    Variable *variable =
        arena.createVariable(param.name.name, type, param.name.range);
    variable->isOptional = param.isOptional;
    variables.push_back(variable);
    scope.declare(param.name.name, {variable, {}, false, param.name.range});
  }
  unsigned next = 0;
  for (const Param &param : parts.params)
    if (!instance.isAbsent(param)) {
      Variable *variable = variables[next++];
      if (auto *tensor = dyn_cast<TensorTypeExpr>(param.type))
        checker.declareDims(*tensor, variable);
    }
  // Dimensions that only absent arguments would tell.
  for (const Param &param : parts.params)
    if (auto *tensor = dyn_cast<TensorTypeExpr>(param.type))
      for (const Expr *dim : tensor->dims)
        if (auto *name = dyn_cast<NameExpr>(dim))
          if (!scope.find(name->name))
            scope.declare(name->name, {nullptr, {}, true, name->range});
  TypedBlock *body = checker.checkBody(*parts.body, ValueType::makeVoid());
  if (diags.getNumErrors() != errorsBefore)
    return std::nullopt;
  structureReturns(*body, ValueType::makeVoid(), arena);
  return CheckedKernel{std::move(*info), std::move(variables), body};
}

OwningOpRef<ModuleOp>
CheckedProgram::Impl::generateKernel(const BoundInstance &instance,
                                     MLIRContext *context) {
  context->loadDialect<TkDialect, arith::ArithDialect, func::FuncDialect,
                       math::MathDialect, scf::SCFDialect>();
  TypedArena arena;
  FunctionInstances functions;
  std::optional<CheckedKernel> checked =
      checkKernel(instance, arena, functions);
  if (!checked)
    return nullptr;
  const InstanceInfo &info = checked->info;
  const SmallVector<Variable *> &variables = checked->variables;
  const LaunchableParts &parts = instance.parts;

  OpBuilder builder(context);
  Location loc = getLocation(sourceMgr, parts.name.range, context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToStart(module->getBody());
  generateFunctions(functions, builder);
  SmallVector<Type> types;
  SmallVector<Attribute> argAttrs;
  for (auto [variable, param] : llvm::zip_equal(variables, info.params)) {
    types.push_back(convertType(variable->type, context));
    argAttrs.push_back(makeArgAttrs(param, variable->type, builder));
  }
  auto kernel = KernelOp::create(builder, loc, info.instance.getSymbolName(),
                                 builder.getFunctionType(types, {}));
  kernel.setInstance(info.instance.str());
  kernel.setGridAttr(makeTexts(info.grid, builder));
  if (!info.requirements.empty())
    kernel.setRequireAttr(makeTexts(info.requirements, builder));
  kernel.setArgAttrsAttr(builder.getArrayAttr(argAttrs));
  if (info.isResident)
    kernel->setAttr(kResidentAttr, builder.getUnitAttr());
  Block *block = builder.createBlock(&kernel.getBody());
  for (auto [variable, type] : llvm::zip_equal(variables, types))
    block->addArgument(type, getLocation(sourceMgr, variable->range, context));
  BodyGenerator generator(builder, sourceMgr);
  for (auto [variable, argument] :
       llvm::zip_equal(variables, block->getArguments()))
    generator.define(variable, argument);
  generator.generateBlock(*checked->body);
  ReturnOp::create(builder, loc);
  // Dimensions that the body does not use.
  for (Operation &op : llvm::make_early_inc_range(*block))
    if (isa<DimOp>(op) && op.use_empty())
      op.erase();
  if (failed(verify(*module)))
    return nullptr;
  return module;
}
