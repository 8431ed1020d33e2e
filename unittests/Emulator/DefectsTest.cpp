//===- DefectsTest.cpp - planted defects and their twins ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the kernels of test/Emulator/Defects, which say in comments what must be
// reported (Defects.h there tells how).
//
//===----------------------------------------------------------------------===//

#include "tk/Emulator/Emulator.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <set>

using namespace llvm;
using namespace mlir::tk;

namespace {

constexpr uint32_t numWords = 1024;

/// A rule and one of its lines.
using Expectation = std::pair<std::string, uint32_t>;

struct Defect {
  /// Without folder and extension.
  std::string file;
  std::string name;
  EmulatorLaunch launch;
  std::set<Expectation> expectations;
  /// Rules that the defect may break besides, with some schedules.
  std::set<std::string> others;
  /// A tensor map lies at word 768 of `in`.
  bool hasTensorMap = false;
};

void PrintTo(const Defect &defect, std::ostream *os) {
  *os << defect.file << " " << defect.name;
}

std::string readSource(const Twine &path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// `grid 2 block 64 cluster 2 shared 256 map 1`.
void parseLaunch(StringRef text, Defect &defect) {
  EmulatorLaunch &launch = defect.launch;
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    uint32_t value = 0;
    words[i + 1].getAsInteger(10, value);
    if (words[i] == "grid")
      launch.grid[0] = value;
    else if (words[i] == "block")
      launch.block[0] = value;
    else if (words[i] == "cluster")
      launch.cluster = PtxDimensions{value, 1, 1};
    else if (words[i] == "shared")
      launch.dynamicSharedBytes = value;
    else if (words[i] == "map")
      defect.hasTensorMap = value;
    else
      ADD_FAILURE() << "unknown word '" << words[i].str() << "'";
  }
}

/// `// expected: shared-race @-2`, on line `line`.
std::optional<Expectation> parseExpectation(StringRef text, uint32_t line) {
  StringRef rest = text.split("// expected: ").second;
  if (rest.empty())
    return std::nullopt;
  auto [rule, offset] = rest.split(" @-");
  uint32_t above = 0;
  offset.trim().getAsInteger(10, above);
  return Expectation(rule.trim().str(), line - above);
}

std::vector<Defect> collectDefects(StringRef file) {
  std::string source = readSource(Twine(TK_SOURCE_DIR) +
                                  "/test/Emulator/Defects/" + file + ".cu");
  std::vector<Defect> defects;
  Defect current;
  auto restart = [&] {
    current = Defect();
    current.file = file.str();
    current.launch.block[0] = 32;
  };
  restart();
  uint32_t line = 0;
  for (StringRef text : split(source, '\n')) {
    ++line;
    if (text.starts_with("BODY ")) {
      std::set<std::string> others = std::move(current.others);
      restart();
      current.others = std::move(others);
    }
    if (text.consume_front("// also: "))
      current.others.insert(text.trim().str());
    if (text.consume_front("// run: "))
      parseLaunch(text, current);
    if (auto expectation = parseExpectation(text, line))
      current.expectations.insert(*expectation);
    if (!text.starts_with("DEFECT"))
      continue;
    StringRef arguments = text.split('(').second;
    current.name = arguments.rsplit(')').first.rsplit(',').second.trim().str();
    if (current.name.empty())
      current.name = arguments.rsplit(')').first.str();
    defects.push_back(current);
    restart();
  }
  return defects;
}

std::vector<Defect> collectAllDefects() {
  std::vector<Defect> all;
  for (StringRef file : {"AsyncCopies", "Calls", "Clusters", "Mbarriers",
                         "Memory", "Races", "TensorMaps", "Waits", "Wgmma"})
    append_range(all, collectDefects(file));
  return all;
}

std::string toText(ArrayRef<EmulatorReport> reports) {
  std::string text;
  raw_string_ostream os(text);
  printReports(os, reports, "ptx");
  return text;
}

/// 128 words, in boxes of 32.
TensorMapBytes makeTensorMap(uint64_t address) {
  TensorMap map;
  map.type = TensorMapType::U32;
  map.address = address;
  map.extents[0] = 128;
  map.box[0] = 32;
  return cantFail(encodeTensorMap(map));
}

class DefectsTest : public testing::TestWithParam<Defect> {
protected:
  /// Runs one of the two kernels.
  EmulatorResult run(StringRef suffix, uint64_t seed = 0,
                     const EmulatorChecks &checks = {}) {
    const Defect &defect = GetParam();
    std::string ptx =
        readSource(Twine(TK_SOURCE_DIR) + "/test/Emulator/Defects/" +
                   defect.file + ".ptx");
    Emulator emulator;
    auto module = emulator.load(ptx, defect.file + ".ptx");
    if (!module) {
      ADD_FAILURE() << toString(module.takeError());
      return {};
    }
    uint64_t out = emulator.allocate(4 * numWords, "out");
    uint64_t in = emulator.allocate(4 * numWords, "in");
    std::vector<uint32_t> words(numWords);
    for (uint32_t i = 0; i != numWords; ++i)
      words[i] = i;
    if (defect.hasTensorMap)
      std::memcpy(&words[768], makeTensorMap(in).data(),
                  sizeof(TensorMapBytes));
    cantFail(emulator.write(
        in, ArrayRef(reinterpret_cast<const uint8_t *>(words.data()),
                     4 * numWords)));
    EmulatorLaunch launch = defect.launch;
    launch.entry = defect.name + suffix.str();
    launch.addArgument(out);
    launch.addArgument(in);
    EmulatorOptions options;
    options.seed = seed;
    options.checks = checks;
    options.stepLimit = 1 << 18;
    auto result = emulator.launch(**module, launch, options);
    if (!result) {
      ADD_FAILURE() << toString(result.takeError());
      return {};
    }
    return std::move(*result);
  }
};

} // namespace

TEST_P(DefectsTest, IsReportedWithItsRuleAndLine) {
  const std::set<Expectation> &expected = GetParam().expectations;
  EmulatorResult result = run("_broken");
  std::set<Expectation> seen;
  for (const EmulatorReport &report : result.reports) {
    bool isExpected = false;
    for (const EmulatorSite &site : report.sites) {
      Expectation here = {report.rule, site.sourceLine};
      if (expected.count(here)) {
        seen.insert(here);
        isExpected = true;
      }
      EXPECT_NE(site.ptxLine, 0u);
      EXPECT_FALSE(site.instruction.empty());
    }
    isExpected |= GetParam().others.count(report.rule) > 0;
    EXPECT_TRUE(isExpected) << "not expected: " << report.rule << "\n"
                            << toText(report);
  }
  ASSERT_FALSE(expected.empty()) << "a defect says what is expected";
  for (const Expectation &expectation : expected)
    EXPECT_TRUE(seen.count(expectation))
        << expectation.first << " in line " << expectation.second
        << " is missing in\n"
        << toText(result.reports);
}

TEST_P(DefectsTest, ItsTwinIsClean) {
  for (uint64_t seed : {0, 1, 2}) {
    EmulatorResult result = run("_fixed", seed);
    EXPECT_TRUE(result.reports.empty()) << "seed " << seed << "\n"
                                        << toText(result.reports);
    EXPECT_GT(result.numSteps, 0u);
  }
}

/// The kernel cannot go on after it: memory that is not there, waits for ever,
/// and instructions whose meaning the ISA leaves undefined.
static bool alwaysEnds(StringRef rule) {
  return StringSwitch<bool>(rule)
      .Cases({"assertion", "bad-call", "call-depth", "trap"}, true)
      .Cases({"deadlock", "livelock", "time-limit", "register-pool"}, true)
      .Cases({"misaligned", "out-of-bounds", "shared-size", "wrong-space"},
             true)
      .Cases({"barrier-count", "collective-mask", "divergent-collective"}, true)
      .Cases({"mbarrier-count", "mbarrier-invalid", "mbarrier-parity"}, true)
      .Cases({"cluster-exit", "tensor-map"}, true)
      .Default(false);
}

TEST_P(DefectsTest, IsNotReportedWhenSwitchedOff) {
  EmulatorChecks withoutItsRules, none;
  for (const Expectation &expectation : GetParam().expectations)
    withoutItsRules.disabledRules.insert(expectation.first);
  none.isOn = false;
  for (const EmulatorReport &report :
       run("_broken", 0, withoutItsRules).reports)
    EXPECT_TRUE(alwaysEnds(report.rule) ||
                !withoutItsRules.disabledRules.contains(report.rule))
        << toText(report);
  EmulatorResult unwatched = run("_broken", 0, none);
  EXPECT_LE(unwatched.reports.size(), 1u);
  for (const EmulatorReport &report : unwatched.reports)
    EXPECT_TRUE(alwaysEnds(report.rule)) << toText(report);
}

INSTANTIATE_TEST_SUITE_P(, DefectsTest, testing::ValuesIn(collectAllDefects()),
                         [](const testing::TestParamInfo<Defect> &info) {
                           return info.param.file + "_" + info.param.name;
                         });

/// Each rule has a defect.
TEST(DefectCorpusTest, EveryRuleIsBrokenByADefect) {
  std::set<std::string> broken;
  size_t numDefects = 0;
  for (const Defect &defect : collectAllDefects()) {
    ++numDefects;
    for (const Expectation &expectation : defect.expectations)
      broken.insert(expectation.first);
  }
  // How long the host may take is no matter of the kernel.
  broken.insert("time-limit");
  for (StringRef rule : getEmulatorRules())
    EXPECT_TRUE(broken.count(rule.str())) << rule.str();
  EXPECT_GE(numDefects, 40u);
}
