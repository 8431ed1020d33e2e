//===- BodyArgs.h - arguments of builtins by position or name ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_BODYARGS_H
#define TK_FRONTEND_BODYARGS_H

#include "BodyChecker.h"

namespace mlir::tk {

/// Matches the arguments of a call with parameters such as
/// `{"tile", "axis=", "keep="}`: those that end in `=` are optional and are
/// given by name, the others by position (or name) and must be there, except
/// after `?`: `{"lhs", "rhs", "?acc", "precision="}`.
class BodyChecker::Args {
public:
  Args(BodyChecker &checker, const CallExpr &call, llvm::StringRef callee,
       llvm::ArrayRef<llvm::StringRef> params);

  /// False after a mistake, which has been reported.
  explicit operator bool() const { return isGood; }
  /// Null when absent.
  const Expr *get(llvm::StringRef param) const {
    auto found = values.find(param);
    return found == values.end() ? nullptr : found->second;
  }
  /// A word such as `relaxed`, one of `choices`; reports anything else.
  std::optional<unsigned> getWord(llvm::StringRef param,
                                  llvm::ArrayRef<llvm::StringRef> choices,
                                  unsigned defaultChoice);
  /// A constant bool.
  std::optional<bool> getBool(llvm::StringRef param, bool defaultValue);

private:
  void reportSurplus(const CallExpr &call, const CallArg &arg,
                     llvm::StringRef callee, size_t numExpected,
                     llvm::ArrayRef<llvm::StringRef> params);

  BodyChecker &checker;
  llvm::StringMap<const Expr *> values;
  bool isGood = true;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_BODYARGS_H
