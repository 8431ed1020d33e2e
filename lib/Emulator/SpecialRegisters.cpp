//===- SpecialRegisters.cpp - %tid and its like ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SpecialRegisters.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Multiprocessors of the device that is played: an H100 SXM.
static constexpr uint32_t numMultiprocessors = 132;

std::optional<SpecialRegisterInfo>
mlir::tk::emulator::lookupSpecialRegister(llvm::StringRef name) {
  using SR = SpecialRegister;
  using Info = std::optional<SpecialRegisterInfo>;
  auto make = [](SR which, unsigned bitWidth = 32) {
    return Info(SpecialRegisterInfo{which, bitWidth});
  };
  if (!name.consume_front("%"))
    return std::nullopt;
  auto [base, component] = name.split('.');
  if (!component.empty()) {
    Info first = llvm::StringSwitch<Info>(base)
                     .Case("tid", make(SR::TidX))
                     .Case("ntid", make(SR::NtidX))
                     .Case("ctaid", make(SR::CtaidX))
                     .Case("nctaid", make(SR::NctaidX))
                     .Case("clusterid", make(SR::ClusteridX))
                     .Case("nclusterid", make(SR::NclusteridX))
                     .Case("cluster_ctaid", make(SR::ClusterCtaidX))
                     .Case("cluster_nctaid", make(SR::ClusterNctaidX))
                     .Default(std::nullopt);
    size_t which = llvm::StringRef("xyzw").find(component);
    if (!first || component.size() != 1 || which == llvm::StringRef::npos)
      return std::nullopt;
    if (which == 3)
      return make(SR::Zero);
    return make(static_cast<SR>(static_cast<size_t>(first->which) + which));
  }
  // Nobody sets %envreg<32>; %pm counts events of hardware.
  llvm::StringRef number = name;
  uint32_t index = 0;
  if ((number.consume_front("envreg") && !number.getAsInteger(10, index) &&
       index < 32) ||
      (number.consume_front("pm") && !number.getAsInteger(10, index) &&
       index < 8))
    return make(SR::Zero);
  return llvm::StringSwitch<Info>(name)
      .Case("cluster_ctarank", make(SR::ClusterCtarank))
      .Case("cluster_nctarank", make(SR::ClusterNctarank))
      .Case("is_explicit_cluster", make(SR::IsExplicitCluster, 1))
      .Case("laneid", make(SR::LaneId))
      .Case("warpid", make(SR::WarpId))
      .Case("nwarpid", make(SR::NwarpId))
      .Case("smid", make(SR::Smid))
      .Case("nsmid", make(SR::Nsmid))
      .Case("gridid", make(SR::Gridid, 64))
      .Case("lanemask_eq", make(SR::LanemaskEq))
      .Case("lanemask_le", make(SR::LanemaskLe))
      .Case("lanemask_lt", make(SR::LanemaskLt))
      .Case("lanemask_ge", make(SR::LanemaskGe))
      .Case("lanemask_gt", make(SR::LanemaskGt))
      .Case("total_smem_size", make(SR::TotalSmemSize))
      .Case("aggr_smem_size", make(SR::AggrSmemSize))
      .Case("dynamic_smem_size", make(SR::DynamicSmemSize))
      .Case("reserved_smem_offset_begin", make(SR::ReservedSmemBegin))
      .Case("reserved_smem_offset_end", make(SR::ReservedSmemEnd))
      .Case("reserved_smem_offset_cap", make(SR::ReservedSmemCap))
      .Case("reserved_smem_offset_0", make(SR::ReservedSmem0))
      .Case("reserved_smem_offset_1", make(SR::ReservedSmem1))
      .Case("current_graph_exec", make(SR::Zero, 64))
      .Case("clock", make(SR::Clock))
      .Case("clock_hi", make(SR::ClockHi))
      .Case("clock64", make(SR::Clock64, 64))
      .Case("globaltimer", make(SR::Globaltimer, 64))
      .Case("globaltimer_lo", make(SR::GlobaltimerLo))
      .Case("globaltimer_hi", make(SR::GlobaltimerHi))
      .Default(std::nullopt);
}

/// Block and grid, and the cluster between them.
static uint64_t readPosition(Warp &warp, SpecialRegister which, unsigned lane) {
  using SR = SpecialRegister;
  const ThreadBlock &block = warp.block;
  const Launch &launch = block.launch;
  auto component = [&](SR first) {
    return static_cast<unsigned>(which) - static_cast<unsigned>(first);
  };
  if (which <= SR::TidZ) {
    uint32_t thread = warp.indexInBlock * numLanes + lane;
    const PtxDimensions &shape = launch.block;
    PtxDimensions tid = {thread % shape[0], thread / shape[0] % shape[1],
                         thread / shape[0] / shape[1]};
    return tid[component(SR::TidX)];
  }
  if (which <= SR::NtidZ)
    return launch.block[component(SR::NtidX)];
  if (which <= SR::CtaidZ)
    return block.ctaid[component(SR::CtaidX)];
  if (which <= SR::NctaidZ)
    return launch.grid[component(SR::NctaidX)];
  if (which <= SR::ClusteridZ)
    return block.cluster.clusterid[component(SR::ClusteridX)];
  if (which <= SR::NclusteridZ) {
    unsigned i = component(SR::NclusteridX);
    return launch.grid[i] / launch.cluster[i];
  }
  if (which <= SR::ClusterCtaidZ) {
    unsigned i = component(SR::ClusterCtaidX);
    return block.ctaid[i] % launch.cluster[i];
  }
  return launch.cluster[component(SR::ClusterNctaidX)];
}

/// Time goes on by one unit with each warp-instruction of the host thread.
static uint64_t readClock(Warp &warp) {
  return warp.block.cluster.scheduler.numSteps;
}

uint64_t mlir::tk::emulator::readSpecialRegister(Warp &warp,
                                                 SpecialRegister which,
                                                 unsigned lane) {
  const Launch &launch = warp.block.launch;
  uint64_t bit = uint64_t(1) << lane;
  switch (which) {
  case SpecialRegister::ClusterCtarank:
    return warp.block.rankInCluster;
  case SpecialRegister::ClusterNctarank:
    return launch.blocksPerCluster();
  case SpecialRegister::IsExplicitCluster:
    return launch.isExplicitCluster;
  case SpecialRegister::LaneId:
    return lane;
  case SpecialRegister::WarpId:
    return warp.indexInBlock;
  case SpecialRegister::NwarpId:
    return 64;
  case SpecialRegister::Smid:
    return warp.block.index % numMultiprocessors;
  case SpecialRegister::Nsmid:
    return numMultiprocessors;
  case SpecialRegister::Gridid:
    return launch.gridId;
  case SpecialRegister::LanemaskEq:
    return bit;
  case SpecialRegister::LanemaskLe:
    return bit | (bit - 1);
  case SpecialRegister::LanemaskLt:
    return bit - 1;
  case SpecialRegister::LanemaskGe:
    return static_cast<uint32_t>(~(bit - 1));
  case SpecialRegister::LanemaskGt:
    return static_cast<uint32_t>(~(bit | (bit - 1)));
  case SpecialRegister::TotalSmemSize:
    // In the units of 128 bytes in which an H100 allocates it.
    return llvm::alignTo(launch.staticSharedBytes + launch.dynamicSharedBytes,
                         128);
  case SpecialRegister::AggrSmemSize:
    return launch.staticSharedBytes + launch.dynamicSharedBytes +
           firstSharedOffset;
  case SpecialRegister::DynamicSmemSize:
    return launch.dynamicSharedBytes;
  case SpecialRegister::ReservedSmemBegin:
  case SpecialRegister::ReservedSmem0:
  case SpecialRegister::ReservedSmem1:
    return 0;
  case SpecialRegister::ReservedSmemEnd:
    // Measured on an H100; the ISA names no number.
    return 288;
  case SpecialRegister::ReservedSmemCap:
    return firstSharedOffset;
  case SpecialRegister::Zero:
    return 0;
  case SpecialRegister::Clock:
  case SpecialRegister::GlobaltimerLo:
    return static_cast<uint32_t>(readClock(warp));
  case SpecialRegister::ClockHi:
  case SpecialRegister::GlobaltimerHi:
    return readClock(warp) >> 32;
  case SpecialRegister::Clock64:
  case SpecialRegister::Globaltimer:
    return readClock(warp);
  default:
    return readPosition(warp, which, lane);
  }
}
