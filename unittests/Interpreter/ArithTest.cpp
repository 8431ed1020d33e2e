//===- ArithTest.cpp - elementwise arithmetic against exact arithmetic ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected values come from llvm::APFloat and llvm::APInt.

#include "InterpreterTestUtils.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include <cmath>
#include <functional>
#include <random>

using namespace mlir;
using namespace mlir::tk;
using llvm::APFloat;
using llvm::APInt;

namespace {
class ArithTest : public InterpreterTest {
protected:
  using Words = std::vector<uint64_t>;

  /// Runs `op` on tiles of one type with `numOperands` operands, given and
  /// returned as bit patterns.
  Words apply(StringRef op, StringRef type, DType dtype,
              ArrayRef<Words> operands, StringRef resultType = "",
              DType resultDType = DType::Bool) {
    if (resultType.empty()) {
      resultType = type;
      resultDType = dtype;
    }
    unsigned size = getSizeInBytes(dtype),
             resultSize = getSizeInBytes(resultDType);
    int64_t count = operands[0].size();
    std::string signature, body, list;
    std::vector<std::vector<uint8_t>> memory;
    for (size_t i = 0; i < operands.size(); ++i) {
      std::string n = std::to_string(i);
      signature += "%x" + n + ": !tk.view<?x" + type.str() + ">, ";
      body += "  %v" + n + " = tk.load_view %x" + n +
              "[%s +: 1024] : !tk.view<?x" + type.str() + "> -> tensor<1024x" +
              type.str() + ">\n";
      list += (i ? ", %v" : "%v") + n;
      memory.emplace_back(count * size);
      for (int64_t j = 0; j < count; ++j)
        std::memcpy(memory.back().data() + j * size, &operands[i][j], size);
    }
    memory.emplace_back(count * resultSize);
    std::string name = op.str();
    std::string suffix;
    if (size_t space = name.find(' '); space != std::string::npos) {
      suffix = name.substr(space + 1) + ", ";
      name = name.substr(0, space);
    }
    std::string text =
        "tk.kernel @k(" + signature + "%y: !tk.view<?x" + resultType.str() +
        ">) {\n  %c1024 = arith.constant 1024 : index\n  %p = tk.program_id 0\n"
        "  %s = arith.muli %p, %c1024 : index\n" +
        body + "  %r = " + name + " " + suffix + list + " : tensor<1024x" +
        type.str() + ">\n  tk.store_view %r, %y[%s +: 1024] : tensor<1024x" +
        resultType.str() + ">, !tk.view<?x" + resultType.str() +
        ">\n  tk.return\n}";
    std::vector<KernelArgument> arguments;
    for (size_t i = 0; i < memory.size(); ++i)
      arguments.push_back(tensorOf(i + 1 < memory.size() ? dtype : resultDType,
                                   memory[i], {count}, {1}));
    runClean(text, arguments, {(count + 1023) / 1024, 1, 1});
    Words result(count);
    for (int64_t j = 0; j < count; ++j)
      std::memcpy(&result[j], memory.back().data() + j * resultSize,
                  resultSize);
    return result;
  }

  /// Patterns where formats have their corners, all pairs of them, and random
  /// ones.
  static std::vector<Words> makeOperands(unsigned width, unsigned numOperands,
                                         bool isFloat, unsigned mantissaBits) {
    Words corners = {0, 1, 2};
    uint64_t sign = uint64_t(1) << (width - 1);
    if (isFloat) {
      uint64_t one = ((uint64_t(1) << (width - 2 - mantissaBits)) - 1)
                     << mantissaBits;
      uint64_t infinity = ((uint64_t(1) << (width - 1 - mantissaBits)) - 1)
                          << mantissaBits;
      corners.insert(corners.end(),
                     {one, one + 1, one - 1, infinity, infinity - 1,
                      infinity | (uint64_t(1) << (mantissaBits - 1)),
                      uint64_t(1) << mantissaBits,
                      (uint64_t(1) << mantissaBits) - 1});
    } else {
      corners.insert(corners.end(), {3, 7, sign - 1, sign - 2, sign / 2});
    }
    size_t positive = corners.size();
    for (size_t i = 0; i < positive; ++i)
      corners.push_back(isFloat ? corners[i] | sign : 0 - corners[i]);
    std::vector<Words> operands(numOperands);
    size_t total = 1;
    for (unsigned i = 0; i < numOperands; ++i)
      total *= corners.size();
    for (size_t i = 0; i < total; ++i)
      for (size_t rest = i, j = 0; j < numOperands; ++j, rest /= corners.size())
        operands[j].push_back(corners[rest % corners.size()]);
    std::mt19937_64 random(width);
    for (int i = 0; i < 30000; ++i) {
      // Nearby exponents, where sums cancel and round.
      uint64_t shared = random();
      for (Words &operand : operands)
        operand.push_back(i % 2 ? random()
                                : shared ^ (random() & ((sign >> 4) - 1)));
    }
    // Whole tiles: lanes past the end would read zeros, and divide by them.
    for (Words &operand : operands)
      operand.resize(llvm::alignTo(operand.size(), 1024), 1);
    uint64_t mask = ~uint64_t(0) >> (64 - width);
    for (Words &operand : operands)
      for (uint64_t &word : operand)
        word &= mask;
    return operands;
  }
};

struct Format {
  const char *name;
  DType dtype;
  const llvm::fltSemantics &semantics;
  unsigned width, mantissaBits;
};
const Format kFormats[] = {
    {"f16", DType::F16, APFloat::IEEEhalf(), 16, 10},
    {"bf16", DType::BF16, APFloat::BFloat(), 16, 7},
    {"f32", DType::F32, APFloat::IEEEsingle(), 32, 23},
    {"f64", DType::F64, APFloat::IEEEdouble(), 64, 52},
};

constexpr auto kNearest = APFloat::rmNearestTiesToEven;

TEST_F(ArithTest, FloatOperationsRoundOnce) {
  using Fn = std::function<APFloat(APFloat, APFloat)>;
  std::pair<const char *, Fn> ops[] = {
      {"arith.addf",
       [](APFloat a, APFloat b) {
         a.add(b, kNearest);
         return a;
       }},
      {"arith.subf",
       [](APFloat a, APFloat b) {
         a.subtract(b, kNearest);
         return a;
       }},
      {"arith.mulf",
       [](APFloat a, APFloat b) {
         a.multiply(b, kNearest);
         return a;
       }},
      {"arith.divf",
       [](APFloat a, APFloat b) {
         a.divide(b, kNearest);
         return a;
       }},
      {"arith.remf",
       [](APFloat a, APFloat b) {
         a.mod(b);
         return a;
       }},
      {"arith.maximumf",
       [](APFloat a, APFloat b) { return llvm::maximum(a, b); }},
      {"arith.minimumf",
       [](APFloat a, APFloat b) { return llvm::minimum(a, b); }},
      {"arith.maxnumf",
       [](APFloat a, APFloat b) { return llvm::maximumnum(a, b); }},
      {"arith.minnumf",
       [](APFloat a, APFloat b) { return llvm::minimumnum(a, b); }},
  };
  for (const Format &format : kFormats) {
    auto operands = makeOperands(format.width, 2, true, format.mantissaBits);
    for (auto &[op, fn] : ops) {
      Words found = apply(op, format.name, format.dtype, operands);
      for (size_t i = 0; i < found.size(); ++i) {
        auto value = [&](uint64_t word) {
          return APFloat(format.semantics, APInt(format.width, word));
        };
        APFloat expected = fn(value(operands[0][i]), value(operands[1][i]));
        APFloat result = value(found[i]);
        ASSERT_TRUE(expected.isNaN() ? result.isNaN()
                                     : result.bitwiseIsEqual(expected))
            << op << " " << format.name << " " << operands[0][i] << ", "
            << operands[1][i] << " gives " << found[i];
      }
    }
  }
}

TEST_F(ArithTest, FmaRoundsOnce) {
  for (const Format &format : kFormats) {
    auto operands = makeOperands(format.width, 3, true, format.mantissaBits);
    Words found = apply("math.fma", format.name, format.dtype, operands);
    for (size_t i = 0; i < found.size(); ++i) {
      auto value = [&](uint64_t word) {
        return APFloat(format.semantics, APInt(format.width, word));
      };
      APFloat expected = value(operands[0][i]);
      expected.fusedMultiplyAdd(value(operands[1][i]), value(operands[2][i]),
                                kNearest);
      APFloat result = value(found[i]);
      ASSERT_TRUE(expected.isNaN() ? result.isNaN()
                                   : result.bitwiseIsEqual(expected))
          << format.name << " " << operands[0][i] << " * " << operands[1][i]
          << " + " << operands[2][i] << " gives " << found[i];
    }
  }
}

TEST_F(ArithTest, SixteenBitFmaWithFarApartTerms) {
  // 1.5 * 1.0078125 is a tie in bf16; what is far below it decides.
  auto bf16 = [](float f) {
    uint32_t bits;
    std::memcpy(&bits, &f, 4);
    return uint64_t(bits >> 16);
  };
  Words found =
      apply("math.fma", "bf16", DType::BF16,
            {Words{bf16(1.5f), bf16(1.5f), bf16(1.5f)},
             Words{bf16(1.0078125f), bf16(1.0078125f), bf16(1.0078125f)},
             Words{bf16(0x1p-100f), bf16(-0x1p-100f), 0}});
  // 1.51171875 lies between 1.5078125 and 1.515625; even is the latter.
  EXPECT_EQ(found, Words({bf16(1.515625f), bf16(1.5078125f), bf16(1.515625f)}));
}

TEST_F(ArithTest, FloatComparisons) {
  using Fn = std::function<bool(APFloat::cmpResult)>;
  std::pair<const char *, Fn> predicates[] = {
      {"oeq", [](auto c) { return c == APFloat::cmpEqual; }},
      {"ogt", [](auto c) { return c == APFloat::cmpGreaterThan; }},
      {"oge",
       [](auto c) {
         return c == APFloat::cmpGreaterThan || c == APFloat::cmpEqual;
       }},
      {"olt", [](auto c) { return c == APFloat::cmpLessThan; }},
      {"ole",
       [](auto c) {
         return c == APFloat::cmpLessThan || c == APFloat::cmpEqual;
       }},
      {"one",
       [](auto c) {
         return c == APFloat::cmpLessThan || c == APFloat::cmpGreaterThan;
       }},
      {"ord", [](auto c) { return c != APFloat::cmpUnordered; }},
      {"ueq",
       [](auto c) {
         return c == APFloat::cmpUnordered || c == APFloat::cmpEqual;
       }},
      {"ugt",
       [](auto c) {
         return c == APFloat::cmpUnordered || c == APFloat::cmpGreaterThan;
       }},
      {"uge", [](auto c) { return c != APFloat::cmpLessThan; }},
      {"ult",
       [](auto c) {
         return c == APFloat::cmpUnordered || c == APFloat::cmpLessThan;
       }},
      {"ule", [](auto c) { return c != APFloat::cmpGreaterThan; }},
      {"une", [](auto c) { return c != APFloat::cmpEqual; }},
      {"uno", [](auto c) { return c == APFloat::cmpUnordered; }},
  };
  for (const Format &format : kFormats) {
    auto operands = makeOperands(format.width, 2, true, format.mantissaBits);
    for (auto &[name, fn] : predicates) {
      Words found = apply(std::string("arith.cmpf ") + name, format.name,
                          format.dtype, operands, "i1", DType::Bool);
      for (size_t i = 0; i < found.size(); ++i) {
        APFloat a(format.semantics, APInt(format.width, operands[0][i]));
        APFloat b(format.semantics, APInt(format.width, operands[1][i]));
        ASSERT_EQ(found[i], fn(a.compare(b))) << name << " " << format.name;
      }
    }
  }
}

TEST_F(ArithTest, IntegerOperations) {
  using Fn = std::function<APInt(const APInt &, const APInt &)>;
  std::pair<const char *, Fn> ops[] = {
      {"arith.addi", [](auto &a, auto &b) { return a + b; }},
      {"arith.subi", [](auto &a, auto &b) { return a - b; }},
      {"arith.muli", [](auto &a, auto &b) { return a * b; }},
      {"arith.andi", [](auto &a, auto &b) { return a & b; }},
      {"arith.ori", [](auto &a, auto &b) { return a | b; }},
      {"arith.xori", [](auto &a, auto &b) { return a ^ b; }},
      {"arith.maxsi",
       [](auto &a, auto &b) { return llvm::APIntOps::smax(a, b); }},
      {"arith.minsi",
       [](auto &a, auto &b) { return llvm::APIntOps::smin(a, b); }},
      {"arith.maxui",
       [](auto &a, auto &b) { return llvm::APIntOps::umax(a, b); }},
      {"arith.minui",
       [](auto &a, auto &b) { return llvm::APIntOps::umin(a, b); }},
  };
  std::pair<const char *, DType> types[] = {{"i8", DType::I8},
                                            {"i16", DType::I16},
                                            {"i32", DType::I32},
                                            {"i64", DType::I64}};
  for (auto [type, dtype] : types) {
    unsigned width = 8 * getSizeInBytes(dtype);
    auto operands = makeOperands(width, 2, false, 0);
    for (auto &[op, fn] : ops) {
      Words found = apply(op, type, dtype, operands);
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i],
                  fn(APInt(width, operands[0][i]), APInt(width, operands[1][i]))
                      .getZExtValue())
            << op << " " << type;
    }
  }
}

TEST_F(ArithTest, IntegerDivisions) {
  using llvm::APIntOps::RoundingSDiv;
  using llvm::APIntOps::RoundingUDiv;
  using Fn = std::function<APInt(const APInt &, const APInt &)>;
  std::pair<const char *, Fn> ops[] = {
      {"arith.divsi", [](auto &a, auto &b) { return a.sdiv(b); }},
      {"arith.divui", [](auto &a, auto &b) { return a.udiv(b); }},
      {"arith.remsi", [](auto &a, auto &b) { return a.srem(b); }},
      {"arith.remui", [](auto &a, auto &b) { return a.urem(b); }},
      {"arith.floordivsi",
       [](auto &a, auto &b) {
         return RoundingSDiv(a, b, APInt::Rounding::DOWN);
       }},
      {"arith.ceildivsi",
       [](auto &a, auto &b) {
         return RoundingSDiv(a, b, APInt::Rounding::UP);
       }},
      {"arith.ceildivui",
       [](auto &a, auto &b) {
         return RoundingUDiv(a, b, APInt::Rounding::UP);
       }},
  };
  std::pair<const char *, DType> types[] = {{"i8", DType::I8},
                                            {"i16", DType::I16},
                                            {"i32", DType::I32},
                                            {"i64", DType::I64}};
  for (auto [type, dtype] : types) {
    unsigned width = 8 * getSizeInBytes(dtype);
    auto operands = makeOperands(width, 2, false, 0);
    // Faults have tests of their own.
    for (size_t i = 0; i < operands[0].size(); ++i) {
      APInt a(width, operands[0][i]), b(width, operands[1][i]);
      if (b.isZero() || (a.isMinSignedValue() && b.isAllOnes()))
        operands[1][i] = 3;
    }
    for (auto &[op, fn] : ops) {
      Words found = apply(op, type, dtype, operands);
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i],
                  fn(APInt(width, operands[0][i]), APInt(width, operands[1][i]))
                      .getZExtValue())
            << op << " " << type << " " << operands[0][i] << ", "
            << operands[1][i];
    }
  }
}

TEST_F(ArithTest, Shifts) {
  using Fn = std::function<APInt(const APInt &, const APInt &)>;
  std::pair<const char *, Fn> ops[] = {
      {"arith.shli", [](auto &a, auto &b) { return a.shl(b); }},
      {"arith.shrsi", [](auto &a, auto &b) { return a.ashr(b); }},
      {"arith.shrui", [](auto &a, auto &b) { return a.lshr(b); }},
  };
  std::pair<const char *, DType> types[] = {{"i8", DType::I8},
                                            {"i16", DType::I16},
                                            {"i32", DType::I32},
                                            {"i64", DType::I64}};
  for (auto [type, dtype] : types) {
    unsigned width = 8 * getSizeInBytes(dtype);
    auto operands = makeOperands(width, 2, false, 0);
    for (uint64_t &distance : operands[1])
      distance %= width;
    for (auto &[op, fn] : ops) {
      Words found = apply(op, type, dtype, operands);
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i],
                  fn(APInt(width, operands[0][i]), APInt(width, operands[1][i]))
                      .getZExtValue())
            << op << " " << type;
    }
  }
}

TEST_F(ArithTest, IntegerComparisons) {
  using Fn = std::function<bool(const APInt &, const APInt &)>;
  std::pair<const char *, Fn> predicates[] = {
      {"eq", [](auto &a, auto &b) { return a == b; }},
      {"ne", [](auto &a, auto &b) { return a != b; }},
      {"slt", [](auto &a, auto &b) { return a.slt(b); }},
      {"sle", [](auto &a, auto &b) { return a.sle(b); }},
      {"sgt", [](auto &a, auto &b) { return a.sgt(b); }},
      {"sge", [](auto &a, auto &b) { return a.sge(b); }},
      {"ult", [](auto &a, auto &b) { return a.ult(b); }},
      {"ule", [](auto &a, auto &b) { return a.ule(b); }},
      {"ugt", [](auto &a, auto &b) { return a.ugt(b); }},
      {"uge", [](auto &a, auto &b) { return a.uge(b); }},
  };
  std::pair<const char *, DType> types[] = {
      {"i8", DType::I8}, {"i32", DType::I32}, {"i64", DType::I64}};
  for (auto [type, dtype] : types) {
    unsigned width = 8 * getSizeInBytes(dtype);
    auto operands = makeOperands(width, 2, false, 0);
    for (auto &[name, fn] : predicates) {
      Words found = apply(std::string("arith.cmpi ") + name, type, dtype,
                          operands, "i1", DType::Bool);
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i], fn(APInt(width, operands[0][i]),
                               APInt(width, operands[1][i])))
            << name << " " << type;
    }
  }
}

TEST_F(ArithTest, Bits) {
  // All pairs of i1; signed, true is -1 and so the smaller one.
  std::vector<Words> operands = {{0, 0, 1, 1}, {0, 1, 0, 1}};
  auto apply1 = [&](StringRef op) {
    return apply(op, "i1", DType::Bool, operands);
  };
  EXPECT_EQ(apply1("arith.addi"), Words({0, 1, 1, 0}));
  EXPECT_EQ(apply1("arith.muli"), Words({0, 0, 0, 1}));
  EXPECT_EQ(apply1("arith.andi"), Words({0, 0, 0, 1}));
  EXPECT_EQ(apply1("arith.ori"), Words({0, 1, 1, 1}));
  EXPECT_EQ(apply1("arith.xori"), Words({0, 1, 1, 0}));
  EXPECT_EQ(apply1("arith.maxui"), Words({0, 1, 1, 1}));
  EXPECT_EQ(apply1("arith.maxsi"), Words({0, 0, 0, 1}));
  EXPECT_EQ(apply1("arith.cmpi ult"), Words({0, 1, 0, 0}));
  EXPECT_EQ(apply1("arith.cmpi slt"), Words({0, 0, 1, 0}));
}

TEST_F(ArithTest, IntegerFunctions) {
  for (auto [type, dtype] :
       {std::pair("i8", DType::I8), std::pair("i64", DType::I64)}) {
    unsigned width = 8 * getSizeInBytes(dtype);
    auto operands = makeOperands(width, 1, false, 0);
    Words ctlz = apply("math.ctlz", type, dtype, operands);
    Words cttz = apply("math.cttz", type, dtype, operands);
    Words ctpop = apply("math.ctpop", type, dtype, operands);
    Words abs = apply("math.absi", type, dtype, operands);
    for (size_t i = 0; i < ctlz.size(); ++i) {
      APInt value(width, operands[0][i]);
      ASSERT_EQ(ctlz[i], value.countl_zero());
      ASSERT_EQ(cttz[i], value.countr_zero());
      ASSERT_EQ(ctpop[i], value.popcount());
      ASSERT_EQ(abs[i], value.abs().getZExtValue());
    }
  }
  EXPECT_EQ(apply("math.ipowi", "i8", DType::I8,
                  {Words{3, 2, 2, 0xff, 0xff, 1, 7},
                   Words{4, 7, 0xff, 3, 0xfe, 0xfd, 0}}),
            Words({81, 128, 0, 0xff, 1, 1, 1}));
}

TEST_F(ArithTest, ExtendedArithmetic) {
  std::vector<uint64_t> low(2), high(2), sum(2);
  std::vector<uint8_t> carry(2);
  std::vector<uint64_t> a = {0xffffffffffffffff, 5},
                        b = {0xfffffffffffffffe, 7};
  runClean(R"mlir(
tk.kernel @k(%a: !tk.view<?xi64>, %b: !tk.view<?xi64>, %l: !tk.view<?xi64>, %h: !tk.view<?xi64>,
             %s: !tk.view<?xi64>, %c: !tk.view<?xi1>) {
  %c0 = arith.constant 0 : index
  %x = tk.load_view %a[%c0 +: 2] : !tk.view<?xi64> -> tensor<2xi64>
  %y = tk.load_view %b[%c0 +: 2] : !tk.view<?xi64> -> tensor<2xi64>
  %low, %high = arith.mului_extended %x, %y : tensor<2xi64>
  %sum, %carry = arith.addui_extended %x, %y : tensor<2xi64>, tensor<2xi1>
  tk.store_view %low, %l[%c0 +: 2] : tensor<2xi64>, !tk.view<?xi64>
  tk.store_view %high, %h[%c0 +: 2] : tensor<2xi64>, !tk.view<?xi64>
  tk.store_view %sum, %s[%c0 +: 2] : tensor<2xi64>, !tk.view<?xi64>
  tk.store_view %carry, %c[%c0 +: 2] : tensor<2xi1>, !tk.view<?xi1>
  tk.return
})mlir",
           {tensorOf(DType::U64, a), tensorOf(DType::U64, b),
            tensorOf(DType::U64, low), tensorOf(DType::U64, high),
            tensorOf(DType::U64, sum), tensorOf(DType::Bool, carry)});
  // (2^64 - 1) (2^64 - 2) = 2^128 - 3 * 2^64 + 2.
  EXPECT_EQ(low, Words({2, 35}));
  EXPECT_EQ(high, Words({0xfffffffffffffffd, 0}));
  EXPECT_EQ(sum, Words({0xfffffffffffffffd, 12}));
  EXPECT_EQ(carry, std::vector<uint8_t>({1, 0}));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Units in the last place between a result and the exact value.
double getUlps(const Format &format, APFloat found, long double exact) {
  if (std::isnan(exact) || std::isinf(exact))
    return (std::isnan(exact)
                ? found.isNaN()
                : found.isInfinity() && found.isNegative() == (exact < 0))
               ? 0
               : 1e9;
  bool lossy;
  APFloat next = found;
  next.convert(APFloat::IEEEdouble(), kNearest, &lossy);
  double value = next.convertToDouble();
  if (std::isinf(value))
    return 0;
  int exponent;
  std::frexp(static_cast<double>(exact), &exponent);
  int minExponent = APFloat::semanticsMinExponent(format.semantics) + 1;
  double ulp = std::ldexp(1.0, std::max(exponent, minExponent) -
                                   static_cast<int>(format.mantissaBits) - 1);
  return std::fabs(static_cast<double>(value - exact)) / ulp;
}

TEST_F(ArithTest, FunctionsAreWithinOneUnit) {
  using Fn = long double (*)(long double);
  std::pair<const char *, Fn> functions[] = {
      {"math.exp", expl},
      {"math.exp2", exp2l},
      {"math.expm1", expm1l},
      {"math.log", logl},
      {"math.log2", log2l},
      {"math.log10", log10l},
      {"math.log1p", log1pl},
      {"math.sin", sinl},
      {"math.cos", cosl},
      {"math.tan", tanl},
      {"math.sinh", sinhl},
      {"math.cosh", coshl},
      {"math.tanh", tanhl},
      {"math.asin", asinl},
      {"math.acos", acosl},
      {"math.atan", atanl},
      {"math.asinh", asinhl},
      {"math.acosh", acoshl},
      {"math.atanh", atanhl},
      {"math.erf", erfl},
      {"math.erfc", erfcl},
      {"math.cbrt", cbrtl},
      {"math.sqrt", sqrtl},
      {"math.rsqrt", [](long double x) { return 1 / sqrtl(x); }}};
  for (const Format &format : kFormats) {
    // Of moderate size, where all functions are defined somewhere.
    Words words;
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal(0.0, 2.0);
    for (int i = 0; i < 3000; ++i) {
      APFloat value(normal(random));
      bool lossy;
      value.convert(format.semantics, kNearest, &lossy);
      words.push_back(value.bitcastToAPInt().getZExtValue());
    }
    for (auto &[op, fn] : functions) {
      Words found = apply(op, format.name, format.dtype, {words});
      for (size_t i = 0; i < found.size(); ++i) {
        APFloat value(format.semantics, APInt(format.width, words[i]));
        bool lossy;
        value.convert(APFloat::IEEEdouble(), kNearest, &lossy);
        long double exact = fn(value.convertToDouble());
        APFloat result(format.semantics, APInt(format.width, found[i]));
        double limit = format.dtype == DType::F64 ? 1.0 : 0.51;
        ASSERT_LE(getUlps(format, result, exact), limit)
            << op << " " << format.name << " of " << value.convertToDouble()
            << " gives " << found[i];
      }
    }
  }
}

TEST_F(ArithTest, RoundingFunctions) {
  std::vector<double> x = {-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 2.7};
  Words words(x.size());
  std::memcpy(words.data(), x.data(), 8 * x.size());
  auto rounded = [&](StringRef op) {
    Words found = apply(op, "f64", DType::F64, {words});
    std::vector<double> values(found.size());
    std::memcpy(values.data(), found.data(), 8 * found.size());
    return values;
  };
  using Values = std::vector<double>;
  EXPECT_EQ(rounded("math.floor"), Values({-3, -2, -1, -1, 0, 1, 2, 2}));
  EXPECT_EQ(rounded("math.ceil"), Values({-2, -1, 0, 0, 1, 2, 3, 3}));
  EXPECT_EQ(rounded("math.trunc"), Values({-2, -1, 0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(rounded("math.round"), Values({-3, -2, -1, 0, 1, 2, 3, 3}));
  EXPECT_EQ(rounded("math.roundeven"), Values({-2, -2, 0, 0, 0, 2, 2, 3}));
  EXPECT_EQ(rounded("math.absf"),
            Values({2.5, 1.5, 0.5, 0.2, 0.5, 1.5, 2.5, 2.7}));
  EXPECT_EQ(rounded("arith.negf"),
            Values({2.5, 1.5, 0.5, 0.2, -0.5, -1.5, -2.5, -2.7}));
}

TEST_F(ArithTest, Classes) {
  // 0, smallest subnormal, smallest normal, 1, infinity, NaN.
  Words words = {0, 1, 0x0400, 0x3c00, 0x7c00, 0x7e00};
  auto is = [&](StringRef op) {
    return apply(op, "f16", DType::F16, {words}, "i1", DType::Bool);
  };
  EXPECT_EQ(is("math.isnan"), Words({0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(is("math.isinf"), Words({0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(is("math.isfinite"), Words({1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(is("math.isnormal"), Words({0, 0, 1, 1, 0, 0}));
}
} // namespace
