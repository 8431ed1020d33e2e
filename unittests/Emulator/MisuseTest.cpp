//===- MisuseTest.cpp - instructions used rightly and wrongly -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the programs of test/Emulator/Misuse. Each is the body of a kernel:
//
//   == name block 64 grid 2 ones 32
//   breaks: shared-race
//   says: 4 bytes at
//   st.shared.u32 [%mine], 1; //!
//   + bar.sync 0;
//   xor.b32 %r1, %mine, 128; ld.shared.u32 %r2, [%r1]; //!
//
// Lines with `+` are in the right program only, lines with `-` in the wrong one
// only. The right one is clean, and leaves `ones` words of 1 in `out`. The
// wrong one breaks one of the rules, on the lines marked `//!` if there are
// any, and no other rules but those after `also:`, and says what stands after
// `says:`. `use name` inserts the lines below `:: name`. Preamble.txt says what
// the registers hold.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <set>

using namespace llvm;
using namespace mlir::tk;

namespace {

constexpr uint32_t numWords = 4096;

struct Misuse {
  std::string file, name;
  EmulatorLaunch launch;
  uint32_t numOnes = 0;
  uint64_t stepLimit = 1 << 20;
  std::set<std::string> breaks, also;
  std::string says;
  std::vector<std::string> body;
};

void PrintTo(const Misuse &misuse, std::ostream *os) {
  *os << misuse.file << " " << misuse.name;
}

std::string readText(const Twine &name) {
  auto buffer = MemoryBuffer::getFile(
      Twine(TK_SOURCE_DIR) + "/test/Emulator/Misuse/" + name, /*IsText=*/true);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

std::set<std::string> parseRules(StringRef text) {
  std::set<std::string> rules;
  for (StringRef rule : split(text, ','))
    rules.insert(rule.trim().str());
  return rules;
}

/// `name block 64 grid 2 cluster 2 shared 256 ones 32 steps 1000`.
void parseHead(StringRef text, Misuse &misuse) {
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  misuse.name = words[0].str();
  misuse.launch.block[0] = 32;
  for (size_t i = 1; i + 1 < words.size(); i += 2) {
    uint32_t value = 0;
    words[i + 1].getAsInteger(10, value);
    if (words[i] == "block")
      misuse.launch.block[0] = value;
    else if (words[i] == "grid")
      misuse.launch.grid[0] = value;
    else if (words[i] == "cluster")
      misuse.launch.cluster = PtxDimensions{value, 1, 1};
    else if (words[i] == "shared")
      misuse.launch.dynamicSharedBytes = value;
    else if (words[i] == "ones")
      misuse.numOnes = value;
    else if (words[i] == "steps")
      misuse.stepLimit = value;
    else
      ADD_FAILURE() << "unknown word '" << words[i].str() << "'";
  }
}

std::vector<Misuse> collect(StringRef file) {
  std::vector<Misuse> all;
  StringMap<std::vector<std::string>> parts;
  // Where lines of code go.
  std::vector<std::string> *code = nullptr;
  std::string text = readText(file + ".txt");
  for (StringRef line : split(text, '\n')) {
    if (line.starts_with("//"))
      continue;
    if (line.consume_front(":: ")) {
      code = &parts[line];
    } else if (line.consume_front("== ")) {
      all.emplace_back();
      all.back().file = file.str();
      parseHead(line, all.back());
      code = &all.back().body;
    } else if (line.consume_front("breaks: ")) {
      all.back().breaks = parseRules(line);
    } else if (line.consume_front("also: ")) {
      all.back().also = parseRules(line);
    } else if (line.consume_front("says: ")) {
      all.back().says = line.trim().str();
    } else if (line.consume_front("use ")) {
      EXPECT_TRUE(parts.contains(line)) << "unknown part " << line.str();
      append_range(all.back().body, parts[line]);
    } else if (!line.trim().empty()) {
      code->push_back(line.str());
    }
  }
  return all;
}

std::vector<Misuse> collectAll() {
  std::vector<Misuse> all;
  for (StringRef file :
       {"Addresses", "Barriers", "Clusters", "Copies", "Mbarriers", "Orders",
        "Proxies", "Tensors", "Warps", "Wgmma"})
    append_range(all, collect(file));
  return all;
}

/// The text of one of the two programs, and the lines that are marked.
struct Program {
  Program(const Misuse &misuse, bool isRight) {
    text = readText("Preamble.txt");
    uint32_t line = static_cast<uint32_t>(StringRef(text).count('\n'));
    for (StringRef one : misuse.body) {
      if (one.consume_front("+ ")) {
        if (!isRight)
          continue;
      } else if (one.consume_front("- ") && isRight) {
        continue;
      }
      ++line;
      if (one.contains("//!"))
        marked.insert(line);
      text += one.str() + "\n";
    }
    text += "ret;\n}\n";
  }
  std::string text;
  std::set<uint32_t> marked;
};

/// 64 x 64 words in boxes of 32 x 4.
TensorMapBytes makeTensorMap(uint64_t address) {
  TensorMap map;
  map.type = TensorMapType::U32;
  map.rank = 2;
  map.address = address;
  map.extents = {64, 64, 1, 1, 1};
  map.strides[0] = 256;
  map.box = {32, 4, 1, 1, 1};
  return cantFail(encodeTensorMap(map));
}

class MisuseTest : public testing::TestWithParam<Misuse> {
protected:
  static void prepare(PtxRun &run, uint64_t seed, uint64_t &out) {
    EXPECT_EQ(run.error, "");
    run.launch = GetParam().launch;
    run.launch.entry = "kernel";
    run.options.seed = seed;
    run.options.stepLimit = GetParam().stepLimit;
    std::vector<uint32_t> numbers(numWords);
    for (uint32_t i = 0; i != numWords; ++i)
      numbers[i] = i;
    out = run.buffer(std::vector<uint32_t>(numWords), "out");
    uint64_t in = run.buffer(numbers, "in");
    run.launch.addArgument(out);
    run.launch.addArgument(in);
    run.launch.addArgument(makeTensorMap(in));
    run.launch.addArgument(makeTensorMap(out));
  }
};

} // namespace

TEST_P(MisuseTest, TheRightProgramIsClean) {
  Program program(GetParam(), /*isRight=*/true);
  for (uint64_t seed : {0, 1, 2}) {
    PtxRun run(program.text);
    uint64_t out = 0;
    prepare(run, seed, out);
    ASSERT_TRUE(run.runClean()) << "seed " << seed << "\n" << program.text;
    EXPECT_EQ(run.read<uint32_t>(out, GetParam().numOnes),
              std::vector<uint32_t>(GetParam().numOnes, 1));
  }
}

TEST_P(MisuseTest, TheWrongProgramIsReported) {
  Program program(GetParam(), /*isRight=*/false);
  PtxRun run(program.text);
  uint64_t out = 0;
  prepare(run, /*seed=*/0, out);
  ASSERT_TRUE(run.run());
  bool isReported = false;
  std::string said;
  for (const EmulatorReport &report : run.result.reports) {
    if (GetParam().also.count(report.rule))
      continue;
    EXPECT_TRUE(GetParam().breaks.count(report.rule))
        << PtxRun::describe(report) << "\n"
        << program.text;
    isReported = true;
    said += report.detail + "\n";
    for (const EmulatorSite &site : report.sites)
      EXPECT_TRUE(program.marked.empty() || program.marked.count(site.ptxLine))
          << PtxRun::describe(report) << "\n"
          << program.text;
  }
  EXPECT_TRUE(isReported) << program.text;
  EXPECT_TRUE(StringRef(said).contains(GetParam().says))
      << "expected '" << GetParam().says << "', got\n"
      << said << program.text;
}

INSTANTIATE_TEST_SUITE_P(, MisuseTest, testing::ValuesIn(collectAll()),
                         [](const testing::TestParamInfo<Misuse> &info) {
                           return info.param.file + "_" + info.param.name;
                         });
