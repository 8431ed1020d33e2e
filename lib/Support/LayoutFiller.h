//===- LayoutFiller.h - building a layout digit by digit ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_SUPPORT_LAYOUTFILLER_H
#define TK_LIB_SUPPORT_LAYOUTFILLER_H

#include "tk/Support/Layout.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::tk {

/// Hands the digits of a tile out to hardware dimensions, each digit once. As
/// in a deck of cards, `takeLow` deals from the low end of a tile dimension,
/// `takeHigh` from its high end.
class LayoutFiller {
public:
  explicit LayoutFiller(const DigitShape &shape)
      : layout(shape), isOddTaken(shape.getNumOdd(), false) {
    for (unsigned dim = 0; dim < shape.getRank(); ++dim)
      ranges.push_back({shape.getFirstBit(dim),
                        shape.getFirstBit(dim) + shape.getNumBits(dim)});
  }

  /// Gives up to `count` radix-2 digits of `tileDim` to `dim`; returns how
  /// many there were.
  unsigned takeLow(HardwareDim dim, unsigned tileDim, unsigned count) {
    auto &[low, high] = ranges[tileDim];
    count = std::min(count, high - low);
    for (unsigned i = 0; i < count; ++i)
      layout.addBit(dim, uint64_t(1) << low++);
    return count;
  }
  unsigned takeHigh(HardwareDim dim, unsigned tileDim, unsigned count) {
    auto &[low, high] = ranges[tileDim];
    count = std::min(count, high - low);
    high -= count;
    for (unsigned i = 0; i < count; ++i)
      layout.addBit(dim, uint64_t(1) << (high + i));
    return count;
  }
  /// Adds `count` hardware bits along which elements repeat.
  void replicate(HardwareDim dim, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      layout.addBit(dim, 0);
  }

  /// Places the odd factor of `numWarps` on an odd digit of equal radix of one
  /// of `tileDims`, tried in order; without one it replicates.
  void placeOddWarps(unsigned numWarps, llvm::ArrayRef<unsigned> tileDims) {
    unsigned radix = numWarps >> llvm::countr_zero(numWarps);
    if (radix == 1)
      return;
    const DigitShape &shape = layout.getShape();
    for (unsigned tileDim : tileDims)
      for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd) {
        if (isOddTaken[odd] || shape.getOddDim(odd) != tileDim ||
            shape.getOddRadix(odd) != radix)
          continue;
        isOddTaken[odd] = true;
        layout.addOdd(HardwareDim::Warp, odd);
        return;
      }
    layout.addOddReplica(HardwareDim::Warp, radix);
  }

  /// Gives what is left to registers: radix-2 digits from the last dimension
  /// to the first, then the odd ones.
  Layout finish() {
    for (unsigned tileDim = ranges.size(); tileDim-- > 0;)
      takeLow(HardwareDim::Register, tileDim, UINT32_MAX);
    for (unsigned odd = 0; odd < isOddTaken.size(); ++odd)
      if (!isOddTaken[odd])
        layout.addOdd(HardwareDim::Register, odd);
    return layout;
  }

private:
  Layout layout;
  /// The radix-2 digits of each tile dimension that are left.
  llvm::SmallVector<std::pair<unsigned, unsigned>> ranges;
  llvm::SmallVector<bool> isOddTaken;
};

} // namespace mlir::tk

#endif // TK_LIB_SUPPORT_LAYOUTFILLER_H
