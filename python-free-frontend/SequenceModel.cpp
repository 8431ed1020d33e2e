//===- SequenceModel.cpp - the launches of a sequence ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

/// What a launch may be given: a parameter or temp of the sequence.
struct SequenceBuffer {
  DType dtype;
  bool isTensor = false;
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
      buffers.try_emplace(param.name,
                          SequenceBuffer{param.dtype, param.isTensor,
                                         param.mode != ParamMode::In,
                                         param.dims.size()});
    plan.info = std::move(info);
    bool isGood = true;
    for (const Stmt *stmt : instance.parts.body->stmts)
      isGood &= addStmt(*stmt);
    if (!isGood)
      return std::nullopt;
    return std::move(plan);
  }

private:
  bool addStmt(const Stmt &stmt) {
    switch (stmt.kind) {
    case NodeKind::BindingStmt:
      return addLet(cast<BindingStmt>(stmt));
    case NodeKind::TempStmt:
      return addTemp(cast<TempStmt>(stmt));
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
    if (stmt.isVar || stmt.type ||
        stmt.pattern.kind != BindingPattern::Kind::Name) {
      diags.report(stmt.range, DiagKind::NotASequenceStmt);
      return false;
    }
    std::optional<HostExpr> value = hostExprs.build(*stmt.init);
    if (!value)
      return false;
    hostExprs.declare(stmt.pattern.name.name, *value);
    return true;
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
    SequenceBuffer buffer{temp.dtype, true, true, temp.dims.size()};
    if (!buffers.try_emplace(temp.name, buffer).second) {
      diags.report(stmt.name.range, DiagKind::Redeclared, temp.name);
      return false;
    }
    plan.temps.push_back(std::move(temp));
    return true;
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
        auto *tensor = dyn_cast_or_null<TensorTypeExpr>(kernelParam.type);
        auto *element =
            tensor ? dyn_cast<NamedTypeExpr>(tensor->element) : nullptr;
        auto *name = dyn_cast<NameExpr>(arg.value);
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

  bool addLaunch(const CallExpr &call) {
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
      if (!param.isTensor || found == buffers.end() ||
          found->second.dtype == param.dtype)
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
    bool isTensor = isa_and_nonnull<TensorTypeExpr>(param.type);
    if (!isTensor) {
      bound.scalar = hostExprs.build(expr);
      return bound.scalar ? std::optional(std::move(bound)) : std::nullopt;
    }
    const Expr *buffer = &expr;
    // tensor(buffer, [dims], [strides]): the same memory in another shape.
    auto *call = dyn_cast<CallExpr>(&expr);
    auto *callee = call ? dyn_cast<NameExpr>(call->callee) : nullptr;
    if (callee && callee->name == "tensor" && call->args.size() == 3) {
      buffer = call->args[0].value;
      for (auto [list, target] :
           {std::make_pair(call->args[1].value, &bound.dims),
            std::make_pair(call->args[2].value, &bound.strides)}) {
        auto *elements = dyn_cast<ListExpr>(list);
        if (!elements) {
          diags.report(list->range, DiagKind::ExpectedList);
          return std::nullopt;
        }
        for (const Expr *element : elements->elements) {
          std::optional<HostExpr> value = hostExprs.build(*element);
          if (!value)
            return std::nullopt;
          target->push_back(*value);
        }
      }
    }
    auto *name = dyn_cast<NameExpr>(buffer);
    auto found = name ? buffers.find(name->name) : buffers.end();
    if (found == buffers.end() || !found->second.isTensor) {
      auto message = diags.report(buffer->range, DiagKind::ExpectedBuffer,
                                  param.name.name);
      SmallVector<StringRef> names;
      for (const auto &entry : buffers)
        names.push_back(entry.getKey());
      llvm::sort(names);
      if (name)
        if (std::optional<StringRef> closest = findClosest(name->name, names))
          message.note(buffer->range, DiagKind::DidYouMean, *closest);
      return std::nullopt;
    }
    if (param.mode != Param::Mode::In && !found->second.isWritable) {
      diags.report(buffer->range, DiagKind::NotWritable);
      return std::nullopt;
    }
    size_t rank = bound.dims.empty() ? found->second.rank : bound.dims.size();
    size_t expected = cast<TensorTypeExpr>(param.type)->dims.size();
    if (rank != expected) {
      diags.report(expr.range, DiagKind::WrongRank, param.name.name,
                   formatCount(expected, "dimension"), rank);
      return std::nullopt;
    }
    bound.buffer = name->name.str();
    return bound;
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
