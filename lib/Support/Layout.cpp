//===- Layout.cpp - which thread holds which element of a tile ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Layout.h"
#include "F2Span.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cassert>

using namespace llvm;
using namespace mlir::tk;

StringRef mlir::tk::getName(HardwareDim dim) {
  switch (dim) {
  case HardwareDim::Register:
    return "register";
  case HardwareDim::Lane:
    return "lane";
  case HardwareDim::Warp:
    return "warp";
  case HardwareDim::Block:
    return "block";
  case HardwareDim::Offset:
    return "offset";
  }
  llvm_unreachable("all hardware dimensions are listed");
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

void Layout::add(HardwareDim dim, const HardwareDigit &digit) {
  assert(digit.bits >> shape.getNumBits() == 0 && "basis outside the tile");
  assert((!digit.odd || (*digit.odd < shape.getNumOdd() &&
                         shape.getOddRadix(*digit.odd) == digit.radix)) &&
         "the tile has no such odd digit");
  digits[static_cast<unsigned>(dim)].push_back(digit);
}

void Layout::addBit(HardwareDim dim, uint64_t bits) {
  add(dim, HardwareDigit::getBit(bits));
}

void Layout::addOdd(HardwareDim dim, unsigned odd) {
  add(dim, HardwareDigit::getOdd(shape.getOddRadix(odd), odd));
}

void Layout::addOddReplica(HardwareDim dim, unsigned radix) {
  assert(radix % 2 == 1 && radix > 1 && "not an odd digit");
  add(dim, HardwareDigit::getOdd(radix, std::nullopt));
}

/// The odd digit of `shape` with this radix that grows the coordinates by
/// `coordinates` when it is 1.
static std::optional<unsigned> findOddDigit(const DigitShape &shape,
                                            const HardwareDigitText &text) {
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd) {
    SmallVector<int64_t> expected(shape.getRank(), 0);
    expected[shape.getOddDim(odd)] = shape.getOddWeight(odd);
    if (shape.getOddRadix(odd) == text.radix && text.coordinates == expected)
      return odd;
  }
  return std::nullopt;
}

static std::string describe(HardwareDim dim, const HardwareDigitText &text) {
  std::string result;
  raw_string_ostream os(result);
  os << getName(dim) << " basis ";
  if (text.radix != 2)
    os << text.radix << " * ";
  os << '[';
  interleaveComma(text.coordinates, os);
  os << ']';
  return result;
}

/// The digit that `text` denotes, or nothing with `error` set.
static std::optional<HardwareDigit> readDigit(const DigitShape &shape,
                                              HardwareDim dim,
                                              const HardwareDigitText &text,
                                              std::string &error) {
  if (text.radix < 2 || (text.radix > 2 && text.radix % 2 == 0)) {
    error = describe(dim, text) + ": expects a radix that is 2 or odd";
    return std::nullopt;
  }
  if (text.coordinates.size() != shape.getRank()) {
    error = describe(dim, text) + ": expects " +
            std::to_string(shape.getRank()) + " coordinates";
    return std::nullopt;
  }
  for (auto [tileDim, coordinate] : enumerate(text.coordinates))
    if (coordinate < 0 || coordinate >= shape.getExtent(tileDim)) {
      error = describe(dim, text) + " lies outside the shape";
      return std::nullopt;
    }
  bool isZero = all_of(text.coordinates, [](int64_t c) { return c == 0; });
  if (text.radix == 2) {
    TilePoint point = shape.getPoint(text.coordinates);
    if (any_of(point.odd, [](unsigned value) { return value != 0; })) {
      error = describe(dim, text) + " moves an odd digit of the shape";
      return std::nullopt;
    }
    return HardwareDigit::getBit(point.bits);
  }
  if (isZero)
    return HardwareDigit::getOdd(text.radix, std::nullopt);
  std::optional<unsigned> odd = findOddDigit(shape, text);
  if (!odd) {
    error = describe(dim, text) + " is not an odd digit of the shape";
    return std::nullopt;
  }
  return HardwareDigit::getOdd(text.radix, odd);
}

std::optional<Layout>
Layout::getChecked(DigitShape shape,
                   const std::array<DigitsText, kNumHardwareDims> &digits,
                   std::string &error) {
  unsigned numKinds =
      count_if(digits, [](const DigitsText &text) { return !text.empty(); });
  if (numKinds > 1 &&
      !digits[static_cast<unsigned>(HardwareDim::Offset)].empty()) {
    error = "expects 'offset' alone, got other hardware indices besides";
    return std::nullopt;
  }
  Layout layout(std::move(shape));
  SmallVector<bool> isPlaced(layout.shape.getNumOdd(), false);
  for (HardwareDim dim : kHardwareDims) {
    Digits &result = layout.digits[static_cast<unsigned>(dim)];
    uint64_t size = 1;
    for (const HardwareDigitText &text : digits[static_cast<unsigned>(dim)]) {
      std::optional<HardwareDigit> digit =
          readDigit(layout.shape, dim, text, error);
      if (!digit)
        return std::nullopt;
      if (digit->odd && std::exchange(isPlaced[*digit->odd], true)) {
        error = describe(dim, text) + " places an odd digit twice";
        return std::nullopt;
      }
      size = SaturatingMultiply<uint64_t>(size, text.radix);
      if (size >> 48) {
        error = "expects at most 2^48 values of '" + getName(dim).str() + "'";
        return std::nullopt;
      }
      result.push_back(*digit);
    }
  }
  return layout;
}

Layout Layout::permuteDigits(HardwareDim dim, ArrayRef<unsigned> order) const {
  ArrayRef<HardwareDigit> old = getDigits(dim);
  assert(order.size() == old.size() && "not a permutation of the digits");
  Layout result = *this;
  for (auto [position, number] : enumerate(order))
    result.digits[static_cast<unsigned>(dim)][position] = old[number];
  return result;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

unsigned mlir::tk::getDigitOf(ArrayRef<HardwareDigit> digits, unsigned number,
                              int64_t index) {
  for (const HardwareDigit &digit : digits.take_front(number))
    index /= digit.radix;
  return index % digits[number].radix;
}

int64_t Layout::getSize(HardwareDim dim) const {
  int64_t size = 1;
  for (const HardwareDigit &digit : getDigits(dim))
    size *= digit.radix;
  return size;
}

TilePoint Layout::getPoint(HardwareDim dim, int64_t index) const {
  assert(index >= 0 && index < getSize(dim) && "hardware index out of range");
  TilePoint point;
  point.odd.assign(shape.getNumOdd(), 0);
  for (const HardwareDigit &digit : getDigits(dim)) {
    unsigned value = index % digit.radix;
    index /= digit.radix;
    if (digit.odd)
      point.odd[*digit.odd] = value;
    else if (value)
      point.bits ^= digit.bits;
  }
  return point;
}

SmallVector<int64_t> Layout::apply(int64_t registerIndex, int64_t lane,
                                   int64_t warp, int64_t block) const {
  TilePoint sum = getPoint(HardwareDim::Register, registerIndex);
  for (const TilePoint &part :
       {getPoint(HardwareDim::Lane, lane), getPoint(HardwareDim::Warp, warp),
        getPoint(HardwareDim::Block, block)}) {
    sum.bits ^= part.bits;
    for (auto [total, value] : zip_equal(sum.odd, part.odd))
      total += value;
  }
  return shape.getCoordinates(sum);
}

SmallVector<int64_t> Layout::applyOffset(int64_t offset) const {
  return shape.getCoordinates(getPoint(HardwareDim::Offset, offset));
}

SmallVector<SmallVector<int64_t>> Layout::getRegisterCoordinates() const {
  SmallVector<SmallVector<int64_t>> coordinates;
  for (int64_t r = 0, e = getNumRegisters(); r < e; ++r)
    coordinates.push_back(
        shape.getCoordinates(getPoint(HardwareDim::Register, r)));
  return coordinates;
}

CoordinateTerms mlir::tk::getCoordinateTerms(const Layout &layout,
                                             unsigned tileDim) {
  const DigitShape &shape = layout.getShape();
  unsigned firstBit = shape.getFirstBit(tileDim);
  unsigned numBits = shape.getNumBits(tileDim);
  CoordinateTerms terms;
  for (HardwareDim dim : kHardwareDims) {
    int64_t divisor = 1;
    for (const HardwareDigit &digit : layout.getDigits(dim)) {
      uint64_t mask = (digit.bits & shape.getBitMask(tileDim)) >> firstBit;
      if (mask)
        terms.bits.push_back({dim, divisor, mask});
      if (digit.odd && shape.getOddDim(*digit.odd) == tileDim)
        terms.odds.push_back(
            {dim, divisor, digit.radix, shape.getOddWeight(*digit.odd)});
      divisor *= digit.radix;
    }
  }
  for (unsigned bit = 0; bit < numBits; ++bit) {
    int64_t weight = shape.getBitWeight(firstBit + bit);
    bool continuesRun =
        bit > 0 && weight == 2 * shape.getBitWeight(firstBit + bit - 1);
    if (continuesRun)
      ++terms.runs.back().numBits;
    else
      terms.runs.push_back({bit, 1, weight});
  }
  return terms;
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

bool Layout::isRegisterAdditive() const {
  uint64_t ofRegister = 0, ofThread = 0;
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : getDigits(dim))
      (dim == HardwareDim::Register ? ofRegister : ofThread) |= digit.bits;
  return (ofRegister & ofThread) == 0;
}

bool Layout::isSurjective() const {
  F2Span span;
  unsigned numOdd = 0;
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : getDigits(dim)) {
      numOdd += digit.odd.has_value();
      span.add(digit.bits);
    }
  return span.getRank() == shape.getNumBits() && numOdd == shape.getNumOdd();
}

bool Layout::isInjective() const {
  return all_of(kHardwareDims,
                [&](HardwareDim dim) { return getFreeDigits(dim) == 0; });
}

uint64_t Layout::getFreeDigits(HardwareDim dim) const {
  F2Span span;
  uint64_t free = 0;
  for (HardwareDim current : kHardwareDims) {
    for (auto [number, digit] : enumerate(getDigits(current))) {
      bool isFree = digit.radix == 2 ? !span.add(digit.bits) : !digit.odd;
      if (isFree && current == dim)
        free |= uint64_t(1) << number;
    }
    if (current == dim)
      break;
  }
  return free;
}

SmallVector<unsigned> Layout::getContiguousDigits(unsigned tileDim) const {
  ArrayRef<HardwareDigit> registers = getDigits(HardwareDim::Register);
  unsigned firstBit = shape.getFirstBit(tileDim);
  SmallVector<unsigned> result;
  for (unsigned i = 0, e = shape.getNumBits(tileDim); i < e; ++i) {
    uint64_t bit = uint64_t(1) << (firstBit + i);
    if (shape.getBitWeight(firstBit + i) != int64_t(1) << i)
      break;
    unsigned numUsers = 0;
    for (HardwareDim dim : kHardwareDims)
      numUsers += count_if(getDigits(dim), [&](const HardwareDigit &digit) {
        return digit.bits & bit;
      });
    const auto *digit = find_if(registers, [&](const HardwareDigit &digit) {
      return digit.bits == bit;
    });
    if (numUsers != 1 || digit == registers.end())
      break;
    result.push_back(digit - registers.begin());
  }
  return result;
}

int64_t Layout::getContiguity(unsigned tileDim) const {
  unsigned numBits = 0;
  for (unsigned number : getContiguousDigits(tileDim)) {
    if (number != numBits)
      break;
    ++numBits;
  }
  return int64_t(1) << numBits;
}

namespace mlir::tk {
hash_code hash_value(const Layout &layout) {
  hash_code code = hash_value(layout.shape);
  for (const Layout::Digits &digits : layout.digits) {
    code = hash_combine(code, digits.size());
    for (const HardwareDigit &digit : digits)
      code = hash_combine(code, digit.radix, digit.bits, digit.odd.has_value(),
                          digit.odd.value_or(0));
  }
  return code;
}
} // namespace mlir::tk
