//===- Reports.h - collects what broke which rule -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_REPORTS_H
#define TK_LIB_EMULATOR_REPORTS_H

#include "Checker.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <bitset>
#include <map>
#include <mutex>

namespace mlir::tk::emulator {

inline constexpr size_t numRules = 0
#define TK_EMULATOR_RULE(Id, Name, Explanation) +1
#include "Rules.def"
    ;

/// The reports of a run. The same instructions that break the same rule again
/// are counted; the report shows the lowest block, warp and lane, so it does
/// not depend on which host thread came first.
class Reports {
public:
  explicit Reports(const CheckerSetup &setup);

  bool isOn(Rule rule) const { return !disabled[size_t(rule)]; }
  /// The last site is where the mistake was seen. Thread-safe.
  void add(Rule rule, llvm::ArrayRef<ReportSite> sites,
           llvm::function_ref<std::string()> detail);
  /// Adds the reports to `result`, in the order of their instructions.
  void finish(EmulatorResult &result);

private:
  /// Rule, and the instructions from the last to the first.
  using Key = std::pair<Rule, std::array<uint32_t, 2>>;
  /// Block, warp and lanes of the sites, from the last to the first.
  using Where = std::array<uint32_t, 6>;
  struct Entry {
    Where where;
    EmulatorReport report;
  };

  const CheckerSetup setup;
  std::bitset<numRules> disabled;
  std::mutex mutex;
  std::map<Key, Entry> entries;
};

/// Where something is, as reports say it.
EmulatorSite makeSite(const CheckerSetup &setup, const ReportSite &site);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_REPORTS_H
