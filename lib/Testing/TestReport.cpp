//===- TestReport.cpp - one line for each test ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/TestRunner.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::tk;

TestReport::Columns TestReport::getColumns(const TestCase &test) {
  Columns columns;
  columns.name = test.name;
  SmallVector<std::string> dtypes, constants, shapes;
  for (const InstanceBinding &binding : test.instance.bindings) {
    bool isType = parseDTypeName(binding.value).has_value();
    (isType ? dtypes : constants)
        .push_back(isType ? binding.value : binding.name + "=" + binding.value);
  }
  for (const TestArgument &argument : test.arguments)
    if (argument.isBuffer() && argument.access != ParamAccess::Out)
      shapes.push_back(argument.name + formatShape(argument.dims));
  if (dtypes.empty() && !test.arguments.empty())
    dtypes.push_back(getDTypeName(test.arguments.front().dtype).str());
  columns.dtypes = llvm::join(dtypes, " ");
  columns.constants = llvm::join(constants, " ");
  columns.shapes = llvm::join(shapes, " ");
  return columns;
}

TestReport::TestReport(ArrayRef<TestCase> tests) {
  for (const TestCase &test : tests) {
    Columns columns = getColumns(test);
    nameWidth = std::max(nameWidth, columns.name.size());
    dtypesWidth = std::max(dtypesWidth, columns.dtypes.size());
    shapesWidth = std::max(shapesWidth, columns.shapes.size());
    constantsWidth = std::max(constantsWidth, columns.constants.size());
  }
}

/// The output whose error is the largest, failed ones first.
static const TestOutcome::Output *findWorst(const TestOutcome &outcome) {
  const TestOutcome::Output *worst = nullptr;
  for (const TestOutcome::Output &output : outcome.outputs) {
    auto rank = [](const TestOutcome::Output &o) {
      return std::make_tuple(!o.comparison.passed, !o.comparison.isExact,
                             o.comparison.maxShareOfBound);
    };
    if (!worst || rank(output) > rank(*worst))
      worst = &output;
  }
  return worst;
}

static void printFailure(llvm::raw_ostream &os, const TestCase &test,
                         const TestOutcome::Output &output) {
  const Comparison &comparison = output.comparison;
  os << "\n        " << test.arguments[output.argument].name
     << formatShape(comparison.worstIndex) << " is " << comparison.found
     << ", expected " << comparison.expected << "; " << comparison.numFailures
     << " of " << comparison.numElements << " elements fail";
}

static const OutputCheck &findCheck(const TestCase &test,
                                    const TestOutcome::Output &output) {
  return *llvm::find_if(test.outputs, [&](const OutputCheck &check) {
    return check.argument == output.argument;
  });
}

static void printErrors(llvm::raw_ostream &os, const TestCase &test,
                        const TestOutcome &outcome) {
  const TestOutcome::Output *worst = findWorst(outcome);
  if (!worst) {
    os << (test.hasReference ? "runs   (nothing to compare)"
                             : "runs   (no reference)");
    return;
  }
  const Comparison &comparison = worst->comparison;
  os << (comparison.passed ? "ok  " : "FAIL");
  if (comparison.isExact)
    os << (comparison.passed ? "   exact" : "   not exact");
  else
    os << llvm::format("   max err %.2g of the bound   (",
                       comparison.maxShareOfBound)
       << describeTolerance(findCheck(test, *worst)) << ")";
  for (const TestOutcome::Output &output : outcome.outputs)
    if (!output.comparison.passed)
      printFailure(os, test, output);
}

std::string TestReport::format(const TestCase &test,
                               const TestOutcome &outcome) const {
  Columns columns = getColumns(test);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "  " << (test.isBench ? "bench " : "test  ")
     << llvm::left_justify(columns.name, nameWidth) << "  "
     << llvm::left_justify(columns.dtypes, dtypesWidth) << "  "
     << llvm::left_justify(columns.shapes, shapesWidth) << "  "
     << llvm::left_justify(columns.constants, constantsWidth) << "   ";
  switch (outcome.status) {
  case TestOutcome::Status::Passed:
  case TestOutcome::Status::Failed:
    printErrors(os, test, outcome);
    break;
  case TestOutcome::Status::Refused:
    os << "refused: " << outcome.reason;
    break;
  case TestOutcome::Status::Slow:
    os << "slow, skipped: " << outcome.reason;
    break;
  case TestOutcome::Status::Error:
    os << "error";
    break;
  }
  if (!test.replacedDefaults.empty())
    os << "   [defaults do not fit; runs " << test.replacedDefaults << "]";
  os << "\n";
  return text;
}
