//===- MatrixFragments.h - which lane holds which element -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The figures of "Matrix Fragments for mma" (9.7.14.5) follow one scheme: a
// group of four lanes holds a row of A or a column of B, each lane 32 bits of
// neighbours along K at a time. m8n8k4 of f16 alone is different.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_MATRIXFRAGMENTS_H
#define TK_LIB_EMULATOR_MATRIXFRAGMENTS_H

namespace mlir::tk::emulator {

struct ElementPlace {
  unsigned row;
  unsigned column;
};

/// Element `index` of register `number` of A, in registers that hold
/// `perRegister` elements. Matrices of 16 rows alternate between a row and the
/// one 8 below.
inline ElementPlace placeOfA(unsigned lane, unsigned number, unsigned index,
                             unsigned perRegister, unsigned numRows) {
  unsigned step = numRows == 16 ? number / 2 : number;
  unsigned lower = numRows == 16 ? number % 2 * 8 : 0;
  return {lane / 4 + lower,
          lane % 4 * perRegister + index + step * 4 * perRegister};
}

inline ElementPlace placeOfB(unsigned lane, unsigned number, unsigned index,
                             unsigned perRegister) {
  return {lane % 4 * perRegister + index + number * 4 * perRegister, lane / 4};
}

/// Element `index` of all that a lane holds of C and D.
inline ElementPlace placeOfC(unsigned lane, unsigned index) {
  return {lane / 4 + index / 2 % 2 * 8,
          lane % 4 * 2 + index % 2 + index / 4 * 8};
}

/// All of placeOfC by rows: `visit(row, column, lane, index)`.
template <typename Visit> inline void visitC(unsigned numColumns, Visit visit) {
  for (unsigned group = 0; group != numColumns / 8; ++group)
    for (unsigned row = 0; row != 16; ++row)
      for (unsigned column = 0; column != 8; ++column)
        visit(row, group * 8 + column, row % 8 * 4 + column / 2,
              group * 4 + row / 8 * 2 + column % 2);
}

// m8n8k4 of f16: four multiplications, one for each quad pair (lanes 4 i to
// 4 i + 3 and 16 + 4 i to 19 + 4 i). `element` counts what a lane holds.

inline unsigned quadPairOf(unsigned lane) { return lane % 16 / 4; }
inline ElementPlace placeOfQuadA(unsigned lane, unsigned element,
                                 bool isRowMajor) {
  unsigned half = lane < 16 ? 0 : 4;
  return isRowMajor ? ElementPlace{lane % 4 + half, element}
                    : ElementPlace{element + half, lane % 4};
}
inline ElementPlace placeOfQuadB(unsigned lane, unsigned element,
                                 bool isRowMajor) {
  unsigned half = lane < 16 ? 0 : 4;
  return isRowMajor ? ElementPlace{lane % 4, element + half}
                    : ElementPlace{element, lane % 4 + half};
}
inline ElementPlace placeOfQuadC(unsigned lane, unsigned element, bool isHalf) {
  unsigned half = lane < 16 ? 0 : 4;
  if (isHalf)
    return {lane % 4 + half, element};
  return {(lane & 1) + (element & 2) + half,
          (element & 4) + (lane & 2) + (element & 1)};
}

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MATRIXFRAGMENTS_H
