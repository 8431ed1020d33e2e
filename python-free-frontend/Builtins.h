//===- Builtins.h - names that the language defines -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_BUILTINS_H
#define TK_FRONTEND_BUILTINS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::tk {

/// Every builtin function, sorted.
llvm::ArrayRef<llvm::StringRef> getBuiltinNames();
bool isBuiltinName(llvm::StringRef name);

/// "exp" of `fast.exp`.
llvm::ArrayRef<llvm::StringRef> getFastNames();

/// Classes of types in `T: float`.
llvm::ArrayRef<llvm::StringRef> getTypeClassNames();

/// True for named arguments such as `order = relaxed`, whose value is a word
/// and no name.
bool isWordArgument(llvm::StringRef argName);

} // namespace mlir::tk

#endif // TK_FRONTEND_BUILTINS_H
