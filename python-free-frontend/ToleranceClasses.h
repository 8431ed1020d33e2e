//===- ToleranceClasses.h - what 'within' may say ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_TOLERANCECLASSES_H
#define TK_FRONTEND_TOLERANCECLASSES_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Program.h"

namespace mlir::tk {

/// Null if no class is called so.
std::optional<ToleranceClass> parseToleranceClass(llvm::StringRef name);

/// Reports what no sizes make right: classes that there are not, and arguments
/// that are not those of the class.
bool checkTolerance(const Tolerance &tolerance, DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_TOLERANCECLASSES_H
