//===- LayoutReshape.cpp - layouts over other tile shapes -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DigitNumbers.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>
#include <numeric>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Regrouping
//===----------------------------------------------------------------------===//

namespace {
/// Digits [oldBegin, oldEnd) of a dimension that become [newBegin, newEnd).
struct Segment {
  unsigned dim;
  unsigned oldBegin, oldEnd;
  unsigned newBegin, newEnd;
};

/// Where the digits of a segment sit in the hardware.
struct Run {
  HardwareDim dim;
  unsigned begin, end;
};

/// Rewrites a layout over another list of digits of the same extents.
class Regrouping {
public:
  Regrouping(const Layout &layout, const DigitShape &shape)
      : layout(layout), shape(shape), from(layout.getShape()), to(shape) {}

  std::optional<Layout> run();

private:
  void splitIntoSegments(unsigned dim);
  bool findRun(const Segment &segment, std::optional<Run> &run) const;
  std::optional<unsigned> findHolder(unsigned tileDim, unsigned index,
                                     HardwareDim &dim) const;
  std::optional<HardwareDigit> move(const HardwareDigit &digit) const;
  void emitSegment(const Segment &segment, HardwareDim dim, Layout &result);

  const Layout &layout;
  const DigitShape &shape;
  DigitNumbers from, to;
  SmallVector<Segment> segments;
  /// By dimension and old index: the new index of a digit that stays.
  SmallVector<SmallVector<std::optional<unsigned>>> newIndex;
};
} // namespace

/// Walks both digit lists of `dim` from one common multiple to the next.
void Regrouping::splitIntoSegments(unsigned dim) {
  ArrayRef<unsigned> oldDigits = layout.getShape().getDigits(dim);
  ArrayRef<unsigned> newDigits = shape.getDigits(dim);
  newIndex.emplace_back(oldDigits.size(), std::nullopt);
  unsigned i = 0, j = 0;
  while (i < oldDigits.size()) {
    if (oldDigits[i] == newDigits[j]) {
      newIndex.back()[i++] = j++;
      continue;
    }
    Segment segment = {dim, i, i + 1, j, j + 1};
    int64_t oldProduct = oldDigits[i++], newProduct = newDigits[j++];
    while (oldProduct != newProduct) {
      if (oldProduct < newProduct)
        oldProduct *= oldDigits[i++];
      else
        newProduct *= newDigits[j++];
    }
    segment.oldEnd = i;
    segment.newEnd = j;
    segments.push_back(segment);
  }
}

/// The only hardware digit that touches a tile digit, if it touches no other.
std::optional<unsigned> Regrouping::findHolder(unsigned tileDim, unsigned index,
                                               HardwareDim &dim) const {
  unsigned number = from.get(tileDim, index);
  bool isBit = layout.getShape().getDigits(tileDim)[index] == 2;
  std::optional<unsigned> holder;
  for (HardwareDim candidate : kHardwareDims)
    for (auto [i, digit] : enumerate(layout.getDigits(candidate))) {
      bool touches =
          isBit ? digit.bits >> number & 1 : digit.odd && *digit.odd == number;
      if (!touches)
        continue;
      if (holder || (isBit && !isPowerOf2_64(digit.bits)))
        return std::nullopt;
      holder = i;
      dim = candidate;
    }
  return holder;
}

/// False if the segment is no run. An odd digit that no hardware digit counts
/// has no run, but may be split.
bool Regrouping::findRun(const Segment &segment,
                         std::optional<Run> &run) const {
  for (unsigned index = segment.oldBegin; index < segment.oldEnd; ++index) {
    HardwareDim dim;
    std::optional<unsigned> holder = findHolder(segment.dim, index, dim);
    if (!holder) {
      bool isSplit = segment.oldEnd - segment.oldBegin == 1;
      return isSplit && layout.getShape().getDigits(segment.dim)[index] != 2;
    }
    if (!run)
      run = Run{dim, *holder, *holder};
    if (run->dim != dim || run->end != *holder)
      return false;
    ++run->end;
  }
  return true;
}

std::optional<HardwareDigit>
Regrouping::move(const HardwareDigit &digit) const {
  return renumber(digit, from, to,
                  [&](DigitNumbers::Position position)
                      -> std::optional<DigitNumbers::Position> {
                    std::optional<unsigned> index =
                        newIndex[position.dim][position.index];
                    if (!index)
                      return std::nullopt;
                    return DigitNumbers::Position{position.dim, *index};
                  });
}

void Regrouping::emitSegment(const Segment &segment, HardwareDim dim,
                             Layout &result) {
  for (unsigned index = segment.newBegin; index < segment.newEnd; ++index) {
    unsigned number = to.get(segment.dim, index);
    unsigned radix = shape.getDigits(segment.dim)[index];
    result.add(dim, radix == 2 ? HardwareDigit::getBit(uint64_t(1) << number)
                               : HardwareDigit::getOdd(radix, number));
  }
}

std::optional<Layout> Regrouping::run() {
  if (layout.getRank() != shape.getRank() ||
      layout.getExtents() != shape.getExtents())
    return std::nullopt;
  for (unsigned dim = 0; dim < shape.getRank(); ++dim)
    splitIntoSegments(dim);
  SmallVector<std::pair<Run, const Segment *>> runs;
  for (const Segment &segment : segments) {
    std::optional<Run> run;
    if (!findRun(segment, run))
      return std::nullopt;
    if (run)
      runs.push_back({*run, &segment});
  }

  Layout result(shape);
  for (HardwareDim dim : kHardwareDims) {
    ArrayRef<HardwareDigit> digits = layout.getDigits(dim);
    for (unsigned i = 0; i < digits.size();) {
      const auto *run =
          find_if(runs, [&](const std::pair<Run, const Segment *> &candidate) {
            return candidate.first.dim == dim && candidate.first.begin == i;
          });
      if (run != runs.end()) {
        emitSegment(*run->second, dim, result);
        i = run->first.end;
        continue;
      }
      std::optional<HardwareDigit> moved = move(digits[i++]);
      if (!moved)
        return std::nullopt;
      result.add(dim, *moved);
    }
  }
  return result;
}

std::optional<Layout> mlir::tk::regroup(const Layout &layout,
                                        const DigitShape &shape) {
  if (layout.getShape() == shape)
    return layout;
  return Regrouping(layout, shape).run();
}

/// `shape` with the digits of one dimension replaced.
static DigitShape withDigits(const DigitShape &shape, unsigned dim,
                             ArrayRef<unsigned> digits) {
  SmallVector<SmallVector<unsigned>> result;
  for (unsigned d = 0; d < shape.getRank(); ++d)
    result.emplace_back(d == dim ? digits : shape.getDigits(d));
  return DigitShape(result);
}

bool mlir::tk::makeCommensurable(Layout &a, Layout &b) {
  if (a.getExtents() != b.getExtents())
    return false;
  Layout newA = a, newB = b;
  for (unsigned dim = 0; dim < a.getRank(); ++dim) {
    ArrayRef<unsigned> digitsA = newA.getShape().getDigits(dim);
    ArrayRef<unsigned> digitsB = newB.getShape().getDigits(dim);
    if (digitsA == digitsB)
      continue;
    if (std::optional<Layout> regrouped =
            regroup(newB, withDigits(newB.getShape(), dim, digitsA)))
      newB = std::move(*regrouped);
    else if (std::optional<Layout> regrouped =
                 regroup(newA, withDigits(newA.getShape(), dim, digitsB)))
      newA = std::move(*regrouped);
    else
      return false;
  }
  a = std::move(newA);
  b = std::move(newB);
  return true;
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// The digits of all dimensions, low to high, the last dimension first.
static SmallVector<unsigned> flatten(const DigitShape &shape) {
  SmallVector<unsigned> flat;
  for (unsigned dim = shape.getRank(); dim-- > 0;)
    append_range(flat, shape.getDigits(dim));
  return flat;
}

/// The same bits and odd digits over other dimensions: digits are numbered in
/// the order of `flatten`, so that only the boundaries move.
static Layout withBoundaries(const Layout &layout, const DigitShape &shape) {
  assert(flatten(layout.getShape()) == flatten(shape) && "digits would move");
  Layout result(shape);
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : layout.getDigits(dim))
      result.add(dim, digit);
  return result;
}

/// Digits for a dimension of `extent`, taken from the front of `flat` as far
/// as they fit; a digit that fits in part is split. Clears `flat` once it no
/// longer lines up with the dimensions: regrouping decides what is possible.
static SmallVector<unsigned> takeDigits(SmallVectorImpl<unsigned> &flat,
                                        int64_t extent) {
  SmallVector<unsigned> result;
  while (extent > 1 && !flat.empty()) {
    unsigned common = std::gcd<int64_t>(extent, flat.front());
    if (common == 1)
      break;
    result.push_back(common);
    extent /= common;
    flat.front() /= common;
    if (flat.front() == 1)
      flat.erase(flat.begin());
  }
  if (extent > 1) {
    append_range(result, DigitShape::get({extent}).getDigits(0));
    flat.clear();
  }
  return result;
}

std::optional<Layout> mlir::tk::reshape(const Layout &layout,
                                        ArrayRef<int64_t> extents) {
  SmallVector<unsigned> flat = flatten(layout.getShape());
  Layout flatLayout =
      withBoundaries(layout, DigitShape(ArrayRef<SmallVector<unsigned>>(flat)));

  SmallVector<unsigned> rest = flat;
  SmallVector<SmallVector<unsigned>> digits(extents.size());
  for (unsigned dim = extents.size(); dim-- > 0;)
    digits[dim] = takeDigits(rest, extents[dim]);
  DigitShape shape(digits);
  if (shape.getNumElements() != layout.getShape().getNumElements())
    return std::nullopt;

  SmallVector<unsigned> newFlat = flatten(shape);
  std::optional<Layout> regrouped =
      regroup(flatLayout, DigitShape(ArrayRef<SmallVector<unsigned>>(newFlat)));
  if (!regrouped)
    return std::nullopt;
  return withBoundaries(*regrouped, shape);
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

Layout mlir::tk::transpose(const Layout &layout, ArrayRef<unsigned> order) {
  SmallVector<SmallVector<unsigned>> digits;
  SmallVector<unsigned> newDim(order.size());
  for (auto [dim, oldDim] : enumerate(order)) {
    digits.emplace_back(layout.getShape().getDigits(oldDim));
    newDim[oldDim] = dim;
  }
  return renumber(
      layout, DigitShape(digits), [&](DigitNumbers::Position position) {
        return DigitNumbers::Position{newDim[position.dim], position.index};
      });
}

Layout mlir::tk::expandDims(const Layout &layout, unsigned dim) {
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned d = 0; d < layout.getRank(); ++d)
    digits.emplace_back(layout.getShape().getDigits(d));
  digits.insert(digits.begin() + dim, SmallVector<unsigned>());
  return withBoundaries(layout, DigitShape(digits));
}
