//===- SharedLayout.cpp - how tiles lie in shared memory ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/SharedLayout.h"
#include "DigitNumbers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>

using namespace llvm;
using namespace mlir::tk;

/// Swizzles move chunks of 16 bytes, the widest access of a lane.
static constexpr unsigned kChunkInBits = 128;
/// Eight rows of a chunk span all 32 banks.
static constexpr unsigned kNumRowBits = 3;

SmallVector<int64_t> mlir::tk::getAllocationExtents(ArrayRef<int64_t> extents,
                                                    ArrayRef<unsigned> order,
                                                    unsigned elementBitWidth,
                                                    unsigned swizzleInBytes) {
  SmallVector<int64_t> result(extents);
  unsigned panelInBits =
      swizzleInBytes == 0 ? kChunkInBits : swizzleInBytes * 8;
  if (!order.empty())
    result[order.front()] = alignTo(
        result[order.front()], std::max(1u, panelInBits / elementBitWidth));
  return result;
}

unsigned mlir::tk::getWidestSwizzle(int64_t extent, unsigned elementBitWidth) {
  for (unsigned sizeInBytes : {128u, 64u, 32u})
    if (extent * elementBitWidth % (sizeInBytes * 8) == 0)
      return sizeInBytes;
  return 0;
}

/// Appends digits [begin, end) of `dim` to the offset.
static void appendDigits(Layout &layout, const DigitNumbers &numbers,
                         unsigned dim, unsigned begin, unsigned end) {
  ArrayRef<unsigned> digits = layout.getShape().getDigits(dim);
  for (unsigned i = begin; i < end; ++i) {
    unsigned number = numbers.get(dim, i);
    layout.add(HardwareDim::Offset,
               digits[i] == 2 ? HardwareDigit::getBit(uint64_t(1) << number)
                              : HardwareDigit::getOdd(digits[i], number));
  }
}

Layout mlir::tk::buildStridedShared(const DigitShape &shape,
                                    ArrayRef<unsigned> order) {
  assert(order.size() == shape.getRank() && "order names every dimension");
  Layout layout(shape);
  DigitNumbers numbers(shape);
  for (unsigned dim : order)
    appendDigits(layout, numbers, dim, 0, shape.getDigits(dim).size());
  return layout;
}

/// How many of the lowest digits of `dim`, at most `max`, are twos.
static unsigned countLowTwos(const DigitShape &shape, unsigned dim,
                             unsigned max) {
  unsigned count = 0;
  for (unsigned radix : shape.getDigits(dim).take_front(max)) {
    if (radix != 2)
      break;
    ++count;
  }
  return count;
}

bool mlir::tk::isHardwareSwizzle(const DigitShape &shape,
                                 ArrayRef<unsigned> order) {
  return order.size() >= 2 &&
         countLowTwos(shape, order[1], kNumRowBits) == kNumRowBits;
}

Layout mlir::tk::buildSwizzledShared(const DigitShape &shape,
                                     ArrayRef<unsigned> order,
                                     unsigned elementBitWidth,
                                     unsigned swizzleInBytes) {
  assert(order.size() == shape.getRank() && shape.getRank() >= 2 &&
         "order names every dimension, rows are the second");
  assert(
      (swizzleInBytes == 32 || swizzleInBytes == 64 || swizzleInBytes == 128) &&
      "no such swizzle");
  unsigned contiguous = order[0], row = order[1];
  unsigned numPanelBits = Log2_32(swizzleInBytes * 8 / elementBitWidth);
  assert(countLowTwos(shape, contiguous, numPanelBits) == numPanelBits &&
         "the contiguous dimension is not a whole number of panels");
  Layout layout(shape);
  DigitNumbers numbers(shape);
  appendDigits(layout, numbers, contiguous, 0, numPanelBits);

  unsigned firstChunkBit = Log2_32(kChunkInBits / elementBitWidth);
  unsigned numChunkBits = numPanelBits - firstChunkBit;
  unsigned numRowBits = countLowTwos(shape, row, kNumRowBits);
  for (unsigned i = 0; i < numRowBits; ++i) {
    uint64_t bits = uint64_t(1) << numbers.get(row, i);
    // The narrower the panel, the more rows share the 128 bytes of all banks.
    unsigned numRowsTogether = kNumRowBits - numChunkBits;
    if (i >= numRowsTogether)
      bits |= uint64_t(1) << numbers.get(contiguous,
                                         firstChunkBit + i - numRowsTogether);
    layout.addBit(HardwareDim::Offset, bits);
  }
  appendDigits(layout, numbers, row, numRowBits, shape.getDigits(row).size());
  appendDigits(layout, numbers, contiguous, numPanelBits,
               shape.getDigits(contiguous).size());
  for (unsigned dim : order.drop_front(2))
    appendDigits(layout, numbers, dim, 0, shape.getDigits(dim).size());
  return layout;
}

std::optional<Layout> mlir::tk::stackSlices(const Layout &slice,
                                            int64_t count) {
  SmallVector<int64_t> extents = slice.getExtents();
  if (extents.empty() || !isPowerOf2_64(count) ||
      !isPowerOf2_64(extents.front()))
    return std::nullopt;
  int64_t sliceExtent = extents.front();
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned dim = 0; dim < slice.getRank(); ++dim)
    digits.emplace_back(slice.getShape().getDigits(dim));
  digits.front().append(Log2_64(count), 2);
  DigitShape shape(digits);
  Layout layout(shape);
  // Bits keep their coordinates, odd digits their number.
  for (const HardwareDigit &digit : slice.getDigits(HardwareDim::Offset)) {
    if (digit.radix == 2)
      layout.addBit(
          HardwareDim::Offset,
          shape.getPoint(slice.getShape().getCoordinates(digit.bits)).bits);
    else
      layout.add(HardwareDim::Offset, digit);
  }
  SmallVector<int64_t> place(extents.size(), 0);
  for (place[0] = sliceExtent; place[0] < sliceExtent * count; place[0] *= 2)
    layout.addBit(HardwareDim::Offset, shape.getPoint(place).bits);
  return layout;
}
