//===- TargetMachine.cpp - LLVM's code generator for one of our targets ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TargetMachine.h"
#include "GuardedRun.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Pass.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Scalar.h"
#include <mutex>

// Only these two of LLVM's targets are linked, so the headers that name all of
// them cannot be used.
extern "C" {
void LLVMInitializeAMDGPUAsmParser();
void LLVMInitializeAMDGPUAsmPrinter();
void LLVMInitializeAMDGPUTarget();
void LLVMInitializeAMDGPUTargetInfo();
void LLVMInitializeAMDGPUTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTargetMC();
}

using namespace mlir;
using namespace mlir::tk;

/// Makes pointers to shared memory 32 bits wide: half the registers, and no
/// 64-bit address arithmetic. LLVM offers this as a command line option only.
static void useShortPointers() {
  auto &options = llvm::cl::getRegisteredOptions();
  auto it = options.find("nvptx-short-ptr");
  if (it != options.end())
    it->second->addOccurrence(0, "nvptx-short-ptr", "true");
}

static void initializeNvidia() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    useShortPointers();
  });
}

static void initializeAmd() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmParser();
    LLVMInitializeAMDGPUAsmPrinter();
  });
}

std::unique_ptr<llvm::TargetMachine>
mlir::tk::createTargetMachine(const TargetInfo &target, StringRef features) {
  if (target.getVendor() == Vendor::NVIDIA)
    initializeNvidia();
  else
    initializeAmd();
  llvm::Triple triple(target.getTriple());
  std::string error;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  assert(backend && "the back ends of all chips are linked");
  llvm::TargetOptions options;
  // Only what the program writes as `fma` becomes one.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, target.getChip(), features, options, llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

namespace {
/// Leaves out what costs more time than it saves. Our addresses come with their
/// common part factored out already, and straight-line strength reduction is
/// quadratic in the number of address computations: 0.47 s of the 0.52 s that
/// the PTX back end took for a pipelined matmul of 128 x 256 tiles. What these
/// passes leave twice in one place is found as well by common subexpression
/// elimination as by the numbering of values across blocks, in an eighth of its
/// time.
class LeanPassManager : public llvm::legacy::PassManager {
public:
  void add(llvm::Pass *pass) override {
    StringRef name = pass->getPassName();
    if (name == "Straight line strength reduction") {
      delete pass;
      return;
    }
    if (name == "Global Value Numbering") {
      delete pass;
      pass = llvm::createEarlyCSEPass();
    }
    llvm::legacy::PassManager::add(pass);
  }
};
} // namespace

LogicalResult mlir::tk::runCodeGenerator(Location loc, llvm::Module &module,
                                         llvm::TargetMachine &machine,
                                         bool emitText,
                                         SmallVectorImpl<char> &output) {
  auto run = [&]() -> LogicalResult {
    llvm::raw_svector_ostream stream(output);
    LeanPassManager passes;
    auto type = emitText ? llvm::CodeGenFileType::AssemblyFile
                         : llvm::CodeGenFileType::ObjectFile;
    [[maybe_unused]] bool isUnknown =
        machine.addPassesToEmitFile(passes, stream, nullptr, type);
    assert(!isUnknown && "text for NVIDIA and objects for AMD can be emitted");
    passes.run(module);
    return success();
  };
  return runGuarded(loc, "cannot generate code", module.getContext(), run);
}
