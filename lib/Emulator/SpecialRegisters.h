//===- SpecialRegisters.h - %tid and its like -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_SPECIALREGISTERS_H
#define TK_LIB_EMULATOR_SPECIALREGISTERS_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir::tk::emulator {

class Warp;

/// 10. Those from Clock on change while a warp runs.
enum class SpecialRegister : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  ClusteridX,
  ClusteridY,
  ClusteridZ,
  NclusteridX,
  NclusteridY,
  NclusteridZ,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusterCtarank,
  ClusterNctarank,
  IsExplicitCluster,
  LaneId,
  WarpId,
  NwarpId,
  Smid,
  Nsmid,
  Gridid,
  LanemaskEq,
  LanemaskLe,
  LanemaskLt,
  LanemaskGe,
  LanemaskGt,
  TotalSmemSize,
  AggrSmemSize,
  DynamicSmemSize,
  ReservedSmemBegin,
  ReservedSmemEnd,
  ReservedSmemCap,
  ReservedSmem0,
  ReservedSmem1,
  /// `.w` of vectors, %envreg, %pm: nothing sets them here.
  Zero,
  Clock,
  ClockHi,
  Clock64,
  Globaltimer,
  GlobaltimerLo,
  GlobaltimerHi,
};

struct SpecialRegisterInfo {
  SpecialRegister which;
  /// 1 of a predicate.
  unsigned bitWidth;
  bool isDynamic() const { return which >= SpecialRegister::Clock; }
};

/// `%tid.x`, `%clock64`, ...
std::optional<SpecialRegisterInfo> lookupSpecialRegister(llvm::StringRef name);

/// Its value for a lane now.
uint64_t readSpecialRegister(Warp &warp, SpecialRegister which, unsigned lane);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_SPECIALREGISTERS_H
