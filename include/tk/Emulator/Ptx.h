//===- Ptx.h - a PTX module as written ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Syntax only: what an instruction means is decided when it is decoded for
// execution (lib/Emulator/Decoder.h). Section numbers are those of "PTX ISA".
//
//===----------------------------------------------------------------------===//

#ifndef TK_EMULATOR_PTX_H
#define TK_EMULATOR_PTX_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir::tk {

/// Fundamental types, 5.2, and the alternate floating-point formats.
enum class PtxType : uint8_t {
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F32x2,
  F64,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2,
  U16x2,
  S16x2,
  S4,
  U4,
  B1,
};

unsigned getBitWidth(PtxType type);
llvm::StringRef getName(PtxType type);
std::optional<PtxType> parsePtxType(llvm::StringRef name);

/// State spaces, 5.1.
enum class PtxSpace : uint8_t {
  Generic,
  Register,
  Param,
  Local,
  Shared,
  SharedCluster,
  Global,
  Const
};

/// Where something stands in the PTX text; from 1.
struct PtxLocation {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// An operand, 6. A vector holds its elements; `p|q` holds both.
struct PtxOperand {
  enum class Kind : uint8_t {
    /// `%r1`, `%tid.x`, `foo`: a register, special register, variable,
    /// function or label: the decoder knows which is asked for.
    Name,
    Integer,
    Float32Bits,
    Float64Bits,
    /// `[base+offset]`: base is a name or empty.
    Address,
    /// `{a, b}`, and the coordinates of `[map, {x, y}]`.
    Vector,
    /// `[a, b]` with more than one part: a tensor map and coordinates.
    AddressList,
    /// `p|q`.
    Pair,
    /// `_`.
    Sink,
  };
  Kind kind = Kind::Name;
  /// `!p`, `-5` is an integer; `-%r1` is not PTX.
  bool isNegated = false;
  llvm::StringRef name;
  /// Of an integer, the bits of a float, or the offset of an address.
  uint64_t bits = 0;
  std::vector<PtxOperand> elements;
  PtxLocation location;
};

struct PtxInstruction {
  /// `ld` of `ld.global.v4.f32`.
  llvm::StringRef opcode;
  /// `global`, `v4`, `f32`; `::` stays within a part.
  llvm::SmallVector<llvm::StringRef, 6> modifiers;
  std::vector<PtxOperand> operands;
  /// Empty if unconditional.
  llvm::StringRef guard;
  bool isGuardNegated = false;
  PtxLocation location;
  /// Of the `.loc` before it: index into PtxModule::files, line; 0 if none.
  uint32_t file = 0;
  uint32_t sourceLine = 0;
  /// As written, for messages.
  llvm::StringRef text;
};

} // namespace mlir::tk

#endif // TK_EMULATOR_PTX_H
