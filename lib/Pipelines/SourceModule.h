//===- SourceModule.h - a .tk file to a module of kernels -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_PIPELINES_SOURCEMODULE_H
#define TK_LIB_PIPELINES_SOURCEMODULE_H

#include "tk/Pipelines/Compiler.h"

namespace mlir::tk {

/// Attribute of an argument of a kernel that was made from source, f64: what
/// `init(c = 0)` sets it to before every launch.
constexpr StringLiteral kInitialValueAttr = "tk.init";

/// Builds one module with all instances that `options` ask for, and begins its
/// manifest. Returns null after an error.
OwningOpRef<ModuleOp> buildSourceModule(llvm::SourceMgr &sources,
                                        DiagnosticReporter &reporter,
                                        const CompilerOptions &options,
                                        MLIRContext &context);

} // namespace mlir::tk

#endif // TK_LIB_PIPELINES_SOURCEMODULE_H
