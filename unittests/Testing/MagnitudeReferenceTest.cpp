//===- MagnitudeReferenceTest.cpp - magnitudes against closed forms -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/MagnitudeReference.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Testing/TestDevice.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;

namespace {
class MagnitudeReferenceTest : public testing::Test {
protected:
  MagnitudeReferenceTest() {
    context.loadDialect<TkDialect, cf::ControlFlowDialect>();
  }

  static HostTensor makeTensor(ArrayRef<int64_t> shape,
                               ArrayRef<double> values) {
    HostTensor tensor = llvm::cantFail(HostTensor::create(DType::F64, shape));
    for (auto [i, value] : llvm::enumerate(values))
      tensor.setDouble(i, value);
    return tensor;
  }

  /// The magnitudes that the reference stores.
  std::vector<double>
  magnitudes(StringRef text, std::vector<HostTensor> inputs,
             ArrayRef<int64_t> resultShape,
             DotMagnitude dots = DotMagnitude::SumOfProducts) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module || failed(convertToMagnitudes(*module, dots)) ||
        failed(verify(*module))) {
      ADD_FAILURE() << "the reference is not converted";
      return {};
    }
    std::vector<HostTensor> results;
    results.push_back(makeTensor(resultShape, {}));
    std::string output;
    EXPECT_TRUE(
        succeeded(runReference(*module, inputs, {}, results, {}, output)));
    std::vector<double> values;
    for (int64_t i = 0; i < results[0].getNumElements(); ++i)
      values.push_back(results[0].getDouble(i));
    return values;
  }

  /// Of `body`, which computes %r from the tiles %a and %b of two elements.
  std::vector<double> ofTwo(StringRef body, ArrayRef<double> a,
                            ArrayRef<double> b) {
    std::string text =
        ("func.func @reference(%x: !tk.view<2xf64>, %z: !tk.view<2xf64>, "
         "%y: !tk.view<2xf64>) {\n"
         "  %c0 = arith.constant 0 : index\n"
         "  %a = tk.load_view %x[%c0 +: 2] : !tk.view<2xf64> -> tensor<2xf64>\n"
         "  %b = tk.load_view %z[%c0 +: 2] : !tk.view<2xf64> -> "
         "tensor<2xf64>\n" +
         body +
         "\n  tk.store_view %r, %y[%c0 +: 2] : tensor<2xf64>, !tk.view<2xf64>\n"
         "  return\n}")
            .str();
    std::vector<HostTensor> inputs;
    inputs.push_back(makeTensor({2}, a));
    inputs.push_back(makeTensor({2}, b));
    return magnitudes(text, std::move(inputs), {2});
  }

  MLIRContext context;
};
using Values = std::vector<double>;

TEST_F(MagnitudeReferenceTest, DifferencesAddUp) {
  EXPECT_EQ(ofTwo("%r = arith.subf %a, %b : tensor<2xf64>", {3, -3}, {3, 1}),
            Values({6, 4}));
}

TEST_F(MagnitudeReferenceTest, ProductsAndQuotients) {
  // (a - b) * b / a with magnitudes (|a| + |b|) * |b| / |a|.
  EXPECT_EQ(ofTwo("%d = arith.subf %a, %b : tensor<2xf64>\n"
                  "%p = arith.mulf %d, %b : tensor<2xf64>\n"
                  "%r = arith.divf %p, %a : tensor<2xf64>",
                  {2, -2}, {2, 6}),
            Values({4, 24}));
}

TEST_F(MagnitudeReferenceTest, FunctionsStartAnew) {
  // |exp(a - a)|, not exp(2 |a|).
  EXPECT_EQ(ofTwo("%d = arith.subf %a, %a : tensor<2xf64>\n"
                  "%e = math.exp %d : tensor<2xf64>\n"
                  "%r = arith.addf %e, %b : tensor<2xf64>",
                  {5, 7}, {-1, -2}),
            Values({2, 3}));
}

TEST_F(MagnitudeReferenceTest, SelectionFollowsTheValues) {
  EXPECT_EQ(ofTwo("%c = arith.cmpf ogt, %a, %b : tensor<2xf64>\n"
                  "%d = arith.subf %a, %b : tensor<2xf64>\n"
                  "%r = arith.select %c, %d, %a : tensor<2xi1>, tensor<2xf64>",
                  {3, -4}, {2, 2}),
            Values({5, 4}));
}

TEST_F(MagnitudeReferenceTest, LoopsCarryMagnitudes) {
  // s = -b, four times s = s + a: |b| + 4 |a|.
  EXPECT_EQ(ofTwo("%n = arith.constant 4 : index\n"
                  "%c1 = arith.constant 1 : index\n"
                  "%m = arith.negf %b : tensor<2xf64>\n"
                  "%r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %m) -> "
                  "(tensor<2xf64>) {\n"
                  "  %t = arith.addf %s, %a : tensor<2xf64>\n"
                  "  scf.yield %t : tensor<2xf64>\n}",
                  {1, -1}, {4, 4}),
            Values({8, 8}));
}

TEST_F(MagnitudeReferenceTest, BranchesCarryMagnitudes) {
  EXPECT_EQ(ofTwo("%true = arith.constant true\n"
                  "%r = scf.if %true -> (tensor<2xf64>) {\n"
                  "  %t = arith.subf %a, %b : tensor<2xf64>\n"
                  "  scf.yield %t : tensor<2xf64>\n} else {\n"
                  "  scf.yield %a : tensor<2xf64>\n}",
                  {1, 2}, {1, 2}),
            Values({2, 4}));
}

TEST_F(MagnitudeReferenceTest, SumsAndExtrema) {
  StringRef text = R"mlir(
func.func @reference(%x: !tk.view<2x3xf64>, %y: !tk.view<2xf64>) {
  %c0 = arith.constant 0 : index
  %a = tk.load_view %x[%c0 +: 2, %c0 +: 3] : !tk.view<2x3xf64> -> tensor<2x3xf64>
  %s = tk.reduce(%a) axis 1 : (tensor<2x3xf64>) -> tensor<2xf64> {
  ^bb0(%p: f64, %q: f64):
    %t = OP %p, %q : f64
    tk.yield %t : f64
  }
  tk.store_view %s, %y[%c0 +: 2] : tensor<2xf64>, !tk.view<2xf64>
  return
})mlir";
  auto reduce = [&](StringRef op) {
    std::string withOp = text.str();
    withOp.replace(withOp.find("OP"), 2, op.str());
    std::vector<HostTensor> inputs;
    inputs.push_back(makeTensor({2, 3}, {1, -2, 3, -4, -5, 6}));
    return magnitudes(withOp, std::move(inputs), {2});
  };
  EXPECT_EQ(reduce("arith.addf"), Values({6, 15}));
  EXPECT_EQ(reduce("arith.maximumf"), Values({3, 6}));
  // The smallest value is -5, but what may have gone wrong is of size 6.
  EXPECT_EQ(reduce("arith.minimumf"), Values({3, 6}));
}

TEST_F(MagnitudeReferenceTest, Dots) {
  StringRef text = R"mlir(
func.func @reference(%x: !tk.view<1x2xf64>, %z: !tk.view<2x2xf64>, %y: !tk.view<1x2xf64>) {
  %c0 = arith.constant 0 : index
  %a = tk.load_view %x[%c0 +: 1, %c0 +: 2] : !tk.view<1x2xf64> -> tensor<1x2xf64>
  %b = tk.load_view %z[%c0 +: 2, %c0 +: 2] : !tk.view<2x2xf64> -> tensor<2x2xf64>
  %c = arith.constant dense<-1.0> : tensor<1x2xf64>
  %d = tk.dot %a, %b, %c : tensor<1x2xf64>, tensor<2x2xf64> -> tensor<1x2xf64>
  tk.store_view %d, %y[%c0 +: 1, %c0 +: 2] : tensor<1x2xf64>, !tk.view<1x2xf64>
  return
})mlir";
  auto dot = [&](DotMagnitude dots) {
    std::vector<HostTensor> inputs;
    inputs.push_back(makeTensor({1, 2}, {0.25, -0.75}));
    inputs.push_back(makeTensor({2, 2}, {4, -8, -8, 4}));
    return magnitudes(text, std::move(inputs), {1, 2}, dots);
  };
  // 0.25 * 4 + 0.75 * 8 + 1 and 0.25 * 8 + 0.75 * 4 + 1.
  EXPECT_EQ(dot(DotMagnitude::SumOfProducts), Values({8, 6}));
  // (0.25 + 0.75) * 8 + 1.
  EXPECT_EQ(dot(DotMagnitude::ColumnMaximum), Values({9, 9}));
}

TEST_F(MagnitudeReferenceTest, ReferencesAreOneBlock) {
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    messages += diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      "func.func @reference() {\n  cf.br ^next\n^next:\n  return\n}", &context);
  ASSERT_TRUE(module) << messages;
  EXPECT_TRUE(
      failed(convertToMagnitudes(*module, DotMagnitude::SumOfProducts)));
  EXPECT_EQ(messages, "expects a reference of one block");
}
} // namespace
