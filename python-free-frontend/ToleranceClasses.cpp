//===- ToleranceClasses.cpp - what 'within' may say -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ToleranceClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::tk;

static constexpr StringRef kToleranceClasses[] = {"X", "A",  "M", "R", "D", "S",
                                                  "F", "FB", "N", "Q", "P"};

StringRef mlir::tk::stringifyToleranceClass(ToleranceClass toleranceClass) {
  if (toleranceClass == ToleranceClass::Explicit)
    return "explicit";
  return kToleranceClasses[static_cast<unsigned>(toleranceClass)];
}

std::optional<ToleranceClass> mlir::tk::parseToleranceClass(StringRef name) {
  const StringRef *found = llvm::find(kToleranceClasses, name);
  if (found == std::end(kToleranceClasses))
    return std::nullopt;
  return static_cast<ToleranceClass>(found - kToleranceClasses);
}

/// `within (rel = 1e-3, abs = 1e-6)`: at least one of them.
static bool checkBounds(const Tolerance &tolerance, DiagnosticReporter &diags) {
  constexpr StringRef kExpected = "'rel = <number>' or 'abs = <number>'";
  if (tolerance.args.empty()) {
    diags.report(tolerance.range, DiagKind::ExpectedToken, kExpected,
                 "nothing");
    return false;
  }
  llvm::StringSet<> seen;
  for (const CallArg &arg : tolerance.args) {
    StringRef name = arg.name.name;
    if (name.empty()) {
      diags.report(arg.range, DiagKind::ExpectedToken, kExpected,
                   "a number without a name");
      return false;
    }
    if (name != "rel" && name != "abs") {
      diags.report(arg.range, DiagKind::UnknownArgument, "a tolerance", name);
      return false;
    }
    if (!seen.insert(name).second) {
      diags.report(arg.range, DiagKind::ArgumentTwice, name);
      return false;
    }
  }
  return true;
}

bool mlir::tk::checkTolerance(const Tolerance &tolerance,
                              DiagnosticReporter &diags) {
  if (!tolerance.className)
    return checkBounds(tolerance, diags);
  StringRef name = tolerance.className.name;
  std::optional<ToleranceClass> toleranceClass = parseToleranceClass(name);
  if (!toleranceClass) {
    diags.report(tolerance.className.range, DiagKind::UnknownToleranceClass,
                 name, llvm::join(ArrayRef(kToleranceClasses), ", "));
    return false;
  }
  bool takesLength = *toleranceClass == ToleranceClass::D;
  if (tolerance.args.size() != (takesLength ? 1 : 0)) {
    diags.report(tolerance.range, DiagKind::WrongArgumentCount, name,
                 formatCount(takesLength, "argument"), tolerance.args.size());
    return false;
  }
  if (takesLength && tolerance.args[0].name) {
    diags.report(tolerance.args[0].range, DiagKind::UnknownArgument,
                 "class 'D'", tolerance.args[0].name.name);
    return false;
  }
  return true;
}
