//===- ChecksTest.cpp - what the interpreter reports ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterTestUtils.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
using ChecksTest = InterpreterTest;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST_F(ChecksTest, ReadPastTheEndThroughAPointer) {
  std::vector<float> x(8, 1.0f), y(8);
  RunResult result =
      run(R"mlir(
tk.kernel @k(%x: !tk.ptr<f32> {tk.name = "x", tk.access = #tk.access<read>}, %y: !tk.ptr<f32> {tk.name = "y"}) {
  %c8 = arith.constant 8 : index
  %p = tk.ptr_add %x, %c8 : !tk.ptr<f32>, index
  %v = tk.load %p : !tk.ptr<f32> -> f32
  tk.return
})mlir",
          {KernelArgument::pointer(DType::F32, x.data(), tensorOf(x).memory),
           KernelArgument::pointer(DType::F32, y.data(), tensorOf(y).memory)});
  EXPECT_EQ(messages(result),
            Strings({"5: program 0 reads outside 'x': element 8 of memory that "
                     "holds 8"}));
}

TEST_F(ChecksTest, ReadIntoAnotherTensorIsOutside) {
  // y lies right behind x; a pointer made from x may not reach it.
  std::vector<float> xy(16, 1.0f);
  MutableArrayRef<uint8_t> bytes(reinterpret_cast<uint8_t *>(xy.data()), 64);
  RunResult result =
      run(R"mlir(
tk.kernel @k(%x: !tk.ptr<f32> {tk.name = "x"}, %y: !tk.ptr<f32> {tk.name = "y"}) {
  %offsets = tk.arange : tensor<12xi32>
  %xs = tk.splat %x : !tk.ptr<f32> -> tensor<12x!tk.ptr<f32>>
  %p = tk.ptr_add %xs, %offsets : tensor<12x!tk.ptr<f32>>, tensor<12xi32>
  %v = tk.load %p : tensor<12x!tk.ptr<f32>> -> tensor<12xf32>
  tk.return
})mlir",
          {KernelArgument::pointer(DType::F32, xy.data(), bytes.take_front(32)),
           KernelArgument::pointer(DType::F32, xy.data() + 8,
                                   bytes.drop_front(32))});
  EXPECT_EQ(messages(result),
            Strings({"6: program 0 reads outside 'x': element 8 of memory that "
                     "holds 8"}));
}

TEST_F(ChecksTest, WriteBeforeTheBeginning) {
  std::vector<int32_t> y(4, 7);
  RunResult result =
      run(R"mlir(
tk.kernel @k(%y: !tk.ptr<i32> {tk.name = "y"}) {
  %one = arith.constant 1 : i32
  %minus = arith.constant -1 : i64
  %p = tk.ptr_add %y, %minus : !tk.ptr<i32>, i64
  tk.store %one, %p : i32, !tk.ptr<i32>
  tk.return
})mlir",
          {KernelArgument::pointer(DType::I32, y.data(), tensorOf(y).memory)});
  EXPECT_EQ(messages(result),
            Strings({"6: program 0 writes outside 'y': element -1 of memory "
                     "that holds 4"}));
  EXPECT_EQ(y, std::vector<int32_t>(4, 7));
}

TEST_F(ChecksTest, MaskedLanesDoNotTouchMemory) {
  std::vector<float> x = {1, 2, 3}, y(8);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.ptr<f32>, %y: !tk.view<?xf32>) {
  %c0 = arith.constant 0 : index
  %three = arith.constant dense<3> : tensor<8xi32>
  %other = arith.constant dense<9.0> : tensor<8xf32>
  %offsets = tk.arange : tensor<8xi32>
  %m = arith.cmpi slt, %offsets, %three : tensor<8xi32>
  %xs = tk.splat %x : !tk.ptr<f32> -> tensor<8x!tk.ptr<f32>>
  %p = tk.ptr_add %xs, %offsets : tensor<8x!tk.ptr<f32>>, tensor<8xi32>
  %v = tk.load %p mask %m : tensor<8xi1> other %other : tensor<8xf32> : tensor<8x!tk.ptr<f32>> -> tensor<8xf32>
  tk.store_view %v, %y[%c0 +: 8] : tensor<8xf32>, !tk.view<?xf32>
  tk.return
})mlir",
           {KernelArgument::pointer(DType::F32, x.data(), tensorOf(x).memory),
            tensorOf(y)});
  EXPECT_EQ(y, std::vector<float>({1, 2, 3, 9, 9, 9, 9, 9}));
}

TEST_F(ChecksTest, ReadOfNeverWrittenElement) {
  std::vector<float> x(6, 1.0f);
  std::vector<uint8_t> written(6, 0);
  KernelArgument argument = tensorOf(x, {2, 3});
  argument.written = written;
  RunResult result = run(R"mlir(
tk.kernel @k(%x: !tk.view<?x?xf32> {tk.name = "x", tk.access = #tk.access<out>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  tk.store_view %zero, %x[%c1, %c0 +: 2] : tensor<2xf32>, !tk.view<?x?xf32>
  %v = tk.load_view %x[%c1, %c0 +: 3] : !tk.view<?x?xf32> -> tensor<3xf32>
  tk.return
})mlir",
                         {argument});
  EXPECT_EQ(messages(result),
            Strings({"7: program 0 reads x[1, 2], which was never written"}));
  EXPECT_EQ(written, std::vector<uint8_t>({0, 0, 0, 1, 1, 0}));
}

TEST_F(ChecksTest, WriteToAReadOnlyTensor) {
  std::vector<float> x(4, 1.0f);
  RunResult result = run(R"mlir(
tk.kernel @k(%x: !tk.view<?xf32> {tk.name = "x", tk.access = #tk.access<read>}) {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  tk.store_view %zero, %x[%c2] : f32, !tk.view<?xf32>
  tk.return
})mlir",
                         {tensorOf(x)});
  EXPECT_EQ(messages(result),
            Strings({"5: program 0 writes x[2], but 'x' is not an out or mut "
                     "parameter"}));
  EXPECT_EQ(x[2], 1.0f);
}

TEST_F(ChecksTest, BrokenPromiseToStayInside) {
  std::vector<float> x(4, 1.0f);
  RunResult result = run(R"mlir(
tk.kernel @k(%x: !tk.view<?xf32> {tk.name = "x"}) {
  %c2 = arith.constant 2 : index
  %v = tk.load_view %x[%c2 +: 4] {inbounds = array<i1: true>} : !tk.view<?xf32> -> tensor<4xf32>
  tk.return
})mlir",
                         {tensorOf(x)});
  EXPECT_EQ(messages(result),
            Strings({"4: program 0 reads coordinate 4 of dimension 0, of "
                     "extent 4, which was promised to be inside"}));
}

TEST_F(ChecksTest, PromisesAreAboutElementsThatTheTestsLetThrough) {
  // Columns 2 to 5 of x[3, 4], in a row that is tested.
  auto runAtRow = [&](int64_t row) {
    std::vector<float> x(12, 1.0f);
    std::vector<int64_t> rows = {row};
    return messages(run(R"mlir(
tk.kernel @k(%x: !tk.view<?x?xf32> {tk.name = "x"}, %rows: !tk.view<?xindex>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %row = tk.load_view %rows[%c0] : !tk.view<?xindex> -> index
  %v = tk.load_view %x[%row +: 2, %c2 +: 4] {inbounds = array<i1: false, true>}
      : !tk.view<?x?xf32> -> tensor<2x4xf32>
  tk.return
})mlir",
                        {tensorOf(x, {3, 4}), tensorOf(rows)}));
  };
  Strings broken = {"6: program 0 reads coordinate 4 of dimension 1, of extent "
                    "4, which was promised to be inside"};
  EXPECT_EQ(runAtRow(1), broken);
  // One of the two rows is inside.
  EXPECT_EQ(runAtRow(2), broken);
  // None is, so nothing is read.
  EXPECT_EQ(runAtRow(3), Strings());
}

TEST_F(ChecksTest, PromisesOfPairedGathersArePairwise) {
  // x[rows, columns] of x[2, 2]; only columns are promised. The pair (5, 7) is
  // stopped by its row, (1, 9) is not.
  std::vector<float> x(4, 1.0f);
  RunResult result = run(R"mlir(
tk.kernel @k(%x: !tk.view<?x?xf32> {tk.name = "x"}) {
  %rows = arith.constant dense<[0, 5, 1]> : tensor<3xindex>
  %columns = arith.constant dense<[1, 7, 9]> : tensor<3xindex>
  %v = tk.load_view %x[gather %rows, gather %columns] {inbounds = array<i1: false, true>}
      : !tk.view<?x?xf32> (tensor<3xindex>, tensor<3xindex>) -> tensor<3xf32>
  tk.return
})mlir",
                         {tensorOf(x, {2, 2})});
  EXPECT_EQ(messages(result),
            Strings({"5: program 0 reads coordinate 9 of dimension 1, of "
                     "extent 2, which was promised to be inside"}));
}

//===----------------------------------------------------------------------===//
// Races
//===----------------------------------------------------------------------===//

TEST_F(ChecksTest, TwoWritersRace) {
  std::vector<int32_t> y(4);
  options.numThreads = 1;
  RunResult result = run(R"mlir(
tk.kernel @k(%y: !tk.view<?xi32> {tk.name = "y"}) {
  %c1 = arith.constant 1 : index
  %v = arith.constant 5 : i32
  tk.store_view %v, %y[%c1] : i32, !tk.view<?xi32>
  tk.return
})mlir",
                         {tensorOf(y)}, {2, 1, 1});
  // Equal values do not make it less of a race.
  EXPECT_EQ(messages(result),
            Strings({"5: program 1 writes y[1] and program 0 writes it, in no "
                     "order"}));
  EXPECT_EQ(result.errors[0].note, "program 0 writes it here");
  EXPECT_EQ(cast<FileLineColLoc>(*result.errors[0].noteLoc).getLine(), 5u);
}

TEST_F(ChecksTest, ReaderAndWriterRace) {
  std::vector<int32_t> y(4);
  options.numThreads = 1;
  RunResult result = run(R"mlir(
tk.kernel @k(%y: !tk.view<?xi32> {tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %p = tk.program_id 1
  %first = arith.cmpi eq, %p, %c0 : index
  scf.if %first {
    %v = tk.load_view %y[%c0 +: 4] : !tk.view<?xi32> -> tensor<4xi32>
  } else {
    %one = arith.constant 1 : i32
    tk.store_view %one, %y[%p] : i32, !tk.view<?xi32>
  }
  tk.return
})mlir",
                         {tensorOf(y)}, {1, 2, 1});
  EXPECT_EQ(messages(result),
            Strings({"10: program (0, 1) writes y[1] and program (0, 0) reads "
                     "it, in no order"}));
}

static const char *const kMessagePassing = R"mlir(
tk.kernel @k(%data: !tk.view<?xi32> {tk.name = "data"}, %flag: !tk.ptr<i32> {tk.name = "flag"},
             %out: !tk.view<?xi32> {tk.name = "out"}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %p = tk.program_id 0
  %isReader = arith.cmpi eq, %p, %c0 : index
  scf.if %isReader {
    scf.while : () -> () {
      %seen = tk.atomic_load ACQUIRE gpu %flag : !tk.ptr<i32> -> i32
      %waits = arith.cmpi eq, %seen, %zero : i32
      scf.condition(%waits)
    } do {
      scf.yield
    }
    %v = tk.load_view %data[%c0] : !tk.view<?xi32> -> i32
    tk.store_view %v, %out[%c0] : i32, !tk.view<?xi32>
  } else {
    %c42 = arith.constant 42 : i32
    tk.store_view %c42, %data[%c0] : i32, !tk.view<?xi32>
    tk.atomic_store RELEASE gpu %one, %flag : i32, !tk.ptr<i32>
  }
  tk.return
})mlir";

static std::string replace(std::string text, StringRef from, StringRef to) {
  text.replace(text.find(from.str()), from.size(), to.str());
  return text;
}

TEST_F(ChecksTest, SpinningProgramLetsALaterOneRun) {
  // Program 0 waits for program 1, on one thread. Order comes from release and
  // acquire, so that there is no race on the data.
  for (unsigned numThreads : {1, 2}) {
    options.numThreads = numThreads;
    std::vector<int32_t> data(1), flag(1), out(1);
    runClean(replace(replace(kMessagePassing, "ACQUIRE", "acquire"), "RELEASE",
                     "release"),
             {tensorOf(data),
              KernelArgument::pointer(DType::I32, flag.data(),
                                      tensorOf(flag).memory),
              tensorOf(out)},
             {2, 1, 1});
    EXPECT_EQ(out[0], 42);
  }
}

TEST_F(ChecksTest, RelaxedAtomicsMakeNoOrder) {
  for (auto [acquire, release] :
       {std::pair("relaxed", "release"), std::pair("acquire", "relaxed")}) {
    options.numThreads = 1;
    std::vector<int32_t> data(1), flag(1), out(1);
    RunResult result = run(replace(replace(kMessagePassing, "ACQUIRE", acquire),
                                   "RELEASE", release),
                           {tensorOf(data),
                            KernelArgument::pointer(DType::I32, flag.data(),
                                                    tensorOf(flag).memory),
                            tensorOf(out)},
                           {2, 1, 1});
    EXPECT_EQ(
        messages(result),
        Strings({"21: program 1 writes data[0] and program 0 reads it, in "
                 "no order"}));
    EXPECT_EQ(result.errors[0].note, "program 0 reads it here");
    EXPECT_EQ(cast<FileLineColLoc>(*result.errors[0].noteLoc).getLine(), 17u);
  }
}

TEST_F(ChecksTest, AtomicAndPlainAccessRace) {
  std::vector<int32_t> y(1);
  options.numThreads = 1;
  RunResult result =
      run(R"mlir(
tk.kernel @k(%y: !tk.ptr<i32> {tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : i32
  %p = tk.program_id 0
  %first = arith.cmpi eq, %p, %c0 : index
  scf.if %first {
    %old = tk.atomic_rmw add relaxed gpu %y, %one : !tk.ptr<i32>, i32
  } else {
    tk.store %one, %y : i32, !tk.ptr<i32>
  }
  tk.return
})mlir",
          {KernelArgument::pointer(DType::I32, y.data(), tensorOf(y).memory)},
          {2, 1, 1});
  EXPECT_EQ(messages(result),
            Strings({"10: program 1 writes element 0 behind 'y' and program 0 "
                     "writes it atomically, in no order"}));
}

//===----------------------------------------------------------------------===//
// Waiting for ever
//===----------------------------------------------------------------------===//

TEST_F(ChecksTest, DeadlockOfAllPrograms) {
  std::vector<int32_t> flag(1);
  RunResult result = run(
      R"mlir(
tk.kernel @k(%flag: !tk.ptr<i32> {tk.name = "flag"}) {
  %zero = arith.constant 0 : i32
  scf.while : () -> () {
    %seen = tk.atomic_load acquire gpu %flag : !tk.ptr<i32> -> i32
    %waits = arith.cmpi eq, %seen, %zero : i32
    scf.condition(%waits)
  } do {
    scf.yield
  }
  tk.return
})mlir",
      {KernelArgument::pointer(DType::I32, flag.data(), tensorOf(flag).memory)},
      {5, 1, 1});
  EXPECT_EQ(messages(result),
            Strings({"5: program 0 waits for ever: all of the 5 programs that "
                     "have not ended do"}));
}

TEST_F(ChecksTest, EndlessLoopOfOneProgram) {
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %true = arith.constant true
  scf.while : () -> () {
    scf.condition(%true)
  } do {
    scf.yield
  }
  tk.return
})mlir",
                         {});
  EXPECT_EQ(messages(result),
            Strings({"4: program 0 loops for ever: nothing that it reads will "
                     "change"}));
}

TEST_F(ChecksTest, EndlessLoopThatCountsEndsAtTheTimeLimit) {
  options.timeLimitInSeconds = 0.05;
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %true = arith.constant true
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %r = scf.while (%i = %zero) : (i64) -> i64 {
    scf.condition(%true) %i : i64
  } do {
  ^bb0(%i: i64):
    %next = arith.addi %i, %one : i64
    scf.yield %next : i64
  }
  tk.return
})mlir",
                         {});
  EXPECT_EQ(messages(result),
            Strings({"7: program 0 still runs after 0.050000 seconds"}));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Runs `result = op lhs, rhs : type` on scalars.
class ArithmeticFaultTest : public InterpreterTest {
protected:
  Strings fault(StringRef op, StringRef type, StringRef lhs, StringRef rhs) {
    std::string text =
        ("tk.kernel @k() {\n  %a = arith.constant " + lhs + " : " + type +
         "\n  %b = arith.constant " + rhs + " : " + type + "\n  %r = " + op +
         " %a, %b : " + type + "\n  tk.return\n}")
            .str();
    return messages(run(text, {}));
  }
};

TEST_F(ArithmeticFaultTest, IndexLeaves64Bits) {
  EXPECT_EQ(fault("arith.addi", "index", "9223372036854775807", "1"),
            Strings({"4: program 0 computes the index 9223372036854775807 + 1, "
                     "which does not fit into 64 bits"}));
  EXPECT_EQ(fault("arith.muli", "index", "4611686018427387904", "-3"),
            Strings({"4: program 0 computes the index 4611686018427387904 * "
                     "-3, which does not fit into 64 bits"}));
  EXPECT_EQ(fault("arith.subi", "index", "-9223372036854775808", "1"),
            Strings({"4: program 0 computes the index -9223372036854775808 - "
                     "1, which does not fit into 64 bits"}));
  EXPECT_EQ(fault("arith.shli", "index", "4611686018427387904", "1"),
            Strings({"4: program 0 computes the index 4611686018427387904 << "
                     "1, which does not fit into 64 bits"}));
  EXPECT_EQ(fault("arith.shli", "index", "-4611686018427387904", "1"),
            Strings());
  EXPECT_EQ(fault("arith.shli", "index", "1", "64"),
            Strings({"4: program 0 shifts 64 bits by 64"}));
  EXPECT_EQ(messages(run(R"mlir(
tk.kernel @k() {
  %a = arith.constant -9223372036854775808 : index
  %r = math.absi %a : index
  tk.return
})mlir",
                         {})),
            Strings({"4: program 0 computes the index "
                     "abs(-9223372036854775808), which does not fit into 64 "
                     "bits"}));
  // i64 wraps.
  EXPECT_EQ(fault("arith.addi", "i64", "9223372036854775807", "1"), Strings());
}

TEST_F(ArithmeticFaultTest, Division) {
  EXPECT_EQ(fault("arith.divsi", "i32", "7", "0"),
            Strings({"4: program 0 divides 7 by zero"}));
  EXPECT_EQ(fault("arith.remui", "i8", "7", "0"),
            Strings({"4: program 0 divides 7 by zero"}));
  EXPECT_EQ(fault("arith.floordivsi", "i8", "-128", "-1"),
            Strings({"4: program 0 divides -128 by -1, which overflows"}));
  EXPECT_EQ(fault("arith.remsi", "i8", "-128", "-1"), Strings());
}

TEST_F(ArithmeticFaultTest, Shifts) {
  EXPECT_EQ(fault("arith.shli", "i32", "1", "32"),
            Strings({"4: program 0 shifts 32 bits by 32"}));
  EXPECT_EQ(fault("arith.shrui", "i16", "1", "-1"),
            Strings({"4: program 0 shifts 16 bits by -1"}));
  EXPECT_EQ(fault("arith.shrsi", "i64", "1", "63"), Strings());
}

TEST_F(ChecksTest, CheckedCast) {
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %t = arith.constant dense<[1, 127, 128, -129]> : tensor<4xi32>
  %r = tk.cast %t {checked} : tensor<4xi32> -> tensor<4xi8>
  %u = arith.constant -1 : i64
  %s = tk.cast %u {checked, result_unsigned} : i64 -> i64
  tk.return
})mlir",
                         {});
  EXPECT_EQ(messages(result),
            Strings({"4: program 0 casts 128 to i8, which does not hold it",
                     "6: program 0 casts -1 to i64, which does not hold it"}));
}

//===----------------------------------------------------------------------===//
// Promises and messages
//===----------------------------------------------------------------------===//

TEST_F(ChecksTest, AssertionsNameTheElement) {
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %c = arith.constant dense<[[true, true], [true, false]]> : tensor<2x2xi1>
  %p = tk.program_id 0
  %c1 = arith.constant 1 : index
  %isFirst = arith.cmpi slt, %p, %c1 : index
  tk.assume %isFirst : i1
  tk.assert %c, "label out of range" : tensor<2x2xi1>
  tk.return
})mlir",
                         {}, {3, 1, 1});
  EXPECT_EQ(messages(result),
            Strings({"8: program 0 fails the assertion 'label out of range' at "
                     "element [1, 1]",
                     "7: program 1 fails an assumption"}));
  EXPECT_EQ(result.errors[1].numRepeats, 1);
}

TEST_F(ChecksTest, GatherOutsideItsTile) {
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %t = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %i = arith.constant dense<[1, -1, 0]> : tensor<3xi32>
  %g = tk.gather %t[%i] axis 0 : tensor<2xf32>, tensor<3xi32> -> tensor<3xf32>
  tk.return
})mlir",
                         {});
  EXPECT_EQ(messages(result),
            Strings({"5: program 0 gathers element -1 of a tile of extent 2"}));
}

TEST_F(ChecksTest, PrintsInOrderOfPrograms) {
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %p = tk.program_id 0
  %h = arith.constant 1.5 : f16
  %m = arith.constant -1 : i8
  %t = arith.constant dense<[true, false]> : tensor<2xi1>
  tk.print "row", %p, %h, %m : index, f16, i8 {unsigned_values = array<i1: false, false, true>}
  tk.print "mask", %t : tensor<2xi1>
  tk.return
})mlir",
                         {}, {2, 1, 1});
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(result.output, "program 0: row 0 1.5 255\n"
                           "program 0: mask [0] = true\n"
                           "program 0: mask [1] = false\n"
                           "program 1: row 1 1.5 255\n"
                           "program 1: mask [0] = true\n"
                           "program 1: mask [1] = false\n");
}

TEST_F(ChecksTest, OutputIsBounded) {
  options.maxOutputBytes = 100;
  RunResult result = run(R"mlir(
tk.kernel @k() {
  %p = tk.program_id 0
  tk.print "hello", %p : index
  tk.return
})mlir",
                         {}, {1000, 1, 1});
  EXPECT_LE(result.output.size(), 140u);
  EXPECT_TRUE(
      StringRef(result.output).ends_with("... further output is not shown\n"));
}

//===----------------------------------------------------------------------===//
// What does not run
//===----------------------------------------------------------------------===//

TEST_F(ChecksTest, UnknownOperation) {
  context.allowUnregisteredDialects();
  EXPECT_EQ(compileError("tk.kernel @k() {\n  \"other.op\"() : () -> ()\n"
                         "  tk.return\n}"),
            "the interpreter does not know 'other.op'");
}

TEST_F(ChecksTest, UnknownType) {
  EXPECT_EQ(compileError("tk.kernel @k(%x: !tk.view<?xf128>) {\n"
                         "  tk.return\n}"),
            "the interpreter does not know the type '!tk.view<?xf128>'");
}

TEST_F(ChecksTest, RecursionIsRefused) {
  EXPECT_EQ(compileError("func.func @f() {\n  func.call @f() : () -> ()\n"
                         "  return\n}\n"
                         "tk.kernel @k() {\n  func.call @f() : () -> ()\n"
                         "  tk.return\n}"),
            "the interpreter does not run the recursive function 'f'");
}

TEST_F(ChecksTest, CallsNeedABodyAndAnEnd) {
  EXPECT_EQ(compileError("func.func private @f()\n"
                         "tk.kernel @k() {\n  func.call @f() : () -> ()\n"
                         "  tk.return\n}"),
            "the interpreter finds no body of 'f'");
  EXPECT_EQ(compileError("func.func private @main()"),
            "the interpreter needs a kernel with a body");
  // Each function calls the one before twice: 2^19 calls.
  std::string text = "func.func @f0() { return }\n";
  for (int i = 1; i < 19; ++i) {
    std::string call =
        "  func.call @f" + std::to_string(i - 1) + "() : () -> ()\n";
    text += "func.func @f" + std::to_string(i) + "() {\n" + call + call +
            "  return\n}\n";
  }
  // f18 and all below the first of its calls are 2^18.
  std::string message = "the interpreter runs programs of at most 262144 "
                        "calls; this one calls 'f17' once more";
  EXPECT_EQ(compileError(text + "tk.kernel @k() {\n"
                                "  func.call @f18() : () -> ()\n"
                                "  tk.return\n}"),
            message);
}

TEST_F(ChecksTest, ValuesWithoutMemory) {
  EXPECT_EQ(compileError("func.func @main(%t: tensor<4xf32>) { return }"),
            "expects views, pointers and scalars as arguments, got "
            "'tensor<4xf32>'");
  EXPECT_EQ(compileError("tk.kernel @k() {\n"
                         "  %v = ub.poison : !tk.view<?xf32>\n"
                         "  tk.return\n}"),
            "the interpreter has no such value");
  EXPECT_EQ(compileError("tk.kernel @k() {\n"
                         "  %t = arith.constant dense_resource<b> : "
                         "tensor<4xf32>\n"
                         "  tk.return\n}"),
            "the interpreter does not know this constant");
}

TEST_F(ChecksTest, PoisonIsZero) {
  std::vector<int32_t> y(5, 7);
  runClean(R"mlir(
tk.kernel @k(%y: !tk.view<?xi32> {tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %tile = ub.poison : tensor<4xi32>
  %number = ub.poison : i32
  %token = ub.poison : !tkg.token
  tk.store_view %tile, %y[%c0 +: 4] : tensor<4xi32>, !tk.view<?xi32>
  tk.store_view %number, %y[%c4] : i32, !tk.view<?xi32>
  tk.return
})mlir",
           {tensorOf(y)});
  EXPECT_EQ(y, std::vector<int32_t>(5, 0));
}

TEST_F(ChecksTest, OperationsThatTakeMoreTypesThanTheInterpreter) {
  EXPECT_EQ(compileError("tk.kernel @k(%n: i32 {tk.optional}) {\n"
                         "  %v = tk.is_present %n : i32\n"
                         "  tk.return\n}"),
            "the interpreter knows only views and pointers to be absent");
  EXPECT_EQ(compileError("tk.kernel @k(%p: !tk.ptr<!tk.ptr<f32>>) {\n"
                         "  %v = tk.atomic_load relaxed gpu %p : "
                         "!tk.ptr<!tk.ptr<f32>> -> !tk.ptr<f32>\n"
                         "  tk.return\n}"),
            "the interpreter does not know atomics on pointers");
  EXPECT_EQ(compileError("tk.kernel @k() {\n"
                         "  %a = arith.constant true\n"
                         "  scf.for %i = %a to %a step %a : i1 {}\n"
                         "  tk.return\n}"),
            "expects a loop over integers");
}

TEST_F(ChecksTest, CombinersAreOfScalars) {
  auto compileCombiner = [&](StringRef op) {
    return compileError(
        "tk.kernel @k() {\n"
        "  %t = arith.constant dense<1.0> : tensor<8xf32>\n"
        "  %s = tk.reduce(%t) axis 0 : (tensor<8xf32>) -> f32 {\n"
        "  ^bb0(%a: f32, %b: f32):\n    " +
        op.str() + "\n    tk.yield %a : f32\n  }\n  tk.return\n}");
  };
  EXPECT_EQ(compileCombiner("%i = tk.program_id 0"),
            "the interpreter does not know 'tk.program_id' in a combiner");
  EXPECT_EQ(compileCombiner("%i = tk.arange : tensor<4xi32>"),
            "the interpreter does not know the type 'tensor<4xi32>' in a "
            "combiner");
}

TEST_F(ChecksTest, FramesBeyondTheLimit) {
  options.maxFrameBytes = 1;
  RunResult result = run("tk.kernel @k() {\n"
                         "  %t = tk.arange : tensor<64xi32>\n"
                         "  tk.return\n}",
                         {});
  ASSERT_EQ(result.errors.size(), 1u);
  StringRef message = result.errors[0].message;
  EXPECT_TRUE(message.consume_front(
      "program 0 would be number 1 to run at once, with "));
  EXPECT_TRUE(message.consume_back(" bytes of tiles each: too much"));
  int64_t bytes = 0;
  EXPECT_FALSE(message.getAsInteger(10, bytes));
  EXPECT_GE(bytes, 64 * 4);
}

TEST_F(ChecksTest, StepsMustBePositive) {
  StringRef text = R"mlir(
tk.kernel @k(%step: index {tk.name = "step"}) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %step {
    tk.print "i", %i : index
  }
  tk.return
})mlir";
  EXPECT_EQ(messages(run(text, {KernelArgument::integer(0)})),
            Strings({"5: program 0 loops with step 0, which must be "
                     "positive"}));
  EXPECT_EQ(messages(run(text, {KernelArgument::integer(-1)})),
            Strings({"5: program 0 loops with step -1, which must be "
                     "positive"}));
  runClean(text, {KernelArgument::integer(4)});
}

TEST_F(ChecksTest, ViewsHaveTheExtentsOfTheirType) {
  std::vector<float> x(8);
  StringRef text = R"mlir(
tk.kernel @k(%p: !tk.ptr<f32> {tk.name = "p"}, %n: index {tk.name = "n"}) {
  %c1 = arith.constant 1 : index
  %v = tk.make_view %p [%n] strides [%c1] : !tk.ptr<f32> -> !tk.view<8xf32>
  tk.return
})mlir";
  KernelArgument p =
      KernelArgument::pointer(DType::F32, x.data(), tensorOf(x).memory);
  runClean(text, {p, KernelArgument::integer(8)});
  EXPECT_EQ(messages(run(text, {p, KernelArgument::integer(9)})),
            Strings({"4: program 0 makes a view of extent 9 in dimension 0, "
                     "where its type says 8"}));
}

TEST_F(ChecksTest, AbsentPointersAreNotRead) {
  RunResult result = run(R"mlir(
tk.kernel @k(%p: !tk.ptr<f32> {tk.name = "p", tk.optional}) {
  %v = tk.load %p : !tk.ptr<f32> -> f32
  tk.return
})mlir",
                         {KernelArgument::absent()});
  EXPECT_EQ(messages(result),
            Strings({"3: program 0 reads through a pointer to no tensor"}));
}

TEST_F(ChecksTest, ArgumentsMustFit) {
  std::vector<float> x(6);
  std::vector<int32_t> i(6);
  StringRef text = "tk.kernel @k(%x: !tk.view<?x3xf32> {tk.name = \"x\"}) {\n"
                   "  tk.return\n}";
  auto message = [&](ArrayRef<KernelArgument> arguments) {
    return run(text, arguments).errors.at(0).message;
  };
  EXPECT_EQ(message({}), "expects 1 arguments, got 0");
  EXPECT_EQ(message({tensorOf(x)}), "'x' expects 2 dimensions, got 1");
  EXPECT_EQ(message({tensorOf(x, {3, 2})}),
            "'x' expects extent 3 in dimension 1, got 2");
  EXPECT_EQ(message({tensorOf(i, {2, 3})}),
            "'x' expects elements of type f32, got i32");
  EXPECT_EQ(message({KernelArgument::integer(1)}), "'x' expects a tensor");
  EXPECT_EQ(message({KernelArgument::absent()}), "'x' is not optional");
  KernelArgument odd = tensorOf(x, {1, 3});
  odd.data = static_cast<char *>(odd.data) + 1;
  EXPECT_EQ(message({odd}), "'x' is not aligned to its elements");
  runClean(text, {tensorOf(x, {2, 3})});
}

TEST_F(ChecksTest, EmptyGridRunsNothing) {
  std::vector<float> x(1, 5.0f);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?xf32>) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  tk.store_view %z, %x[%c0] : f32, !tk.view<?xf32>
  tk.return
})mlir",
           {tensorOf(x)}, {0, 1, 1});
  EXPECT_EQ(x[0], 5.0f);
}

TEST_F(ChecksTest, HugeGridsAreRefused) {
  // The product of the first three extents is 0 in 128 bits.
  constexpr int64_t kHuge = int64_t(1) << 62;
  for (std::array<int64_t, 3> grid :
       {std::array<int64_t, 3>{kHuge, kHuge, kHuge},
        std::array<int64_t, 3>{65536, 65536, 1}}) {
    RunResult result = run("tk.kernel @k() { tk.return }", {}, grid);
    ASSERT_EQ(result.errors.size(), 1u);
    EXPECT_EQ(result.errors[0].message,
              "the interpreter runs at most 2^32 - 1 programs");
  }
}
} // namespace
