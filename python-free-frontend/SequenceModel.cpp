//===- SequenceModel.cpp - the launches of a sequence ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

/// What a launch may be given: a parameter or temp of the sequence.
struct SequenceBuffer {
  enum class Kind { Scalar, Tensor, Pointer };
  DType dtype;
  Kind kind = Kind::Scalar;
  bool isWritable = false;
  size_t rank = 0;
  bool isAbsent = false;
};

class SequenceBuilder {
public:
  SequenceBuilder(CheckedProgram::Impl &program, const BoundInstance &instance)
      : program(program), diags(program.diags), instance(instance),
        checker(program.makeContext(arena, functions), scope),
        hostExprs(checker, diags) {
    program.declareConstants(instance, scope);
    program.declareHostNames(instance, hostExprs);
  }

  std::optional<SequencePlan> build(InstanceInfo info) {
    for (const Param &param : instance.parts.params)
      if (instance.isAbsent(param)) {
        SequenceBuffer buffer{};
        buffer.isAbsent = true;
        buffers.try_emplace(param.name.name, buffer);
      }
    for (const ParamInfo &param : info.params)
      buffers.try_emplace(param.name, describe(param));
    plan.info = std::move(info);
    bool isGood = true;
    for (const Stmt *stmt : instance.parts.body->stmts)
      isGood &= addStmt(*stmt);
    if (!isGood)
      return std::nullopt;
    return std::move(plan);
  }

private:
  static SequenceBuffer describe(const ParamInfo &param) {
    using Kind = SequenceBuffer::Kind;
    Kind kind = param.isTensor    ? Kind::Tensor
                : param.isPointer ? Kind::Pointer
                                  : Kind::Scalar;
    bool isWritable =
        kind == Kind::Pointer || param.access != ParamAccess::Read;
    return {param.dtype, kind, isWritable, param.dims.size()};
  }

  bool addStmt(const Stmt &stmt) {
    switch (stmt.kind) {
    case NodeKind::BindingStmt:
      return addLet(cast<BindingStmt>(stmt));
    case NodeKind::TempStmt:
      if (addTemp(cast<TempStmt>(stmt)))
        return true;
      poisoned.insert(cast<TempStmt>(stmt).name.name);
      return false;
    case NodeKind::ExprStmt:
      if (auto *call = dyn_cast<CallExpr>(cast<ExprStmt>(stmt).expr))
        return addLaunch(*call);
      break;
    default:
      break;
    }
    diags.report(stmt.range, DiagKind::NotASequenceStmt);
    return false;
  }

  bool addLet(const BindingStmt &stmt) {
    std::optional<HostExpr> value;
    bool isName = stmt.pattern.kind == BindingPattern::Kind::Name;
    if (stmt.isVar || stmt.type || !isName)
      diags.report(stmt.range, DiagKind::NotASequenceStmt);
    else
      value = hostExprs.build(*stmt.init);
    if (!value && isName)
      poisoned.insert(stmt.pattern.name.name);
    // What follows from a mistake is none: any value will do.
    if (isName)
      hostExprs.declare(stmt.pattern.name.name,
                        value.value_or(HostExpr::integer(1)));
    return value.has_value();
  }

  bool addTemp(const TempStmt &stmt) {
    auto *tensor = dyn_cast<TensorTypeExpr>(stmt.type);
    ValueType type = checker.resolveType(*stmt.type, /*isWritable=*/true);
    if (type.isError())
      return false;
    if (!tensor || type.getElement().isPointer()) {
      diags.report(stmt.type->range, DiagKind::ModeNeedsTensor, type.str());
      return false;
    }
    SequenceTemp temp;
    temp.name = stmt.name.name.str();
    temp.dtype = getDType(type.getElement().scalar);
    for (const Expr *dim : tensor->dims) {
      std::optional<HostExpr> extent = hostExprs.build(*dim);
      if (!extent)
        return false;
      temp.dims.push_back(*extent);
    }
    if (stmt.init) {
      ConstValue value = checker.evaluate(*stmt.init);
      if (!value)
        return false;
      if (!isZero(value)) {
        diags.report(stmt.init->range, DiagKind::TempNotZero, value.str());
        return false;
      }
      temp.isZeroed = true;
    }
    SequenceBuffer buffer{temp.dtype, SequenceBuffer::Kind::Tensor, true,
                          temp.dims.size()};
    if (!buffers.try_emplace(temp.name, buffer).second) {
      diags.report(stmt.name.range, DiagKind::Redeclared, temp.name);
      return false;
    }
    plan.temps.push_back(std::move(temp));
    return true;
  }

  /// The call in `tensor(buffer, [dims], [strides])`; null if `expr` is none.
  static const CallExpr *getReshaping(const Expr &expr) {
    auto *call = dyn_cast<CallExpr>(&expr);
    auto *callee = call ? dyn_cast<NameExpr>(call->callee) : nullptr;
    bool isReshaping =
        callee && callee->name == "tensor" && call->args.size() == 3;
    return isReshaping ? call : nullptr;
  }

  /// What is given, in its own shape or in another.
  static const Expr &getMemory(const Expr &expr) {
    const CallExpr *reshaping = getReshaping(expr);
    return reshaping ? *reshaping->args[0].value : expr;
  }

  /// The name in `tensor<T>[M]` or `ptr<T>`.
  static const NamedTypeExpr *getElement(const Param &param) {
    const TypeExpr *element = nullptr;
    if (auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type))
      element = tensor->element;
    else if (auto *pointer = dyn_cast_or_null<PtrTypeExpr>(param.type))
      element = pointer->element;
    return dyn_cast_or_null<NamedTypeExpr>(element);
  }

  /// The kernel of a launch, its generic arguments told or taken from the
  /// element types of what it is given.
  std::optional<BoundInstance> bindKernel(const CallExpr &call) {
    InstanceRef ref;
    ref.range = call.callee->range;
    if (auto *name = dyn_cast<NameExpr>(call.callee)) {
      ref.name = {name->name, name->range};
    } else if (auto *generic = dyn_cast<GenericExpr>(call.callee)) {
      ref.name = generic->name;
      ref.args = generic->args;
    }
    auto *kernel = program.decls.find<KernelDecl>(ref.name.name);
    if (!kernel) {
      diags.report(call.callee->range, DiagKind::NotASequenceStmt);
      return std::nullopt;
    }
    SmallVector<GenericArg> args(ref.args);
    SmallVector<NameExpr *> owned;
    for (const GenericParam &param : kernel->genericParams) {
      bool isGiven = llvm::any_of(args, [&](const GenericArg &arg) {
        return arg.name.name == param.name.name;
      });
      size_t position = &param - kernel->genericParams.begin();
      isGiven |= position < ref.args.size() && !ref.args[position].name;
      if (isGiven || param.kind != GenericParam::Kind::Type)
        continue;
      for (auto [kernelParam, arg] : llvm::zip(kernel->params, call.args)) {
        auto *element = getElement(kernelParam);
        auto *name = dyn_cast<NameExpr>(&getMemory(*arg.value));
        auto buffer = name ? buffers.find(name->name) : buffers.end();
        if (!element || element->name != param.name.name ||
            buffer == buffers.end() || buffer->second.isAbsent)
          continue;
        auto *typeName = program.astContext.create<NameExpr>(arg.range);
        typeName->name = getDTypeName(buffer->second.dtype);
        GenericArg inferred;
        inferred.name = param.name;
        inferred.value = typeName;
        inferred.range = arg.range;
        args.push_back(inferred);
        break;
      }
    }
    ref.args = program.astContext.copy<GenericArg>(args);
    return program.bindInstance(ref, scope);
  }

  bool isPoisoned(const CallArg &arg) const {
    auto *name = dyn_cast<NameExpr>(&getMemory(*arg.value));
    return name && poisoned.contains(name->name);
  }

  bool addLaunch(const CallExpr &call) {
    if (llvm::any_of(call.args,
                     [&](const CallArg &arg) { return isPoisoned(arg); }))
      return false;
    std::optional<BoundInstance> kernel = bindKernel(call);
    if (!kernel)
      return false;
    ArrayRef<Param> params = kernel->parts.params;
    if (call.args.size() > params.size()) {
      diags.report(call.range, DiagKind::WrongArgumentCount,
                   kernel->parts.name.name,
                   formatCount(params.size(), "argument"), call.args.size());
      return false;
    }
    SmallVector<const CallArg *> given(params.size());
    size_t next = 0;
    for (const CallArg &arg : call.args) {
      size_t position = next++;
      if (arg.name)
        position = llvm::find_if(params,
                                 [&](const Param &param) {
                                   return param.name.name == arg.name.name;
                                 }) -
                   params.begin();
      if (position >= params.size()) {
        diags.report(arg.name.range, DiagKind::UnknownArgument,
                     ("'" + kernel->parts.name.name + "'").str(),
                     arg.name.name);
        return false;
      }
      if (given[position]) {
        diags.report(arg.range, DiagKind::ArgumentTwice,
                     params[position].name.name);
        return false;
      }
      given[position] = &arg;
    }
    SequenceStep step;
    SmallVector<const Expr *> values;
    for (auto [param, arg] : llvm::zip_equal(params, given)) {
      bool isAbsent = !arg || isAbsentBuffer(*arg->value);
      if (isAbsent && param.isOptional) {
        kernel->absent.insert(param.name.name);
        continue;
      }
      const Expr *value = arg ? arg->value : param.init;
      if (!value || (!arg && isa<TensorTypeExpr>(param.type))) {
        diags.report(call.range, DiagKind::MissingArgument,
                     kernel->parts.name.name, param.name.name);
        return false;
      }
      std::optional<SequenceArg> bound = bindArg(param, *value);
      if (!bound)
        return false;
      step.args.push_back(std::move(*bound));
      values.push_back(value);
    }
    if (!checkElements(*kernel, step, values))
      return false;
    step.instance = kernel->getInstance();
    plan.steps.push_back(std::move(step));
    return true;
  }

  /// The type parameters of a kernel fit some of its arguments; here all do.
  bool checkElements(const BoundInstance &kernel, const SequenceStep &step,
                     ArrayRef<const Expr *> values) {
    std::optional<InstanceInfo> info = program.getInfo(kernel);
    if (!info)
      return false;
    for (auto [param, arg, value] :
         llvm::zip_equal(info->params, step.args, values)) {
      auto found = buffers.find(arg.buffer);
      if (found == buffers.end() || found->second.dtype == param.dtype)
        continue;
      diags.report(value->range, DiagKind::ExpectedElement,
                   getDTypeName(param.dtype),
                   getDTypeName(found->second.dtype));
      return false;
    }
    return true;
  }

  bool isAbsentBuffer(const Expr &expr) {
    if (isa<NoneExpr>(expr))
      return true;
    auto *name = dyn_cast<NameExpr>(&expr);
    auto found = name ? buffers.find(name->name) : buffers.end();
    return found != buffers.end() && found->second.isAbsent;
  }

  std::optional<SequenceArg> bindArg(const Param &param, const Expr &expr) {
    SequenceArg bound;
    bound.param = param.name.name.str();
    auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type);
    bool isPointer = isa_and_nonnull<PtrTypeExpr>(param.type);
    if (!tensor && !isPointer) {
      bound.scalar = hostExprs.build(expr);
      return bound.scalar ? std::optional(std::move(bound)) : std::nullopt;
    }
    const CallExpr *reshaping = tensor ? getReshaping(expr) : nullptr;
    if (reshaping && !bindShape(*reshaping, bound))
      return std::nullopt;
    const Expr *memory = reshaping ? reshaping->args[0].value : &expr;
    using Kind = SequenceBuffer::Kind;
    auto *name = dyn_cast<NameExpr>(memory);
    auto found = name ? buffers.find(name->name) : buffers.end();
    Kind kind = found == buffers.end() ? Kind::Scalar : found->second.kind;
    // What a pointer points to has no shape of its own.
    if (kind == Kind::Scalar ||
        (kind == Kind::Pointer && tensor && bound.dims.empty())) {
      reportNoBuffer(param, *memory);
      return std::nullopt;
    }
    const SequenceBuffer &buffer = found->second;
    if ((isPointer || param.access != ParamAccess::Read) &&
        !buffer.isWritable) {
      diags.report(memory->range, DiagKind::NotWritable);
      return std::nullopt;
    }
    size_t rank = bound.dims.empty() ? buffer.rank : bound.dims.size();
    if (tensor && rank != tensor->dims.size()) {
      diags.report(expr.range, DiagKind::WrongRank, param.name.name,
                   formatCount(tensor->dims.size(), "dimension"), rank);
      return std::nullopt;
    }
    bound.buffer = name->name.str();
    return bound;
  }

  /// The shape in `tensor(buffer, [dims], [strides])`.
  bool bindShape(const CallExpr &reshaping, SequenceArg &bound) {
    for (auto [list, target] :
         {std::make_pair(reshaping.args[1].value, &bound.dims),
          std::make_pair(reshaping.args[2].value, &bound.strides)}) {
      auto *elements = dyn_cast<ListExpr>(list);
      if (!elements) {
        diags.report(list->range, DiagKind::ExpectedList);
        return false;
      }
      for (const Expr *element : elements->elements) {
        std::optional<HostExpr> value = hostExprs.build(*element);
        if (!value)
          return false;
        target->push_back(*value);
      }
    }
    return true;
  }

  void reportNoBuffer(const Param &param, const Expr &expr) {
    auto *wrong = dyn_cast<NameExpr>(&expr);
    auto message =
        diags.report(expr.range, DiagKind::ExpectedBuffer, param.name.name);
    SmallVector<StringRef> names;
    for (const auto &entry : buffers)
      names.push_back(entry.getKey());
    llvm::sort(names);
    if (wrong)
      if (std::optional<StringRef> closest = findClosest(wrong->name, names))
        message.note(expr.range, DiagKind::DidYouMean, *closest);
  }

  CheckedProgram::Impl &program;
  DiagnosticReporter &diags;
  const BoundInstance &instance;
  Scope scope;
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker;
  HostExprBuilder hostExprs;
  llvm::StringMap<SequenceBuffer> buffers;
  /// Names of values whose mistakes have been reported.
  llvm::StringSet<> poisoned;
  SequencePlan plan;
};

} // namespace

std::optional<SequencePlan>
CheckedProgram::Impl::getSequencePlan(const BoundInstance &instance) {
  std::optional<InstanceInfo> info = getInfo(instance);
  if (!info)
    return std::nullopt;
  return SequenceBuilder(*this, instance).build(std::move(*info));
}
