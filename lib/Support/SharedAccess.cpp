//===- SharedAccess.cpp - instructions between registers and shared memory ===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/SharedAccess.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>

using namespace llvm;
using namespace mlir::tk;

/// Shared memory has banks of 4 bytes (CUDA C++ Programming Guide, "Shared
/// Memory"); so has LDS.
static constexpr unsigned kBankWidthInBytes = 4;
/// ldmatrix and stmatrix: eight rows of 16 bytes.
static constexpr unsigned kMatrixRowInBytes = 16;

SharedAccessOptions SharedAccessOptions::forLoad(const TargetInfo &target) {
  return {target.has(Capability::Ldmatrix), target.getMaxVectorBits(),
          target.getNumBanks()};
}

SharedAccessOptions SharedAccessOptions::forStore(const TargetInfo &target) {
  return {target.has(Capability::Stmatrix), target.getMaxVectorBits(),
          target.getNumBanks()};
}

unsigned mlir::tk::countWavefronts(ArrayRef<int64_t> addresses,
                                   unsigned sizeInBytes, unsigned numBanks) {
  unsigned lanesPerGroup =
      numBanks * kBankWidthInBytes / std::max(sizeInBytes, kBankWidthInBytes);
  unsigned numWavefronts = 0;
  while (!addresses.empty()) {
    ArrayRef<int64_t> group =
        addresses.take_front(std::min<size_t>(lanesPerGroup, addresses.size()));
    addresses = addresses.drop_front(group.size());
    SmallVector<int64_t, 32> words;
    for (int64_t address : group)
      for (int64_t word = address / kBankWidthInBytes,
                   last = (address + sizeInBytes - 1) / kBankWidthInBytes;
           word <= last; ++word)
        words.push_back(word);
    sort(words);
    words.erase(llvm::unique(words), words.end());
    SmallVector<unsigned, 64> wordsInBank(numBanks, 0);
    for (int64_t word : words)
      ++wordsInBank[word % numBanks];
    numWavefronts += *max_element(wordsInBank);
  }
  return numWavefronts;
}

namespace {
/// Plans one instruction kind for a map from (register, lane, warp) to offset.
class AccessPlanner {
public:
  AccessPlanner(const Layout &registers, const Layout &map,
                unsigned elementBitWidth, const SharedAccessOptions &options)
      : map(map), elementBitWidth(elementBitWidth), options(options),
        freeRegisters(registers.getFreeDigits(HardwareDim::Register)) {}

  std::optional<SharedAccessPlan> planVector();
  std::optional<SharedAccessPlan> planMatrix();
  std::optional<SharedAccessPlan> planTransposedMatrix();

private:
  ArrayRef<HardwareDigit> getRegisters() const {
    return map.getDigits(HardwareDim::Register);
  }
  ArrayRef<HardwareDigit> getLanes() const {
    return map.getDigits(HardwareDim::Lane);
  }
  bool isOwnedBy(unsigned offsetBit, HardwareDim dim, unsigned digit) const;
  bool canSelect(unsigned registerDigit) const;
  SmallVector<unsigned> chooseMatrixDigits(ArrayRef<unsigned> packed) const;
  std::optional<SharedAccessPlan> buildMatrix(SharedInstruction instruction,
                                              ArrayRef<unsigned> packed,
                                              ArrayRef<uint64_t> rowBases);
  bool addAccesses(SharedAccessPlan &plan, ArrayRef<unsigned> digits) const;
  bool splitOffset(const TilePoint &point, uint64_t threadBits,
                   SharedAccessPlan::Access &access) const;
  void addCopies(SharedAccessPlan &plan) const;
  void addWarps(Layout &address) const;
  void countBankTrips(SharedAccessPlan &plan) const;
  unsigned getElementSize() const { return elementBitWidth / 8; }

  const Layout &map;
  unsigned elementBitWidth;
  const SharedAccessOptions &options;
  uint64_t freeRegisters;
};
} // namespace

/// True if this digit sets the offset bit (of weight 2^offsetBit) and no
/// other, and nobody else touches it.
bool AccessPlanner::isOwnedBy(unsigned offsetBit, HardwareDim dim,
                              unsigned digit) const {
  const DigitShape &shape = map.getShape();
  if (offsetBit >= shape.getNumBits() ||
      shape.getBitWeight(offsetBit) != int64_t(1) << offsetBit)
    return false;
  for (HardwareDim other : kHardwareDims)
    for (auto [i, candidate] : enumerate(map.getDigits(other))) {
      bool touches = candidate.bits >> offsetBit & 1;
      bool isOwner = other == dim && i == digit;
      if (isOwner && candidate.bits != uint64_t(1) << offsetBit)
        return false;
      if (touches && !isOwner)
        return false;
    }
  return digit < map.getDigits(dim).size();
}

/// True if a matrix instruction may let this register digit choose among rows.
bool AccessPlanner::canSelect(unsigned registerDigit) const {
  return getRegisters()[registerDigit].radix == 2 &&
         !(freeRegisters >> registerDigit & 1);
}

/// Divides the register part of an address into what is exclusive-ored with
/// the address of the thread, and what is added.
bool AccessPlanner::splitOffset(const TilePoint &point, uint64_t threadBits,
                                SharedAccessPlan::Access &access) const {
  const DigitShape &shape = map.getShape();
  uint64_t shared = point.bits & threadBits;
  for (uint64_t todo = shared; todo; todo &= todo - 1) {
    unsigned bit = countr_zero(todo);
    // Above an odd digit, bits of the number are not bits of the digit list.
    if (shape.getBitWeight(bit) != int64_t(1) << bit)
      return false;
  }
  access.xorOffset = shared;
  TilePoint rest = point;
  rest.bits &= ~shared;
  access.addOffset = shape.getCoordinates(rest).front();
  return true;
}

/// Enumerates the accesses of an instruction that moves the register digits
/// `digits`, the first varying fastest.
bool AccessPlanner::addAccesses(SharedAccessPlan &plan,
                                ArrayRef<unsigned> digits) const {
  uint64_t threadBits = 0;
  for (HardwareDim dim : {HardwareDim::Lane, HardwareDim::Warp})
    for (const HardwareDigit &digit : plan.address.getDigits(dim))
      threadBits |= digit.bits;

  SmallVector<int64_t> weights;
  int64_t weight = 1;
  for (const HardwareDigit &digit : getRegisters()) {
    weights.push_back(weight);
    weight *= digit.radix;
  }
  for (int64_t r = 0; r < weight; ++r) {
    auto isZero = [&](unsigned digit) {
      return r / weights[digit] % getRegisters()[digit].radix == 0;
    };
    bool isRepeated = false;
    for (unsigned digit = 0; digit < weights.size(); ++digit)
      isRepeated |= (freeRegisters >> digit & 1) && !isZero(digit);
    if (isRepeated || !all_of(digits, isZero))
      continue;
    SharedAccessPlan::Access access;
    if (!splitOffset(map.getPoint(HardwareDim::Register, r), threadBits,
                     access))
      return false;
    for (unsigned i = 0; i < 1u << digits.size(); ++i) {
      int64_t member = r;
      for (auto [position, digit] : enumerate(digits))
        member += (i >> position & 1) * weights[digit];
      access.registers.push_back(member);
    }
    plan.accesses.push_back(std::move(access));
  }
  addCopies(plan);
  return true;
}

void AccessPlanner::addCopies(SharedAccessPlan &plan) const {
  if (!freeRegisters)
    return;
  DenseMap<int64_t, unsigned> loaded;
  auto getOffset = [&](int64_t r) {
    return map.getShape()
        .getCoordinates(map.getPoint(HardwareDim::Register, r))
        .front();
  };
  BitVector isLoaded(map.getNumRegisters());
  for (const SharedAccessPlan::Access &access : plan.accesses)
    for (unsigned r : access.registers) {
      isLoaded.set(r);
      loaded[getOffset(r)] = r;
    }
  for (unsigned r = 0; r < isLoaded.size(); ++r)
    if (!isLoaded[r])
      plan.copies.push_back({r, loaded.at(getOffset(r))});
}

void AccessPlanner::addWarps(Layout &address) const {
  for (const HardwareDigit &digit : map.getDigits(HardwareDim::Warp))
    address.add(HardwareDim::Warp, digit);
}

void AccessPlanner::countBankTrips(SharedAccessPlan &plan) const {
  SmallVector<int64_t> addresses;
  bool isVector = plan.instruction == SharedInstruction::Vector;
  int64_t numLanes =
      isVector ? plan.address.getNumLanes() : 8 * plan.numMatrices;
  for (int64_t lane = 0; lane < numLanes; ++lane)
    addresses.push_back(plan.address.apply(0, lane).front() * getElementSize());
  unsigned sizeInBytes =
      isVector ? plan.vectorSize * getElementSize() : kMatrixRowInBytes;
  plan.wavefronts = countWavefronts(addresses, sizeInBytes, options.numBanks);
  plan.idealWavefronts =
      divideCeil(numLanes * std::max(sizeInBytes, kBankWidthInBytes),
                 options.numBanks * kBankWidthInBytes);
}

std::optional<SharedAccessPlan> AccessPlanner::planVector() {
  unsigned maxSize = std::max(1u, options.maxVectorBits / elementBitWidth);
  SmallVector<unsigned> digits = map.getContiguousDigits(/*tileDim=*/0);
  digits.resize(std::min<size_t>(digits.size(), Log2_32(maxSize)));

  SharedAccessPlan plan;
  plan.vectorSize = 1u << digits.size();
  plan.address = Layout(map.getShape());
  for (const HardwareDigit &digit : getLanes())
    plan.address.add(HardwareDim::Lane, digit);
  addWarps(plan.address);
  if (!addAccesses(plan, digits))
    return std::nullopt;
  countBankTrips(plan);
  return plan;
}

/// Up to two register digits that count the matrices of one instruction.
SmallVector<unsigned>
AccessPlanner::chooseMatrixDigits(ArrayRef<unsigned> packed) const {
  SmallVector<unsigned> result;
  for (unsigned digit = 0; digit < getRegisters().size(); ++digit)
    if (result.size() < 2 && canSelect(digit) && !is_contained(packed, digit))
      result.push_back(digit);
  return result;
}

/// `rowBases`: what the three bits of a row number add to the offset.
std::optional<SharedAccessPlan>
AccessPlanner::buildMatrix(SharedInstruction instruction,
                           ArrayRef<unsigned> packed,
                           ArrayRef<uint64_t> rowBases) {
  SmallVector<unsigned> matrices = chooseMatrixDigits(packed);
  SharedAccessPlan plan;
  plan.instruction = instruction;
  plan.numMatrices = 1u << matrices.size();
  plan.vectorSize = 1u << (packed.size() + matrices.size());
  plan.address = Layout(map.getShape());
  // Lane 8 m + i points at row i of matrix m; lanes beyond the last matrix
  // repeat, so that their addresses are valid.
  for (uint64_t base : rowBases)
    plan.address.addBit(HardwareDim::Lane, base);
  for (unsigned digit : matrices)
    plan.address.addBit(HardwareDim::Lane, getRegisters()[digit].bits);
  while (plan.address.getDigits(HardwareDim::Lane).size() < 5)
    plan.address.addBit(HardwareDim::Lane, 0);
  addWarps(plan.address);

  SmallVector<unsigned> digits(packed);
  append_range(digits, matrices);
  if (!addAccesses(plan, digits))
    return std::nullopt;
  countBankTrips(plan);
  return plan;
}

/// A lane of a matrix gets 32 bits; the lanes of a row follow one another:
/// offset = element in the word | lane bits 0, 1; row = lane bits 2, 3, 4.
std::optional<SharedAccessPlan> AccessPlanner::planMatrix() {
  bool isLegalWidth =
      elementBitWidth == 8 || elementBitWidth == 16 || elementBitWidth == 32;
  if (!options.hasMatrix || !isLegalWidth || getLanes().size() != 5)
    return std::nullopt;
  unsigned numPacked = Log2_32(32 / elementBitWidth);
  SmallVector<unsigned> packed = map.getContiguousDigits(/*tileDim=*/0);
  if (packed.size() < numPacked ||
      !isOwnedBy(numPacked, HardwareDim::Lane, 0) ||
      !isOwnedBy(numPacked + 1, HardwareDim::Lane, 1))
    return std::nullopt;
  packed.resize(numPacked);
  return buildMatrix(
      SharedInstruction::Matrix, packed,
      {getLanes()[2].bits, getLanes()[3].bits, getLanes()[4].bits});
}

/// Transposed, a row of eight 16-bit elements goes to lane bits 2, 3, 4; the
/// row number is the half of the word and lane bits 0, 1.
std::optional<SharedAccessPlan> AccessPlanner::planTransposedMatrix() {
  if (!options.hasMatrix || elementBitWidth != 16 || getLanes().size() != 5)
    return std::nullopt;
  for (unsigned i = 0; i < 3; ++i)
    if (!isOwnedBy(i, HardwareDim::Lane, 2 + i))
      return std::nullopt;
  std::optional<SharedAccessPlan> best;
  for (unsigned half = 0; half < getRegisters().size(); ++half) {
    if (!canSelect(half))
      continue;
    std::optional<SharedAccessPlan> plan = buildMatrix(
        SharedInstruction::TransposedMatrix, {half},
        {getRegisters()[half].bits, getLanes()[0].bits, getLanes()[1].bits});
    if (plan && (!best || plan->wavefronts < best->wavefronts))
      best = std::move(plan);
  }
  return best;
}

/// The map from (register, lane, warp) to offset.
static Layout getOffsetMap(const Layout &registers, const Layout &shared) {
  if (!shared.getDigits(HardwareDim::Offset).empty())
    return invertAndCompose(shared, registers);
  // A memory of one element: every register holds that one.
  Layout map{DigitShape(SmallVector<SmallVector<unsigned>>(1))};
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : registers.getDigits(dim))
      map.add(dim, {digit.radix, 0, std::nullopt});
  return map;
}

std::optional<SharedAccessPlan>
mlir::tk::planSharedAccess(const Layout &registers, const Layout &shared,
                           unsigned elementBitWidth,
                           const SharedAccessOptions &options) {
  assert(elementBitWidth >= 8 && "smaller elements are packed before");
  Layout threads = registers, memory = shared;
  if (!makeCommensurable(threads, memory))
    return std::nullopt;
  Layout map = getOffsetMap(threads, memory);
  bool crossesBlocks =
      any_of(map.getDigits(HardwareDim::Block), [](const HardwareDigit &digit) {
        return digit.bits != 0 || digit.odd;
      });
  if (crossesBlocks)
    return std::nullopt;

  AccessPlanner planner(threads, map, elementBitWidth, options);
  std::optional<SharedAccessPlan> best;
  for (std::optional<SharedAccessPlan> plan :
       {planner.planVector(), planner.planMatrix(),
        planner.planTransposedMatrix()}) {
    auto getCost = [](const SharedAccessPlan &candidate) {
      return std::pair(candidate.getTotalWavefronts(),
                       candidate.accesses.size());
    };
    if (plan && (!best || getCost(*plan) < getCost(*best)))
      best = std::move(plan);
  }
  return best;
}
