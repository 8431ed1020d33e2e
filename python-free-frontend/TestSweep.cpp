//===- TestSweep.cpp - the points at which one test is repeated ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramImpl.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

/// Every point of the product of all sweeps, the last one fastest.
class SweepExpander {
public:
  SweepExpander(CheckedProgram::Impl &program, const TestDecl &decl)
      : program(program), decl(decl) {}

  std::optional<std::vector<SweepPoint>> expand() {
    std::vector<SweepPoint> points{{}};
    for (const Sweep &sweep : decl.sweeps) {
      std::vector<SweepPoint> longer;
      for (const SweepPoint &point : points)
        for (const Expr *value : sweep.values->elements) {
          SweepPoint extended = point;
          if (!bind(sweep.pattern, *value, extended))
            return std::nullopt;
          longer.push_back(std::move(extended));
          if (longer.size() > kMaxSweepPoints) {
            program.diags.report(sweep.range, DiagKind::SweepTooLong,
                                 kMaxSweepPoints);
            return std::nullopt;
          }
        }
      points = std::move(longer);
    }
    return points;
  }

private:
  bool bind(const BindingPattern &pattern, const Expr &value,
            SweepPoint &point) {
    if (pattern.kind == BindingPattern::Kind::Tuple) {
      auto *tuple = dyn_cast<TupleExpr>(&value);
      if (!tuple || tuple->elements.size() != pattern.elements.size()) {
        program.diags.report(
            value.range, DiagKind::PatternSize, pattern.elements.size(),
            tuple ? std::to_string(tuple->elements.size()) + " values"
                  : "one value");
        return false;
      }
      for (auto [element, elementValue] :
           llvm::zip_equal(pattern.elements, tuple->elements))
        if (!bind(element, *elementValue, point))
          return false;
      return true;
    }
    Scope scope;
    for (const auto &[name, earlier] : point)
      scope.declare(name, {nullptr, ConstValue::integer(earlier), false, {}});
    TypedArena arena;
    FunctionInstances functions;
    BodyChecker checker(program.makeContext(arena, functions), scope);
    std::optional<int64_t> number =
        checker.evaluateInteger(value, "a value of a sweep");
    if (!number)
      return false;
    bool isKnown = llvm::any_of(point, [&](const auto &entry) {
      return entry.first == pattern.name.name;
    });
    if (isKnown) {
      program.diags.report(pattern.name.range, DiagKind::ArgumentTwice,
                           pattern.name.name);
      return false;
    }
    if (pattern.kind == BindingPattern::Kind::Name)
      point.emplace_back(pattern.name.name.str(), *number);
    return true;
  }

  CheckedProgram::Impl &program;
  const TestDecl &decl;
};

} // namespace

std::optional<std::vector<SweepPoint>>
mlir::tk::expandSweeps(CheckedProgram::Impl &program, const TestDecl &decl) {
  return SweepExpander(program, decl).expand();
}
