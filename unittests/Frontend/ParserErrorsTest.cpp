//===- ParserErrorsTest.cpp - one message for one mistake -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Files and declarations
//===----------------------------------------------------------------------===//

TEST(ParserErrorsTest, MissingVersion) {
  EXPECT_EQ(errorsOf("fn f() {}"),
            "1:1 '' a file starts with its language version "
            "[MissingVersion]\n"
            "  1:1 '' write 'tk 1;'\n");
  EXPECT_EQ(errorsOf(""), "1:1 '' a file starts with its language version "
                          "[MissingVersion]\n"
                          "  1:1 '' write 'tk 1;'\n");
}

TEST(ParserErrorsTest, UnsupportedVersion) {
  EXPECT_EQ(errorsOf("tk 2; fn f() {}"),
            "1:4 '2' language version 2 is not supported, this compiler reads "
            "version 1 [UnsupportedVersion]\n");
}

TEST(ParserErrorsTest, NotADeclaration) {
  EXPECT_EQ(errorsOf("tk 1;\nkernal f() {}\nfn g() {}"),
            "2:1 'kernal' expected a declaration, got 'kernal' "
            "[ExpectedDeclaration]\n"
            "  2:1 'kernal' did you mean 'kernel'?\n");
  EXPECT_EQ(errorsOf("tk 1;\n}\n"),
            "2:1 '}' expected a declaration, got '}' [ExpectedDeclaration]\n");
}

TEST(ParserErrorsTest, MistakesInTwoDeclarationsAreTwoErrors) {
  EXPECT_EQ(errorsOf("tk 1;\nfn f( {}\nfn g) {}\nfn h() {}"),
            "2:7 '{' expected a parameter name, got '{' [ExpectedToken]\n"
            "3:5 ')' expected '(', got ')' [ExpectedToken]\n");
}

TEST(ParserErrorsTest, KeywordsAreNotNames) {
  EXPECT_EQ(errorsOf("tk 1;\nkernel f(out: out tensor<f32>[N]) {}"),
            "2:10 'out' 'out' is a keyword, expected a parameter name "
            "[ReservedWord]\n");
}

TEST(ParserErrorsTest, UnknownClause) {
  EXPECT_EQ(errorsOf("tk 1;\nkernel f() gird(1) {}"),
            "2:12 'gird' unknown clause 'gird' [UnknownClause]\n"
            "  2:12 'gird' did you mean 'grid'?\n");
  EXPECT_EQ(errorsOf("tk 1;\nbench b : f() flop(1);"),
            "2:15 'flop' unknown clause 'flop' [UnknownClause]\n"
            "  2:15 'flop' did you mean 'flops'?\n");
}

TEST(ParserErrorsTest, DuplicateClause) {
  EXPECT_EQ(errorsOf("tk 1;\nkernel f() grid(1) grid(2) {}"),
            "2:20 'grid' second 'grid' clause, expected one "
            "[DuplicateClause]\n");
  EXPECT_EQ(errorsOf("tk 1;\nbench b : f() bytes(1) flops(2) bytes(3);"),
            "2:33 'bytes' second 'bytes' clause, expected one "
            "[DuplicateClause]\n");
  EXPECT_EQ(errorsOf("tk 1;\ntest t : f() within S within M;"),
            "2:23 'within' second 'within' clause, expected one "
            "[DuplicateClause]\n");
}

TEST(ParserErrorsTest, NothingToChooseFrom) {
  EXPECT_EQ(errorsOf("tk 1;\nkernel k<B: const in [] = 4>() grid(1) "
                     "tune(B in []) {}\n"
                     "test t : k() for N in [];"),
            "2:22 '[]' 'in' needs at least one value to choose, got an empty "
            "list [NoChoices]\n"
            "2:50 '[]' 'in' needs at least one value to choose, got an empty "
            "list [NoChoices]\n"
            "3:23 '[]' 'in' needs at least one value to choose, got an empty "
            "list [NoChoices]\n");
}

TEST(ParserErrorsTest, TestWithoutSemicolon) {
  EXPECT_EQ(errorsOf("tk 1;\ntest a : f()\ntest b : f();\n"),
            "2:13 '' expected ';' before keyword 'test' "
            "[ExpectedSemicolon]\n");
}

TEST(ParserErrorsTest, ImportNeedsAString) {
  EXPECT_EQ(errorsOf("tk 1;\nimport math;"),
            "2:8 'math' expected a file name in double quotes, got 'math' "
            "[ExpectedToken]\n");
}

//===----------------------------------------------------------------------===//
// Brackets
//===----------------------------------------------------------------------===//

TEST(ParserErrorsTest, UnclosedBracketShowsTheOpeningOne) {
  EXPECT_EQ(errorsOf(inKernel("let x = (1 + 2;\nlet y = 3;")),
            "2:15 ';' expected ')', got ';' [ExpectedToken]\n"
            "  2:9 '(' to match this '('\n");
  EXPECT_EQ(errorsOf("tk 1;\nfn f(a: tensor<f32[N]) {}"),
            "2:19 '[' expected '>', got '[' [ExpectedToken]\n"
            "  2:15 '<' to match this '<'\n");
}

TEST(ParserErrorsTest, UnclosedBlockIsNoticedAtTheNextDeclaration) {
  EXPECT_EQ(errorsOf("tk 1;\nfn f() {\n  if a {\n  let x = 1;\n}\nfn g() {}"),
            "6:1 'fn' expected '}', got keyword 'fn' [ExpectedToken]\n"
            "  2:8 '{' to match this '{'\n");
}

TEST(ParserErrorsTest, WhatFollowsALostBraceIsNotBlamed) {
  EXPECT_EQ(errorsOf("tk 1;\nfn f() {\n  let a = }b;\n  c();\n}\n"
                     "fn g() { let a = ; let b = ; }"),
            "3:11 '}' expected an expression, got '}' [ExpectedToken]\n"
            "6:18 ';' expected an expression, got ';' [ExpectedToken]\n"
            "6:28 ';' expected an expression, got ';' [ExpectedToken]\n");
  EXPECT_EQ(errorsOf("tk 1;\nfn f() {\n  let a = {b;\n  c();\n}\nfn g() {}"),
            "3:11 '{' expected an expression, got '{' [ExpectedToken]\n");
}

TEST(ParserErrorsTest, EndOfFileIsReportedBehindTheLastToken) {
  EXPECT_EQ(errorsOf("tk 1;\nfn f() {\n  let x = 1;\n\n\n"),
            "3:13 '' expected '}', got end of file [ExpectedToken]\n"
            "  2:8 '{' to match this '{'\n");
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

TEST(ParserErrorsTest, MissingSemicolonPointsBehindTheStatement) {
  EXPECT_EQ(errorsOf(inKernel("let x = 1\nlet y = 2;\nf(x)\ng(y);")),
            "2:10 '' expected ';' before keyword 'let' [ExpectedSemicolon]\n"
            "4:5 '' expected ';' before 'g' [ExpectedSemicolon]\n");
}

TEST(ParserErrorsTest, ValueWhereNoneIsUsedLacksItsSemicolon) {
  StringRef text = "expected ';' before '}' [ExpectedSemicolon]\n";
  EXPECT_EQ(errorsOf(inKernel("f(x)")), "2:5 '' " + text.str());
  EXPECT_EQ(errorsOf(inKernel("if a { f(x) }")), "2:12 '' " + text.str());
  EXPECT_EQ(errorsOf(inKernel("for i in range(3) { f(x) }")),
            "2:25 '' " + text.str());
  // Not at the end of the block: a statement, whatever the block returns.
  EXPECT_EQ(errorsOf("tk 1;\nfn f() {\nif a { 1 } else { 2 }\nreturn 1; }"),
            "3:9 '' " + text.str());
}

TEST(ParserErrorsTest, UnusedExpression) {
  EXPECT_EQ(errorsOf(inKernel("a == b;\nf(x);")),
            "2:1 'a == b' the value of this expression is not used "
            "[UnusedExpression]\n");
}

TEST(ParserErrorsTest, MisspeltKeyword) {
  EXPECT_EQ(errorsOf(inKernel("lte x = 1;\nvar y = 2;")),
            "2:1 'lte' 'lte' does not start a statement [UnknownStatement]\n"
            "  2:1 'lte' did you mean 'let'?\n");
}

TEST(ParserErrorsTest, InvalidAssignmentTarget) {
  StringRef text = "cannot assign to this, expected a name or an index "
                   "expression [InvalidAssignmentTarget]\n";
  EXPECT_EQ(errorsOf(inKernel("f(x) = 1;")), "2:1 'f(x)' " + text.str());
  EXPECT_EQ(errorsOf(inKernel("t.0 += 1;")), "2:1 't.0' " + text.str());
}

TEST(ParserErrorsTest, AssignmentIsNotAnExpression) {
  EXPECT_EQ(errorsOf(inKernel("if a = b { f(); }")),
            "2:6 '=' expected '{', got '=' [ExpectedToken]\n"
            "  2:6 '=' to compare, write '=='\n");
}

TEST(ParserErrorsTest, LambdasHaveParameters) {
  EXPECT_EQ(errorsOf(inKernel("let f = g(| | 1);")),
            "2:13 '|' expected a parameter name, got '|' [ExpectedToken]\n");
  EXPECT_EQ(errorsOf(inKernel("let f = g(|a,| 1);")), "");
}

TEST(ParserErrorsTest, IntegersHaveNoFields) {
  StringRef hint = "a float literal has digits on both sides of its point\n";
  EXPECT_EQ(errorsOf(inKernel("let a = 8 . 0;")),
            "2:11 '.' expected an operator, got '.' [ExpectedToken]\n"
            "  2:11 '.' " +
                hint.str());
  EXPECT_EQ(errorsOf(inKernel("let a = 8.;")),
            "2:10 '.' expected an operator, got '.' [ExpectedToken]\n"
            "  2:10 '.' " +
                hint.str());
  EXPECT_EQ(errorsOf(inKernel("let a = t.0.1;")), "");
}

TEST(ParserErrorsTest, LoopsRunOverRanges) {
  EXPECT_EQ(errorsOf(inKernel("for i in x { }")),
            "2:10 'x' expected 'range(...)', got 'x' [ExpectedToken]\n"
            "  2:10 'x' write 'for i in range(begin, end, step) { ... }'\n");
  EXPECT_EQ(errorsOf(inKernel("for i in range() { }")),
            "2:10 'range()' 'range' takes 1 to 3 arguments, got 0 "
            "[RangeArgumentCount]\n");
  EXPECT_EQ(errorsOf(inKernel("for i in range(1, 2, 3, 4) { }")),
            "2:10 'range(1, 2, 3, 4)' 'range' takes 1 to 3 arguments, got 4 "
            "[RangeArgumentCount]\n");
}

TEST(ParserErrorsTest, EachStatementHasItsOwnError) {
  EXPECT_EQ(errorsOf(inKernel("let = 1;\nlet x 2;\nfor in y {\n let z = 1;\n}\n"
                              "let w = ;\nlet v = 1;")),
            "2:5 '=' expected a name, got '=' [ExpectedToken]\n"
            "3:7 '2' expected '=', got '2' [ExpectedToken]\n"
            "4:5 'in' 'in' is a keyword, expected a loop variable "
            "[ReservedWord]\n"
            "7:9 ';' expected an expression, got ';' [ExpectedToken]\n");
}

TEST(ParserErrorsTest, AssertTakesAMessage) {
  EXPECT_EQ(errorsOf(inKernel("assert(a, b);")),
            "2:11 'b' expected a message in double quotes, got 'b' "
            "[ExpectedToken]\n");
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

TEST(ParserErrorsTest, ChainedComparison) {
  EXPECT_EQ(errorsOf(inKernel("let x = a < b <= c;")),
            "2:15 '<=' comparisons do not chain [ChainedComparison]\n"
            "  2:15 '<=' write 'a < b && b < c'\n");
}

TEST(ParserErrorsTest, AngleBracketsNeedADeclaredGeneric) {
  EXPECT_EQ(errorsOf(inKernel("let x = zeroes<f32>[M, N];")),
            "2:9 'zeroes' 'zeroes' is not declared with generic parameters, so "
            "'<' compares [NotGeneric]\n"
            "  2:9 'zeroes' did you mean 'zeros'?\n");
  EXPECT_EQ(errorsOf(inKernel("let x = zeros<typo<T>>[M, N];")),
            "2:22 '>' expected '(' or '[', got '>' [ExpectedToken]\n");
}

TEST(ParserErrorsTest, SlicesBelongIntoIndices) {
  StringRef text = "'+:' makes a slice only between the brackets of an index "
                   "[MisplacedSlice]\n";
  EXPECT_EQ(errorsOf(inKernel("let x = (k +: 4);")), "2:12 '+:' " + text.str());
  EXPECT_EQ(errorsOf(inKernel("k +: 4;")), "2:3 '+:' " + text.str());
}

// What cannot be read is one error, and nothing is made of it.
TEST(ParserErrorsTest, NothingWhereSomethingIsNeeded) {
  EXPECT_EQ(errorsOf(inKernel("let x = ;")),
            "2:9 ';' expected an expression, got ';' [ExpectedToken]\n");
  EXPECT_EQ(errorsOf(inKernel("let x: ptr<> = q;")),
            "2:12 '>' expected a type, got '>' [ExpectedToken]\n");
  EXPECT_EQ(errorsOf(inKernel("for i in range(4) @3 { }")),
            "2:20 '3' expected the name of an annotation, got '3' "
            "[ExpectedToken]\n");
  EXPECT_EQ(errorsOf("tk 1;\nkernel k() grid(1) @ {}"),
            "2:22 '{' expected the name of an annotation, got '{' "
            "[ExpectedToken]\n");
}

TEST(ParserErrorsTest, IfAsValue) {
  EXPECT_EQ(errorsOf(inKernel("let x = if a { 1 };")),
            "2:9 'if' an if used as a value needs an else [IfNeedsElse]\n");
  EXPECT_EQ(errorsOf(inKernel("let x = if a { f(); } else { 2 };")),
            "2:21 '}' an if used as a value needs a value at the end of each "
            "arm [ExpectedBlockValue]\n");
  // The value may be in what is no expression.
  EXPECT_EQ(errorsOf(inKernel("let x = if a { f(b, } else { c };")),
            "2:21 '}' expected an expression, got '}' [ExpectedToken]\n");
}

TEST(ParserErrorsTest, Literals) {
  EXPECT_EQ(errorsOf(inKernel("let x = 18446744073709551616;")),
            "2:9 '18446744073709551616' integer '18446744073709551616' does "
            "not fit into 64 bits [IntegerTooLarge]\n");
  EXPECT_EQ(errorsOf(inKernel("let x = t.4294967296;")),
            "2:11 '4294967296' integer '4294967296' does not fit into 32 bits "
            "[IntegerTooLarge]\n");
  EXPECT_EQ(errorsOf(inKernel("let x = .5;")),
            "2:9 '.5' a float literal starts with a digit "
            "[MissingLeadingDigit]\n"
            "  2:9 '.5' write '0.5'\n");
  EXPECT_EQ(errorsOf(inKernel(R"(print("a\qb", "\n");)")),
            "2:9 '\\q' unknown escape '\\q' [UnknownEscape]\n"
            "  2:9 '\\q' the escapes are \\n, \\t, \\\\ and \\\"\n");
}

TEST(ParserErrorsTest, WhatTheLexerReportedIsNotReportedAgain) {
  EXPECT_EQ(errorsOf(inKernel("let x = $;\nlet y = 1 $ 2;\nlet z = 0x;\n"
                              "print(\"a);\nlet w = 1;")),
            "2:9 '$' unexpected character '$' [UnexpectedCharacter]\n"
            "3:11 '$' unexpected character '$' [UnexpectedCharacter]\n"
            "4:9 '0x' '0x' is not a number [InvalidNumber]\n"
            "5:7 '\"a);' string has no closing quote on its line "
            "[UnterminatedString]\n");
}
