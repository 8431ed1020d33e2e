//===- LayoutAlgebra.cpp - composing, inverting and dividing layouts ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutAlgebra.h"
#include "DigitNumbers.h"
#include "F2Span.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"
#include <array>
#include <cassert>
#include <tuple>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// The hardware dimensions that are the dimensions of the place shape.
static ArrayRef<HardwareDim> getPlaceDims(const Layout &layout) {
  static constexpr HardwareDim kThread[] = {
      HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp,
      HardwareDim::Block};
  static constexpr HardwareDim kShared[] = {HardwareDim::Offset};
  bool isShared = !layout.getDigits(HardwareDim::Offset).empty();
  return isShared ? ArrayRef(kShared) : ArrayRef(kThread);
}

unsigned mlir::tk::getPlaceDim(HardwareDim dim) {
  return dim == HardwareDim::Offset ? 0 : static_cast<unsigned>(dim);
}

DigitShape mlir::tk::getPlaceShape(const Layout &layout) {
  SmallVector<SmallVector<unsigned>> digits;
  for (HardwareDim dim : getPlaceDims(layout)) {
    digits.emplace_back();
    for (const HardwareDigit &digit : layout.getDigits(dim))
      digits.back().push_back(digit.radix);
  }
  return DigitShape(digits);
}

//===----------------------------------------------------------------------===//
// Composition
//===----------------------------------------------------------------------===//

Layout mlir::tk::compose(const Layout &outer, const Layout &inner) {
  assert(getPlaceShape(outer) == inner.getShape() &&
         "the inner tile must be the places of the outer layout");
  // What each bit and each odd digit of a place contributes.
  DigitNumbers places(inner.getShape());
  SmallVector<uint64_t> bitImages(inner.getShape().getNumBits());
  SmallVector<std::optional<unsigned>> oddImages(inner.getShape().getNumOdd());
  for (HardwareDim dim : getPlaceDims(outer))
    for (auto [i, digit] : enumerate(outer.getDigits(dim))) {
      unsigned number = places.get(getPlaceDim(dim), i);
      if (digit.radix == 2)
        bitImages[number] = digit.bits;
      else
        oddImages[number] = digit.odd;
    }

  Layout result(outer.getShape());
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : inner.getDigits(dim)) {
      if (digit.radix != 2) {
        std::optional<unsigned> image;
        if (digit.odd)
          image = oddImages[*digit.odd];
        result.add(dim, HardwareDigit::getOdd(digit.radix, image));
        continue;
      }
      uint64_t bits = 0;
      for (uint64_t todo = digit.bits; todo; todo &= todo - 1)
        bits ^= bitImages[countr_zero(todo)];
      result.addBit(dim, bits);
    }
  return result;
}

namespace {
/// Finds elements among the places of a layout.
class PlaceFinder {
public:
  explicit PlaceFinder(const Layout &layout);

  const DigitShape &getPlaces() const { return placeShape; }
  HardwareDigit find(HardwareDim dim, unsigned index,
                     const HardwareDigit &digit) const;

private:
  uint64_t findBit(HardwareDim dim, unsigned index, uint64_t bits) const;
  uint64_t express(uint64_t bits) const;

  const Layout &layout;
  DigitShape placeShape;
  DigitNumbers numbers;
  /// By hardware dimension: the elements reached by it and those before.
  std::array<F2Span, kNumHardwareDims> reached;
  F2Span all;
  SmallVector<unsigned> independentPlaces;
  SmallVector<std::optional<unsigned>> placeOfOdd;
};
} // namespace

PlaceFinder::PlaceFinder(const Layout &layout)
    : layout(layout), placeShape(getPlaceShape(layout)), numbers(placeShape),
      placeOfOdd(layout.getShape().getNumOdd()) {
  for (HardwareDim dim : getPlaceDims(layout)) {
    for (auto [i, digit] : enumerate(layout.getDigits(dim))) {
      unsigned number = numbers.get(getPlaceDim(dim), i);
      if (digit.radix != 2) {
        if (digit.odd)
          placeOfOdd[*digit.odd] = number;
      } else if (all.add(digit.bits)) {
        independentPlaces.push_back(number);
      }
    }
    reached[static_cast<unsigned>(dim)] = all;
  }
}

/// The place of the element `bits`, as a mask of place bits, that uses the
/// first independent digits.
uint64_t PlaceFinder::express(uint64_t bits) const {
  assert(all.contains(bits) && "the layout lacks an element");
  uint64_t place = 0;
  for (uint64_t todo = all.express(bits); todo; todo &= todo - 1)
    place |= uint64_t(1) << independentPlaces[countr_zero(todo)];
  return place;
}

/// Registers come first, then lanes, then warps, so that what can be had from
/// a nearer place is not fetched from a farther one. A lane looks for its
/// element in its own registers first, a warp in its own lanes: that is where
/// it is if the rest, once the digit itself is taken, needs nothing farther.
uint64_t PlaceFinder::findBit(HardwareDim dim, unsigned index,
                              uint64_t bits) const {
  ArrayRef<HardwareDigit> own = layout.getDigits(dim);
  if (index >= own.size() || own[index].radix != 2)
    return express(bits);
  uint64_t rest = bits ^ own[index].bits;
  uint64_t ownPlace = uint64_t(1) << numbers.get(getPlaceDim(dim), index);
  if (rest == 0)
    return ownPlace;
  if (dim == HardwareDim::Register || dim == HardwareDim::Offset)
    return express(bits);
  for (unsigned nearer = 0; nearer < static_cast<unsigned>(dim); ++nearer)
    if (reached[nearer].contains(rest))
      return ownPlace | express(rest);
  return express(bits);
}

HardwareDigit PlaceFinder::find(HardwareDim dim, unsigned index,
                                const HardwareDigit &digit) const {
  if (digit.radix == 2)
    return HardwareDigit::getBit(findBit(dim, index, digit.bits));
  ArrayRef<HardwareDigit> own = layout.getDigits(dim);
  if (index < own.size() && own[index] == digit)
    return HardwareDigit::getOdd(digit.radix,
                                 numbers.get(getPlaceDim(dim), index));
  assert((!digit.odd || placeOfOdd[*digit.odd]) &&
         "the layout lacks an odd digit");
  return HardwareDigit::getOdd(digit.radix, digit.odd ? placeOfOdd[*digit.odd]
                                                      : std::nullopt);
}

Layout mlir::tk::invertAndCompose(const Layout &from, const Layout &to) {
  assert(from.getShape() == to.getShape() && "digit lists must be equal");
  PlaceFinder finder(from);
  Layout result(finder.getPlaces());
  for (HardwareDim dim : kHardwareDims)
    for (auto [i, digit] : enumerate(to.getDigits(dim)))
      result.add(dim, finder.find(dim, i, digit));
  return result;
}

Layout mlir::tk::buildRowMajor(const DigitShape &shape) {
  Layout result(shape);
  DigitNumbers numbers(shape);
  for (unsigned dim = shape.getRank(); dim-- > 0;)
    for (auto [i, radix] : enumerate(shape.getDigits(dim))) {
      unsigned number = numbers.get(dim, i);
      result.add(HardwareDim::Offset,
                 radix == 2 ? HardwareDigit::getBit(uint64_t(1) << number)
                            : HardwareDigit::getOdd(radix, number));
    }
  return result;
}

Layout mlir::tk::pseudoInvert(const Layout &layout) {
  return invertAndCompose(layout, buildRowMajor(layout.getShape()));
}

bool mlir::tk::isIdentityOn(const Layout &map, HardwareDim dim) {
  const DigitShape &places = map.getShape();
  DigitNumbers numbers(places);
  unsigned placeDim = getPlaceDim(dim);
  ArrayRef<HardwareDigit> own = map.getDigits(dim);
  if (own.size() != places.getDigits(placeDim).size())
    return false;
  for (auto [i, radix] : enumerate(places.getDigits(placeDim))) {
    unsigned number = numbers.get(placeDim, i);
    HardwareDigit expected = radix == 2
                                 ? HardwareDigit::getBit(uint64_t(1) << number)
                                 : HardwareDigit::getOdd(radix, number);
    if (!(own[i] == expected))
      return false;
  }
  uint64_t mask = places.getBitMask(placeDim);
  return all_of(kHardwareDims, [&](HardwareDim other) {
    return other == dim ||
           all_of(map.getDigits(other), [&](const HardwareDigit &digit) {
             bool movesOdd =
                 digit.odd && places.getOddDim(*digit.odd) == placeDim;
             return (digit.bits & mask) == 0 && !movesOdd;
           });
  });
}

std::optional<Layout> mlir::tk::quotient(const Layout &map, HardwareDim dim) {
  if (!isIdentityOn(map, dim))
    return std::nullopt;
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned placeDim = 0; placeDim < map.getRank(); ++placeDim) {
    digits.emplace_back();
    if (placeDim != getPlaceDim(dim))
      digits.back().assign(map.getShape().getDigits(placeDim).begin(),
                           map.getShape().getDigits(placeDim).end());
  }
  Layout result{DigitShape(digits)};
  DigitNumbers from(map.getShape()), to(result.getShape());
  for (HardwareDim other : kHardwareDims)
    if (other != dim)
      for (const HardwareDigit &digit : map.getDigits(other))
        result.add(other, *renumber(digit, from, to,
                                    [](DigitNumbers::Position position) {
                                      return position;
                                    }));
  return result;
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

namespace {
/// The state of one division: the layout as rewritten so far, and the register
/// of the original that each register of it is.
struct Division {
  Layout layout;
  SmallVector<unsigned> registers;

  explicit Division(const Layout &layout)
      : layout(layout),
        registers(to_vector(seq<unsigned>(
            0, static_cast<unsigned>(layout.getNumRegisters())))) {}

  /// Moves register digits; order as in `Layout::permuteDigits`.
  void permuteRegisters(ArrayRef<unsigned> order);
};
} // namespace

void Division::permuteRegisters(ArrayRef<unsigned> order) {
  ArrayRef<HardwareDigit> old = layout.getDigits(HardwareDim::Register);
  SmallVector<unsigned> oldWeights;
  unsigned weight = 1;
  for (const HardwareDigit &digit : old) {
    oldWeights.push_back(weight);
    weight *= digit.radix;
  }
  SmallVector<unsigned> renamed;
  for (unsigned r = 0; r < registers.size(); ++r) {
    unsigned rest = r, oldIndex = 0;
    for (unsigned number : order) {
      oldIndex += rest % old[number].radix * oldWeights[number];
      rest /= old[number].radix;
    }
    renamed.push_back(registers[oldIndex]);
  }
  registers = std::move(renamed);
  layout = layout.permuteDigits(HardwareDim::Register, order);
}

/// The digits of `tile` followed by those of `layout` above them, or default
/// digits where these do not fit; nullopt if an extent does not divide.
static std::optional<DigitShape> getDividedShape(const DigitShape &layout,
                                                 const DigitShape &tile) {
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned dim = 0; dim < layout.getRank(); ++dim) {
    int64_t extent = layout.getExtent(dim), part = tile.getExtent(dim);
    if (extent % part != 0)
      return std::nullopt;
    SmallVector<unsigned> &result = digits.emplace_back(tile.getDigits(dim));
    // The longest suffix of old digits whose product fits.
    ArrayRef<unsigned> suffix = layout.getDigits(dim);
    int64_t product = extent;
    while (product > extent / part) {
      product /= suffix.front();
      suffix = suffix.drop_front();
    }
    if (product == extent / part)
      append_range(result, suffix);
    else
      append_range(result, DigitShape::get({extent / part}).getDigits(0));
  }
  return DigitShape(digits);
}

/// Sorts register digits that count one tile digit each by that digit, so that
/// runs become neighbours.
static SmallVector<unsigned> getSortedRegisterOrder(const Layout &layout) {
  const DigitShape &shape = layout.getShape();
  ArrayRef<HardwareDigit> digits = layout.getDigits(HardwareDim::Register);
  auto getKey = [&](unsigned i) -> std::tuple<unsigned, int64_t, unsigned> {
    const HardwareDigit &digit = digits[i];
    if (digit.odd)
      return {shape.getOddDim(*digit.odd), shape.getOddWeight(*digit.odd), i};
    if (!isPowerOf2_64(digit.bits))
      return {UINT_MAX, 0, i};
    unsigned bit = countr_zero(digit.bits);
    return {shape.getBitDim(bit), shape.getBitWeight(bit), i};
  };
  SmallVector<unsigned> order =
      to_vector(seq<unsigned>(0, static_cast<unsigned>(digits.size())));
  sort(order, [&](unsigned a, unsigned b) { return getKey(a) < getKey(b); });
  return order;
}

/// Rewrites the layout so that its digits start with those of `tile`.
static bool regroupForTile(Division &division, const DigitShape &tile) {
  const DigitShape &shape = division.layout.getShape();
  std::optional<DigitShape> target = getDividedShape(shape, tile);
  if (!target)
    return false;
  if (*target == shape)
    return true;
  std::optional<Layout> regrouped = regroup(division.layout, *target);
  if (!regrouped) {
    division.permuteRegisters(getSortedRegisterOrder(division.layout));
    regrouped = regroup(division.layout, *target);
  }
  if (!regrouped)
    return false;
  division.layout = std::move(*regrouped);
  return true;
}

/// `digit` of the tile's layout as a digit of a layout that starts with it.
static HardwareDigit embed(const HardwareDigit &digit, const DigitNumbers &tile,
                           const DigitNumbers &layout) {
  return *renumber(digit, tile, layout,
                   [](DigitNumbers::Position position) { return position; });
}

/// The register digits of `layout` with those of `tile` first; nullopt if one
/// is missing.
static std::optional<SmallVector<unsigned>>
getInstructionFirstOrder(const Layout &layout, const Layout &tile) {
  DigitNumbers tileNumbers(tile.getShape()), numbers(layout.getShape());
  ArrayRef<HardwareDigit> own = layout.getDigits(HardwareDim::Register);
  SmallVector<unsigned> order;
  for (const HardwareDigit &digit : tile.getDigits(HardwareDim::Register)) {
    const auto *found = find(own, embed(digit, tileNumbers, numbers));
    if (found == own.end())
      return std::nullopt;
    order.push_back(found - own.begin());
  }
  SmallVector<unsigned> ofTile = order;
  for (unsigned i = 0; i < own.size(); ++i)
    if (!is_contained(ofTile, i))
      order.push_back(i);
  return order;
}

/// The digits of `shape` above those of `tile`, with which it starts.
static DigitShape dropLowDigits(const DigitShape &shape,
                                const DigitShape &tile) {
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned dim = 0; dim < shape.getRank(); ++dim)
    digits.emplace_back(
        shape.getDigits(dim).drop_front(tile.getDigits(dim).size()));
  return DigitShape(digits);
}

std::optional<Quotient> mlir::tk::divideLeft(const Layout &layout,
                                             const Layout &tile) {
  assert(layout.getRank() == tile.getRank() && "equal ranks");
  Division division(layout);
  if (!regroupForTile(division, tile.getShape()))
    return std::nullopt;
  // Registers may be renamed, everything else must be in place already.
  std::optional<SmallVector<unsigned>> order =
      getInstructionFirstOrder(division.layout, tile);
  if (!order)
    return std::nullopt;
  division.permuteRegisters(*order);

  const DigitShape &shape = division.layout.getShape();
  DigitShape restShape = dropLowDigits(shape, tile.getShape());
  DigitNumbers numbers(shape), tileNumbers(tile.getShape()), rest(restShape);
  auto moveDown = [&](DigitNumbers::Position position)
      -> std::optional<DigitNumbers::Position> {
    unsigned numTaken = tile.getShape().getDigits(position.dim).size();
    if (position.index < numTaken)
      return std::nullopt;
    return DigitNumbers::Position{position.dim, position.index - numTaken};
  };
  Quotient quotient{Layout(restShape), std::move(division.registers)};
  for (HardwareDim dim : kHardwareDims) {
    ArrayRef<HardwareDigit> own = division.layout.getDigits(dim);
    ArrayRef<HardwareDigit> taken = tile.getDigits(dim);
    if (own.size() < taken.size())
      return std::nullopt;
    for (auto [digit, expected] : zip(own, taken))
      if (!(digit == embed(expected, tileNumbers, numbers)))
        return std::nullopt;
    for (const HardwareDigit &digit : own.drop_front(taken.size())) {
      std::optional<HardwareDigit> moved =
          renumber(digit, numbers, rest, moveDown);
      if (!moved)
        return std::nullopt;
      quotient.layout.add(dim, *moved);
    }
  }
  return quotient;
}

Layout mlir::tk::multiply(const Layout &tile, const Layout &repetitions) {
  assert(tile.getRank() == repetitions.getRank() && "equal ranks");
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned dim = 0; dim < tile.getRank(); ++dim) {
    digits.emplace_back(tile.getShape().getDigits(dim));
    append_range(digits.back(), repetitions.getShape().getDigits(dim));
  }
  DigitShape shape(digits);
  Layout low = renumber(
      tile, shape, [](DigitNumbers::Position position) { return position; });
  Layout high =
      renumber(repetitions, shape, [&](DigitNumbers::Position position) {
        position.index += tile.getShape().getDigits(position.dim).size();
        return position;
      });
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : high.getDigits(dim))
      low.add(dim, digit);
  return low;
}
