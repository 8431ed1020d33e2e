//===- Format.h - the canonical layout of .tk sources -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_FORMAT_H
#define TK_FRONTEND_FORMAT_H

#include "tk/Frontend/Diagnostics.h"
#include <optional>
#include <string>

namespace mlir::tk {

/// Returns the text of buffer `bufferId` with canonical white space. Tokens and
/// comments stay what they are and where they are, so the meaning cannot
/// change; formatting twice changes nothing. Line breaks inside brackets and
/// around operators are the author's. No value, after a report, if the text has
/// syntax errors.
std::optional<std::string> formatSource(const llvm::SourceMgr &sourceMgr,
                                        unsigned bufferId,
                                        DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_FORMAT_H
