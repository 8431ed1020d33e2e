//===- ControlFlowTest.cpp - control flow, atomics and scheduling ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterTestUtils.h"
#include <numeric>

using namespace mlir;
using namespace mlir::tk;

namespace {
class ControlFlowTest : public InterpreterTest {
protected:
  /// Runs `body`, which stores into %y (of 4 i64) through %c0 to %c3.
  std::vector<int64_t> results(StringRef body, int64_t argument = 0,
                               StringRef functions = "") {
    std::vector<int64_t> y(4);
    std::string text = (functions +
                        "\ntk.kernel @k(%n: index, %y: !tk.view<?xi64>) {\n"
                        "  %c0 = arith.constant 0 : index\n"
                        "  %c1 = arith.constant 1 : index\n"
                        "  %c2 = arith.constant 2 : index\n"
                        "  %c3 = arith.constant 3 : index\n" +
                        body + "\n  tk.return\n}")
                           .str();
    runClean(text, {KernelArgument::integer(argument), tensorOf(y)});
    return y;
  }
};
using Values = std::vector<int64_t>;

TEST_F(ControlFlowTest, ForCarriesValuesThatSwap) {
  // Fibonacci: (a, b) becomes (b, a + b).
  StringRef body = R"mlir(
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %a, %b = scf.for %i = %c0 to %n step %c1 iter_args(%p = %zero, %q = %one) -> (i64, i64) {
    %s = arith.addi %p, %q : i64
    scf.yield %q, %s : i64, i64
  }
  tk.store_view %a, %y[%c0] : i64, !tk.view<?xi64>
  tk.store_view %b, %y[%c1] : i64, !tk.view<?xi64>)mlir";
  EXPECT_EQ(results(body, 10), Values({55, 89, 0, 0}));
  EXPECT_EQ(results(body, 0), Values({0, 1, 0, 0}));
  EXPECT_EQ(results(body, -5), Values({0, 1, 0, 0}));
}

TEST_F(ControlFlowTest, SwapOfBothCarriedValues) {
  EXPECT_EQ(results(R"mlir(
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %a, %b = scf.for %i = %c0 to %n step %c1 iter_args(%p = %one, %q = %two) -> (i64, i64) {
    scf.yield %q, %p : i64, i64
  }
  tk.store_view %a, %y[%c0] : i64, !tk.view<?xi64>
  tk.store_view %b, %y[%c1] : i64, !tk.view<?xi64>)mlir",
                    3),
            Values({2, 1, 0, 0}));
}

TEST_F(ControlFlowTest, LoopNearTheLargestIndexEnds) {
  EXPECT_EQ(results(R"mlir(
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %from = arith.constant 9223372036854775800 : index
  %to = arith.constant 9223372036854775807 : index
  %a = scf.for %i = %from to %to step %c3 iter_args(%p = %zero) -> (i64) {
    %s = arith.addi %p, %one : i64
    scf.yield %s : i64
  }
  tk.store_view %a, %y[%c0] : i64, !tk.view<?xi64>)mlir"),
            Values({3, 0, 0, 0}));
}

TEST_F(ControlFlowTest, WhileTestsBeforeItsBody) {
  // Collatz steps of n.
  StringRef body = R"mlir(
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %three = arith.constant 3 : i64
  %start = arith.index_cast %n : index to i64
  %end, %steps = scf.while (%v = %start, %s = %zero) : (i64, i64) -> (i64, i64) {
    %goes = arith.cmpi ne, %v, %one : i64
    scf.condition(%goes) %v, %s : i64, i64
  } do {
  ^bb0(%v: i64, %s: i64):
    %bit = arith.andi %v, %one : i64
    %isOdd = arith.cmpi eq, %bit, %one : i64
    %next = scf.if %isOdd -> (i64) {
      %t = arith.muli %v, %three : i64
      %u = arith.addi %t, %one : i64
      scf.yield %u : i64
    } else {
      %t = arith.divui %v, %two : i64
      scf.yield %t : i64
    }
    %s1 = arith.addi %s, %one : i64
    scf.yield %next, %s1 : i64, i64
  }
  tk.store_view %end, %y[%c0] : i64, !tk.view<?xi64>
  tk.store_view %steps, %y[%c1] : i64, !tk.view<?xi64>)mlir";
  EXPECT_EQ(results(body, 27), Values({1, 111, 0, 0}));
  EXPECT_EQ(results(body, 1), Values({1, 0, 0, 0}));
}

TEST_F(ControlFlowTest, IfWithoutElse) {
  StringRef body = R"mlir(
  %seven = arith.constant 7 : i64
  %c = arith.cmpi sgt, %n, %c0 : index
  scf.if %c {
    tk.store_view %seven, %y[%c2] : i64, !tk.view<?xi64>
  }
  tk.store_view %seven, %y[%c3] : i64, !tk.view<?xi64>)mlir";
  EXPECT_EQ(results(body, 1), Values({0, 0, 7, 7}));
  EXPECT_EQ(results(body, 0), Values({0, 0, 0, 7}));
}

TEST_F(ControlFlowTest, IndexSwitch) {
  StringRef body = R"mlir(
  %r = scf.index_switch %n -> i64
  case 2 {
    %v = arith.constant 20 : i64
    scf.yield %v : i64
  }
  case 5 {
    %v = arith.constant 50 : i64
    scf.yield %v : i64
  }
  default {
    %v = arith.constant -1 : i64
    scf.yield %v : i64
  }
  tk.store_view %r, %y[%c0] : i64, !tk.view<?xi64>)mlir";
  EXPECT_EQ(results(body, 2)[0], 20);
  EXPECT_EQ(results(body, 5)[0], 50);
  EXPECT_EQ(results(body, 3)[0], -1);
}

TEST_F(ControlFlowTest, FunctionsAreCalledTwice) {
  EXPECT_EQ(results(R"mlir(
  %two = arith.constant 2 : i64
  %a = func.call @square(%two) : (i64) -> i64
  %b = func.call @square(%a) : (i64) -> i64
  tk.store_view %a, %y[%c0] : i64, !tk.view<?xi64>
  tk.store_view %b, %y[%c1] : i64, !tk.view<?xi64>)mlir",
                    0, R"mlir(
func.func @square(%x: i64) -> i64 {
  %r = arith.muli %x, %x : i64
  return %r : i64
})mlir"),
            Values({4, 16, 0, 0}));
}

TEST_F(ControlFlowTest, BlocksThatLoop) {
  // Sum of 0 to n - 1 in a function of several blocks with an early return.
  StringRef function = R"mlir(
func.func @sum(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.cmpi sle, %n, %c0 : index
  cf.cond_br %none, ^early, ^head(%c0, %c0 : index, index)
^early:
  %m = arith.constant -1 : index
  return %m : index
^head(%i: index, %s: index):
  %go = arith.cmpi slt, %i, %n : index
  cf.cond_br %go, ^body, ^end
^body:
  %s1 = arith.addi %s, %i : index
  %i1 = arith.addi %i, %c1 : index
  cf.br ^head(%i1, %s1 : index, index)
^end:
  return %s : index
})mlir";
  StringRef body = R"mlir(
  %s = func.call @sum(%n) : (index) -> index
  %t = arith.index_cast %s : index to i64
  tk.store_view %t, %y[%c0] : i64, !tk.view<?xi64>)mlir";
  EXPECT_EQ(results(body, 100, function)[0], 4950);
  EXPECT_EQ(results(body, 0, function)[0], -1);
}

TEST_F(ControlFlowTest, ValuesFromBeforeALoopOutliveIt) {
  // %before is used inside, after values that could take its place.
  std::vector<float> y(4);
  runClean(R"mlir(
tk.kernel @k(%n: index, %y: !tk.view<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %two = arith.constant dense<2.0> : tensor<4xf32>
  %before = arith.addf %one, %two : tensor<4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %one) -> (tensor<4xf32>) {
    %a = arith.mulf %before, %two : tensor<4xf32>
    %b = arith.addf %a, %acc : tensor<4xf32>
    %c = arith.subf %b, %one : tensor<4xf32>
    %d = arith.addf %c, %one : tensor<4xf32>
    scf.yield %d : tensor<4xf32>
  }
  tk.store_view %r, %y[%c0 +: 4] : tensor<4xf32>, !tk.view<?xf32>
  tk.return
})mlir",
           {KernelArgument::integer(5), tensorOf(y)});
  EXPECT_EQ(y, std::vector<float>(4, 31.0f));
}

TEST_F(ControlFlowTest, FusedChainsGiveWhatSingleStepsGive) {
  // Long enough to be fused and to take several blocks, with a value that is
  // used outside of the chain, and with a scalar operand.
  const int count = 1300;
  std::vector<float> x(count), y(count), z(count);
  std::iota(x.begin(), x.end(), 0.0f);
  runClean(
      R"mlir(
tk.kernel @k(%s: f32, %x: !tk.view<?xf32>, %y: !tk.view<?xf32>, %z: !tk.view<?xf32>) {
  %c0 = arith.constant 0 : index
  %v = tk.load_view %x[%c0 +: 1300] : !tk.view<?xf32> -> tensor<1300xf32>
  %t = tk.splat %s : f32 -> tensor<1300xf32>
  %a = arith.addf %v, %t : tensor<1300xf32>
  %b = arith.mulf %a, %a : tensor<1300xf32>
  %h = tk.cast %b : tensor<1300xf32> -> tensor<1300xf64>
  %r = math.sqrt %h : tensor<1300xf64>
  %f = tk.cast %r : tensor<1300xf64> -> tensor<1300xf32>
  tk.store_view %f, %y[%c0 +: 1300] : tensor<1300xf32>, !tk.view<?xf32>
  tk.store_view %a, %z[%c0 +: 1300] : tensor<1300xf32>, !tk.view<?xf32>
  tk.return
})mlir",
      {KernelArgument::number(0.5), tensorOf(x), tensorOf(y), tensorOf(z)});
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(y[i], i + 0.5f);
    EXPECT_EQ(z[i], i + 0.5f);
  }
}

TEST_F(ControlFlowTest, OptionalArguments) {
  StringRef text = R"mlir(
tk.kernel @k(%b: !tk.view<?xf32> {tk.optional, tk.name = "b"}, %y: !tk.view<?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %p = tk.is_present %b : !tk.view<?xf32>
  scf.if %p {
    tk.store_view %one, %y[%c0] : f32, !tk.view<?xf32>
  }
  tk.return
})mlir";
  std::vector<float> b(1), y(1);
  runClean(text, {KernelArgument::absent(), tensorOf(y)});
  EXPECT_EQ(y[0], 0.0f);
  runClean(text, {tensorOf(b), tensorOf(y)});
  EXPECT_EQ(y[0], 1.0f);
  // A tensor without elements was given all the same.
  y[0] = 0.0f;
  runClean(text, {KernelArgument::tensor(DType::F32, nullptr, {0}, {1}, {}),
                  tensorOf(y)});
  EXPECT_EQ(y[0], 1.0f);
}

//===----------------------------------------------------------------------===//
// Atomics
//===----------------------------------------------------------------------===//

class AtomicsTest : public InterpreterTest {
protected:
  /// Every program p of 100 does `kind` with p on one element.
  int32_t apply(StringRef kind, int32_t start) {
    std::vector<int32_t> y = {start};
    runClean(
        ("tk.kernel @k(%y: !tk.ptr<i32>) {\n  %p = tk.program_id 0\n"
         "  %v = arith.index_cast %p : index to i32\n"
         "  %old = tk.atomic_rmw " +
         kind + " relaxed gpu %y, %v : !tk.ptr<i32>, i32\n  tk.return\n}")
            .str(),
        {KernelArgument::pointer(DType::I32, y.data(), tensorOf(y).memory)},
        {100, 1, 1});
    return y[0];
  }
};

TEST_F(AtomicsTest, ReadModifyWrite) {
  EXPECT_EQ(apply("add", 5), 5 + 4950);
  EXPECT_EQ(apply("smax", -7), 99);
  EXPECT_EQ(apply("umax", -7), -7);
  EXPECT_EQ(apply("smin", -7), -7);
  EXPECT_EQ(apply("umin", -7), 0);
  EXPECT_EQ(apply("or", 128), 255);
  EXPECT_EQ(apply("and", 255), 0);
  // The exclusive or of 0 to 99 is 0, as that of each four numbers is.
  EXPECT_EQ(apply("xor", 3), 3);
}

TEST_F(AtomicsTest, FloatKinds) {
  std::vector<float> y = {0.5f, 1.0f, 1.0f};
  std::vector<uint16_t> h = {0x3c00}; // 1 in f16
  runClean(R"mlir(
tk.kernel @k(%y: !tk.ptr<f32>, %h: !tk.ptr<f16>) {
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f16
  %p = tk.program_id 0
  %v = tk.cast %p : index -> f32
  %i1 = arith.constant 1 : i32
  %i2 = arith.constant 2 : i32
  %y1 = tk.ptr_add %y, %i1 : !tk.ptr<f32>, i32
  %y2 = tk.ptr_add %y, %i2 : !tk.ptr<f32>, i32
  %a = tk.atomic_rmw fadd relaxed gpu %y, %one : !tk.ptr<f32>, f32
  %b = tk.atomic_rmw fmax relaxed gpu %y1, %v : !tk.ptr<f32>, f32
  %c = tk.atomic_rmw fmin relaxed gpu %y2, %v : !tk.ptr<f32>, f32
  %d = tk.atomic_rmw fadd relaxed gpu %h, %two : !tk.ptr<f16>, f16
  tk.return
})mlir",
           {KernelArgument::pointer(DType::F32, y.data(), tensorOf(y).memory),
            KernelArgument::pointer(DType::F16, h.data(),
                                    tensorOf(DType::F16, h).memory)},
           {1000, 1, 1});
  EXPECT_EQ(y, std::vector<float>({1000.5f, 999.0f, 0.0f}));
  // 1 + 2 * 1000 by steps of 2: exact up to 2048, which 2001 is below.
  EXPECT_EQ(h[0], 0x67d1);
}

TEST_F(AtomicsTest, MaskedLanesDoNothingAndReturnZero) {
  std::vector<int32_t> y(4, 5), old(4, -1);
  runClean(R"mlir(
tk.kernel @k(%y: !tk.view<?xi32>, %o: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %m = arith.constant dense<[true, false, true, false]> : tensor<4xi1>
  %v = tk.arange : tensor<4xi32>
  %p = tk.addresses %y[%c0 +: 4] : !tk.view<?xi32> -> tensor<4x!tk.ptr<i32>>
  %r = tk.atomic_rmw add relaxed gpu %p, %v mask %m : tensor<4xi1> : tensor<4x!tk.ptr<i32>>, tensor<4xi32>
  tk.store_view %r, %o[%c0 +: 4] : tensor<4xi32>, !tk.view<?xi32>
  tk.return
})mlir",
           {tensorOf(y), tensorOf(old)});
  EXPECT_EQ(y, std::vector<int32_t>({5, 5, 7, 5}));
  EXPECT_EQ(old, std::vector<int32_t>({5, 0, 5, 0}));
}

TEST_F(AtomicsTest, LockByCompareAndSwap) {
  // 200 programs add to plain memory under a lock: no race, none lost.
  std::vector<int32_t> lock(1), sum(1);
  for (unsigned numThreads : {1, 2, 4}) {
    options.numThreads = numThreads;
    lock[0] = sum[0] = 0;
    runClean(R"mlir(
tk.kernel @k(%lock: !tk.ptr<i32>, %sum: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  scf.while : () -> () {
    %old = tk.atomic_cas acq_rel gpu %lock, %zero, %one : !tk.ptr<i32>, i32
    %waits = arith.cmpi ne, %old, %zero : i32
    scf.condition(%waits)
  } do {
    scf.yield
  }
  %v = tk.load_view %sum[%c0] : !tk.view<?xi32> -> i32
  %w = arith.addi %v, %one : i32
  tk.store_view %w, %sum[%c0] : i32, !tk.view<?xi32>
  tk.atomic_store release gpu %zero, %lock : i32, !tk.ptr<i32>
  tk.return
})mlir",
             {KernelArgument::pointer(DType::I32, lock.data(),
                                      tensorOf(lock).memory),
              tensorOf(sum)},
             {200, 1, 1});
    EXPECT_EQ(sum[0], 200);
    EXPECT_EQ(lock[0], 0);
  }
}

TEST_F(AtomicsTest, EachProgramWaitsForTheNext) {
  // A chain in the worst order: program p waits for p + 1, so that all must
  // have started before the first one can end.
  const int count = 300;
  std::vector<int32_t> flags(count + 1);
  flags[count] = 1;
  runClean(R"mlir(
tk.kernel @k(%flags: !tk.view<?xi32>) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %p = tk.program_id 0
  %q = arith.addi %p, %c1 : index
  %mine = tk.addresses %flags[%p] : !tk.view<?xi32> -> !tk.ptr<i32>
  %next = tk.addresses %flags[%q] : !tk.view<?xi32> -> !tk.ptr<i32>
  %seen = scf.while : () -> i32 {
    %v = tk.atomic_load acquire gpu %next : !tk.ptr<i32> -> i32
    %waits = arith.cmpi eq, %v, %zero : i32
    scf.condition(%waits) %v : i32
  } do {
  ^bb0(%v: i32):
    scf.yield
  }
  %one = arith.constant 1 : i32
  %w = arith.addi %seen, %one : i32
  tk.atomic_store release gpu %w, %mine : i32, !tk.ptr<i32>
  tk.return
})mlir",
           {tensorOf(flags)}, {count, 1, 1});
  EXPECT_EQ(flags[0], count + 1);
}

TEST_F(AtomicsTest, BlockScopeMakesNoOrderBetweenPrograms) {
  options.numThreads = 1;
  std::vector<int32_t> y(1);
  RunResult result =
      run(R"mlir(
tk.kernel @k(%y: !tk.ptr<i32> {tk.name = "y"}) {
  %one = arith.constant 1 : i32
  %old = tk.atomic_rmw add acq_rel block %y, %one : !tk.ptr<i32>, i32
  tk.return
})mlir",
          {KernelArgument::pointer(DType::I32, y.data(), tensorOf(y).memory)},
          {2, 1, 1});
  EXPECT_EQ(messages(result),
            Strings({"4: program 1 writes element 0 behind 'y' and program 0 "
                     "writes it, in no order"}));
}
} // namespace
