//===- Target.h - LLVM dialect to PTX, cubin, hsaco -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TARGET_TARGET_H
#define TK_TARGET_TARGET_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/Timing.h"
#include "tk/Support/TargetInfo.h"
#include "tk/Target/ResourceUsage.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir::tk {

/// The module attribute (a string) that holds the manifest as JSON.
inline constexpr llvm::StringLiteral kManifestAttrName = "tk.manifest";

/// Who turns PTX into a cubin.
enum class CubinAssembler { Automatic, Ptxas, NvJitLink };

struct TargetOptions {
  const TargetInfo *target = nullptr;
  /// Where a CUDA toolkit is; if empty, the environment and the usual places.
  std::string cudaPath;
  /// Where ROCm is; if empty, the environment and the usual places.
  std::string rocmPath;
  CubinAssembler assembler = CubinAssembler::Automatic;
  /// Passes the source lines on to debuggers and profilers.
  bool emitLineInfo = true;
};

/// A loadable binary with what its assembler said about each kernel.
struct Binary {
  llvm::SmallVector<char, 0> bytes;
  llvm::SmallVector<ResourceUsage> resources;
};

// Each function below reports its errors at `loc` (the input), ends the process
// in no case, and gives the same bytes for the same input.

/// Translates `module` (LLVM and NVVM or ROCDL dialect, kernels marked) to LLVM
/// IR, adds the manifest, links the functions it calls from libdevice or ocml,
/// and optimises. Returns null after an error.
std::unique_ptr<llvm::Module> translateToLLVMIR(Location loc, ModuleOp module,
                                                llvm::LLVMContext &context,
                                                const TargetOptions &options,
                                                TimingScope &timing);

/// Reads textual or binary LLVM IR, as translateToLLVMIR made it.
std::unique_ptr<llvm::Module> parseLLVMIR(Location loc, StringRef text,
                                          llvm::LLVMContext &context);

/// The JSON that translateToLLVMIR put into the module; empty without one.
StringRef findManifest(const llvm::Module &module);

/// Fails if the module is for another architecture than the target's.
LogicalResult checkArchitecture(Location loc, const llvm::Module &module,
                                const TargetInfo &target);

/// NVIDIA: emits PTX of the lowest version that has every instruction used, so
/// that old drivers can load it. Consumes the module's IR.
FailureOr<std::string> emitPtx(Location loc, llvm::Module &module,
                               const TargetOptions &options,
                               TimingScope &timing);

/// Whether assemblePtx() would find an assembler.
bool hasPtxAssembler(const TargetOptions &options);

/// NVIDIA: assembles PTX by `ptxas` or libnvJitLink. What the assembler says
/// about lost performance becomes a `missed` remark.
FailureOr<Binary> assemblePtx(Location loc, StringRef ptx,
                              const TargetOptions &options,
                              TimingScope &timing);

/// AMD: emits an object and links it in process.
FailureOr<Binary> emitHsaco(Location loc, llvm::Module &module,
                            const TargetOptions &options, TimingScope &timing);

} // namespace mlir::tk

#endif // TK_TARGET_TARGET_H
