//===- TensorMap.cpp - what a tensor copy knows of its tensor -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/TensorMap.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::tk;

unsigned mlir::tk::getSizeInBytes(TensorMapType type) {
  switch (type) {
  case TensorMapType::U8:
    return 1;
  case TensorMapType::U16:
  case TensorMapType::F16:
  case TensorMapType::BF16:
    return 2;
  case TensorMapType::U32:
  case TensorMapType::S32:
  case TensorMapType::F32:
  case TensorMapType::F32Ftz:
  case TensorMapType::TF32:
  case TensorMapType::TF32Ftz:
    return 4;
  case TensorMapType::U64:
  case TensorMapType::S64:
  case TensorMapType::F64:
    return 8;
  }
  llvm_unreachable("unknown type");
}

static bool isFloat(TensorMapType type) { return type >= TensorMapType::F16; }

uint64_t TensorMap::boxBytes() const {
  uint64_t bytes = getSizeInBytes(type);
  for (unsigned d = 0; d < rank; ++d)
    bytes *= boxElements(d);
  return bytes;
}

uint32_t TensorMap::rowPitch() const {
  return swizzle == TensorMapSwizzle::None
             ? boxElements(0) * getSizeInBytes(type)
             : 16u << static_cast<unsigned>(swizzle);
}

uint64_t TensorMap::sharedBytes() const {
  uint64_t bytes = rowPitch();
  for (unsigned d = 1; d < rank; ++d)
    bytes *= boxElements(d);
  return bytes;
}

Error mlir::tk::verifyTensorMap(const TensorMap &map) {
  auto fail = [](const auto &...arguments) {
    return createStringError(formatv(arguments...).str());
  };
  static_assert(TensorMap::maxRank == TmaFacts::kMaxRank);
  if (map.rank < 1 || map.rank > TensorMap::maxRank)
    return fail("a tensor map has 1 to 5 dimensions, not {0}", map.rank);
  if (map.address % TmaFacts::kGlobalAlignmentInBytes)
    return fail("the address of a tensor map is a multiple of 16: {0:x}",
                map.address);
  unsigned size = getSizeInBytes(map.type);
  for (unsigned d = 0; d < map.rank; ++d) {
    if (map.extents[d] < 1 || map.extents[d] > uint64_t(TmaFacts::kMaxExtent))
      return fail("extent {0} of dimension {1} is not within 1 and 2^32",
                  map.extents[d], d);
    if (map.box[d] < 1 || map.box[d] > TmaFacts::kMaxBoxExtent)
      return fail("the box has {0} elements in dimension {1}; 1 to 256 are "
                  "possible",
                  map.box[d], d);
    if (map.elementStrides[d] < 1 || map.elementStrides[d] > 8)
      return fail("element stride {0} of dimension {1} is not within 1 and 8",
                  map.elementStrides[d], d);
    if (d > 0 && (map.strides[d - 1] % TmaFacts::kStrideAlignmentInBytes ||
                  map.strides[d - 1] >= uint64_t(TmaFacts::kMaxStrideInBytes)))
      return fail("stride {0} of dimension {1} is not a multiple of 16 bytes "
                  "below 2^40",
                  map.strides[d - 1], d);
  }
  uint64_t inner = uint64_t(map.boxElements(0)) * size;
  if (inner % TmaFacts::kInnerBoxAlignmentInBytes)
    return fail(
        "the inner extent of the box is {0} bytes, which is not a multiple "
        "of 16",
        inner);
  if (map.swizzle != TensorMapSwizzle::None) {
    unsigned span = 16u << static_cast<unsigned>(map.swizzle);
    if (!TmaFacts::isLegalInnerBox(inner, span))
      return fail("the inner extent of the box is {0} bytes; a swizzle of {1} "
                  "bytes allows no more than these",
                  inner, span);
  }
  if (map.fillsNaN && !isFloat(map.type))
    return fail("only floating-point tensors are filled with NaN");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// The 128 bytes
//===----------------------------------------------------------------------===//

namespace {
/// Little-endian fields at fixed places, so that tensormap.replace can change
/// one.
struct Fields {
  char magic[4];
  uint8_t type, rank, swizzle, fillsNaN;
  support::ulittle64_t address;
  support::ulittle64_t strides[4];
  /// The extent minus 1: 2^32 fits.
  support::ulittle32_t extents[5];
  support::ulittle16_t box[5];
  uint8_t elementStrides[5];
};
} // namespace

static constexpr char kMagic[4] = {'t', 'k', 't', 'm'};
static_assert(sizeof(Fields) <= sizeof(TensorMapBytes));

Expected<TensorMapBytes> mlir::tk::encodeTensorMap(const TensorMap &map) {
  if (Error error = verifyTensorMap(map))
    return error;
  Fields fields = {};
  memcpy(fields.magic, kMagic, sizeof(kMagic));
  fields.type = static_cast<uint8_t>(map.type);
  fields.rank = map.rank;
  fields.swizzle = static_cast<uint8_t>(map.swizzle);
  fields.fillsNaN = map.fillsNaN;
  fields.address = map.address;
  for (unsigned d = 0; d < TensorMap::maxRank; ++d) {
    fields.extents[d] = static_cast<uint32_t>(map.extents[d] - 1);
    fields.box[d] = map.box[d];
    fields.elementStrides[d] = map.elementStrides[d];
    if (d > 0)
      fields.strides[d - 1] = map.strides[d - 1];
  }
  TensorMapBytes bytes = {};
  memcpy(bytes.data(), &fields, sizeof(fields));
  return bytes;
}

Expected<TensorMap> mlir::tk::decodeTensorMap(ArrayRef<uint8_t> bytes) {
  Fields fields;
  if (bytes.size() < sizeof(TensorMapBytes) ||
      memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0)
    return createStringError("these 128 bytes are not a tensor map");
  memcpy(&fields, bytes.data(), sizeof(fields));
  TensorMap map;
  if (fields.type > static_cast<uint8_t>(TensorMapType::TF32Ftz) ||
      fields.swizzle > static_cast<uint8_t>(TensorMapSwizzle::Bytes128))
    return createStringError(
        formatv("a tensor map with element type {0} and swizzle {1} is not "
                "supported",
                fields.type, fields.swizzle));
  map.type = static_cast<TensorMapType>(fields.type);
  map.rank = fields.rank;
  map.swizzle = static_cast<TensorMapSwizzle>(fields.swizzle);
  map.fillsNaN = fields.fillsNaN;
  map.address = fields.address;
  for (unsigned d = 0; d < TensorMap::maxRank; ++d) {
    map.extents[d] = uint64_t(fields.extents[d]) + 1;
    map.box[d] = fields.box[d];
    map.elementStrides[d] = fields.elementStrides[d];
    if (d > 0)
      map.strides[d - 1] = fields.strides[d - 1];
  }
  if (Error error = verifyTensorMap(map))
    return error;
  return map;
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

unsigned mlir::tk::getNumOrdinals(TensorMapField field) {
  switch (field) {
  case TensorMapField::BoxDim:
  case TensorMapField::GlobalDim:
  case TensorMapField::ElementStride:
    return TensorMap::maxRank;
  case TensorMapField::GlobalStride:
    return TensorMap::maxRank - 1;
  case TensorMapField::GlobalAddress:
  case TensorMapField::Rank:
  case TensorMapField::ElemType:
  case TensorMapField::InterleaveLayout:
  case TensorMapField::SwizzleMode:
  case TensorMapField::SwizzleAtomicity:
  case TensorMapField::FillMode:
    return 0;
  }
  llvm_unreachable("all fields are above");
}

/// By the numbers of tensormap.replace .elemtype.
static constexpr TensorMapType elementTypes[] = {
    TensorMapType::U8,     TensorMapType::U16,  TensorMapType::U32,
    TensorMapType::S32,    TensorMapType::U64,  TensorMapType::S64,
    TensorMapType::F16,    TensorMapType::F32,  TensorMapType::F32Ftz,
    TensorMapType::F64,    TensorMapType::BF16, TensorMapType::TF32,
    TensorMapType::TF32Ftz};

static Error replaceField(Fields &fields, TensorMapField field,
                          unsigned ordinal, uint64_t value) {
  auto mustBeBelow = [&](uint64_t end, const char *what) -> Error {
    if (value < end)
      return Error::success();
    return createStringError(
        formatv("{0} {1} is not supported; 0 to {2} are", what, value, end - 1)
            .str());
  };
  switch (field) {
  case TensorMapField::GlobalAddress:
    fields.address = value;
    return Error::success();
  case TensorMapField::Rank:
    fields.rank = static_cast<uint8_t>(value + 1);
    return mustBeBelow(TensorMap::maxRank, "a rank less 1 of");
  case TensorMapField::BoxDim:
    fields.box[ordinal] = static_cast<uint16_t>(value);
    return mustBeBelow(257, "an extent of the box of");
  case TensorMapField::GlobalDim:
    fields.extents[ordinal] = static_cast<uint32_t>(value - 1);
    return Error::success();
  case TensorMapField::GlobalStride:
    fields.strides[ordinal] = value;
    return Error::success();
  case TensorMapField::ElementStride:
    fields.elementStrides[ordinal] = static_cast<uint8_t>(value);
    return mustBeBelow(9, "an element stride of");
  case TensorMapField::ElemType:
    if (Error error = mustBeBelow(std::size(elementTypes), "element type"))
      return error;
    fields.type = static_cast<uint8_t>(elementTypes[value]);
    return Error::success();
  case TensorMapField::InterleaveLayout:
    return mustBeBelow(1, "interleave layout");
  case TensorMapField::SwizzleMode:
    fields.swizzle = static_cast<uint8_t>(value);
    return mustBeBelow(4, "swizzle mode");
  case TensorMapField::SwizzleAtomicity:
    // Others need sm_100.
    return mustBeBelow(1, "swizzle atomicity");
  case TensorMapField::FillMode:
    fields.fillsNaN = value != 0;
    return mustBeBelow(2, "fill mode");
  }
  llvm_unreachable("all fields are above");
}

Error mlir::tk::replaceTensorMapField(MutableArrayRef<uint8_t> bytes,
                                      TensorMapField field, unsigned ordinal,
                                      uint64_t value) {
  assert(ordinal < std::max(getNumOrdinals(field), 1u) && "the caller checks");
  Fields fields;
  memcpy(&fields, bytes.data(), sizeof(fields));
  // A map that is made from nothing begins as zeros.
  if (all_of(bytes, [](uint8_t byte) { return byte == 0; }))
    memcpy(fields.magic, kMagic, sizeof(kMagic));
  if (memcmp(fields.magic, kMagic, sizeof(kMagic)) != 0)
    return createStringError("these 128 bytes are not a tensor map");
  if (Error error = replaceField(fields, field, ordinal, value))
    return error;
  memcpy(bytes.data(), &fields, sizeof(fields));
  return Error::success();
}
