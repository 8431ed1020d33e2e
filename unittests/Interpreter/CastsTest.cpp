//===- CastsTest.cpp - every rounding against exact arithmetic ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected values come from llvm::APFloat, which computes with integers of any
// width and shares no code with the interpreter.

#include "InterpreterTestUtils.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::tk;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

namespace {
struct Format {
  const char *name;
  DType dtype;
  const llvm::fltSemantics &semantics;
  unsigned width;
};

const Format kFormats[] = {
    {"f16", DType::F16, APFloat::IEEEhalf(), 16},
    {"bf16", DType::BF16, APFloat::BFloat(), 16},
    {"f32", DType::F32, APFloat::IEEEsingle(), 32},
    {"f64", DType::F64, APFloat::IEEEdouble(), 64},
};

const std::pair<const char *, APFloat::roundingMode> kRoundings[] = {
    {"rne", APFloat::rmNearestTiesToEven},
    {"rtz", APFloat::rmTowardZero},
    {"rtp", APFloat::rmTowardPositive},
    {"rtn", APFloat::rmTowardNegative},
};

/// Elements as bit patterns, each in a word of the element's size.
struct Elements {
  std::vector<uint8_t> bytes;
  unsigned sizeInBytes;

  Elements(size_t count, unsigned sizeInBytes)
      : bytes(count * sizeInBytes), sizeInBytes(sizeInBytes) {}
  uint64_t get(size_t i) const {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i * sizeInBytes, sizeInBytes);
    return word;
  }
  void set(size_t i, uint64_t word) {
    std::memcpy(bytes.data() + i * sizeInBytes, &word, sizeInBytes);
  }
  size_t size() const { return bytes.size() / sizeInBytes; }
};

class CastsTest : public InterpreterTest {
protected:
  /// Casts all of `source`, in tiles of 4096 elements.
  Elements cast(const Elements &source, StringRef from, DType fromType,
                StringRef to, DType toType, StringRef attributes) {
    Elements input = source;
    Elements result(source.size(), getSizeInBytes(toType));
    std::string types =
        ("tensor<4096x" + from + "> -> tensor<4096x" + to + ">").str();
    std::string text =
        ("tk.kernel @k(%x: !tk.view<?x" + from + ">, %y: !tk.view<?x" + to +
         ">) {\n"
         "  %c4096 = arith.constant 4096 : index\n"
         "  %p = tk.program_id 0\n"
         "  %s = arith.muli %p, %c4096 : index\n"
         "  %v = tk.load_view %x[%s +: 4096] : !tk.view<?x" +
         from + "> -> tensor<4096x" + from +
         ">\n"
         "  %r = tk.cast %v " +
         attributes + " : " + types +
         "\n"
         "  tk.store_view %r, %y[%s +: 4096] : tensor<4096x" +
         to + ">, !tk.view<?x" + to + ">\n  tk.return\n}")
            .str();
    int64_t count = source.size();
    runClean(text,
             {tensorOf(fromType, input.bytes, {count}, {1}),
              tensorOf(toType, result.bytes, {count}, {1})},
             {(count + 4095) / 4096, 1, 1});
    return result;
  }

  /// Every 16-bit pattern; of wider formats, values around every boundary of
  /// the 16-bit formats and random patterns.
  Elements makeFloats(const Format &format) {
    std::vector<uint64_t> words;
    if (format.width == 16)
      for (uint64_t i = 0; i < 65536; ++i)
        words.push_back(i);
    auto addAround = [&](const APFloat &value) {
      APFloat wide = value;
      bool lossy;
      wide.convert(format.semantics, APFloat::rmNearestTiesToEven, &lossy);
      uint64_t bits = wide.bitcastToAPInt().getZExtValue();
      for (int64_t delta : {-1, 0, 1})
        words.push_back(bits + delta);
    };
    if (format.width > 16)
      for (const Format &narrow : kFormats)
        if (narrow.width == 16)
          for (unsigned i = 0; i < 65536; ++i) {
            APFloat value(narrow.semantics, APInt(16, i));
            if (!value.isFinite())
              continue;
            // The value, and the tie between it and the next.
            APFloat next = value;
            next.next(/*nextDown=*/false);
            addAround(value);
            if (!next.isFinite())
              continue;
            bool lossy;
            value.convert(format.semantics, APFloat::rmNearestTiesToEven,
                          &lossy);
            next.convert(format.semantics, APFloat::rmNearestTiesToEven,
                         &lossy);
            APFloat half = APFloat(0.5);
            half.convert(format.semantics, APFloat::rmNearestTiesToEven,
                         &lossy);
            APFloat middle = value;
            middle.add(next, APFloat::rmNearestTiesToEven);
            middle.multiply(half, APFloat::rmNearestTiesToEven);
            addAround(middle);
          }
    std::mt19937_64 random(7);
    for (int i = 0; i < 20000; ++i)
      words.push_back(random());
    Elements elements(words.size(), format.width / 8);
    for (auto [i, word] : llvm::enumerate(words))
      elements.set(i, word);
    return elements;
  }
};

TEST_F(CastsTest, FloatToFloat) {
  for (const Format &from : kFormats) {
    Elements source = makeFloats(from);
    for (const Format &to : kFormats)
      for (auto [name, mode] : kRoundings) {
        Elements found = cast(source, from.name, from.dtype, to.name, to.dtype,
                              std::string("rounding ") + name);
        for (size_t i = 0; i < source.size(); ++i) {
          APFloat value(from.semantics, APInt(from.width, source.get(i), false,
                                              /*implicitTrunc=*/true));
          bool isNaN = value.isNaN();
          bool lossy;
          value.convert(to.semantics, mode, &lossy);
          APFloat result(to.semantics, APInt(to.width, found.get(i)));
          if (isNaN)
            ASSERT_TRUE(result.isNaN());
          else
            ASSERT_TRUE(result.bitwiseIsEqual(value))
                << from.name << " to " << to.name << " " << name << ": pattern "
                << source.get(i) << " gives " << found.get(i) << ", expected "
                << value.bitcastToAPInt().getZExtValue();
        }
      }
  }
}

TEST_F(CastsTest, SaturatingFloatToFloat) {
  for (const Format &from : kFormats) {
    Elements source = makeFloats(from);
    Elements found =
        cast(source, from.name, from.dtype, "f16", DType::F16, "{saturate}");
    for (size_t i = 0; i < source.size(); ++i) {
      APFloat value(from.semantics, APInt(from.width, source.get(i), false,
                                          /*implicitTrunc=*/true));
      bool lossy;
      value.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven, &lossy);
      if (value.isInfinity())
        value = APFloat::getLargest(APFloat::IEEEhalf(), value.isNegative());
      APFloat result(APFloat::IEEEhalf(), APInt(16, found.get(i)));
      ASSERT_TRUE(value.isNaN() ? result.isNaN()
                                : result.bitwiseIsEqual(value));
    }
  }
}

struct IntegerType {
  const char *name;
  DType signedType, unsignedType;
  unsigned width;
};
const IntegerType kIntegers[] = {
    {"i8", DType::I8, DType::U8, 8},
    {"i16", DType::I16, DType::U16, 16},
    {"i32", DType::I32, DType::U32, 32},
    {"i64", DType::I64, DType::U64, 64},
};

TEST_F(CastsTest, FloatToInteger) {
  // Without a rounding: truncation.
  std::pair<std::string, APFloat::roundingMode> modes[] = {
      {"", APFloat::rmTowardZero},
      {"rounding rne", APFloat::rmNearestTiesToEven},
      {"rounding rtp", APFloat::rmTowardPositive},
      {"rounding rtn", APFloat::rmTowardNegative}};
  for (const Format &from : kFormats) {
    Elements source = makeFloats(from);
    for (const IntegerType &to : kIntegers)
      for (bool isUnsigned : {false, true})
        for (const auto &[text, mode] : modes) {
          Elements found =
              cast(source, from.name, from.dtype, to.name,
                   isUnsigned ? to.unsignedType : to.signedType,
                   text + (isUnsigned ? " {result_unsigned}" : ""));
          for (size_t i = 0; i < source.size(); ++i) {
            APFloat value(from.semantics, APInt(from.width, source.get(i),
                                                false, /*implicitTrunc=*/true));
            // Saturates; NaN gives 0.
            APSInt expected(to.width, isUnsigned);
            bool isExact;
            value.convertToInteger(expected, mode, &isExact);
            ASSERT_EQ(found.get(i), expected.getZExtValue())
                << from.name << " to " << to.name << " " << text << ": "
                << value.convertToDouble();
          }
        }
  }
}

TEST_F(CastsTest, IntegerToFloat) {
  for (const IntegerType &from : kIntegers) {
    // Around every power of two and its halves, and random ones.
    std::vector<uint64_t> words;
    for (unsigned bit = 0; bit < from.width; ++bit)
      for (unsigned low = 0; low <= bit; ++low)
        for (int64_t delta = -1; delta <= 1; ++delta) {
          uint64_t word = (uint64_t(1) << bit) + (uint64_t(1) << low) + delta;
          words.push_back(word);
          words.push_back(0 - word);
        }
    std::mt19937_64 random(11);
    for (int i = 0; i < 10000; ++i)
      words.push_back(random());
    Elements source(words.size(), from.width / 8);
    for (auto [i, word] : llvm::enumerate(words))
      source.set(i, word);
    for (const Format &to : kFormats)
      for (bool isUnsigned : {false, true}) {
        Elements found = cast(
            source, from.name, isUnsigned ? from.unsignedType : from.signedType,
            to.name, to.dtype, isUnsigned ? "{source_unsigned}" : "");
        for (size_t i = 0; i < source.size(); ++i) {
          APFloat expected(to.semantics);
          expected.convertFromAPInt(APInt(from.width, source.get(i)),
                                    !isUnsigned, APFloat::rmNearestTiesToEven);
          ASSERT_EQ(found.get(i), expected.bitcastToAPInt().getZExtValue())
              << from.name << " to " << to.name << ": " << source.get(i);
        }
      }
  }
}

TEST_F(CastsTest, IntegerToIntegerKeepsTheLowBits) {
  for (const IntegerType &from : kIntegers) {
    Elements source(4096, from.width / 8);
    std::mt19937_64 random(13);
    for (size_t i = 0; i < source.size(); ++i)
      source.set(i, random());
    for (const IntegerType &to : kIntegers)
      for (bool isUnsigned : {false, true}) {
        Elements found = cast(
            source, from.name, isUnsigned ? from.unsignedType : from.signedType,
            to.name, to.signedType, isUnsigned ? "{source_unsigned}" : "");
        for (size_t i = 0; i < source.size(); ++i) {
          APInt value(from.width, source.get(i));
          APInt expected = isUnsigned ? value.zextOrTrunc(to.width)
                                      : value.sextOrTrunc(to.width);
          ASSERT_EQ(found.get(i), expected.getZExtValue());
        }
      }
  }
}

TEST_F(CastsTest, Bits) {
  // i1 counts as unsigned; to i1 keeps the low bit, a float saturates.
  std::vector<uint8_t> b = {0, 1};
  std::vector<float> f(2), g = {0.5f, 7.0f};
  std::vector<int32_t> i(2), j = {2, 3};
  std::vector<uint8_t> fromFloat(2), fromInt(2);
  runClean(R"mlir(
tk.kernel @k(%b: !tk.view<?xi1>, %f: !tk.view<?xf32>, %i: !tk.view<?xi32>, %g: !tk.view<?xf32>,
             %j: !tk.view<?xi32>, %u: !tk.view<?xi1>, %v: !tk.view<?xi1>) {
  %c0 = arith.constant 0 : index
  %x = tk.load_view %b[%c0 +: 2] : !tk.view<?xi1> -> tensor<2xi1>
  %xf = tk.cast %x : tensor<2xi1> -> tensor<2xf32>
  %xi = tk.cast %x : tensor<2xi1> -> tensor<2xi32>
  tk.store_view %xf, %f[%c0 +: 2] : tensor<2xf32>, !tk.view<?xf32>
  tk.store_view %xi, %i[%c0 +: 2] : tensor<2xi32>, !tk.view<?xi32>
  %y = tk.load_view %g[%c0 +: 2] : !tk.view<?xf32> -> tensor<2xf32>
  %z = tk.load_view %j[%c0 +: 2] : !tk.view<?xi32> -> tensor<2xi32>
  %yb = tk.cast %y : tensor<2xf32> -> tensor<2xi1>
  %zb = tk.cast %z : tensor<2xi32> -> tensor<2xi1>
  tk.store_view %yb, %u[%c0 +: 2] : tensor<2xi1>, !tk.view<?xi1>
  tk.store_view %zb, %v[%c0 +: 2] : tensor<2xi1>, !tk.view<?xi1>
  tk.return
})mlir",
           {tensorOf(DType::Bool, b), tensorOf(f), tensorOf(i), tensorOf(g),
            tensorOf(j), tensorOf(DType::Bool, fromFloat),
            tensorOf(DType::Bool, fromInt)});
  EXPECT_EQ(f, std::vector<float>({0, 1}));
  EXPECT_EQ(i, std::vector<int32_t>({0, 1}));
  EXPECT_EQ(fromFloat, std::vector<uint8_t>({0, 1}));
  EXPECT_EQ(fromInt, std::vector<uint8_t>({0, 1}));
}
} // namespace
