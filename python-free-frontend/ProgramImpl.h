//===- ProgramImpl.h - the parts of a checked program -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_PROGRAMIMPL_H
#define TK_FRONTEND_PROGRAMIMPL_H

#include "BodyChecker.h"
#include "BodyGenerator.h"
#include "Declarations.h"
#include "tk/Frontend/Program.h"

namespace mlir::tk {

/// A kernel or sequence with values for its generic parameters.
struct BoundInstance {
  const Decl *decl = nullptr;
  LaunchableParts parts;
  GenericBindings bindings;
  /// Optional parameters that are not given.
  llvm::StringSet<> absent;

  bool isAbsent(const Param &param) const {
    return absent.contains(param.name.name);
  }
  Instance getInstance() const;
};

/// A kernel whose body was checked for one instance.
struct CheckedKernel {
  InstanceInfo info;
  /// Of the parameters that are present.
  llvm::SmallVector<Variable *> variables;
  TypedBlock *body = nullptr;
};

/// Builds host expressions from syntax: constants are folded, the names of
/// dimensions and scalars stay.
class HostExprBuilder {
public:
  HostExprBuilder(BodyChecker &constants, DiagnosticReporter &diags)
      : constants(constants), diags(diags) {}

  void declare(llvm::StringRef name, HostExpr value) {
    names.insert_or_assign(name, std::move(value));
  }
  /// A parameter that is not a number itself. What a pointer points to has no
  /// size unless a test gives it one.
  void declareMemory(llvm::StringRef name, bool hasSize) {
    memory.insert_or_assign(name, hasSize);
  }
  bool knows(llvm::StringRef name) const { return names.contains(name); }

  std::optional<HostExpr> build(const Expr &expr);

private:
  bool isConstant(const Expr &expr) const;
  std::optional<HostExpr> buildConstant(const Expr &expr);
  std::optional<HostExpr> buildCall(const CallExpr &call);
  std::optional<HostExpr> buildAll(HostExpr::Kind kind,
                                   llvm::ArrayRef<const Expr *> operands);

  BodyChecker &constants;
  DiagnosticReporter &diags;
  llvm::StringMap<HostExpr> names;
  /// Whether `name.bytes` is known.
  llvm::StringMap<bool> memory;
};

class CheckedProgram::Impl {
public:
  Impl(llvm::SourceMgr &sourceMgr, DiagnosticReporter &diags,
       const std::vector<EmbeddedFile> *embedded)
      : sourceMgr(sourceMgr), diags(diags), embedded(embedded) {}

  bool parse();

  //===--------------------------------------------------------------------===//
  // Instances: Instances.cpp
  //===--------------------------------------------------------------------===//

  std::vector<Instance> listInstances();
  std::optional<Instance> parseInstance(llvm::StringRef text);
  /// Reads one declaration from a command line; null after an error.
  const Decl *parseDecl(const llvm::Twine &text);
  /// The same for one instance.
  const InstanceRef *parseInstanceRef(llvm::StringRef text);
  std::optional<BoundInstance> resolve(const Instance &instance);
  /// From `name<args>` where `constants` are the names known around it.
  std::optional<BoundInstance> bindInstance(const InstanceRef &ref,
                                            Scope &constants);
  std::optional<Instance> rebind(const Instance &instance,
                                 llvm::ArrayRef<InstanceBinding> changes);
  std::optional<InstanceInfo> getInfo(const BoundInstance &instance);
  bool addParamInfos(const BoundInstance &instance, BodyChecker &checker,
                     HostExprBuilder &hostExprs, InstanceInfo &info);
  bool checkGrid(const BoundInstance &instance);
  std::optional<ParamInfo> getParamInfo(const BoundInstance &instance,
                                        const Param &param,
                                        BodyChecker &checker,
                                        HostExprBuilder &hostExprs);
  bool checkInit(const Param &param, const ValueType &type,
                 BodyChecker &checker);
  std::optional<double> getInitialValue(const Param &param, const CallArg &init,
                                        DType dtype, BodyChecker &checker);
  bool checkHostExpr(const HostExpr &expr, const Expr &syntax,
                     llvm::StringRef what, HostValue::Kind expected,
                     const InstanceInfo &info);
  std::optional<TuneAxis> getTuneAxis(const BoundInstance &instance,
                                      const TuneEntry &entry,
                                      BodyChecker &checker);
  /// Names of dimensions, scalars and presence for host expressions.
  void declareHostNames(const BoundInstance &instance,
                        HostExprBuilder &hostExprs);
  void declareConstants(const BoundInstance &instance, Scope &scope);
  /// Nothing after a mistake.
  std::optional<CheckedKernel> checkKernel(const BoundInstance &instance,
                                           TypedArena &arena,
                                           FunctionInstances &functions);
  OwningOpRef<ModuleOp> generateKernel(const BoundInstance &instance,
                                       MLIRContext *context);

  //===--------------------------------------------------------------------===//
  // Bodies that nothing need use: DefaultBodies.cpp
  //===--------------------------------------------------------------------===//

  /// Checks every body that has no generic parameters, or only such with
  /// defaults, whether it is used or not.
  void checkDefaultBodies();

  //===--------------------------------------------------------------------===//
  // Sequences: SequenceModel.cpp
  //===--------------------------------------------------------------------===//

  std::optional<SequencePlan> getSequencePlan(const BoundInstance &instance);

  //===--------------------------------------------------------------------===//
  // Tests: TestSelection.cpp, TestModel.cpp
  //===--------------------------------------------------------------------===//

  const std::vector<TestCase> &getTests();
  const std::vector<TestCase> &getBenches();
  bool select(const TestSelection &selection);
  std::vector<TestCase> parseTests(llvm::StringRef text, bool isBench);
  /// Appends the cases of a test, unless the selection leaves it out.
  void buildTest(const TestDecl &decl, std::vector<TestCase> &cases);
  /// Whether the selection is about this test.
  bool isSelected(const TestDecl &decl) const {
    return decl.isBench == selectsBenches &&
           (selectedName.empty() || decl.name.name == selectedName);
  }
  /// What the selection gives the generic parameters of an instance.
  std::vector<InstanceBinding> getSelectedBindings(const BoundInstance &bound);

  //===--------------------------------------------------------------------===//
  // References: ReferenceModel.cpp
  //===--------------------------------------------------------------------===//

  OwningOpRef<ModuleOp> generateReference(const TestCase &test,
                                          MLIRContext *context);
  /// Checks the body for the sizes of `test` without generating IR.
  void checkReference(const TestCase &test, const BoundInstance &instance,
                      const ReferenceDecl &reference);

  BodyContext makeContext(TypedArena &arena, FunctionInstances &functions,
                          bool isReference = false) {
    BodyContext context;
    context.decls = &decls;
    context.diags = &diags;
    context.arena = &arena;
    context.functions = &functions;
    context.isReference = isReference;
    return context;
  }

  /// Writes the functions of a module, callees first.
  void generateFunctions(const FunctionInstances &functions,
                         OpBuilder &builder);

  llvm::SourceMgr &sourceMgr;
  DiagnosticReporter &diags;
  /// What can be imported; null for files on disk.
  const std::vector<EmbeddedFile> *embedded;
  ASTContext astContext;
  ParsedProgram parsed;
  Declarations decls;
  /// Of the selection: the kernel whose tests are wanted, null for all; what is
  /// given to its generic parameters, and to those of any kernel.
  const Decl *selectedKernel = nullptr;
  std::vector<InstanceBinding> selectedBindings, definitions;
  bool selectsBenches = false;
  std::string selectedName;
  llvm::StringSet<> usedDefinitions;
  /// A value of it was refused, with a message.
  bool isSelectionWrong = false;

private:
  void buildTests();
  std::optional<std::vector<TestCase>> tests;
  std::optional<std::vector<TestCase>> benches;
};

/// Constants by name: one point of a sweep.
using SweepPoint = std::vector<std::pair<std::string, int64_t>>;

/// Every point of the product of all sweeps of a test, the last one fastest;
/// nothing after a mistake. Without sweeps, that is one point without names.
std::optional<std::vector<SweepPoint>>
expandSweeps(CheckedProgram::Impl &program, const TestDecl &decl);

} // namespace mlir::tk

#endif // TK_FRONTEND_PROGRAMIMPL_H
