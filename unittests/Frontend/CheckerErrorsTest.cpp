//===- CheckerErrorsTest.cpp - mistakes that the checker finds ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckedText.h"
#include "llvm/Support/ProgramStack.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

namespace {

/// One mistake: `errors` is what getErrors() says without the line and column
/// of each message.
struct Mistake {
  const char *source;
  const char *errors;
};

std::string withoutPlaces(llvm::StringRef errors) {
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

std::string getErrorsOfFile(const std::string &source) {
  CheckedText text("tk 1;\n" + source);
  if (text.program)
    text.program->checkAll(&text.context);
  return withoutPlaces(text.getErrors());
}

/// In a kernel with a bit of everything.
std::string getErrorsOfBody(const std::string &body) {
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

void expectInBodies(std::initializer_list<Mistake> mistakes) {
  for (const Mistake &mistake : mistakes)
    EXPECT_EQ(getErrorsOfBody(mistake.source), mistake.errors)
        << mistake.source;
}

void expectInFiles(std::initializer_list<Mistake> mistakes) {
  for (const Mistake &mistake : mistakes)
    EXPECT_EQ(getErrorsOfFile(mistake.source), mistake.errors)
        << mistake.source;
}

TEST(CheckerErrorsTest, TheKernelOfTheseTestsIsGood) {
  EXPECT_EQ(getErrorsOfBody("y[0, 0 +: B] = x[0, 0 +: B];"), "");
}

//===----------------------------------------------------------------------===//
// Names and declarations
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, Names) {
  expectInBodies({
      {"let v = f32(x[0, 0 +: BB]);", "'BB' unknown name 'BB' [UnknownName]\n"
                                      "  'BB' did you mean 'B'?\n"
                                      "  'B' 'B' declared here\n"},
      {"if false { nowhere(); }",
       "'nowhere' unknown name 'nowhere' [UnknownName]\n"
       "  'nowhere' did you mean 'where'?\n"},
      {"var v: f23 = 0.0;", "'f23' unknown type 'f23' [UnknownType]\n"
                            "  'f23' did you mean 'f32'?\n"},
      {"let a = 1; let a = 2;",
       "'a' 'a' is already declared in this block [Redeclared]\n"
       "  'a' 'a' declared here\n"},
      {"let v = half_of;\nlet w = v + 1;",
       "'v' expected a number or a tile, got fn [ExpectedNumber]\n"},
      {"let v = exp;", "'exp' 'exp' is no value [NotAValue]\n"},
  });
}

TEST(CheckerErrorsTest, AbsentArguments) {
  expectInFiles({
      {"kernel k(z: tensor<f32>[N]?) grid(1) { print(z[0]); }\n"
       "export k<z = none>;",
       "'z' optional argument 'z' is absent in this instance "
       "[AbsentArgument]\n"
       "  'z' use it inside 'if z { ... }'\n"},
      {"kernel k(z: tensor<f32>[N]?) grid(1) { if z { print(z[0]); } }\n"
       "export k<z = none>, k;",
       ""},
  });
}

TEST(CheckerErrorsTest, Declarations) {
  expectInFiles({
      {"fn f() {}\nenum f { a }",
       "'f' 'f' is declared twice [DuplicateDeclaration]\n"
       "  'f' 'f' declared here\n"},
      {"enum E { a, b, a }",
       "'a' 'a' is used twice in this list [DuplicateName]\n"
       "  'a' the first is here\n"},
      {"fn exp(v: f32) -> f32 { return v; }",
       "'exp' 'exp' is a name of the language and cannot be declared "
       "[ReservedName]\n"},
      {"fn f() {}\ntest t : f();",
       "'f' 'f' is a function, expected a kernel or a sequence [NotAKernel]\n"},
      {"kernel k<T: flota>(x: tensor<T>[N]) grid(N) {}",
       "'flota' unknown class of types 'flota', expected one of any, float, "
       "half, int, number, signed, unsigned [UnknownTypeClass]\n"},
      {"kernel k(x: out tensor<f32>[N]) grid(N) {}\n"
       "reference k() -> (xx within X) {}",
       "'xx' 'k' has no output 'xx' [NotAReferenceName]\n"
       "  'xx' did you mean 'x'?\n"},
      {"kernel k(x: out tensor<f32>[N], z: out tensor<f32>[N]) grid(N) {}\n"
       "reference k() -> (x within X) { x = 0; }",
       "'k' the reference of 'k' says nothing of 'z' "
       "[MissingReferenceResult]\n"
       "  'k' add it behind '->' or to 'ignore(...)'\n"},
      {"kernel k(x: out tensor<f32>[N]) grid(N) {}\n"
       "reference k() -> (x within X) ignore(x) { x = 0; }",
       "'x' 'x' is used twice in this list [DuplicateName]\n"
       "  'x' the first is here\n"},
      {"kernel k(x: out tensor<f32>[N], z: mut tensor<f32>[N]) grid(N) {}\n"
       "reference k(z) -> (x within X, z within X) { let y = z; }",
       "'x' the reference of 'k' never assigns 'x' [ResultNotAssigned]\n"},
      {"kernel k(x: out tensor<f32>[N]) grid(N) {}\n"
       "reference k() -> (x within X) { for i in range(N) { x[i] = 0; } }",
       ""},
      {"kernel k(x: tensor<f32>[N]) {}",
       "'k' kernel 'k' has no 'grid(...)' [MissingGrid]\n"
       "  'k' say behind the parameters how many programs run, as in "
       "'grid(cdiv(N, 128))'\n"},
      {"kernel k(n: index) grid(n, n, n, n) {}",
       "'grid(n, n, n, n)' a grid has 1 to 3 axes, got 4 [GridRank]\n"},
      {"kernel k(n: out f32) grid(1) {}",
       "'out' only a tensor can be 'mut', 'out' or 'temp', got f32 "
       "[ModeNeedsTensor]\n"},
      {"fn f(n: mut f32) {}",
       "'mut' only a tensor can be 'mut', 'out' or 'temp', got f32 "
       "[ModeNeedsTensor]\n"},
      {"kernel k(x: tensor<f32>[N] = 0) grid(1) {}",
       "'0' only a scalar has a default, and only a 'temp' can start as 0, "
       "got tensor<f32>[?] [DefaultNeedsScalar]\n"},
      {"fn f(x: tensor<f32>[N] = 0) {}",
       "'0' only a scalar has a default, and only a 'temp' can start as 0, "
       "got tensor<f32>[?] [DefaultNeedsScalar]\n"},
      {"kernel k(x: temp tensor<f32>[N] = 1) grid(1) {}",
       "'1' a temp can start as 0, got 1 [TempNotZero]\n"},
      {"kernel k(x: tensor<f32>[]) grid(1) {}",
       "'tensor<f32>[]' 'tensor' needs at least 1 dimension, got 0 "
       "[RankTooSmall]\n"},
      {"kernel k(x: tensor<f32>[N], y: tensor<f32>[N * 1.5]) grid(1) {}",
       "'N * 1.5' a dimension needs an integer, got a float [ExpectedType]\n"},
      {"kernel k(s: f32) grid(s + 1) {}",
       "'s + 1' an axis of the grid needs an integer, got a float "
       "[ExpectedType]\n"},
      {"kernel k(x: tensor<f32>[N]) grid(if N > 0 { N == 1 } else { false }) "
       "{}",
       "'if N > 0 { N == 1 } else { false }' an axis of the grid needs an "
       "integer, got a truth value [ExpectedType]\n"},
      {"kernel k(x: tensor<f32>[N]) grid(N) require(N % 4) {}",
       "'N % 4' 'require' needs a truth value, got an integer "
       "[ExpectedType]\n"},
      {"kernel k<B: const = 1>() grid(1) tune(B in [1, 2.5]) {}",
       "'2.5' 'B' expects an integer constant, got '2.5' "
       "[WrongGenericKind]\n"
       "  'B: const = 1' 'B' declared here\n"},
      {"kernel k() grid(1) tune(warps in [f32]) {}",
       "'f32' a number of warps or stages must be an integer that fits an "
       "index, "
       "got type [ExpectedIndex]\n"},
      {"kernel k(n: (f32, f32)) grid(1) {}",
       "'(f32, f32)' a kernel takes tensors, pointers and scalars, got (f32, "
       "f32) [NotAKernelParam]\n"},
      {"kernel k(x: tensor<f32>[N]) grid(exp(N)) {}",
       "'exp(N)' the host cannot compute this before a launch "
       "[NotAHostExpr]\n"},
      {"kernel k(x: tensor<f32>[N]) grid(x) {}",
       "'x' the host cannot compute this before a launch [NotAHostExpr]\n"},
      {"kernel k(p: ptr<f32>) grid(p) {}",
       "'p' the host cannot compute this before a launch [NotAHostExpr]\n"},
      {"kernel k(p: ptr<f32>) grid(p.bytes) {}",
       "'p.bytes' the host cannot compute this before a launch "
       "[NotAHostExpr]\n"},
      {"kernel k(n: i32) grid(n.bytes) {}",
       "'n.bytes' the host cannot compute this before a launch "
       "[NotAHostExpr]\n"},
      {"kernel k<B: const = 1>() grid(1) tune(BB in [1]) {}",
       "'BB' 'BB' is no generic parameter of this kernel, nor 'warps' or "
       "'stages' [UnknownTuneAxis]\n"},
      {"kernel k(x: mut tensor<f32>[N]) grid(1) init(xx = 0) {}",
       "'xx' unknown name 'xx' [UnknownName]\n"
       "  'xx' did you mean 'x'?\n"},
      {"kernel k(x: tensor<f32>[N]) grid(1) init(x = 0) {}",
       "'x' this tensor is read-only [NotWritable]\n"
       "  'x' 'x' declared here\n"
       "  'x' declare it 'mut'\n"},
      {"kernel k(x: mut tensor<i8>[N]) grid(1) init(x = 128) {}",
       "'128' 128 is not a value of i8 [NotRepresentable]\n"},
      {"kernel k(x: mut tensor<i8>[N]) grid(1) init(x = true) {}",
       "'true' true is not a value of i8 [NotRepresentable]\n"},
      {"kernel k(x: mut tensor<bool>[N]) grid(1) init(x = true) {}", ""},
      {"kernel k(x: mut tensor<f32>[N]) grid(1) alias(x, y) {}",
       "'y' unknown name 'y' [UnknownName]\n"},
      {"kernel k() grid(1) progress(eventual) {}",
       "'eventual' 'progress' must be one of resident [UnknownWord]\n"},
      {"kernel k() grid(1) @warps(4) {}",
       "'@warps(4)' a schedule hint is not supported yet "
       "[NotSupportedYet]\n"},
      {"sequence s(x) {}", "'x' parameter 'x' needs a type [ParamNeedsType]\n"},
      {"fn f(a, b: f32) -> f32 { return b; }\n"
       "kernel k(x: tensor<f32>[N]) grid(1) { print(reduce(x[0 +: 4], f)); }",
       "'a' parameter 'a' needs a type [ParamNeedsType]\n"},
  });
}

//===----------------------------------------------------------------------===//
// Generic parameters and functions
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, GenericParameters) {
  expectInFiles({
      {"kernel k<B: const>() grid(1) {}\nexport k;",
       "'k' 'k' needs a value for 'B', which nothing here tells "
       "[MissingGeneric]\n"
       "  'B: const' 'B' declared here\n"
       "  'k' write 'k<B = ...>'\n"},
      {"kernel k<B: const>() grid(1) {}\nexport k<1, 2>;",
       "'2' 'k' takes 1 generic argument, got 2 [WrongGenericCount]\n"},
      {"kernel k<B: const>() grid(1) {}\nexport k<C = 2>;",
       "'C' 'k' has no generic parameter 'C' [UnknownGeneric]\n"},
      {"kernel k<B: const>() grid(1) {}\nexport k<1, B = 2>;",
       "'B = 2' 'B' is given twice [ArgumentTwice]\n"},
      {"kernel k<B: const>() grid(1) {}\nexport k<f32>;",
       "'f32' 'B' expects an integer constant, got 'f32' [WrongGenericKind]\n"
       "  'B: const' 'B' declared here\n"},
      {"kernel k<T: half>(x: tensor<T>[N]) grid(N) {}\nexport k<f32>;",
       "'k<f32>' 'T' must be of class 'half', got f32 [WrongTypeClass]\n"
       "  'T: half' 'T' declared here\n"},
      {"kernel k<D: const in [64, 128]>() grid(1) {}\nexport k<96>;",
       "'k<96>' 'D' cannot be 96 [NotAChoice]\n"
       "  '[64, 128]' the choices are declared here\n"},
      {"enum E { a }\nkernel k<M: const E>() grid(1) {}\nexport k<.b>;",
       "'b' E has no case '.b' [UnknownEnumCase]\n"},
      {"fn a(n: index) -> index { return b(n); }\n"
       "fn b(n: index) -> index { return a(n); }\n"
       "kernel k() grid(1) { print(a(1)); }",
       "'a(n)' 'a' calls itself, directly or through others; recursion is not "
       "supported [Recursion]\n"
       "  'a' 'a' declared here\n"},
  });
}

TEST(CheckerErrorsTest, InstancesOfFunctionsAreLimited) {
  // Each of 16 functions calls the next for two constants: 2^16 instances.
  std::string source;
  for (int i = 15; i >= 0; --i) {
    std::string name = "f" + std::to_string(i);
    std::string next = "f" + std::to_string(i + 1);
    std::string calls =
        i == 15 ? "n"
                : next + "<E = 2 * E>(n) + " + next + "<E = 2 * E + 1>(n)";
    source += "fn " + name + "<E: const>(n: index) -> index { return " + calls +
              "; }\n";
  }
  std::string errors =
      getErrorsOfFile(source + "kernel k() grid(1) { print(f0<E = 1>(1)); }");
  EXPECT_NE(errors.find("more than 4096 instances of functions, stopping here "
                        "[TooManyInstances]"),
            std::string::npos)
      << errors;
}

TEST(CheckerErrorsTest, Arguments) {
  expectInBodies({
      {"let v = half_of(1.0, 2.0);",
       "'half_of(1.0, 2.0)' 'half_of' takes 1 argument, got 2 "
       "[WrongArgumentCount]\n"
       "  'half_of' 'half_of' declared here\n"},
      {"let v = half_of();",
       "'half_of()' 'half_of' needs the argument 'v' [MissingArgument]\n"
       "  'half_of' 'half_of' declared here\n"},
      {"let v = sum(x[0, 0 +: B], axes = 0);",
       "'axes' 'sum' has no argument 'axes' [UnknownArgument]\n"
       "  'axes' did you mean 'axis'?\n"},
      {"let v = generic(1);",
       "'generic(1)' 'generic' needs a value for 'E', which nothing here tells "
       "[MissingGeneric]\n"
       "  'E: const' 'E' declared here\n"
       "  'generic(1)' write 'generic<E = ...>'\n"},
      {"let v = 3(4);", "'3' this cannot be called [CannotCall]\n"},
      {"let v = add_two(x[0, 0 +: 4], x[0, 0 +: 4]);",
       "'x[0, 0 +: 4]' 'a' needs f32, got tile<f32>[4] [ExpectedType]\n"
       "  'x[0, 0 +: 4]' 'map(add_two, ...)' applies it to each element\n"},
      {"let v = scaled(2.0) + scaled(2.0, 3.0);", ""},
      {"fill_first(x);", "'x' this tensor is read-only [NotWritable]\n"
                         "  'v' 'v' declared here\n"},
      {"fill_first(y);", ""},
      {"let v = half_of(x);",
       "'x' 'v' needs f32, got tensor<f32>[?, ?] [ExpectedType]\n"},
  });
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, Constants) {
  expectInBodies({
      {"let a = 9223372036854775807 * 4;",
       "'9223372036854775807 * 4' the result of '*' does not fit into 64 bits "
       "[ConstantOverflow]\n"},
      {"let a = B / (B - 64);",
       "'B / (B - 64)' '/' of a constant by zero [ConstantDivisionByZero]\n"},
      {"let a = 1 << 64;",
       "'1 << 64' '<<' shifts a constant by less than 0 or more than 63 "
       "[ConstantShiftTooFar]\n"},
      {"let a = n + 1.5;", "'1.5' float constant where i32 is expected "
                           "[FloatForInteger]\n"},
      {"let a = n + 3000000000;",
       "'3000000000' 3000000000 is not a value of i32 [NotRepresentable]\n"},
      {"let a = f32(n) + 16777217;",
       "'16777217' 16777217 is not a value of f32 [NotRepresentable]\n"},
      {"let a = x[0, 0 +: R];",
       "'R' the extent of a slice must be known at compile time "
       "[NotConstant]\n"
       "  'R' make it a constant of the kernel, as in "
       "'<BLOCK: const = 128>'\n"},
      {"let a = f16(n) + 1e6;",
       "'1e6' 1.0E+6 is not a value of f16 [NotRepresentable]\n"
       "  '1e6' write 'inf' for what is above all values\n"},
      {"let a = f32(n) - -1e39;",
       "'-1e39' -1.0E+39 is not a value of f32 [NotRepresentable]\n"
       "  '-1e39' write '-inf' for what is below all values\n"},
      {"let a = 1e99999;",
       "'1e99999' 1e99999 is not a value of any type [NotRepresentable]\n"},
      {"let a = f16(n) + inf;", ""},
      {"static_assert(B % 3 == 0, \"B is a multiple of 3\");",
       "'B % 3 == 0' static_assert failed: B is a multiple of 3 "
       "[StaticAssertFailed]\n"},
  });
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, Operators) {
  expectInBodies({
      {"let a = f32(n) + f64(n);", "'+' cannot mix f32 and f64 [MixedTypes]\n"
                                   "  'f32(n)' write 'f64(f32(n))'\n"},
      {"static_assert(M == Mode.slow && !(Mode.quick == M) && M != .quick);",
       ""},
      {"let a = M < Mode.slow;",
       "'<' '<' is not defined for Mode [OperatorNotDefined]\n"},
      {"let a = M == n;",
       "'M' expected a number or a tile, got Mode [ExpectedNumber]\n"},
      {"let a = B + T;",
       "'T' expected a number or a tile, got type [ExpectedNumber]\n"},
      {"static_assert(T == f32 && T != f16);", ""},
      {"let a = cdiv(1.0, 2.0);",
       "'cdiv(1.0, 2.0)' an operand of 'cdiv' must be an integer that fits an "
       "index, got untyped float [ExpectedIndex]\n"},
      {"let a = zeros[4];", "'zeros' 'zeros' is no value [NotAValue]\n"
                            "  'zeros' write 'zeros<f32>[M, N]'\n"},
      {"let a = n + f32(n);", "'+' cannot mix i32 and f32 [MixedTypes]\n"
                              "  'n' write 'f32(n)'\n"},
      {"let a = f32(n) % 2.0;",
       "'%' '%' is not defined for f32 [OperatorNotDefined]\n"},
      {"let a = (n > 0) + (n > 1);",
       "'+' '+' is not defined for bool [OperatorNotDefined]\n"
       "  '+' write 'f32(x)' or 'i32(x)' to count with truth values\n"},
      {"let a = x + 1;",
       "'x' expected a number or a tile, got tensor<f32>[?, ?] "
       "[ExpectedNumber]\n"
       "  'x' a tensor is read by indexing it: 'x[i, 0 +: 128]'\n"},
      {"let a = q + 1.0;",
       "'1.0' a pointer moves by an integer, got f32 [ExpectedOffset]\n"},
      {"let a = q + 1099511627776;", "'1099511627776' 1099511627776 is not a "
                                     "value of i32 [NotRepresentable]\n"},
      {"if n { return; }", "'n' expected a condition of type bool, got i32 "
                           "[ExpectedCondition]\n"},
      {"if x[0, 0 +: 4] > 0 { return; }",
       "'x[0, 0 +: 4] > 0' expected a condition of type bool, got "
       "tile<bool>[4] [ExpectedCondition]\n"
       "  'x[0, 0 +: 4] > 0' 'where(condition, a, b)' chooses for each "
       "element; "
       "'any(...)' and 'all(...)' give one answer\n"},
      {"let a = if n > 0 { 1.0 } else { (1, 2) };",
       "'if n > 0 { 1.0 } else { (1, 2) }' the arms of this if have different "
       "types, untyped float and (untyped integer, untyped integer) "
       "[ArmsDiffer]\n"},
  });
}

TEST(CheckerErrorsTest, CastsAndFunctions) {
  expectInBodies({
      {"let a = bitcast<i64>(f32(n));",
       "'bitcast<i64>(f32(n))' bitcast needs types of one width, got f32 and "
       "i64 [BitcastWidth]\n"},
      {"let a = i64(q);", "'i64(q)' cannot convert ptr<f32> to i64 "
                          "[CannotCast]\n"},
      {"let a = zeros(3);", "'zeros' 'zeros' cannot be called here "
                            "[BuiltinMisused]\n"
                            "  'zeros' write 'zeros<f32>[M, N]'\n"},
      {"let a = exp(n);", "'n' 'exp' needs floats, got i32 [ExpectedFloat]\n"},
      {"let a = fast.exp(f64(n));",
       "'fast.exp(f64(n))' 'fast.exp' is defined for f32, got f64 "
       "[FastNeedsF32]\n"},
      {"let a = fast.expp(f32(n));",
       "'expp' 'fast' has no 'expp' [NoSuchMember]\n"
       "  'expp' did you mean 'exp'?\n"},
      {"let a = map(n, x[0, 0 +: 4]);",
       "'n' expected the name of a function or a lambda "
       "[ExpectedFunction]\n"},
      {"let a = |p, q| p;", "'|p, q| p' a lambda stands only where 'reduce' "
                            "or 'map' takes a function [MisplacedLambda]\n"},
      {"let a = [1, 2];",
       "'[1, 2]' a list in brackets is no value [MisplacedList]\n"},
      {"let a = .slow;", "'.slow' '.slow' has no enum here to be a case of "
                         "[EnumCaseWithoutEnum]\n"},
      {"let a = n == .slow;",
       "'n' expected a value of an enum, got i32 [ExpectedEnum]\n"},
      {"let a = M == .slo;", "'slo' Mode has no case '.slo' [UnknownEnumCase]\n"
                             "  'slo' did you mean 'slow'?\n"},
      {"let a = (n, n).2;", "'2' no field 2 in a tuple of 2 [NoSuchField]\n"},
      {"let a = n.0;", "'0' expected a tuple, got i32 [NotATuple]\n"},
      {"let (a, b) = (n, n, n);",
       "'(a, b)' expected 2 values to name, got 3 values [PatternSize]\n"},
      {"let v: f32 = n;",
       "'n' expected elements of type f32, got i32 [ExpectedElement]\n"
       "  'n' write 'f32(...)' to convert\n"},
      {"let v = zeros<3>[4];",
       "'3' expected the name of a type, got untyped integer "
       "[ExpectedTypeName]\n"},
      {"var v: ptr<(f32, f32)> = q;",
       "'(f32, f32)' expected the type of a scalar, got (f32, f32) "
       "[ExpectedScalarType]\n"},
      {"var v = half_of;", "'half_of' fn cannot be kept in a variable "
                           "[NotStorable]\n"},
      {"var v = x[0, :];",
       "'x[0, :]' tensor<f32>[?] cannot be a 'var'; declare it with 'let' "
       "[ViewIsNotMutable]\n"},
  });
}

TEST(CheckerErrorsTest, LiftedFunctionsChooseValuesOnly) {
  EXPECT_EQ(
      getErrorsOfFile(
          "fn f(v: f32) -> f32 { if v > 0 { return v; } return 0.0; "
          "}\n"
          "kernel k(x: tensor<f32>[N]) grid(1) { print(map(f, x[0 "
          "+: 4])); }"),
      "'v > 0' in a function applied by 'map', both arms must be single values "
      "[LiftedArmHasEffects]\n"
      "  'v > 0' write 'let r = if c { a } else { b };'\n");
  EXPECT_EQ(
      getErrorsOfFile("kernel k(x: tensor<f32>[N]) grid(1) {\n"
                      "  print(map(|v| if v > 0 { let w = v; w } else { v },\n"
                      "            x[0 +: 4])); }"),
      "'if v > 0 { let w = v; w } else { v }' in a function applied by "
      "'map', both arms must be single values [LiftedArmHasEffects]\n"
      "  'if v > 0 { let w = v; w } else { v }' compute what the arms "
      "need in front of the if\n");
}

// What stands for a scalar there is a tile only in the IR.
TEST(CheckerErrorsTest, LiftedFunctionsSeeScalars) {
  auto errorsOf = [](const std::string &value) {
    return getErrorsOfFile("fn f(v: f32) -> f32 { return " + value +
                           "; }\n"
                           "kernel k(x: tensor<f32>[N]) grid(1) {\n"
                           "  print(map(f, x[0 +: 4])); }");
  };
  EXPECT_EQ(errorsOf("sum(v)"),
            "'sum' 'sum' computes with a whole tile; a function applied by "
            "'map' sees one element [NeedsWholeTile]\n");
  EXPECT_EQ(errorsOf("v - max(v)"),
            "'max' 'max' computes with a whole tile; a function applied by "
            "'map' sees one element [NeedsWholeTile]\n");
  EXPECT_EQ(errorsOf("v[0]"), "'v' cannot index f32, expected a tensor or a "
                              "tile [CannotIndex]\n");
  EXPECT_EQ(errorsOf("max(v, 0.0)"), "");
}

TEST(CheckerErrorsTest, Lambdas) {
  expectInBodies({
      {"let t = zeros<f32>[4]; let a = map(|p| p + t, zeros<f32>[4]);",
       "'t' a lambda can use scalars from outside, got tile<f32>[4] "
       "[CaptureNotScalar]\n"
       "  't' 't' declared here\n"},
      {"let t = (zeros<f32>[4], n);\n"
       "let a = reduce(zeros<f32>[4], |p, r| p + r + sum(t.0));",
       "'t' a lambda can use scalars from outside, got (tile<f32>[4], i32) "
       "[CaptureNotScalar]\n"
       "  't' 't' declared here\n"},
      {"var s = 0.0; let a = map(|p| { s = p; p }, zeros<f32>[4]);",
       "'s' 's' is declared outside of this lambda, which cannot assign it "
       "[AssignToCapture]\n"
       "  's' 's' declared here\n"},
      {"let a = map(|p| { if n > 0 { return; } p }, zeros<f32>[4]);",
       "'return;' a lambda has no 'return' [ReturnInLambda]\n"
       "  'return;' end the lambda in its value, without semicolon\n"},
      {"let a = map(|p, r| p, zeros<f32>[4]);",
       "'|p, r| p' expected a function of 1 parameter, got 2 "
       "[LambdaParams]\n"},
      {"let a = map(|p| { let r = p; }, zeros<f32>[4]);",
       "'|p| { let r = p; }' a lambda ends in a value without semicolon "
       "[LambdaWithoutValue]\n"},
      {"let a = map(|p| p * f32(n) + f32(C), zeros<f32>[4]);", ""},
  });
}

// The smallest program past each limit, and the largest within.
TEST(CheckerErrorsTest, Limits) {
  auto repeat = [](const std::string &text, int count) {
    std::string result;
    for (int i = 0; i < count; ++i)
      result += (i ? ", " : "") + text;
    return result;
  };
  auto numbered = [](const std::string &before, const std::string &after,
                     int count) {
    std::string result;
    for (int i = 0; i < count; ++i)
      result += (i ? ", " : "") + before + std::to_string(i) + after;
    return result;
  };
  auto kernelOf = [](const std::string &params, const std::string &generics) {
    return "kernel k" + generics + "(" + params + ") grid(1) {}\nexport k;";
  };
  EXPECT_EQ(getErrorsOfFile(kernelOf(numbered("a", ": i32", 256), "")), "");
  EXPECT_EQ(getErrorsOfFile(kernelOf(numbered("a", ": i32", 257), "")),
            "'k' 'k' has 257 parameters, at most 256 are supported "
            "[TooManyParams]\n");
  EXPECT_EQ(getErrorsOfFile(
                kernelOf("", "<" + numbered("A", ": const = 1", 257) + ">")),
            "'k' 'k' has 257 generic parameters, at most 256 are supported "
            "[TooManyParams]\n");
  EXPECT_EQ(getErrorsOfFile(kernelOf("x: tensor<f32>[A, B, C, D, E]", "")), "");
  EXPECT_EQ(getErrorsOfFile(kernelOf("x: tensor<f32>[A, B, C, D, E, F]", "")),
            "'tensor<f32>[A, B, C, D, E, F]' a tensor has at most 5 "
            "dimensions, got 6 [RankTooLarge]\n");
  EXPECT_EQ(getErrorsOfBody("let v = tensor(q, [1, 1, 1, 1, 1, 1], "
                            "[1, 1, 1, 1, 1, 1]);"),
            "'[1, 1, 1, 1, 1, 1]' a tensor has at most 5 dimensions, got 6 "
            "[RankTooLarge]\n");
  EXPECT_EQ(getErrorsOfBody("let t = zeros<f32>[" + repeat("1", 8) + "];"), "");
  EXPECT_EQ(getErrorsOfBody("let t = zeros<f32>[" + repeat("1", 8) +
                            "]; let u = t[.., none];"),
            "'none' a tile has at most 8 dimensions, got 9 [RankTooLarge]\n");
  EXPECT_EQ(getErrorsOfBody("let t = (" + repeat("n", 256) + ");"), "");
  EXPECT_NE(getErrorsOfBody("let t = (" + repeat("n", 257) + ");")
                .find("tuple of more than 256 values [TupleTooLarge]"),
            std::string::npos);
  // Each line doubles the tuple before it.
  std::string doubled = "var t0 = (n, n);\n";
  for (int i = 1; i < 40; ++i)
    doubled += "var t" + std::to_string(i) + " = (t" + std::to_string(i - 1) +
               ", t" + std::to_string(i - 1) + ");\n";
  EXPECT_EQ(getErrorsOfBody(doubled),
            "'(t6, t6)' tuple of more than 256 values [TupleTooLarge]\n");
  std::string returns;
  for (int i = 0; i < 300; ++i)
    returns += "if n > " + std::to_string(i) + " { return; }\n";
  EXPECT_EQ(getErrorsOfBody(returns),
            "'return;' more than 256 returns in one body [TooManyReturns]\n");
}

// Each function calls the one before it, in the middle of a deep expression.
TEST(CheckerErrorsTest, DepthThroughCallsIsLimited) {
  auto nest = [](int count, int depth) {
    std::string source = "fn g0(v: f32) -> f32 { return v; }\n";
    std::string open, close;
    for (int i = 0; i < depth; ++i) {
      open += "abs(";
      close += ")";
    }
    for (int i = 1; i <= count; ++i)
      source += "fn g" + std::to_string(i) + "(v: f32) -> f32 { return " +
                open + "g" + std::to_string(i - 1) + "(v)" + close + "; }\n";
    return getErrorsOfFile(source + "kernel k() grid(1) { print(g" +
                           std::to_string(count) + "(1.0)); }");
  };
  EXPECT_EQ(nest(100, 1), "");
  StringRef message = "calls, blocks and expressions are nested deeper than "
                      "5000 levels here [CallsTooDeep]";
  EXPECT_EQ(StringRef(nest(2000, 1)).count(message), 1u);
  EXPECT_EQ(StringRef(nest(100, 200)).count(message), 1u);
  // A thread of the caller's may have little stack.
  std::string errors;
  llvm::runOnNewStack(1 << 20, [&] { errors = nest(100, 200); });
  EXPECT_EQ(StringRef(errors).count(message), 1u);
}

//===----------------------------------------------------------------------===//
// Tiles and tensors
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, Shapes) {
  expectInBodies({
      {"let a = zeros<f32>[4] + zeros<f32>[8];",
       "'+' shapes [4] and [8] do not fit [ShapeMismatch]\n"
       "  '+' extents must be equal or 1; write ':' and 'none' in brackets to "
       "place new dimensions\n"},
      {"let a = zeros<f32>[1048576, 1048576];",
       "'zeros<f32>[1048576, 1048576]' tile of [1048576, 1048576] has more "
       "than 1048576 elements [TileTooLarge]\n"},
      {"let a = zeros<f32>[0];",
       "'0' an extent must be at least 1, got 0 [ExtentNotPositive]\n"},
      {"let a = zeros<f32>[B - 100];",
       "'B - 100' an extent must be at least 1, got -36 "
       "[ExtentNotPositive]\n"},
      {"let a = sum(zeros<f32>[4], axis = 1);",
       "'1' axis must be at least 0 and less than 1, got 1 "
       "[AxisOutOfRange]\n"},
      {"let a = trans(zeros<f32>[4, 4], [0, 0]);",
       "'0' axis 0 is given twice [AxisTwice]\n"},
      {"let a = trans(zeros<f32>[4, 4], [0]);",
       "'[0]' expected 2 axes, got 1 [AxisCount]\n"},
      {"let a = trans(zeros<f32>[4]);",
       "'zeros<f32>[4]' 'trans' needs at least 2 dimensions, got tile<f32>[4] "
       "[RankTooSmall]\n"},
      {"let a = reshape(zeros<f32>[4], [3]);",
       "'reshape(zeros<f32>[4], [3])' cannot reshape tile<f32>[4] with 4 "
       "elements to 3 [ReshapeSize]\n"},
      {"let a = reshape(zeros<f32>[4], 4);",
       "'4' expected a list in brackets [ExpectedList]\n"},
      {"let a = sum(n);", "'n' 'sum' needs a tile, got i32 [ExpectedTile]\n"},
  });
}

TEST(CheckerErrorsTest, Dot) {
  expectInBodies({
      {"let a = dot(zeros<f32>[4, 8], zeros<f32>[4, 8]);",
       "'dot(zeros<f32>[4, 8], zeros<f32>[4, 8])' cannot multiply tile<f32>[4, "
       "8] by tile<f32>[4, 8]: the inner extents are 8 and 4 [DotK]\n"
       "  'dot(zeros<f32>[4, 8], zeros<f32>[4, 8])' the last dimension of the "
       "left side meets the last but one of the right side\n"},
      {"let a = dot(zeros<i32>[4, 4], zeros<i32>[4, 4]);",
       "'zeros<i32>[4, 4]' 'dot' needs f16, bf16, f32, f64, i8 or u8, got "
       "tile<i32>[4, 4] [DotElement]\n"},
      {"let a = dot(zeros<f16>[4, 4], zeros<f16>[4, 4], precision = tf32);",
       "'tf32' precision 'tf32' is for f32 operands, got f16 "
       "[PrecisionNeedsF32]\n"},
      {"let a = dot(zeros<f32>[4, 4], zeros<f32>[4, 4], precision = half);",
       "'half' 'precision' must be one of ieee, tf32, tf32x3 [UnknownWord]\n"},
      {"var a = zeros<f32>[4, 4];\n"
       "a += dot(zeros<f32>[4, 4], zeros<f32>[4, 4], a);",
       "'a' '+=' is already the accumulator of this 'dot' "
       "[TwoAccumulators]\n"},
  });
}

TEST(CheckerErrorsTest, Indexing) {
  expectInBodies({
      {"let a = n[0];",
       "'n' cannot index i32, expected a tensor or a tile [CannotIndex]\n"},
      {"let a = x[0];",
       "'x[0]' expected 2 index items, got 1 [WrongItemCount]\n"
       "  'x[0]' an item for each dimension: 'i', 's +: E', or ':' for a view "
       "of all of it\n"},
      {"let a = x[0, 0, 0];",
       "'x[0, 0, 0]' expected 2 index items, got 3 [WrongItemCount]\n"},
      {"let a = zeros<f32>[4][4];",
       "'4' element 4 lies outside of a tile with 4 elements in this "
       "dimension [TileIndexOutside]\n"},
      {"let a = zeros<f32>[4][-1];",
       "'-1' element -1 lies outside of a tile with 4 elements in this "
       "dimension [TileIndexOutside]\n"},
      {"let a = zeros<f32>[2, 4][:, 1 +: 4];",
       "'1 +: 4' element 4 lies outside of a tile with 4 elements in this "
       "dimension [TileIndexOutside]\n"},
      {"let a = zeros<f32>[2, 4][1, 0 +: 4] + zeros<f32>[4][n];", ""},
      {"let a = zeros<f32>[2, 4][arange(2), arange(2) + n];", ""},
      {"let a = x[.., 0, ..];", "'..' second '..' in one index [TwoEllipses]\n"
                                "  '..' the first is here\n"},
      {"let a = x[0.5, 0];", "'0.5' an index must be an integer that fits an "
                             "index, got untyped float "
                             "[ExpectedIndex]\n"},
      {"let a = x[arange(4), :];",
       "'arange(4)' an integer tile cannot select a view; give every dimension "
       "an extent to read it [GatherOnView]\n"},
      {"let a = x[0, :, none];",
       "'none' 'none' adds an axis to a tile, not to a view "
       "[NewAxisOnView]\n"},
      {"let a = x[0, :, pad = 1.0];", "'pad = 1.0' ':' and '..' make a view, "
                                      "which reads nothing; pad where it "
                                      "is read [PadOnView]\n"},
      {"let a = zeros<f32>[4][0 +: 2, pad = 1.0];",
       "'pad = 1.0' named arguments stand only where a tensor is read "
       "[PadOnTile]\n"},
      {"let a = x.inside(0, :);",
       "':' 'inside' needs a start and an extent, 's +: E', in each dimension "
       "[WholeInside]\n"},
      {"y[0, :] = 0.0;",
       "':' what is written needs a start and an extent, 's +: E', in each "
       "dimension [PlaceNeedsExtents]\n"},
      {"x[0, 0] = 0.0;", "'x' this tensor is read-only [NotWritable]\n"
                         "  'x' 'x' declared here\n"
                         "  'x' declare it 'mut' or 'out'\n"},
      {"let v = tensor(q, [4, 4], [4]);",
       "'[4]' expected 2 strides, got 1 [StrideCount]\n"},
      {"let v = tensor(n, [4], [1]);",
       "'n' expected a pointer, got i32 [ExpectedPointer]\n"},
      {"var t = zeros<f32>[4, 4]; t[0 +: 2, :] = 1.0;",
       "'0 +: 2' in a tile only whole slices, 't[i, :]', can be assigned "
       "[TilePlace]\n"},
      {"atomic_add(n, 1);",
       "'n' expected elements of a tensor, as in 'x[i, 0 +: 128]' "
       "[ExpectedPlace]\n"},
      {"atomic_add(q[0], 1.0);",
       "'q' a place needs a tensor, got ptr<f32> [ExpectedTensor]\n"
       "  'q' write 'store(p + i, value)'\n"},
      {"atomic_store(y[0, 0], 1.0, order = acquire);",
       "'acquire' order 'acquire' is not defined for 'atomic_store' "
       "[OrderNotDefined]\n"},
  });
}

TEST(CheckerErrorsTest, Combiners) {
  expectInBodies({
      {"let a = reduce(zeros<f32>[4], |p| p);",
       "'|p| p' expected a function of 2 parameters, got 1 [LambdaParams]\n"},
      {"let a = reduce(zeros<f32>[4], |p, q| { let r = p; });",
       "'|p, q| { let r = p; }' a lambda ends in a value without semicolon "
       "[LambdaWithoutValue]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { y[0, 0] = p; r });",
       "'y[0, 0] = p;' a combiner may not touch memory [CombinerNotPure]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { for i in range(2) {} p });",
       "'for i in range(2) {}' a combiner may not loop [CombinerLoops]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { while p > r {} p });",
       "'while p > r {}' a combiner may not loop [CombinerLoops]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| p + sum(zeros<f32>[4]));",
       "'zeros<f32>[4]' a combiner computes with scalars, got tile<f32>[4] "
       "[CombinerNotScalar]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| half_of(p) + r);", ""},
  });
  EXPECT_EQ(
      getErrorsOfFile("fn f(a: f32, b: f32) -> f32 {\n"
                      "  var s = a; for i in range(2) { s += b; } return s; }\n"
                      "kernel k(x: tensor<f32>[N]) grid(1) {\n"
                      "  print(f(1.0, 2.0)); print(reduce(x[0 +: 4], f)); }"),
      "'for i in range(2) { s += b; }' a combiner may not loop "
      "[CombinerLoops]\n");
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

TEST(CheckerErrorsTest, Statements) {
  expectInBodies({
      {"y = zeros<f32>[4, 4];",
       "'y' 'y' is a tensor; only its elements can be assigned "
       "[AssignToTensor]\n"
       "  'y' name the elements to write: 'y[i, 0 +: 128] = ...'\n"},
      {"let a = n; a = 2;",
       "'a' 'a' is declared with 'let' and cannot be assigned [NotMutable]\n"
       "  'a' 'a' declared here\n"
       "  'a' declare it with 'var' to assign to it\n"},
      {"B = 3;", "'B' 'B' cannot be assigned [NotAssignable]\n"
                 "  'B' 'let' and 'const' name constants; declare it with "
                 "'var'\n"},
      {"let c = 1; c = 2;",
       "'c' 'c' cannot be assigned [NotAssignable]\n"
       "  'c' 'c' declared here\n"
       "  'c' 'let' and 'const' name constants; declare it with 'var'\n"},
      {"for i in range(0, 4, 0) {}",
       "'0' the step of a range must be at least 1, got 0 "
       "[StepNotPositive]\n"},
      {"for i in range(0, 4) @stages(3) {}",
       "'@stages(3)' a schedule hint is not supported yet "
       "[NotSupportedYet]\n"},
      {"return 3;", "'3' no value is returned here [ReturnsNothing]\n"},
      {"return; let a = 3;",
       "'let a = 3;' nothing after a return is reached [Unreachable]\n"},
      {"exp(f32(n));",
       "'exp(f32(n));' the result of this call is not used [UnusedValue]\n"},
      {"temp t: tensor<f32>[4];",
       "'temp t: tensor<f32>[4];' 'temp' stands only in a sequence "
       "[TempOutsideSequence]\n"},
  });
  EXPECT_EQ(getErrorsOfFile("fn f(n: i32) -> i32 { if n > 0 { return n; } }\n"
                            "kernel k() grid(1) { print(f(1)); }"),
            "'}' not every path returns a value of type i32 [MissingReturn]\n");
}

TEST(CheckerErrorsTest, ViewsAndPointersAreNotReturnedFromLoops) {
  expectInFiles({
      {"fn f(x: tensor<f32>[M, N]) -> tensor<f32>[N] {\n"
       "  for i in range(M) { if i > 3 { return x[i, :]; } }\n"
       "  return x[0, :]; }\n"
       "kernel k(x: tensor<f32>[M, N]) grid(1) { print(f(x)[0]); }",
       "'for i in range(M) { if i > 3 { return x[i, :]; } }' tensor<f32>[?] "
       "cannot be returned from inside a loop or an if that may go on "
       "[ReturnFromLoop]\n"},
      {"fn f(p: ptr<f32>, n: i32) -> (ptr<f32>, i32) {\n"
       "  if n > 0 { if n > 1 { return (p, 0); } }\n"
       "  return (p + n, 1); }\n"
       "kernel k(p: ptr<f32>) grid(1) { print(f(p, 1).1); }",
       "'if n > 0 { if n > 1 { return (p, 0); } }' (ptr<f32>, i32) cannot be "
       "returned from inside a loop or an if that may go on "
       "[ReturnFromLoop]\n"},
      {"fn f(x: tensor<f32>[M, N], n: i32) -> tensor<f32>[N] {\n"
       "  if n > 0 { return x[0, :]; }\n"
       "  return x[1, :]; }\n"
       "kernel k(x: tensor<f32>[M, N]) grid(1) { print(f(x, 1)[0]); }",
       ""},
  });
}

//===----------------------------------------------------------------------===//
// References, sequences, tests
//===----------------------------------------------------------------------===//

constexpr const char *kCopy =
    "kernel copy<B: const = 8>(x: tensor<f32>[N], y: out tensor<f32>[N])\n"
    "  grid(cdiv(N, B)) require(N < 100) {\n"
    "  y[program_id(0) * B +: B] = x[program_id(0) * B +: B];\n"
    "}\n";

void expectWithCopy(std::initializer_list<Mistake> mistakes) {
  for (const Mistake &mistake : mistakes)
    EXPECT_EQ(getErrorsOfFile(std::string(kCopy) + mistake.source),
              mistake.errors)
        << mistake.source;
}

TEST(CheckerErrorsTest, References) {
  expectWithCopy({
      {"reference copy(x) -> (y within X) { y = x * f64(program_id(0)); }\n"
       "test t : copy(x = randn[4]);",
       "'program_id(0)' 'program_id' has no meaning in a reference "
       "[NoGridInReference]\n"},
      {"reference copy(x) -> (y within X) { y = x * max(x); }\n"
       "test t : copy(x = randn[0]);",
       "'x' 'max' over no elements has no value [EmptyReduction]\n"},
      {"reference copy(x) -> (y within Z) { y = x; }\n"
       "test t : copy(x = randn[4]);",
       "'Z' unknown tolerance class 'Z', expected one of X, A, M, R, D, S, F, "
       "FB, N, Q, P [UnknownToleranceClass]\n"},
      {"reference copy(x) -> (y within (rel = 1e-3, abs = -1)) { y = x; }\n"
       "test t : copy(x = randn[4]);",
       "'-1' a tolerance cannot be negative, got -1 [NegativeTolerance]\n"},
      {"reference copy(x) -> (y within D(-N)) { y = x; }\n"
       "test t : copy(x = randn[4]);",
       "'-N' a tolerance cannot be negative, got -4 [NegativeTolerance]\n"},
  });
}

TEST(CheckerErrorsTest, Sequences) {
  expectWithCopy({
      {"sequence s(x: tensor<f32>[N], y: out tensor<f32>[N]) { copy(z, y); }",
       "'z' unknown name 'z' [UnknownName]\n"},
      {"sequence s(x: tensor<f32>[N], n: f32, y: out tensor<f32>[N]) {\n"
       "  copy(n, y); }\n"
       "export s;",
       "'n' 'x' needs a parameter or temp of this sequence "
       "[ExpectedBuffer]\n"},
      {"sequence s(x: tensor<f32>[N], y: out tensor<f32>[N]) { var a = N; }\n"
       "export s;",
       "'var a = N;' a sequence consists of 'let', 'temp' and launches of "
       "kernels [NotASequenceStmt]\n"},
      {"sequence s(x: tensor<f32>[N]) { temp t: tensor<f32>[N] = 1; }\n"
       "export s;",
       "'1' a temp can start as 0, got 1 [TempNotZero]\n"},
      {"sequence s(x: tensor<f32>[N], y: out tensor<f16>[N]) {\n"
       "  copy(x, y); }",
       "'y' expected elements of type f32, got f16 [ExpectedElement]\n"},
      {"sequence s(x: tensor<f32>[N], y: out tensor<f32>[N]) {\n"
       "  copy(x, x = x); }",
       "'x = x' 'x' is given twice [ArgumentTwice]\n"},
      {"sequence s(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(N) {\n"
       "  copy(x, y); }",
       "'grid(N)' unknown clause 'grid' [UnknownClause]\n"
       "  'grid(N)' a sequence launches kernels, which have grids of their "
       "own\n"},
      {"kernel scale(x: mut tensor<f32>[N], by: f32 = 2.0) grid(1) {}\n"
       "sequence s(x: mut tensor<f32>[N]) { scale(x); scale(x, 3.0); }",
       ""},
      {"sequence s(x: tensor<f32>[N, N], y: out tensor<f32>[N]) {\n"
       "  copy(x, y); }\n"
       "export s;",
       "'x' 'x' has 1 dimension, got 2 [WrongRank]\n"},
  });
  const std::string kernels =
      "kernel k(p: ptr<f32>) grid(1) { store(p, 1.0); }\n"
      "kernel l(x: tensor<f32>[N]) grid(1) { assert(x[0] == 0); }\n";
  for (auto [sequence, errors] :
       {std::make_pair("sequence s(p: ptr<f16>) { k(p); }",
                       "'p' expected elements of type f32, got f16 "
                       "[ExpectedElement]\n"),
        // Behind a pointer is no shape; a kernel may write behind each.
        std::make_pair("sequence s(p: ptr<f32>) { l(p); }",
                       "'p' 'x' needs a parameter or temp of this sequence "
                       "[ExpectedBuffer]\n"),
        std::make_pair("sequence s(x: tensor<f32>[N]) { k(x); }",
                       "'x' this tensor is read-only [NotWritable]\n"),
        std::make_pair("sequence s(n: i32) { k(n); }",
                       "'n' 'p' needs a parameter or temp of this sequence "
                       "[ExpectedBuffer]\n"),
        std::make_pair("sequence s(p: ptr<f32>) { k(tensor(p, [1], [1])); }",
                       "'tensor(p, [1], [1])' 'p' needs a parameter or temp of "
                       "this sequence [ExpectedBuffer]\n")})
    EXPECT_EQ(getErrorsOfFile(kernels + sequence), errors) << sequence;
}

TEST(CheckerErrorsTest, Tests) {
  expectWithCopy({
      {"test t : copy(x = 4);",
       "'4' expected the contents of memory, such as 'randn[37, 100]' "
       "[ExpectedGenerator]\n"},
      {"test t : copy(x = rand[4]);",
       "'rand[4]' unknown contents 'rand', expected one of arange, full, "
       "normal, npy, ones, poison, randn, uniform, zeros [UnknownGenerator]\n"
       "  'rand[4]' did you mean 'randn'?\n"},
      {"test t : copy(x = randn[-1]);",
       "'-1' an extent cannot be negative, got -1 [NegativeExtent]\n"},
      {"test t : copy(x = randn[4], y = poison[5]);",
       "'poison[5]' 'N' is 4 already, got 5 [DimMismatch]\n"},
      {"test t : copy(x = randn[100]);",
       "'copy' no configuration keeps 'require(N < 100)' at this size "
       "[RequirementBroken]\n"},
      {"bench b : copy(x = randn[4]) bytes(x.bytes / (N - 4));",
       "'x.bytes / (N - 4)' cannot evaluate this: '/' of 16 by zero "
       "[CannotEvaluate]\n"},
      {"test t : copy(x = randn[I]) for I in [1, 2] for J in [(1, 2)];",
       "'(1, 2)' a value of a sweep must be known at compile time "
       "[NotConstant]\n"},
  });
  expectInFiles({
      {"kernel k(p: ptr<f32>) grid(1) {}\ntest t : k();",
       "'k' 'k' needs the argument 'p' [MissingArgument]\n"},
      {"kernel k(p: ptr<f32>) grid(1) {}\ntest t : k(p = 5);",
       "'5' expected the contents of memory, such as 'randn[37, 100]' "
       "[ExpectedGenerator]\n"},
      {"kernel k(p: ptr<f32>) grid(1) {}\n"
       "test t : k(p = zeros[1, 1, 1, 1, 1, 1]);",
       "'zeros[1, 1, 1, 1, 1, 1]' a tensor has at most 5 dimensions, got 6 "
       "[RankTooLarge]\n"},
      {"kernel k(p: ptr<f32>) grid(1) {}\n"
       "test t : k(p = zeros[4] stride [1, 1]);",
       "'[1, 1]' expected 1 stride, got 2 [StrideCount]\n"},
      {"kernel k(p: ptr<f32>) grid(1) {}\n"
       "test t : k(p = zeros[4294967296, 4294967296]);",
       "'p = zeros[4294967296, 4294967296]' 'p' does not fit into 64 bits of "
       "address [TensorTooLarge]\n"},
      {"kernel k(p: ptr<ptr<f32>>) grid(1) {}\ntest t : k(p = zeros[1]);",
       "'k' 'p' is memory that holds pointers, which a test cannot make "
       "[PointerInTest]\n"},
      {"kernel k(p: tensor<ptr<f32>>[N]) grid(1) {}\n"
       "test t : k(p = zeros[1]);",
       "'k' 'p' is memory that holds pointers, which a test cannot make "
       "[PointerInTest]\n"},
      {"kernel k(p: ptr<f32>) grid(1) {}\n"
       "reference k(p) -> (p within X, q within X) { p = p; }",
       "'q' 'k' has no output 'q' [NotAReferenceName]\n"},
      {"kernel k(x: out tensor<f32>[P]) grid(P) {}\ntest t : k();",
       "'k' cannot tell extent 'P' of 'x': 'P' has no value here "
       "[UnboundDim]\n"},
      {"kernel k(x: out tensor<f32>[N, N]) grid(1) {}\n"
       "test t : k(N = 4294967296);",
       "'t' 'x' does not fit into 64 bits of address [TensorTooLarge]\n"},
  });
  std::string sweep = "[";
  for (int i = 0; i < 70; ++i)
    sweep += std::to_string(i + 1) + ", ";
  sweep += "1]";
  EXPECT_EQ(getErrorsOfFile(std::string(kCopy) +
                            "test t : copy(x = randn[I]) for I "
                            "in " +
                            sweep + " for J in " + sweep + ";"),
            "'for J in " + sweep +
                "' more than 4096 points in the sweeps of one test "
                "[SweepTooLong]\n");
}

//===----------------------------------------------------------------------===//
// Bodies that nothing uses, and mistakes that much uses
//===----------------------------------------------------------------------===//

unsigned countErrors(const std::string &source) {
  CheckedText text("tk 1;\n" + source);
  if (text.program)
    text.program->checkAll(&text.context);
  return llvm::count_if(text.reported, [](const SourceDiagnostic &message) {
    return message.getSeverity() == DiagSeverity::Error;
  });
}

TEST(CheckerErrorsTest, BodiesThatNothingUses) {
  const std::string good = "kernel good() grid(1) {}\ntest t : good();\n";
  for (const char *bad :
       {"kernel k(y: out tensor<f32>[N]) grid(1) { y[0] = f16(1.0); }",
        "kernel k<B: const = 4>(y: out tensor<f32>[N]) grid(1) "
        "{ let z: i32 = 3.5; }",
        "fn r(a: f32) -> f32 { return r(a); }",
        "fn f(a: f32) -> i32 { return a; }",
        "kernel k(y: out tensor<f32>[N]) grid(1) {}\n"
        "reference k() -> (y within X) { y = i32(3) + 1.0; }",
        "kernel k(p: ptr<f32>, q: ptr<i32>) grid(1) {}\n"
        "reference k(p, q) -> (p within X) { let n: i32 = 3.5; }",
        // The messages name shapes, but these are not what is wrong.
        "kernel k(p: ptr<f32>, q: ptr<i32>) grid(1) {}\n"
        "reference k(p, q) -> (p within X) { p = p + q; }",
        "kernel k(x: tensor<f32>[M, N], y: out tensor<f32>[M]) grid(1) {}\n"
        "reference k(x) -> (y within X) { y = argmax(x, axis = 1); }"})
    EXPECT_EQ(countErrors(good + bad), 1u) << bad;
  for (const char *fine :
       {"fn f<T: any>(a: T) -> f32 { return a; }",
        "fn f<B: const = 0>() -> f32 "
        "{ static_assert(B > 0); return sum(fill<f32>[B](1.0)); }",
        "kernel k<B: const = 0>(y: out tensor<f32>[N]) grid(1) require(B > 0) "
        "{ y[0 +: B] = 1.0; }",
        "fn f(a: f64) -> f64 { let half = 0.5; return a * half; }",
        // Right for other sizes: N = 2 * M.
        "kernel k(x: tensor<f32>[M], y: out tensor<f32>[N]) grid(1) {}\n"
        "reference k(x) -> (y within X) { y = repeat(x, axis = 0, times = 2); "
        "}",
        // Each shape of the memory behind pointers must be wrong.
        "kernel k(p: ptr<f32>, q: ptr<f32>) grid(1) {}\n"
        "reference k(p) -> (q within X) { q = dot(trans(p), p)[0, :]; }",
        "kernel k(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(1) {}\n"
        "reference k(x) -> (y within X) "
        "{ y = reshape(trans(reshape(x, [N / 4, 4]), [1, 0]), [N]); }"})
    EXPECT_EQ(getErrorsOfFile(good + fine), "") << fine;
}

TEST(CheckerErrorsTest, OneMistakeIsReportedOnce) {
  // Of a constant that is no extent, however often it is one.
  const std::string kernel =
      "kernel k<B: const>(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(1) "
      "{ y[0 +: B] = x[0 +: B] + x[N - B +: 2 * B]; }\n";
  EXPECT_EQ(countErrors(kernel + "export k<B = 0>;"), 1u);
  // In several instances, and in a function that two kernels call.
  EXPECT_EQ(countErrors("kernel k<T: float>(y: out tensor<T>[N]) grid(1) "
                        "{ y[0] = i32(1); }\n"
                        "export k<f32>;\n"
                        "test a : k<f32>(N = 1);\ntest b : k<f32>(N = 2);"),
            1u);
  EXPECT_EQ(countErrors("fn f(a: f32) -> i32 { return a; }\n"
                        "kernel k(y: out tensor<i32>[1]) grid(1) "
                        "{ y[0] = f(1.0); }\n"
                        "kernel l(y: out tensor<i32>[1]) grid(1) "
                        "{ y[0] = f(2.0); }"),
            1u);
  // Two mistakes at different places stay two.
  EXPECT_EQ(countErrors("fn f(a: f32) -> i32 { return a; }\n"
                        "fn g(a: f32) -> i32 { return a; }"),
            2u);
}

} // namespace
