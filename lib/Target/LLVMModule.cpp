//===- LLVMModule.cpp - LLVM dialect to optimised LLVM IR -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DeviceLibraries.h"
#include "GuardedRun.h"
#include "TargetMachine.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tk/Support/Manifest.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::tk;

/// Inline assembly with side effects may be a barrier or a warp-wide operation,
/// which LLVM must not move into a branch. MLIR does not say so by itself.
static void markAssemblyConvergent(llvm::Module &module) {
  for (llvm::Function &function : module) {
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      auto *call = dyn_cast<llvm::CallBase>(&instruction);
      if (!call || !call->isInlineAsm())
        continue;
      auto *assembly = cast<llvm::InlineAsm>(call->getCalledOperand());
      if (assembly->hasSideEffects())
        call->addFnAttr(llvm::Attribute::Convergent);
    }
  }
}

/// Puts the manifest into the binary, where it survives every assembler.
static void embedManifest(llvm::Module &module, StringRef manifest) {
  auto *contents =
      llvm::ConstantDataArray::getString(module.getContext(), manifest, true);
  constexpr unsigned kGlobalMemory = 1;
  auto *global = new llvm::GlobalVariable(
      module, contents->getType(), /*isConstant=*/true,
      llvm::GlobalValue::ExternalLinkage, contents, Manifest::kSymbolName,
      /*InsertBefore=*/nullptr, llvm::GlobalValue::NotThreadLocal,
      kGlobalMemory);
  global->setAlignment(llvm::Align(8));
  // Hidden symbols would vanish from an hsaco.
  global->setVisibility(llvm::Triple(module.getTargetTriple()).isAMDGPU()
                            ? llvm::GlobalValue::ProtectedVisibility
                            : llvm::GlobalValue::DefaultVisibility);
}

static void setModuleFlags(llvm::Module &module, const TargetInfo &target) {
  if (target.getVendor() == Vendor::NVIDIA) {
    // libdevice asks for this by __nvvm_reflect: keep denormals.
    module.addModuleFlag(llvm::Module::Override, "nvvm-reflect-ftz",
                         uint32_t(0));
    return;
  }
  // Version 5 is what both old and new ROCm load.
  module.addModuleFlag(llvm::Module::Error, "amdhsa_code_object_version",
                       uint32_t(500));
  for (llvm::Function &function : module)
    if (function.getCallingConv() == llvm::CallingConv::AMDGPU_KERNEL)
      function.addFnAttr("uniform-work-group-size", "true");
}

/// What our code still gains from once MLIR has simplified, unrolled and
/// vectorised it. LLVM's own pipelines spend 2.6 times as long to end with the
/// same instructions: they look for call graphs, memory idioms and vectors that
/// are not there, number values across blocks and combine instructions after
/// each step. The passes that are particular to GPUs (address spaces,
/// strength reduction of addresses) are in the code generators.
static constexpr StringLiteral kPipeline =
    "always-inline,cgscc(inline),globaldce,"
    "function("
    "sroa<modify-cfg>,early-cse<memssa>,simplifycfg,"
    "instcombine<no-verify-fixpoint>,"
    "loop-mssa(loop-rotate<header-duplication>,licm<no-allowspeculation>,"
    "simple-loop-unswitch<no-nontrivial;trivial>),"
    "simplifycfg,loop(indvars,loop-unroll-full),"
    "sroa<modify-cfg>,early-cse<memssa>,sccp,bdce,"
    "loop-mssa(licm<allowspeculation>),"
    "dse,adce,simplifycfg<sink-common-insts>,"
    "instcombine<no-verify-fixpoint>"
    "),globaldce";

/// Runs first for AMD, while a call of ocml is still one instruction: work on
/// elements goes to the guarded stores that want them. Inlined, functions like
/// tanh have branches, and nothing moves across them any more: linear layers
/// with gelu kept three tiles alive, and spilled. ptxas moves things by itself.
static constexpr StringLiteral kSinkToStores = "function(sink),";

static LogicalResult optimise(Location loc, llvm::Module &module,
                              llvm::TargetMachine &machine,
                              const TargetInfo &target) {
  auto run = [&]() -> LogicalResult {
    llvm::LoopAnalysisManager loopAnalyses;
    llvm::FunctionAnalysisManager functionAnalyses;
    llvm::CGSCCAnalysisManager sccAnalyses;
    llvm::ModuleAnalysisManager moduleAnalyses;
    llvm::PassBuilder builder(&machine);
    builder.registerModuleAnalyses(moduleAnalyses);
    builder.registerCGSCCAnalyses(sccAnalyses);
    builder.registerFunctionAnalyses(functionAnalyses);
    builder.registerLoopAnalyses(loopAnalyses);
    builder.crossRegisterProxies(loopAnalyses, functionAnalyses, sccAnalyses,
                                 moduleAnalyses);
    llvm::ModulePassManager passes;
    // AMD: finds out which of the hidden kernel arguments nobody reads.
    std::string pipeline =
        target.getVendor() == Vendor::NVIDIA
            ? "nvvm-reflect," + kPipeline.str()
            : kSinkToStores.str() + kPipeline.str() + ",amdgpu-attributor";
    llvm::cantFail(builder.parsePassPipeline(passes, pipeline));
    passes.run(module, moduleAnalyses);
    return success();
  };
  return runGuarded(loc, "cannot optimise", module.getContext(), run);
}

std::unique_ptr<llvm::Module>
mlir::tk::translateToLLVMIR(Location loc, ModuleOp module,
                            llvm::LLVMContext &context,
                            const TargetOptions &options, TimingScope &timing) {
  const TargetInfo &target = *options.target;
  TimingScope translation = timing.nest("translate to LLVM IR");
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "tk");
  if (!llvmModule)
    return nullptr;
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(target, target.getFeatures());
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  setModuleFlags(*llvmModule, target);
  markAssemblyConvergent(*llvmModule);
  if (auto manifest = module->getAttrOfType<StringAttr>(kManifestAttrName))
    embedManifest(*llvmModule, manifest.getValue());
  translation.stop();

  TimingScope linking = timing.nest("link device library");
  if (failed(linkDeviceLibraries(module, *llvmModule, options)))
    return nullptr;
  linking.stop();

  TimingScope optimisation = timing.nest("optimise LLVM IR");
  if (failed(optimise(loc, *llvmModule, *machine, target)))
    return nullptr;
  return llvmModule;
}

std::unique_ptr<llvm::Module>
mlir::tk::parseLLVMIR(Location loc, StringRef text,
                      llvm::LLVMContext &context) {
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseIR(
      llvm::MemoryBufferRef(text, "LLVM IR"), diagnostic, context);
  if (!module) {
    Location position = loc;
    if (auto file = dyn_cast<FileLineColLoc>(loc))
      position = FileLineColLoc::get(file.getFilename(), diagnostic.getLineNo(),
                                     diagnostic.getColumnNo() + 1);
    emitError(position) << "cannot parse LLVM IR: " << diagnostic.getMessage();
  }
  return module;
}

StringRef mlir::tk::findManifest(const llvm::Module &module) {
  const llvm::GlobalVariable *global =
      module.getGlobalVariable(Manifest::kSymbolName);
  auto *contents =
      global && global->hasInitializer()
          ? dyn_cast<llvm::ConstantDataArray>(global->getInitializer())
          : nullptr;
  return contents && contents->isCString() ? contents->getAsCString() : "";
}

LogicalResult mlir::tk::checkArchitecture(Location loc,
                                          const llvm::Module &module,
                                          const TargetInfo &target) {
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(target, target.getFeatures());
  if (module.getTargetTriple() == machine->getTargetTriple())
    return success();
  if (module.getTargetTriple().str().empty())
    return emitError(loc) << "the LLVM IR names no target; expects 'target "
                             "triple = \""
                          << machine->getTargetTriple().str() << "\"'";
  return emitError(loc) << "the LLVM IR is for '"
                        << module.getTargetTriple().str()
                        << "', but the target is '" << target.getName() << "'";
}
