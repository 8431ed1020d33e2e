//===- MatrixMultiply.cpp - mma.sync, 9.7.14.5 ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Conversions.h"
#include "MatrixCollective.h"
#include "MatrixUnit.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

struct MmaDetails {
  MatrixOperation operation;
  llvm::SmallVector<Slot, 8> d, a, b, c;
};

/// A shape, the types that it exists for, and since when.
struct MmaShapeRule {
  unsigned m, n, k;
  /// Bits of an element, and what kind of element.
  unsigned elementBits;
  ElementKind kind;
  unsigned architecture;
};

} // namespace

static constexpr MmaShapeRule shapeRules[] = {
    {8, 8, 4, 16, ElementKind::Float, 70},
    {16, 8, 8, 16, ElementKind::Float, 75},
    {16, 8, 16, 16, ElementKind::Float, 80},
    {16, 8, 4, 32, ElementKind::Float, 80},
    {16, 8, 8, 32, ElementKind::Float, 80},
    {16, 8, 16, 8, ElementKind::Float, 89},
    {16, 8, 32, 8, ElementKind::Float, 89},
    {8, 8, 4, 64, ElementKind::Double, 80},
    {16, 8, 4, 64, ElementKind::Double, 90},
    {16, 8, 8, 64, ElementKind::Double, 90},
    {16, 8, 16, 64, ElementKind::Double, 90},
    {8, 8, 16, 8, ElementKind::Integer, 75},
    {16, 8, 16, 8, ElementKind::Integer, 80},
    {16, 8, 32, 8, ElementKind::Integer, 80},
    {8, 8, 32, 4, ElementKind::Integer, 75},
    {16, 8, 32, 4, ElementKind::Integer, 80},
    {16, 8, 64, 4, ElementKind::Integer, 80},
    {8, 8, 128, 1, ElementKind::Bit, 75},
    {16, 8, 128, 1, ElementKind::Bit, 80},
    {16, 8, 256, 1, ElementKind::Bit, 80},
};

static Step multiplyMatrices(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &details = *static_cast<const MmaDetails *>(instruction.details);
  MatrixRegisters registers;
  auto fill = [&](auto &pointers, const llvm::SmallVector<Slot, 8> &slots) {
    for (size_t i = 0; i < slots.size(); ++i)
      pointers[i] = warp.lanes<std::byte>(slots[i]);
  };
  fill(registers.a, details.a);
  fill(registers.b, details.b);
  fill(registers.c, details.c);
  fill(registers.d, details.d);
  multiply(details.operation, registers);
  return Step::Next;
}

/// `m16n8k16`.
static bool parseShape(llvm::StringRef text, MatrixOperation &operation) {
  return text.consume_front("m") && !text.consumeInteger(10, operation.m) &&
         text.consume_front("n") && !text.consumeInteger(10, operation.n) &&
         text.consume_front("k") && !text.consumeInteger(10, operation.k) &&
         text.empty();
}

/// Whether types go together: those of A and B may differ in signs and in the
/// 8-bit format.
static bool doTypesFit(const MatrixOperation &operation, PtxType typeD) {
  PtxType a = operation.typeA, b = operation.typeB, c = operation.typeC;
  if (typeD != c || operation.elementBits(a) != operation.elementBits(b) ||
      kindOf(b) != operation.kind)
    return false;
  switch (operation.kind) {
  case ElementKind::Double:
    return c == PtxType::F64;
  case ElementKind::Integer:
  case ElementKind::Bit:
    return c == PtxType::S32;
  case ElementKind::Float:
    break;
  }
  bool isEight = operation.elementBits(a) == 8;
  bool mayBeHalf = a == PtxType::F16 || isEight;
  return (a == b || isEight) &&
         (c == PtxType::F32 || (mayBeHalf && c == PtxType::F16));
}

static llvm::Error checkShape(DecodeContext &context,
                              const PtxInstruction &instruction,
                              const MatrixOperation &operation) {
  for (const MmaShapeRule &rule : shapeRules) {
    if (rule.m != operation.m || rule.n != operation.n ||
        rule.k != operation.k || rule.kind != operation.kind ||
        rule.elementBits != operation.elementBits(operation.typeA))
      continue;
    if (rule.m == 8 && rule.k == 4 && operation.typeA == PtxType::BF16)
      break;
    if (context.architecture() < rule.architecture)
      return context.error(
          instruction, "this shape needs sm_" + llvm::Twine(rule.architecture) +
                           ", the module is for sm_" +
                           llvm::Twine(context.architecture()));
    bool isColumnRow = operation.isRowMajorA && !operation.isRowMajorB;
    if (!isColumnRow && !operation.isQuadPairs())
      return context.error(instruction, "this shape needs '.row.col'");
    return llvm::Error::success();
  }
  return context.error(instruction, "mma has no such shape for ." +
                                        getName(operation.typeA));
}

/// shape.alayout.blayout{.satfinite}.dtype.atype.btype.ctype{.op.popc}
static llvm::Error takeOperation(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers,
                                 MatrixOperation &operation) {
  llvm::StringRef shape = modifiers.take();
  if (!parseShape(shape, operation))
    return context.error(instruction, shape.starts_with("sp")
                                          ? "sparse mma is not supported"
                                          : "expects a shape like '.m16n8k16'");
  std::optional<unsigned> isColumnA = modifiers.acceptOneOf({"row", "col"});
  std::optional<unsigned> isColumnB = modifiers.acceptOneOf({"row", "col"});
  if (!isColumnA || !isColumnB)
    return context.error(instruction,
                         "expects '.row' or '.col' for A and for B");
  operation.isRowMajorA = !*isColumnA;
  operation.isRowMajorB = !*isColumnB;
  operation.isSatfinite = modifiers.accept("satfinite");
  std::optional<PtxType> typeD = modifiers.acceptType();
  std::optional<PtxType> typeA = modifiers.acceptType();
  std::optional<PtxType> typeB = modifiers.acceptType();
  std::optional<PtxType> typeC = modifiers.acceptType();
  if (!typeD || !typeA || !typeB || !typeC)
    return context.error(instruction, "expects the types of D, A, B and C");
  std::optional<ElementKind> kind = kindOf(*typeA);
  if (!kind)
    return context.error(instruction,
                         "mma has no elements of ." + getName(*typeA));
  operation.typeA = *typeA;
  operation.typeB = *typeB;
  operation.typeC = *typeC;
  operation.kind = *kind;
  if (operation.isQuadPairs() && *typeD == PtxType::F32 &&
      *typeC == PtxType::F16)
    return context.error(instruction, "C of .f16 with D of .f32 is not "
                                      "supported");
  if (!doTypesFit(operation, *typeD))
    return context.error(instruction, "these types do not go together");
  if (operation.isSatfinite && *kind != ElementKind::Integer)
    return context.error(instruction, "'.satfinite' needs integers");
  if (*kind == ElementKind::Bit) {
    std::optional<unsigned> isAnd = modifiers.acceptOneOf({"xor", "and"});
    if (!isAnd || !modifiers.accept("popc"))
      return context.error(instruction, "expects '.xor.popc' or '.and.popc'");
    operation.isXor = !*isAnd;
  }
  if (*kind == ElementKind::Float)
    operation.rule = getSumRule(MatrixUnit::Mma, formatOf(*typeA),
                                formatOf(*typeB), *typeC == PtxType::F16);
  return checkShape(context, instruction, operation);
}

static llvm::Error decodeMma(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  if (modifiers.peek().starts_with("sp"))
    return context.error(instruction, "sparse mma is not supported");
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  MmaDetails &details = context.makeDetails<MmaDetails>();
  MatrixOperation &operation = details.operation;
  if (llvm::Error error =
          takeOperation(context, instruction, modifiers, operation))
    return error;
  bool isDouble = operation.kind == ElementKind::Double;
  PtxType typeAB = isDouble ? PtxType::F64 : PtxType::B32;
  PtxType typeC =
      operation.typeC == PtxType::F16 ? PtxType::B32 : operation.typeC;
  struct Part {
    llvm::SmallVector<Slot, 8> &slots;
    PtxType type;
    unsigned count;
  };
  const Part parts[] = {{details.d, typeC, operation.numRegistersC()},
                        {details.a, typeAB, operation.numRegistersA()},
                        {details.b, typeAB, operation.numRegistersB()},
                        {details.c, typeC, operation.numRegistersC()}};
  OperandReader operands(context, instruction, 4);
  for (const Part &part : parts)
    part.slots = operands.vector(part.type, part.count,
                                 /*isDestination=*/&part == parts);
  result.details = &details;
  result.handler = &multiplyMatrices;
  return operands.finish();
}

void emulator::registerMatrixMultiply(DecoderTable &table) {
  table.add("mma", decodeMma);
  table.add("wmma", decodeWarpMatrix);
}
