//===- PtxVersion.cpp - the PTX version that a module needs ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxVersion.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace mlir::tk;

namespace {
struct VersionRule {
  /// Part of the name of an intrinsic, or of the text of inline assembly.
  StringLiteral pattern;
  unsigned version;
};
} // namespace

/// From the "PTX ISA Notes" of each instruction (PTX ISA 9.0). Instructions
/// that every version of their target's PTX has are not listed.
static constexpr VersionRule kIntrinsicRules[] = {
    {"llvm.nvvm.stmatrix", 78},
    {"llvm.nvvm.ldmatrix.sync.aligned.m16n16", 86},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n16", 86},
    {"llvm.nvvm.barrier.cluster", 78},
    {"llvm.nvvm.mapa", 78},
    {"llvm.nvvm.griddepcontrol", 78},
    {"llvm.nvvm.fence.proxy.tensormap", 83},
    {"llvm.nvvm.cp.async.bulk.tensor.g2s.cta", 86},
    {"llvm.nvvm.cp.async.bulk.tensor.g2s", 80},
    {"llvm.nvvm.cp.async.bulk.global.to.shared.cta", 86},
    {"llvm.nvvm.cp.async.bulk", 80},
    {"llvm.nvvm.elect.sync", 80},
    {"llvm.nvvm.setmaxnreg", 80},
    {"llvm.nvvm.redux.sync.f", 86},
    {"llvm.nvvm.tcgen05", 86},
};

static constexpr VersionRule kAssemblyRules[] = {
    {"stmatrix", 78},
    {"fence.proxy.tensormap", 83},
    {"tensormap.replace", 83},
    {"multimem.", 81},
    {"st.async", 81},
    {"red.async", 81},
    {"createpolicy", 74},
    {"L2::cache_hint", 74},
    {"mma.sync.aligned.m16n8k32.row.col.f32.e4m3", 84},
    {"mma.sync.aligned.m16n8k32.row.col.f32.e5m2", 84},
    {"cvt.rn.satfinite.e4m3x2", 81},
    {"cvt.rn.satfinite.e5m2x2", 81},
    {"cvt.rn.f16x2.e4m3x2", 81},
    {"cvt.rn.f16x2.e5m2x2", 81},
    {"ex2.approx.ftz.bf16", 78},
    {"cp.async.bulk.shared::cta.global", 86},
    {"cp.async.bulk", 80},
    {"wgmma.", 80},
    {"setmaxnreg", 80},
    {"tcgen05.", 86},
    {"mbarrier.expect_tx", 80},
    {"ld.global.v8", 88},
    {"st.global.v8", 88},
};

static unsigned getRequiredVersion(StringRef text,
                                   ArrayRef<VersionRule> rules) {
  unsigned version = 0;
  for (const VersionRule &rule : rules)
    if (text.contains(rule.pattern))
      version = std::max(version, rule.version);
  return version;
}

/// Vector atomics on global memory (atom.global.v2.f32.add) came with 8.1.
static unsigned getAtomicVersion(StringRef assembly) {
  bool isAtomic = assembly.contains("atom.") || assembly.contains("red.");
  bool isVector = assembly.contains(".v2.") || assembly.contains(".v4.") ||
                  assembly.contains(".v8.");
  return isAtomic && isVector ? 81 : 0;
}

unsigned mlir::tk::computePtxVersion(const Module &module,
                                     const TargetInfo &target) {
  unsigned version = target.getPtxVersion();
  for (const Function &function : module) {
    if (function.isIntrinsic() && !function.use_empty())
      version = std::max(
          version, getRequiredVersion(function.getName(), kIntrinsicRules));
    // Clusters (.explicitcluster) and __grid_constant__ parameters.
    if (function.hasFnAttribute("nvvm.cluster_dim"))
      version = std::max(version, 78u);
    for (const Argument &argument : function.args())
      if (argument.hasByValAttr())
        version = std::max(version, 77u);
    for (const Instruction &instruction : instructions(function)) {
      const auto *call = dyn_cast<CallBase>(&instruction);
      if (!call || !call->isInlineAsm())
        continue;
      StringRef text =
          cast<InlineAsm>(call->getCalledOperand())->getAsmString();
      version = std::max({version, getRequiredVersion(text, kAssemblyRules),
                          getAtomicVersion(text)});
    }
  }
  return version;
}
