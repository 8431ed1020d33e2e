//===- PtxParserTest.cpp --------------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Ptx.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

static const char *const header = ".version 8.8\n.target sm_90a\n"
                                  ".address_size 64\n";

static std::unique_ptr<PtxModule> parse(const std::string &text) {
  llvm::Expected<std::unique_ptr<PtxModule>> module =
      parsePtx(header + text, "test.ptx");
  if (module)
    return std::move(*module);
  ADD_FAILURE() << llvm::toString(module.takeError());
  return nullptr;
}

/// `line:column: message` of the error.
static std::string errorOf(const std::string &text) {
  llvm::Expected<std::unique_ptr<PtxModule>> module =
      parsePtx(text, "test.ptx");
  if (module)
    return "";
  std::string message = llvm::toString(module.takeError());
  llvm::StringRef line = llvm::StringRef(message).split('\n').first;
  line.consume_front("test.ptx:");
  auto [place, rest] = line.split(" error: ");
  return (place + " " + rest).str();
}

TEST(PtxParserTest, EveryFileOfTheCorpusParses) {
  unsigned numFiles = 0;
  for (const char *folder :
       {"/test/Emulator/Corpus", "/test/Emulator/Triton"}) {
    std::error_code code;
    std::string path = std::string(TK_SOURCE_DIR) + folder;
    for (llvm::sys::fs::directory_iterator file(path, code), end;
         file != end && !code; file.increment(code)) {
      if (llvm::sys::path::extension(file->path()) != ".ptx")
        continue;
      auto buffer = llvm::MemoryBuffer::getFile(file->path());
      ASSERT_TRUE(buffer);
      llvm::Expected<std::unique_ptr<PtxModule>> module =
          parsePtx((*buffer)->getBuffer(), file->path());
      if (!module)
        ADD_FAILURE() << llvm::toString(module.takeError());
      ++numFiles;
    }
  }
  EXPECT_GT(numFiles, 20u);
}

TEST(PtxParserTest, ModifiersKeepTheirParts) {
  std::unique_ptr<PtxModule> module =
      parse(".entry f() { .reg .b64 %a<2>; .reg .b32 %c;\n"
            "@!%p st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.b32 "
            "[%a0+-8], {%c, 5}, [%a1]; }");
  ASSERT_TRUE(module);
  const PtxInstruction &instruction = module->instructions.at(0);
  EXPECT_EQ(instruction.opcode, "st");
  ASSERT_EQ(instruction.modifiers.size(), 5u);
  EXPECT_EQ(instruction.modifiers[2], "mbarrier::complete_tx::bytes");
  EXPECT_TRUE(instruction.isGuardNegated);
  EXPECT_EQ(instruction.guard, "%p");
  ASSERT_EQ(instruction.operands.size(), 3u);
  EXPECT_EQ(instruction.operands[0].kind, PtxOperand::Kind::Address);
  EXPECT_EQ(static_cast<int64_t>(instruction.operands[0].bits), -8);
  EXPECT_EQ(instruction.operands[1].elements.at(1).bits, 5u);
  EXPECT_EQ(instruction.location.line, 5u);
}

TEST(PtxParserTest, TensorMapsHaveCoordinates) {
  std::unique_ptr<PtxModule> module =
      parse(".entry f() { x.y [%a, {%b, %c}], {1, 2}, p|q; }");
  ASSERT_TRUE(module);
  const PtxInstruction &instruction = module->instructions.at(0);
  const PtxOperand &map = instruction.operands.at(0);
  ASSERT_EQ(map.kind, PtxOperand::Kind::AddressList);
  EXPECT_EQ(map.elements.at(0).name, "%a");
  EXPECT_EQ(map.elements.at(1).elements.size(), 2u);
  EXPECT_EQ(instruction.operands.at(2).kind, PtxOperand::Kind::Pair);
}

TEST(PtxParserTest, ScopesHideNames) {
  std::unique_ptr<PtxModule> module =
      parse(".entry f() { L: a; { L: b; { c; } } d; L2: }");
  ASSERT_TRUE(module);
  const PtxFunction &function = module->functions.at(0);
  ASSERT_EQ(function.scopes.size(), 3u);
  EXPECT_EQ(function.scopes[0].labels.lookup("L"), 0u);
  EXPECT_EQ(function.scopes[1].labels.lookup("L"), 1u);
  EXPECT_EQ(function.scopes[0].labels.lookup("L2"), 4u);
  EXPECT_EQ(module->instructions[2].scope, 2u);
  EXPECT_EQ(function.scopes[2].parent, 1u);
  EXPECT_EQ(module->instructions[3].scope, 0u);
}

TEST(PtxParserTest, ConstantsFollowTheRulesOfC) {
  auto value = [](const std::string &expression) {
    std::unique_ptr<PtxModule> module =
        parse(".entry f() { a " + expression + "; }");
    return module ? module->instructions.at(0).operands.at(0).bits : 0;
  };
  EXPECT_EQ(value("1 + 2 * 3"), 7u);
  EXPECT_EQ(value("(1 + 2) * 3"), 9u);
  EXPECT_EQ(value("-8 / 3"), static_cast<uint64_t>(-2));
  EXPECT_EQ(value("0x10 | 0b11"), 19u);
  EXPECT_EQ(value("017"), 15u);
  EXPECT_EQ(value("1 << 4 >> 2"), 4u);
  EXPECT_EQ(value("2 > 1 ? WARP_SZ : 0"), 32u);
  EXPECT_EQ(value("(!0 && ~0)"), 1u);
  EXPECT_EQ(value("0f3F800000"), 0x3F800000u);
  EXPECT_EQ(value("-0f3F800000"), 0xBF800000u);
  EXPECT_EQ(value("1.5"), 0x3FF8000000000000u);
}

TEST(PtxParserTest, InitializersFillVariables) {
  std::unique_ptr<PtxModule> module =
      parse(".global .align 4 .u16 a[2][2] = {{1, 2}, {3, 0x4}};\n"
            ".visible .global .u64 p = generic(a) + 4;\n"
            ".const .f32 c = 1.5;\n"
            ".global .b8 bytes[2] = {0xFF(a), 0xFF00(a)};\n"
            ".extern .shared .align 16 .b8 dynamic[];\n");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->variables.at(0).sizeInBytes, 8u);
  EXPECT_EQ(module->variables[0].initializers.at(3).byteOffset, 6u);
  const PtxInitializer &pointer = module->variables.at(1).initializers.at(0);
  EXPECT_TRUE(pointer.isGenericAddress);
  EXPECT_EQ(pointer.symbol, "a");
  EXPECT_EQ(pointer.bits, 4u);
  EXPECT_EQ(module->variables.at(2).initializers.at(0).bits, 0x3FC00000u);
  EXPECT_EQ(module->variables.at(3).initializers.at(1).byteOfAddress, 1);
  EXPECT_TRUE(module->variables.at(4).isUnsized);
}

TEST(PtxParserTest, DirectivesOfEntries) {
  std::unique_ptr<PtxModule> module =
      parse(".visible .entry f(.param .u64 .ptr .global .align 16 x)\n"
            ".reqntid 128, 2\n.minnctapersm 2\n.maxnreg 64\n"
            ".explicitcluster\n.reqnctapercluster 2, 1, 1\n"
            ".pragma \"nounroll\";\n{ ret; }");
  ASSERT_TRUE(module);
  const PtxFunction &function = module->functions.at(0);
  EXPECT_EQ(*function.reqNtid, (PtxDimensions{128, 2, 1}));
  EXPECT_EQ(*function.reqNctaPerCluster, (PtxDimensions{2, 1, 1}));
  EXPECT_EQ(*function.maxNreg, 64u);
  EXPECT_TRUE(function.isExplicitCluster);
  EXPECT_FALSE(function.isGridOfClusters);
}

TEST(PtxParserTest, GridsOfClustersNeedShapes) {
  std::unique_ptr<PtxModule> module =
      parse(".entry f() .reqntid 32 .reqnctapercluster 2 .blocksareclusters "
            "{ ret; }");
  ASSERT_TRUE(module);
  EXPECT_TRUE(module->functions.at(0).isGridOfClusters);
  for (const char *other : {".reqntid 32", ".reqnctapercluster 2"})
    EXPECT_EQ(errorOf(std::string(header) + ".entry f() " + other +
                      " .blocksareclusters { ret; }"),
              "4:8: '.blocksareclusters' needs '.reqntid' and "
              "'.reqnctapercluster'");
}

TEST(PtxParserTest, SourceLinesStick) {
  std::unique_ptr<PtxModule> module =
      parse(".file 1 \"a.cu\"\n.entry f() {\n.loc 1 24 3\na;\n"
            ".loc 1 30 1, function_name $L__info, inlined_at 1 24 3\nb;\n}\n"
            ".section .debug_str\n{\n$L__info:\n.b8 95, 0\n}\n");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->files.at(1), "a.cu");
  EXPECT_EQ(module->instructions.at(0).sourceLine, 24u);
  EXPECT_EQ(module->instructions.at(1).sourceLine, 30u);
}

TEST(PtxParserTest, ErrorsSayWhere) {
  std::string h = header;
  EXPECT_EQ(
      errorOf(""),
      "1:1: a PTX module begins with '.version', got the end of the file");
  EXPECT_EQ(errorOf(h + ".entry f() { add.u32 %r1 %r2; }"),
            "4:26: expects ';', got '%r2'");
  EXPECT_EQ(errorOf(h + ".entry f() {"),
            "4:12: the body of 'f' has no closing '}'");
  EXPECT_EQ(errorOf(h + ".entry f() { a: a: b; }"),
            "4:17: the label 'a' is declared twice");
  EXPECT_EQ(errorOf(h + ".global .u32 x = 1 / 0;"), "4:20: division by zero");
  EXPECT_EQ(errorOf(h + ".texref t;"),
            "4:1: the directive '.texref' is not supported");
  for (const char *number : {"0x", "0f123", "09", "12q"})
    EXPECT_EQ(errorOf(h + ".entry f() { a " + number + "; }"),
              "4:16: expects an integer, or '0f' and 8 or '0d' and 16 "
              "hexadecimal digits");
  EXPECT_EQ(errorOf(h + ".entry f() { a 18446744073709551616; }"),
            "4:16: expects a number of at most 64 bits");
  EXPECT_EQ(errorOf(h + ".entry f() .maxnreg 0 {}"),
            "4:21: expects a positive number");
  EXPECT_EQ(errorOf(h + ".entry f() .reqntid 4, 0 {}"),
            "4:24: expects a positive number of threads or blocks");
  EXPECT_EQ(errorOf(h + ".entry f() .minnctapersm 0 {}"),
            "4:26: expects a positive number");
  EXPECT_EQ(errorOf(h + "/* "), "4:1: the comment has no closing '*/'");
  EXPECT_EQ(errorOf(h + ".entry f() {} .entry f() {}"),
            "4:22: the function 'f' is defined twice");
  EXPECT_EQ(errorOf(".version 8.0\n.target sm_80\n.address_size 32\n"),
            "4:1: 32-bit addresses are not supported");
}
