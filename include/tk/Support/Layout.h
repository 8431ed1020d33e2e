//===- Layout.h - which thread holds which element of a tile --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layout maps a place in the machine (register, lane, warp, block; or an
// offset in shared memory) to the element of a tile that lives there.
//
// Every hardware index is itself a list of digits, low to high. A digit of
// radix 2 has a *basis*: the element reached when only this bit is set.
// Elements of several bits combine by exclusive or of their radix-2 digits
// (arXiv 2505.23819). An odd digit of the tile goes whole to one hardware
// digit of the same radix; by default that is the outermost of `register`.
//
//   shape = [[64, 3], [4]], register = [[0, 1], [0, 2], 3 * [64, 0]],
//   lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]
//
// is a tile of 192 x 4. A thread has 2 * 2 * 3 = 12 registers: four columns of
// a row, then the same 64 and 128 rows further down. Register 5 (binary digits
// 1 and 0, odd digit 1) of lane 3 in warp 1 holds row 64 + 3 + 32, column 1.
//
// A basis of zeros is replication: lanes that differ in that bit hold the same
// element.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_LAYOUT_H
#define TK_SUPPORT_LAYOUT_H

#include "tk/Support/DigitShape.h"
#include "llvm/ADT/StringRef.h"
#include <array>

namespace mlir::tk {

/// The indices that a layout maps from. Tiles in registers use the first four,
/// tiles in shared memory `Offset` (counted in elements) alone.
enum class HardwareDim : uint8_t { Register, Lane, Warp, Block, Offset };
constexpr unsigned kNumHardwareDims = 5;
constexpr std::array<HardwareDim, kNumHardwareDims> kHardwareDims = {
    HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp,
    HardwareDim::Block, HardwareDim::Offset};

/// "register", "lane", "warp", "block" or "offset".
llvm::StringRef getName(HardwareDim dim);

/// One digit of a hardware index.
struct HardwareDigit {
  /// 2, or odd.
  unsigned radix = 2;
  /// Radix 2: the tile bits that this bit flips. Zero means replication.
  uint64_t bits = 0;
  /// Odd radix: the number of the tile's odd digit that this one counts, or
  /// nothing for replication.
  std::optional<unsigned> odd;

  static HardwareDigit getBit(uint64_t bits) { return {2, bits, std::nullopt}; }
  static HardwareDigit getOdd(unsigned radix, std::optional<unsigned> odd) {
    return {radix, 0, odd};
  }
  bool operator==(const HardwareDigit &other) const {
    return radix == other.radix && bits == other.bits && odd == other.odd;
  }
};

/// A hardware digit as it is written: its radix and the coordinates of the
/// element reached when this digit alone is 1.
struct HardwareDigitText {
  unsigned radix = 2;
  llvm::SmallVector<int64_t> coordinates;
};

class Layout {
public:
  using Digits = llvm::SmallVector<HardwareDigit, 8>;
  using DigitsText = llvm::SmallVector<HardwareDigitText, 8>;

  /// The layout of a scalar that one thread holds.
  Layout() = default;

  /// A layout of `shape` with no hardware digits yet; `addBit` and `addOdd`
  /// append them, low to high.
  explicit Layout(DigitShape shape) : shape(std::move(shape)) {}

  /// As written by a person. Nullopt with `error` set where a basis lies
  /// outside the shape, an odd digit is placed twice or has no tile digit of
  /// its radix and weight. Whether every element lives somewhere is asked
  /// separately (`isSurjective`).
  static std::optional<Layout>
  getChecked(DigitShape shape,
             const std::array<DigitsText, kNumHardwareDims> &digits,
             std::string &error);

  /// Parses what `print` prints.
  static std::optional<Layout> parse(llvm::StringRef text, std::string &error);
  void print(llvm::raw_ostream &os) const;
  std::string str() const;

  /// Appends a hardware digit of radix 2 that flips the tile bits `bits`.
  void addBit(HardwareDim dim, uint64_t bits);
  /// Appends a hardware digit that counts the tile's odd digit `odd`.
  void addOdd(HardwareDim dim, unsigned odd);
  /// Appends a hardware digit of an odd radix that all hold the same element.
  void addOddReplica(HardwareDim dim, unsigned radix);
  /// Appends any of these.
  void add(HardwareDim dim, const HardwareDigit &digit);

  const DigitShape &getShape() const { return shape; }
  unsigned getRank() const { return shape.getRank(); }
  /// Physical extents, padding included.
  llvm::SmallVector<int64_t> getExtents() const { return shape.getExtents(); }

  llvm::ArrayRef<HardwareDigit> getDigits(HardwareDim dim) const {
    return digits[static_cast<unsigned>(dim)];
  }
  /// The digits of `dim` as written, for printers.
  DigitsText getDigitsText(HardwareDim dim) const;

  /// \name Sizes of the hardware indices
  /// @{
  int64_t getSize(HardwareDim dim) const;
  int64_t getNumRegisters() const { return getSize(HardwareDim::Register); }
  int64_t getNumLanes() const { return getSize(HardwareDim::Lane); }
  int64_t getNumWarps() const { return getSize(HardwareDim::Warp); }
  int64_t getNumBlocks() const { return getSize(HardwareDim::Block); }
  int64_t getNumThreads() const { return getNumLanes() * getNumWarps(); }
  /// @}

  /// The coordinates of the element held at a place.
  llvm::SmallVector<int64_t> apply(int64_t registerIndex, int64_t lane,
                                   int64_t warp = 0, int64_t block = 0) const;
  /// The coordinates of the element stored at an offset in shared memory.
  llvm::SmallVector<int64_t> applyOffset(int64_t offset) const;
  /// The element reached from index `index` of one hardware dimension, all
  /// others being zero.
  TilePoint getPoint(HardwareDim dim, int64_t index) const;

  /// What each register adds to the coordinates of its thread: entry r is
  /// `apply(r, 0)`. The element at (r, lane, warp) has the radix-2 digits of
  /// entry r exclusive-or those of `apply(0, lane, warp)`, and the sum of
  /// their odd digits (an odd digit lives on one side only). Where
  /// `isRegisterAdditive()` the coordinates simply add.
  llvm::SmallVector<llvm::SmallVector<int64_t>> getRegisterCoordinates() const;
  /// True if no tile bit depends on both registers and lane, warp or block.
  bool isRegisterAdditive() const;

  /// Every element lives at some place.
  bool isSurjective() const;
  /// No element lives at two places.
  bool isInjective() const;
  /// Digits (bit i stands for digit i of `dim`) along which elements repeat:
  /// of the copies of an element, exactly one has all these digits zero. In
  /// the order register, lane, warp, block a digit is free where its basis
  /// depends on those before it.
  uint64_t getFreeDigits(HardwareDim dim) const;

  /// The number of registers from 0 up that hold consecutive elements along
  /// `tileDim`, the first of them always at a multiple of that number. A power
  /// of two.
  int64_t getContiguity(unsigned tileDim) const;
  /// The same if registers may be renamed: the digits of `register` that count
  /// the lowest digits of `tileDim`, lowest first.
  llvm::SmallVector<unsigned> getContiguousDigits(unsigned tileDim) const;

  /// A permutation of the digits of `dim`: digit i of the result is digit
  /// order[i] of this layout.
  Layout permuteDigits(HardwareDim dim, llvm::ArrayRef<unsigned> order) const;

  bool operator==(const Layout &other) const {
    return shape == other.shape && digits == other.digits;
  }
  bool operator!=(const Layout &other) const { return !(*this == other); }
  friend llvm::hash_code hash_value(const Layout &layout);

private:
  DigitShape shape;
  std::array<Digits, kNumHardwareDims> digits;
};

/// The value that digit `number` of `digits` has in `index`.
unsigned getDigitOf(llvm::ArrayRef<HardwareDigit> digits, unsigned number,
                    int64_t index);

/// How a thread computes one coordinate at run time.
///
/// The tile bits of the dimension are the exclusive or of `mask` over all
/// hardware digits of radix 2 that are 1; `mask` counts from the lowest bit of
/// the dimension. The coordinate is the sum of bit-runs times their weights
/// plus the odd digits times theirs:
///
///   digits [32, 3, 2] = 192 columns, warp bit 2 -> column 96
///     runs  {firstBit = 0, numBits = 5, weight = 1},
///           {firstBit = 5, numBits = 1, weight = 96}
struct CoordinateTerms {
  struct Bit {
    HardwareDim dim;
    /// The digit is (index / divisor) % radix.
    int64_t divisor;
    uint64_t mask;
  };
  struct Odd {
    HardwareDim dim;
    int64_t divisor;
    unsigned radix;
    int64_t weight;
  };
  struct Run {
    unsigned firstBit;
    unsigned numBits;
    int64_t weight;
  };
  llvm::SmallVector<Bit> bits;
  llvm::SmallVector<Odd> odds;
  llvm::SmallVector<Run, 1> runs;
};

/// The terms of the coordinate along `tileDim`; digits that leave it alone are
/// not listed.
CoordinateTerms getCoordinateTerms(const Layout &layout, unsigned tileDim);

} // namespace mlir::tk

#endif // TK_SUPPORT_LAYOUT_H
