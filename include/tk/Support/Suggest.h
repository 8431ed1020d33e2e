//===- Suggest.h - spelling suggestions for mistyped names ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_SUPPORT_SUGGEST_H
#define TK_SUPPORT_SUGGEST_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir::tk {

/// Returns the candidate that `name` was most likely meant to be, if one is
/// within a third of the letters of `name` (at least one edit; swapping two
/// neighbouring letters is one edit). Ties go to the earlier candidate.
std::optional<llvm::StringRef>
findClosest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace mlir::tk

#endif // TK_SUPPORT_SUGGEST_H
