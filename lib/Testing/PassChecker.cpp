//===- PassChecker.cpp - finding the pass that changes a result -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module before the first pass is the meaning of the program. Its kernels
// run in the interpreter on some inputs; after every pass, those that changed
// run again on the same inputs. The first pass after which a result differs is
// wrong.

#include "tk/Testing/PassChecker.h"
#include "CheckedLaunch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Support/OutputFile.h"
#include "tk/Testing/TestRunner.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// What may differ
//===----------------------------------------------------------------------===//

/// Calls `fn` for the ops of a kernel and of the functions that it calls.
static void walkWithCallees(FunctionOpInterface function,
                            llvm::function_ref<void(Operation *)> fn,
                            llvm::SmallPtrSetImpl<Operation *> &seen) {
  if (!seen.insert(function).second)
    return;
  function->walk([&](Operation *op) {
    fn(op);
    if (auto call = dyn_cast<func::CallOp>(op))
      if (auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
              op, call.getCalleeAttr()))
        walkWithCallees(callee, fn, seen);
  });
}

/// Whether `op` adds up floats in an order that passes may change.
static bool addsUpFloats(Operation *op) {
  if (isa<DotOp, tkg::DotOp, tkg::DotAsyncOp>(op))
    return isa<FloatType>(
        getElementTypeOrSelf(op->getOperands().back().getType()));
  if (auto atomic = dyn_cast<AtomicRMWOp>(op))
    return atomic.getKind() == AtomicKind::FAdd;
  auto reduce = dyn_cast<ReduceOp>(op);
  if (!reduce)
    return false;
  Operation *simple = reduce.getSimpleCombiner();
  bool isExtremum = simple && isa<arith::MaximumFOp, arith::MinimumFOp,
                                  arith::MaxNumFOp, arith::MinNumFOp>(simple);
  return !isExtremum && llvm::any_of(reduce.getSources(), [](Value source) {
    return isa<FloatType>(getElementTypeOrSelf(source.getType()));
  });
}

namespace {
/// How a kernel runs and how its results are compared.
struct KernelTraits {
  explicit KernelTraits(FunctionOpInterface kernel) {
    llvm::SmallPtrSet<Operation *, 4> seen;
    walkWithCallees(
        kernel,
        [&](Operation *op) {
          isExact &= !addsUpFloats(op);
          hasAtomics |=
              isa<AtomicRMWOp, AtomicCASOp, AtomicLoadOp, AtomicStoreOp>(op);
        },
        seen);
  }

  bool isExact = true;
  bool hasAtomics = false;
};
} // namespace

/// Sums in another order: what that changes is measured by the largest value of
/// the tensor, and the result is rounded to its type.
static double getBound(DType dtype, double before, double largest) {
  switch (dtype) {
  case DType::F64:
    return 1e-13 * largest;
  case DType::F16:
    return 0x1p-9 * std::fabs(before) + 1e-5 * largest;
  case DType::BF16:
    return 0x1p-6 * std::fabs(before) + 1e-5 * largest;
  default:
    return 1e-5 * largest;
  }
}

static double getLargest(const HostTensor &tensor) {
  double largest = 0;
  for (int64_t i = 0; i < tensor.getNumElements(); ++i)
    if (double value = std::fabs(tensor.getDouble(i)); std::isfinite(value))
      largest = std::max(largest, value);
  return largest;
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

static std::string formatIndex(ArrayRef<int64_t> shape, int64_t element) {
  SmallVector<std::string> index;
  for (int64_t extent : llvm::reverse(shape)) {
    index.push_back(std::to_string(element % extent));
    element /= extent;
  }
  std::reverse(index.begin(), index.end());
  return "[" + llvm::join(index, ", ") + "]";
}

namespace {
/// A buffer before and after, as one launch left it.
class BufferComparison {
public:
  BufferComparison(const TestBuffer &before, ArrayRef<uint8_t> writtenBefore,
                   const TestBuffer &after, ArrayRef<uint8_t> writtenAfter,
                   bool isExact)
      : before(before.tensor), after(after.tensor),
        writtenBefore(writtenBefore), writtenAfter(writtenAfter),
        isExact(isExact || !isFloat(before.tensor.getDType())),
        name(before.name) {}

  /// "element [3, 5] of 'y': before 1, after 2 (and 7 more)"; empty if nothing
  /// differs.
  std::string describe() const {
    // Memory between the rows counts too: no index reaches it, pointers do.
    if (before.getMemory() == after.getMemory() &&
        writtenBefore == writtenAfter)
      return "";
    double largest = isExact ? 0 : getLargest(before);
    int64_t first = -1, numDifferent = 0;
    for (int64_t i = 0; i < before.getNumElements(); ++i)
      if (differs(i, largest)) {
        first = first < 0 ? i : first;
        ++numDifferent;
      }
    if (numDifferent == 0)
      return isWithinGaps() ? "memory between the rows of '" + name + "'" : "";
    std::string text = "element " + formatIndex(before.getShape(), first) +
                       " of '" + name + "': before " +
                       format(before, writtenBefore, first) + ", after " +
                       format(after, writtenAfter, first);
    if (numDifferent > 1)
      text += " (and " + std::to_string(numDifferent - 1) + " more)";
    return text;
  }

private:
  static int64_t getPlace(const HostTensor &tensor, int64_t element) {
    return (static_cast<const uint8_t *>(tensor.getElement(element)) -
            tensor.getMemory().data()) /
           getSizeInBytes(tensor.getDType());
  }
  static bool isWritten(const HostTensor &tensor, ArrayRef<uint8_t> written,
                        int64_t element) {
    return written.empty() || written[getPlace(tensor, element)];
  }

  bool differs(int64_t element, double largest) const {
    if (isWritten(before, writtenBefore, element) !=
        isWritten(after, writtenAfter, element))
      return true;
    int64_t size = getSizeInBytes(before.getDType());
    if (std::memcmp(before.getElement(element), after.getElement(element),
                    size) == 0)
      return false;
    if (!isFloat(before.getDType()))
      return true;
    double a = before.getDouble(element), b = after.getDouble(element);
    // The bits of a NaN mean nothing.
    if (std::isnan(a) || std::isnan(b))
      return !(std::isnan(a) && std::isnan(b));
    if (isExact || std::isinf(a) || std::isinf(b))
      return true;
    return !(std::fabs(a - b) <= getBound(before.getDType(), a, largest));
  }

  /// Called where no element differs.
  bool isWithinGaps() const {
    return isExact &&
           before.getNumElements() * getSizeInBytes(before.getDType()) <
               static_cast<int64_t>(before.getMemory().size());
  }

  static std::string format(const HostTensor &tensor, ArrayRef<uint8_t> written,
                            int64_t element) {
    if (!isWritten(tensor, written, element))
      return "never written";
    std::string text;
    llvm::raw_string_ostream os(text);
    double value = tensor.getDouble(element);
    if (std::isnan(value))
      os << "nan";
    else if (isFloat(tensor.getDType()))
      os << llvm::format("%.9g", value);
    else if (tensor.getDType() == DType::U64)
      os << static_cast<uint64_t>(tensor.getInteger(element));
    else
      os << tensor.getInteger(element);
    return text;
  }

  const HostTensor &before, &after;
  ArrayRef<uint8_t> writtenBefore, writtenAfter;
  bool isExact;
  std::string name;
};
} // namespace

//===----------------------------------------------------------------------===//
// The instrumentation
//===----------------------------------------------------------------------===//

/// The name that a kernel had before variants of it were made.
static StringRef getOriginalName(KernelOp kernel) {
  auto original = kernel->getAttrOfType<StringAttr>(tkg::kKernelAttr);
  return original ? original.getValue() : kernel.getSymName();
}

/// A hash of the text of a kernel and of the functions that it calls.
static uint64_t hashKernel(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::SmallPtrSet<Operation *, 4> seen;
  walkWithCallees(kernel, [](Operation *) {}, seen);
  OpPrintingFlags flags;
  flags.useLocalScope();
  kernel->print(os, flags);
  for (auto function :
       kernel->getParentOfType<ModuleOp>().getOps<func::FuncOp>())
    if (seen.contains(function))
      function->print(os, flags);
  return llvm::xxh3_64bits(text);
}

/// What to run `pass` alone on the text of a module takes.
static std::string getPipeline(Pass *pass, Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  bool isNested = !isa<ModuleOp>(op);
  os << "builtin.module(";
  if (isNested)
    os << op->getName() << "(";
  pass->printAsTextualPipeline(os);
  os << (isNested ? "))" : ")");
  return text;
}

namespace {
class PassChecker : public PassInstrumentation {
public:
  PassChecker(MLIRContext *context, PassCheckOptions options,
              PassCheckSummary &summary)
      : context(context), options(std::move(options)),
        device(createInterpreterDevice({})), summary(summary) {}

  LogicalResult readTests();

  void runBeforePass(Pass *pass, Operation *op) override;
  void runAfterPass(Pass *pass, Operation *op) override;

private:
  /// A kernel as it was before the first pass.
  struct Original {
    explicit Original(KernelOp kernel) : traits(kernel) {}

    KernelTraits traits;
    std::vector<CheckedLaunch> launches;
    /// Hashes of the texts of its variants that gave the right result.
    llvm::DenseSet<uint64_t> checked;
    /// A mistake was reported; those that follow from it are not.
    bool isBroken = false;
  };

  void start(ModuleOp module);
  LogicalResult runTest(ModuleOp module, const TestCase &test);
  void generate(KernelOp kernel);
  LogicalResult runOriginal(KernelOp kernel, CheckedLaunch &launch);
  RunOptions getRunOptions(const KernelTraits &traits) const;

  void check(Pass *pass, Operation *passOp, KernelOp kernel);
  std::string compare(KernelOp kernel, const KernelTraits &traits,
                      const CheckedLaunch &launch, RunResult &result);
  void report(Pass *pass, Operation *passOp, KernelOp kernel,
              const CheckedLaunch &launch, const std::string &difference,
              const RunResult &result);
  std::optional<std::string> dump(Pass *pass, Operation *op, KernelOp kernel);

  MLIRContext *context;
  PassCheckOptions options;
  std::unique_ptr<TestDevice> device;
  PassCheckSummary &summary;

  llvm::SourceMgr sources;
  std::unique_ptr<DiagnosticSession> session;
  std::unique_ptr<CheckedProgram> program;

  bool hasStarted = false;
  llvm::StringMap<Original> originals;
  /// The module before the pass that runs, to be dumped.
  std::string textBefore;
};
} // namespace

LogicalResult PassChecker::readTests() {
  if (options.testFile.empty())
    return success();
  auto buffer = llvm::MemoryBuffer::getFile(options.testFile);
  if (!buffer)
    return emitError(UnknownLoc::get(context))
           << "cannot open '" << options.testFile
           << "': " << buffer.getError().message();
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  session = std::make_unique<DiagnosticSession>(sources, /*verifies=*/false,
                                                llvm::errs());
  program = CheckedProgram::create(sources, session->getReporter());
  return success(program != nullptr);
}

RunOptions PassChecker::getRunOptions(const KernelTraits &traits) const {
  RunOptions runOptions;
  // One thread takes the programs in the same order every time.
  runOptions.numThreads = traits.hasAtomics ? 1 : 0;
  return runOptions;
}

//===----------------------------------------------------------------------===//
// Before the first pass
//===----------------------------------------------------------------------===//

/// Runs `launch` and keeps what came of it.
LogicalResult PassChecker::runOriginal(KernelOp kernel, CheckedLaunch &launch) {
  launch.after = launch.before.clone();
  FailureOr<RunResult> result = runLaunch(
      kernel, launch.after.buffers, launch.after.written, launch.arguments,
      launch.grid, getRunOptions(KernelTraits(kernel)));
  if (failed(result))
    return failure();
  launch.output = result->output;
  return emitErrors(*result);
}

/// Runs the launches of a test one after the other; those of kernels in the
/// module become launches to be checked.
LogicalResult PassChecker::runTest(ModuleOp module, const TestCase &test) {
  TestOptions testOptions;
  testOptions.directory = llvm::sys::path::parent_path(options.testFile).str();
  TestRunner runner(*program, context, *device, testOptions);
  FailureOr<TestPlan> plan = runner.makePlan(test, /*seed=*/0);
  if (failed(plan))
    return failure();
  MemoryImage memory;
  memory.buffers = std::move(plan->buffers);
  memory.written = makeWrittenFlags(memory.buffers);
  for (TestLaunch &planned : plan->launches) {
    CheckedLaunch launch;
    launch.inputs = "inputs of test '" + test.name + "'";
    launch.arguments = planned.arguments;
    launch.grid = planned.grid;
    launch.bindings = planned.bindings;
    launch.before = std::move(memory);
    KernelOp planKernel = *planned.module->getOps<KernelOp>().begin();
    auto kernel = module.lookupSymbol<KernelOp>(planKernel.getSymName());
    if (failed(runOriginal(kernel ? kernel : planKernel, launch)))
      return failure();
    memory = launch.after.clone();
    if (!kernel)
      continue;
    originals.insert({kernel.getSymName(), Original(kernel)})
        .first->second.launches.push_back(std::move(launch));
  }
  return success();
}

/// Adds launches with generated inputs. Those on which the kernel fails are
/// dropped: unless no launch is left, nothing is wrong with that.
void PassChecker::generate(KernelOp kernel) {
  auto it = originals.insert({kernel.getSymName(), Original(kernel)}).first;
  std::vector<CheckedLaunch> &launches = it->second.launches;
  SmallVector<Diagnostic> diagnostics;
  {
    // Several launches may fail in the same way: say it once.
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      auto isSame = [&](const Diagnostic &known) {
        return known.getLocation() == diagnostic.getLocation() &&
               known.str() == diagnostic.str();
      };
      if (llvm::none_of(diagnostics, isSame))
        diagnostics.push_back(std::move(diagnostic));
      return success();
    });
    FailureOr<std::vector<CheckedLaunch>> generated =
        generateLaunches(kernel, options.sizes);
    if (succeeded(generated))
      for (CheckedLaunch &launch : *generated)
        if (succeeded(runOriginal(kernel, launch)))
          launches.push_back(std::move(launch));
  }
  if (!launches.empty())
    return;
  summary.foundMistake = true;
  for (Diagnostic &diagnostic : diagnostics)
    context->getDiagEngine().emit(std::move(diagnostic));
  kernel.emitError("no inputs found on which '")
      << kernel.getSymName()
      << "' runs; its tests or the sizes of its dimensions can be given";
}

void PassChecker::start(ModuleOp module) {
  hasStarted = true;
  if (program)
    for (const TestCase &test : program->getTests())
      if (failed(runTest(module, test))) {
        summary.foundMistake = true;
        emitError(module.getLoc(), "test '")
            << test.name << "' fails before the first pass";
      }
  // A kernel that fails its tests would fail on generated inputs as well.
  if (summary.foundMistake)
    return;
  for (auto kernel : module.getOps<KernelOp>()) {
    StringRef name = kernel.getSymName();
    // Variants are compared with what they are variants of.
    if (getOriginalName(kernel) != name)
      continue;
    generate(kernel);
    auto it = originals.find(name);
    it->second.checked.insert(hashKernel(kernel));
    ++summary.numKernels;
    summary.numLaunches += it->second.launches.size();
  }
}

//===----------------------------------------------------------------------===//
// After each pass
//===----------------------------------------------------------------------===//

static ModuleOp getModule(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  return module ? module : op->getParentOfType<ModuleOp>();
}

void PassChecker::runBeforePass(Pass *pass, Operation *op) {
  ModuleOp module = getModule(op);
  if (!module)
    return;
  if (!hasStarted)
    start(module);
  if (options.dumpDirectory.empty() || pass->getArgument().empty())
    return;
  textBefore.clear();
  llvm::raw_string_ostream os(textBefore);
  module->print(os, OpPrintingFlags().enableDebugInfo());
}

void PassChecker::runAfterPass(Pass *pass, Operation *op) {
  // What runs the passes of nested ops is a pass, but has no name.
  if (pass->getArgument().empty())
    return;
  if (auto kernel = dyn_cast<KernelOp>(op))
    return check(pass, op, kernel);
  ModuleOp module = getModule(op);
  if (!module)
    return;
  // Lowered further, kernels are no kernels that the interpreter runs.
  for (auto kernel : module.getOps<KernelOp>())
    check(pass, op, kernel);
}

/// The first line in which two outputs differ; empty if they are the same.
static std::string describeOutput(StringRef before, StringRef after) {
  if (before == after)
    return "";
  SmallVector<StringRef> linesBefore, linesAfter;
  before.split(linesBefore, '\n');
  after.split(linesAfter, '\n');
  auto [lineBefore, lineAfter] = *llvm::find_if(
      llvm::zip_longest(linesBefore, linesAfter), [](const auto &lines) {
        return std::get<0>(lines) != std::get<1>(lines);
      });
  return ("what it prints: before '" + lineBefore.value_or("") + "', after '" +
          lineAfter.value_or("") + "'")
      .str();
}

std::string PassChecker::compare(KernelOp kernel, const KernelTraits &traits,
                                 const CheckedLaunch &launch,
                                 RunResult &result) {
  MemoryImage after = launch.before.clone();
  FailureOr<RunResult> ran =
      runLaunch(kernel, after.buffers, after.written, launch.arguments,
                launch.grid, getRunOptions(traits));
  if (failed(ran))
    return "it cannot be interpreted any more";
  result = std::move(*ran);
  if (!result.succeeded())
    return "it fails in the interpreter";
  for (const TestLaunchArgument &argument : launch.arguments) {
    if (!argument.buffer)
      continue;
    unsigned i = *argument.buffer;
    std::string difference =
        BufferComparison(launch.after.buffers[i], launch.after.written[i],
                         after.buffers[i], after.written[i], traits.isExact)
            .describe();
    if (!difference.empty())
      return difference;
  }
  return describeOutput(launch.output, result.output);
}

void PassChecker::check(Pass *pass, Operation *passOp, KernelOp kernel) {
  auto it = originals.find(getOriginalName(kernel));
  if (it == originals.end() || it->second.isBroken)
    return;
  Original &original = it->second;
  uint64_t hash = hashKernel(kernel);
  if (original.checked.contains(hash))
    return;
  for (const CheckedLaunch &launch : original.launches) {
    if (!holdPreconditions(kernel, launch, launch.before.buffers))
      continue;
    ++summary.numRuns;
    RunResult result;
    std::string difference = compare(kernel, original.traits, launch, result);
    if (difference.empty())
      continue;
    report(pass, passOp, kernel, launch, difference, result);
    original.isBroken = true;
    summary.foundMistake = true;
    return;
  }
  original.checked.insert(hash);
}

void PassChecker::report(Pass *pass, Operation *passOp, KernelOp kernel,
                         const CheckedLaunch &launch,
                         const std::string &difference,
                         const RunResult &result) {
  constexpr size_t kMaxErrors = 3;
  InFlightDiagnostic diagnostic = emitError(kernel.getLoc())
                                  << "pass '" << pass->getArgument()
                                  << "' changed the result of kernel '"
                                  << kernel.getSymName() << "': " << difference;
  for (const RuntimeError &error :
       ArrayRef(result.errors).take_front(kMaxErrors))
    diagnostic.attachNote(error.loc) << error.message;
  diagnostic.attachNote() << "with the " << launch.inputs;
  if (std::optional<std::string> path = dump(pass, passOp, kernel))
    diagnostic.attachNote()
        << "the program before the pass is in '" << *path << "'";
}

/// Writes the module before `pass` with the command that shows the mistake.
std::optional<std::string> PassChecker::dump(Pass *pass, Operation *op,
                                             KernelOp kernel) {
  if (options.dumpDirectory.empty())
    return std::nullopt;
  SmallString<128> path(options.dumpDirectory);
  // Where that fails, so does the writing.
  (void)llvm::sys::fs::create_directories(path);
  llvm::sys::path::append(path, "before-" + pass->getArgument() + "-" +
                                    kernel.getSymName() + ".mlir");
  auto write = [&](raw_ostream &os) {
    os << "// tk-opt " << path << " --check-each-pass";
    if (!options.testFile.empty())
      os << " --check-tests=" << options.testFile;
    for (const auto &size : options.sizes)
      os << " --check-size=" << size.getKey() << "=" << size.getValue();
    os << " --pass-pipeline='" << getPipeline(pass, op) << "'\n" << textBefore;
  };
  if (llvm::Error error = writeOutputFile(path, write)) {
    emitError(kernel.getLoc()) << llvm::toString(std::move(error));
    return std::nullopt;
  }
  return std::string(path);
}

LogicalResult mlir::tk::addPassChecker(PassManager &manager,
                                       const PassCheckOptions &options,
                                       PassCheckSummary &summary) {
  MLIRContext *context = manager.getContext();
  // A kernel must not change while it, or one that is built like it, runs.
  context->disableMultithreading();
  context->loadAllAvailableDialects();
  auto checker = std::make_unique<PassChecker>(context, options, summary);
  if (failed(checker->readTests()))
    return failure();
  manager.addInstrumentation(std::move(checker));
  return success();
}

std::vector<std::string>
mlir::tk::listCheckedInstances(CheckedProgram &program) {
  std::vector<std::string> instances;
  auto add = [&](const Instance &instance) {
    std::string text = instance.str();
    if (!instance.isSequence && !llvm::is_contained(instances, text))
      instances.push_back(std::move(text));
  };
  auto addWithSteps = [&](const Instance &instance) {
    add(instance);
    if (!instance.isSequence)
      return;
    if (std::optional<SequencePlan> plan = program.getSequencePlan(instance))
      for (const SequenceStep &step : plan->steps)
        add(step.instance);
  };
  for (const Instance &instance : program.listInstances())
    addWithSteps(instance);
  for (const TestCase &test : program.getTests())
    addWithSteps(test.instance);
  return instances;
}
