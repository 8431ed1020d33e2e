//===- SharedTilesTest.cpp - what a machine chose changes no value --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterTestUtils.h"
#include <numeric>

using namespace mlir;
using namespace mlir::tk;

namespace {
/// Runs the body of a kernel on x[8, 4] = 0, 1, 2, ... and y, an output.
class SharedTilesTest : public InterpreterTest {
protected:
  SharedTilesTest() : x(32), y(32, -1.0f) {
    std::iota(x.begin(), x.end(), 0.0f);
  }

  RunResult runBody(const std::string &body,
                    SmallVector<int64_t> shapeOfY = {8, 4}) {
    return run(R"mlir(
      // Rows 2, 3, 6 and 7 have their halves exchanged.
      #shared = #tkg.shared<shape = [[8], [4]],
          offset = [[0, 1], [0, 2], [1, 0], [2, 2], [4, 0]]>
      #slice = #tkg.shared<shape = [[4], [4]],
          offset = [[0, 1], [0, 2], [1, 0], [2, 2]]>
      #trans = #tkg.shared<shape = [[4], [8]],
          offset = [[1, 0], [2, 0], [0, 1], [2, 2], [0, 4]]>
      #row = #tkg.layout<shape = [[8], [4]], register = [[0, 1], [0, 2]],
          lane = [[1, 0], [2, 0], [4, 0], [0, 0], [0, 0]]>
      #column = #tkg.layout<shape = [[8], [4]], register = [[1, 0], [2, 0], [4, 0]],
          lane = [[0, 1], [0, 2], [0, 0], [0, 0], [0, 0]]>
      #fma = #tkg.mma<fma, m = 1, n = 1, k = 1, type = f32,
          warpsM = 1, warpsN = 1, b = shared>
      #wgmma = #tkg.mma<wgmma, m = 64, n = 8, k = 8, type = f32,
          warpsM = 4, warpsN = 1, a = shared, b = shared>
      tk.kernel @k(%x: !tk.view<?x?xf32> {tk.access = #tk.access<read>, tk.name = "x"},
                   %y: !tk.view<?x?xf32> {tk.access = #tk.access<out>, tk.name = "y"}) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c2 = arith.constant 2 : index
        %c6 = arith.constant 6 : index
        %t = tk.load_view %x[%c0 +: 8, %c0 +: 4]
            : !tk.view<?x?xf32> -> tensor<8x4xf32>
    )mlir" + body + "tk.return }",
               {tensorOf(x, {8, 4}), tensorOf(y, shapeOfY)});
  }

  /// The only error; its line is that of the op.
  std::string getError(const RunResult &result) {
    if (result.errors.size() != 1)
      return std::to_string(result.errors.size()) + " errors";
    return result.errors.front().message;
  }

  std::vector<float> x, y;
};

TEST_F(SharedTilesTest, ChangesOfLayoutMoveNothing) {
  RunResult result = runBody(R"mlir(
    %a = tk.load_view %x[%c0 +: 8, %c0 +: 4]
        : !tk.view<?x?xf32> -> tensor<8x4xf32, #row>
    %b = tkg.convert_layout %a : tensor<8x4xf32, #row> -> tensor<8x4xf32, #column>
    tkg.barrier
    tk.store_view %b, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32, #column>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(y, x);
}

TEST_F(SharedTilesTest, TilesComeBackAsStored) {
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    tkg.local_store %t, %m : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    %u = tkg.local_load %m : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    tk.store_view %u, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(y, x);
}

TEST_F(SharedTilesTest, TransposedViewOfASwizzledTile) {
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
    %n = tkg.memdesc_trans %m [1, 0]
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<4x8xf32, #trans>
    %u = tkg.local_load %n : !tkg.memdesc<4x8xf32, #trans> -> tensor<4x8xf32>
    tk.store_view %u, %y[%c0 +: 4, %c0 +: 8] : tensor<4x8xf32>, !tk.view<?x?xf32>
  )mlir",
                             {4, 8});
  EXPECT_TRUE(result.succeeded());
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 8; ++column)
      EXPECT_EQ(y[row * 8 + column], column * 4 + row);
}

TEST_F(SharedTilesTest, WhatACopyFindsOutsideIsZero) {
  // Rows 6 to 13 of x, of which two exist.
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %a = tkg.copy_async %x[%c6 +: 8, %c0 +: 4] into %m
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %g = tkg.async_commit %a
    %w = tkg.async_wait %g
    %u = tkg.local_load %m after %w : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    tk.store_view %u, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], i < 8 ? 24 + i : 0);
}

TEST_F(SharedTilesTest, ReadBeforeTheWait) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %a = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %m
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %g = tkg.async_commit %a
    %u = tkg.local_load %m : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
  )mlir")),
            "program 0 reads a tile in shared memory while a copy into it is "
            "in flight");
}

TEST_F(SharedTilesTest, WriteBeforeTheWait) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %a = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %m
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    tkg.local_store %t, %m : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
  )mlir")),
            "program 0 writes a tile in shared memory while a copy into it is "
            "in flight, in no group yet");
}

TEST_F(SharedTilesTest, WaitForACopyWithoutGroup) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %a = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %m
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %w = tkg.async_wait %a
  )mlir")),
            "program 0 waits for a copy that is in no group yet");
}

/// Two groups, a wait, and a read of what the group `slot` copied.
static std::string makeTwoGroups(StringRef wait, StringRef slot) {
  return (R"mlir(
    %r = tkg.alloc : !tkg.memdesc<2 x [8x4xf32], #shared>
    %s0 = tkg.slot %r[%c0] : !tkg.memdesc<2 x [8x4xf32], #shared>
    %s1 = tkg.slot %r[%c1] : !tkg.memdesc<2 x [8x4xf32], #shared>
    %a = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %s0
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %g = tkg.async_commit %a
    %b = tkg.copy_async %x[%c1 +: 8, %c0 +: 4] into %s1
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %h = tkg.async_commit %b
    %w = )mlir" +
          wait + "\n%u = tkg.local_load " + slot +
          R"mlir( : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    tk.store_view %u, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir")
      .str();
}

TEST_F(SharedTilesTest, AWaitByTokenCompletesEarlierGroups) {
  EXPECT_TRUE(runBody(makeTwoGroups("tkg.async_wait %g", "%s0")).succeeded());
  EXPECT_EQ(y, x);
  EXPECT_TRUE(runBody(makeTwoGroups("tkg.async_wait %h", "%s0")).succeeded());
  EXPECT_FALSE(runBody(makeTwoGroups("tkg.async_wait %g", "%s1")).succeeded());
}

TEST_F(SharedTilesTest, AWaitByCountLeavesTheLatestGroups) {
  // The count is what a device sees, not the token.
  auto wait = [](const char *count) {
    return std::string("tkg.async_wait %h {pending = ") + count + " : i32}";
  };
  EXPECT_TRUE(runBody(makeTwoGroups(wait("1"), "%s0")).succeeded());
  EXPECT_FALSE(runBody(makeTwoGroups(wait("1"), "%s1")).succeeded());
  EXPECT_TRUE(runBody(makeTwoGroups(wait("0"), "%s1")).succeeded());
  EXPECT_FALSE(runBody(makeTwoGroups(wait("2"), "%s0")).succeeded());
  EXPECT_TRUE(runBody(makeTwoGroups("tkg.async_wait {}", "%s1")).succeeded());
}

TEST_F(SharedTilesTest, SlotsOfARingAreApart) {
  RunResult result = runBody(R"mlir(
    %r = tkg.alloc : !tkg.memdesc<2 x [8x4xf32], #shared>
    %s0 = tkg.slot %r[%c0] : !tkg.memdesc<2 x [8x4xf32], #shared>
    %s1 = tkg.slot %r[%c1] : !tkg.memdesc<2 x [8x4xf32], #shared>
    %n = arith.negf %t : tensor<8x4xf32>
    tkg.local_store %t, %s0 : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    tkg.local_store %n, %s1 : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    %u = tkg.local_load %s0 : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    tk.store_view %u, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(y, x);
}

TEST_F(SharedTilesTest, SlicesAreTheRowsOfATile) {
  // The second half of x, then the first.
  RunResult result = runBody(R"mlir(
    %c4 = arith.constant 4 : index
    %m = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
    %r = tkg.memdesc_slices %m
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<2 x [4x4xf32], #slice>
    %s0 = tkg.slot %r[%c0] : !tkg.memdesc<2 x [4x4xf32], #slice>
    %s1 = tkg.slot %r[%c1] : !tkg.memdesc<2 x [4x4xf32], #slice>
    %u = tkg.local_load %s1 : !tkg.memdesc<4x4xf32, #slice> -> tensor<4x4xf32>
    tk.store_view %u, %y[%c0 +: 4, %c0 +: 4] : tensor<4x4xf32>, !tk.view<?x?xf32>
    %v = tkg.local_load %s0 : !tkg.memdesc<4x4xf32, #slice> -> tensor<4x4xf32>
    tk.store_view %v, %y[%c4 +: 4, %c0 +: 4] : tensor<4x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], (i + 16) % 32);
}

TEST_F(SharedTilesTest, ACopyIntoATileIsInFlightInItsSlices) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %a = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %m
        : !tk.view<?x?xf32>, !tkg.memdesc<8x4xf32, #shared>
    %g = tkg.async_commit %a
    %r = tkg.memdesc_slices %m
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<2 x [4x4xf32], #slice>
    %s = tkg.slot %r[%c1] : !tkg.memdesc<2 x [4x4xf32], #slice>
    %u = tkg.local_load %s : !tkg.memdesc<4x4xf32, #slice> -> tensor<4x4xf32>
  )mlir")),
            "program 0 reads a tile in shared memory while a copy into it is "
            "in flight");
}

TEST_F(SharedTilesTest, SlotOutsideItsRing) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %r = tkg.alloc : !tkg.memdesc<2 x [8x4xf32], #shared>
    %s = tkg.slot %r[%c2] : !tkg.memdesc<2 x [8x4xf32], #shared>
  )mlir")),
            "program 0 takes slot 2 of a ring of 2");
}

TEST_F(SharedTilesTest, ReadOfATileThatNobodyWrote) {
  EXPECT_EQ(getError(runBody(R"mlir(
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %u = tkg.local_load %m : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
  )mlir")),
            "program 0 reads a tile in shared memory that was never written");
}

TEST_F(SharedTilesTest, BuffersInOnePlaceOverwriteEachOther) {
  // The second tile starts at the third row of the first.
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc {offset = 0} : !tkg.memdesc<8x4xf32, #shared>
    %n = tkg.alloc {offset = 32} : !tkg.memdesc<8x4xf32, #shared>
    %ones = arith.constant dense<1.0> : tensor<8x4xf32>
    tkg.local_store %t, %m : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    tkg.local_store %ones, %n : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    %u = tkg.local_load %m : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    tk.store_view %u, %y[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], i < 8 ? i : 1);
}

TEST_F(SharedTilesTest, DotsReadSharedMemory) {
  // t * t^T: element [i, j] is the sum of (4 i + k) (4 j + k).
  y.assign(64, 0);
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
    %n = tkg.memdesc_trans %m [1, 0]
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<4x8xf32, #trans>
    %acc = arith.constant dense<1.0> : tensor<8x8xf32>
    %d = tkg.dot %t, %n, %acc
        instruction #fma
        : tensor<8x4xf32>, !tkg.memdesc<4x8xf32, #trans> -> tensor<8x8xf32>
    tk.store_view %d, %y[%c0 +: 8, %c0 +: 8] : tensor<8x8xf32>, !tk.view<?x?xf32>
  )mlir",
                             {8, 8});
  EXPECT_TRUE(result.succeeded());
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) {
      float sum = 1;
      for (int k = 0; k < 4; ++k)
        sum += (4 * i + k) * (4 * j + k);
      EXPECT_EQ(y[i * 8 + j], sum);
    }
}

TEST_F(SharedTilesTest, PendingDotsAreTiles) {
  y.assign(64, 0);
  RunResult result = runBody(R"mlir(
    %m = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
    %n = tkg.memdesc_trans %m [1, 0]
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<4x8xf32, #trans>
    %acc = arith.constant dense<0.0> : tensor<8x8xf32>
    %p = tkg.dot_async %m, %n, %acc
        instruction #wgmma
        : !tkg.memdesc<8x4xf32, #shared>, !tkg.memdesc<4x8xf32, #trans>, tensor<8x8xf32> -> !tkg.pending<tensor<8x8xf32>>
    %q = tkg.dot_async %m, %n, %p
        instruction #wgmma
        : !tkg.memdesc<8x4xf32, #shared>, !tkg.memdesc<4x8xf32, #trans>, !tkg.pending<tensor<8x8xf32>> -> !tkg.pending<tensor<8x8xf32>>
    %d, %w = tkg.dot_wait %q : !tkg.pending<tensor<8x8xf32>> -> tensor<8x8xf32>
    tk.store_view %d, %y[%c0 +: 8, %c0 +: 8] : tensor<8x8xf32>, !tk.view<?x?xf32>
  )mlir",
                             {8, 8});
  EXPECT_TRUE(result.succeeded());
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) {
      float sum = 0;
      for (int k = 0; k < 4; ++k)
        sum += (4 * i + k) * (4 * j + k);
      EXPECT_EQ(y[i * 8 + j], 2 * sum);
    }
}

TEST_F(SharedTilesTest, SelectionOfPlaces) {
  RunResult result = runBody(R"mlir(
    %true = arith.constant true
    %m = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %n = tkg.alloc : !tkg.memdesc<8x4xf32, #shared>
    %p = tk.program_id 0
    %isZero = arith.cmpi eq, %p, %c0 : index
    %s = arith.select %isZero, %n, %m : !tkg.memdesc<8x4xf32, #shared>
    tkg.local_store %t, %s : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    %u = tkg.local_load %n : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
    %v = arith.select %isZero, %y, %x : !tk.view<?x?xf32>
    tk.store_view %u, %v[%c0 +: 8, %c0 +: 4] : tensor<8x4xf32>, !tk.view<?x?xf32>
  )mlir");
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(y, x);
}

TEST_F(SharedTilesTest, EachProgramHasItsOwn) {
  // The slot of one program says nothing about another.
  std::vector<float> z(3 * 4, -1.0f);
  runClean(R"mlir(
    #line = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
    tk.kernel @k(%z: !tk.view<?x?xf32> {tk.access = #tk.access<out>}) {
      %c0 = arith.constant 0 : index
      %p = tk.program_id 0
      %i = arith.index_cast %p : index to i32
      %f = tk.cast %i : i32 -> f32
      %t = tk.splat %f : f32 -> tensor<4xf32>
      %m = tkg.alloc init(%t : tensor<4xf32>) : !tkg.memdesc<4xf32, #line>
      %u = tkg.local_load %m : !tkg.memdesc<4xf32, #line> -> tensor<4xf32>
      tk.store_view %u, %z[%p, %c0 +: 4] : tensor<4xf32>, !tk.view<?x?xf32>
      tk.return
    })mlir",
           {tensorOf(z, {3, 4})}, {3, 1, 1});
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(z[i], i / 4);
}

TEST_F(SharedTilesTest, PointersInSharedMemoryAreRefused) {
  EXPECT_EQ(compileError(R"mlir(
    #line = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
    tk.kernel @k() {
      %m = tkg.alloc : !tkg.memdesc<4x!tk.ptr<f32>, #line>
      tk.return
    })mlir")
                .substr(0, 38),
            "the interpreter does not know the type");
}
} // namespace
