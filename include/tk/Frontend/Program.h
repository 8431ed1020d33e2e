//===- Program.h - checked .tk files, and what can be asked of them -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one interface between the front end and the tools: which instances there
// are, their tk IR, the tests and benches with concrete sizes, and references.
//
//   DiagnosticReporter diags(handler);
//   std::unique_ptr<CheckedProgram> program =
//       CheckedProgram::create(sourceMgr, diags);
//   for (const TestCase &test : program->getTests()) {
//     OwningOpRef<ModuleOp> kernel =
//         program->instantiate(test.instance, context);
//     OwningOpRef<ModuleOp> reference =
//         program->generateReference(test, context);
//   }

#ifndef TK_FRONTEND_PROGRAM_H
#define TK_FRONTEND_PROGRAM_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Support/DType.h"
#include "tk/Support/HostExpr.h"
#include "tk/Support/ParamAccess.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace mlir::tk {

struct EmbeddedFile;

//===----------------------------------------------------------------------===//
// Instances
//===----------------------------------------------------------------------===//

/// A generic parameter and the text of its value: "T" = "bf16", "BM" = "128",
/// "CAUSAL" = "true", "ACT" = ".relu", "F" = "relu". An absent optional
/// argument is bound to "none"; one that is present is not listed.
struct InstanceBinding {
  std::string name;
  std::string value;

  bool operator==(const InstanceBinding &other) const {
    return name == other.name && value == other.value;
  }
};

/// A kernel or sequence with all its generic parameters bound.
struct Instance {
  std::string name;
  bool isSequence = false;
  /// All generic parameters in order of declaration, then absent arguments.
  std::vector<InstanceBinding> bindings;

  /// As a user writes it: "softmax<bf16, BLOCK = 5120>".
  std::string str() const;
  /// A C identifier: "softmax_bf16_BLOCK5120".
  std::string getSymbolName() const;
  /// The value bound to `name`, or "".
  llvm::StringRef getBinding(llvm::StringRef name) const;

  bool operator==(const Instance &other) const {
    return name == other.name && bindings == other.bindings;
  }
};

/// One axis of a tuning space. `warps` and `stages` are no generic parameters
/// but go to the compiler.
struct TuneAxis {
  std::string name;
  bool isGenericParam = true;
  std::vector<std::string> choices;
};

/// A parameter of an instance. Those that are absent are left out.
struct ParamInfo {
  std::string name;
  ParamAccess access = ParamAccess::Read;
  bool isTensor = false;
  /// Elements are pointers to `dtype`.
  bool isPointer = false;
  /// Its memory holds pointers: a tensor of them, or a pointer to one.
  bool holdsPointers = false;
  /// `index` parameters are I64.
  DType dtype = DType::F32;
  /// Of a tensor; over the names of dimensions.
  std::vector<HostExpr> dims;
  /// Parameters whose memory may overlap this one's.
  std::vector<std::string> aliases;
  /// Of a temp: its memory starts as zeros.
  bool isZeroed = false;
  /// Of a mut parameter: `init(c = 0)`, set before every launch.
  std::optional<double> initialValue;
};

/// What a launcher must know of an instance.
struct InstanceInfo {
  Instance instance;
  std::vector<ParamInfo> params;
  /// Empty for a sequence.
  std::vector<HostExpr> grid;
  std::vector<HostExpr> requirements;
  std::vector<TuneAxis> tune;
  /// `progress(resident)`: programs wait for others, so all must run at once.
  bool isResident = false;
  /// The text of `///` above the declaration.
  std::string doc;
};

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

/// A workspace tensor of a sequence.
struct SequenceTemp {
  std::string name;
  DType dtype = DType::F32;
  std::vector<HostExpr> dims;
  bool isZeroed = false;
};

/// An argument of a launch: a parameter or temp of the sequence by name, or a
/// scalar that the host computes.
struct SequenceArg {
  std::string param;
  std::string buffer;
  /// Of `tensor(buffer, dims, strides)`: the same memory in another shape. Both
  /// are empty where the buffer is taken as it is.
  std::vector<HostExpr> dims;
  std::vector<HostExpr> strides;
  std::optional<HostExpr> scalar;
};

struct SequenceStep {
  Instance instance;
  std::vector<SequenceArg> args;
};

/// The launches of a sequence, in order. Host arithmetic is already substituted
/// into dims and scalars, which are over the dims and scalars of the sequence.
struct SequencePlan {
  InstanceInfo info;
  std::vector<SequenceTemp> temps;
  std::vector<SequenceStep> steps;
};

//===----------------------------------------------------------------------===//
// Tests and benches
//===----------------------------------------------------------------------===//

/// Where the contents of an argument come from. The numbers mean what they
/// mean in Runtime/Generators.h.
struct DataSource {
  enum class Kind {
    /// An output: poisoned before the run.
    Unspecified,
    Full,
    Arange,
    Uniform,
    Randn,
    /// A .npy file, relative to the .tk file.
    File,
  };
  Kind kind = Kind::Unspecified;
  double first = 0;
  double second = 0;
  std::string path;
};

struct TestArgument {
  enum class Kind { Scalar, Tensor, Pointer };

  bool isBuffer() const { return kind != Kind::Scalar; }

  std::string name;
  Kind kind = Kind::Scalar;
  /// A kernel may write behind every pointer: one is Mut, or Out if the test
  /// gives its memory no contents.
  ParamAccess access = ParamAccess::Read;
  DType dtype = DType::F32;
  /// Of a tensor, or of the memory behind a pointer.
  llvm::SmallVector<int64_t, 4> dims;
  /// In elements; always filled in.
  llvm::SmallVector<int64_t, 4> strides;
  DataSource data;
  /// Random contents: the stream of this argument, its number among all.
  uint64_t stream = 0;
  /// Of a scalar.
  HostValue value = HostValue::integer(0);
};

/// The tolerance classes of the language, with the bounds in docs/Language.md.
enum class ToleranceClass { X, A, M, R, D, S, F, FB, N, Q, P, Explicit };

llvm::StringRef stringifyToleranceClass(ToleranceClass toleranceClass);

/// What must be in memory that a kernel may write.
struct OutputCheck {
  enum class Expectation {
    /// A result of the reference.
    Result,
    /// What was there before: the reference does not name this pointer.
    Unchanged,
    /// Under `ignore(...)`, or the kernel has no reference.
    Anything,
  };

  /// Index into the arguments of the test.
  unsigned argument = 0;
  Expectation expectation = Expectation::Result;
  ToleranceClass toleranceClass = ToleranceClass::X;
  /// K of D(K); 0 where the class has none.
  int64_t length = 0;
  /// Of Explicit.
  double relative = 0;
  double absolute = 0;
  /// The result of the reference that this output is compared with.
  unsigned referenceResult = 0;
};

/// A test, or one point of the sweep of a bench.
struct TestCase {
  std::string name;
  Instance instance;
  /// Not empty if the defaults break `require` and the first legal
  /// configuration was taken: its text, to be named in the output.
  std::string replacedDefaults;
  /// One for each parameter that is present, in the order of the declaration.
  std::vector<TestArgument> arguments;
  std::vector<OutputCheck> outputs;
  /// The named dimensions, scalars, constants and `x.bytes`.
  HostBindings bindings;
  /// False if the kernel or sequence has no reference.
  bool hasReference = false;
  SourceRange range;

  // Of benches.
  bool isBench = false;
  /// "N = 4096" for each variable of the sweep.
  std::vector<std::pair<std::string, int64_t>> sweepPoint;
  std::optional<int64_t> flops;
  std::optional<int64_t> bytes;
};

/// What a user asks of the tests and benches of a file.
struct TestSelection {
  /// "softmax" or "softmax<f16, BLOCK = 512>": only those of this kernel or
  /// sequence, with the generic parameters that are given. All if empty.
  std::string kernel;
  /// Values for generic parameters, where an instance has them.
  std::vector<InstanceBinding> definitions;
  /// What is to run: tests or benches, those of a name or all. The others keep
  /// the values that the file gives them.
  bool isOfBenches = false;
  std::string name;
};

//===----------------------------------------------------------------------===//
// CheckedProgram
//===----------------------------------------------------------------------===//

/// A `.tk` file and what it imports, parsed, with names and declarations
/// checked. Bodies that need no arguments are checked when the file is read,
/// others when they are instantiated: every question may report mistakes and
/// then has an empty answer.
class CheckedProgram {
public:
  /// Parses the main buffer of `sourceMgr`. Both must outlive the program.
  /// Returns null if an error was reported.
  /// Without `embedded` imports are files on disk; with it, only what came with
  /// a binary: see Manifest::imports.
  static std::unique_ptr<CheckedProgram>
  create(llvm::SourceMgr &sourceMgr, DiagnosticReporter &diags,
         const std::vector<EmbeddedFile> *embedded = nullptr);
  ~CheckedProgram();

  /// Everything that was imported, to be embedded.
  std::vector<EmbeddedFile> listImports() const;

  /// The exported instances; without `export`, those that tests and benches
  /// name, each once. A sequence brings the instances of its kernels with it.
  std::vector<Instance> listInstances();

  /// Every kernel and sequence that can be instantiated without arguments or
  /// is listed by listInstances() is checked; true if no error was found.
  bool checkAll(MLIRContext *context);

  /// Reads an instance as the user writes it, from a command line. Parameters
  /// that are not given take their defaults.
  std::optional<Instance> parseInstance(llvm::StringRef text);

  /// `instance` with other values for some parameters (`-D BM=64`, a tuner).
  std::optional<Instance> rebind(const Instance &instance,
                                 llvm::ArrayRef<InstanceBinding> changes);

  /// Parameters, grid and preconditions of an instance.
  std::optional<InstanceInfo> getInfo(const Instance &instance);

  /// Of an instance that is a sequence.
  std::optional<SequencePlan> getSequencePlan(const Instance &instance);

  /// A verified module with one `tk.kernel` and the functions that it calls.
  OwningOpRef<ModuleOp> instantiate(const Instance &instance,
                                    MLIRContext *context);

  /// Restricts and changes the tests and benches. To be called before the first
  /// question about them; false after an error.
  bool select(const TestSelection &selection);
  /// Whether the selection changed a test or bench through this definition.
  bool hasUsedDefinition(llvm::StringRef name) const;

  /// Reads a test without its name, `softmax<f16>(x = randn[4, 100])`, from a
  /// command line. It is called after its kernel.
  std::vector<TestCase> parseTests(llvm::StringRef text, bool isBench);

  /// The tests of the main file.
  const std::vector<TestCase> &getTests();
  /// The benches of the main file, one entry for each point of a sweep.
  const std::vector<TestCase> &getBenches();

  /// The name of a test, for messages about it.
  Location getTestLocation(const TestCase &test, MLIRContext *context);

  /// A verified module with one `func.func @reference`. Its arguments are, in
  /// order: the `in` and `mut` arguments of the test as they stand there,
  /// tensors as views of static shape (floats f64, integers as they are, bool
  /// i1) and scalars (floats f64); then one view for each result, numbered by
  /// OutputCheck::referenceResult. The argument attribute tk.name tells which.
  OwningOpRef<ModuleOp> generateReference(const TestCase &test,
                                          MLIRContext *context);
  /// The same without a message if there is none: for sizes at which a
  /// reference need not make sense.
  OwningOpRef<ModuleOp> tryGenerateReference(const TestCase &test,
                                             MLIRContext *context);

  class Impl;

private:
  explicit CheckedProgram(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_PROGRAM_H
