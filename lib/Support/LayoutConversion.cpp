//===- LayoutConversion.cpp - moving a tile from one layout to another ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutConversion.h"
#include "DigitNumbers.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>
#include <limits>

using namespace llvm;
using namespace mlir::tk;

int64_t ConversionPlan::getScratchInBytes() const {
  if (kind == Kind::Shared)
    return shared.scratchInBytes;
  return kind == Kind::General ? general.scratchInBytes : 0;
}

//===----------------------------------------------------------------------===//
// Rounds
//===----------------------------------------------------------------------===//

namespace {
/// A layout without the digits that count rounds.
struct RoundLayout {
  Layout layout;
  /// registers[q][i]: the register of the whole that is register i of round q.
  SmallVector<SmallVector<unsigned>> registers;
};

/// A tile digit, as dimension and index.
using TileDigit = std::pair<unsigned, unsigned>;
} // namespace

/// The register digit that alone counts the tile digit, if there is one.
static std::optional<unsigned> findOwnRegister(const Layout &layout,
                                               unsigned number, bool isBit) {
  std::optional<unsigned> owner;
  for (HardwareDim dim : kHardwareDims)
    for (auto [i, digit] : enumerate(layout.getDigits(dim))) {
      bool touches =
          isBit ? digit.bits >> number & 1 : digit.odd && *digit.odd == number;
      if (!touches)
        continue;
      if (owner || dim != HardwareDim::Register ||
          (isBit && !isPowerOf2_64(digit.bits)))
        return std::nullopt;
      owner = i;
    }
  return owner;
}

namespace {
/// The digits that registers count on both sides.
struct RoundCandidates {
  /// From the highest register digit of the source down, so that vectors keep
  /// theirs.
  SmallVector<TileDigit> bits;
  SmallVector<TileDigit> odds;
};
} // namespace

static RoundCandidates getRoundCandidates(const Layout &source,
                                          const Layout &destination) {
  const DigitShape &shape = source.getShape();
  DigitNumbers numbers(shape);
  RoundCandidates candidates;
  SmallVector<std::pair<unsigned, TileDigit>> bits;
  for (unsigned dim = 0; dim < shape.getRank(); ++dim)
    for (unsigned i = 0, e = shape.getDigits(dim).size(); i < e; ++i) {
      bool isBit = shape.getDigits(dim)[i] == 2;
      unsigned number = numbers.get(dim, i);
      std::optional<unsigned> inSource = findOwnRegister(source, number, isBit);
      if (!inSource || !findOwnRegister(destination, number, isBit))
        continue;
      if (isBit)
        bits.push_back({*inSource, TileDigit(dim, i)});
      else
        candidates.odds.push_back(TileDigit(dim, i));
    }
  sort(bits);
  for (const auto &[inSource, digit] : reverse(bits))
    candidates.bits.push_back(digit);
  return candidates;
}

/// Chooses the digits that count rounds: those that make the fewest rounds of
/// scratch tiles within the limit, since every round waits for all threads
/// twice. All of them if the limit cannot be kept.
static SmallVector<TileDigit> chooseRounds(const Layout &source,
                                           const Layout &destination,
                                           unsigned elementBitWidth,
                                           int64_t maxScratchInBytes) {
  const DigitShape &shape = source.getShape();
  RoundCandidates candidates = getRoundCandidates(source, destination);
  int64_t sizeInBytes = shape.getNumElements() * elementBitWidth / 8;
  SmallVector<TileDigit> best = candidates.odds;
  append_range(best, candidates.bits);
  int64_t fewest = std::numeric_limits<int64_t>::max();
  // Every subset of the odd digits, with as many bits as it leaves to do.
  for (unsigned subset = 0; subset < 1u << candidates.odds.size(); ++subset) {
    SmallVector<TileDigit> rounds;
    int64_t numRounds = 1;
    for (auto [i, digit] : enumerate(candidates.odds))
      if (subset >> i & 1) {
        rounds.push_back(digit);
        numRounds *= shape.getDigits(digit.first)[digit.second];
      }
    for (TileDigit digit : candidates.bits) {
      if (sizeInBytes <= maxScratchInBytes * numRounds)
        break;
      rounds.push_back(digit);
      numRounds *= 2;
    }
    if (sizeInBytes <= maxScratchInBytes * numRounds && numRounds < fewest) {
      fewest = numRounds;
      best = std::move(rounds);
    }
  }
  return best;
}

/// Appends, for every value of a digit, the registers of `list` moved by it.
static void appendDigit(SmallVectorImpl<unsigned> &list, unsigned radix,
                        unsigned weight) {
  for (unsigned value = 1, size = list.size(); value < radix; ++value)
    for (unsigned i = 0; i < size; ++i)
      list.push_back(list[i] + value * weight);
}

namespace {
/// Takes the digits that count rounds out of a layout.
class RoundRemover {
public:
  RoundRemover(const Layout &layout, ArrayRef<TileDigit> rounds);
  RoundLayout run();

private:
  std::optional<HardwareDigit> keep(const HardwareDigit &digit) const;
  unsigned getRound(const HardwareDigit &digit) const;

  const Layout &layout;
  ArrayRef<TileDigit> rounds;
  DigitNumbers from;
  /// The digits that stay, and the new index of each.
  SmallVector<SmallVector<unsigned>> digits;
  SmallVector<SmallVector<std::optional<unsigned>>> newIndex;
  std::optional<DigitNumbers> to;
};
} // namespace

RoundRemover::RoundRemover(const Layout &layout, ArrayRef<TileDigit> rounds)
    : layout(layout), rounds(rounds), from(layout.getShape()) {
  const DigitShape &shape = layout.getShape();
  for (unsigned dim = 0; dim < shape.getRank(); ++dim) {
    digits.emplace_back();
    newIndex.emplace_back();
    for (unsigned i = 0, e = shape.getDigits(dim).size(); i < e; ++i) {
      bool isRound = is_contained(rounds, TileDigit(dim, i));
      newIndex[dim].push_back(isRound ? std::nullopt
                                      : std::optional(digits[dim].size()));
      if (!isRound)
        digits[dim].push_back(shape.getDigits(dim)[i]);
    }
  }
  to.emplace(DigitShape(digits));
}

std::optional<HardwareDigit>
RoundRemover::keep(const HardwareDigit &digit) const {
  return renumber(digit, from, *to,
                  [&](DigitNumbers::Position position)
                      -> std::optional<DigitNumbers::Position> {
                    std::optional<unsigned> index =
                        newIndex[position.dim][position.index];
                    if (!index)
                      return std::nullopt;
                    return DigitNumbers::Position{position.dim, *index};
                  });
}

/// Which digit of the round number a register digit is.
unsigned RoundRemover::getRound(const HardwareDigit &digit) const {
  DigitNumbers::Position position =
      digit.odd ? from.getOddPosition(*digit.odd)
                : from.getBitPosition(countr_zero(digit.bits));
  return find(rounds, TileDigit(position.dim, position.index)) - rounds.begin();
}

RoundLayout RoundRemover::run() {
  RoundLayout result;
  result.layout = Layout(DigitShape(digits));
  SmallVector<unsigned> inRound = {0};
  // By digit of the round number: its radix and what it adds to a register.
  SmallVector<std::pair<unsigned, unsigned>> roundDigits(rounds.size());
  unsigned weight = 1;
  for (const HardwareDigit &digit : layout.getDigits(HardwareDim::Register)) {
    if (std::optional<HardwareDigit> kept = keep(digit)) {
      result.layout.add(HardwareDim::Register, *kept);
      appendDigit(inRound, digit.radix, weight);
    } else {
      roundDigits[getRound(digit)] = {digit.radix, weight};
    }
    weight *= digit.radix;
  }
  for (HardwareDim dim :
       {HardwareDim::Lane, HardwareDim::Warp, HardwareDim::Block})
    for (const HardwareDigit &digit : layout.getDigits(dim))
      result.layout.add(dim, *keep(digit));

  SmallVector<unsigned> firstOfRound = {0};
  for (auto [radix, digitWeight] : roundDigits)
    appendDigit(firstOfRound, radix, digitWeight);
  for (unsigned first : firstOfRound)
    result.registers.push_back(
        to_vector(map_range(inRound, [&](unsigned r) { return r + first; })));
  return result;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Registers of the source by register of the destination, if every thread
/// keeps its elements.
static std::optional<SmallVector<unsigned>> planPermutation(const Layout &map) {
  if (!isIdentityOn(map, HardwareDim::Lane) ||
      !isIdentityOn(map, HardwareDim::Warp))
    return std::nullopt;
  SmallVector<unsigned> registers;
  for (int64_t r = 0, e = map.getNumRegisters(); r < e; ++r) {
    SmallVector<int64_t> place =
        map.getShape().getCoordinates(map.getPoint(HardwareDim::Register, r));
    registers.push_back(place[getPlaceDim(HardwareDim::Register)]);
  }
  return registers;
}

/// Costs are in trips of one warp to the load/store unit: a shuffle or a
/// conflict-free access of 128 bytes is one. The arithmetic units of a
/// processor work on four warps in that time.
static constexpr int64_t kSelectsPerTrip = 4;
/// Waiting for the other warps, or only for the own lanes, and the latency of
/// a store and a load that follow.
static constexpr int64_t kBlockRoundCost = 40;
static constexpr int64_t kWarpRoundCost = 20;

static int64_t getCost(const ShufflePlan &plan, unsigned elementBitWidth) {
  int64_t wordsPerElement = divideCeil(elementBitWidth, 32);
  int64_t numSelects = 0;
  for (const ShufflePlan::Round &round : plan.rounds)
    for (const LaneSelect &select : round.sent)
      numSelects += select.choices.size() - 1;
  for (const LaneSelect &select : plan.received)
    numSelects += select.choices.size() - 1;
  // Packing and unpacking halves and bytes takes permutes, too.
  if (plan.packSize > 1)
    numSelects += plan.received.size();
  return wordsPerElement *
         (plan.getNumShuffles() + divideCeil(numSelects, kSelectsPerTrip));
}

static int64_t getCost(const SharedConversionPlan &plan, bool staysInWarp) {
  int64_t perRound = plan.store.getTotalWavefronts() +
                     plan.load.getTotalWavefronts() +
                     (staysInWarp ? kWarpRoundCost : kBlockRoundCost);
  return perRound * plan.sourceRegisters.size();
}

static std::optional<SharedConversionPlan>
planShared(const Layout &source, const Layout &destination,
           unsigned elementBitWidth, const TargetInfo &target,
           int64_t maxScratchInBytes) {
  SmallVector<TileDigit> rounds =
      chooseRounds(source, destination, elementBitWidth, maxScratchInBytes);
  RoundLayout from = RoundRemover(source, rounds).run();
  RoundLayout to = RoundRemover(destination, rounds).run();
  SharedConversionPlan plan;
  SharedAccessOptions storeOptions =
      SharedAccessOptions::forStore(target, source);
  SharedAccessOptions loadOptions = SharedAccessOptions::forLoad(target);
  plan.scratch = computeSwizzle(from.layout, to.layout, elementBitWidth,
                                storeOptions, loadOptions);
  plan.scratchInBytes =
      plan.scratch.getSize(HardwareDim::Offset) * elementBitWidth / 8;
  std::optional<SharedAccessPlan> store = planSharedAccess(
      from.layout, plan.scratch, elementBitWidth, storeOptions);
  std::optional<SharedAccessPlan> load =
      planSharedAccess(to.layout, plan.scratch, elementBitWidth, loadOptions);
  if (!store || !load)
    return std::nullopt;
  plan.store = std::move(*store);
  plan.load = std::move(*load);
  plan.sourceRegisters = std::move(from.registers);
  plan.destinationRegisters = std::move(to.registers);
  return plan;
}

//===----------------------------------------------------------------------===//
// The general route
//===----------------------------------------------------------------------===//

/// The most trips to the banks that some of the registers of `layout` need
/// under these strides.
static unsigned countGeneralWavefronts(const Layout &layout,
                                       ArrayRef<int64_t> strides,
                                       unsigned elementBitWidth,
                                       unsigned numBanks) {
  constexpr int64_t kMaxNumSamples = 4;
  int64_t elementSize = elementBitWidth / 8;
  unsigned most = 0;
  int64_t numRegisters = layout.getNumRegisters();
  for (int64_t r = 0; r < std::min(numRegisters, kMaxNumSamples); ++r) {
    SmallVector<int64_t> addresses;
    for (int64_t lane = 0, e = layout.getNumLanes(); lane < e; ++lane) {
      int64_t offset = 0;
      for (auto [coordinate, stride] :
           zip_equal(layout.apply(r, lane), strides))
        offset += coordinate * stride;
      addresses.push_back(offset * elementSize);
    }
    most = std::max(most, countWavefronts(addresses, elementSize, numBanks));
  }
  return most;
}

/// Tries a few paddings of the rows, and takes that with the fewest conflicts.
static GeneralConversionPlan planGeneral(const Layout &source,
                                         const Layout &destination,
                                         unsigned elementBitWidth,
                                         const TargetInfo &target) {
  unsigned rank = source.getRank();
  SmallVector<int64_t> extents = source.getExtents();
  for (auto [extent, other] : zip_equal(extents, destination.getExtents()))
    extent = std::max(extent, other);
  std::optional<GeneralConversionPlan> best;
  for (int64_t paddingInBytes : {0, 4, 8, 16}) {
    int64_t padding = paddingInBytes * 8 / elementBitWidth;
    GeneralConversionPlan plan;
    plan.strides.resize(rank);
    int64_t size = 1;
    for (unsigned dim = rank; dim-- > 0;) {
      plan.strides[dim] = size;
      size *= extents[dim];
      if (dim + 1 == rank)
        size += padding;
    }
    plan.scratchInBytes = size * elementBitWidth / 8;
    plan.storeWavefronts = countGeneralWavefronts(
        source, plan.strides, elementBitWidth, target.getNumBanks());
    plan.loadWavefronts = countGeneralWavefronts(
        destination, plan.strides, elementBitWidth, target.getNumBanks());
    auto getTrips = [](const GeneralConversionPlan &candidate) {
      return candidate.storeWavefronts + candidate.loadWavefronts;
    };
    if (!best || getTrips(plan) < getTrips(*best))
      best = std::move(plan);
  }
  return *best;
}

static std::optional<ConversionPlan>
planGeneralConversion(const Layout &source, const Layout &destination,
                      unsigned elementBitWidth, const TargetInfo &target) {
  if (source.getNumBlocks() != 1 || destination.getNumBlocks() != 1)
    return std::nullopt;
  ConversionPlan plan;
  plan.kind = ConversionPlan::Kind::General;
  plan.staysInWarp = false;
  plan.general = planGeneral(source, destination, elementBitWidth, target);
  plan.cost = kBlockRoundCost +
              source.getNumRegisters() * plan.general.storeWavefronts +
              destination.getNumRegisters() * plan.general.loadWavefronts;
  return plan;
}

//===----------------------------------------------------------------------===//
// The ladder
//===----------------------------------------------------------------------===//

std::optional<ConversionPlan>
mlir::tk::planConversion(const Layout &source, const Layout &destination,
                         unsigned elementBitWidth, const TargetInfo &target,
                         int64_t maxScratchInBytes) {
  assert(source.getRank() == destination.getRank() && "equal ranks");
  assert(source.getNumThreads() == destination.getNumThreads() &&
         source.getNumLanes() == destination.getNumLanes() &&
         "equal numbers of threads");
  Layout from = source, to = destination;
  if (!makeCommensurable(from, to))
    return planGeneralConversion(source, destination, elementBitWidth, target);
  Layout map = invertAndCompose(from, to);
  if (!isIdentityOn(map, HardwareDim::Block))
    return std::nullopt;

  ConversionPlan plan;
  if (std::optional<SmallVector<unsigned>> registers = planPermutation(map)) {
    plan.registers = std::move(*registers);
    bool isSame = from.getNumRegisters() == to.getNumRegisters() &&
                  all_of(enumerate(plan.registers),
                         [](auto it) { return it.value() == it.index(); });
    plan.kind = isSame ? ConversionPlan::Kind::Nothing
                       : ConversionPlan::Kind::RegisterPermute;
    return plan;
  }
  plan.staysInWarp = isIdentityOn(map, HardwareDim::Warp) &&
                     from.getFreeDigits(HardwareDim::Warp) == 0;
  std::optional<ShufflePlan> shuffle = planShuffle(from, to, elementBitWidth);
  std::optional<SharedConversionPlan> shared =
      planShared(from, to, elementBitWidth, target, maxScratchInBytes);
  if (shared) {
    plan.kind = ConversionPlan::Kind::Shared;
    plan.cost = getCost(*shared, plan.staysInWarp);
    plan.shared = std::move(*shared);
  }
  if (shuffle) {
    int64_t cost = getCost(*shuffle, elementBitWidth);
    if (!shared || cost <= plan.cost) {
      plan.kind = ConversionPlan::Kind::Shuffle;
      plan.cost = cost;
      plan.shuffle = std::move(*shuffle);
      plan.shared = {};
    }
  } else if (!shared) {
    return planGeneralConversion(source, destination, elementBitWidth, target);
  }
  return plan;
}

int64_t mlir::tk::estimateConversionCost(const Layout &source,
                                         const Layout &destination,
                                         unsigned elementBitWidth) {
  Layout from = source, to = destination;
  int64_t numWords =
      divideCeil((source.getNumRegisters() + destination.getNumRegisters()) *
                     elementBitWidth,
                 32);
  // The general route moves single elements, with conflicts.
  constexpr int64_t kGeneralFactor = 4;
  if (!makeCommensurable(from, to))
    return kBlockRoundCost + kGeneralFactor * numWords;
  Layout map = invertAndCompose(from, to);
  if (planPermutation(map))
    return 0;
  if (!isIdentityOn(map, HardwareDim::Warp))
    return kBlockRoundCost + numWords;
  // Half of the words by shuffles, with as many selects.
  return std::min(numWords / 2 + numWords / kSelectsPerTrip,
                  kWarpRoundCost + numWords);
}
