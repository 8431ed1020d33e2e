//===- SpillReliefTest.cpp - tests of asking for more registers -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SpillRelief.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

static std::string getPtx(llvm::StringRef directives) {
  return (".visible .entry first(\n\t.param .u64 first_0\n)\n"
          ".reqntid 32\n{\n\tret;\n}\n"
          ".visible .entry k(\n\t.param .u64 k_0,\n\t.param .u32 k_1\n)\n" +
          directives + "{\n\tret;\n}\n")
      .str();
}

static ResourceUsage getUsage(int64_t numRegisters, int64_t spillBytes) {
  ResourceUsage usage;
  usage.kernel = "k";
  usage.numRegisters = numRegisters;
  usage.spillStoreBytes = spillBytes;
  return usage;
}

static const TargetInfo &getTarget() { return *TargetInfo::lookup("sm_90a"); }

/// The number behind `.minnctapersm` of the kernel `k`.
static int64_t getMinBlocks(llvm::StringRef ptx) {
  int64_t number = 0;
  llvm::StringRef text =
      ptx.split(".entry k(").second.split(".minnctapersm ").second;
  EXPECT_FALSE(text.take_until([](char c) { return c == '\n'; })
                   .getAsInteger(10, number));
  return number;
}

/// An assembler for which `k` spills when asked for more than `mostBlocks`.
class FakeAssembler {
public:
  explicit FakeAssembler(int64_t mostBlocks) : mostBlocks(mostBlocks) {}

  mlir::FailureOr<ResourceUsage> measure(llvm::StringRef ptx,
                                         llvm::StringRef kernel) {
    EXPECT_EQ(kernel, "k");
    EXPECT_TRUE(ptx.contains(".entry first("));
    int64_t numBlocks = getMinBlocks(ptx);
    tried.push_back(numBlocks);
    return getUsage(32, numBlocks > mostBlocks ? 4 : 0);
  }

  int64_t mostBlocks;
  /// The numbers of blocks that it was run for.
  std::vector<int64_t> tried;
};

/// The directives after the relief; empty if there is none.
static std::string relieve(llvm::StringRef directives, ResourceUsage usage,
                           FakeAssembler &assembler) {
  std::string ptx = getPtx(directives);
  auto reliefs = relieveSpills(ptx, usage, getTarget(),
                               [&](llvm::StringRef text, llvm::StringRef name) {
                                 return assembler.measure(text, name);
                               });
  EXPECT_TRUE(mlir::succeeded(reliefs));
  if (reliefs->empty()) {
    EXPECT_EQ(ptx, getPtx(directives));
    return "";
  }
  size_t begin = ptx.rfind("\n)\n") + 3;
  std::string changed = ptx.substr(begin, ptx.rfind('{') - begin);
  EXPECT_EQ(ptx, getPtx(changed));
  return changed;
}

/// With an assembler for which fewer blocks always help.
static std::string relieve(llvm::StringRef directives, ResourceUsage usage) {
  FakeAssembler assembler(/*mostBlocks=*/100);
  return relieve(directives, usage, assembler);
}

// 65536 registers for blocks of 256 threads with 80 registers each: 3 blocks.
TEST(SpillReliefTest, AsksForOneBlockFewer) {
  EXPECT_EQ(relieve(".reqntid 256, 1, 1\n", getUsage(80, 4)),
            ".reqntid 256, 1, 1\n.minnctapersm 2\n");
  EXPECT_EQ(relieve(".reqntid 64, 2, 2\n", getUsage(80, 4)),
            ".reqntid 64, 2, 2\n.minnctapersm 2\n");
}

TEST(SpillReliefTest, RegistersComeInStepsOfEight) {
  // 127 * 256 would fit twice as 128 * 256 does; 129 * 256 is 136 * 256.
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(127, 4)),
            ".reqntid 256\n.minnctapersm 1\n");
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(129, 4)), "");
}

TEST(SpillReliefTest, NumberAskedForBeforeIsTheLimit) {
  EXPECT_EQ(relieve(".reqntid 128\n.minnctapersm 4\n", getUsage(80, 4)),
            ".reqntid 128\n.minnctapersm 3\n");
  EXPECT_EQ(relieve(".reqntid 128\n.minnctapersm 1\n", getUsage(80, 4)), "");
}

// 32 registers for blocks of 128 threads: 16 blocks. Down to 13 there are no
// more, as they come in steps of 8; for 12 and 11 there are 40.
TEST(SpillReliefTest, TriesNumbersThatLeaveMoreRegisters) {
  const std::vector<int64_t> all = {12, 10, 9, 8, 7, 6, 5, 4, 3, 2};
  for (size_t i = 0; i < all.size(); ++i) {
    FakeAssembler assembler(/*mostBlocks=*/all[i]);
    EXPECT_EQ(relieve(".reqntid 128\n", getUsage(32, 4), assembler),
              ".reqntid 128\n.minnctapersm " + std::to_string(all[i]) + "\n");
    EXPECT_EQ(assembler.tried,
              std::vector<int64_t>(all.begin(), all.begin() + i + 1));
  }
  FakeAssembler assembler(/*mostBlocks=*/0);
  EXPECT_EQ(relieve(".reqntid 128\n", getUsage(32, 4), assembler),
            ".reqntid 128\n.minnctapersm 1\n");
  EXPECT_EQ(assembler.tried, all);
}

TEST(SpillReliefTest, OneBlockNeedsNoTrial) {
  FakeAssembler assembler(/*mostBlocks=*/1);
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(127, 4), assembler),
            ".reqntid 256\n.minnctapersm 1\n");
  EXPECT_TRUE(assembler.tried.empty());
}

TEST(SpillReliefTest, FailureOfTheAssemblerEndsTheSearch) {
  std::string ptx = getPtx(".reqntid 256\n");
  EXPECT_TRUE(mlir::failed(relieveSpills(
      ptx, getUsage(80, 4), getTarget(),
      [](llvm::StringRef, llvm::StringRef) { return mlir::failure(); })));
  EXPECT_EQ(ptx, getPtx(".reqntid 256\n"));
}

// 24 registers would let 21 blocks of 128 threads run, but 2048 threads are 16,
// for which there are 32. Fewer blocks have 40 from 12 on.
TEST(SpillReliefTest, ThreadsLimitBlocksToo) {
  EXPECT_EQ(relieve(".reqntid 128\n", getUsage(24, 4)),
            ".reqntid 128\n.minnctapersm 12\n");
}

// One block of 512 threads has 128 registers for each: 40 and 88 more would
// fit, 40 and 89 would not.
TEST(SpillReliefTest, WhatNoNumberOfBlocksHelpsGetsAllAtOnce) {
  ResourceUsage usage = getUsage(40, 500);
  usage.stackBytes = 4 * 88;
  EXPECT_EQ(relieve(".reqntid 512\n", usage),
            ".reqntid 512\n.minnctapersm 2\n");
  usage.stackBytes = 4 * 89;
  FakeAssembler assembler(/*mostBlocks=*/2);
  EXPECT_EQ(relieve(".reqntid 512\n", usage, assembler),
            ".reqntid 512\n.minnctapersm 1\n");
  EXPECT_TRUE(assembler.tried.empty());
}

// A thread of a smaller block has 255 at most.
TEST(SpillReliefTest, ThreadsHaveALimitOfTheirOwn) {
  ResourceUsage usage = getUsage(120, 700);
  usage.stackBytes = 4 * 135;
  EXPECT_EQ(relieve(".reqntid 128\n", usage),
            ".reqntid 128\n.minnctapersm 3\n");
  usage.stackBytes = 4 * 136;
  EXPECT_EQ(relieve(".reqntid 128\n", usage),
            ".reqntid 128\n.minnctapersm 1\n");
}

TEST(SpillReliefTest, LeavesOthersAlone) {
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(80, 0)), "");
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(255, 64)), "");
  EXPECT_EQ(relieve(".reqntid 256\n.maxnreg 80\n", getUsage(80, 4)), "");
  EXPECT_EQ(relieve("", getUsage(80, 4)), "");
  ResourceUsage function = getUsage(80, 4);
  function.kernel = "no_entry";
  EXPECT_EQ(relieve(".reqntid 256\n", function), "");
}

TEST(SpillReliefTest, EntryWithoutParameters) {
  std::string ptx = ".visible .entry k()\n.reqntid 256\n{\n\tret;\n}\n" +
                    getPtx("").substr(0, 40);
  auto reliefs = relieveSpills(
      ptx, getUsage(80, 4), getTarget(),
      [](llvm::StringRef, llvm::StringRef) { return getUsage(120, 0); });
  ASSERT_TRUE(mlir::succeeded(reliefs));
  ASSERT_EQ(reliefs->size(), 1u);
  EXPECT_EQ((*reliefs)[0].kernel, "k");
  EXPECT_EQ((*reliefs)[0].numBlocksBefore, 3);
  EXPECT_EQ((*reliefs)[0].numBlocks, 2);
  EXPECT_EQ(ptx.find(".visible .entry k()\n.reqntid 256\n.minnctapersm 2\n{"),
            0u);
}

static constexpr llvm::StringLiteral kBody = "{\n\tret;\n}";

// Variables, functions and the names of other kernels may be used by the one.
TEST(EmptyOtherKernelsTest, KeepsAllButTheBodies) {
  std::string others = ".version 8.0\n.target sm_90a // {\n"
                       ".global .align 8 .u64 table[2] = {a, b};\n"
                       ".extern .entry c(.param .u64 c_0);\n"
                       ".func f()\n{\n\tbar.sync 0;\n}\n";
  std::string a = ".visible .entry a(.param .u64 a_0)\n.reqntid 32\n";
  std::string b = ".entry b()\n";
  std::string body = "{\n\tmov.u32 %r1, 1;\n\tst.v2.u32 [%r2], {%r1, %r1};\n}";
  std::string end = "\n\t.section\t.debug_macinfo\t{\t}\n";
  EXPECT_EQ(emptyOtherKernels(others + a + body + b + body + end, "a"),
            others + a + body + b + kBody.str() + end);
  EXPECT_EQ(emptyOtherKernels(others + a + body + b + body + end, "b"),
            others + a + kBody.str() + b + body + end);
}

TEST(EmptyOtherKernelsTest, BracesInCommentsAndStringsDoNotCount) {
  for (llvm::StringRef text : {"// }\n", "/* } */", "/* / \" } */",
                               ".pragma \"}\";", "{ }", "{ // }\n }"})
    EXPECT_EQ(
        emptyOtherKernels(
            (".entry a() { " + text + " ret; } .entry b() " + kBody).str(),
            "b"),
        (".entry a() " + kBody + " .entry b() " + kBody).str());
}

TEST(EmptyOtherKernelsTest, DebugInformationNeedsTheBodies) {
  std::string ptx = ".entry a() { label: ret; }\n.section .debug_info { .b64 "
                    "label }\n.entry b() { ret; }\n";
  EXPECT_EQ(emptyOtherKernels(ptx, "b"), ptx);
}

TEST(EmptyOtherKernelsTest, TextWithoutEndIsKept) {
  for (llvm::StringRef ptx :
       {"", ".version 8.0", ".entry b() {", ".entry b() { \"", "/*"})
    EXPECT_EQ(emptyOtherKernels(ptx, "b"), ptx);
}
