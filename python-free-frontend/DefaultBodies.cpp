//===- DefaultBodies.cpp - checks bodies whether they are used or not -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A body is checked for each choice of generic arguments that is used. One that
// needs no choice is checked here too, as no use of it may ever come.

#include "ProgramImpl.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace mlir::tk;

using Messages = std::vector<SourceDiagnostic>;

static bool haveDefaults(ArrayRef<GenericParam> params) {
  return llvm::all_of(
      params, [](const GenericParam &param) { return param.defaultValue; });
}

namespace {

class DefaultBodyChecker {
public:
  explicit DefaultBodyChecker(CheckedProgram::Impl &program)
      : program(program), diags(program.diags) {}

  /// Kernels come first: a function that one of them calls is checked with it.
  void checkAll(ArrayRef<const Decl *> decls) {
    for (const Decl *decl : decls)
      if (!mustStop())
        checkUnlessFunction(*decl);
    for (const Decl *decl : decls)
      if (auto *function = dyn_cast<FnDecl>(decl))
        if (!mustStop() && haveDefaults(function->genericParams) &&
            !calledFunctions.contains(function))
          checkFunction(*function);
  }

private:
  /// Functions that are nested too deeply are so for each that calls them.
  bool mustStop() const { return isTooDeep || diags.isOverLimit(); }

  void checkUnlessFunction(const Decl &decl) {
    if (isa<KernelDecl, SequenceDecl>(decl)) {
      if (haveDefaults(getLaunchableParts(decl).genericParams))
        checkLaunchable(decl);
    } else if (auto *reference = dyn_cast<ReferenceDecl>(&decl)) {
      const Decl *target = program.decls.named.lookup(reference->name.name);
      if (haveDefaults(getLaunchableParts(*target).genericParams))
        checkReference(*reference, *target);
    }
  }

  /// What `action` reports; nothing if a `static_assert` refuses the defaults,
  /// which then are not meant to be used.
  Messages collect(llvm::function_ref<void()> action) {
    DiagnosticReporter::Capture capture(diags);
    action();
    Messages messages = capture.takeMessages();
    if (llvm::any_of(messages, [](const SourceDiagnostic &message) {
          return message.kind == DiagKind::StaticAssertFailed;
        }))
      messages.clear();
    return messages;
  }

  void report(const Messages &messages) {
    for (const SourceDiagnostic &message : messages) {
      isTooDeep |= message.kind == DiagKind::CallsTooDeep;
      diags.report(message);
    }
  }

  void addCalled(const FunctionInstances &functions) {
    for (const auto &entry : functions.instances)
      if (entry.getValue())
        calledFunctions.insert(entry.getValue()->decl);
  }

  /// A function may be for kernels, for references, where numbers are f64
  /// unless they say otherwise, or for both.
  void checkFunction(const FnDecl &decl) {
    auto checkIn = [&](bool isReference) {
      return collect([&] {
        Scope scope;
        TypedArena arena;
        FunctionInstances functions;
        BodyChecker(program.makeContext(arena, functions, isReference), scope)
            .checkUncalled(decl);
        addCalled(functions);
      });
    };
    Messages messages = checkIn(/*isReference=*/false);
    if (!messages.empty() && !checkIn(/*isReference=*/true).empty())
      report(messages);
  }

  std::optional<BoundInstance> bind(const Decl &decl) {
    InstanceRef ref;
    ref.name = getLaunchableParts(decl).name;
    ref.range = ref.name.range;
    Scope scope;
    return program.bindInstance(ref, scope);
  }

  /// False if the constants alone break a requirement: the defaults are for
  /// other sizes, or for none.
  static bool isLegal(const InstanceInfo &info) {
    return llvm::all_of(info.requirements, [](const HostExpr &requirement) {
      llvm::Expected<bool> holds = requirement.evaluateBool({});
      if (holds)
        return *holds;
      llvm::consumeError(holds.takeError());
      return true;
    });
  }

  void checkLaunchable(const Decl &decl) {
    report(collect([&] {
      std::optional<BoundInstance> bound = bind(decl);
      std::optional<InstanceInfo> info =
          bound ? program.getInfo(*bound) : std::nullopt;
      if (!info || !isLegal(*info))
        return;
      TypedArena arena;
      FunctionInstances functions;
      if (isa<SequenceDecl>(decl))
        program.getSequencePlan(*bound);
      else
        program.checkKernel(*bound, arena, functions);
      addCalled(functions);
    }));
  }

  //===--------------------------------------------------------------------===//
  // References
  //===--------------------------------------------------------------------===//

  /// A reference needs sizes, and which ones make sense is not written down:
  /// a mistake is what all of these find.
  void checkReference(const ReferenceDecl &reference, const Decl &target) {
    std::optional<BoundInstance> bound;
    std::optional<InstanceInfo> info;
    // The target is a body of its own, whose mistakes are reported there.
    collect([&] {
      bound = bind(target);
      info = bound ? program.getInfo(*bound) : std::nullopt;
    });
    if (!info || !isLegal(*info))
      return;
    Messages common;
    bool isFirst = true;
    constexpr int64_t kFirstAndStep[][2] = {{16, 0}, {1, 0}, {16, 16}};
    for (const PointerRanks &ranks : listPointerRanks(*info))
      for (auto [first, step] : kFirstAndStep) {
        std::optional<TestCase> test = makeTest(*info, first, step, ranks);
        if (!test)
          continue;
        Messages messages =
            collect([&] { program.checkReference(*test, *bound, reference); });
        if (isFirst)
          common = std::move(messages);
        else
          keepCommon(common, messages);
        isFirst = false;
        if (common.empty())
          return;
      }
    report(common);
  }

  /// How many dimensions a test gives the memory behind each pointer.
  using PointerRanks = SmallVector<unsigned>;

  /// Nothing says which shape the memory behind a pointer has: every choice of
  /// 1 to 3 dimensions, or none if there are too many pointers to try them all.
  static std::vector<PointerRanks> listPointerRanks(const InstanceInfo &info) {
    constexpr unsigned kMaxRank = 3;
    constexpr size_t kMaxPointers = 5;
    size_t numPointers = llvm::count_if(
        info.params, [](const ParamInfo &param) { return param.isPointer; });
    if (numPointers > kMaxPointers)
      return {};
    std::vector<PointerRanks> choices = {{}};
    for (size_t i = 0; i < numPointers; ++i) {
      std::vector<PointerRanks> longer;
      for (const PointerRanks &choice : choices)
        for (unsigned rank = 1; rank <= kMaxRank; ++rank) {
          longer.push_back(choice);
          longer.back().push_back(rank);
        }
      choices = std::move(longer);
    }
    return choices;
  }

  static void keepCommon(Messages &common, const Messages &messages) {
    llvm::erase_if(common, [&](const SourceDiagnostic &message) {
      return llvm::none_of(messages, [&](const SourceDiagnostic &other) {
        return isSame(message, other);
      });
    });
  }

  /// A text that names sizes differs, and may be right for other sizes. If the
  /// mistake is in the types of elements, no other sizes help.
  static bool isSame(const SourceDiagnostic &lhs, const SourceDiagnostic &rhs) {
    if (lhs.kind != rhs.kind || lhs.range.Start != rhs.range.Start)
      return false;
    if (lhs.text == rhs.text)
      return true;
    return isAboutElements(lhs) &&
           removeShapes(lhs.text) == removeShapes(rhs.text);
  }

  static bool isAboutElements(const SourceDiagnostic &message) {
    switch (message.kind) {
    case DiagKind::CannotCast:
    case DiagKind::DotElement:
    case DiagKind::ExpectedCondition:
    case DiagKind::ExpectedFloat:
    case DiagKind::ExpectedIndex:
    case DiagKind::MixedTypes:
    case DiagKind::OperatorNotDefined:
      return true;
    default:
      return false;
    }
  }

  /// "cannot mix tile<f64> and tile<i32>": without what is in brackets.
  static std::string removeShapes(StringRef text) {
    std::string rest;
    bool isInBrackets = false;
    for (char c : text) {
      isInBrackets |= c == '[';
      if (!isInBrackets)
        rest += c;
      isInBrackets &= c != ']';
    }
    return rest;
  }

  /// Arguments with `first` as the first dimension and `step` more for each
  /// one after it; nothing if the other dimensions do not follow from them.
  std::optional<TestCase> makeTest(const InstanceInfo &info, int64_t first,
                                   int64_t step,
                                   ArrayRef<unsigned> pointerRanks) {
    TestCase test;
    int64_t size = first;
    auto bindSize = [&](StringRef name) {
      if (test.bindings.values.try_emplace(name, HostValue::integer(size))
              .second)
        size += step;
    };
    for (const ParamInfo &param : info.params)
      for (const HostExpr &dim : param.dims)
        dim.forEachName(bindSize);
    for (const ParamInfo &param : info.params) {
      // No test can make it.
      if (param.holdsPointers)
        return std::nullopt;
      using Kind = TestArgument::Kind;
      TestArgument &argument = test.arguments.emplace_back();
      argument.name = param.name;
      argument.access = param.access;
      argument.dtype = param.dtype;
      if (param.isTensor)
        argument.kind = Kind::Tensor;
      if (param.isPointer) {
        argument.kind = Kind::Pointer;
        argument.access = ParamAccess::Mut;
        argument.dims.assign(pointerRanks.front(), first);
        pointerRanks = pointerRanks.drop_front();
      }
      for (const HostExpr &dim : param.dims) {
        llvm::Expected<int64_t> extent = dim.evaluateInteger(test.bindings);
        if (!extent) {
          llvm::consumeError(extent.takeError());
          return std::nullopt;
        }
        if (*extent < 0)
          return std::nullopt;
        argument.dims.push_back(*extent);
      }
    }
    return test;
  }

  CheckedProgram::Impl &program;
  DiagnosticReporter &diags;
  /// Functions that a body called that was checked.
  llvm::SmallPtrSet<const FnDecl *, 16> calledFunctions;
  bool isTooDeep = false;
};

} // namespace

void CheckedProgram::Impl::checkDefaultBodies() {
  DefaultBodyChecker(*this).checkAll(decls.all);
}
