//===- TensorMap.h - what a tensor copy knows of its tensor ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The emulator's own encoding of the 128 bytes that PTX calls a tensor map
// (5.5.8): what the driver writes into them is not public. The rules are those
// of cuTensorMapEncodeTiled.
//
//===----------------------------------------------------------------------===//

#ifndef TK_EMULATOR_TENSORMAP_H
#define TK_EMULATOR_TENSORMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <array>
#include <cstdint>

namespace mlir::tk {

/// Numbers as in CUtensorMapDataType. (Those of tensormap.replace differ.)
enum class TensorMapType : uint8_t {
  U8,
  U16,
  U32,
  S32,
  U64,
  S64,
  F16,
  F32,
  F64,
  BF16,
  F32Ftz,
  TF32,
  TF32Ftz,
};
unsigned getSizeInBytes(TensorMapType type);

/// Numbers as in tensormap.replace .swizzle_mode.
enum class TensorMapSwizzle : uint8_t { None, Bytes32, Bytes64, Bytes128 };

/// A tiled tensor of 1 to 5 dimensions, the first one the fastest.
struct TensorMap {
  static constexpr unsigned maxRank = 5;

  TensorMapType type = TensorMapType::U8;
  unsigned rank = 1;
  uint64_t address = 0;
  /// In elements.
  std::array<uint64_t, maxRank> extents = {1, 1, 1, 1, 1};
  /// In bytes; of dimensions 1 and up.
  std::array<uint64_t, maxRank - 1> strides = {};
  /// In elements of the tensor: a copy takes every elementStrides-th.
  std::array<uint32_t, maxRank> box = {1, 1, 1, 1, 1};
  std::array<uint32_t, maxRank> elementStrides = {1, 1, 1, 1, 1};
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  /// Elements outside of the tensor are read as NaN instead of zero.
  bool fillsNaN = false;

  /// Elements that a copy moves in a dimension: ceil(box / elementStride). The
  /// first dimension has no stride, whatever the map says.
  uint32_t boxElements(unsigned dimension) const {
    return dimension == 0 ? box[0]
                          : (box[dimension] + elementStrides[dimension] - 1) /
                                elementStrides[dimension];
  }
  /// Bytes that a copy of the whole box moves.
  uint64_t boxBytes() const;
  /// Bytes from one row of a box to the next in shared memory: with a swizzle,
  /// its span, also where a row is shorter (measured on an H100).
  uint32_t rowPitch() const;
  /// Bytes of shared memory that a box takes.
  uint64_t sharedBytes() const;
};

using TensorMapBytes = std::array<uint8_t, 128>;

/// Says which rule the map breaks: alignment of the address and the strides,
/// size of the box, inner extent against the swizzle.
llvm::Error verifyTensorMap(const TensorMap &map);
llvm::Expected<TensorMapBytes> encodeTensorMap(const TensorMap &map);
/// Of bytes that hold no map: an error.
llvm::Expected<TensorMap> decodeTensorMap(llvm::ArrayRef<uint8_t> bytes);

/// What tensormap.replace (9.7.9.28) can change. By name: `global_address`.
enum class TensorMapField : uint8_t {
  GlobalAddress,
  Rank,
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElemType,
  InterleaveLayout,
  SwizzleMode,
  SwizzleAtomicity,
  FillMode,
};
/// Values of the field: one for each dimension (strides: for each but the
/// first), or 0 if it has just one.
unsigned getNumOrdinals(TensorMapField field);

/// Changes one field of the 128 bytes, which hold a map or zeros. `value` is as
/// the PTX ISA has it: the rank less 1, strides in bytes, types and modes by
/// the numbers of the ISA. Errors: bytes that are no map, and values that do
/// not exist. Whether the fields fit together is asked when the map is decoded.
llvm::Error replaceTensorMapField(llvm::MutableArrayRef<uint8_t> bytes,
                                  TensorMapField field, unsigned ordinal,
                                  uint64_t value);

} // namespace mlir::tk

#endif // TK_EMULATOR_TENSORMAP_H
