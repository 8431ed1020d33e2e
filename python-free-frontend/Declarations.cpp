//===- Declarations.cpp - what a program declares -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Declarations.h"
#include "Builtins.h"
#include "Limits.h"
#include "ToleranceClasses.h"
#include "ValueType.h"
#include "tk/Frontend/ASTVisitor.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir::tk;

LaunchableParts mlir::tk::getLaunchableParts(const Decl &decl) {
  if (auto *kernel = dyn_cast<KernelDecl>(&decl))
    return {kernel->name,        kernel->doc,      kernel->genericParams,
            kernel->params,      &kernel->clauses, kernel->body,
            /*isSequence=*/false};
  auto &sequence = cast<SequenceDecl>(decl);
  return {sequence.name,      sequence.doc,      sequence.genericParams,
          sequence.params,    &sequence.clauses, sequence.body,
          /*isSequence=*/true};
}

Identifier mlir::tk::getDeclName(const Decl &decl) {
  switch (decl.kind) {
  case NodeKind::EnumDecl:
    return cast<EnumDecl>(decl).name;
  case NodeKind::FnDecl:
    return cast<FnDecl>(decl).name;
  case NodeKind::KernelDecl:
    return cast<KernelDecl>(decl).name;
  case NodeKind::ReferenceDecl:
    return cast<ReferenceDecl>(decl).name;
  case NodeKind::SequenceDecl:
    return cast<SequenceDecl>(decl).name;
  case NodeKind::TestDecl:
    return cast<TestDecl>(decl).name;
  default:
    return {};
  }
}

static StringRef describe(const Decl &decl) {
  switch (decl.kind) {
  case NodeKind::EnumDecl:
    return "an enum";
  case NodeKind::FnDecl:
    return "a function";
  case NodeKind::KernelDecl:
    return "a kernel";
  case NodeKind::SequenceDecl:
    return "a sequence";
  default:
    return "something else";
  }
}

std::string Declarations::getEnumCaseHint(StringRef name) const {
  for (const Decl *decl : all)
    if (auto *enumDecl = dyn_cast<EnumDecl>(decl))
      for (const Identifier &enumCase : enumDecl->cases)
        if (enumCase.name == name)
          return ("write '." + name + "' for the case of '" +
                  enumDecl->name.name + "'")
              .str();
  return "";
}

const Decl *Declarations::findLaunchable(const Identifier &name,
                                         DiagnosticReporter &diags) const {
  auto found = named.find(name.name);
  if (found == named.end()) {
    SmallVector<StringRef> names;
    for (const auto &entry : named)
      if (isa<KernelDecl, SequenceDecl>(entry.second))
        names.push_back(entry.getKey());
    // The order of a hash table must not decide between equal suggestions.
    llvm::sort(names);
    auto message = diags.report(name.range, DiagKind::UnknownName, name.name);
    if (std::optional<StringRef> closest = findClosest(name.name, names))
      message.note(name.range, DiagKind::DidYouMean, *closest);
    return nullptr;
  }
  if (isa<KernelDecl, SequenceDecl>(found->second))
    return found->second;
  diags.report(name.range, DiagKind::NotAKernel, name.name,
               describe(*found->second));
  return nullptr;
}

/// Kernels keep their names in the binary, where these belong to the manifest,
/// the device library and what prints.
static bool isSymbolOfDevice(StringRef name) {
  return name.starts_with("__") || name == "vprintf";
}

namespace {

class DeclarationCollector {
public:
  explicit DeclarationCollector(DiagnosticReporter &diags) : diags(diags) {}

  Declarations collect(const ParsedProgram &program) {
    for (const SourceFile &file : program.files)
      for (const Decl *decl : file.decls)
        add(*decl, /*isMainFile=*/&file == &program.files.front());
    for (const Decl *decl : decls.all)
      checkDecl(*decl);
    return std::move(decls);
  }

private:
  void add(const Decl &decl, bool isMainFile) {
    decls.all.push_back(&decl);
    switch (decl.kind) {
    case NodeKind::ReferenceDecl: {
      auto &reference = cast<ReferenceDecl>(decl);
      if (!decls.references.try_emplace(reference.name.name, &reference).second)
        reportTwice(reference.name,
                    decls.references[reference.name.name]->name);
      return;
    }
    case NodeKind::TestDecl:
      if (isMainFile)
        addTest(cast<TestDecl>(decl));
      return;
    case NodeKind::ExportDecl:
      if (isMainFile)
        decls.exports.push_back(&cast<ExportDecl>(decl));
      return;
    case NodeKind::ImportDecl:
      return;
    default:
      break;
    }
    Identifier name = getDeclName(decl);
    if (isBuiltinName(name.name) || parseScalarKind(name.name) ||
        (isa<KernelDecl, SequenceDecl>(decl) && isSymbolOfDevice(name.name))) {
      diags.report(name.range, DiagKind::ReservedName, name.name);
      return;
    }
    if (!decls.named.try_emplace(name.name, &decl).second) {
      reportTwice(name, getDeclName(*decls.named[name.name]));
      return;
    }
    if (isMainFile && isa<KernelDecl, SequenceDecl>(decl))
      decls.launchables.push_back(&decl);
  }

  /// Tests and benches may share a name: they are run apart.
  void addTest(const TestDecl &test) {
    for (const TestDecl *earlier : decls.tests)
      if (earlier->isBench == test.isBench &&
          earlier->name.name == test.name.name)
        return reportTwice(test.name, earlier->name);
    decls.tests.push_back(&test);
  }

  void reportTwice(const Identifier &name, const Identifier &earlier) {
    diags.report(name.range, DiagKind::DuplicateDeclaration, name.name)
        .note(earlier.range, DiagKind::DeclaredHere, name.name);
  }

  void checkDistinct(ArrayRef<Identifier> names) {
    StringMap<SourceRange> seen;
    for (const Identifier &name : names)
      if (!seen.try_emplace(name.name, name.range).second)
        diags.report(name.range, DiagKind::DuplicateName, name.name)
            .note(seen[name.name], DiagKind::FirstHere);
  }

  void checkParams(const Identifier &name, ArrayRef<GenericParam> genericParams,
                   ArrayRef<Param> params) {
    auto checkCount = [&](size_t count, StringRef what) {
      if (count > kMaxParams)
        diags.report(name.range, DiagKind::TooManyParams, name.name, count,
                     what, kMaxParams);
    };
    checkCount(genericParams.size(), "generic parameters");
    checkCount(params.size(), "parameters");
    SmallVector<Identifier> names;
    for (const GenericParam &param : genericParams) {
      names.push_back(param.name);
      if (param.kind == GenericParam::Kind::Type && param.constraint &&
          !is_contained(getTypeClassNames(), param.constraint.name))
        diags.report(param.constraint.range, DiagKind::UnknownTypeClass,
                     param.constraint.name, join(getTypeClassNames(), ", "));
      bool isEnum = param.kind == GenericParam::Kind::Enum;
      if (isEnum && !decls.find<EnumDecl>(param.constraint.name))
        diags.report(param.constraint.range, DiagKind::UnknownType,
                     param.constraint.name);
    }
    for (const Param &param : params) {
      names.push_back(param.name);
      if (!param.type)
        diags.report(param.range, DiagKind::ParamNeedsType, param.name.name);
    }
    checkDistinct(names);
  }

  /// Only memory can overlap.
  void checkAlias(const AliasClause &alias, const LaunchableParts &parts) {
    checkDistinct(alias.names);
    for (const Identifier &name : alias.names)
      for (const Param &param : parts.params)
        if (auto *type = dyn_cast_or_null<NamedTypeExpr>(param.type);
            type && param.name.name == name.name)
          diags.report(name.range, DiagKind::ExpectedType, "'alias'",
                       "a tensor or a pointer", type->name);
  }

  /// Clauses name parameters.
  void checkClauses(const LaunchableParts &parts) {
    SmallVector<StringRef> known;
    for (const Param &param : parts.params)
      known.push_back(param.name.name);
    auto checkName = [&](const Identifier &name) {
      if (is_contained(known, name.name))
        return;
      auto message = diags.report(name.range, DiagKind::UnknownName, name.name);
      if (std::optional<StringRef> closest = findClosest(name.name, known))
        message.note(name.range, DiagKind::DidYouMean, *closest);
    };
    for (const AliasClause &alias : parts.clauses->aliases) {
      for (const Identifier &name : alias.names)
        checkName(name);
      checkAlias(alias, parts);
    }
    SmallVector<Identifier> inits;
    for (const CallArg &init : parts.clauses->inits) {
      checkName(init.name);
      inits.push_back(init.name);
    }
    checkDistinct(inits);
    if (parts.isSequence && parts.clauses->gridRange.isValid())
      diags.report(parts.clauses->gridRange, DiagKind::UnknownClause, "grid")
          .hint("a sequence launches kernels, which have grids of their own");
    const Identifier &progress = parts.clauses->progress;
    if (progress && progress.name != "resident")
      diags.report(progress.range, DiagKind::UnknownWord, "progress",
                   "resident");
    for (const Annotation &annotation : parts.clauses->annotations)
      diags.report(annotation.range, DiagKind::NotSupportedYet,
                   "a schedule hint");
  }

  void checkDecl(const Decl &decl) {
    if (auto *enumDecl = dyn_cast<EnumDecl>(&decl))
      return checkDistinct(enumDecl->cases);
    if (auto *function = dyn_cast<FnDecl>(&decl))
      return checkParams(function->name, function->genericParams,
                         function->params);
    if (isa<KernelDecl, SequenceDecl>(decl)) {
      LaunchableParts parts = getLaunchableParts(decl);
      checkParams(parts.name, parts.genericParams, parts.params);
      return checkClauses(parts);
    }
    if (auto *test = dyn_cast<TestDecl>(&decl)) {
      if (!is_contained(decls.tests, test))
        return;
      decls.findLaunchable(test->target.name, diags);
      if (test->tolerance.range.isValid())
        checkTolerance(test->tolerance, diags);
      return;
    }
    if (auto *exports = dyn_cast<ExportDecl>(&decl)) {
      for (const InstanceRef &instance : exports->instances)
        decls.findLaunchable(instance.name, diags);
      return;
    }
    if (auto *reference = dyn_cast<ReferenceDecl>(&decl))
      checkReference(*reference);
  }

  /// Parameters are those of the kernel, its constants or its optional ones;
  /// results are its outputs, all of them.
  void checkReference(const ReferenceDecl &reference) {
    checkDistinct(reference.params);
    const Decl *target = decls.findLaunchable(reference.name, diags);
    if (!target)
      return;
    LaunchableParts parts = getLaunchableParts(*target);
    // What is not named behind a pointer stays as it was.
    SmallVector<StringRef> inputs, outputs, mustBeAnswered;
    for (const GenericParam &param : parts.genericParams)
      inputs.push_back(param.name.name);
    for (const Param &param : parts.params) {
      if (readsArgument(param.access))
        inputs.push_back(param.name.name);
      bool isOutput = writesArgument(param.access);
      if (isOutput)
        mustBeAnswered.push_back(param.name.name);
      if (isOutput || isa_and_nonnull<PtrTypeExpr>(param.type))
        outputs.push_back(param.name.name);
    }
    auto checkNames = [&](const Identifier &name, ArrayRef<StringRef> known,
                          StringRef what) {
      if (is_contained(known, name.name))
        return;
      auto message = diags.report(name.range, DiagKind::NotAReferenceName,
                                  reference.name.name, what, name.name);
      if (std::optional<StringRef> closest = findClosest(name.name, known))
        message.note(name.range, DiagKind::DidYouMean, *closest);
    };
    for (const Identifier &param : reference.params)
      checkNames(param, inputs, "input");
    for (const ReferenceResult &result : reference.results)
      if (result.tolerance.range.isValid())
        checkTolerance(result.tolerance, diags);
    SmallVector<Identifier> answered;
    for (const ReferenceResult &result : reference.results)
      answered.push_back(result.name);
    append_range(answered, reference.ignored);
    unsigned errorsBefore = diags.getNumErrors();
    for (const Identifier &name : answered)
      checkNames(name, outputs, "output");
    checkDistinct(answered);
    // A name that is no output may stand for the one that is missing.
    if (diags.getNumErrors() != errorsBefore)
      return;
    for (StringRef output : mustBeAnswered)
      if (none_of(answered,
                  [&](const Identifier &name) { return name.name == output; }))
        diags
            .report(reference.name.range, DiagKind::MissingReferenceResult,
                    reference.name.name, output)
            .hint("add it after '->' or to 'ignore(...)'");
    checkResultsAreAssigned(reference, parts);
  }

  /// A `mut` parameter starts with a value, an output does not.
  void checkResultsAreAssigned(const ReferenceDecl &reference,
                               const LaunchableParts &parts) {
    StringSet<> assigned;
    walk(*reference.body, [&](const Node &node) {
      if (auto *assign = dyn_cast<AssignStmt>(&node)) {
        const Expr *target = assign->target;
        while (auto *index = dyn_cast<IndexExpr>(target))
          target = index->base;
        if (auto *name = dyn_cast<NameExpr>(target))
          assigned.insert(name->name);
      }
      return true;
    });
    for (const ReferenceResult &result : reference.results)
      for (const Param &param : parts.params)
        if (param.name.name == result.name.name &&
            param.access == ParamAccess::Out &&
            !assigned.contains(result.name.name))
          diags.report(result.name.range, DiagKind::ResultNotAssigned,
                       reference.name.name, result.name.name);
  }

  DiagnosticReporter &diags;
  Declarations decls;
};

} // namespace

Declarations mlir::tk::collectDeclarations(const ParsedProgram &program,
                                           DiagnosticReporter &diags) {
  return DeclarationCollector(diags).collect(program);
}
