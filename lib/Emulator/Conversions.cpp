//===- Conversions.cpp - cvt, 9.7.9.21 and 9.7.9.22 -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every conversion exists lane by lane in exact arithmetic (`convert`); the
// common ones have vector loops too, with the same results.
//
//===----------------------------------------------------------------------===//

#include "Conversions.h"
#include "LaneLoops.h"
#include "Operands.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

bool emulator::isFloatFormat(PtxType type) {
  switch (type) {
  case PtxType::F16:
  case PtxType::BF16:
  case PtxType::TF32:
  case PtxType::F32:
  case PtxType::F64:
  case PtxType::E4M3:
  case PtxType::E5M2:
    return true;
  default:
    return false;
  }
}

bool emulator::isSignedInteger(PtxType type) {
  return type == PtxType::S8 || type == PtxType::S16 || type == PtxType::S32 ||
         type == PtxType::S64;
}

FloatFormat emulator::formatOf(PtxType type) {
  switch (type) {
  case PtxType::F16:
    return formatF16;
  case PtxType::BF16:
    return formatBF16;
  case PtxType::TF32:
    return formatTF32;
  case PtxType::F32:
    return formatF32;
  case PtxType::F64:
    return formatF64;
  case PtxType::E4M3:
    return formatE4M3;
  case PtxType::E5M2:
    return formatE5M2;
  default:
    llvm_unreachable("the type is not a float");
  }
}

//===----------------------------------------------------------------------===//
// One number, exactly
//===----------------------------------------------------------------------===//

static uint64_t extendInteger(PtxType type, uint64_t bits) {
  unsigned width = getBitWidth(type);
  if (width == 64)
    return bits;
  return isSignedInteger(type)
             ? static_cast<uint64_t>(llvm::SignExtend64(bits, width))
             : bits & ((uint64_t(1) << width) - 1);
}

static uint64_t convertIntegers(const Conversion &conversion, uint64_t bits) {
  bits = extendInteger(conversion.from, bits);
  if (conversion.saturates) {
    Unpacked value = isSignedInteger(conversion.from)
                         ? fromSigned(static_cast<int64_t>(bits))
                         : fromUnsigned(bits);
    bits =
        roundToInteger(value, Rounding::TowardZero, getBitWidth(conversion.to),
                       isSignedInteger(conversion.to));
  }
  return extendInteger(conversion.to, bits);
}

/// NaN gives 0, but the lowest number if a type of 64 bits is involved.
static uint64_t convertToInteger(const Conversion &conversion,
                                 const Unpacked &value) {
  unsigned width = getBitWidth(conversion.to);
  if (value.isNaN())
    return conversion.from == PtxType::F64 || width == 64
               ? extendInteger(conversion.to, uint64_t(1) << (width - 1))
               : 0;
  return extendInteger(conversion.to,
                       roundToInteger(value, conversion.rounding, width,
                                      isSignedInteger(conversion.to)));
}

/// `.sat` clamps to [0, 1].
static uint64_t saturateFloat(FloatFormat format, uint64_t bits) {
  uint64_t one = static_cast<uint64_t>(format.bias()) << format.mantissaBits;
  if (bits & format.signBit())
    return 0;
  return bits > one ? one : bits;
}

/// As measured: `.rna` cuts the NaN off (`.satfinite` takes one off what is
/// left), other roundings make it canonical.
static uint64_t convertNaNToTF32(const Conversion &conversion, uint64_t bits) {
  constexpr uint64_t unit = 1 << 13;
  if (conversion.rounding != Rounding::NearestAway)
    return 0x7FFFFFFF & ~(unit - 1);
  uint64_t cut = bits & 0xFFFFFFFF & ~(unit - 1);
  return conversion.isSatfinite ? cut - unit : cut;
}

/// As measured: conversions from and to f64 keep the upper bits of a NaN's
/// payload, made quiet; bf16 to f32 keeps the NaN; others make it canonical, as
/// does `.ftz`.
static uint64_t convertNaN(const Conversion &conversion, uint64_t bits) {
  if (conversion.to == PtxType::TF32)
    return convertNaNToTF32(conversion, bits);
  FloatFormat to = formatOf(conversion.to);
  if (conversion.from == PtxType::BF16 && conversion.to == PtxType::F32)
    return bits << 16;
  if (conversion.from != PtxType::F64 && conversion.to != PtxType::F64)
    return to.nan();
  FloatFormat from = formatOf(conversion.from);
  if (conversion.flushesSubnormals && conversion.from == PtxType::F32)
    bits = from.nan();
  uint64_t payload = bits & from.mantissaMask();
  int shift = int(to.mantissaBits) - int(from.mantissaBits);
  payload = shift >= 0 ? payload << shift : payload >> -shift;
  uint64_t quiet = uint64_t(1) << (to.mantissaBits - 1);
  return (bits & from.signBit() ? to.signBit() : 0) | to.infinity() | quiet |
         payload;
}

/// The number that is converted. As measured, a subnormal f32 on its way to f16
/// is not flushed.
static Unpacked readSource(const Conversion &conversion, uint64_t bits) {
  if (isFloatFormat(conversion.from)) {
    bool isToNarrow =
        isFloatFormat(conversion.to) && getBitWidth(conversion.to) == 16;
    bool flushes = conversion.flushesSubnormals &&
                   conversion.from == PtxType::F32 && !isToNarrow;
    return unpack(formatOf(conversion.from), bits, flushes);
  }
  bits = extendInteger(conversion.from, bits);
  return isSignedInteger(conversion.from)
             ? fromSigned(static_cast<int64_t>(bits))
             : fromUnsigned(bits);
}

uint64_t emulator::convert(const Conversion &conversion, uint64_t bits) {
  bool isToFloat = isFloatFormat(conversion.to);
  if (!isFloatFormat(conversion.from) && !isToFloat)
    return convertIntegers(conversion, bits);
  Unpacked value = readSource(conversion, bits);
  if (!isToFloat)
    return convertToInteger(conversion, value);
  if (value.isNaN())
    return conversion.saturates ? 0 : convertNaN(conversion, bits);
  if (conversion.isIntegerRounding)
    value = roundToIntegral(value, conversion.rounding);
  FloatFormat format = formatOf(conversion.to);
  RoundOptions options;
  options.rounding = conversion.rounding;
  options.isSatfinite = conversion.isSatfinite;
  options.flushesSubnormals =
      conversion.flushesSubnormals && conversion.to == PtxType::F32;
  uint64_t result = round(format, value, options);
  if (conversion.saturates)
    return saturateFloat(format, result);
  if (conversion.isRelu && (result & format.signBit()))
    return 0;
  // A tf32 lies in the upper bits of its register.
  return conversion.to == PtxType::TF32 ? result << 13 : result;
}

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

namespace {

using ReadFunction = void (*)(const std::byte *source, int64_t *values);
using WriteFunction = void (*)(const int64_t *values, std::byte *target,
                               LaneMask mask);
using SaturateFunction = void (*)(int64_t *values, bool isFromUnsigned64);
using SingleToIntegers = void (*)(const std::byte *source, int64_t *values,
                                  double lowest, double highest);

/// Between floats, in registers of their own width.
enum class FastConversion : uint8_t {
  SingleToF16,
  SingleToBF16,
  F16ToSingle,
  BF16ToSingle,
  SingleToDouble,
  DoubleToSingle,
  IntegralNearest,
  IntegralTowardZero,
  IntegralDown,
  IntegralUp,
  PairToF16x2,
  PairToF16x2Relu,
  PairToBF16x2,
  PairToBF16x2Relu,
};

struct ConversionDetails {
  Conversion conversion;
  /// Widths of the registers.
  unsigned sourceWidth = 32;
  unsigned resultWidth = 32;
  // What the vector loops need.
  ReadFunction read = nullptr;
  WriteFunction write = nullptr;
  SaturateFunction saturate = nullptr;
  SingleToIntegers fromSingle = nullptr;
  double lowest = 0;
  double highest = 0;
};

} // namespace

#define TK_HANDLERS "ConversionHandlers.inc"
#include "ForEachVectorLevel.inc"

static const ConversionDetails &detailsOf(const Instruction &instruction) {
  return *static_cast<const ConversionDetails *>(instruction.details);
}

static uint64_t readLane(Warp &warp, Slot slot, unsigned width, unsigned lane) {
  switch (width) {
  case 8:
    return warp.lanes<const uint8_t>(slot)[lane];
  case 16:
    return warp.lanes<const uint16_t>(slot)[lane];
  case 32:
    return warp.lanes<const uint32_t>(slot)[lane];
  default:
    return warp.lanes<const uint64_t>(slot)[lane];
  }
}

static void writeLane(Warp &warp, Slot slot, unsigned width, unsigned lane,
                      uint64_t value) {
  switch (width) {
  case 8:
    warp.lanes<uint8_t>(slot)[lane] = static_cast<uint8_t>(value);
    return;
  case 16:
    warp.lanes<uint16_t>(slot)[lane] = static_cast<uint16_t>(value);
    return;
  case 32:
    warp.lanes<uint32_t>(slot)[lane] = static_cast<uint32_t>(value);
    return;
  default:
    warp.lanes<uint64_t>(slot)[lane] = value;
  }
}

static Step convertLanes(Warp &warp, const Instruction &instruction) {
  const ConversionDetails &details = detailsOf(instruction);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint64_t bits =
        readLane(warp, instruction.operands[1], details.sourceWidth, lane);
    writeLane(warp, instruction.operands[0], details.resultWidth, lane,
              convert(details.conversion, bits));
  }
  return Step::Next;
}

static Step convertIntegerLanes(Warp &warp, const Instruction &instruction) {
  const ConversionDetails &details = detailsOf(instruction);
  alignas(64) int64_t values[numLanes];
  details.read(warp.lanes<const std::byte>(instruction.operands[1]), values);
  if (details.saturate)
    details.saturate(values, details.conversion.from == PtxType::U64);
  details.write(values, warp.lanes<std::byte>(instruction.operands[0]),
                warp.mask);
  return Step::Next;
}

static Step convertIntegersToSingle(Warp &warp,
                                    const Instruction &instruction) {
  alignas(64) int64_t values[numLanes];
  detailsOf(instruction)
      .read(warp.lanes<const std::byte>(instruction.operands[1]), values);
  TK_AT_HOST_LEVEL(integersToSingle, values,
                   warp.lanes<uint32_t>(instruction.operands[0]), warp.mask);
  return Step::Next;
}

static Step convertIntegersToDouble(Warp &warp,
                                    const Instruction &instruction) {
  alignas(64) int64_t values[numLanes];
  detailsOf(instruction)
      .read(warp.lanes<const std::byte>(instruction.operands[1]), values);
  TK_AT_HOST_LEVEL(integersToDouble, values,
                   warp.lanes<double>(instruction.operands[0]), warp.mask);
  return Step::Next;
}

static Step convertSingleToIntegers(Warp &warp,
                                    const Instruction &instruction) {
  const ConversionDetails &details = detailsOf(instruction);
  alignas(64) int64_t values[numLanes];
  details.fromSingle(warp.lanes<const std::byte>(instruction.operands[1]),
                     values, details.lowest, details.highest);
  details.write(values, warp.lanes<std::byte>(instruction.operands[0]),
                warp.mask);
  return Step::Next;
}

/// Two numbers to the halves of the result: the first source is the upper.
static Step convertPair(Warp &warp, const Instruction &instruction) {
  const ConversionDetails &details = detailsOf(instruction);
  unsigned halfWidth = details.resultWidth / 2;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint64_t upper =
        convert(details.conversion,
                warp.lanes<const uint32_t>(instruction.operands[1])[lane]);
    uint64_t lower =
        convert(details.conversion,
                warp.lanes<const uint32_t>(instruction.operands[2])[lane]);
    writeLane(warp, instruction.operands[0], details.resultWidth, lane,
              upper << halfWidth | lower);
  }
  return Step::Next;
}

/// Both halves of a register.
static Step convertHalves(Warp &warp, const Instruction &instruction) {
  const ConversionDetails &details = detailsOf(instruction);
  unsigned from = details.sourceWidth / 2, to = details.resultWidth / 2;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint64_t bits =
        readLane(warp, instruction.operands[1], details.sourceWidth, lane);
    uint64_t lower =
        convert(details.conversion, bits & ((uint64_t(1) << from) - 1));
    uint64_t upper = convert(details.conversion, bits >> from);
    writeLane(warp, instruction.operands[0], details.resultWidth, lane,
              upper << to | lower);
  }
  return Step::Next;
}

/// cvt.pack.sat: a above b, above what of c fits (9.7.9.22). `count` is the
/// width of the converted numbers; flags: 1 signed, 2 with c.
static Step convertPack(Warp &warp, const Instruction &instruction) {
  unsigned width = instruction.count;
  bool isSignedResult = instruction.flags & 1;
  uint64_t mask = (uint64_t(1) << width) - 1;
  auto saturated = [&](uint32_t bits) {
    return roundToInteger(fromSigned(static_cast<int32_t>(bits)),
                          Rounding::TowardZero, width, isSignedResult) &
           mask;
  };
  const uint32_t *a = warp.lanes<const uint32_t>(instruction.operands[1]);
  const uint32_t *b = warp.lanes<const uint32_t>(instruction.operands[2]);
  uint32_t *result = warp.lanes<uint32_t>(instruction.operands[0]);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint64_t value = saturated(a[lane]) << width | saturated(b[lane]);
    if (instruction.flags & 2)
      value |=
          uint64_t(warp.lanes<const uint32_t>(instruction.operands[3])[lane])
          << (2 * width);
    result[lane] = static_cast<uint32_t>(value);
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Choosing a vector loop
//===----------------------------------------------------------------------===//

/// Null if the conversion has none.
static Handler chooseBetweenFloats(const ConversionDetails &details) {
  const Conversion &conversion = details.conversion;
  bool isPlain = !conversion.flushesSubnormals && !conversion.saturates &&
                 !conversion.isSatfinite && !conversion.isRelu;
  if (!isPlain)
    return nullptr;
  auto is = [&](PtxType to, PtxType from) {
    return conversion.to == to && conversion.from == from;
  };
  if (is(PtxType::F32, PtxType::F32) && conversion.isIntegerRounding) {
    static constexpr FastConversion kinds[] = {
        FastConversion::IntegralNearest, FastConversion::IntegralTowardZero,
        FastConversion::IntegralDown, FastConversion::IntegralUp};
    return TK_AT_HOST_LEVEL(findFloatConversion,
                            kinds[static_cast<unsigned>(conversion.rounding)]);
  }
  if (is(PtxType::F32, PtxType::F16))
    return TK_AT_HOST_LEVEL(findFloatConversion, FastConversion::F16ToSingle);
  if (is(PtxType::F32, PtxType::BF16))
    return TK_AT_HOST_LEVEL(findFloatConversion, FastConversion::BF16ToSingle);
  if (is(PtxType::F64, PtxType::F32))
    return TK_AT_HOST_LEVEL(findFloatConversion,
                            FastConversion::SingleToDouble);
  if (conversion.rounding != Rounding::NearestEven)
    return nullptr;
  if (is(PtxType::F16, PtxType::F32))
    return TK_AT_HOST_LEVEL(findFloatConversion, FastConversion::SingleToF16);
  if (is(PtxType::BF16, PtxType::F32))
    return TK_AT_HOST_LEVEL(findFloatConversion, FastConversion::SingleToBF16);
  if (is(PtxType::F32, PtxType::F64))
    return TK_AT_HOST_LEVEL(findFloatConversion,
                            FastConversion::DoubleToSingle);
  return nullptr;
}

static Handler chooseFromInteger(ConversionDetails &details) {
  const Conversion &conversion = details.conversion;
  details.read =
      TK_AT_HOST_LEVEL(findRead, conversion.from, details.sourceWidth);
  if (!isFloatFormat(conversion.to)) {
    details.write =
        TK_AT_HOST_LEVEL(findWrite, conversion.to, details.resultWidth);
    if (conversion.saturates)
      details.saturate = TK_AT_HOST_LEVEL(findSaturate, conversion.to);
    return &convertIntegerLanes;
  }
  if (conversion.rounding != Rounding::NearestEven || conversion.saturates ||
      conversion.from == PtxType::U64)
    return nullptr;
  if (conversion.to == PtxType::F32)
    return &convertIntegersToSingle;
  return conversion.to == PtxType::F64 ? &convertIntegersToDouble : nullptr;
}

/// f32 to integers of up to 32 bits.
static Handler chooseToInteger(ConversionDetails &details) {
  const Conversion &conversion = details.conversion;
  unsigned width = getBitWidth(conversion.to);
  if (conversion.from != PtxType::F32 || width > 32 ||
      details.sourceWidth != 32)
    return nullptr;
  bool isSignedResult = isSignedInteger(conversion.to);
  details.lowest = isSignedResult ? -std::ldexp(1.0, width - 1) : 0;
  details.highest = std::ldexp(1.0, isSignedResult ? width - 1 : width) - 1;
  details.fromSingle = TK_AT_HOST_LEVEL(
      findSingleToIntegers, conversion.rounding, conversion.flushesSubnormals);
  details.write =
      TK_AT_HOST_LEVEL(findWrite, conversion.to, details.resultWidth);
  return &convertSingleToIntegers;
}

static Handler chooseHandler(ConversionDetails &details) {
  const Conversion &conversion = details.conversion;
  Handler handler = nullptr;
  if (!isFloatFormat(conversion.from))
    handler = chooseFromInteger(details);
  else if (!isFloatFormat(conversion.to))
    handler = chooseToInteger(details);
  else if (details.resultWidth == getBitWidth(conversion.to) &&
           details.sourceWidth == getBitWidth(conversion.from))
    handler = chooseBetweenFloats(details);
  return handler ? handler : &convertLanes;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static constexpr PtxType scalarTypes[] = {
    PtxType::U8,  PtxType::S8,   PtxType::U16, PtxType::S16,
    PtxType::U32, PtxType::S32,  PtxType::U64, PtxType::S64,
    PtxType::F16, PtxType::BF16, PtxType::F32, PtxType::F64};

static constexpr PtxType resultTypes[] = {
    PtxType::U8,    PtxType::S8,    PtxType::U16,    PtxType::S16,
    PtxType::U32,   PtxType::S32,   PtxType::U64,    PtxType::S64,
    PtxType::F16,   PtxType::BF16,  PtxType::F32,    PtxType::F64,
    PtxType::TF32,  PtxType::F16x2, PtxType::BF16x2, PtxType::E4M3x2,
    PtxType::E5M2x2};

/// One of the two numbers of a packed type.
static std::optional<PtxType> halfOf(PtxType type) {
  switch (type) {
  case PtxType::F16x2:
    return PtxType::F16;
  case PtxType::BF16x2:
    return PtxType::BF16;
  case PtxType::E4M3x2:
    return PtxType::E4M3;
  case PtxType::E5M2x2:
    return PtxType::E5M2;
  default:
    return std::nullopt;
  }
}

namespace {
struct CvtModifiers {
  Conversion conversion;
  bool hasRounding = false;
};
} // namespace

static CvtModifiers takeModifiers(Modifiers &modifiers) {
  static constexpr Rounding roundings[] = {Rounding::NearestEven,
                                           Rounding::TowardZero, Rounding::Down,
                                           Rounding::Up, Rounding::NearestAway};
  CvtModifiers result;
  if (std::optional<unsigned> number =
          modifiers.acceptOneOf({"rn", "rz", "rm", "rp", "rna"})) {
    result.conversion.rounding = roundings[*number];
    result.hasRounding = true;
  } else if (std::optional<unsigned> integer =
                 modifiers.acceptOneOf({"rni", "rzi", "rmi", "rpi"})) {
    result.conversion.rounding = roundings[*integer];
    result.conversion.isIntegerRounding = true;
  }
  // The order of these differs among the forms of the instruction.
  while (std::optional<unsigned> flag =
             modifiers.acceptOneOf({"ftz", "sat", "satfinite", "relu"})) {
    bool *const flags[] = {
        &result.conversion.flushesSubnormals, &result.conversion.saturates,
        &result.conversion.isSatfinite, &result.conversion.isRelu};
    *flags[*flag] = true;
  }
  return result;
}

/// Whether numbers of `from` may be none of `to`, so that a rounding must be
/// given.
static bool losesBits(PtxType to, PtxType from) {
  bool isToFloat = isFloatFormat(to), isFromFloat = isFloatFormat(from);
  if (isToFloat != isFromFloat)
    return true;
  if (!isToFloat || to == from)
    return false;
  if (to == PtxType::TF32)
    return true;
  bool isBothHalves = getBitWidth(to) == 16 && getBitWidth(from) == 16;
  return getBitWidth(to) < getBitWidth(from) || isBothHalves;
}

/// `.sat` clamps to the range of the result: the result must have a range, and
/// the source numbers outside of it.
static bool mayClamp(PtxType to, PtxType from) {
  for (PtxType type : {to, from})
    if (type == PtxType::BF16 || type == PtxType::TF32)
      return false;
  if (!isInteger(to) || !isInteger(from))
    return true;
  // A signed type has one bit less for the magnitude.
  unsigned toBits = getBitWidth(to) - isSignedInteger(to);
  unsigned fromBits = getBitWidth(from) - isSignedInteger(from);
  return fromBits > toBits || (isSignedInteger(from) && !isSignedInteger(to));
}

/// What is wrong with the modifiers of a conversion of f32 to f16, bf16 or
/// tf32; null if nothing is.
static const char *findNarrowingMistake(const CvtModifiers &modifiers) {
  const Conversion &conversion = modifiers.conversion;
  bool isDirected = conversion.rounding == Rounding::Down ||
                    conversion.rounding == Rounding::Up;
  if (conversion.to == PtxType::TF32) {
    if (isDirected)
      return "'.tf32' takes '.rn', '.rz' or '.rna'";
    if (conversion.flushesSubnormals)
      return "'.tf32' takes no '.ftz'";
    if (conversion.rounding == Rounding::NearestAway)
      return conversion.isRelu ? "'.rna' takes no '.relu'" : nullptr;
    return conversion.isSatfinite
               ? "'.satfinite' needs '.rna' below sm_100 with '.tf32'"
               : nullptr;
  }
  if (isDirected && (conversion.isRelu || conversion.isSatfinite))
    return "'.relu' and '.satfinite' need '.rn' or '.rz'";
  return nullptr;
}

static llvm::Error checkScalar(DecodeContext &context,
                               const PtxInstruction &instruction,
                               const CvtModifiers &modifiers) {
  const Conversion &conversion = modifiers.conversion;
  bool isToFloat = isFloatFormat(conversion.to);
  bool isFromFloat = isFloatFormat(conversion.from);
  bool isToInteger = isFromFloat && !isToFloat;
  bool needsInteger = isToInteger && !conversion.isIntegerRounding;
  if (needsInteger)
    return context.error(instruction,
                         "expects '.rni', '.rzi', '.rmi' or '.rpi' in a "
                         "conversion from float to integer");
  bool isSameFloat = isToFloat && conversion.to == conversion.from;
  if (conversion.isIntegerRounding && !isToInteger && !isSameFloat)
    return context.error(instruction, "rounding to integers does not fit here");
  if (losesBits(conversion.to, conversion.from) && isToFloat &&
      !modifiers.hasRounding)
    return context.error(instruction,
                         "expects a rounding: '.rn', '.rz', '.rm' or '.rp'");
  bool takesRounding = losesBits(conversion.to, conversion.from) && isToFloat;
  if (modifiers.hasRounding && !takesRounding)
    return context.error(instruction, "nothing is rounded here");
  if (conversion.rounding == Rounding::NearestAway &&
      conversion.to != PtxType::TF32)
    return context.error(instruction, "'.rna' needs the result type .tf32");
  if (conversion.flushesSubnormals && conversion.to != PtxType::F32 &&
      conversion.from != PtxType::F32)
    return context.error(instruction, "'.ftz' needs a type .f32");
  bool isNarrowed = conversion.to == PtxType::F16 ||
                    conversion.to == PtxType::BF16 ||
                    conversion.to == PtxType::TF32;
  if ((conversion.isRelu || conversion.isSatfinite) &&
      !(isNarrowed && conversion.from == PtxType::F32))
    return context.error(instruction, "'.relu' and '.satfinite' fit only "
                                      "conversions of .f32 to narrow floats");
  if (isNarrowed && conversion.from == PtxType::F32)
    if (const char *mistake = findNarrowingMistake(modifiers))
      return context.error(instruction, mistake);
  if (conversion.saturates && !mayClamp(conversion.to, conversion.from))
    return context.error(instruction, "'.sat' does not fit '." +
                                          getName(conversion.to) + "' and '." +
                                          getName(conversion.from) + "'");
  bool hasBrain =
      conversion.to == PtxType::BF16 || conversion.from == PtxType::BF16;
  if (hasBrain &&
      (getBitWidth(conversion.to) == 8 || getBitWidth(conversion.from) == 8))
    return context.error(instruction, "'.bf16' is not converted to or from "
                                      "integers of 8 bits");
  return llvm::Error::success();
}

static llvm::Error decodeScalar(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Instruction &result,
                                const CvtModifiers &modifiers) {
  if (llvm::Error error = checkScalar(context, instruction, modifiers))
    return error;
  if (llvm::Error error = expectOperands(context, instruction, 2))
    return error;
  ConversionDetails &details = context.makeDetails<ConversionDetails>();
  details.conversion = modifiers.conversion;
  llvm::Expected<Slot> destination =
      context.destination(instruction.operands[0], details.conversion.to, true);
  if (!destination)
    return destination.takeError();
  llvm::Expected<Slot> source =
      context.source(instruction.operands[1], details.conversion.from,
                     details.conversion.from != PtxType::BF16);
  if (!source)
    return source.takeError();
  result.operands[0] = *destination;
  result.operands[1] = *source;
  details.resultWidth = context.registerWidth(instruction.operands[0])
                            .value_or(getBitWidth(details.conversion.to));
  details.sourceWidth = context.registerWidth(instruction.operands[1])
                            .value_or(getBitWidth(details.conversion.from));
  result.details = &details;
  result.handler = chooseHandler(details);
  return llvm::Error::success();
}

static Handler choosePair(const Conversion &conversion) {
  bool isFast =
      conversion.rounding == Rounding::NearestEven && !conversion.isSatfinite;
  if (isFast && conversion.to == PtxType::F16)
    return TK_AT_HOST_LEVEL(findFloatConversion,
                            conversion.isRelu ? FastConversion::PairToF16x2Relu
                                              : FastConversion::PairToF16x2);
  if (isFast && conversion.to == PtxType::BF16)
    return TK_AT_HOST_LEVEL(findFloatConversion,
                            conversion.isRelu ? FastConversion::PairToBF16x2Relu
                                              : FastConversion::PairToBF16x2);
  return &convertPair;
}

/// Results of two numbers: from two f32, or from both halves of a register.
static llvm::Error decodePacked(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result,
                                CvtModifiers parts, PtxType resultType) {
  bool isToEight =
      resultType == PtxType::E4M3x2 || resultType == PtxType::E5M2x2;
  llvm::SmallVector<PtxType, 3> allowed = {PtxType::F32};
  if (isToEight)
    allowed.push_back(PtxType::F16x2);
  else if (resultType == PtxType::F16x2)
    allowed.append({PtxType::E4M3x2, PtxType::E5M2x2});
  llvm::Expected<PtxType> from =
      takeType(context, instruction, modifiers, allowed);
  if (!from)
    return from.takeError();
  if (!parts.hasRounding || parts.conversion.rounding > Rounding::TowardZero ||
      (parts.conversion.rounding == Rounding::TowardZero &&
       (isToEight || *from != PtxType::F32)))
    return context.error(instruction,
                         *from == PtxType::F32 && !isToEight
                             ? "expects the rounding '.rn' or '.rz'"
                             : "expects the rounding '.rn'");
  if (isToEight && !parts.conversion.isSatfinite)
    return context.error(instruction, "expects '.satfinite'");
  if (parts.conversion.flushesSubnormals || parts.conversion.saturates)
    return context.error(instruction,
                         "'.ftz' and '.sat' do not fit packed conversions");
  if (!isToEight && *from != PtxType::F32 && parts.conversion.isSatfinite)
    return context.error(instruction, "'.satfinite' needs sm_100 here");
  ConversionDetails &details = context.makeDetails<ConversionDetails>();
  details.conversion = parts.conversion;
  details.conversion.to = *halfOf(resultType);
  details.conversion.from = halfOf(*from).value_or(*from);
  details.resultWidth = getBitWidth(resultType);
  details.sourceWidth = getBitWidth(*from);
  result.details = &details;
  if (*from != PtxType::F32) {
    result.handler = &convertHalves;
    return decodeOperands(context, instruction, result, resultType, {*from});
  }
  result.handler = choosePair(details.conversion);
  return decodeOperands(context, instruction, result, resultType,
                        {PtxType::F32, PtxType::F32});
}

/// cvt.pack.sat.type.s32 d, a, b and cvt.pack.sat.type.s32.b32 d, a, b, c.
static llvm::Error decodePack(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  static constexpr unsigned widths[] = {16, 16, 8, 8, 4, 4, 2, 2};
  if (!modifiers.accept("sat"))
    return context.error(instruction, "expects '.sat' after '.pack'");
  std::optional<unsigned> type =
      modifiers.acceptOneOf({"u16", "s16", "u8", "s8", "u4", "s4", "u2", "s2"});
  if (!type || !modifiers.accept("s32"))
    return context.error(instruction,
                         "expects a type of 16, 8, 4 or 2 bits, then '.s32'");
  bool hasThird = modifiers.accept("b32");
  if (hasThird != (widths[*type] < 16))
    return context.error(instruction, hasThird ? "'.b32' needs a narrower type"
                                               : "expects '.b32' at the end");
  result.count = static_cast<uint16_t>(widths[*type]);
  result.flags = static_cast<uint8_t>((*type & 1) | (hasThird ? 2 : 0));
  result.handler = &convertPack;
  llvm::SmallVector<PtxType, 3> sources = {PtxType::S32, PtxType::S32};
  if (hasThird)
    sources.push_back(PtxType::B32);
  return decodeOperands(context, instruction, result, PtxType::B32, sources);
}

static llvm::Error decodeConversion(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("pack"))
    return decodePack(context, instruction, modifiers, result);
  CvtModifiers parts = takeModifiers(modifiers);
  llvm::Expected<PtxType> to =
      takeType(context, instruction, modifiers, resultTypes);
  if (!to)
    return to.takeError();
  if (halfOf(*to))
    return decodePacked(context, instruction, modifiers, result, parts, *to);
  parts.conversion.to = *to;
  llvm::Expected<PtxType> from =
      *to == PtxType::TF32
          ? takeType(context, instruction, modifiers, {PtxType::F32})
          : takeType(context, instruction, modifiers, scalarTypes);
  if (!from)
    return from.takeError();
  parts.conversion.from = *from;
  return decodeScalar(context, instruction, result, parts);
}

void emulator::registerConversions(DecoderTable &table) {
  table.add("cvt", decodeConversion);
}
