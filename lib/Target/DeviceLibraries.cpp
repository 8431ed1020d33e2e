//===- DeviceLibraries.cpp - links libdevice and ocml ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DeviceLibraries.h"
#include "GuardedRun.h"
#include "Toolkits.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace mlir;
using namespace mlir::tk;

/// The first call of a function with this prefix that `module` declares, and
/// `linked` does not define; null if there is none.
static LLVM::CallOp findUndefined(ModuleOp module, const llvm::Module &linked,
                                  StringRef prefix) {
  LLVM::CallOp found;
  module.walk([&](LLVM::CallOp call) {
    std::optional<StringRef> callee = call.getCallee();
    if (!callee || !callee->starts_with(prefix))
      return WalkResult::advance();
    const llvm::Function *function = linked.getFunction(*callee);
    if (!function || !function->isDeclaration())
      return WalkResult::advance();
    found = call;
    return WalkResult::interrupt();
  });
  return found;
}

static LogicalResult linkLibrary(Location loc, llvm::Module &module,
                                 StringRef path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return emitError(loc) << "cannot read '" << path
                          << "': " << buffer.getError().message();
  // Lazily: of thousands of functions only those called are ever parsed.
  llvm::Expected<std::unique_ptr<llvm::Module>> library =
      llvm::getOwningLazyBitcodeModule(std::move(*buffer), module.getContext());
  if (!library)
    return emitError(loc) << "cannot read '" << path
                          << "': " << llvm::toString(library.takeError());
  (*library)->setTargetTriple(module.getTargetTriple());
  (*library)->setDataLayout(module.getDataLayout());
  auto internalize = [](llvm::Module &linked, const llvm::StringSet<> &added) {
    llvm::internalizeModule(linked, [&](const llvm::GlobalValue &value) {
      return !value.hasName() || !added.contains(value.getName());
    });
  };
  auto link = [&]() -> LogicalResult {
    return failure(llvm::Linker::linkModules(module, std::move(*library),
                                             llvm::Linker::LinkOnlyNeeded,
                                             internalize));
  };
  // What the linker says would otherwise end the process.
  return runGuarded(loc, ("cannot link '" + path + "'").str(),
                    module.getContext(), link);
}

/// The number that ocml branches on: 9402 for gfx942, 11000 for gfx1100. The
/// last two digits of a name are hexadecimal: minor version and stepping.
static int32_t getIsaVersion(const TargetInfo &target) {
  StringRef digits = target.getChip();
  digits.consume_front("gfx");
  int32_t major = 0, minor = 0, stepping = 0;
  digits.drop_back(2).getAsInteger(10, major);
  digits.take_back(2).take_front(1).getAsInteger(16, minor);
  digits.take_back(1).getAsInteger(16, stepping);
  return major * 1000 + minor * 100 + stepping;
}

/// Defines the constants that ocml branches on, so that the oclc_*.bc files,
/// which old versions lack for new chips, are not needed.
static void defineOcmlControls(llvm::Module &module, const TargetInfo &target) {
  const std::pair<StringRef, int32_t> controls[] = {
      {"__oclc_ISA_version", getIsaVersion(target)},
      {"__oclc_ABI_version", 500},
      {"__oclc_wavefrontsize64", target.getNumLanes() == 64},
      {"__oclc_finite_only_opt", 0},
      {"__oclc_unsafe_math_opt", 0},
      {"__oclc_daz_opt", 0},
      {"__oclc_correctly_rounded_sqrt32", 1},
  };
  for (auto [name, value] : controls) {
    llvm::GlobalVariable *control = module.getGlobalVariable(name);
    if (!control)
      continue;
    control->setInitializer(
        llvm::ConstantInt::get(control->getValueType(), value));
    control->setConstant(true);
    control->setLinkage(llvm::GlobalValue::InternalLinkage);
  }
}

/// The functions of ocml look at no other lane, but are marked as if they did:
/// calls of them could not move behind a branch.
static void dropConvergence(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (!function.getName().starts_with("__ocml"))
      continue;
    function.removeFnAttr(llvm::Attribute::Convergent);
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = dyn_cast<llvm::CallBase>(&instruction))
        call->removeFnAttr(llvm::Attribute::Convergent);
  }
}

LogicalResult mlir::tk::linkDeviceLibraries(ModuleOp source,
                                            llvm::Module &module,
                                            const TargetOptions &options) {
  bool isNvidia = options.target->getVendor() == Vendor::NVIDIA;
  StringRef prefix = isNvidia ? "__nv_" : "__ocml_";
  LLVM::CallOp needed = findUndefined(source, module, prefix);
  if (!needed)
    return success();

  StringRef libraryName = isNvidia ? "libdevice.10.bc" : "ocml.bc";
  FoundFile library = isNvidia ? findLibdevice(options) : findOcml(options);
  if (!library.path) {
    InFlightDiagnostic error = emitError(needed.getLoc())
                               << "the kernel calls '" << *needed.getCallee()
                               << "' of " << libraryName
                               << ", which was not found";
    error.attachNote() << "looked in " << library.searched;
    error.attachNote() << "pass " << (isNvidia ? "--cuda-path" : "--rocm-path")
                       << " or set " << (isNvidia ? "CUDA_PATH" : "ROCM_PATH");
    return failure();
  }
  if (failed(linkLibrary(needed.getLoc(), module, *library.path)))
    return failure();
  if (LLVM::CallOp missing = findUndefined(source, module, prefix))
    return emitError(missing.getLoc())
           << "'" << *library.path << "' has no function '"
           << *missing.getCallee() << "'";
  if (!isNvidia) {
    defineOcmlControls(module, *options.target);
    dropConvergence(module);
  }
  return success();
}
