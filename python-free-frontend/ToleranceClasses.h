//===- ToleranceClasses.h - what 'within' may say ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_TOLERANCECLASSES_H
#define TK_FRONTEND_TOLERANCECLASSES_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Program.h"

namespace mlir::tk {

/// Returns std::nullopt if there is no class of this name.
std::optional<ToleranceClass> parseToleranceClass(llvm::StringRef name);

/// Reports mistakes that do not depend on the sizes of a test: unknown classes,
/// and arguments that the class does not take. False after a mistake.
bool checkTolerance(const Tolerance &tolerance, DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_TOLERANCECLASSES_H
