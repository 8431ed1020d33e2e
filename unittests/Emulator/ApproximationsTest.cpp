//===- ApproximationsTest.cpp - errors of .approx within the bounds -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bounds are those that the PTX ISA gives for each instruction (9.7.3); the
// exact values come from the host's f64 functions.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include <cmath>
#include <random>

using namespace mlir::tk;

namespace {

using Function = double (*)(double);

/// Runs `op %d, %a;` on numbers of [low, high] and compares.
void expectWithin(const std::string &op, float low, float high,
                  Function function, double relative, double absolute) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(low, high);
  for (unsigned round = 0; round < 40; ++round) {
    std::vector<float> inputs;
    for (unsigned lane = 0; lane < 32; ++lane)
      inputs.push_back(draw(random));
    std::vector<float> results = evaluate<float>(op + " %d, %a;", inputs);
    ASSERT_EQ(results.size(), 32u);
    for (unsigned lane = 0; lane < 32; ++lane) {
      double exact = function(inputs[lane]);
      EXPECT_NEAR(results[lane], exact, std::fabs(exact) * relative + absolute)
          << op << " of " << inputs[lane];
    }
  }
}

std::vector<float> all(float value) { return std::vector<float>(32, value); }

float one(const std::string &op, float value) {
  return evaluate<float>(op + " %d, %a;", all(value))[0];
}

} // namespace

TEST(ApproximationsTest, ErrorsAreWithinTheDocumentedBounds) {
  auto reciprocal = [](double x) { return 1 / x; };
  auto rsqrt = [](double x) { return 1 / std::sqrt(x); };
  auto sine = [](double x) { return std::sin(x); };
  auto cosine = [](double x) { return std::cos(x); };
  auto root = [](double x) { return std::sqrt(x); };
  auto power = [](double x) { return std::exp2(x); };
  auto logarithm = [](double x) { return std::log2(x); };
  auto tangent = [](double x) { return std::tanh(x); };
  expectWithin("ex2.approx.f32", -120, 120, power, 0x1p-22, 0);
  expectWithin("lg2.approx.f32", 0.1f, 30, logarithm, 0x1p-22, 0x1p-22);
  expectWithin("rcp.approx.f32", 0.01f, 300, reciprocal, 0x1p-23, 0);
  expectWithin("rcp.approx.f32", -300, -0.01f, reciprocal, 0x1p-23, 0);
  expectWithin("rsqrt.approx.f32", 1e-6f, 1e6f, rsqrt, 0x1p-22, 0);
  expectWithin("sqrt.approx.f32", 1e-6f, 1e6f, root, 0x1p-23, 0);
  expectWithin("sin.approx.f32", -3.14f, 3.14f, sine, 0, 0x1p-20);
  expectWithin("cos.approx.f32", -3.14f, 3.14f, cosine, 0, 0x1p-20);
  expectWithin("tanh.approx.f32", -10, 10, tangent, 0x1p-11, 0);
  expectWithin("tanh.approx.f32", -0.05f, 0.05f, tangent, 0x1p-11, 0);
}

TEST(ApproximationsTest, SpecialValuesAreThoseOfTheTables) {
  EXPECT_EQ(one("ex2.approx.f32", -INFINITY), 0.0f);
  EXPECT_EQ(one("ex2.approx.f32", INFINITY), INFINITY);
  EXPECT_EQ(one("ex2.approx.f32", 0.0f), 1.0f);
  EXPECT_EQ(one("ex2.approx.f32", -149.0f), 0x1p-149f);
  EXPECT_EQ(one("ex2.approx.ftz.f32", -149.0f), 0.0f);
  EXPECT_EQ(one("lg2.approx.f32", 0.0f), -INFINITY);
  EXPECT_EQ(one("lg2.approx.f32", 0x1p-149f), -149.0f);
  EXPECT_EQ(one("lg2.approx.ftz.f32", 0x1p-149f), -INFINITY);
  EXPECT_TRUE(std::isnan(one("lg2.approx.f32", -1.0f)));
  EXPECT_EQ(one("rcp.approx.f32", -0.0f), -INFINITY);
  EXPECT_EQ(one("rcp.approx.ftz.f32", 0x1p-130f), INFINITY);
  EXPECT_EQ(one("rsqrt.approx.f32", -0.0f), -INFINITY);
  EXPECT_TRUE(std::isnan(one("rsqrt.approx.f32", -1.0f)));
  EXPECT_TRUE(std::isnan(one("sin.approx.f32", INFINITY)));
  EXPECT_EQ(one("cos.approx.f32", 0.0f), 1.0f);
  EXPECT_EQ(one("tanh.approx.f32", 100.0f), 1.0f);
}

TEST(ApproximationsTest, DivisionLosesWhatItsReciprocalLoses) {
  auto divide = [](const std::string &op, float a, float b) {
    return evaluate<float>(op + " %d, %a, %b;", all(a), all(b))[0];
  };
  // The reciprocal of 2^127 is subnormal: flushed, the quotient is 0.
  EXPECT_EQ(divide("div.approx.ftz.f32", 0x1p127f, 0x1p127f), 0.0f);
  EXPECT_EQ(divide("div.approx.f32", 0x1p127f, 0x1p127f), 0.0f);
  EXPECT_TRUE(std::isnan(divide("div.approx.f32", INFINITY, 0x1p127f)));
  // That of a subnormal number does not overflow without .ftz.
  EXPECT_EQ(divide("div.approx.f32", 0x1p-126f, 0x1p-149f), 0x1p23f);
  EXPECT_EQ(divide("div.approx.f32", 0.0f, 0x1p-149f), 0.0f);
  EXPECT_TRUE(std::isnan(divide("div.approx.ftz.f32", 0.0f, 0x1p-149f)));
  EXPECT_EQ(divide("div.full.f32", 0x1p127f, 0x1p127f), 1.0f);
  EXPECT_EQ(divide("div.full.f32", 1.0f, 3.0f), 1.0f / 3.0f);
}
