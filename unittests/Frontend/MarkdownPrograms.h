//===- MarkdownPrograms.h - programs shown in a page ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_FRONTEND_MARKDOWNPROGRAMS_H
#define TK_UNITTESTS_FRONTEND_MARKDOWNPROGRAMS_H

#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mlir::tk {

/// The fenced blocks of a Markdown text that are whole .tk files.
inline std::vector<std::string> findPrograms(llvm::StringRef text) {
  std::vector<std::string> programs;
  constexpr llvm::StringRef kFence = "```";
  while (!text.empty()) {
    text = text.split(kFence).second;
    auto [block, rest] = text.split(kFence);
    // Behind the fence stands the name of a language, or nothing.
    llvm::StringRef program = block.split('\n').second;
    if (program.starts_with("tk 1;"))
      programs.push_back(program.str());
    text = rest;
  }
  return programs;
}

} // namespace mlir::tk

#endif // TK_UNITTESTS_FRONTEND_MARKDOWNPROGRAMS_H
