//===- WarpMatrices.cpp - wmma, 9.7.14.4 ----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which lane holds which element is left open by the ISA. Ours: the elements of
// a matrix in row-major order, lane after lane; registers beyond the number of
// elements hold copies.
//
//===----------------------------------------------------------------------===//

#include "Conversions.h"
#include "MatrixCollective.h"
#include "MatrixUnit.h"
#include "Memory.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// A matrix in registers.
struct WmmaFragment {
  unsigned rows = 16, columns = 16;
  PtxType type = PtxType::F16;
  /// Of one register: 64 of f64.
  unsigned registerBits = 32;
  llvm::SmallVector<Slot, 8> registers;

  unsigned elementBits() const {
    return type == PtxType::TF32 ? 32 : getBitWidth(type);
  }
  unsigned perRegister() const { return registerBits / elementBits(); }
  unsigned perLane() const {
    return perRegister() * static_cast<unsigned>(registers.size());
  }
  /// The element that a lane holds at `index`.
  unsigned element(unsigned lane, unsigned index) const {
    return (lane * perLane() + index) % (rows * columns);
  }
};

struct WmmaAccess {
  WmmaFragment fragment;
  DecodeContext::Address address;
  /// Between rows (columns if column-major), in elements; or noSlot.
  Slot stride = noSlot;
  bool isRowMajor = true;
  MemoryRequest request;
};

struct WmmaMultiply {
  MatrixOperation operation;
  WmmaFragment a, b, c, d;
};

} // namespace

//===----------------------------------------------------------------------===//
// Fragments
//===----------------------------------------------------------------------===//

static uint64_t readElement(Warp &warp, const WmmaFragment &fragment,
                            unsigned lane, unsigned index) {
  Slot slot = fragment.registers[index / fragment.perRegister()];
  if (fragment.registerBits == 64)
    return warp.lanes<const uint64_t>(slot)[lane];
  unsigned bits = fragment.elementBits();
  uint32_t word = warp.lanes<const uint32_t>(slot)[lane];
  if (bits == 32)
    return word;
  return word >> (index % fragment.perRegister() * bits) & ((1u << bits) - 1);
}

static void writeElement(Warp &warp, const WmmaFragment &fragment,
                         unsigned lane, unsigned index, uint64_t value) {
  Slot slot = fragment.registers[index / fragment.perRegister()];
  if (fragment.registerBits == 64) {
    warp.lanes<uint64_t>(slot)[lane] = value;
    return;
  }
  unsigned bits = fragment.elementBits();
  uint32_t &word = warp.lanes<uint32_t>(slot)[lane];
  if (bits == 32) {
    word = static_cast<uint32_t>(value);
    return;
  }
  unsigned shift = index % fragment.perRegister() * bits;
  uint32_t mask = ((1u << bits) - 1) << shift;
  word = (word & ~mask) | (static_cast<uint32_t>(value) << shift & mask);
}

/// All elements, in row-major order.
static llvm::SmallVector<uint64_t, 0> readMatrix(Warp &warp,
                                                 const WmmaFragment &fragment) {
  llvm::SmallVector<uint64_t, 0> elements(fragment.rows * fragment.columns);
  for (unsigned lane = 0; lane != numLanes; ++lane)
    for (unsigned i = 0, end = fragment.perLane(); i != end; ++i)
      elements[fragment.element(lane, i)] =
          readElement(warp, fragment, lane, i);
  return elements;
}

static void writeMatrix(Warp &warp, const WmmaFragment &fragment,
                        llvm::ArrayRef<uint64_t> elements) {
  for (unsigned lane = 0; lane != numLanes; ++lane)
    for (unsigned i = 0, end = fragment.perLane(); i != end; ++i)
      writeElement(warp, fragment, lane, i,
                   elements[fragment.element(lane, i)]);
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

/// What one access of all lanes moves: an element, or a register of elements of
/// less than a byte, which follow each other in memory.
static unsigned elementsPerAccess(const WmmaFragment &fragment) {
  return fragment.elementBits() < 8 ? fragment.perRegister() : 1;
}

/// The addresses of the elements at `index` of all lanes.
static LaneAddresses addressesOf(Warp &warp, const WmmaAccess &access,
                                 unsigned index) {
  const WmmaFragment &fragment = access.fragment;
  LaneAddresses addresses = readAddresses(
      warp, access.address.base, access.address.offset, access.address.is32Bit);
  unsigned packed = access.isRowMajor ? fragment.columns : fragment.rows;
  for (unsigned lane = 0; lane != numLanes; ++lane) {
    unsigned element = fragment.element(lane, index);
    uint64_t row = element / fragment.columns;
    uint64_t column = element % fragment.columns;
    uint64_t stride = access.stride == noSlot
                          ? packed
                          : warp.lanes<const uint32_t>(access.stride)[lane];
    uint64_t offset =
        access.isRowMajor ? row * stride + column : column * stride + row;
    addresses.lane[lane] += offset * fragment.elementBits() / 8;
  }
  return addresses;
}

static Step moveFragment(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &access = *static_cast<const WmmaAccess *>(instruction.details);
  const WmmaFragment &fragment = access.fragment;
  bool isStore = access.request.kind == AccessKind::Write;
  unsigned step = elementsPerAccess(fragment);
  unsigned size = access.request.bytesPerLane;
  for (unsigned i = 0, end = fragment.perLane(); i != end; i += step) {
    LaneAddresses addresses = addressesOf(warp, access, i);
    HostPointers pointers;
    if (!accessMemory(warp, instruction, access.request, addresses, pointers))
      return Step::Stop;
    for (unsigned lane = 0; lane != numLanes; ++lane) {
      uint64_t value = 0;
      if (isStore) {
        value = readElement(warp, fragment, lane, i);
        std::memcpy(pointers.lane[lane], &value, size);
        continue;
      }
      std::memcpy(&value, pointers.lane[lane], size);
      if (step == 1)
        writeElement(warp, fragment, lane, i, value);
      else
        warp.lanes<uint32_t>(
            fragment.registers[i / fragment.perRegister()])[lane] =
            static_cast<uint32_t>(value);
    }
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Multiplication
//===----------------------------------------------------------------------===//

static void splitInto(SplitMatrix &split, const WmmaFragment &fragment,
                      llvm::ArrayRef<uint64_t> elements) {
  llvm::SmallVector<uint32_t, 512> bits(elements.begin(), elements.end());
  splitMatrix(fragment.type, fragment.rows, fragment.columns, bits,
              /*isNegated=*/false, split);
}

/// c and d may be of different types: the sum is in f32 if one of them is.
static void multiplyFloats(const WmmaMultiply &multiply,
                           llvm::ArrayRef<uint64_t> a,
                           llvm::ArrayRef<uint64_t> b,
                           llvm::MutableArrayRef<uint64_t> c) {
  SplitMatrix splitA, splitB;
  splitInto(splitA, multiply.a, a);
  splitInto(splitB, multiply.b, b);
  bool isHalfSum =
      multiply.c.type == PtxType::F16 && multiply.d.type == PtxType::F16;
  PtxType sumType = isHalfSum ? PtxType::F16 : PtxType::F32;
  llvm::SmallVector<uint32_t, 0> sums;
  for (uint64_t bits : c)
    sums.push_back(
        static_cast<uint32_t>(convert({sumType, multiply.c.type}, bits)));
  multiplyAdd(multiply.operation.rule, splitA, splitB, sums.data(),
              sums.data());
  for (size_t i = 0; i < sums.size(); ++i)
    c[i] = convert({multiply.d.type, sumType}, sums[i]);
}

static double asDouble(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// One sum of products of doubles, integers or bits.
static uint64_t sumOfProducts(const WmmaMultiply &multiply,
                              llvm::ArrayRef<uint64_t> a,
                              llvm::ArrayRef<uint64_t> b, unsigned row,
                              unsigned column, uint64_t c) {
  const MatrixOperation &operation = multiply.operation;
  double sum = asDouble(c);
  int64_t integer = static_cast<int32_t>(c);
  for (unsigned k = 0; k != operation.k; ++k) {
    uint64_t left = a[row * operation.k + k];
    // B of less than bytes is kept as [N, K].
    uint64_t right = multiply.b.elementBits() < 8 ? b[column * operation.k + k]
                                                  : b[k * operation.n + column];
    switch (operation.kind) {
    case ElementKind::Double:
      sum = std::fma(asDouble(left), asDouble(right), sum);
      break;
    case ElementKind::Integer:
      integer += int64_t(integerElement(multiply.a.type,
                                        static_cast<uint32_t>(left))) *
                 integerElement(multiply.b.type, static_cast<uint32_t>(right));
      break;
    case ElementKind::Bit:
      integer +=
          static_cast<int64_t>(operation.isXor ? left ^ right : left & right);
      break;
    case ElementKind::Float:
      llvm_unreachable("floats are summed in blocks");
    }
  }
  if (operation.kind != ElementKind::Double)
    return finishInteger(integer, operation.isSatfinite);
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  return bits;
}

static Step multiplyFragments(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &multiply =
      *static_cast<const WmmaMultiply *>(instruction.details);
  const MatrixOperation &operation = multiply.operation;
  llvm::SmallVector<uint64_t, 0> a = readMatrix(warp, multiply.a);
  llvm::SmallVector<uint64_t, 0> b = readMatrix(warp, multiply.b);
  llvm::SmallVector<uint64_t, 0> c = readMatrix(warp, multiply.c);
  if (operation.kind == ElementKind::Float) {
    multiplyFloats(multiply, a, b, c);
  } else {
    for (unsigned row = 0; row != operation.m; ++row)
      for (unsigned column = 0; column != operation.n; ++column) {
        uint64_t &element = c[row * operation.n + column];
        element = sumOfProducts(multiply, a, b, row, column, element);
      }
  }
  writeMatrix(warp, multiply.d, c);
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

namespace {
struct WmmaShape {
  llvm::StringLiteral name;
  unsigned m, n, k;
};
} // namespace

static constexpr WmmaShape shapes[] = {
    {"m16n16k16", 16, 16, 16}, {"m8n32k16", 8, 32, 16}, {"m32n8k16", 32, 8, 16},
    {"m16n16k8", 16, 16, 8},   {"m8n8k4", 8, 8, 4},     {"m8n8k32", 8, 8, 32},
    {"m8n8k128", 8, 8, 128}};

static const WmmaShape *takeShape(Modifiers &modifiers) {
  for (const WmmaShape &shape : shapes)
    if (modifiers.accept(shape.name))
      return &shape;
  return nullptr;
}

/// Whether elements of A or B of a type come in a shape: by K.
static bool doesShapeFit(const WmmaShape &shape, PtxType type) {
  switch (type) {
  case PtxType::F16:
  case PtxType::BF16:
  case PtxType::S8:
  case PtxType::U8:
    return shape.k == 16;
  case PtxType::TF32:
    return shape.k == 8;
  case PtxType::F64:
    return shape.k == 4;
  case PtxType::S4:
  case PtxType::U4:
    return shape.k == 32;
  case PtxType::B1:
    return shape.k == 128;
  default:
    return false;
  }
}

/// The number of registers of a fragment: f16 alone has copies (9.7.14.4.1).
static unsigned countRegisters(const WmmaFragment &fragment, bool isResult) {
  if (fragment.type == PtxType::F16 && !isResult)
    return 8;
  return fragment.rows * fragment.columns * fragment.elementBits() /
         (numLanes * fragment.registerBits);
}

static PtxType registerType(PtxType type) {
  switch (type) {
  case PtxType::F64:
  case PtxType::F32:
  case PtxType::S32:
    return type;
  default:
    return PtxType::B32;
  }
}

static llvm::Error decodeFragment(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  const PtxOperand &operand,
                                  WmmaFragment &fragment, unsigned rows,
                                  unsigned columns, PtxType type, bool isResult,
                                  bool isDestination) {
  fragment.rows = rows;
  fragment.columns = columns;
  fragment.type = type;
  fragment.registerBits = type == PtxType::F64 ? 64 : 32;
  llvm::Expected<llvm::SmallVector<Slot, 8>> registers =
      decodeVector(context, instruction, operand, registerType(type),
                   countRegisters(fragment, isResult), isDestination);
  if (!registers)
    return registers.takeError();
  fragment.registers = std::move(*registers);
  return llvm::Error::success();
}

/// Whether C and D may have the type `type` where the factors have the type
/// `factor`, 9.7.14.4.
static bool isAccumulatorOf(PtxType factor, PtxType type) {
  switch (*kindOf(factor)) {
  case ElementKind::Double:
    return type == PtxType::F64;
  case ElementKind::Integer:
  case ElementKind::Bit:
    return type == PtxType::S32;
  case ElementKind::Float:
    return type == PtxType::F32 ||
           (factor == PtxType::F16 && type == PtxType::F16);
  }
  llvm_unreachable("every kind has its case");
}

/// Whether C and D of this shape may have the type, for factors of some type.
static bool isResultType(const WmmaShape &shape, PtxType type) {
  static constexpr PtxType factors[] = {
      PtxType::F16, PtxType::BF16, PtxType::TF32, PtxType::F64,
      PtxType::S8,  PtxType::S4,   PtxType::B1};
  return llvm::any_of(factors, [&](PtxType factor) {
    return doesShapeFit(shape, factor) && isAccumulatorOf(factor, type);
  });
}

/// The address, the optional stride, and the request of a load or store.
static llvm::Error decodePlace(DecodeContext &context,
                               const PtxInstruction &instruction,
                               WmmaAccess &access, PtxSpace space,
                               unsigned addressOperand, bool isStore) {
  llvm::Expected<DecodeContext::Address> address =
      context.address(instruction.operands[addressOperand], space);
  if (!address)
    return address.takeError();
  access.address = *address;
  if (instruction.operands.size() == 3) {
    llvm::Expected<Slot> stride =
        context.source(instruction.operands[2], PtxType::U32);
    if (!stride)
      return stride.takeError();
    access.stride = *stride;
  }
  access.request.space = space;
  access.request.kind = isStore ? AccessKind::Write : AccessKind::Read;
  access.request.bytesPerLane =
      elementsPerAccess(access.fragment) * access.fragment.elementBits() / 8;
  return llvm::Error::success();
}

/// wmma.load.{a,b,c}.sync.aligned.layout.shape{.ss}.type r, [p] {, stride}
/// wmma.store.d.sync.aligned.layout.shape{.ss}.type [p], r {, stride}
static llvm::Error decodeAccess(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result,
                                bool isStore) {
  static constexpr llvm::StringRef loadParts[] = {"a", "b", "c"};
  static constexpr llvm::StringRef storeParts[] = {"d"};
  std::optional<unsigned> part = modifiers.acceptOneOf(
      isStore ? llvm::ArrayRef<llvm::StringRef>(storeParts) : loadParts);
  if (!part)
    return context.error(instruction, isStore ? "expects '.d'"
                                              : "expects '.a', '.b' or '.c'");
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  std::optional<unsigned> isColumn = modifiers.acceptOneOf({"row", "col"});
  const WmmaShape *shape = takeShape(modifiers);
  if (!isColumn || !shape)
    return context.error(instruction, "expects '.row' or '.col', then a shape");
  PtxSpace space = modifiers.acceptSpace().value_or(PtxSpace::Generic);
  if (space != PtxSpace::Generic && space != PtxSpace::Global &&
      space != PtxSpace::Shared)
    return context.error(instruction, "fragments lie in '.global' or '.shared' "
                                      "memory");
  std::optional<PtxType> type = modifiers.acceptType();
  bool isResult = isStore || *part == 2;
  if (!type ||
      !(isResult ? isResultType(*shape, *type) : doesShapeFit(*shape, *type)))
    return context.error(instruction, "the type does not fit the shape");
  if (instruction.operands.size() < 2 || instruction.operands.size() > 3)
    return context.error(instruction,
                         "expects 2 or 3 operands, got " +
                             llvm::Twine(instruction.operands.size()));
  WmmaAccess &access = context.makeDetails<WmmaAccess>();
  access.isRowMajor = !*isColumn;
  bool isSmall = getBitWidth(*type) < 8;
  if (isSmall && access.isRowMajor != (*part == 0))
    return context.error(instruction,
                         "elements of less than a byte follow along K");
  unsigned rows = !isResult && *part == 1 ? shape->k : shape->m;
  unsigned columns = !isResult && *part == 0 ? shape->k : shape->n;
  // B in column-major order: its registers hold elements along K.
  if (isSmall && *part == 1) {
    std::swap(rows, columns);
    access.isRowMajor = true;
  }
  if (llvm::Error error = decodeFragment(
          context, instruction, instruction.operands[isStore ? 1 : 0],
          access.fragment, rows, columns, *type, isResult, !isStore))
    return error;
  if (llvm::Error error = decodePlace(context, instruction, access, space,
                                      isStore ? 0 : 1, isStore))
    return error;
  result.details = &access;
  result.handler = &moveFragment;
  return llvm::Error::success();
}

/// .dtype.ctype of f16, or .dtype.atype.btype.ctype.
static bool takeTypes(Modifiers &modifiers, PtxType &d, PtxType &a, PtxType &b,
                      PtxType &c) {
  std::optional<PtxType> types[4];
  unsigned count = 0;
  while (count < 4 && (types[count] = modifiers.acceptType()))
    ++count;
  if (count != 2 && count != 4)
    return false;
  d = *types[0];
  c = *types[count - 1];
  a = count == 4 ? *types[1] : PtxType::F16;
  b = count == 4 ? *types[2] : PtxType::F16;
  return true;
}

static llvm::Error decodeMultiply(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  WmmaMultiply &multiply = context.makeDetails<WmmaMultiply>();
  MatrixOperation &operation = multiply.operation;
  std::optional<unsigned> bitOp = modifiers.acceptOneOf({"xor", "and"});
  if (bitOp && !modifiers.accept("popc"))
    return context.error(instruction, "expects '.popc' after the operator");
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  std::optional<unsigned> layoutA = modifiers.acceptOneOf({"row", "col"});
  std::optional<unsigned> layoutB = modifiers.acceptOneOf({"row", "col"});
  const WmmaShape *shape = takeShape(modifiers);
  if (!layoutA || !layoutB || !shape)
    return context.error(instruction, "expects two layouts, then a shape");
  PtxType d, a, b, c;
  if (!takeTypes(modifiers, d, a, b, c) || !doesShapeFit(*shape, a) ||
      !doesShapeFit(*shape, b))
    return context.error(instruction, "the types do not fit the shape");
  if (!isAccumulatorOf(a, d) || !isAccumulatorOf(a, c))
    return context.error(instruction,
                         "the accumulators' types do not fit ." + getName(a));
  if (getBitWidth(a) < 8 && (*layoutA != 0 || *layoutB != 1))
    return context.error(instruction, "'." + getName(a) + "' needs '.row.col'");
  operation.kind = *kindOf(a);
  if (bitOp.has_value() != (operation.kind == ElementKind::Bit))
    return context.error(instruction,
                         "'.xor.popc' or '.and.popc' goes with .b1");
  operation.isXor = bitOp && !*bitOp;
  if (operation.kind == ElementKind::Double)
    modifiers.acceptOneOf({"rn"});
  operation.isSatfinite = modifiers.accept("satfinite");
  if (operation.isSatfinite && operation.kind != ElementKind::Integer)
    return context.error(instruction, "'.satfinite' needs integers");
  if (llvm::Error error = expectOperands(context, instruction, 4))
    return error;
  operation.m = shape->m;
  operation.n = shape->n;
  operation.k = shape->k;
  if (operation.kind == ElementKind::Float)
    operation.rule = getSumRule(MatrixUnit::Mma, formatOf(a), formatOf(b),
                                c == PtxType::F16 && d == PtxType::F16);
  const auto &operands = instruction.operands;
  bool isSmall = getBitWidth(b) < 8;
  if (llvm::Error error =
          decodeFragment(context, instruction, operands[0], multiply.d,
                         shape->m, shape->n, d, true, true))
    return error;
  if (llvm::Error error =
          decodeFragment(context, instruction, operands[1], multiply.a,
                         shape->m, shape->k, a, false, false))
    return error;
  // What a register holds of B lies along K if it is less than bytes.
  if (llvm::Error error =
          decodeFragment(context, instruction, operands[2], multiply.b,
                         isSmall ? shape->n : shape->k,
                         isSmall ? shape->k : shape->n, b, false, false))
    return error;
  if (llvm::Error error =
          decodeFragment(context, instruction, operands[3], multiply.c,
                         shape->m, shape->n, c, true, false))
    return error;
  result.details = &multiply;
  result.handler = &multiplyFragments;
  return llvm::Error::success();
}

llvm::Error emulator::decodeWarpMatrix(DecodeContext &context,
                                       const PtxInstruction &instruction,
                                       Modifiers &modifiers,
                                       Instruction &result) {
  std::optional<unsigned> action =
      modifiers.acceptOneOf({"load", "store", "mma"});
  if (!action)
    return context.error(instruction, "expects '.load', '.store' or '.mma'");
  if (*action == 2)
    return decodeMultiply(context, instruction, modifiers, result);
  return decodeAccess(context, instruction, modifiers, result, *action == 1);
}
