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
#include <array>
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
/// `.f*` and `.bf*`; `.u*` and `.s*`. Others are bits.
bool isFloat(PtxType type);
bool isInteger(PtxType type);

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

llvm::StringRef getName(PtxSpace space);
/// `global`, `shared`, `shared::cta`, `param::entry`, ...
std::optional<PtxSpace> parsePtxSpace(llvm::StringRef name);

/// Where something stands in the PTX text; from 1.
struct PtxLocation {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// An operand, 6. A vector holds its elements; `p|q` holds both.
struct PtxOperand {
  enum class Kind : uint8_t {
    /// `%r1`, `%tid.x`, `foo`, `foo+4`: a register, special register, variable
    /// (with an offset in `bits`), function or label: the decoder knows which
    /// is asked for.
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
    /// `(a, b)` of a call.
    List,
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
  /// Of the `.loc` before it: number in PtxModule::files, line; 0 if none.
  uint32_t file = 0;
  uint32_t sourceLine = 0;
  /// Index into PtxFunction::scopes: where its names are looked up.
  uint32_t scope = 0;
  /// As written, for messages.
  llvm::StringRef text;
};

enum class PtxLinkage : uint8_t { Internal, Visible, Extern, Weak, Common };

/// One value of an initialiser, 5.4.4.
struct PtxInitializer {
  uint64_t byteOffset = 0;
  /// Bytes that it fills.
  unsigned size = 0;
  /// The bits, or what is added to the address of `symbol`.
  uint64_t bits = 0;
  /// Empty if a number.
  llvm::StringRef symbol;
  bool isGenericAddress = false;
  /// `0xFF00(symbol)`: the byte of the address that is taken; else -1.
  int byteOfAddress = -1;
  PtxLocation location;
};

/// A variable or parameter, 5.4. Also a parameter in a register (7.1).
struct PtxVariable {
  llvm::StringRef name;
  PtxSpace space = PtxSpace::Global;
  PtxType type = PtxType::B8;
  PtxLinkage linkage = PtxLinkage::Internal;
  /// 2 of `.v2`.
  unsigned vectorLength = 1;
  unsigned alignment = 1;
  uint64_t sizeInBytes = 0;
  /// `.extern .shared .b8 a[]`: its size is known at launch.
  bool isUnsized = false;
  std::vector<PtxInitializer> initializers;
  PtxLocation location;
};

/// `.reg .b32 %r<10>, %x;`
struct PtxRegisters {
  llvm::StringRef name;
  PtxType type = PtxType::B32;
  unsigned vectorLength = 1;
  /// `<10>` declares %r0 to %r9; without it, the name alone.
  std::optional<uint32_t> count;
  PtxLocation location;
};

/// `.callprototype`, 11.3.
struct PtxPrototype {
  llvm::StringRef name;
  std::vector<PtxVariable> returns;
  std::vector<PtxVariable> parameters;
};

/// What stands between braces. Names hide those of the scopes around.
struct PtxScope {
  /// Index of the scope around; the body of the function is its own parent.
  uint32_t parent = 0;
  std::vector<PtxRegisters> registers;
  std::vector<PtxVariable> variables;
  /// To the index of an instruction of the function; it may be one past the
  /// last.
  llvm::StringMap<uint32_t> labels;
  /// `.branchtargets` and `.calltargets`.
  llvm::StringMap<std::vector<llvm::StringRef>> targetLists;
  llvm::StringMap<PtxPrototype> prototypes;
};

using PtxDimensions = std::array<uint32_t, 3>;

struct PtxFunction {
  llvm::StringRef name;
  bool isEntry = false;
  /// No body.
  bool isDeclaration = false;
  PtxLinkage linkage = PtxLinkage::Internal;
  std::vector<PtxVariable> returns;
  std::vector<PtxVariable> parameters;

  // Performance-tuning and cluster directives, 11.4 and 11.7.
  std::optional<PtxDimensions> reqNtid;
  std::optional<PtxDimensions> maxNtid;
  std::optional<PtxDimensions> reqNctaPerCluster;
  std::optional<uint32_t> maxNreg;
  std::optional<uint32_t> minNctaPerSm;
  std::optional<uint32_t> maxClusterRank;
  bool isExplicitCluster = false;
  /// `.blocksareclusters`: launches give the grid in clusters.
  bool isGridOfClusters = false;

  /// Into PtxModule::instructions.
  uint32_t firstInstruction = 0;
  uint32_t numInstructions = 0;
  /// The first is the body.
  std::vector<PtxScope> scopes;
  PtxLocation location;
};

struct PtxModule {
  std::string fileName;
  /// Everything refers to it.
  std::unique_ptr<const std::string> text;
  /// 80 of `8.0`, 90 of `sm_90a`, and the `a`.
  unsigned version = 0;
  unsigned architecture = 0;
  bool isArchitectureSpecific = false;

  std::vector<PtxVariable> variables;
  std::vector<PtxFunction> functions;
  /// Of all functions, in order.
  std::vector<PtxInstruction> instructions;
  /// `.file`, by number; those not declared are empty.
  std::vector<std::string> files;

  /// The definition if there is one, else the declaration; or null.
  const PtxFunction *lookupFunction(llvm::StringRef name) const;

  /// `file:line:column: error: message`, the line, and a caret.
  llvm::Error error(PtxLocation location, const llvm::Twine &message) const;
};

/// Parses PTX text. `fileName` is for messages.
llvm::Expected<std::unique_ptr<PtxModule>> parsePtx(llvm::StringRef text,
                                                    llvm::StringRef fileName);

} // namespace mlir::tk

#endif // TK_EMULATOR_PTX_H
