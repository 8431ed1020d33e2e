//===- ParserTest.cpp - the tree that is made of a text -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
#include "tk/Frontend/ASTVisitor.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir::tk;
using llvm::StringRef;

/// An expression with all its parentheses: what binds to what.
static std::string bracket(const Expr &expr) {
  if (const auto *binary = llvm::dyn_cast<BinaryExpr>(&expr))
    return "(" + bracket(*binary->lhs) + " " +
           stringifyBinaryOp(binary->op).str() + " " + bracket(*binary->rhs) +
           ")";
  if (const auto *unary = llvm::dyn_cast<UnaryExpr>(&expr))
    return "(" + stringifyUnaryOp(unary->op).str() + bracket(*unary->operand) +
           ")";
  return std::string(expr.range.Start.getPointer(),
                     expr.range.End.getPointer());
}

/// The initial value of the only variable in the body of a kernel.
static const Expr *getInit(const ParsedText &parsed) {
  if (!parsed.reported.empty())
    return nullptr;
  const auto *kernel = llvm::cast<KernelDecl>(parsed.file.decls.front());
  return llvm::cast<BindingStmt>(kernel->body->stmts.front())->init;
}

static std::string bracketed(StringRef expr) {
  ParsedText parsed(inKernel("let x = " + expr.str() + ";"));
  const Expr *init = getInit(parsed);
  return init ? bracket(*init) : parsed.getErrors();
}

/// The dump of one expression, without the lines around it.
static std::string exprTree(StringRef expr) {
  ParsedText parsed(inKernel("let x = " + expr.str() + ";"));
  const Expr *init = getInit(parsed);
  if (!init)
    return parsed.getErrors();
  std::string result;
  llvm::raw_string_ostream os(result);
  dumpAST(*init, os);
  return result;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

TEST(ParserTest, Precedence) {
  EXPECT_EQ(bracketed("a || b && c == d | e ^ f & g << h + i * -j"),
            "(a || (b && (c == (d | (e ^ (f & (g << (h + (i * (-j))))))))))");
  EXPECT_EQ(bracketed("a * b + c << d & e ^ f | g == h && i || j"),
            "(((((((((a * b) + c) << d) & e) ^ f) | g) == h) && i) || j)");
}

TEST(ParserTest, BinaryOperatorsGroupFromTheLeft) {
  EXPECT_EQ(bracketed("a - b - c"), "((a - b) - c)");
  EXPECT_EQ(bracketed("a / b % c * d"), "(((a / b) % c) * d)");
  EXPECT_EQ(bracketed("a >> b << c"), "((a >> b) << c)");
}

TEST(ParserTest, UnaryOperatorsBindTighterThanBinaryOnes) {
  EXPECT_EQ(bracketed("-a * !b + ~c"), "(((-a) * (!b)) + (~c))");
  EXPECT_EQ(bracketed("-x[0]"), "(-x[0])");
  EXPECT_EQ(bracketed("- -a"), "(-(-a))");
}

TEST(ParserTest, ParenthesesGroup) {
  EXPECT_EQ(bracketed("(a + b) * c"), "((a + b) * c)");
  EXPECT_EQ(bracketed("(a < b) == (c < d)"), "((a < b) == (c < d))");
}

//===----------------------------------------------------------------------===//
// Generic uses
//===----------------------------------------------------------------------===//

TEST(ParserTest, BuiltinGenericTakesAngleBrackets) {
  EXPECT_EQ(exprTree("zeros<f32>[M, 2]"), "ShapedExpr\n"
                                          "  base: GenericExpr zeros\n"
                                          "    NameExpr f32\n"
                                          "  NameExpr M\n"
                                          "  IntegerLiteralExpr 2\n");
  EXPECT_EQ(exprTree("cast<i8>(x, round = rtz)"), "CallExpr\n"
                                                  "  callee: GenericExpr cast\n"
                                                  "    NameExpr i8\n"
                                                  "  NameExpr x\n"
                                                  "  round: NameExpr rtz\n");
  EXPECT_EQ(exprTree("fill<f32>[M](-inf)"), "CallExpr\n"
                                            "  callee: ShapedExpr\n"
                                            "    base: GenericExpr fill\n"
                                            "      NameExpr f32\n"
                                            "    NameExpr M\n"
                                            "  UnaryExpr -\n"
                                            "    FloatLiteralExpr inf\n");
}

TEST(ParserTest, DeclaredGenericTakesAngleBrackets) {
  EXPECT_EQ(treeOf("tk 1; fn f<N: const>(x: i32) { g(f<2>(x)); }\n"),
            "SourceFile version 1\n"
            "FnDecl f\n"
            "  GenericParam N: const\n"
            "  Param x\n"
            "    NamedTypeExpr i32\n"
            "  BlockStmt\n"
            "    ExprStmt\n"
            "      CallExpr\n"
            "        callee: NameExpr g\n"
            "        CallExpr\n"
            "          callee: GenericExpr f\n"
            "            IntegerLiteralExpr 2\n"
            "          NameExpr x\n");
}

TEST(ParserTest, OtherNamesCompare) {
  // The same text is one generic call or two comparisons.
  EXPECT_EQ(exprTree("f(a < b, c > (d))"), "CallExpr\n"
                                           "  callee: NameExpr f\n"
                                           "  BinaryExpr <\n"
                                           "    NameExpr a\n"
                                           "    NameExpr b\n"
                                           "  BinaryExpr >\n"
                                           "    NameExpr c\n"
                                           "    NameExpr d\n");
  EXPECT_EQ(exprTree("f(cast < b, c > (d))"), "CallExpr\n"
                                              "  callee: NameExpr f\n"
                                              "  CallExpr\n"
                                              "    callee: GenericExpr cast\n"
                                              "      NameExpr b\n"
                                              "      NameExpr c\n"
                                              "    NameExpr d\n");
}

TEST(ParserTest, GenericNameWithoutBracketBehindComparesToo) {
  EXPECT_EQ(bracketed("zeros < b && c > d"), "((zeros < b) && (c > d))");
  EXPECT_EQ(bracketed("zeros < b"), "(zeros < b)");
  EXPECT_EQ(bracketed("(zeros < b)[0]"), "(zeros < b)[0]");
}

TEST(ParserTest, AngleBracketsNest) {
  EXPECT_EQ(exprTree("zeros<ptr<ptr<f32>>>[4]"), "ShapedExpr\n"
                                                 "  base: GenericExpr zeros\n"
                                                 "    TypeValueExpr\n"
                                                 "      PtrTypeExpr\n"
                                                 "        PtrTypeExpr\n"
                                                 "          NamedTypeExpr f32\n"
                                                 "  IntegerLiteralExpr 4\n");
  EXPECT_EQ(exprTree("zeros<acc_of<T>>[4]"), "ShapedExpr\n"
                                             "  base: GenericExpr zeros\n"
                                             "    TypeValueExpr\n"
                                             "      NamedTypeExpr acc_of\n"
                                             "        NameExpr T\n"
                                             "  IntegerLiteralExpr 4\n");
  EXPECT_EQ(exprTree("cast<f32, (a >> b)>(x)"), "CallExpr\n"
                                                "  callee: GenericExpr cast\n"
                                                "    NameExpr f32\n"
                                                "    BinaryExpr >>\n"
                                                "      NameExpr a\n"
                                                "      NameExpr b\n"
                                                "  NameExpr x\n");
}

TEST(ParserTest, DefaultsOfGenericParametersEndAtTheAngleBracket) {
  EXPECT_EQ(treeOf("tk 1; fn f<A: const = 4, B: const = (2 > 1)>() {}"),
            "SourceFile version 1\n"
            "FnDecl f\n"
            "  GenericParam A: const\n"
            "    default: IntegerLiteralExpr 4\n"
            "  GenericParam B: const\n"
            "    default: BinaryExpr >\n"
            "      IntegerLiteralExpr 2\n"
            "      IntegerLiteralExpr 1\n"
            "  BlockStmt\n");
}

//===----------------------------------------------------------------------===//
// Postfix expressions
//===----------------------------------------------------------------------===//

TEST(ParserTest, IndexItems) {
  EXPECT_EQ(exprTree("x[i, k/2 +: 8, :, .., none, inbounds j +: 4, pad = -1]"),
            "IndexExpr\n"
            "  base: NameExpr x\n"
            "  Item\n"
            "    NameExpr i\n"
            "  Item +:\n"
            "    BinaryExpr /\n"
            "      NameExpr k\n"
            "      IntegerLiteralExpr 2\n"
            "    extent: IntegerLiteralExpr 8\n"
            "  Item :\n"
            "  Item ..\n"
            "  Item none\n"
            "  Item inbounds +:\n"
            "    NameExpr j\n"
            "    extent: IntegerLiteralExpr 4\n"
            "  pad: UnaryExpr -\n"
            "    IntegerLiteralExpr 1\n");
  EXPECT_EQ(exprTree("x[i, inbounds]"), "IndexExpr inbounds\n"
                                        "  base: NameExpr x\n"
                                        "  Item\n"
                                        "    NameExpr i\n");
}

TEST(ParserTest, InsideTakesIndexItems) {
  EXPECT_EQ(exprTree("x.inside(i, 0 +: 8)"),
            "InsideExpr\n"
            "  base: NameExpr x\n"
            "  Item\n"
            "    NameExpr i\n"
            "  Item +:\n"
            "    IntegerLiteralExpr 0\n"
            "    extent: IntegerLiteralExpr 8\n");
}

TEST(ParserTest, PostfixOperatorsChain) {
  EXPECT_EQ(exprTree("q.sub(1, h, g)[b, 0 +: 4].0.1"),
            "TupleFieldExpr .1\n"
            "  TupleFieldExpr .0\n"
            "    IndexExpr\n"
            "      base: CallExpr\n"
            "        callee: MemberExpr .sub\n"
            "          NameExpr q\n"
            "        IntegerLiteralExpr 1\n"
            "        NameExpr h\n"
            "        NameExpr g\n"
            "      Item\n"
            "        NameExpr b\n"
            "      Item +:\n"
            "        IntegerLiteralExpr 0\n"
            "        extent: IntegerLiteralExpr 4\n");
}

TEST(ParserTest, TensorFromAPointer) {
  EXPECT_EQ(exprTree("tensor(p, mut [m, n], [n, 1])"),
            "CallExpr\n"
            "  callee: NameExpr tensor\n"
            "  NameExpr p\n"
            "  mut: ListExpr\n"
            "    NameExpr m\n"
            "    NameExpr n\n"
            "  ListExpr\n"
            "    NameExpr n\n"
            "    IntegerLiteralExpr 1\n");
}

TEST(ParserTest, MembersAndCasesMayBeKeywords) {
  EXPECT_EQ(exprTree("f(.none, Mode.in)"), "CallExpr\n"
                                           "  callee: NameExpr f\n"
                                           "  EnumCaseExpr .none\n"
                                           "  MemberExpr .in\n"
                                           "    NameExpr Mode\n");
}

//===----------------------------------------------------------------------===//
// Literals
//===----------------------------------------------------------------------===//

TEST(ParserTest, Literals) {
  EXPECT_EQ(exprTree("(0xFF_FF, 0b101, 18446744073709551615, 1_0.5, true, "
                     "\"a\\n\\\"\", none)"),
            "TupleExpr\n"
            "  IntegerLiteralExpr 65535\n"
            "  IntegerLiteralExpr 5\n"
            "  IntegerLiteralExpr 18446744073709551615\n"
            "  FloatLiteralExpr 10.5\n"
            "  BoolLiteralExpr true\n"
            "  StringLiteralExpr \"a\\0A\\22\"\n"
            "  NoneExpr\n");
  EXPECT_EQ(exprTree("(1,)"), "TupleExpr\n  IntegerLiteralExpr 1\n");
}

/// The value of a float literal in f64.
static double floatValue(StringRef text) {
  ParsedText parsed(inKernel("let x = " + text.str() + ";"));
  const auto *literal = llvm::cast<FloatLiteralExpr>(getInit(parsed));
  return literal->getValue(llvm::APFloat::IEEEdouble()).convertToDouble();
}

TEST(ParserTest, FloatLiteralsAreRoundedOnce) {
  EXPECT_EQ(floatValue("0.1"), 0.1);
  EXPECT_EQ(floatValue("1_000.5e-1"), 100.05);
  EXPECT_EQ(floatValue("0x1.8p3"), 12.0);
  EXPECT_EQ(floatValue("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(floatValue("1e99999999999999999999"),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(floatValue("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(floatValue("inf"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(floatValue("nan")));
  // Halfway between two f32 plus a little that f64 cannot hold: rounding twice
  // would give the even neighbour below.
  ParsedText parsed(inKernel("let x = 1.000000059604644775390625000000001;"));
  const auto *literal = llvm::cast<FloatLiteralExpr>(getInit(parsed));
  EXPECT_EQ(literal->getValue(llvm::APFloat::IEEEsingle()).convertToFloat(),
            0x1.000002p0f);
}

//===----------------------------------------------------------------------===//
// Blocks with values
//===----------------------------------------------------------------------===//

TEST(ParserTest, IfAsValueWithElseIf) {
  EXPECT_EQ(exprTree("4 / if a { 1 } else if b { 2 } else { let c = 3; c }"),
            "BinaryExpr /\n"
            "  IntegerLiteralExpr 4\n"
            "  IfExpr\n"
            "    condition: NameExpr a\n"
            "    then: BlockStmt\n"
            "      value: IntegerLiteralExpr 1\n"
            "    else: BlockStmt\n"
            "      value: IfExpr\n"
            "        condition: NameExpr b\n"
            "        then: BlockStmt\n"
            "          value: IntegerLiteralExpr 2\n"
            "        else: BlockStmt\n"
            "          BindingStmt let c\n"
            "            IntegerLiteralExpr 3\n"
            "          value: NameExpr c\n");
}

TEST(ParserTest, IfAsStatement) {
  EXPECT_EQ(treeOf(inKernel("if a { f(); } else if b { return; }")),
            "SourceFile version 1\n"
            "KernelDecl k\n"
            "  grid: IntegerLiteralExpr 1\n"
            "  BlockStmt\n"
            "    IfStmt\n"
            "      condition: NameExpr a\n"
            "      then: BlockStmt\n"
            "        ExprStmt\n"
            "          CallExpr\n"
            "            callee: NameExpr f\n"
            "      else: BlockStmt\n"
            "        IfStmt\n"
            "          condition: NameExpr b\n"
            "          then: BlockStmt\n"
            "            ReturnStmt\n");
}

TEST(ParserTest, LastIfOfAFunctionIsItsValue) {
  EXPECT_EQ(treeOf("tk 1; fn f(a: bool) -> i32 { if a { 1 } else { 2 } }"),
            "SourceFile version 1\n"
            "FnDecl f\n"
            "  Param a\n"
            "    NamedTypeExpr bool\n"
            "  returns: NamedTypeExpr i32\n"
            "  BlockStmt\n"
            "    value: IfExpr\n"
            "      condition: NameExpr a\n"
            "      then: BlockStmt\n"
            "        value: IntegerLiteralExpr 1\n"
            "      else: BlockStmt\n"
            "        value: IntegerLiteralExpr 2\n");
}

TEST(ParserTest, Lambdas) {
  EXPECT_EQ(exprTree("reduce(x, |a, b| a | b)"), "CallExpr\n"
                                                 "  callee: NameExpr reduce\n"
                                                 "  NameExpr x\n"
                                                 "  LambdaExpr a, b\n"
                                                 "    BlockStmt\n"
                                                 "      value: BinaryExpr |\n"
                                                 "        NameExpr a\n"
                                                 "        NameExpr b\n");
  EXPECT_EQ(exprTree("map(|a| { let b = a; b }, x)"),
            "CallExpr\n"
            "  callee: NameExpr map\n"
            "  LambdaExpr a\n"
            "    BlockStmt\n"
            "      BindingStmt let b\n"
            "        NameExpr a\n"
            "      value: NameExpr b\n"
            "  NameExpr x\n");
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

TEST(ParserTest, Statements) {
  EXPECT_EQ(treeOf(inKernel("let (a, (_, b)): (i32, (f32, i64)) = f();\n"
                            "var c = 1; c <<= 2; x[0] = c;\n"
                            "for k in range(0, K, 8) @stages(4) @unroll { }\n"
                            "for i in range(n) {} while c > 0 { c -= 1; }\n"
                            "static_assert(a, \"m\"); assert(b);\n"
                            "print(\"x =\", x);")),
            "SourceFile version 1\n"
            "KernelDecl k\n"
            "  grid: IntegerLiteralExpr 1\n"
            "  BlockStmt\n"
            "    BindingStmt let (a, (_, b))\n"
            "      type: TupleTypeExpr\n"
            "        NamedTypeExpr i32\n"
            "        TupleTypeExpr\n"
            "          NamedTypeExpr f32\n"
            "          NamedTypeExpr i64\n"
            "      CallExpr\n"
            "        callee: NameExpr f\n"
            "    BindingStmt var c\n"
            "      IntegerLiteralExpr 1\n"
            "    AssignStmt <<=\n"
            "      target: NameExpr c\n"
            "      value: IntegerLiteralExpr 2\n"
            "    AssignStmt =\n"
            "      target: IndexExpr\n"
            "        base: NameExpr x\n"
            "        Item\n"
            "          IntegerLiteralExpr 0\n"
            "      value: NameExpr c\n"
            "    ForStmt k\n"
            "      begin: IntegerLiteralExpr 0\n"
            "      end: NameExpr K\n"
            "      step: IntegerLiteralExpr 8\n"
            "      @stages\n"
            "        IntegerLiteralExpr 4\n"
            "      @unroll\n"
            "      BlockStmt\n"
            "    ForStmt i\n"
            "      end: NameExpr n\n"
            "      BlockStmt\n"
            "    WhileStmt\n"
            "      condition: BinaryExpr >\n"
            "        NameExpr c\n"
            "        IntegerLiteralExpr 0\n"
            "      BlockStmt\n"
            "        AssignStmt -=\n"
            "          target: NameExpr c\n"
            "          value: IntegerLiteralExpr 1\n"
            "    StaticAssertStmt\n"
            "      NameExpr a\n"
            "      message: StringLiteralExpr \"m\"\n"
            "    AssertStmt\n"
            "      NameExpr b\n"
            "    PrintStmt\n"
            "      StringLiteralExpr \"x =\"\n"
            "      NameExpr x\n");
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

TEST(ParserTest, KernelSignature) {
  EXPECT_EQ(
      treeOf("tk 1;\n"
             "/// One line.\n"
             "/// Another.\n"
             "kernel k<T: float, D: const in [64, 96] = 64, C: const bool = "
             "true, A: const fn, M: const Mode = .fast>(\n"
             "    x: tensor<T>[M, K/2], b: tensor<T>[N]?,\n"
             "    y: out tensor<T>[M], z: mut tensor<ptr<T>>[M],\n"
             "    w: temp tensor<u64>[1 + M] = 0, p: ptr<T>, c: f32?)\n"
             "    grid(cdiv(M, 8), 2) require(M > 0, N > 0) alias(x, z)\n"
             "    tune(D in [64], warps in [4, 8]) progress(resident)\n"
             "    init(z = 0) @warps(4)\n"
             "{}"),
      "SourceFile version 1\n"
      "KernelDecl k\n"
      "  Doc \"One line.\\0AAnother.\"\n"
      "  GenericParam T: float\n"
      "  GenericParam D: const\n"
      "    in: ListExpr\n"
      "      IntegerLiteralExpr 64\n"
      "      IntegerLiteralExpr 96\n"
      "    default: IntegerLiteralExpr 64\n"
      "  GenericParam C: const bool\n"
      "    default: BoolLiteralExpr true\n"
      "  GenericParam A: const fn\n"
      "  GenericParam M: const Mode\n"
      "    default: EnumCaseExpr .fast\n"
      "  Param x\n"
      "    TensorTypeExpr\n"
      "      element: NamedTypeExpr T\n"
      "      NameExpr M\n"
      "      BinaryExpr /\n"
      "        NameExpr K\n"
      "        IntegerLiteralExpr 2\n"
      "  Param b optional\n"
      "    TensorTypeExpr\n"
      "      element: NamedTypeExpr T\n"
      "      NameExpr N\n"
      "  Param y out\n"
      "    TensorTypeExpr\n"
      "      element: NamedTypeExpr T\n"
      "      NameExpr M\n"
      "  Param z mut\n"
      "    TensorTypeExpr\n"
      "      element: PtrTypeExpr\n"
      "        NamedTypeExpr T\n"
      "      NameExpr M\n"
      "  Param w temp\n"
      "    TensorTypeExpr\n"
      "      element: NamedTypeExpr u64\n"
      "      BinaryExpr +\n"
      "        IntegerLiteralExpr 1\n"
      "        NameExpr M\n"
      "    init: IntegerLiteralExpr 0\n"
      "  Param p\n"
      "    PtrTypeExpr\n"
      "      NamedTypeExpr T\n"
      "  Param c optional\n"
      "    NamedTypeExpr f32\n"
      "  grid: CallExpr\n"
      "    callee: NameExpr cdiv\n"
      "    NameExpr M\n"
      "    IntegerLiteralExpr 8\n"
      "  grid: IntegerLiteralExpr 2\n"
      "  require: BinaryExpr >\n"
      "    NameExpr M\n"
      "    IntegerLiteralExpr 0\n"
      "  require: BinaryExpr >\n"
      "    NameExpr N\n"
      "    IntegerLiteralExpr 0\n"
      "  Tune D\n"
      "    ListExpr\n"
      "      IntegerLiteralExpr 64\n"
      "  Tune warps\n"
      "    ListExpr\n"
      "      IntegerLiteralExpr 4\n"
      "      IntegerLiteralExpr 8\n"
      "  Alias x, z\n"
      "  Init z\n"
      "    IntegerLiteralExpr 0\n"
      "  Progress resident\n"
      "  @warps\n"
      "    IntegerLiteralExpr 4\n"
      "  BlockStmt\n");
}

TEST(ParserTest, SequenceLeavesTypesOut) {
  EXPECT_EQ(treeOf("tk 1; sequence s<T: float>(x, y: out, z: out tensor<T>[N])"
                   "{ temp p: tensor<T>[N] = 0; k<T>(x, p); }\n"
                   "kernel k<T: float>() {}"),
            "SourceFile version 1\n"
            "SequenceDecl s\n"
            "  GenericParam T: float\n"
            "  Param x\n"
            "  Param y out\n"
            "  Param z out\n"
            "    TensorTypeExpr\n"
            "      element: NamedTypeExpr T\n"
            "      NameExpr N\n"
            "  BlockStmt\n"
            "    TempStmt p\n"
            "      type: TensorTypeExpr\n"
            "        element: NamedTypeExpr T\n"
            "        NameExpr N\n"
            "      init: IntegerLiteralExpr 0\n"
            "    ExprStmt\n"
            "      CallExpr\n"
            "        callee: GenericExpr k\n"
            "          NameExpr T\n"
            "        NameExpr x\n"
            "        NameExpr p\n"
            "KernelDecl k\n"
            "  GenericParam T: float\n"
            "  BlockStmt\n");
}

TEST(ParserTest, Reference) {
  EXPECT_EQ(treeOf("tk 1; reference f(x, C) -> (y within S, c within D(K), z "
                   "within (rel = 1, abs = 2), w) ignore(u, v) { y = x; }"),
            "SourceFile version 1\n"
            "ReferenceDecl f (x, C)\n"
            "  Result y\n"
            "    Within S\n"
            "  Result c\n"
            "    Within D\n"
            "      NameExpr K\n"
            "  Result z\n"
            "    Within\n"
            "      rel: IntegerLiteralExpr 1\n"
            "      abs: IntegerLiteralExpr 2\n"
            "  Result w\n"
            "  Ignore u\n"
            "  Ignore v\n"
            "  BlockStmt\n"
            "    AssignStmt =\n"
            "      target: NameExpr y\n"
            "      value: NameExpr x\n");
}

TEST(ParserTest, TestsAndBenches) {
  EXPECT_EQ(
      treeOf("tk 1;\n"
             "test t : f<f32, N = 4>(x = randn[3, 5] stride [8, 2], y = "
             "like(x)) within (rel = 1);\n"
             "bench b : f(x = uniform[M](0, 1)) for M in [1, 2] for (a, b) in "
             "[(1, 2)] flops(2 * M) bytes(x.bytes);\n"),
      "SourceFile version 1\n"
      "TestDecl test t\n"
      "  Instance f\n"
      "    NameExpr f32\n"
      "    N: IntegerLiteralExpr 4\n"
      "  x: IndexExpr\n"
      "    base: NameExpr randn\n"
      "    Item\n"
      "      IntegerLiteralExpr 3\n"
      "    Item\n"
      "      IntegerLiteralExpr 5\n"
      "    stride: ListExpr\n"
      "      IntegerLiteralExpr 8\n"
      "      IntegerLiteralExpr 2\n"
      "  y: CallExpr\n"
      "    callee: NameExpr like\n"
      "    NameExpr x\n"
      "  Within\n"
      "    rel: IntegerLiteralExpr 1\n"
      "TestDecl bench b\n"
      "  Instance f\n"
      "  x: CallExpr\n"
      "    callee: IndexExpr\n"
      "      base: NameExpr uniform\n"
      "      Item\n"
      "        NameExpr M\n"
      "    IntegerLiteralExpr 0\n"
      "    IntegerLiteralExpr 1\n"
      "  For M\n"
      "    ListExpr\n"
      "      IntegerLiteralExpr 1\n"
      "      IntegerLiteralExpr 2\n"
      "  For (a, b)\n"
      "    ListExpr\n"
      "      TupleExpr\n"
      "        IntegerLiteralExpr 1\n"
      "        IntegerLiteralExpr 2\n"
      "  flops: BinaryExpr *\n"
      "    IntegerLiteralExpr 2\n"
      "    NameExpr M\n"
      "  bytes: MemberExpr .bytes\n"
      "    NameExpr x\n");
}

TEST(ParserTest, SmallDeclarations) {
  EXPECT_EQ(treeOf("tk 1; import \"a.tk\"; enum Act { none, relu, }\n"
                   "export f<f16, N = 2>, g;"),
            "SourceFile version 1\n"
            "ImportDecl \"a.tk\"\n"
            "EnumDecl Act { none, relu }\n"
            "ExportDecl\n"
            "  Instance f\n"
            "    NameExpr f16\n"
            "    N: IntegerLiteralExpr 2\n"
            "  Instance g\n");
}

TEST(ParserTest, OnlyTheCommentRightAboveIsTheDoc) {
  EXPECT_EQ(treeOf("tk 1;\n/// Far.\n\n/// Near.\nenum A { a }\n"
                   "// Plain.\nenum B { b }\n"),
            "SourceFile version 1\n"
            "EnumDecl A { a }\n"
            "  Doc \"Near.\"\n"
            "EnumDecl B { b }\n");
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

TEST(ParserTest, EveryNodeLiesInsideItsParent) {
  ParsedText parsed(
      "tk 1;\nkernel k<T: float = f32>(x: tensor<ptr<T>>[M, N/2]?)\n"
      "    grid(M) tune(A in [1]) init(x = 0) {\n"
      "  let a = (x[0, 1 +: 2, pad = 3] + f(4)) * (5, t.0).1;\n"
      "  if a { g(); } else if b { h(); }\n"
      "  for i in range(1, 2, 3) @s(1) { a = |x| x + 1; }\n"
      "}\n"
      "bench b : k<f16>(x = (y)[1] stride [2]) for N in [3] bytes(4);\n");
  ASSERT_EQ(parsed.getErrors(), "");
  size_t numNodes = 0;
  for (const Decl *decl : parsed.file.decls)
    walk(*decl, [&](const Node &node) {
      EXPECT_LT(node.range.Start.getPointer(), node.range.End.getPointer());
      ++numNodes;
      forEachChild(node, [&](const Node &child) {
        EXPECT_LE(node.range.Start.getPointer(),
                  child.range.Start.getPointer());
        EXPECT_GE(node.range.End.getPointer(), child.range.End.getPointer());
      });
      return true;
    });
  EXPECT_GT(numNodes, 60u);
}
