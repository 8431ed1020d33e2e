//===- DigitShape.cpp - tile extents as mixed-radix digits ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/DigitShape.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cassert>
#include <numeric>

using namespace llvm;
using namespace mlir::tk;

/// More radix-2 digits than any tile can have elements for; keeps every mask
/// and every product inside 64 bits.
[[maybe_unused]] static constexpr unsigned kMaxNumBits = 48;
static constexpr int64_t kMaxNumElements = int64_t(1) << 48;

std::optional<DigitShape>
DigitShape::getChecked(ArrayRef<SmallVector<unsigned>> digits,
                       std::string &error) {
  DigitShape shape;
  int64_t numElements = 1;
  for (ArrayRef<unsigned> dimDigits : digits) {
    SmallVector<unsigned> &result = shape.digitsOfDim.emplace_back();
    for (unsigned digit : dimDigits) {
      bool isPowerOfTwo = isPowerOf2_32(digit);
      if (!isPowerOfTwo && digit % 2 == 0) {
        error = "expects digits that are odd or powers of two, got " +
                std::to_string(digit);
        return std::nullopt;
      }
      if (digit > kMaxNumElements / numElements) {
        error = "expects a tile of at most 2^48 elements";
        return std::nullopt;
      }
      numElements *= digit;
      if (isPowerOfTwo)
        result.append(Log2_32(digit), 2);
      else
        result.push_back(digit);
    }
  }
  shape.numberDigits();
  return shape;
}

DigitShape::DigitShape(ArrayRef<SmallVector<unsigned>> digits) {
  std::string error;
  std::optional<DigitShape> shape = getChecked(digits, error);
  assert(shape && "digits must be odd or powers of two");
  *this = std::move(*shape);
}

DigitShape DigitShape::get(ArrayRef<int64_t> extents) {
  SmallVector<SmallVector<unsigned>> digits;
  for (int64_t extent : extents) {
    assert(extent > 0 && "a tile has at least one element");
    unsigned numTwos = countr_zero(static_cast<uint64_t>(extent));
    SmallVector<unsigned> &dimDigits = digits.emplace_back(numTwos, 2u);
    if (int64_t odd = extent >> numTwos; odd > 1)
      dimDigits.push_back(odd);
  }
  return DigitShape(digits);
}

void DigitShape::numberDigits() {
  for (unsigned dim = getRank(); dim-- > 0;) {
    int64_t weight = 1;
    for (unsigned radix : digitsOfDim[dim]) {
      (radix == 2 ? static_cast<SmallVectorImpl<Digit> &>(bits) : odds)
          .push_back({dim, radix, weight});
      weight *= radix;
    }
  }
  assert(bits.size() <= kMaxNumBits && "bounded by the number of elements");
}

int64_t DigitShape::getExtent(unsigned dim) const {
  return std::accumulate(digitsOfDim[dim].begin(), digitsOfDim[dim].end(),
                         int64_t(1), std::multiplies<>());
}

SmallVector<int64_t> DigitShape::getExtents() const {
  SmallVector<int64_t> extents;
  for (unsigned dim = 0; dim < getRank(); ++dim)
    extents.push_back(getExtent(dim));
  return extents;
}

int64_t DigitShape::getNumElements() const {
  int64_t numElements = 1;
  for (unsigned dim = 0; dim < getRank(); ++dim)
    numElements *= getExtent(dim);
  return numElements;
}

unsigned DigitShape::getNumBits(unsigned dim) const {
  return count(digitsOfDim[dim], 2u);
}

unsigned DigitShape::getFirstBit(unsigned dim) const {
  unsigned first = 0;
  for (unsigned later = dim + 1; later < getRank(); ++later)
    first += getNumBits(later);
  return first;
}

uint64_t DigitShape::getBitMask(unsigned dim) const {
  return maskTrailingOnes<uint64_t>(getNumBits(dim)) << getFirstBit(dim);
}

TilePoint DigitShape::getPoint(ArrayRef<int64_t> coordinates) const {
  assert(coordinates.size() == getRank() && "one coordinate per dimension");
  TilePoint point;
  for (auto [number, digit] : enumerate(bits)) {
    int64_t value = coordinates[digit.dim] / digit.weight % 2;
    point.bits |= static_cast<uint64_t>(value) << number;
  }
  for (const Digit &digit : odds)
    point.odd.push_back(coordinates[digit.dim] / digit.weight % digit.radix);
  return point;
}

SmallVector<int64_t> DigitShape::getCoordinates(const TilePoint &point) const {
  SmallVector<int64_t> coordinates = getCoordinates(point.bits);
  for (auto [digit, value] : zip_equal(odds, point.odd))
    coordinates[digit.dim] += digit.weight * value;
  return coordinates;
}

int64_t DigitShape::getCoordinate(unsigned dim, uint64_t bitMask) const {
  return getCoordinates(bitMask)[dim];
}

SmallVector<int64_t> DigitShape::getCoordinates(uint64_t bitMask) const {
  SmallVector<int64_t> coordinates(getRank(), 0);
  for (uint64_t todo = bitMask; todo; todo &= todo - 1) {
    const Digit &digit = bits[countr_zero(todo)];
    coordinates[digit.dim] += digit.weight;
  }
  return coordinates;
}

/// Prints runs of twos as one power of two.
static void printDigits(raw_ostream &os, ArrayRef<unsigned> digits) {
  os << '[';
  for (size_t i = 0; i < digits.size();) {
    if (i)
      os << ", ";
    unsigned product = digits[i++];
    if (product == 2)
      for (; i < digits.size() && digits[i] == 2; ++i)
        product *= 2;
    os << product;
  }
  os << ']';
}

void DigitShape::print(raw_ostream &os) const {
  os << '[';
  interleaveComma(digitsOfDim, os,
                  [&](ArrayRef<unsigned> digits) { printDigits(os, digits); });
  os << ']';
}

namespace mlir::tk {
hash_code hash_value(const DigitShape &shape) {
  hash_code code = hash_combine(shape.getRank());
  for (const SmallVector<unsigned> &digits : shape.digitsOfDim)
    code = hash_combine(code, hash_combine_range(digits));
  return code;
}
} // namespace mlir::tk

/// The extents o * 2^k >= `extent` with o <= 15 that are worth trying when up
/// to `maxBits` radix-2 digits may be needed, each with its number of them.
static SmallVector<std::pair<int64_t, unsigned>>
getPaddingCandidates(int64_t extent, unsigned maxBits) {
  constexpr int64_t kMaxOddFactor = 15;
  SmallVector<std::pair<int64_t, unsigned>> candidates;
  for (unsigned k = 0;; ++k) {
    int64_t padded = alignTo(extent, uint64_t(1) << k);
    unsigned numBits = countr_zero(static_cast<uint64_t>(padded));
    if (padded >> numBits > kMaxOddFactor)
      continue;
    if (candidates.empty() || candidates.back().second < numBits)
      candidates.push_back({padded, numBits});
    if (numBits >= maxBits || padded >> numBits == 1)
      return candidates;
  }
}

SmallVector<int64_t> mlir::tk::padExtents(ArrayRef<int64_t> extents,
                                          int64_t numThreads) {
  uint64_t numElements = 1;
  for (int64_t extent : extents)
    numElements *= extent;
  unsigned neededBits =
      std::min<unsigned>(countr_zero(static_cast<uint64_t>(numThreads)),
                         Log2_64_Ceil(numElements));

  // best[b]: the smallest choice for the dimensions so far that has b radix-2
  // digits, counting no more than are needed.
  struct Choice {
    int64_t numElements = 0;
    SmallVector<int64_t> extents;
  };
  SmallVector<Choice> best(neededBits + 1);
  best[0].numElements = 1;
  for (int64_t extent : extents) {
    SmallVector<Choice> next(neededBits + 1);
    for (auto [haveBits, choice] : enumerate(best)) {
      if (choice.numElements == 0)
        continue;
      for (auto [padded, numBits] : getPaddingCandidates(extent, neededBits)) {
        Choice &slot = next[std::min<unsigned>(neededBits, haveBits + numBits)];
        int64_t product = choice.numElements * padded;
        if (slot.numElements != 0 && slot.numElements <= product)
          continue;
        slot.numElements = product;
        slot.extents = choice.extents;
        slot.extents.push_back(padded);
      }
    }
    best = std::move(next);
  }
  // A candidate that is a power of two always exists, so the last slot is
  // filled unless the tile has rank 0.
  return best[neededBits].extents;
}
