//===- LayoutConversion.h - moving a tile from one layout to another ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans how the registers of a source layout become those of a destination
// layout, by the cheapest step that suffices: nothing, renaming registers,
// shuffles inside warps, shared memory with a computed swizzle that has no bank
// conflicts. Layouts whose digit lists cannot be made equal go by the general
// route through shared memory.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_LAYOUTCONVERSION_H
#define TK_SUPPORT_LAYOUTCONVERSION_H

#include "tk/Support/SharedAccess.h"

namespace mlir::tk {

/// A choice that depends on the lane: choices[i] where bit j of i is the
/// parity of the bits that `lane` and `laneMasks[j]` share. Without masks the
/// choice is the same for all lanes.
struct LaneSelect {
  llvm::SmallVector<unsigned, 2> choices;
  llvm::SmallVector<uint64_t, 2> laneMasks;

  unsigned get(uint64_t lane) const;
};

/// Registers exchanged inside each warp.
///
///   round i: sent = source register sent[j] (selected by the sending lane)
///            got  = `sent` of lane laneXor ^ laneMap(lane)
///   destination register r = what round received[r] / packSize got as its
///            element received[r] % packSize (selected by the receiving lane)
struct ShufflePlan {
  struct Round {
    /// `packSize` registers that travel together in a word of 32 bits.
    llvm::SmallVector<LaneSelect, 1> sent;
    uint64_t laneXor = 0;
  };
  unsigned packSize = 1;
  llvm::SmallVector<Round> rounds;
  llvm::SmallVector<LaneSelect> received;
  /// What each bit of the receiving lane adds (exclusive or) to the lane that
  /// it reads from. The identity means `shfl.bfly` by `laneXor`; then a round
  /// with laneXor = 0 moves nothing.
  llvm::SmallVector<uint64_t> laneMap;

  bool isButterfly() const;
  /// The lane that `lane` reads from in `round`.
  uint64_t getSourceLane(const Round &round, uint64_t lane) const;
  /// Rounds that need a shuffle.
  unsigned getNumShuffles() const;
};

/// One or more trips through a scratch tile in shared memory. Every round
/// stores, waits (`ConversionPlan::staysInWarp`: for the warp only), loads and,
/// before the next round, waits again. Of the threads that hold copies only the
/// one whose free digits of lane and warp are 0 stores.
struct SharedConversionPlan {
  /// The tile of one round.
  Layout scratch;
  int64_t scratchInBytes = 0;
  /// The accesses name registers of a round; register i of round q is
  /// sourceRegisters[q][i] of the source, and likewise for the destination.
  SharedAccessPlan store;
  SharedAccessPlan load;
  llvm::SmallVector<llvm::SmallVector<unsigned>> sourceRegisters;
  llvm::SmallVector<llvm::SmallVector<unsigned>> destinationRegisters;
};

/// Every register is stored at, and loaded from, the sum of its coordinates
/// times `strides` (in elements), element by element.
struct GeneralConversionPlan {
  llvm::SmallVector<int64_t> strides;
  int64_t scratchInBytes = 0;
  /// The most trips to the banks that one store, or one load, was seen to need.
  unsigned storeWavefronts = 1;
  unsigned loadWavefronts = 1;
};

/// Larger scratch tiles are cut into rounds.
constexpr int64_t kDefaultMaxScratchInBytes = 32 * 1024;

struct ConversionPlan {
  enum class Kind : uint8_t {
    /// The registers are the same.
    Nothing,
    /// Destination register r is source register registers[r].
    RegisterPermute,
    Shuffle,
    Shared,
    /// Through shared memory without a computed layout. Deserves a remark.
    General,
  };
  Kind kind = Kind::Nothing;
  llvm::SmallVector<unsigned> registers;
  ShufflePlan shuffle;
  SharedConversionPlan shared;
  GeneralConversionPlan general;
  /// No element changes its warp, and none comes from a copy in another warp.
  bool staysInWarp = true;
  /// Estimated issue cycles of one warp, to compare plans by.
  int64_t cost = 0;

  int64_t getScratchInBytes() const;
};

/// Plans the conversion of a tile of elements of `elementBitWidth` (8 to 64)
/// bits. Both layouts must hold every element of equally long dimensions (pad
/// elements aside) and have equal numbers of lanes, warps and blocks. Nullopt
/// if elements would have to change their block. Where both layouts repeat in
/// registers along the same digits, the tile goes through scratch memory of at
/// most `maxScratchInBytes` in several rounds.
std::optional<ConversionPlan>
planConversion(const Layout &source, const Layout &destination,
               unsigned elementBitWidth, const TargetInfo &target,
               int64_t maxScratchInBytes = kDefaultMaxScratchInBytes);

/// About the `cost` of the plan, without computing swizzles: for comparing many
/// pairs of layouts (a few microseconds each).
int64_t estimateConversionCost(const Layout &source, const Layout &destination,
                               unsigned elementBitWidth);

/// Moves inside warps if at all possible: nullopt where an element changes its
/// warp, or where a lane would have to send two registers in one round.
std::optional<ShufflePlan> planShuffle(const Layout &source,
                                       const Layout &destination,
                                       unsigned elementBitWidth);

/// A layout of shared memory for a tile that is stored from `source` and loaded
/// to `destination`: no bank conflicts on either side where that is possible,
/// accesses as wide as both sides allow. The layouts need equal digit lists.
/// The lowest `numPinned` register digits of `source` become the lowest digits
/// of the offset. That is for `cp.async`: `source` is the layout of the copy,
/// what one copy takes from global memory is pinned, and `store` is
/// `SharedAccessOptions::forAsyncCopy`.
Layout computeSwizzle(const Layout &source, const Layout &destination,
                      unsigned elementBitWidth,
                      const SharedAccessOptions &store,
                      const SharedAccessOptions &load, unsigned numPinned = 0);

} // namespace mlir::tk

#endif // TK_SUPPORT_LAYOUTCONVERSION_H
