//===- SharedAccess.cpp - instructions between registers and shared memory ===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/SharedAccess.h"
#include "DigitNumbers.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
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

SharedAccessOptions SharedAccessOptions::forStore(const TargetInfo &target,
                                                  const Layout &registers) {
  bool hasMatrix = target.has(Capability::Stmatrix) &&
                   registers.getFreeDigits(HardwareDim::Lane) == 0;
  return {hasMatrix, target.getMaxVectorBits(), target.getNumBanks()};
}

SharedAccessOptions
SharedAccessOptions::forAsyncCopy(const TargetInfo &target) {
  return {/*hasMatrix=*/false, target.getMaxVectorBits(), target.getNumBanks()};
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
/// Where the registers of a tile lie in shared memory. Registers are divided
/// into blocks: inside a block, offsets follow from the linear map `offsets`;
/// blocks are at constant offsets from the first.
struct OffsetMap {
  /// From (register of the first block, lane, warp) to offset.
  Layout offsets;
  /// Digits of `offsets` along which elements repeat.
  uint64_t freeRegisters = 0;
  /// The registers of the first block, by their number in it.
  SmallVector<unsigned> registers;
  struct Block {
    unsigned firstRegister;
    TilePoint offset;
  };
  SmallVector<Block> blocks;
};

/// Plans one instruction kind.
class AccessPlanner {
public:
  AccessPlanner(const OffsetMap &offsetMap, unsigned elementBitWidth,
                const SharedAccessOptions &options)
      : offsetMap(offsetMap), map(offsetMap.offsets),
        elementBitWidth(elementBitWidth), options(options),
        freeRegisters(offsetMap.freeRegisters) {
    for (const OffsetMap::Block &block : offsetMap.blocks)
      blockBits |= block.offset.bits;
  }

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
  SmallVector<unsigned> getContiguousDigits() const;
  bool startsWithRow(unsigned numPacked, ArrayRef<unsigned> lanes) const;
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

  const OffsetMap &offsetMap;
  const Layout &map;
  unsigned elementBitWidth;
  const SharedAccessOptions &options;
  uint64_t freeRegisters;
  /// Offset bits by which blocks differ.
  uint64_t blockBits = 0;
};
} // namespace

/// The register digits that count the lowest offset bits, alone.
SmallVector<unsigned> AccessPlanner::getContiguousDigits() const {
  SmallVector<unsigned> digits = map.getContiguousDigits(/*tileDim=*/0);
  digits.resize(std::min<size_t>(digits.size(), countr_zero(blockBits)));
  return digits;
}

/// Divides the map, with its lane digits in the order `lanes`, by a row of a
/// matrix: `numPacked` register digits count the elements of a word, and the
/// first lane digits the words of the row. False if that does not go.
bool AccessPlanner::startsWithRow(unsigned numPacked,
                                  ArrayRef<unsigned> lanes) const {
  int64_t numElements = kMatrixRowInBytes / getElementSize();
  Layout row(DigitShape::get({numElements}));
  for (unsigned bit = 0; bit < Log2_64(numElements); ++bit)
    row.addBit(bit < numPacked ? HardwareDim::Register : HardwareDim::Lane,
               uint64_t(1) << bit);
  Layout ordered(map.getShape());
  for (HardwareDim dim : kHardwareDims)
    for (auto [i, digit] : enumerate(map.getDigits(dim)))
      ordered.add(dim, dim == HardwareDim::Lane ? getLanes()[lanes[i]] : digit);
  return (blockBits & (numElements - 1)) == 0 &&
         divideLeft(ordered, row).has_value();
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

/// The sum of two points that share no odd digit.
static TilePoint addPoints(TilePoint a, const TilePoint &b) {
  a.bits ^= b.bits;
  for (auto [sum, value] : zip_equal(a.odd, b.odd))
    sum += value;
  return a;
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
    TilePoint point = map.getPoint(HardwareDim::Register, r);
    for (const OffsetMap::Block &block : offsetMap.blocks) {
      SharedAccessPlan::Access access;
      if (!splitOffset(addPoints(point, block.offset), threadBits, access))
        return false;
      for (unsigned i = 0; i < 1u << digits.size(); ++i) {
        int64_t member = r;
        for (auto [position, digit] : enumerate(digits))
          member += (i >> position & 1) * weights[digit];
        access.registers.push_back(block.firstRegister +
                                   offsetMap.registers[member]);
      }
      plan.accesses.push_back(std::move(access));
    }
  }
  addCopies(plan);
  return true;
}

/// Finds, for registers that no access moves, one with the same element.
void AccessPlanner::addCopies(SharedAccessPlan &plan) const {
  if (!freeRegisters)
    return;
  auto getOffset = [&](unsigned member) {
    return map.getShape()
        .getCoordinates(map.getPoint(HardwareDim::Register, member))
        .front();
  };
  BitVector isMoved(offsetMap.registers.size() * offsetMap.blocks.size());
  for (const SharedAccessPlan::Access &access : plan.accesses)
    for (unsigned r : access.registers)
      isMoved.set(r);
  for (const OffsetMap::Block &block : offsetMap.blocks) {
    DenseMap<int64_t, unsigned> moved;
    for (auto [member, r] : enumerate(offsetMap.registers))
      if (isMoved[block.firstRegister + r])
        moved[getOffset(member)] = block.firstRegister + r;
    for (auto [member, r] : enumerate(offsetMap.registers))
      if (!isMoved[block.firstRegister + r])
        plan.copies.push_back(
            {block.firstRegister + r, moved.at(getOffset(member))});
  }
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
  SmallVector<unsigned> digits = getContiguousDigits();
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
  SmallVector<unsigned> packed = getContiguousDigits();
  if (packed.size() < numPacked || !startsWithRow(numPacked, {0, 1, 2, 3, 4}))
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
  if (!startsWithRow(/*numPacked=*/0, {2, 3, 4, 0, 1}))
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

//===----------------------------------------------------------------------===//
// Offsets
//===----------------------------------------------------------------------===//

/// The map from (register, lane, warp) to offset.
static Layout mapToOffsets(const Layout &registers, const Layout &shared) {
  if (!shared.getDigits(HardwareDim::Offset).empty())
    return invertAndCompose(shared, registers);
  // A memory of one element: every register holds that one.
  Layout map{DigitShape(SmallVector<SmallVector<unsigned>>(1))};
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : registers.getDigits(dim))
      map.add(dim, {digit.radix, 0, std::nullopt});
  return map;
}

/// How many low digits of each dimension two shapes have in common.
static SmallVector<unsigned> getCommonPrefix(const DigitShape &a,
                                             const DigitShape &b) {
  SmallVector<unsigned> sizes;
  for (unsigned dim = 0; dim < a.getRank(); ++dim) {
    ArrayRef<unsigned> digitsA = a.getDigits(dim), digitsB = b.getDigits(dim);
    unsigned size = 0;
    while (size < std::min(digitsA.size(), digitsB.size()) &&
           digitsA[size] == digitsB[size])
      ++size;
    sizes.push_back(size);
  }
  return sizes;
}

namespace {
/// Maps a tile that is a corner of a larger allocation with other digits (176
/// of 192 columns: [16, 11] in [64, 3]). Digits below the first difference are
/// those of the allocation. The digits above must belong to registers alone:
/// each of their values is a block at a constant offset.
class CornerMapper {
public:
  CornerMapper(const Layout &tile, const Layout &shared)
      : tile(tile), shared(shared),
        prefix(getCommonPrefix(tile.getShape(), shared.getShape())),
        fromNumbers(tile.getShape()), toNumbers(shared.getShape()),
        inner(shared.getShape()) {}
  std::optional<OffsetMap> run();

private:
  bool fitsInside() const;
  std::optional<HardwareDigit> keep(const HardwareDigit &digit) const;
  bool touchesPrefix(const HardwareDigit &digit) const;
  bool divideRegisters();
  bool keepThreads();
  void addBlocks();

  const Layout &tile, &shared;
  SmallVector<unsigned> prefix;
  DigitNumbers fromNumbers, toNumbers;
  /// The first block as a layout of the allocation.
  Layout inner;
  SmallVector<unsigned> firstRegisters = {0};
  OffsetMap result;
};
} // namespace

bool CornerMapper::fitsInside() const {
  return all_of(
      zip_equal(tile.getExtents(), shared.getExtents()),
      [](auto pair) { return std::get<0>(pair) <= std::get<1>(pair); });
}

/// The digit in the allocation, if it lies below the first difference.
std::optional<HardwareDigit>
CornerMapper::keep(const HardwareDigit &digit) const {
  return renumber(digit, fromNumbers, toNumbers,
                  [&](DigitNumbers::Position position)
                      -> std::optional<DigitNumbers::Position> {
                    if (position.index >= prefix[position.dim])
                      return std::nullopt;
                    return position;
                  });
}

bool CornerMapper::touchesPrefix(const HardwareDigit &digit) const {
  for (uint64_t todo = digit.bits; todo; todo &= todo - 1) {
    DigitNumbers::Position position =
        fromNumbers.getBitPosition(countr_zero(todo));
    if (position.index < prefix[position.dim])
      return true;
  }
  return false;
}

/// Sorts register digits into those inside a block and those that count blocks.
bool CornerMapper::divideRegisters() {
  result.registers = {0};
  unsigned weight = 1;
  for (const HardwareDigit &digit : tile.getDigits(HardwareDim::Register)) {
    std::optional<HardwareDigit> kept = keep(digit);
    if (!kept && touchesPrefix(digit))
      return false;
    SmallVector<unsigned> &list = kept ? result.registers : firstRegisters;
    for (unsigned value = 1, size = list.size(); value < digit.radix; ++value)
      for (unsigned i = 0; i < size; ++i)
        list.push_back(list[i] + value * weight);
    if (kept)
      inner.add(HardwareDim::Register, *kept);
    weight *= digit.radix;
  }
  return true;
}

bool CornerMapper::keepThreads() {
  for (HardwareDim dim :
       {HardwareDim::Lane, HardwareDim::Warp, HardwareDim::Block})
    for (const HardwareDigit &digit : tile.getDigits(dim)) {
      std::optional<HardwareDigit> kept = keep(digit);
      if (!kept)
        return false;
      inner.add(dim, *kept);
    }
  return true;
}

void CornerMapper::addBlocks() {
  Layout inverse = pseudoInvert(shared);
  SmallVector<int64_t> extents = shared.getExtents();
  for (unsigned first : firstRegisters) {
    SmallVector<int64_t> coordinates = tile.getShape().getCoordinates(
        tile.getPoint(HardwareDim::Register, first));
    int64_t index = 0;
    for (auto [coordinate, extent] : zip_equal(coordinates, extents))
      index = index * extent + coordinate;
    result.blocks.push_back(
        {first, inverse.getPoint(HardwareDim::Offset, index)});
  }
}

std::optional<OffsetMap> CornerMapper::run() {
  if (!fitsInside() || !divideRegisters() || !keepThreads())
    return std::nullopt;
  result.offsets = mapToOffsets(inner, shared);
  result.freeRegisters = inner.getFreeDigits(HardwareDim::Register);
  addBlocks();
  return std::move(result);
}

static std::optional<OffsetMap> getOffsetMap(const Layout &registers,
                                             const Layout &shared) {
  Layout tile = registers, memory = shared;
  if (!makeCommensurable(tile, memory))
    return CornerMapper(registers, shared).run();
  OffsetMap result;
  result.offsets = mapToOffsets(tile, memory);
  result.freeRegisters = tile.getFreeDigits(HardwareDim::Register);
  result.registers = to_vector(
      seq<unsigned>(0, static_cast<unsigned>(tile.getNumRegisters())));
  OffsetMap::Block whole = {0, {}};
  whole.offset.odd.assign(result.offsets.getShape().getNumOdd(), 0);
  result.blocks.push_back(whole);
  return result;
}

std::optional<SharedAccessPlan>
mlir::tk::planSharedAccess(const Layout &registers, const Layout &shared,
                           unsigned elementBitWidth,
                           const SharedAccessOptions &options) {
  assert(elementBitWidth >= 8 && "smaller elements are packed before");
  std::optional<OffsetMap> offsetMap = getOffsetMap(registers, shared);
  if (!offsetMap)
    return std::nullopt;
  bool crossesBlocks = any_of(
      offsetMap->offsets.getDigits(HardwareDim::Block),
      [](const HardwareDigit &digit) { return digit.bits != 0 || digit.odd; });
  if (crossesBlocks)
    return std::nullopt;

  AccessPlanner planner(*offsetMap, elementBitWidth, options);
  std::optional<SharedAccessPlan> candidates[] = {
      planner.planVector(), planner.planMatrix(),
      planner.planTransposedMatrix()};
  std::optional<SharedAccessPlan> best;
  for (std::optional<SharedAccessPlan> &plan : candidates) {
    auto getCost = [](const SharedAccessPlan &candidate) {
      return std::pair(candidate.getTotalWavefronts(),
                       candidate.accesses.size());
    };
    if (plan && (!best || getCost(*plan) < getCost(*best)))
      best = std::move(plan);
  }
  return best;
}
