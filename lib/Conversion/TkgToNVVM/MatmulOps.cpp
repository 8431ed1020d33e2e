//===- MatmulOps.cpp - lowers tkg.dot to mma.sync -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dot is repetitions of one instruction. Its fragments are given by the
// layouts that the builders make for a tile of one instruction; a repetition
// finds the same fragments at another place of the tiles.
//
// With `swap` the instruction computes the transpose: its A is the transposed
// right operand of the dot, and rows and columns change roles everywhere.
//
//===----------------------------------------------------------------------===//

#include "MatmulOps.h"
#include "InlinePtx.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/DotTile.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tkg;
using llvm::utostr;

namespace {
/// Where the elements of a fragment lie in the tile of one instruction, in the
/// order of the instruction's registers.
struct Fragment {
  explicit Fragment(const tk::Layout &layout) {
    for (ArrayRef<int64_t> place : layout.getRegisterCoordinates())
      places.push_back({0, place[0], place[1]});
  }
  SmallVector<DotPlace> places;
};

/// One `mma.sync` instruction, as a user of the chip sees it: D = A * B + C.
class MmaInstruction {
public:
  MmaInstruction(DotOp op, Type operandType, Type accumulatorType);

  /// The words of A or B from its elements.
  SmallVector<Value> pack(Emitter &e, ArrayRef<Value> elements) const;
  SmallVector<Value> emit(Emitter &e, ArrayRef<Value> a, ArrayRef<Value> b,
                          ArrayRef<Value> c) const;

  unsigned m, n, k;
  Fragment a, b, c;

private:
  SmallVector<Value> emitIntrinsic(Emitter &e, ValueRange a, ValueRange b,
                                   ValueRange c) const;
  SmallVector<Value> emitPtx(Emitter &e, ValueRange a, ValueRange b,
                             ValueRange c) const;
  unsigned getOperandBits() const {
    return operandType.getIntOrFloatBitWidth();
  }

  /// As it is in registers: f32 for tf32.
  Type operandType;
  Type accumulatorType;
  NVVM::MMATypes aKind, bKind;
};
} // namespace

//===----------------------------------------------------------------------===//
// The instruction
//===----------------------------------------------------------------------===//

/// The shape of the instruction itself, whose A has the most rows.
static tk::MmaShape getInstructionShape(MmaAttr mma) {
  if (mma.getSwap())
    return {mma.getN(), mma.getM(), mma.getK()};
  return {mma.getM(), mma.getN(), mma.getK()};
}

static NVVM::MMATypes getOperandKind(Type type, bool isUnsigned) {
  if (type.isF16())
    return NVVM::MMATypes::f16;
  if (type.isBF16())
    return NVVM::MMATypes::bf16;
  if (type.isF32())
    return NVVM::MMATypes::tf32;
  if (type.isF64())
    return NVVM::MMATypes::f64;
  return isUnsigned ? NVVM::MMATypes::u8 : NVVM::MMATypes::s8;
}

static Fragment getFragment(decltype(tk::buildMmaOperandA) build, int64_t rows,
                            int64_t columns, unsigned bits,
                            tk::MmaShape shape) {
  return Fragment(
      build(tk::DigitShape::get({rows, columns}), {1, 1}, bits, shape));
}

MmaInstruction::MmaInstruction(DotOp op, Type operandType, Type accumulatorType)
    : m(getInstructionShape(op.getInstructionAttr()).m),
      n(getInstructionShape(op.getInstructionAttr()).n),
      k(op.getInstructionAttr().getK()),
      a(getFragment(tk::buildMmaOperandA, m, k,
                    operandType.getIntOrFloatBitWidth(), {m, n, k})),
      b(getFragment(tk::buildMmaOperandB, k, n,
                    operandType.getIntOrFloatBitWidth(), {m, n, k})),
      c(tk::buildMmaAccumulator(tk::DigitShape::get({m, n}), {1, 1},
                                {m, n, k})),
      operandType(operandType), accumulatorType(accumulatorType),
      aKind(getOperandKind(operandType, op.getLhsUnsigned())),
      bKind(getOperandKind(operandType, op.getRhsUnsigned())) {
  if (op.getInstructionAttr().getSwap())
    std::swap(aKind, bKind);
}

/// f16 stays a vector, every other narrow type is a word of 32 bits (LLVM's
/// intrinsics).
SmallVector<Value> MmaInstruction::pack(Emitter &e,
                                        ArrayRef<Value> elements) const {
  if (getOperandBits() >= 32)
    return SmallVector<Value>(elements);
  SmallVector<Value> words;
  size_t perWord = 32 / getOperandBits();
  for (size_t i = 0; i < elements.size(); i += perWord) {
    Value word = e.buildVector(elements.slice(i, perWord));
    words.push_back(operandType.isF16() ? word : e.bitcast(word, e.getI32()));
  }
  return words;
}

SmallVector<Value> MmaInstruction::emitIntrinsic(Emitter &e, ValueRange a,
                                                 ValueRange b,
                                                 ValueRange c) const {
  SmallVector<Value> accumulators = llvm::to_vector(c);
  if (accumulatorType.isF16())
    accumulators = pack(e, accumulators);
  SmallVector<Type> types =
      llvm::to_vector(ValueRange(accumulators).getTypes());
  std::optional<NVVM::MMAIntOverflow> overflow;
  if (operandType.isInteger(8))
    overflow = NVVM::MMAIntOverflow::wrapped;
  Value result = e.create<NVVM::MmaOp>(
      LLVM::LLVMStructType::getLiteral(e.getContext(), types), a, b,
      accumulators, ArrayRef<int64_t>{m, n, k}, std::nullopt, overflow,
      std::array{aKind, bKind},
      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  SmallVector<Value> values;
  for (size_t i = 0; i < types.size(); ++i) {
    Value value = e.extractValue(result, i);
    if (isa<VectorType>(value.getType()))
      llvm::append_range(values, e.splitVector(value));
    else
      values.push_back(value);
  }
  return values;
}

/// The f64 instructions of sm_90 have no intrinsic.
SmallVector<Value> MmaInstruction::emitPtx(Emitter &e, ValueRange a,
                                           ValueRange b, ValueRange c) const {
  InlinePtx ptx;
  for (Value value : c)
    ptx.addResult(value.getType());
  for (ValueRange operand : {a, b})
    for (Value value : operand)
      ptx.addInput(value);
  for (auto [i, value] : llvm::enumerate(c))
    ptx.addTiedInput(value, i);
  std::string shape = "m" + utostr(m) + "n" + utostr(n) + "k" + utostr(k);
  unsigned firstA = c.size(), firstB = firstA + a.size();
  // A fragment is a vector, also of one register.
  auto getFragment = [](unsigned first, unsigned count) {
    std::string list = getOperandList(first, count);
    return count == 1 ? "{" + list + "}" : list;
  };
  std::string result = getFragment(0, c.size());
  // Has an effect so that it stays where all lanes take part.
  return ptx.emit(e,
                  "mma.sync.aligned." + shape + ".row.col.f64.f64.f64.f64 " +
                      result + ", " + getFragment(firstA, a.size()) + ", " +
                      getFragment(firstB, b.size()) + ", " + result + ";",
                  InlinePtx::Memory);
}

SmallVector<Value> MmaInstruction::emit(Emitter &e, ArrayRef<Value> a,
                                        ArrayRef<Value> b,
                                        ArrayRef<Value> c) const {
  if (operandType.isF64() && m != 8)
    return emitPtx(e, a, b, c);
  return emitIntrinsic(e, a, b, c);
}

//===----------------------------------------------------------------------===//
// tf32
//===----------------------------------------------------------------------===//

static Value roundToTf32(Emitter &e, Value value) {
  return e.create<NVVM::ConvertFloatToTF32Op>(
      e.getI32(), value, NVVM::FPRoundingMode::RNA, NVVM::SaturationMode::NONE,
      /*relu=*/false);
}

/// What `big` leaves of `value`, in tf32. An infinity leaves nothing; the
/// difference would be NaN.
static Value getTf32Rest(Emitter &e, Value value, Value big) {
  Value bigFloat = e.bitcast(big, e.getF32());
  Value rest = e.create<LLVM::FSubOp>(value, bigFloat);
  Value isFinite = e.create<LLVM::FCmpOp>(
      LLVM::FCmpPredicate::one,
      e.create<LLVM::FAbsOp>(value.getType(), bigFloat),
      e.getFloat(e.getF32(),
                 llvm::APFloat::getInf(llvm::APFloat::IEEEsingle())));
  Value zero = e.getFloat(e.getF32(),
                          llvm::APFloat::getZero(llvm::APFloat::IEEEsingle()));
  return roundToTf32(e, e.select(isFinite, rest, zero));
}

//===----------------------------------------------------------------------===//
// The dot
//===----------------------------------------------------------------------===//

namespace {
/// Lowers one dot.
class MmaDot {
public:
  MmaDot(DotOp op, Emitter &e, DotOperand &lhs, DotOperand &rhs,
         const DotTile &tile, SmallVector<Value> accumulators)
      : op(op), e(e), lhs(lhs), rhs(rhs), tile(tile),
        isSwapped(op.getInstructionAttr().getSwap()),
        instruction(op, lhs.getElementType(), accumulators.front().getType()),
        accumulators(std::move(accumulators)) {}

  SmallVector<Value> run();

private:
  using Words = SmallVector<Value>;
  /// The words of an operand; for tf32x3 also those of its rest.
  struct OperandWords {
    Words big, small;
  };
  using OperandMap =
      std::map<std::tuple<int64_t, int64_t, int64_t>, OperandWords>;

  const OperandWords &getA(int64_t batch, int64_t row, int64_t k);
  const OperandWords &getB(int64_t batch, int64_t k, int64_t column);
  OperandWords makeWords(const Fragment &fragment, DotPlace origin, bool isA);
  void emitAt(DotPlace origin, int64_t k);
  SmallVector<DotPlace> getOrigins();
  /// A place as the instruction counts it, as a place of a tile of the dot.
  DotPlace toTile(DotPlace place) const {
    return isSwapped ? DotPlace{place.batch, place.column, place.row} : place;
  }

  DotOp op;
  Emitter &e;
  DotOperand &lhs;
  DotOperand &rhs;
  const DotTile &tile;
  bool isSwapped;
  MmaInstruction instruction;
  SmallVector<Value> accumulators;
  OperandMap aWords, bWords;
};
} // namespace

static DotPlace add(DotPlace origin, DotPlace offset) {
  return {origin.batch, origin.row + offset.row, origin.column + offset.column};
}

MmaDot::OperandWords MmaDot::makeWords(const Fragment &fragment,
                                       DotPlace origin, bool isA) {
  // The A of the instruction is the left operand, or the transposed right one.
  DotOperand &operand = isA != isSwapped ? lhs : rhs;
  SmallVector<Value> elements;
  for (DotPlace offset : fragment.places)
    elements.push_back(operand.get(toTile(add(origin, offset))));
  OperandWords words;
  if (!operand.getElementType().isF32()) {
    words.big = instruction.pack(e, elements);
    return words;
  }
  for (Value element : elements) {
    words.big.push_back(roundToTf32(e, element));
    if (op.getPrecision() == tk::Precision::TF32x3)
      words.small.push_back(getTf32Rest(e, element, words.big.back()));
  }
  return words;
}

const MmaDot::OperandWords &MmaDot::getA(int64_t batch, int64_t row,
                                         int64_t k) {
  auto [it, isNew] = aWords.try_emplace({batch, row, k});
  if (isNew)
    it->second = makeWords(instruction.a, {batch, row, k}, /*isA=*/true);
  return it->second;
}

const MmaDot::OperandWords &MmaDot::getB(int64_t batch, int64_t k,
                                         int64_t column) {
  auto [it, isNew] = bWords.try_emplace({batch, k, column});
  if (isNew)
    it->second = makeWords(instruction.b, {batch, k, column}, /*isA=*/false);
  return it->second;
}

/// The places at which an instruction starts, as the instruction counts.
SmallVector<DotPlace> MmaDot::getOrigins() {
  SmallVector<DotPlace> origins;
  for (DotPlace place : tile.getPlaces()) {
    DotPlace origin = toTile(place);
    if (origin.row % instruction.m == 0 && origin.column % instruction.n == 0)
      origins.push_back(origin);
  }
  return origins;
}

void MmaDot::emitAt(DotPlace origin, int64_t k) {
  const OperandWords &a = getA(origin.batch, origin.row, k);
  const OperandWords &b = getB(origin.batch, k, origin.column);
  SmallVector<int64_t> registers;
  SmallVector<Value> c;
  for (DotPlace offset : instruction.c.places) {
    registers.push_back(tile.getRegister(toTile(add(origin, offset))));
    c.push_back(accumulators[registers.back()]);
  }
  // The small products first, so that they are not lost.
  if (!a.small.empty()) {
    c = instruction.emit(e, a.small, b.big, c);
    c = instruction.emit(e, a.big, b.small, c);
  }
  c = instruction.emit(e, a.big, b.big, c);
  for (auto [r, value] : llvm::zip_equal(registers, c))
    accumulators[r] = value;
}

SmallVector<Value> MmaDot::run() {
  SmallVector<DotPlace> origins = getOrigins();
  for (int64_t k = 0; k < lhs.getK(); k += instruction.k)
    for (DotPlace origin : origins)
      emitAt(origin, k);
  return std::move(accumulators);
}

namespace {
struct MmaSyncDotPattern : TkgPattern<DotOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(DotOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    MmaAttr mma = op.getInstructionAttr();
    if (!mma || mma.getKind() != MmaKind::MmaSync)
      return failure();
    DotOperand lhs(context, e, op, DotOperand::Lhs, adaptor.getLhs());
    DotOperand rhs(context, e, op, DotOperand::Rhs, adaptor.getRhs());
    DotTile tile(getTileLayout(op.getResult().getType()));
    if (failed(lhs.initialise()) || failed(rhs.initialise()))
      return failure();
    return MmaDot(op, e, lhs, rhs, tile,
                  llvm::to_vector(adaptor.getAccumulator()))
        .run();
  }
};
} // namespace

void mlir::tkg::populateMatmulToNVVMPatterns(LoweringContext &context,
                                             RewritePatternSet &patterns) {
  patterns.add<MmaSyncDotPattern>(context);
}
