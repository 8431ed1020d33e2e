//===- PtxNames.cpp - types and state spaces by name ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Ptx.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir::tk;

namespace {
struct TypeEntry {
  PtxType type;
  llvm::StringLiteral name;
  unsigned bitWidth;
};
struct SpaceEntry {
  PtxSpace space;
  llvm::StringLiteral name;
};
} // namespace

/// In the order of the enum.
static constexpr TypeEntry types[] = {
    {PtxType::Pred, "pred", 1},      {PtxType::B8, "b8", 8},
    {PtxType::B16, "b16", 16},       {PtxType::B32, "b32", 32},
    {PtxType::B64, "b64", 64},       {PtxType::B128, "b128", 128},
    {PtxType::U8, "u8", 8},          {PtxType::U16, "u16", 16},
    {PtxType::U32, "u32", 32},       {PtxType::U64, "u64", 64},
    {PtxType::S8, "s8", 8},          {PtxType::S16, "s16", 16},
    {PtxType::S32, "s32", 32},       {PtxType::S64, "s64", 64},
    {PtxType::F16, "f16", 16},       {PtxType::F16x2, "f16x2", 32},
    {PtxType::BF16, "bf16", 16},     {PtxType::BF16x2, "bf16x2", 32},
    {PtxType::TF32, "tf32", 32},     {PtxType::F32, "f32", 32},
    {PtxType::F32x2, "f32x2", 64},   {PtxType::F64, "f64", 64},
    {PtxType::E4M3, "e4m3", 8},      {PtxType::E5M2, "e5m2", 8},
    {PtxType::E4M3x2, "e4m3x2", 16}, {PtxType::E5M2x2, "e5m2x2", 16},
    {PtxType::U16x2, "u16x2", 32},   {PtxType::S16x2, "s16x2", 32},
    {PtxType::S4, "s4", 4},          {PtxType::U4, "u4", 4},
    {PtxType::B1, "b1", 1},
};

/// The first name of a space is the one that messages use.
static constexpr SpaceEntry spaces[] = {
    {PtxSpace::Generic, "generic"},
    {PtxSpace::Register, "reg"},
    {PtxSpace::Param, "param"},
    {PtxSpace::Local, "local"},
    {PtxSpace::Shared, "shared"},
    {PtxSpace::SharedCluster, "shared::cluster"},
    {PtxSpace::Global, "global"},
    {PtxSpace::Const, "const"},
    {PtxSpace::Shared, "shared::cta"},
    {PtxSpace::Param, "param::entry"},
    {PtxSpace::Param, "param::func"},
};

unsigned mlir::tk::getBitWidth(PtxType type) {
  return types[static_cast<unsigned>(type)].bitWidth;
}

llvm::StringRef mlir::tk::getName(PtxType type) {
  return types[static_cast<unsigned>(type)].name;
}

std::optional<PtxType> mlir::tk::parsePtxType(llvm::StringRef name) {
  for (const TypeEntry &entry : types)
    if (entry.name == name)
      return entry.type;
  return std::nullopt;
}

bool mlir::tk::isFloat(PtxType type) {
  llvm::StringRef name = getName(type);
  return name.starts_with("f") || name.starts_with("bf");
}

bool mlir::tk::isInteger(PtxType type) {
  llvm::StringRef name = getName(type);
  return name.starts_with("u") || name.starts_with("s");
}

llvm::StringRef mlir::tk::getName(PtxSpace space) {
  for (const SpaceEntry &entry : spaces)
    if (entry.space == space)
      return entry.name;
  llvm_unreachable("every space has a name");
}

std::optional<PtxSpace> mlir::tk::parsePtxSpace(llvm::StringRef name) {
  // `generic` and `reg` name operands' whereabouts, not modifiers.
  for (const SpaceEntry &entry : spaces)
    if (entry.name == name && entry.space != PtxSpace::Generic &&
        entry.space != PtxSpace::Register)
      return entry.space;
  return std::nullopt;
}
