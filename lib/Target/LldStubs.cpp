//===- LldStubs.cpp - the parts of LLVM that lld names, but we do not use -===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld's ELF driver initialises every target of LLVM and names Polly's plugin,
// both for link-time optimisation, which we do not do. Empty functions in their
// place keep 20 back ends out of our executable.

#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"

#define TK_EMPTY_TARGET(name)                                                  \
  extern "C" {                                                                 \
  void LLVMInitialize##name##Target() {}                                       \
  void LLVMInitialize##name##TargetInfo() {}                                   \
  void LLVMInitialize##name##TargetMC() {}                                     \
  void LLVMInitialize##name##AsmPrinter() {}                                   \
  void LLVMInitialize##name##AsmParser() {}                                    \
  }

TK_EMPTY_TARGET(AArch64)
TK_EMPTY_TARGET(ARM)
TK_EMPTY_TARGET(AVR)
TK_EMPTY_TARGET(BPF)
TK_EMPTY_TARGET(Hexagon)
TK_EMPTY_TARGET(Lanai)
TK_EMPTY_TARGET(LoongArch)
TK_EMPTY_TARGET(M68k)
TK_EMPTY_TARGET(MSP430)
TK_EMPTY_TARGET(Mips)
TK_EMPTY_TARGET(PowerPC)
TK_EMPTY_TARGET(RISCV)
TK_EMPTY_TARGET(SPIRV)
TK_EMPTY_TARGET(Sparc)
TK_EMPTY_TARGET(SystemZ)
TK_EMPTY_TARGET(VE)
TK_EMPTY_TARGET(WebAssembly)
TK_EMPTY_TARGET(X86)
TK_EMPTY_TARGET(XCore)
TK_EMPTY_TARGET(Xtensa)

llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "polly", "", [](llvm::PassBuilder &) {}};
}
