//===- CheckerMistakes.h - mistakes and what is said of them ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_FRONTEND_CHECKERMISTAKES_H
#define TK_UNITTESTS_FRONTEND_CHECKERMISTAKES_H

#include "CheckedText.h"
#include "gtest/gtest.h"

namespace mlir::tk {

/// One mistake: `errors` is what getErrors() says without the line and column
/// of each message.
struct Mistake {
  const char *source;
  const char *errors;
};

inline std::string withoutPlaces(llvm::StringRef errors) {
  std::string result;
  while (!errors.empty()) {
    auto [line, rest] = errors.split('\n');
    bool isNote = line.consume_front("  ");
    result += isNote ? "  " : "";
    result += line.split(' ').second;
    result += '\n';
    errors = rest;
  }
  return result;
}

inline std::string getErrorsOfFile(const std::string &source) {
  CheckedText text("tk 1;\n" + source);
  if (text.program)
    text.program->checkAll(&text.context);
  return withoutPlaces(text.getErrors());
}

/// In a kernel with a bit of everything.
inline std::string getErrorsOfBody(const std::string &body) {
  return getErrorsOfFile(
      "enum Mode { slow, quick }\n"
      "fn half_of(v: f32) -> f32 { return v * 0.5; }\n"
      "fn add_two<T: float>(a: T, b: T) -> T { return a + b; }\n"
      "fn scaled(v: f32, by: f32 = 0.5) -> f32 { return v * by; }\n"
      "fn fill_first(v: mut tensor<f32>[R, C]) { v[0, 0] = 1.0; }\n"
      "fn generic<E: const>(n: index) -> index { return n + E; }\n"
      "kernel k<T: float = f32, B: const = 64, M: const Mode = .slow>(\n"
      "    x: tensor<T>[R, C], y: out tensor<T>[R, C], n: i32, q: ptr<f32>,\n"
      "    z: tensor<f32>[R]?, g: tensor<i32>[R])\n"
      "  grid(R) {\n" +
      body + "\n}\nexport k;\n");
}

inline void expectInBodies(std::initializer_list<Mistake> mistakes) {
  for (const Mistake &mistake : mistakes)
    EXPECT_EQ(getErrorsOfBody(mistake.source), mistake.errors)
        << mistake.source;
}

inline void expectInFiles(std::initializer_list<Mistake> mistakes) {
  for (const Mistake &mistake : mistakes)
    EXPECT_EQ(getErrorsOfFile(mistake.source), mistake.errors)
        << mistake.source;
}

} // namespace mlir::tk

#endif // TK_UNITTESTS_FRONTEND_CHECKERMISTAKES_H
