//===- ForeignNames.h - what other languages call it ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// People come from Triton, CUDA, Python and C. Where they write a word from
// there, the message says what it is called here.

#ifndef TK_FRONTEND_FOREIGNNAMES_H
#define TK_FRONTEND_FOREIGNNAMES_H

#include "llvm/ADT/StringRef.h"

namespace mlir::tk {

/// What to write instead of the name of a value, function, type or module;
/// empty if `name` is nothing that people bring along.
llvm::StringRef getForeignNameHint(llvm::StringRef name);

/// The same for a word that starts a declaration, such as `def`.
llvm::StringRef getForeignDeclarationHint(llvm::StringRef word);

/// The same for a word between operands, such as `and`.
llvm::StringRef getForeignOperatorHint(llvm::StringRef word);

/// The same for `member` in `x.member`.
llvm::StringRef getForeignMemberHint(llvm::StringRef member);

/// The same for `argument` in `f(argument = 1)`.
llvm::StringRef getForeignArgumentHint(llvm::StringRef argument);

/// True if `name` is what C or Python call a type.
bool isForeignType(llvm::StringRef name);

} // namespace mlir::tk

#endif // TK_FRONTEND_FOREIGNNAMES_H
