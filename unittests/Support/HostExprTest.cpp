//===- HostExprTest.cpp - tests of HostExpr -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/HostExpr.h"
#include "llvm/Support/JSON.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

namespace {

HostExpr parse(StringRef text) {
  Expected<HostExpr> expr = HostExpr::parse(text);
  if (!expr) {
    ADD_FAILURE() << toString(expr.takeError());
    return HostExpr::integer(0);
  }
  return *expr;
}

HostBindings makeBindings() {
  HostBindings bindings;
  bindings.values.try_emplace("M", HostValue::integer(1000));
  bindings.values.try_emplace("N", HostValue::integer(-7));
  bindings.values.try_emplace("x.bytes", HostValue::integer(64));
  bindings.values.try_emplace("p", HostValue::floating(0.5));
  bindings.numSms = 132;
  return bindings;
}

int64_t evaluate(StringRef text) {
  Expected<int64_t> value = parse(text).evaluateInteger(makeBindings());
  if (!value) {
    ADD_FAILURE() << toString(value.takeError());
    return 0;
  }
  return *value;
}

std::string getError(StringRef text) {
  Expected<HostExpr> expr = HostExpr::parse(text);
  if (!expr)
    return toString(expr.takeError());
  Expected<HostValue> value = expr->evaluate(makeBindings());
  return value ? "" : toString(value.takeError());
}

TEST(HostExprTest, OperatorsBindAsInTheLanguage) {
  EXPECT_EQ(evaluate("2 + 3 * 4 - 1"), 13);
  EXPECT_EQ(evaluate("(2 + 3) * 4"), 20);
  EXPECT_EQ(evaluate("20 - 5 - 3"), 12);
  EXPECT_EQ(evaluate("if M > 1 && N < 0 || false { 1 } else { 2 }"), 1);
  EXPECT_EQ(evaluate("-N * 2"), 14);
}

TEST(HostExprTest, DivisionFloors) {
  EXPECT_EQ(evaluate("N / 2"), -4);
  EXPECT_EQ(evaluate("N % 2"), 1);
  EXPECT_EQ(evaluate("7 % (0 - 2)"), -1);
  EXPECT_EQ(evaluate("cdiv(N, 2)"), -3);
  EXPECT_EQ(evaluate("cdiv(M, 128)"), 8);
}

TEST(HostExprTest, FunctionsAndFacts) {
  EXPECT_EQ(evaluate("min(num_sms(), cdiv(M, 4))"), 132);
  EXPECT_EQ(evaluate("2 * x.bytes"), 128);
  EXPECT_EQ(evaluate("clamp(N, 0, 10)"), 0);
  EXPECT_EQ(evaluate("max(abs(N), 3)"), 7);
}

TEST(HostExprTest, ConstantsFoldAndTheRestIsKept) {
  EXPECT_EQ(parse("cdiv(M, 2 * 64) * cdiv(N, 256)").str(),
            "cdiv(M, 128) * cdiv(N, 256)");
  EXPECT_EQ(parse("if true { M } else { N }").str(), "M");
  // Folding must not hide the error.
  EXPECT_EQ(parse("M + 1 / 0").str(), "M + 1 / 0");
}

TEST(HostExprTest, TextAndJSONComeBackEqual) {
  for (StringRef text :
       {"M - (N - 1)", "(M - N) * 2", "M / (N * 2) % 3", "!(M < N)",
        "(M < N) == (N < M)", "-(M + N)", "if p > 0.25 { M } else { N }",
        "num_sms() * x.bytes", "M * -9223372036854775808", "p * 1e-30",
        "p * 3.0", "p < inf", "min(M, max(N, 2)) + abs(N)"}) {
    HostExpr expr = parse(text);
    EXPECT_EQ(expr.str(), text);
    EXPECT_EQ(parse(expr.str()).str(), expr.str());
    Expected<HostExpr> back = HostExpr::fromJSON(expr.toJSON());
    ASSERT_TRUE(static_cast<bool>(back));
    EXPECT_EQ(back->str(), expr.str());
  }
}

TEST(HostExprTest, JSONIsAPrefixForm) {
  EXPECT_EQ(parse("cdiv(M, 128)").toJSON(),
            json::Value(json::Array{"cdiv", "M", 128}));
}

TEST(HostExprTest, MistakesAreErrors) {
  EXPECT_EQ(getError("K + 1"), "'K' has no value here");
  EXPECT_EQ(getError("M / (N + 7)"), "'/' of 1000 by zero");
  EXPECT_EQ(getError("M * 9223372036854775807"),
            "'*' of 1000 and 9223372036854775807 overflows 64 bits");
  EXPECT_EQ(getError("M +"), "'M +', character 4: expects a value");
  EXPECT_EQ(getError("M 2"), "'M 2', character 3: expects an operator");
  EXPECT_EQ(getError("M + (M < N)"), "'+' needs numbers");
  EXPECT_EQ(getError("p % 2"), "'%' needs integers");
  EXPECT_EQ(getError("-(M < N)"), "a truth value where a number is needed");
  EXPECT_EQ(getError("abs(M - 1000 - 9223372036854775807 - 1)"),
            "negation overflows 64 bits");
  EXPECT_EQ(getError("M.size"), "'M.size', character 3: expects a property of "
                                "an argument, such as 'bytes'");
  EXPECT_EQ(getError("99999999999999999999"),
            "'99999999999999999999', character 1: expects an integer of at "
            "most 64 bits");
  EXPECT_EQ(getError("sin(M)"),
            "'sin(M)', character 7: expects a function of the host and its "
            "arguments before this, got 'sin' with 1");
  EXPECT_NE(getError(std::string(100000, '(')).find("less nesting"),
            std::string::npos);
}

TEST(HostExprTest, WhatIsAskedForMustBeThere) {
  EXPECT_EQ(toString(parse("num_sms()").evaluate({}).takeError()),
            "'num_sms()' has no value without a device");
  EXPECT_EQ(toString(parse("M + 1").evaluateBool(makeBindings()).takeError()),
            "'M + 1' is not a truth value");
  EXPECT_EQ(
      toString(parse("M < N").evaluateInteger(makeBindings()).takeError()),
      "'M < N' is not an integer");
}

TEST(HostExprTest, OtherJSONIsAnError) {
  for (json::Value value :
       {json::Value(nullptr), json::Value(1.5), json::Value(json::Array{}),
        json::Value(json::Array{"sin", "M"}),
        json::Value(json::Array{"cdiv", "M"}),
        json::Value(json::Array{"+", 1, json::Object{}})})
    EXPECT_EQ(toString(HostExpr::fromJSON(value).takeError()),
              "expects a host expression such as [\"cdiv\", \"M\", 128]");
}

TEST(HostExprTest, SubstituteReplacesNames) {
  HostExpr expr = parse("cdiv(M, BM) + N").substitute([](StringRef name) {
    return name == "BM" ? std::optional(HostExpr::integer(64)) : std::nullopt;
  });
  EXPECT_EQ(expr.str(), "cdiv(M, 64) + N");
}

} // namespace
