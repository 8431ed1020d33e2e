//===- TestModel.cpp - tests and benches with concrete sizes --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "TestContents.h"
#include "ToleranceClasses.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

/// Builds the case of one test at one point of its sweep.
class TestCaseBuilder {
public:
  TestCaseBuilder(CheckedProgram::Impl &program, const TestDecl &decl,
                  const SweepPoint &point)
      : program(program), diags(program.diags), decl(decl),
        checker(program.makeContext(arena, functions), scope),
        contents(decl, checker, diags) {
    test.name = decl.name.name.str();
    test.isBench = decl.isBench;
    test.range = decl.name.range;
    test.sweepPoint = point;
    for (const auto &[name, value] : point)
      scope.declare(name, {nullptr, ConstValue::integer(value), false, {}});
  }

  std::optional<TestCase> build() {
    std::optional<BoundInstance> bound =
        program.bindInstance(decl.target, scope);
    if (!bound)
      return std::nullopt;
    instance = std::move(*bound);
    if (!applySelection() || !bindArguments() || !chooseConfiguration())
      return std::nullopt;
    test.instance = instance.getInstance();
    if (!buildArguments() || !buildOutputs() || !evaluateCounts())
      return std::nullopt;
    return std::move(test);
  }

private:
  /// Gives generic parameters the values that the user asks for.
  bool applySelection() {
    if (!program.isSelected(decl))
      return true;
    selected = program.getSelectedBindings(instance);
    if (selected.empty())
      return true;
    std::optional<Instance> changed =
        program.rebind(instance.getInstance(), selected);
    std::optional<BoundInstance> bound =
        changed ? program.resolve(*changed) : std::nullopt;
    if (!bound) {
      program.isSelectionWrong = true;
      return false;
    }
    instance = std::move(*bound);
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Arguments
  //===--------------------------------------------------------------------===//

  const TestArg *findArg(StringRef name) const {
    return findTestArg(decl, name);
  }

  /// Every argument must name a parameter or a dimension; optional parameters
  /// that no argument names are absent.
  bool bindArguments() {
    llvm::StringSet<> dimNames;
    SmallVector<StringRef> known;
    for (const Param &param : instance.parts.params) {
      known.push_back(param.name.name);
      if (param.isOptional && !findArg(param.name.name))
        instance.absent.insert(param.name.name);
      if (auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type))
        for (const Expr *dim : tensor->dims)
          if (auto *name = dyn_cast<NameExpr>(dim))
            if (!instance.bindings.count(name->name))
              dimNames.insert(name->name);
    }
    llvm::StringSet<> seen;
    for (const TestArg &arg : decl.args) {
      if (!seen.insert(arg.name.name).second) {
        diags.report(arg.name.range, DiagKind::ArgumentTwice, arg.name.name);
        return false;
      }
      if (llvm::is_contained(known, arg.name.name))
        continue;
      if (dimNames.contains(arg.name.name)) {
        std::optional<int64_t> value =
            checker.evaluateInteger(*arg.value, "a dimension");
        if (!value || !bindDim(arg.name.name, *value, arg.range))
          return false;
        continue;
      }
      auto message = diags.report(arg.name.range, DiagKind::UnknownArgument,
                                  ("'" + instance.parts.name.name + "'").str(),
                                  arg.name.name);
      if (std::optional<StringRef> closest = findClosest(arg.name.name, known))
        message.note(arg.name.range, DiagKind::DidYouMean, *closest);
      return false;
    }
    return bindDims();
  }

  bool bindDim(StringRef name, int64_t extent, SourceRange range) {
    auto [found, isNew] =
        test.bindings.values.try_emplace(name, HostValue::integer(extent));
    if (isNew || found->second == HostValue::integer(extent))
      return true;
    diags.report(range, DiagKind::DimMismatch, name, found->second.getInteger(),
                 extent);
    return false;
  }

  /// Takes the named dimensions from the shapes of the arguments.
  bool bindDims() {
    for (const Param &param : instance.parts.params) {
      auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type);
      bool isPointer = isa_and_nonnull<PtrTypeExpr>(param.type);
      const TestArg *arg = findArg(param.name.name);
      if (!(tensor || isPointer) || !arg)
        continue;
      std::optional<SmallVector<int64_t, 4>> shape = contents.readShape(*arg);
      if (!shape || !(tensor ? bindDims(*tensor, param.name.name, *shape, *arg)
                             : checkRank(shape->size(), *arg)))
        return false;
      shapes[param.name.name] = std::move(*shape);
    }
    return true;
  }

  bool bindDims(const TensorTypeExpr &tensor, StringRef param,
                ArrayRef<int64_t> shape, const TestArg &arg) {
    if (shape.size() != tensor.dims.size()) {
      diags.report(arg.value->range, DiagKind::WrongRank, param,
                   formatCount(tensor.dims.size(), "dimension"), shape.size());
      return false;
    }
    for (auto [dim, extent] : llvm::zip_equal(tensor.dims, shape))
      if (auto *name = dyn_cast<NameExpr>(dim))
        if (!instance.bindings.count(name->name) &&
            !bindDim(name->name, extent, arg.value->range))
          return false;
    return true;
  }

  /// Memory behind a pointer has the shape that the test gives it.
  bool checkRank(size_t rank, const TestArg &arg) {
    if (rank <= kMaxTensorRank)
      return true;
    diags.report(arg.value->range, DiagKind::RankTooLarge, "a tensor",
                 kMaxTensorRank, rank);
    return false;
  }

  //===--------------------------------------------------------------------===//
  // Configuration
  //===--------------------------------------------------------------------===//

  bool isGiven(StringRef genericParam) const {
    const GenericParam *params = instance.parts.genericParams.begin();
    for (auto [i, arg] : llvm::enumerate(decl.target.args))
      if (arg.name ? arg.name.name == genericParam
                   : i < instance.parts.genericParams.size() &&
                         params[i].name.name == genericParam)
        return true;
    return llvm::any_of(selected, [&](const InstanceBinding &binding) {
      return binding.name == genericParam;
    });
  }

  /// The values of scalars, which requirements may name.
  bool bindScalars(const InstanceInfo &info) {
    for (const ParamInfo &param : info.params) {
      const Expr *expr = getScalarExpr(param);
      if (param.isTensor || param.isPointer || !expr)
        continue;
      std::optional<HostValue> value = getScalar(*expr, param);
      if (!value)
        return false;
      test.bindings.values.insert_or_assign(param.name, *value);
    }
    return true;
  }

  enum class Legality { Legal, Illegal, Unknown };

  Legality getLegality(const InstanceInfo &info, std::string &broken) {
    for (const HostExpr &requirement : info.requirements) {
      llvm::Expected<bool> holds = requirement.evaluateBool(test.bindings);
      if (!holds) {
        llvm::consumeError(holds.takeError());
        return Legality::Unknown;
      }
      if (!*holds) {
        broken = requirement.str();
        return Legality::Illegal;
      }
    }
    return Legality::Legal;
  }

  /// If the defaults break a requirement, the first configuration of the tune
  /// space that keeps them all is taken, and named.
  bool chooseConfiguration() {
    std::optional<InstanceInfo> info = program.getInfo(instance);
    if (!info || !bindScalars(*info))
      return false;
    std::string broken;
    if (getLegality(*info, broken) != Legality::Illegal)
      return true;
    std::vector<const TuneAxis *> axes;
    size_t count = 1;
    for (const TuneAxis &axis : info->tune)
      if (axis.isGenericParam && !isGiven(axis.name)) {
        axes.push_back(&axis);
        count = llvm::SaturatingMultiply(count, axis.choices.size());
      }
    if (axes.empty())
      count = 0;
    // Each configuration is compared with the choices of every parameter.
    size_t numChoices = 1;
    for (const GenericParam &param : instance.parts.genericParams)
      if (param.choices)
        numChoices += param.choices->elements.size();
    count = std::min(
        {count, kMaxConfigurations, kMaxComparedChoices / numChoices + 1});
    for (size_t i = 0; i < count; ++i) {
      std::vector<InstanceBinding> changes;
      size_t rest = i;
      for (const TuneAxis *axis : llvm::reverse(axes)) {
        changes.push_back(
            {axis->name, axis->choices[rest % axis->choices.size()]});
        rest /= axis->choices.size();
      }
      std::optional<Instance> changed =
          program.rebind(instance.getInstance(), changes);
      std::optional<BoundInstance> candidate =
          changed ? program.resolve(*changed) : std::nullopt;
      std::optional<InstanceInfo> candidateInfo =
          candidate ? program.getInfo(*candidate) : std::nullopt;
      if (!candidateInfo)
        return false;
      std::string ignored;
      if (getLegality(*candidateInfo, ignored) == Legality::Illegal)
        continue;
      test.replacedDefaults = changed->str();
      instance = std::move(*candidate);
      return true;
    }
    diags.report(decl.target.range, DiagKind::RequirementBroken, broken);
    return false;
  }

  //===--------------------------------------------------------------------===//
  // Arguments, with all sizes known
  //===--------------------------------------------------------------------===//

  /// What the test gives a scalar, or its default; null if there is neither.
  const Expr *getScalarExpr(const ParamInfo &info) const {
    if (const TestArg *arg = findArg(info.name))
      return arg->value;
    for (const Param &param : instance.parts.params)
      if (param.name.name == info.name)
        return param.init;
    return nullptr;
  }

  std::optional<HostValue> getScalar(const Expr &expr, const ParamInfo &param) {
    ConstValue value = checker.evaluate(expr);
    if (!value)
      return std::nullopt;
    if (!isValueOf(value, getScalarKind(param.dtype))) {
      diags.report(expr.range, DiagKind::NotRepresentable, value.str(),
                   getDTypeName(param.dtype));
      return std::nullopt;
    }
    if (const bool *truth = value.getBool())
      return HostValue::boolean(*truth);
    if (const Int128 *integer = value.getInteger())
      return isFloat(param.dtype)
                 ? HostValue::floating(static_cast<double>(*integer))
                 : HostValue::integer(static_cast<int64_t>(*integer));
    // The kernel and the reference get the number that the type can hold.
    llvm::APFloat rounded =
        roundTo(getScalarKind(param.dtype), *value.getFloat());
    bool losesInfo = false;
    rounded.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return HostValue::floating(rounded.convertToDouble());
  }

  bool buildArguments() {
    std::optional<InstanceInfo> info = program.getInfo(instance);
    if (!info)
      return false;
    for (const ParamInfo &param : info->params) {
      TestArgument &argument = test.arguments.emplace_back();
      argument.name = param.name;
      argument.access = param.access;
      argument.dtype = param.dtype;
      argument.stream = test.arguments.size() - 1;
      bool isScalar = !param.isTensor && !param.isPointer;
      if (!(isScalar ? setScalar(param, argument) : setBuffer(param, argument)))
        return false;
    }
    return true;
  }

  bool reportMissing(const ParamInfo &param) {
    diags.report(decl.target.range, DiagKind::MissingArgument,
                 instance.parts.name.name, param.name);
    return false;
  }

  bool setScalar(const ParamInfo &param, TestArgument &argument) {
    const Expr *expr = getScalarExpr(param);
    if (!expr)
      return reportMissing(param);
    std::optional<HostValue> value = getScalar(*expr, param);
    if (!value)
      return false;
    argument.value = *value;
    return true;
  }

  /// A tensor, or memory behind a pointer.
  bool setBuffer(const ParamInfo &param, TestArgument &argument) {
    if (param.holdsPointers) {
      diags.report(decl.target.range, DiagKind::PointerInTest, param.name);
      return false;
    }
    using Kind = TestArgument::Kind;
    argument.kind = param.isTensor ? Kind::Tensor : Kind::Pointer;
    const TestArg *arg = findArg(param.name);
    if (!arg && readsArgument(param.access))
      return reportMissing(param);
    if (!setDims(param, arg, argument) || !contents.setStrides(arg, argument) ||
        !setData(param, arg, argument))
      return false;
    int64_t bytes = getSizeInBytes(param.dtype);
    for (int64_t extent : argument.dims)
      if (llvm::MulOverflow(bytes, extent, bytes)) {
        diags.report(arg ? arg->range : decl.name.range,
                     DiagKind::TensorTooLarge, argument.name);
        return false;
      }
    test.bindings.values.insert_or_assign(param.name + ".bytes",
                                          HostValue::integer(bytes));
    return true;
  }

  bool setData(const ParamInfo &param, const TestArg *arg,
               TestArgument &argument) {
    if (arg) {
      std::optional<DataSource> data = contents.readData(*arg);
      if (!data)
        return false;
      if (param.access == ParamAccess::Out &&
          data->kind != DataSource::Kind::Unspecified) {
        diags.report(arg->value->range, DiagKind::OutputContents, param.name)
            .hint("write 'poison[...]' for its shape");
        return false;
      }
      argument.data = *data;
    }
    if (argument.kind == TestArgument::Kind::Pointer)
      argument.access = argument.data.kind == DataSource::Kind::Unspecified
                            ? ParamAccess::Out
                            : ParamAccess::Mut;
    if (param.access == ParamAccess::Temp && param.isZeroed)
      argument.data = {DataSource::Kind::Full, 0, 0, {}};
    if (param.initialValue)
      argument.data = {DataSource::Kind::Full, *param.initialValue, 0, {}};
    return true;
  }

  bool setDims(const ParamInfo &param, const TestArg *arg,
               TestArgument &argument) {
    auto given = shapes.find(param.name);
    if (argument.kind == TestArgument::Kind::Pointer) {
      argument.dims = given->second;
      return true;
    }
    SourceRange range = arg ? arg->value->range : decl.target.range;
    for (auto [axis, dim] : llvm::enumerate(param.dims)) {
      llvm::Expected<int64_t> extent = dim.evaluateInteger(test.bindings);
      if (!extent) {
        auto message =
            diags.report(range, DiagKind::UnboundDim, param.name, dim.str(),
                         llvm::toString(extent.takeError()));
        if (dim.getKind() == HostExpr::Kind::Name)
          message.hint("give it a number: '" + dim.str() + " = ...'");
        return false;
      }
      if (*extent < 0) {
        diags.report(range, DiagKind::NegativeExtent, *extent);
        return false;
      }
      if (given != shapes.end() && given->second[axis] != *extent) {
        if (dim.getKind() == HostExpr::Kind::Integer)
          diags.report(range, DiagKind::ExtentMismatch, axis, param.name,
                       *extent, given->second[axis]);
        else
          diags.report(range, DiagKind::DimMismatch, dim.str(), *extent,
                       given->second[axis]);
        return false;
      }
      argument.dims.push_back(*extent);
    }
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Outputs and counts
  //===--------------------------------------------------------------------===//

  bool setTolerance(const Tolerance &tolerance, OutputCheck &check) {
    // Tests on the command line are not among the declarations checked so far.
    if (!checkTolerance(tolerance, diags))
      return false;
    if (!tolerance.className) {
      check.toleranceClass = ToleranceClass::Explicit;
      for (const CallArg &arg : tolerance.args) {
        std::optional<double> value = contents.readNumber(*arg.value);
        if (!value)
          return false;
        // NaN is not a bound either.
        if (!(*value >= 0)) {
          diags.report(arg.value->range, DiagKind::NegativeTolerance,
                       checker.evaluate(*arg.value).str());
          return false;
        }
        (arg.name.name == "rel" ? check.relative : check.absolute) = *value;
      }
      return true;
    }
    check.toleranceClass = *parseToleranceClass(tolerance.className.name);
    if (check.toleranceClass != ToleranceClass::D)
      return true;
    std::optional<int64_t> length = evaluateHost(*tolerance.args[0].value);
    if (!length)
      return false;
    if (*length < 0) {
      diags.report(tolerance.args[0].range, DiagKind::NegativeTolerance,
                   *length);
      return false;
    }
    check.length = *length;
    return true;
  }

  /// An expression over dimensions, scalars, constants and bytes.
  std::optional<int64_t> evaluateHost(const Expr &expr) {
    Scope constants;
    program.declareConstants(instance, constants);
    BodyChecker constantChecker(program.makeContext(arena, functions),
                                constants);
    HostExprBuilder hostExprs(constantChecker, diags);
    program.declareHostNames(instance, hostExprs);
    for (const TestArgument &argument : test.arguments)
      if (argument.isBuffer())
        hostExprs.declareMemory(argument.name, /*hasSize=*/true);
    for (const auto &[name, value] : test.sweepPoint)
      if (!hostExprs.knows(name))
        hostExprs.declare(name, HostExpr::integer(value));
    std::optional<HostExpr> built = hostExprs.build(expr);
    if (!built)
      return std::nullopt;
    llvm::Expected<int64_t> value = built->evaluateInteger(test.bindings);
    if (!value) {
      diags.report(expr.range, DiagKind::CannotEvaluate,
                   llvm::toString(value.takeError()));
      return std::nullopt;
    }
    return *value;
  }

  bool buildOutputs() {
    const ReferenceDecl *reference =
        program.decls.references.lookup(test.instance.name);
    test.hasReference = reference;
    unsigned nextResult = 0;
    for (auto [number, argument] : llvm::enumerate(test.arguments)) {
      if (!writesArgument(argument.access))
        continue;
      OutputCheck &check = test.outputs.emplace_back();
      check.argument = number;
      const ReferenceResult *result =
          reference ? findResult(*reference, argument.name) : nullptr;
      if (!result) {
        check.expectation = getExpectation(reference, argument);
        continue;
      }
      check.referenceResult = nextResult++;
      const Tolerance &tolerance =
          decl.tolerance.range.isValid() ? decl.tolerance : result->tolerance;
      if (tolerance.range.isValid() && !setTolerance(tolerance, check))
        return false;
    }
    return true;
  }

  static const ReferenceResult *findResult(const ReferenceDecl &reference,
                                           StringRef name) {
    const auto *found =
        llvm::find_if(reference.results, [&](const ReferenceResult &result) {
          return result.name.name == name;
        });
    return found == reference.results.end() ? nullptr : found;
  }

  /// Of memory that is no result of the reference.
  static OutputCheck::Expectation getExpectation(const ReferenceDecl *reference,
                                                 const TestArgument &argument) {
    using Expectation = OutputCheck::Expectation;
    bool isIgnored =
        !reference || argument.kind != TestArgument::Kind::Pointer ||
        argument.access != ParamAccess::Mut ||
        llvm::any_of(reference->ignored, [&](const Identifier &name) {
          return name.name == argument.name;
        });
    return isIgnored ? Expectation::Anything : Expectation::Unchanged;
  }

  bool evaluateCounts() {
    for (auto [expr, target] : {std::make_pair(decl.flops, &test.flops),
                                std::make_pair(decl.bytes, &test.bytes)}) {
      if (!expr)
        continue;
      *target = evaluateHost(*expr);
      if (!*target)
        return false;
    }
    return true;
  }

  CheckedProgram::Impl &program;
  DiagnosticReporter &diags;
  const TestDecl &decl;
  Scope scope;
  TypedArena arena;
  FunctionInstances functions;
  BodyChecker checker;
  ContentsReader contents;
  BoundInstance instance;
  std::vector<InstanceBinding> selected;
  llvm::StringMap<SmallVector<int64_t, 4>> shapes;
  TestCase test;
};

} // namespace

void CheckedProgram::Impl::buildTest(const TestDecl &decl,
                                     std::vector<TestCase> &cases) {
  if (selectedKernel &&
      decl.target.name.name != getLaunchableParts(*selectedKernel).name.name)
    return;
  std::optional<std::vector<SweepPoint>> points = expandSweeps(*this, decl);
  if (!points)
    return;
  for (const SweepPoint &point : *points) {
    // What other kernels say of the same values is the same mistake.
    if (isSelectionWrong)
      return;
    std::optional<TestCase> test = TestCaseBuilder(*this, decl, point).build();
    // The other points would say the same again.
    if (!test)
      return;
    cases.push_back(std::move(*test));
  }
}
