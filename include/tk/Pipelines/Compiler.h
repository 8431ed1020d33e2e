//===- Compiler.h - from any stage to any later stage ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_COMPILER_H
#define TK_PIPELINES_COMPILER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/Timing.h"
#include "tk/Frontend/Program.h"
#include "tk/Target/Target.h"
#include "llvm/Support/SourceMgr.h"
#include <optional>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir::tk {

/// The forms that a program takes, in order. A compilation starts at one (its
/// input) and stops at a later one (its output).
enum class Stage {
  Source, ///< a .tk file
  Tk,     ///< kernels as written
  Tkg,    ///< kernels on a machine, every decision made
  LLVM,   ///< LLVM dialect with NVVM or ROCDL
  LLVMIR, ///< optimised LLVM IR with device libraries
  PTX,    ///< NVIDIA only
  Binary, ///< cubin or hsaco
};

/// "source", "tk", "tkg", "llvm", "llvmir", "ptx"; "cubin" or "hsaco" by the
/// vendor.
llvm::StringRef getStageName(Stage stage, Vendor vendor);
/// "cubin" and "hsaco" both name Stage::Binary.
std::optional<Stage> parseStageName(llvm::StringRef name);

struct CompilerOptions {
  TargetOptions target;
  /// The target is a default: what was compiled for another one goes on for
  /// that.
  bool isTargetImplied = false;
  /// Whose stages were asked for: PTX is NVIDIA's, and so is a cubin.
  std::optional<Vendor> stageVendor;
  /// Of a .tk file: the instances to compile, as a user writes them; if empty,
  /// those that it exports.
  std::vector<std::string> instances;
  /// Values for generic parameters of the instances that have them, and for
  /// "warps" and "stages" of every kernel.
  std::vector<InstanceBinding> definitions;
  /// Put the text of a .tk file into the manifest.
  bool embedsSource = false;
  /// How binaries spell the names of source files: `<old>=<new>` prefixes.
  std::vector<std::string> filePrefixes;
  /// If not given: MLIR tells by what is in it.
  std::optional<Stage> startAt;
  Stage stopAfter = Stage::Binary;
  /// If set, every stage passed is written to this folder, as
  /// `<number>-<stage>.<extension>`.
  std::string dumpDirectory;
};

/// What a compilation made: text, or the bytes of a binary.
struct CompilerOutput {
  /// What it was made for.
  const TargetInfo *target = nullptr;
  llvm::SmallVector<char, 0> contents;
  /// Of Stage::Binary.
  llvm::SmallVector<ResourceUsage> resources;

  llvm::StringRef getContents() const {
    return {contents.data(), contents.size()};
  }
};

/// Compiles one file. Errors and remarks go to the context's diagnostics.
class Compiler {
public:
  /// `context` must know the dialects of registerDialects().
  Compiler(MLIRContext &context, CompilerOptions options);
  ~Compiler();

  /// Compiles the main file of `sources`. What is wrong with a .tk file goes to
  /// `reporter`.
  FailureOr<CompilerOutput> compile(llvm::SourceMgr &sources,
                                    DiagnosticReporter &reporter,
                                    TimingScope &timing);

  /// Compiles a module of kernels in the tk dialect.
  FailureOr<CompilerOutput> compile(OwningOpRef<ModuleOp> module,
                                    TimingScope &timing);

private:
  class Run;

  MLIRContext &context;
  CompilerOptions options;
};

} // namespace mlir::tk

#endif // TK_PIPELINES_COMPILER_H
