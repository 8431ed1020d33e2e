//===- Generators.h - the contents of generated tensors -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_GENERATORS_H
#define TK_RUNTIME_GENERATORS_H

#include "tk/Runtime/HostTensor.h"
#include <array>

namespace mlir::tk {

/// How the elements of an input are made.
///
/// Every element depends only on the seed, the stream and its own number in
/// row-major order: not on the strides, the number of threads or the host. The
/// random word of element i is word i % 4 of Philox4x32-10 with counter
/// (i / 4 as 64 bits, stream as 64 bits) and key seed. Only correctly rounded
/// operations turn it into a number, so that every machine makes the same bits.
struct Generator {
  enum class Kind {
    /// `first`.
    Full,
    /// `first + second * i` for element i.
    Arange,
    /// At least `first` and less than `second` (before rounding to the type).
    Uniform,
    /// Normal with mean `first` and standard deviation `second`.
    Randn,
  };

  static Generator full(double value) { return {Kind::Full, value, 0}; }
  static Generator arange(double start = 0, double step = 1) {
    return {Kind::Arange, start, step};
  }
  static Generator uniform(double low = 0, double high = 1) {
    return {Kind::Uniform, low, high};
  }
  static Generator randn(double mean = 0, double deviation = 1) {
    return {Kind::Randn, mean, deviation};
  }

  Kind kind;
  double first;
  double second;
};

/// Fills `tensor`. Tensors of one test take different streams, so that equal
/// shapes do not get equal contents. Integer types truncate as casts do, but
/// Uniform takes the floor, so that each integer is as likely.
void generate(HostTensor &tensor, const Generator &generator, uint64_t seed,
              uint64_t stream);

/// The same for a part of a tensor: its element i becomes what element
/// `getNumber(i)` of the whole would be.
void generate(HostTensor &part, const Generator &generator, uint64_t seed,
              uint64_t stream, llvm::function_ref<int64_t(int64_t)> getNumber);

/// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
/// SC 2011).
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key);

/// The inverse of the normal distribution function, for 0 < probability < 1,
/// with a relative error of about 1e-16 (Wichura, algorithm AS 241, 1988).
double invertNormalCdf(double probability);

} // namespace mlir::tk

#endif // TK_RUNTIME_GENERATORS_H
