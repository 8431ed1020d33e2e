//===- Program.cpp - checked .tk files, and what can be asked of them -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Program.h"
#include "ProgramImpl.h"
#include "tk/Support/Manifest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::tk;

bool CheckedProgram::Impl::parse() {
  parsed = parseProgram(sourceMgr, astContext, diags, embedded);
  if (diags.hasErrors())
    return false;
  decls = collectDeclarations(parsed, diags);
  if (diags.hasErrors())
    return false;
  checkNames(decls, diags);
  if (diags.hasErrors())
    return false;
  checkDefaultBodies();
  return !diags.hasErrors();
}

CheckedProgram::CheckedProgram(std::unique_ptr<Impl> impl)
    : impl(std::move(impl)) {}

CheckedProgram::~CheckedProgram() = default;

std::unique_ptr<CheckedProgram>
CheckedProgram::create(llvm::SourceMgr &sourceMgr, DiagnosticReporter &diags,
                       const std::vector<EmbeddedFile> *embedded) {
  auto impl = std::make_unique<Impl>(sourceMgr, diags, embedded);
  if (!impl->parse())
    return nullptr;
  return std::unique_ptr<CheckedProgram>(new CheckedProgram(std::move(impl)));
}

std::vector<EmbeddedFile> CheckedProgram::listImports() const {
  const ParsedProgram &parsed = impl->parsed;
  // The file 0 is the main one, which nothing can import.
  std::vector<EmbeddedFile> files(parsed.files.size() - 1);
  for (auto [file, parsedFile] :
       llvm::zip_equal(files, llvm::drop_begin(parsed.files)))
    file.text =
        impl->sourceMgr.getMemoryBuffer(parsedFile.bufferId)->getBuffer();
  for (const ParsedImport &import : parsed.imports) {
    EmbeddedFile &file = files[import.imported - 1];
    file.importers.push_back({import.importer, import.path});
    if (!file.name.empty())
      continue;
    // The importer has its name already: files are numbered as they are met.
    llvm::SmallString<128> name;
    if (import.importer > 0 && !llvm::sys::path::is_absolute(import.path))
      name = llvm::sys::path::parent_path(files[import.importer - 1].name);
    llvm::sys::path::append(name, import.path);
    llvm::sys::path::remove_dots(name, /*remove_dot_dot=*/true);
    file.name = name.str();
  }
  return files;
}

std::vector<Instance> CheckedProgram::listInstances() {
  return impl->listInstances();
}

bool CheckedProgram::checkAll(MLIRContext *context) {
  DiagnosticReporter &diags = impl->diags;
  std::vector<Instance> instances = listInstances();
  // Tests of files that export still have to make sense.
  for (const TestCase &test : getTests())
    if (!llvm::is_contained(instances, test.instance))
      instances.push_back(test.instance);
  for (const Instance &instance : instances) {
    if (diags.hasErrors())
      return false;
    if (instance.isSequence)
      getSequencePlan(instance);
    else
      instantiate(instance, context);
  }
  if (!diags.hasErrors())
    for (const TestCase &test : getTests())
      if (test.hasReference && !diags.hasErrors())
        generateReference(test, context);
  return !diags.hasErrors();
}

std::optional<Instance> CheckedProgram::parseInstance(StringRef text) {
  return impl->parseInstance(text);
}

std::optional<Instance>
CheckedProgram::rebind(const Instance &instance,
                       ArrayRef<InstanceBinding> changes) {
  return impl->rebind(instance, changes);
}

std::optional<InstanceInfo> CheckedProgram::getInfo(const Instance &instance) {
  std::optional<BoundInstance> bound = impl->resolve(instance);
  return bound ? impl->getInfo(*bound) : std::nullopt;
}

std::optional<SequencePlan>
CheckedProgram::getSequencePlan(const Instance &instance) {
  std::optional<BoundInstance> bound = impl->resolve(instance);
  return bound ? impl->getSequencePlan(*bound) : std::nullopt;
}

OwningOpRef<ModuleOp> CheckedProgram::instantiate(const Instance &instance,
                                                  MLIRContext *context) {
  std::optional<BoundInstance> bound = impl->resolve(instance);
  if (!bound || !isa<KernelDecl>(bound->decl))
    return nullptr;
  return impl->generateKernel(*bound, context);
}

bool CheckedProgram::select(const TestSelection &selection) {
  return impl->select(selection);
}

bool CheckedProgram::hasUsedDefinition(StringRef name) const {
  return impl->usedDefinitions.contains(name);
}

std::vector<TestCase> CheckedProgram::parseTests(StringRef text, bool isBench) {
  return impl->parseTests(text, isBench);
}

Location CheckedProgram::getTestLocation(const TestCase &test,
                                         MLIRContext *context) {
  return getLocation(impl->sourceMgr, test.range, context);
}

const std::vector<TestCase> &CheckedProgram::getTests() {
  return impl->getTests();
}

const std::vector<TestCase> &CheckedProgram::getBenches() {
  return impl->getBenches();
}

OwningOpRef<ModuleOp> CheckedProgram::generateReference(const TestCase &test,
                                                        MLIRContext *context) {
  return impl->generateReference(test, context);
}

OwningOpRef<ModuleOp>
CheckedProgram::tryGenerateReference(const TestCase &test,
                                     MLIRContext *context) {
  DiagnosticReporter::Capture silence(impl->diags);
  return impl->generateReference(test, context);
}
