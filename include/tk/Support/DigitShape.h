//===- DigitShape.h - tile extents as mixed-radix digits ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The index along a tile dimension is written in mixed radix: digits from low
// to high, each of radix 2 or odd. 192 = 2^6 * 3 has six digits of radix 2
// (weights 1, 2, ..., 32) and one of radix 3 (weight 64).
//
// All radix-2 digits of a tile form one vector space over F2. Its bits are
// numbered from the last dimension (bit 0 is its lowest radix-2 digit) to the
// first, so that a row-major reshape keeps every bit where it is. Odd digits
// are numbered in the same order.
//
//   shape [[64, 3], [4]]: 192 rows, 4 columns
//     bits 0-1  the column        bits 2-7  row digits of weight 1 ... 32
//     odd 0     the row digit of radix 3 and weight 64
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_DIGITSHAPE_H
#define TK_SUPPORT_DIGITSHAPE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::tk {

/// One element of a tile: its radix-2 digits as bits, its odd digits as they
/// are numbered in the DigitShape.
struct TilePoint {
  uint64_t bits = 0;
  llvm::SmallVector<unsigned, 4> odd;

  bool operator==(const TilePoint &other) const {
    return bits == other.bits && odd == other.odd;
  }
};

/// The digits of every dimension of a tile. Extents are physical: a tile of
/// 200 elements may have the 256 of 2^8 (see `padExtents`).
class DigitShape {
public:
  /// The shape of a scalar: rank 0.
  DigitShape() = default;

  /// Digits of each dimension, low to high. A power of two stands for its run
  /// of twos: {{32, 3, 2}} is 2^5 * 3 * 2. Every other digit must be odd and
  /// at least 3; digits of 1 vanish.
  explicit DigitShape(llvm::ArrayRef<llvm::SmallVector<unsigned>> digits);

  /// The default digits of `extents`: all the twos, then the odd factor.
  static DigitShape get(llvm::ArrayRef<int64_t> extents);

  /// As the constructor, for digits that a user wrote: nullopt with `error`
  /// set where a digit is even but no power of two, or there are too many.
  static std::optional<DigitShape>
  getChecked(llvm::ArrayRef<llvm::SmallVector<unsigned>> digits,
             std::string &error);

  unsigned getRank() const { return digitsOfDim.size(); }

  /// Digits of one dimension, low to high, each 2 or odd.
  llvm::ArrayRef<unsigned> getDigits(unsigned dim) const {
    return digitsOfDim[dim];
  }
  int64_t getExtent(unsigned dim) const;
  llvm::SmallVector<int64_t> getExtents() const;
  int64_t getNumElements() const;

  /// \name Radix-2 digits
  /// @{
  unsigned getNumBits() const { return bits.size(); }
  unsigned getNumBits(unsigned dim) const;
  /// The number of the lowest radix-2 digit of `dim`.
  unsigned getFirstBit(unsigned dim) const;
  unsigned getBitDim(unsigned bit) const { return bits[bit].dim; }
  /// How much the coordinate grows when this bit is set.
  int64_t getBitWeight(unsigned bit) const { return bits[bit].weight; }
  /// The bits of `dim` as a mask.
  uint64_t getBitMask(unsigned dim) const;
  /// @}

  /// \name Odd digits
  /// @{
  unsigned getNumOdd() const { return odds.size(); }
  unsigned getOddDim(unsigned odd) const { return odds[odd].dim; }
  unsigned getOddRadix(unsigned odd) const { return odds[odd].radix; }
  int64_t getOddWeight(unsigned odd) const { return odds[odd].weight; }
  /// @}

  /// The element at `coordinates`, which must lie inside the physical shape.
  TilePoint getPoint(llvm::ArrayRef<int64_t> coordinates) const;
  llvm::SmallVector<int64_t> getCoordinates(const TilePoint &point) const;
  /// One coordinate of the element whose odd digits are all zero.
  int64_t getCoordinate(unsigned dim, uint64_t bitMask) const;
  llvm::SmallVector<int64_t> getCoordinates(uint64_t bitMask) const;

  /// Prints as "[[64, 3], [4]]".
  void print(llvm::raw_ostream &os) const;

  bool operator==(const DigitShape &other) const {
    return digitsOfDim == other.digitsOfDim;
  }
  bool operator!=(const DigitShape &other) const { return !(*this == other); }
  friend llvm::hash_code hash_value(const DigitShape &shape);

private:
  struct Digit {
    unsigned dim;
    unsigned radix;
    int64_t weight;
  };

  void numberDigits();

  llvm::SmallVector<llvm::SmallVector<unsigned>, 2> digitsOfDim;
  llvm::SmallVector<Digit, 16> bits;
  llvm::SmallVector<Digit, 2> odds;
};

/// Returns the smallest physical shape that holds `extents` when each extent
/// becomes o * 2^k with o <= 15, and there are enough radix-2 digits for
/// `numThreads` threads (its power-of-two part; never more than the tile has
/// elements: a small tile is replicated). Ties pad a later dimension.
///
///   {200} on 128 threads -> {256}      {781} on 128 -> {896}
///   {3} on 128           -> {4}        {5000} on 128 -> {5120}
///   {128, 176} on 128    -> {128, 176}
llvm::SmallVector<int64_t> padExtents(llvm::ArrayRef<int64_t> extents,
                                      int64_t numThreads);

} // namespace mlir::tk

#endif // TK_SUPPORT_DIGITSHAPE_H
