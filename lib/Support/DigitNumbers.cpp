//===- DigitNumbers.cpp - finding digits of a shape by their position -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DigitNumbers.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::tk;

DigitNumbers::DigitNumbers(const DigitShape &shape) {
  numbers.resize(shape.getRank());
  for (unsigned dim = shape.getRank(); dim-- > 0;)
    for (auto [i, radix] : enumerate(shape.getDigits(dim))) {
      SmallVector<Position> &list = radix == 2 ? bits : odds;
      numbers[dim].push_back(list.size());
      list.push_back({dim, static_cast<unsigned>(i)});
    }
}

std::optional<HardwareDigit> mlir::tk::renumber(
    const HardwareDigit &digit, const DigitNumbers &from,
    const DigitNumbers &to,
    function_ref<std::optional<DigitNumbers::Position>(DigitNumbers::Position)>
        move) {
  HardwareDigit result = digit;
  if (digit.odd) {
    std::optional<DigitNumbers::Position> moved =
        move(from.getOddPosition(*digit.odd));
    if (!moved)
      return std::nullopt;
    result.odd = to.get(moved->dim, moved->index);
  }
  result.bits = 0;
  for (uint64_t todo = digit.bits; todo; todo &= todo - 1) {
    std::optional<DigitNumbers::Position> moved =
        move(from.getBitPosition(countr_zero(todo)));
    if (!moved)
      return std::nullopt;
    result.bits |= uint64_t(1) << to.get(moved->dim, moved->index);
  }
  return result;
}

Layout mlir::tk::renumber(
    const Layout &layout, const DigitShape &shape,
    function_ref<DigitNumbers::Position(DigitNumbers::Position)> move) {
  DigitNumbers from(layout.getShape()), to(shape);
  Layout result(shape);
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : layout.getDigits(dim))
      result.add(dim, *renumber(digit, from, to, move));
  return result;
}
