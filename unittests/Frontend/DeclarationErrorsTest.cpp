//===- DeclarationErrorsTest.cpp - mistakes in declarations -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckerMistakes.h"
#include "llvm/Support/ProgramStack.h"

using namespace mlir::tk;
using llvm::StringRef;

namespace {

//===----------------------------------------------------------------------===//
// Names and declarations
//===----------------------------------------------------------------------===//

TEST(DeclarationErrorsTest, Names) {
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
      {"let v = exp;", "'exp' 'exp' is not a value [NotAValue]\n"},
  });
}

TEST(DeclarationErrorsTest, AbsentArguments) {
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

TEST(DeclarationErrorsTest, Declarations) {
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
       "  'k' add it after '->' or to 'ignore(...)'\n"},
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
       "  'k' say after the parameters how many programs run, as in "
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
       "[NotAHostExpr]\n"
       "  'exp(N)' its functions are cdiv, min, max, clamp, abs and num_sms; "
       "'/' on integers rounds down\n"},
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
       "'BB' 'BB' is not a generic parameter of this kernel, nor 'warps' or "
       "'stages' [UnknownTuneAxis]\n"},
      {"kernel k() grid(1) tune(warps in [1, 32], stages in [1, 9]) {}", ""},
      {"kernel k() grid(1) tune(warps in [4, 0]) {}",
       "'0' expects a number of warps from 1 to 32, got 0 [MachineValue]\n"},
      {"kernel k() grid(1) tune(warps in [33]) {}",
       "'33' expects a number of warps from 1 to 32, got 33 [MachineValue]\n"},
      {"kernel k() grid(1) tune(stages in [2 - 3]) {}",
       "'2 - 3' expects a number of stages from 1 on, got -1 "
       "[MachineValue]\n"},
      {"kernel k(n: index) grid(n, 0) {}", ""},
      {"kernel k<B: const = 3>() grid(0 - B) {}",
       "'0 - B' an extent cannot be negative, got -3 [NegativeExtent]\n"},
      {"kernel k<B: const = 0>(n: index) grid(1 + cdiv(n, B)) {}",
       "'1 + cdiv(n, B)' 'cdiv(n, 0)' divides by zero [DivisionByZero]\n"},
      {"kernel k(n: index) grid(1) require(n % 0 == 1) {}",
       "'n % 0 == 1' 'n % 0' divides by zero [DivisionByZero]\n"},
      {"kernel k(n: index) grid(if n > 9 { n / 0 } else { 1 }) {}", ""},
      {"kernel k(n: index) grid(1) require(n < 9 || n / 0 > 1) {}", ""},
      {"kernel k(s: f32) grid(1) require(s / 0 > 1) {}", ""},
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
      {"kernel k(x: mut tensor<f32>[N]) grid(1) init(x = 0, x = 1) {}",
       "'x' 'x' is used twice in this list [DuplicateName]\n"
       "  'x' the first is here\n"},
      {"kernel k(x: mut tensor<f16>[N]) grid(1) init(x = 1e6) {}",
       "'1e6' 1.0E+6 is not a value of f16 [NotRepresentable]\n"},
      {"kernel k(x: mut tensor<f16>[N]) grid(1) init(x = inf) {}", ""},
      {"kernel k(x: mut tensor<f32>[N]) grid(1) alias(x, x) {}",
       "'x' 'x' is used twice in this list [DuplicateName]\n"
       "  'x' the first is here\n"},
      {"kernel k(x: mut tensor<f32>[N], s: f32) grid(1) alias(x, s) {}",
       "'s' 'alias' needs a tensor or a pointer, got f32 [ExpectedType]\n"},
      {"kernel k(x: mut tensor<f32>[N], p: ptr<f32>) grid(1) alias(x, p) {}",
       ""},
      {"kernel k(s: i8 = 300) grid(1) {}",
       "'300' 300 is not a value of i8 [NotRepresentable]\n"},
      {"kernel k(s: f32 = true) grid(1) {}",
       "'true' true is not a value of f32 [NotRepresentable]\n"},
      {"kernel k(s: i32 = 1.5) grid(1) {}",
       "'1.5' 1.5 is not a value of i32 [NotRepresentable]\n"},
      {"kernel k(s: f32 = 3, n: index = 4, b: bool = true) grid(1) {}", ""},
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

TEST(DeclarationErrorsTest, GenericParameters) {
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

TEST(DeclarationErrorsTest, InstancesOfFunctionsAreLimited) {
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

// What is no tile tells nothing of the shape: that is the mistake, not the
// generic parameters that it leaves open.
TEST(DeclarationErrorsTest, ArgumentsThatTellNoShape) {
  auto errorsOf = [](const std::string &call) {
    return getErrorsOfFile(
        "fn rows<T: float, R: const, C: const>(t: tile<T>[R, C]) -> T {\n"
        "  max(t[0, :]) }\n"
        "fn first<T: any, N: const>(k: index, v: tensor<T>[N]) -> T { v[k] }\n"
        "kernel k(x: tensor<f32>[M, N], s: f32) grid(1) { print(" +
        call + "); }");
  };
  const std::string needsTile = " 't' needs a tile of 2 dimensions, got ";
  const std::string declaredHere = " [ExpectedType]\n  't' 't' declared here\n";
  EXPECT_EQ(errorsOf("rows(x[0 +: 4, ..])"),
            "'x[0 +: 4, ..]'" + needsTile + "tensor<f32>[?, ?]" + declaredHere);
  EXPECT_EQ(errorsOf("rows(x[0, 0 +: 4])"),
            "'x[0, 0 +: 4]'" + needsTile + "tile<f32>[4]" + declaredHere);
  EXPECT_EQ(errorsOf("rows(s)"), "'s'" + needsTile + "f32" + declaredHere);
  EXPECT_EQ(errorsOf("first(0, x)"),
            "'x' 'v' needs a tensor of 1 dimension, got tensor<f32>[?, ?] "
            "[ExpectedType]\n  'v' 'v' declared here\n");
  EXPECT_EQ(errorsOf("rows<f32, 4, 4>(s)"), "");
  EXPECT_EQ(errorsOf("rows(x[0 +: 4, 0 +: 3])"), "");
}

TEST(DeclarationErrorsTest, Arguments) {
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
// Limits
//===----------------------------------------------------------------------===//

// The smallest program past each limit, and the largest within.
TEST(DeclarationErrorsTest, Limits) {
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
TEST(DeclarationErrorsTest, DepthThroughCallsIsLimited) {
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

TEST(DeclarationErrorsTest, References) {
  expectWithCopy({
      {"reference copy(x) -> (y within X) { y = x * f64(program_id(0)); }\n"
       "test t : copy(x = randn[4]);",
       "'program_id(0)' 'program_id' has no meaning in a reference "
       "[NoGridInReference]\n"},
      {"reference copy(x) -> (y within X) { y = x * max(x); }\n"
       "test t : copy(x = randn[0]);",
       "'x' 'max' over no elements has no value [EmptyReduction]\n"},
      {"reference copy(x) -> (y within Z) { y = x; }",
       "'Z' unknown tolerance class 'Z', expected one of X, A, M, R, D, S, F, "
       "FB, N, Q, P [UnknownToleranceClass]\n"},
      // No test uses these.
      {"reference copy(x) -> (y within D) { y = x; }",
       "'within D' 'D' takes 1 argument, got 0 [WrongArgumentCount]\n"},
      {"reference copy(x) -> (y within D(K = 3)) { y = x; }",
       "'K = 3' class 'D' has no argument 'K' [UnknownArgument]\n"},
      {"reference copy(x) -> (y within X(N)) { y = x; }",
       "'within X(N)' 'X' takes 0 arguments, got 1 [WrongArgumentCount]\n"},
      {"reference copy(x) -> (y within (1e-3)) { y = x; }",
       "'1e-3' expected 'rel = <number>' or 'abs = <number>', got a number "
       "without a name [ExpectedToken]\n"},
      {"reference copy(x) -> (y within ()) { y = x; }",
       "'within ()' expected 'rel = <number>' or 'abs = <number>', got nothing "
       "[ExpectedToken]\n"},
      {"reference copy(x) -> (y within (rel = 1, rel = 2)) { y = x; }",
       "'rel = 2' 'rel' is given twice [ArgumentTwice]\n"},
      {"reference copy(x) -> (y within (tol = 1)) { y = x; }",
       "'tol = 1' a tolerance has no argument 'tol' [UnknownArgument]\n"},
      {"reference copy(x) -> (y within (rel = 1e-3, abs = -1)) { y = x; }\n"
       "test t : copy(x = randn[4]);",
       "'-1' a tolerance cannot be negative, got -1 [NegativeTolerance]\n"},
      {"reference copy(x) -> (y within D(-N)) { y = x; }\n"
       "test t : copy(x = randn[4]);",
       "'-N' a tolerance cannot be negative, got -4 [NegativeTolerance]\n"},
  });
}

// What a statement of a sequence fails to name is missed nowhere else.
TEST(DeclarationErrorsTest, MistakesInSequencesAreReportedOnce) {
  auto errorsOf = [](const std::string &statement) {
    return getErrorsOfFile(
        "kernel copy<T: any>(x: tensor<T>[N], y: out tensor<T>[N], n: i64)\n"
        "  grid(n) { y[0] = x[0]; }\n"
        "sequence s(x: tensor<f32>[N], y: out tensor<f32>[N]) {\n" +
        statement + "\n  copy(x, t, n); copy(t, y, n * 2);\n}\nexport s;\n");
  };
  auto functions = [](std::string name) {
    return "  'sum(" + name +
           ")' its functions are cdiv, min, max, clamp, abs and num_sms; '/' "
           "on integers rounds down\n";
  };
  EXPECT_EQ(errorsOf("let n = N; temp t: tensor<f32>[n];"), "");
  EXPECT_EQ(errorsOf("let n = sum(N); temp t: tensor<f32>[n];"),
            "'sum(N)' the host cannot compute this before a launch "
            "[NotAHostExpr]\n" +
                functions("N"));
  EXPECT_EQ(errorsOf("var n = N; temp t: tensor<f32>[n];"),
            "'var n = N;' a sequence consists of 'let', 'temp' and launches "
            "of kernels [NotASequenceStmt]\n");
  EXPECT_EQ(errorsOf("let n = N; temp t: tensor<f32>[sum(n)];"),
            "'sum(n)' the host cannot compute this before a launch "
            "[NotAHostExpr]\n" +
                functions("n"));
}

TEST(DeclarationErrorsTest, Sequences) {
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

TEST(DeclarationErrorsTest, Tests) {
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
      {"kernel four<N: const = 4>(x: tensor<f32>[2, N]) grid(1) {}\n"
       "test t : four(x = randn[2, 5]);",
       "'randn[2, 5]' dimension 1 of 'x' has the extent 4, got 5 "
       "[ExtentMismatch]\n"},
      {"test t : copy(x = randn[4], y = zeros[4]);",
       "'zeros[4]' 'y' is an output, which has no contents before the kernel "
       "writes it [OutputContents]\n"
       "  'zeros[4]' write 'poison[...]' for its shape\n"},
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
       "[UnboundDim]\n"
       "  'k' give it a number: 'P = ...'\n"},
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
  EXPECT_EQ(getErrorsOfFile(std::string(kCopy) +
                            "test t : copy(x = randn[I]) for I in [1, 2] for "
                            "I in [3];"),
            "'I' 'I' is given twice [ArgumentTwice]\n");
  for (std::string other : {"z", "x"})
    EXPECT_EQ(getErrorsOfFile(std::string(kCopy) + "test t : copy(x = like(" +
                              other + "));"),
              "'" + other +
                  "' expected the contents of memory, such as 'randn[37, "
                  "100]' [ExpectedGenerator]\n");
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

TEST(DeclarationErrorsTest, BodiesThatNothingUses) {
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

TEST(DeclarationErrorsTest, OneMistakeIsReportedOnce) {
  // Of a constant that is not an extent, however often it is one.
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
