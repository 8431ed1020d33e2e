//===- BodyErrorsTest.cpp - mistakes in the bodies of kernels -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckerMistakes.h"

using namespace mlir::tk;

namespace {

TEST(BodyErrorsTest, TheKernelOfTheseTestsIsGood) {
  EXPECT_EQ(getErrorsOfBody("y[0, 0 +: B] = x[0, 0 +: B];"), "");
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TEST(BodyErrorsTest, Constants) {
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

TEST(BodyErrorsTest, Operators) {
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
      {"let a = zeros[4];", "'zeros' 'zeros' is not a value [NotAValue]\n"
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

TEST(BodyErrorsTest, CastsAndFunctions) {
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
       "'[1, 2]' a list in brackets is not a value [MisplacedList]\n"},
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

TEST(BodyErrorsTest, LiftedFunctionsChooseValuesOnly) {
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
                      "  print(map(|v| if v > 0 { var w = v; w } else { v },\n"
                      "            x[0 +: 4])); }"),
      "'if v > 0 { var w = v; w } else { v }' in a function applied by "
      "'map', both arms must be single values [LiftedArmHasEffects]\n"
      "  'if v > 0 { var w = v; w } else { v }' compute what the arms "
      "need in front of the if\n");
  EXPECT_EQ(getErrorsOfFile("fn f(v: f32) -> f32 {\n"
                            "  let r = if v > 0 { print(v); v } else { 0.0 };\n"
                            "  r }\n"
                            "kernel k(x: tensor<f32>[N]) grid(1) {\n"
                            "  print(map(f, x[0 +: 4])); }"),
            "'if v > 0 { print(v); v } else { 0.0 }' in a function applied by "
            "'map', both arms must be single values [LiftedArmHasEffects]\n"
            "  'if v > 0 { print(v); v } else { 0.0 }' compute what the arms "
            "need in front of the if\n");
}

TEST(BodyErrorsTest, ArmsOfLiftedFunctionsMayNameValues) {
  EXPECT_EQ(
      getErrorsOfFile("kernel k(x: tensor<f32>[N]) grid(1) {\n"
                      "  print(map(|v| if v > 0 { let w = v * v; w + w }\n"
                      "                else if v < -1 { 1.0 } else { -v },\n"
                      "            x[0 +: 4])); }"),
      "");
}

// What stands for a scalar there is a tile only in the IR.
TEST(BodyErrorsTest, LiftedFunctionsSeeScalars) {
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
  EXPECT_EQ(errorsOf("zeros<f32>[4]"),
            "'zeros' 'zeros' computes with a whole tile; a function applied "
            "by 'map' sees one element [NeedsWholeTile]\n");
  EXPECT_EQ(errorsOf("v[0]"), "'v' cannot index f32, expected a tensor or a "
                              "tile [CannotIndex]\n");
  EXPECT_EQ(errorsOf("max(v, 0.0)"), "");
}

// A tile of the shape of what is mapped would pass for one scalar of each
// element.
TEST(BodyErrorsTest, LiftedFunctionsReadScalars) {
  expectInBodies({
      {"let a = map(|p| p + x[n, 0 +: 4], zeros<f32>[4]);",
       "'0 +: 4' '+:' computes with a whole tile; a function applied by 'map' "
       "sees one element [NeedsWholeTile]\n"},
      {"let a = map(|p| p + x[n, 0], zeros<f32>[4]);", ""},
      {"let a = map(|p| { var s = p; while s > 1 { s /= 2; } s },\n"
       "            zeros<f32>[4]);",
       "'s > 1' expected a condition of type bool, got tile<bool>[4] "
       "[ExpectedCondition]\n"
       "  's > 1' in a function applied by 'map' all elements would have to "
       "loop alike; loop outside of it\n"},
  });
}

TEST(BodyErrorsTest, Lambdas) {
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
      {"let a = map(|p| { return p; }, zeros<f32>[4]);",
       "'return p;' a lambda has no 'return' [ReturnInLambda]\n"
       "  'return p;' end the lambda in its value, without semicolon\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { return p; });",
       "'return p;' a lambda has no 'return' [ReturnInLambda]\n"
       "  'return p;' end the lambda in its value, without semicolon\n"},
      {"let a = map(|p, r| p, zeros<f32>[4]);",
       "'|p, r| p' expected a function of 1 parameter, got 2 "
       "[LambdaParams]\n"},
      {"let a = map(|p| { let r = p; }, zeros<f32>[4]);",
       "'|p| { let r = p; }' a lambda ends in a value without semicolon "
       "[LambdaWithoutValue]\n"},
      {"let a = map(|p| p * f32(n) + f32(C), zeros<f32>[4]);", ""},
  });
}

//===----------------------------------------------------------------------===//
// Tiles and tensors
//===----------------------------------------------------------------------===//

TEST(BodyErrorsTest, Shapes) {
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

TEST(BodyErrorsTest, Dot) {
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

TEST(BodyErrorsTest, Indexing) {
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
      {"let a = tensor(q, [x, 4], [4, 1]);",
       "'x' expected a number or a tile, got tensor<f32>[?, ?] "
       "[ExpectedNumber]\n"
       "  'x' a tensor is read by indexing it: 'x[i, 0 +: 128]'\n"},
      {"let a = x[0, 0 +: -1];",
       "'-1' an extent must be at least 1, got -1 [ExtentNotPositive]\n"},
      {"let a = x[0, 0 +: 4, pad = 1.0, pad = 2.0];",
       "'pad = 2.0' 'pad' is given twice [ArgumentTwice]\n"},
      {"let a = arange<f32>(4);",
       "'arange<f32>(4)' 'arange' is not defined for f32 "
       "[OperatorNotDefined]\n"},
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
      {"var t = zeros<f32>[4, 4]; t[4, :] = 1.0;",
       "'4' element 4 lies outside of a tile with 4 elements in this dimension "
       "[TileIndexOutside]\n"},
      {"var t = zeros<f32>[4]; t[1.5] = 1.0;",
       "'1.5' an index must be an integer that fits an index, got untyped "
       "float [ExpectedIndex]\n"},
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

// Each is one error, and the end of what is computed from it.
TEST(BodyErrorsTest, ArgumentsOfBuiltins) {
  expectInBodies({
      {"let a = concat(zeros<f32>[2], zeros<f32>[2]) + 1;",
       "'concat(zeros<f32>[2], zeros<f32>[2])' 'concat' needs the argument "
       "'axis' [MissingArgument]\n"},
      {"let a = fma(1.0) + 1;",
       "'fma(1.0)' 'fma' needs the argument 'b' [MissingArgument]\n"},
      {"let a = cast<f32>() + 1;",
       "'cast<f32>()' 'cast' needs the argument 'value' [MissingArgument]\n"},
      {"let a = atomic_add(x.dim(9)[0], 1.0);",
       "'9' axis must be at least 0 and less than 2, got 9 "
       "[AxisOutOfRange]\n"},
      {"let a = sum(zeros<f32>[2], keep = 3);",
       "'3' expected a condition of type bool, got untyped integer "
       "[ExpectedCondition]\n"},
      {"let a = sum(zeros<f32>[2], axis = n);",
       "'n' an axis must be known at compile time [NotConstant]\n"},
      {"var a = zeros<f32>[2, 2]; a[0, :] = x.dim(9);",
       "'9' axis must be at least 0 and less than 2, got 9 "
       "[AxisOutOfRange]\n"},
      {"let a = -x.dim(9);",
       "'9' axis must be at least 0 and less than 2, got 9 "
       "[AxisOutOfRange]\n"},
      {"let a = cdiv(4, 0);", "'cdiv(4, 0)' 'cdiv' of a constant by zero "
                              "[ConstantDivisionByZero]\n"},
      {"let a = max(true, false);",
       "'max(true, false)' 'max' is not defined for bool "
       "[OperatorNotDefined]\n"},
      {"let a = repeat(zeros<f32>[2], axis = 0, times = 1);", ""},
      {"let a = q - n; let b = load(a - arange(4));", ""},
      {"let a = q - q;",
       "'q' a pointer moves by an integer, got ptr<f32> [ExpectedOffset]\n"},
  });
}

TEST(BodyErrorsTest, Combiners) {
  expectInBodies({
      {"let a = reduce(zeros<f32>[4], |p| p);",
       "'|p| p' expected a function of 2 parameters, got 1 [LambdaParams]\n"},
      {"let a = reduce(zeros<f32>[4], |p, q| { let r = p; });",
       "'|p, q| { let r = p; }' a lambda ends in a value without semicolon "
       "[LambdaWithoutValue]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { y[0, 0] = p; r });",
       "'y[0, 0] = p;' a combiner may not touch memory [CombinerNotPure]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| p + x[0, 0]);",
       "'x[0, 0]' a combiner may not touch memory [CombinerNotPure]\n"},
      {"let a = reduce(zeros<f32>[4], |p, r| { print(p); r });",
       "'|p, r| { print(p); r }' a combiner may not touch memory "
       "[CombinerNotPure]\n"},
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

TEST(BodyErrorsTest, Statements) {
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
      {"return 3;",
       "'3' no value is returned here [ReturnsNothing]\n"
       "  '3' a function says what it returns, as in 'fn f() -> f32'; a kernel "
       "writes its outputs\n"},
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

TEST(BodyErrorsTest, ViewsAndPointersAreNotReturnedFromLoops) {
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

} // namespace
