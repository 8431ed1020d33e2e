//===- TestSelection.cpp - the tests of a file that a user asks for -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tk;

bool CheckedProgram::Impl::select(const TestSelection &selection) {
  definitions = selection.definitions;
  selectsBenches = selection.isOfBenches;
  selectedName = selection.name;
  if (selection.kernel.empty())
    return true;
  const InstanceRef *ref = parseInstanceRef(selection.kernel);
  if (!ref)
    return false;
  selectedKernel = decls.findLaunchable(ref->name, diags);
  if (!selectedKernel)
    return false;
  if (ref->args.empty())
    return true;
  Scope scope;
  std::optional<BoundInstance> bound = bindInstance(*ref, scope);
  if (!bound)
    return false;
  // Those that are not given stay as the tests have them.
  for (auto [position, param] : llvm::enumerate(bound->parts.genericParams)) {
    auto isParam = [&, position = position,
                    &param = param](const auto &indexed) {
      const GenericArg &arg = indexed.value();
      return arg.name ? arg.name.name == param.name.name
                      : indexed.index() == position;
    };
    if (llvm::any_of(llvm::enumerate(ref->args), isParam))
      selectedBindings.push_back(
          {param.name.name.str(),
           bound->getInstance().getBinding(param.name.name).str()});
  }
  return true;
}

std::vector<InstanceBinding>
CheckedProgram::Impl::getSelectedBindings(const BoundInstance &bound) {
  std::vector<InstanceBinding> bindings = selectedBindings;
  for (const InstanceBinding &definition : definitions)
    if (llvm::any_of(bound.parts.genericParams, [&](const GenericParam &param) {
          return param.name.name == definition.name;
        })) {
      bindings.push_back(definition);
      usedDefinitions.insert(definition.name);
    }
  return bindings;
}

std::vector<TestCase> CheckedProgram::Impl::parseTests(StringRef text,
                                                       bool isBench) {
  // The name of the kernel is that of the test.
  StringRef name = text.ltrim().take_while(
      [](char c) { return llvm::isAlnum(c) || c == '_'; });
  std::vector<TestCase> cases;
  const Decl *decl =
      parseDecl(Twine(isBench ? "bench " : "test ") +
                (name.empty() ? "unnamed" : name) + " : " + text + ";");
  if (auto *test = dyn_cast_or_null<TestDecl>(decl))
    buildTest(*test, cases);
  return cases;
}

void CheckedProgram::Impl::buildTests() {
  tests.emplace();
  benches.emplace();
  for (const TestDecl *decl : decls.tests)
    buildTest(*decl, decl->isBench ? *benches : *tests);
}

const std::vector<TestCase> &CheckedProgram::Impl::getTests() {
  if (!tests)
    buildTests();
  return *tests;
}

const std::vector<TestCase> &CheckedProgram::Impl::getBenches() {
  if (!benches)
    buildTests();
  return *benches;
}
