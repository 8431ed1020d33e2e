//===- Generators.cpp - the contents of generated tensors -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/Generators.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>

// A fused multiply-add would give other bits on hosts that have one.
#pragma STDC FP_CONTRACT OFF

using namespace llvm;
using namespace mlir::tk;

std::array<uint32_t, 4> mlir::tk::philox4x32(std::array<uint32_t, 4> counter,
                                             std::array<uint32_t, 2> key) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t(kMultiplier0) * counter[0];
    uint64_t product1 = uint64_t(kMultiplier1) * counter[2];
    counter = {
        uint32_t(product1 >> 32) ^ counter[1] ^ key[0], uint32_t(product1),
        uint32_t(product0 >> 32) ^ counter[3] ^ key[1], uint32_t(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

/// The natural logarithm from additions, multiplications and divisions only:
/// log of the C library differs between hosts. Error below 1e-15.
static double computeLog(double x) {
  constexpr double kLog2 = 0.693147180559945309417;
  int exponent;
  double mantissa = std::frexp(x, &exponent);
  // log(m) = 2 atanh((m - 1) / (m + 1)) with m in [0.7, 1.41): |t| < 0.18.
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  double t = (mantissa - 1) / (mantissa + 1);
  double square = t * t;
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2)
    sum = sum * square + 1.0 / k;
  return 2 * t * sum + exponent * kLog2;
}

/// Evaluates coefficients[0] + coefficients[1] x + ...
static double evaluatePolynomial(ArrayRef<double> coefficients, double x) {
  double value = 0;
  for (double coefficient : reverse(coefficients))
    value = value * x + coefficient;
  return value;
}

double mlir::tk::invertNormalCdf(double probability) {
  static constexpr double kCentralTop[] = {
      3.3871328727963666080e0,  1.3314166789178437745e+2,
      1.9715909503065514427e+3, 1.3731693765509461125e+4,
      4.5921953931549871457e+4, 6.7265770927008700853e+4,
      3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double kCentralBottom[] = {1.0,
                                              4.2313330701600911252e+1,
                                              6.8718700749205790830e+2,
                                              5.3941960214247511077e+3,
                                              2.1213794301586595867e+4,
                                              3.9307895800092710610e+4,
                                              2.8729085735721942674e+4,
                                              5.2264952788528545610e+3};
  static constexpr double kTailTop[] = {
      1.42343711074968357734e0,  4.63033784615654529590e0,
      5.76949722146069140550e0,  3.64784832476320460504e0,
      1.27045825245236838258e0,  2.41780725177450611770e-1,
      2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kTailBottom[] = {1.0,
                                           2.05319162663775882187e0,
                                           1.67638483018380384940e0,
                                           6.89767334985100004550e-1,
                                           1.48103976427480074590e-1,
                                           1.51986665636164571966e-2,
                                           5.47593808499534494600e-4,
                                           1.05075007164441684324e-9};
  static constexpr double kFarTailTop[] = {
      6.65790464350110377720e0,  5.46378491116411436990e0,
      1.78482653991729133580e0,  2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3,
      2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kFarTailBottom[] = {1.0,
                                              5.99832206555887937690e-1,
                                              1.36929880922735805310e-1,
                                              1.48753612908506148525e-2,
                                              7.86869131145613259100e-4,
                                              1.84631831751005468180e-5,
                                              1.42151175831644588870e-7,
                                              2.04426310338993978564e-15};
  double q = probability - 0.5;
  if (std::fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * evaluatePolynomial(kCentralTop, r) /
           evaluatePolynomial(kCentralBottom, r);
  }
  double tail = q < 0 ? probability : 1 - probability;
  double r = std::sqrt(-computeLog(tail));
  double value = r <= 5 ? evaluatePolynomial(kTailTop, r - 1.6) /
                              evaluatePolynomial(kTailBottom, r - 1.6)
                        : evaluatePolynomial(kFarTailTop, r - 5) /
                              evaluatePolynomial(kFarTailBottom, r - 5);
  return q < 0 ? -value : value;
}

namespace {
/// Gives the random words of consecutive elements, four per Philox call.
class RandomWords {
public:
  RandomWords(uint64_t seed, uint64_t stream) : seed(seed), stream(stream) {}

  uint32_t get(uint64_t index) {
    if (index / 4 != block) {
      block = index / 4;
      words = philox4x32({uint32_t(block), uint32_t(block >> 32),
                          uint32_t(stream), uint32_t(stream >> 32)},
                         {uint32_t(seed), uint32_t(seed >> 32)});
    }
    return words[index % 4];
  }

private:
  uint64_t seed;
  uint64_t stream;
  uint64_t block = UINT64_MAX;
  std::array<uint32_t, 4> words = {};
};
} // namespace

static double makeElement(const Generator &generator, DType dtype,
                          RandomWords &words, int64_t index) {
  switch (generator.kind) {
  case Generator::Kind::Full:
    return generator.first;
  case Generator::Kind::Arange:
    return generator.first + generator.second * static_cast<double>(index);
  case Generator::Kind::Uniform: {
    double fraction = words.get(index) * 0x1p-32;
    double value =
        generator.first + fraction * (generator.second - generator.first);
    return isFloat(dtype) ? value : std::floor(value);
  }
  case Generator::Kind::Randn: {
    double probability = (words.get(index) + 0.5) * 0x1p-32;
    return generator.first + generator.second * invertNormalCdf(probability);
  }
  }
  llvm_unreachable("all generators are listed");
}

void mlir::tk::generate(HostTensor &tensor, const Generator &generator,
                        uint64_t seed, uint64_t stream) {
  generate(tensor, generator, seed, stream,
           [](int64_t number) { return number; });
}

void mlir::tk::generate(HostTensor &part, const Generator &generator,
                        uint64_t seed, uint64_t stream,
                        function_ref<int64_t(int64_t)> getNumber) {
  DType dtype = part.getDType();
  part.forEachRun([&](int64_t first, int64_t count, uint8_t *element,
                      int64_t strideInBytes) {
    RandomWords words(seed, stream);
    for (int64_t i = 0; i < count; ++i)
      writeDouble(dtype, element + i * strideInBytes,
                  makeElement(generator, dtype, words, getNumber(first + i)));
  });
}
