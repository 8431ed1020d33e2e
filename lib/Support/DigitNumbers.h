//===- DigitNumbers.h - finding digits of a shape by their position -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_SUPPORT_DIGITNUMBERS_H
#define TK_LIB_SUPPORT_DIGITNUMBERS_H

#include "tk/Support/Layout.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::tk {

/// Translates between the position of a tile digit (dimension, index from the
/// lowest) and its number among the bits or odd digits of the shape.
class DigitNumbers {
public:
  explicit DigitNumbers(const DigitShape &shape);

  /// The number of the digit: of a bit, or of an odd digit.
  unsigned get(unsigned dim, unsigned index) const {
    return numbers[dim][index];
  }
  /// The position of a bit or odd digit.
  struct Position {
    unsigned dim;
    unsigned index;
  };
  Position getBitPosition(unsigned bit) const { return bits[bit]; }
  Position getOddPosition(unsigned odd) const { return odds[odd]; }

private:
  llvm::SmallVector<llvm::SmallVector<unsigned>> numbers;
  llvm::SmallVector<Position> bits;
  llvm::SmallVector<Position> odds;
};

/// Moves every tile digit that `digit` touches to the position of the other
/// shape that `move` names; nothing if there is none for one of them.
std::optional<HardwareDigit>
renumber(const HardwareDigit &digit, const DigitNumbers &from,
         const DigitNumbers &to,
         llvm::function_ref<
             std::optional<DigitNumbers::Position>(DigitNumbers::Position)>
             move);

/// `layout` over `shape`, every tile digit moved; it must have a place there.
Layout renumber(
    const Layout &layout, const DigitShape &shape,
    llvm::function_ref<DigitNumbers::Position(DigitNumbers::Position)> move);

} // namespace mlir::tk

#endif // TK_LIB_SUPPORT_DIGITNUMBERS_H
