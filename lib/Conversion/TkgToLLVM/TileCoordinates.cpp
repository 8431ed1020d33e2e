//===- TileCoordinates.cpp - where a thread's elements lie in a tile ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/TileCoordinates.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::CoordinateTerms;
using tk::HardwareDim;

//===----------------------------------------------------------------------===//
// Linear maps over F2 at run time
//===----------------------------------------------------------------------===//

/// Neighbouring index bits that move together to neighbouring mask bits: lane
/// bits 0 to 2 -> column bits 3 to 5 is one mask and one shift.
struct BitField {
  unsigned indexBit;
  unsigned maskBit;
  unsigned width;
};

static SmallVector<BitField> getBitFields(ArrayRef<IndexBit> bits) {
  SmallVector<BitField> fields;
  for (const IndexBit &bit : bits) {
    unsigned indexBit = llvm::Log2_64(bit.divisor);
    for (uint64_t rest = bit.mask; rest; rest &= rest - 1) {
      unsigned maskBit = llvm::countr_zero(rest);
      auto *field = llvm::find_if(fields, [&](const BitField &f) {
        return f.indexBit + f.width == indexBit &&
               f.maskBit + f.width == maskBit;
      });
      if (field != fields.end())
        ++field->width;
      else
        fields.push_back({indexBit, maskBit, 1});
    }
  }
  return fields;
}

/// Shifts the field of `index` to its place in the result.
static Value moveField(Emitter &e, Value index, const BitField &field) {
  int64_t mask = (int64_t(1) << field.width) - 1;
  if (field.maskBit >= field.indexBit) {
    Value masked = e.bitAnd(index, e.getI32Constant(mask << field.indexBit));
    return e.shiftLeft(masked, field.maskBit - field.indexBit);
  }
  Value shifted = e.shiftRight(index, field.indexBit - field.maskBit);
  return e.bitAnd(shifted, e.getI32Constant(mask << field.maskBit));
}

/// A bit after an odd digit of the index: select by division.
static Value moveDividedBit(Emitter &e, Value index, const IndexBit &bit) {
  Value digit =
      e.bitAnd(e.divideUnsigned(index, bit.divisor), e.getI32Constant(1));
  return e.mul(digit, e.getI32Constant(bit.mask));
}

Value mlir::tkg::applyBits(Emitter &e, Value index, ArrayRef<IndexBit> bits) {
  SmallVector<IndexBit> powers;
  Value result = e.getI32Constant(0);
  for (const IndexBit &bit : bits) {
    if (llvm::isPowerOf2_64(bit.divisor))
      powers.push_back(bit);
    else
      result = e.bitXor(result, moveDividedBit(e, index, bit));
  }
  // Fields that share no bit could be or-ed as well; LLVM knows.
  for (const BitField &field : getBitFields(powers))
    result = e.bitXor(result, moveField(e, index, field));
  return result;
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

/// The coordinate of the bits of a dimension: each run times its weight.
static Value getBitsPart(Emitter &e, Value bits,
                         ArrayRef<CoordinateTerms::Run> runs) {
  if (runs.size() == 1 && runs.front().weight == 1)
    return bits;
  Value sum = e.getI32Constant(0);
  for (const CoordinateTerms::Run &run : runs) {
    int64_t mask = (int64_t(1) << run.numBits) - 1;
    Value field =
        e.bitAnd(e.shiftRight(bits, run.firstBit), e.getI32Constant(mask));
    sum = e.add(sum, e.mul(field, e.getI32Constant(run.weight)));
  }
  return sum;
}

static int64_t getBitsPart(uint64_t bits, ArrayRef<CoordinateTerms::Run> runs) {
  int64_t sum = 0;
  for (const CoordinateTerms::Run &run : runs)
    sum +=
        int64_t((bits >> run.firstBit) & ((uint64_t(1) << run.numBits) - 1)) *
        run.weight;
  return sum;
}

TileCoordinates::TileCoordinates(const tk::Layout &layout, Emitter &e,
                                 ThreadPlace place)
    : registerParts(layout.getRegisterCoordinates()), shape(layout.getShape()) {
  for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r)
    registerBits.push_back(layout.getPoint(HardwareDim::Register, r).bits);
  for (unsigned dim = 0; dim < layout.getRank(); ++dim)
    addDim(layout, dim, e, place);
}

void TileCoordinates::addDim(const tk::Layout &layout, unsigned dim, Emitter &e,
                             ThreadPlace place) {
  CoordinateTerms terms = tk::getCoordinateTerms(layout, dim);
  SmallVector<IndexBit> laneBits, warpBits;
  uint64_t ofRegisters = 0, ofThread = 0;
  for (const CoordinateTerms::Bit &bit : terms.bits) {
    if (bit.dim == HardwareDim::Register) {
      ofRegisters |= bit.mask;
      continue;
    }
    assert((bit.dim == HardwareDim::Lane || bit.dim == HardwareDim::Warp) &&
           "a register tile of one block lives in lanes and warps");
    (bit.dim == HardwareDim::Lane ? laneBits : warpBits)
        .push_back({bit.divisor, bit.mask});
    ofThread |= bit.mask;
  }
  Dim result;
  result.isAdditive = (ofRegisters & ofThread) == 0;
  result.runs = terms.runs;
  result.threadBits = e.bitXor(applyBits(e, place.lane, laneBits),
                               applyBits(e, place.warp, warpBits));
  result.threadOddPart = e.getI32Constant(0);
  result.maxThreadPart = getBitsPart(ofThread, terms.runs);
  for (const CoordinateTerms::Odd &odd : terms.odds) {
    if (odd.dim == HardwareDim::Register)
      continue;
    Value index = odd.dim == HardwareDim::Lane ? place.lane : place.warp;
    Value digit =
        e.remainderUnsigned(e.divideUnsigned(index, odd.divisor), odd.radix);
    result.threadOddPart =
        e.add(result.threadOddPart, e.mul(digit, e.getI32Constant(odd.weight)));
    result.maxThreadPart += int64_t(odd.radix - 1) * odd.weight;
  }
  result.threadPart = e.add(getBitsPart(e, result.threadBits, terms.runs),
                            result.threadOddPart);
  dims.push_back(std::move(result));
}

Value TileCoordinates::getCoordinate(Emitter &e, unsigned dim,
                                     int64_t r) const {
  const Dim &d = dims[dim];
  if (d.isAdditive)
    return e.add(d.threadPart, e.getI32Constant(registerParts[r][dim]));
  uint64_t bits =
      (registerBits[r] & shape.getBitMask(dim)) >> shape.getFirstBit(dim);
  Value combined = e.bitXor(d.threadBits, e.getI32Constant(bits));
  int64_t oddPart = registerParts[r][dim] - getBitsPart(bits, d.runs);
  return e.add(e.add(getBitsPart(e, combined, d.runs), d.threadOddPart),
               e.getI32Constant(oddPart));
}

Value TileCoordinates::getIsBelow(Emitter &e, unsigned dim, int64_t r,
                                  int64_t extent) const {
  if (shape.getExtent(dim) <= extent)
    return Value();
  if (isAdditive(dim)) {
    int64_t smallest = registerParts[r][dim];
    if (smallest >= extent)
      return e.getI1Constant(false);
    if (smallest + getMaxThreadPart(dim) < extent)
      return Value();
  }
  return e.compare(LLVM::ICmpPredicate::slt, getCoordinate(e, dim, r),
                   e.getI32Constant(extent));
}
