//===- Pipelines.h - the order of the passes, written once ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_PIPELINES_H
#define TK_PIPELINES_PIPELINES_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::tk {

class TargetInfo;

/// Folds, removes what is dead or repeated, and moves what is invariant out of
/// loops; drops arithmetic and bounds tests that value ranges prove needless.
/// Registered as `tk-simplify`.
void buildSimplifyPipeline(OpPassManager &manager);

/// From what the front end wrote to one simple kernel for each instance.
/// Parameters are bound before, for each kernel by itself. Registered as
/// `tk-pipeline`.
void buildTkPipeline(OpPassManager &manager);

/// From simple kernels to a program for `target` with every decision made:
/// layouts, shared memory, waits. Adds the manifest. Registered as
/// `tkg-pipeline`.
void buildTkgPipeline(OpPassManager &manager, const TargetInfo &target);

/// From `tkg` to the LLVM dialect with NVVM or ROCDL; completes the manifest.
/// Registered as `tkg-to-llvm`.
void buildTkgToLLVMPipeline(OpPassManager &manager, const TargetInfo &target);

/// LLVM dialect with NVVM or ROCDL to what translates to LLVM IR: the ops that
/// are inline assembly become inline assembly, and locations become debug
/// information. Registered as `tk-finalize-llvm`.
void buildFinalizeLLVMPipeline(OpPassManager &manager,
                               const TargetInfo &target);

/// Registers the pipelines by name, for `tk-opt`.
void registerPipelines();

} // namespace mlir::tk

#endif // TK_PIPELINES_PIPELINES_H
