//===- Registration.h - every dialect and pass that our tools know --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_REGISTRATION_H
#define TK_PIPELINES_REGISTRATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::tk {

/// Registers our dialects and the upstream ones that our pipelines use, with
/// the interfaces that inlining and the translation to LLVM IR need.
void registerDialects(DialectRegistry &registry);

/// Registers our passes, the upstream ones in use, and our named pipelines.
void registerPasses();

} // namespace mlir::tk

#endif // TK_PIPELINES_REGISTRATION_H
