//===- ShufflePlan.cpp - exchanging registers inside warps ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Let C be the place in the source of the element at a place (r, l) of the
// destination. Both parts of C are linear over the radix-2 digits:
//
//   register(r, l) = Rr * r + Rl * l        lane(r, l) = Lr * r + Ll * l
//
// In round i, lane l receives its register r = i + phi * l, for a linear phi.
// It reads from lane Lr * i + A * l with A = Ll + Lr * phi. Two lanes that read
// from one lane must want the same register of it: phi is chosen so that A is
// zero only where the register wanted does not change. There are as many
// rounds as registers, and every lane gets something useful in each.
//
// Transposition of 2 registers and 2 lanes: C swaps r and l, so Ll = 0 and both
// lanes read from lane r, but want different registers. phi = 1 makes lane 1
// receive register 1 in round 0: round 0 moves nothing, round 1 exchanges.
//
//===----------------------------------------------------------------------===//

#include "F2Span.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/LayoutConversion.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>
#include <map>

using namespace llvm;
using namespace mlir::tk;

unsigned LaneSelect::get(uint64_t lane) const {
  unsigned index = 0;
  for (auto [j, mask] : enumerate(laneMasks))
    index |= (popcount(lane & mask) & 1) << j;
  return choices[index];
}

bool ShufflePlan::isButterfly() const {
  return all_of(enumerate(laneMap), [](auto it) {
    return it.value() == uint64_t(1) << it.index();
  });
}

uint64_t ShufflePlan::getSourceLane(const Round &round, uint64_t lane) const {
  uint64_t source = round.laneXor;
  for (auto [bit, mask] : enumerate(laneMap))
    if (lane >> bit & 1)
      source ^= mask;
  return source;
}

unsigned ShufflePlan::getNumShuffles() const {
  if (!isButterfly())
    return rounds.size();
  return count_if(rounds, [](const Round &round) { return round.laneXor; });
}

namespace {
/// A linear map from lanes, one vector per lane bit.
using LaneMap = SmallVector<uint64_t, 6>;

/// A linear map from lanes split into a basis of what it reaches and, for each
/// basis vector, the lanes (by parity) that have it.
struct FactoredMap {
  SmallVector<uint64_t, 2> basis;
  SmallVector<uint64_t, 2> laneMasks;

  explicit FactoredMap(const LaneMap &map);
  /// Combination number `index` of the basis.
  uint64_t combine(unsigned index) const;
  uint64_t getUnion() const;
};

/// The register index as digits: flipping a digit of radix 2.
class RegisterIndex {
public:
  explicit RegisterIndex(ArrayRef<HardwareDigit> digits);
  unsigned flip(unsigned index, uint64_t bitMask) const;

private:
  /// The weight of each radix-2 digit.
  SmallVector<unsigned> weights;
};

class ShufflePlanner {
public:
  ShufflePlanner(const Layout &source, const Layout &destination,
                 unsigned elementBitWidth);
  std::optional<ShufflePlan> plan();

private:
  bool staysInWarp() const;
  void readMap();
  bool choosePhi();
  void invertLaneMap();
  void choosePackedDigits(ArrayRef<unsigned> candidates);
  void addRound(unsigned r);
  LaneSelect selectSent(unsigned r) const;
  LaneSelect selectReceived(unsigned r) const;

  const Layout &destination;
  unsigned elementBitWidth;
  Layout map;
  RegisterIndex sourceIndex, destinationIndex;

  /// By radix-2 digit of a destination register, and by lane bit: the source
  /// register bits (numbered from 0) and lane bits of its place.
  LaneMap registerOfRegister, laneOfRegister;
  LaneMap registerOfLane, laneOfLane;
  /// Destination register bits by lane bit.
  LaneMap phi;
  /// A, and the registers wanted through it.
  LaneMap laneMap, wanted;
  /// The source register bits that a sending lane adds: `wanted` seen from the
  /// other side.
  LaneMap sending;
  /// Radix-2 digits of destination registers that travel together.
  SmallVector<unsigned> packed;

  ShufflePlan result;
  /// Round number by (source register of lane 0, lane offset).
  std::map<std::pair<unsigned, uint64_t>, unsigned> rounds;
};
} // namespace

FactoredMap::FactoredMap(const LaneMap &map) {
  F2Span span;
  for (uint64_t vector : map)
    if (span.add(vector))
      basis.push_back(vector);
  laneMasks.resize(basis.size());
  for (auto [bit, vector] : enumerate(map))
    for (uint64_t todo = span.express(vector); todo; todo &= todo - 1)
      laneMasks[countr_zero(todo)] |= uint64_t(1) << bit;
}

uint64_t FactoredMap::combine(unsigned index) const {
  uint64_t sum = 0;
  for (auto [j, vector] : enumerate(basis))
    if (index >> j & 1)
      sum ^= vector;
  return sum;
}

uint64_t FactoredMap::getUnion() const {
  uint64_t all = 0;
  for (uint64_t vector : basis)
    all |= vector;
  return all;
}

RegisterIndex::RegisterIndex(ArrayRef<HardwareDigit> digits) {
  unsigned weight = 1;
  for (const HardwareDigit &digit : digits) {
    if (digit.radix == 2)
      weights.push_back(weight);
    weight *= digit.radix;
  }
}

unsigned RegisterIndex::flip(unsigned index, uint64_t bitMask) const {
  for (uint64_t todo = bitMask; todo; todo &= todo - 1) {
    unsigned weight = weights[countr_zero(todo)];
    index = index / weight % 2 ? index - weight : index + weight;
  }
  return index;
}

ShufflePlanner::ShufflePlanner(const Layout &source, const Layout &destination,
                               unsigned elementBitWidth)
    : destination(destination), elementBitWidth(elementBitWidth),
      map(invertAndCompose(source, destination)),
      sourceIndex(source.getDigits(HardwareDim::Register)),
      destinationIndex(destination.getDigits(HardwareDim::Register)) {}

bool ShufflePlanner::staysInWarp() const {
  return isIdentityOn(map, HardwareDim::Warp) &&
         isIdentityOn(map, HardwareDim::Block);
}

void ShufflePlanner::readMap() {
  const DigitShape &places = map.getShape();
  auto read = [&](HardwareDim dim, LaneMap &registers, LaneMap &lanes) {
    for (const HardwareDigit &digit : map.getDigits(dim)) {
      if (digit.radix != 2)
        continue;
      auto extract = [&](HardwareDim part) {
        unsigned placeDim = getPlaceDim(part);
        return (digit.bits & places.getBitMask(placeDim)) >>
               places.getFirstBit(placeDim);
      };
      registers.push_back(extract(HardwareDim::Register));
      lanes.push_back(extract(HardwareDim::Lane));
    }
  };
  read(HardwareDim::Register, registerOfRegister, laneOfRegister);
  read(HardwareDim::Lane, registerOfLane, laneOfLane);
}

/// Applies a map given by its values on bits.
static uint64_t applyMap(const LaneMap &map, uint64_t bits) {
  uint64_t sum = 0;
  for (uint64_t todo = bits; todo; todo &= todo - 1)
    sum ^= map[countr_zero(todo)];
  return sum;
}

/// Chooses phi. Lane bits with source lanes of their own receive in order; any
/// other bit either wants what follows from theirs (a copy), or receives
/// another register at first, one that comes from a lane not yet read.
bool ShufflePlanner::choosePhi() {
  unsigned numBits = laneOfLane.size();
  phi.assign(numBits, 0);
  F2Span readLanes;
  // The register wanted from each independent lane read so far.
  SmallVector<uint64_t> wantedOfRead;
  SmallVector<unsigned> dependentBits;
  for (unsigned bit = 0; bit < numBits; ++bit) {
    if (readLanes.add(laneOfLane[bit]))
      wantedOfRead.push_back(registerOfLane[bit]);
    else
      dependentBits.push_back(bit);
  }
  for (unsigned bit : dependentBits) {
    uint64_t expected = 0;
    for (uint64_t todo = readLanes.express(laneOfLane[bit]); todo;
         todo &= todo - 1)
      expected ^= wantedOfRead[countr_zero(todo)];
    if (registerOfLane[bit] == expected)
      continue;
    const uint64_t *fresh = find_if(laneOfRegister, [&](uint64_t offset) {
      return !readLanes.contains(laneOfLane[bit] ^ offset);
    });
    if (fresh == laneOfRegister.end())
      return false;
    unsigned digit = fresh - laneOfRegister.begin();
    phi[bit] = uint64_t(1) << digit;
    readLanes.add(laneOfLane[bit] ^ *fresh);
    wantedOfRead.push_back(registerOfLane[bit] ^ registerOfRegister[digit]);
  }
  for (unsigned bit = 0; bit < numBits; ++bit) {
    laneMap.push_back(laneOfLane[bit] ^ applyMap(laneOfRegister, phi[bit]));
    wanted.push_back(registerOfLane[bit] ^
                     applyMap(registerOfRegister, phi[bit]));
  }
  return true;
}

/// Finds `sending` with sending(laneMap(l)) = wanted(l). Lanes that nobody
/// reads from send what is convenient.
void ShufflePlanner::invertLaneMap() {
  F2Span span;
  SmallVector<uint64_t> images;
  for (auto [bit, lane] : enumerate(laneMap))
    if (span.add(lane))
      images.push_back(wanted[bit]);
  unsigned numBits = laneMap.size();
  for (unsigned bit = 0; bit < numBits; ++bit)
    if (span.add(uint64_t(1) << bit))
      images.push_back(0);
  for (unsigned bit = 0; bit < numBits; ++bit)
    sending.push_back(applyMap(LaneMap(images.begin(), images.end()),
                               span.express(uint64_t(1) << bit)));
}

/// Registers narrower than a word travel together along digits that stay
/// digits of the register and that no lane chooses by.
void ShufflePlanner::choosePackedDigits(ArrayRef<unsigned> candidates) {
  uint64_t chosenBySender = FactoredMap(sending).getUnion();
  uint64_t chosenByReceiver = FactoredMap(phi).getUnion();
  unsigned numWanted = elementBitWidth < 32 ? Log2_32(32 / elementBitWidth) : 0;
  for (unsigned digit : candidates) {
    uint64_t image = registerOfRegister[digit];
    bool isInert = laneOfRegister[digit] == 0 && image != 0 &&
                   (image & chosenBySender) == 0 &&
                   !(chosenByReceiver >> digit & 1);
    if (isInert && packed.size() < numWanted)
      packed.push_back(digit);
  }
  result.packSize = 1u << packed.size();
}

/// The source register that a lane sends so that lane 0 of the receivers (and
/// all others, by their own choice) gets destination register `r` in a round.
LaneSelect ShufflePlanner::selectSent(unsigned r) const {
  FactoredMap factored(sending);
  const DigitShape &places = map.getShape();
  TilePoint place = map.getPoint(HardwareDim::Register, r);
  SmallVector<int64_t> coordinates = places.getCoordinates(place);
  uint64_t laneXor = coordinates[getPlaceDim(HardwareDim::Lane)];
  unsigned base = coordinates[getPlaceDim(HardwareDim::Register)];
  base = sourceIndex.flip(base, applyMap(sending, laneXor));
  LaneSelect select;
  select.laneMasks.assign(factored.laneMasks.begin(), factored.laneMasks.end());
  for (unsigned i = 0; i < 1u << factored.basis.size(); ++i)
    select.choices.push_back(sourceIndex.flip(base, factored.combine(i)));
  return select;
}

/// Finds or adds the round in which lane 0 receives register `r`.
void ShufflePlanner::addRound(unsigned r) {
  ShufflePlan::Round round;
  SmallVector<int64_t> place =
      map.getShape().getCoordinates(map.getPoint(HardwareDim::Register, r));
  round.laneXor = place[getPlaceDim(HardwareDim::Lane)];
  for (unsigned i = 0; i < result.packSize; ++i) {
    uint64_t member = 0;
    for (auto [position, digit] : enumerate(packed))
      if (i >> position & 1)
        member |= uint64_t(1) << digit;
    round.sent.push_back(selectSent(destinationIndex.flip(r, member)));
  }
  auto key = std::pair(round.sent.front().choices.front(), round.laneXor);
  if (rounds.try_emplace(key, result.rounds.size()).second)
    result.rounds.push_back(std::move(round));
}

/// Lane l has its register r from the round in which lane 0 receives register
/// r + phi * l.
LaneSelect ShufflePlanner::selectReceived(unsigned r) const {
  FactoredMap factored(phi);
  LaneSelect select;
  select.laneMasks.assign(factored.laneMasks.begin(), factored.laneMasks.end());
  for (unsigned i = 0; i < 1u << factored.basis.size(); ++i) {
    unsigned first = destinationIndex.flip(r, factored.combine(i));
    // Its place in the pack, and the register at the head of the pack.
    unsigned element = 0;
    for (auto [position, digit] : enumerate(packed)) {
      unsigned cleared = destinationIndex.flip(first, uint64_t(1) << digit);
      if (cleared > first)
        continue;
      element |= 1u << position;
      first = cleared;
    }
    LaneSelect sent = selectSent(first);
    SmallVector<int64_t> place = map.getShape().getCoordinates(
        map.getPoint(HardwareDim::Register, first));
    uint64_t laneXor = place[getPlaceDim(HardwareDim::Lane)];
    unsigned round = rounds.at({sent.choices.front(), laneXor});
    select.choices.push_back(round * result.packSize + element);
  }
  return select;
}

std::optional<ShufflePlan> ShufflePlanner::plan() {
  if (!staysInWarp())
    return std::nullopt;
  readMap();
  if (!choosePhi())
    return std::nullopt;
  invertLaneMap();
  choosePackedDigits(to_vector(
      seq<unsigned>(0, static_cast<unsigned>(registerOfRegister.size()))));
  unsigned numRegisters = destination.getNumRegisters();
  for (unsigned r = 0; r < numRegisters; ++r) {
    bool isHead = all_of(packed, [&](unsigned digit) {
      return destinationIndex.flip(r, uint64_t(1) << digit) > r;
    });
    if (isHead)
      addRound(r);
  }
  for (unsigned r = 0; r < numRegisters; ++r)
    result.received.push_back(selectReceived(r));
  result.laneMap.assign(laneMap.begin(), laneMap.end());
  return std::move(result);
}

std::optional<ShufflePlan> mlir::tk::planShuffle(const Layout &source,
                                                 const Layout &destination,
                                                 unsigned elementBitWidth) {
  Layout from = source, to = destination;
  if (!makeCommensurable(from, to))
    return std::nullopt;
  return ShufflePlanner(from, to, elementBitWidth).plan();
}
