//===- ParamAccess.h - what a kernel does with an argument ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_SUPPORT_PARAMACCESS_H
#define TK_SUPPORT_PARAMACCESS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

namespace mlir::tk {

/// What a kernel does with the memory of an argument: read it (which needs no
/// word in the language), read and write it, write all of it, or use it as
/// scratch space that the caller never sees.
enum class ParamAccess { Read, Mut, Out, Temp };

/// "read", "mut", "out" or "temp".
llvm::StringRef stringifyParamAccess(ParamAccess access);
std::optional<ParamAccess> parseParamAccess(llvm::StringRef name);
inline llvm::raw_ostream &operator<<(llvm::raw_ostream &os,
                                     ParamAccess access) {
  return os << stringifyParamAccess(access);
}

/// Whether the kernel sees what the caller put there.
constexpr bool readsArgument(ParamAccess access) {
  return access == ParamAccess::Read || access == ParamAccess::Mut;
}
/// Whether the caller sees what the kernel leaves there.
constexpr bool writesArgument(ParamAccess access) {
  return access == ParamAccess::Mut || access == ParamAccess::Out;
}

} // namespace mlir::tk

#endif // TK_SUPPORT_PARAMACCESS_H
