//===- TargetInfoTest.cpp - tests of the table of chips -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

TEST(TargetInfoTest, EveryKnownNameIsFoundAndNoOther) {
  ASSERT_EQ(TargetInfo::getKnownTargets().size(), 10u);
  for (llvm::StringRef name : TargetInfo::getKnownTargets()) {
    ASSERT_NE(TargetInfo::lookup(name), nullptr);
    EXPECT_EQ(TargetInfo::lookup(name)->getName(), name);
  }
  EXPECT_EQ(TargetInfo::lookup("sm_90"), nullptr);
  EXPECT_EQ(TargetInfo::lookup("sm_100"), nullptr);
  EXPECT_EQ(TargetInfo::lookup(""), nullptr);
}

TEST(TargetInfoTest, CapabilitiesDoNotFollowVersionNumbers) {
  const TargetInfo *hopper = TargetInfo::lookup("sm_90a");
  const TargetInfo *consumer = TargetInfo::lookup("sm_120a");
  EXPECT_TRUE(hopper->hasMatrixUnit(MatrixUnit::Wgmma));
  EXPECT_FALSE(consumer->hasMatrixUnit(MatrixUnit::Wgmma));
  EXPECT_TRUE(consumer->has(Capability::Tma));
  EXPECT_LT(consumer->getMaxSharedMemory(), hopper->getMaxSharedMemory());
  EXPECT_FALSE(TargetInfo::lookup("sm_89")->has(Capability::Stmatrix));
  EXPECT_FALSE(TargetInfo::lookup("gfx942")->has(Capability::CpAsync));
}

TEST(TargetInfoTest, TheLargestInstructionIsFound) {
  auto find = [](llvm::StringRef target, MatrixUnit unit, MatrixType type) {
    return TargetInfo::lookup(target)->findMatrixInstruction(unit, type);
  };
  EXPECT_EQ(find("sm_80", MatrixUnit::MmaSync, MatrixType::F16)->k, 16u);
  EXPECT_EQ(find("sm_80", MatrixUnit::MmaSync, MatrixType::F64)->m, 8u);
  EXPECT_EQ(find("sm_90a", MatrixUnit::MmaSync, MatrixType::F64)->k, 16u);
  EXPECT_EQ(find("sm_86", MatrixUnit::MmaSync, MatrixType::F8), nullptr);
  EXPECT_EQ(find("gfx950", MatrixUnit::Mfma, MatrixType::BF16)->k, 32u);
  EXPECT_EQ(find("gfx1100", MatrixUnit::Wmma, MatrixType::F16)->m, 16u);
}

TEST(TargetInfoTest, FactsHangTogether) {
  for (llvm::StringRef name : TargetInfo::getKnownTargets()) {
    const TargetInfo &target = *TargetInfo::lookup(name);
    bool isNvidia = target.getVendor() == Vendor::NVIDIA;
    EXPECT_EQ(target.getPtxVersion() != 0, isNvidia);
    if (isNvidia)
      EXPECT_EQ(target.getFeatures().str(),
                "+ptx" + std::to_string(target.getPtxVersion()));
    EXPECT_LE(target.getDefaultSharedMemory(), target.getMaxSharedMemory());
    EXPECT_LE(target.getMaxSharedMemory() +
                  target.getReservedSharedMemoryPerBlock(),
              target.getSharedMemoryPerProcessor());
    if (target.has(Capability::Tma))
      EXPECT_TRUE(target.has(Capability::Mbarrier));
    for (const MatrixInstruction &instruction : target.getMatrixInstructions())
      EXPECT_EQ(instruction.unit == MatrixUnit::MmaSync ||
                    instruction.unit == MatrixUnit::Wgmma,
                isNvidia);
  }
}

TEST(TargetInfoTest, WgmmaOnIntegersHasFewerSizes) {
  EXPECT_TRUE(isLegalWgmmaN(MatrixType::F16, 88));
  EXPECT_FALSE(isLegalWgmmaN(MatrixType::I8, 88));
  EXPECT_TRUE(isLegalWgmmaN(MatrixType::I8, 24));
  EXPECT_FALSE(isLegalWgmmaN(MatrixType::F16, 264));
  EXPECT_FALSE(isLegalWgmmaN(MatrixType::F16, 0));
  EXPECT_FALSE(isLegalWgmmaN(MatrixType::F16, 12));
}

TEST(TmaFactsTest, ASwizzledBoxIsNoWiderThanItsSwizzle) {
  EXPECT_TRUE(TmaFacts::isLegalInnerBox(128, 128));
  EXPECT_FALSE(TmaFacts::isLegalInnerBox(256, 128));
  EXPECT_TRUE(TmaFacts::isLegalInnerBox(256, 0));
  EXPECT_FALSE(TmaFacts::isLegalInnerBox(24, 0));
  EXPECT_EQ(TmaFacts::getSwizzleAtomInBytes(128), 1024u);
}
