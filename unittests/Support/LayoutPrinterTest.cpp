//===- LayoutPrinterTest.cpp - tests of pictures of layouts ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutPrinter.h"
#include "LayoutTestUtils.h"
#include "tk/Support/LayoutBuilders.h"
#include "tk/Support/SharedLayout.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::tk;

static std::string print(const Layout &layout,
                         const LayoutPrintOptions &options = {}) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printLayout(os, layout, options);
  return text;
}

TEST(LayoutPrinterTest, NamesWarpLaneAndRegister) {
  Layout layout = parseLayout("shape = [[4], [2]], register = [[0, 1]], "
                              "lane = [[1, 0]], warp = [[2, 0]]");
  EXPECT_EQ(print(layout), "          0         1\n"
                           "0  w0 t0 r0  w0 t0 r1\n"
                           "1  w0 t1 r0  w0 t1 r1\n"
                           "2  w1 t0 r0  w1 t0 r1\n"
                           "3  w1 t1 r0  w1 t1 r1\n");
}

TEST(LayoutPrinterTest, CopiesAndPaddingShow) {
  Layout layout =
      parseLayout("shape = [[4]], register = [[1]], lane = [[2], [0]]");
  LayoutPrintOptions options;
  options.extents = {3};
  EXPECT_EQ(print(layout, options),
            "            0           1           2           3\n"
            "0  w0 t0 r0+1  w0 t0 r1+1  w0 t1 r0+1           -\n");
}

TEST(LayoutPrinterTest, SharedMemoryShowsOffsets) {
  Layout layout = parseLayout("shape = [[2], [2]], offset = [[0, 1], [1, 1]]");
  EXPECT_EQ(print(layout), "    0   1\n"
                           "0  @0  @1\n"
                           "1  @3  @2\n");
}

TEST(LayoutPrinterTest, HigherRanksPrintOneGridEach) {
  Layout layout = parseLayout("shape = [[2], [1], [2]], "
                              "register = [[0, 0, 1], [1, 0, 0]]");
  EXPECT_EQ(print(layout), "[0, :, :]\n"
                           "          0         1\n"
                           "0  w0 t0 r0  w0 t0 r1\n"
                           "[1, :, :]\n"
                           "          0         1\n"
                           "0  w0 t0 r2  w0 t0 r3\n");
}

TEST(LayoutPrinterTest, ScalarsAndLimits) {
  EXPECT_EQ(print(Layout()), "          0\n"
                             "0  w0 t0 r0\n");
  LayoutPrintOptions options;
  options.maxRows = 1;
  options.maxColumns = 1;
  EXPECT_EQ(print(parseLayout("shape = [[2], [4]], register = [[0, 1], "
                              "[0, 2], [1, 0]]"),
                  options),
            "          0\n"
            "0  w0 t0 r0\n"
            "not shown: 1 of 2 rows, 3 of 4 columns\n");
}

TEST(LayoutPrinterTest, DrawsOneCellPerElement) {
  std::string svg;
  llvm::raw_string_ostream os(svg);
  drawLayout(os, buildMmaAccumulator(DigitShape::get({16, 8}), {}));
  llvm::StringRef text = svg;
  EXPECT_TRUE(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(text.ends_with("</svg>\n"));
  EXPECT_EQ(text.count("<rect "), 16u * 8u);
  // Row 9, column 3: lane 5, register 3.
  EXPECT_TRUE(text.contains(">w0 t5 r3<"));
}

TEST(LayoutPrinterTest, DrawingsHaveRoomForEveryGrid) {
  // Of a tile of rank 3, one grid for each index of its first dimension.
  DigitShape shape = DigitShape::get({4, 16, 8});
  std::string svg;
  llvm::raw_string_ostream os(svg);
  drawLayout(os, buildBlocked(shape, {2, 1, 0}, 1, {32, 4}));
  auto readNumber = [](llvm::StringRef text, llvm::StringRef name) {
    int number = 0;
    text.split((name + "=\"").str()).second.consumeInteger(10, number);
    return number;
  };
  llvm::StringRef rest = svg;
  int height = readNumber(rest, " height");
  int numCells = 0;
  while (rest.contains("<rect x")) {
    rest = rest.split("<rect x").second;
    EXPECT_LT(readNumber(rest, " y"), height);
    ++numCells;
  }
  EXPECT_EQ(numCells, 4 * 16 * 8);
}

static std::string printAccess(const Layout &shared) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printSharedAccess(os, buildMmaOperandA(shared.getShape(), {4, 1}, 16), shared,
                    16, *TargetInfo::lookup("sm_80"));
  return text;
}

TEST(LayoutPrinterTest, BankConflictsAreTold) {
  DigitShape shape = DigitShape::get({64, 64});
  std::string swizzled =
      printAccess(buildSwizzledShared(shape, {1, 0}, 16, 128));
  EXPECT_TRUE(llvm::StringRef(swizzled).starts_with(
      "load: 4 x 4 matrices of 8 x 16 bytes\n"
      "  wavefronts: 4 each, 4 at best: no bank conflicts\n"
      "bank  0: t0@0\n"))
      << swizzled;
  std::string plain = printAccess(buildStridedShared(shape, {1, 0}));
  EXPECT_TRUE(llvm::StringRef(plain).contains(
      "  wavefronts: 8 each, 1 at best: bank conflicts\n"))
      << plain;
  // Eight rows start in bank 0.
  EXPECT_TRUE(llvm::StringRef(plain).contains(
      "bank  0: t0@0 t4@128 t8@256 t12@384 t16@512 t20@640 t24@768 t28@896\n"))
      << plain;
}
