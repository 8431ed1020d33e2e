//===- Report.h - what a run of the emulator found ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_EMULATOR_REPORT_H
#define TK_EMULATOR_REPORT_H

#include "tk/Emulator/Measurements.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::tk {

/// Which checks a run makes. Rules go by their names (lib/Emulator/Rules.def);
/// an unknown name is an error of the launch. Mistakes after which a thread
/// cannot go on are reported even if their rule is disabled.
struct EmulatorChecks {
  /// False: only what keeps the host safe.
  bool isOn = true;
  llvm::StringSet<> disabledRules;
};

/// The names of all rules.
std::vector<llvm::StringRef> getEmulatorRules();

/// One of the accesses or states that a report is about.
struct EmulatorSite {
  /// "write", "earlier read", ...
  std::string role;
  std::array<uint32_t, 3> block = {0, 0, 0};
  uint32_t warp = 0;
  /// One bit a lane.
  uint32_t lanes = 0;
  /// Of the instruction in the PTX text.
  uint32_t ptxLine = 0;
  std::string instruction;
  /// Empty and 0 without `.loc`.
  std::string sourceFile;
  uint32_t sourceLine = 0;
};

/// A rule that a run broke.
struct EmulatorReport {
  std::string rule;
  std::string explanation;
  /// Addresses, counts, states.
  std::string detail;
  std::vector<EmulatorSite> sites;
  /// How often the same instructions broke the same rule.
  uint64_t count = 1;
};

struct EmulatorResult {
  /// Empty if the run is clean; then also everything ran to its end.
  std::vector<EmulatorReport> reports;
  /// What `printf` of the kernel wrote.
  std::string output;
  /// Warp-instructions executed.
  uint64_t numSteps = 0;
  /// If the launch takes more than EmulatorOptions::instructionBudget: the
  /// estimate. It was left off then, and memory holds nothing of use.
  std::optional<uint64_t> overBudget;
  /// How often warps executed each instruction of PtxModule::instructions, and
  /// with how many lanes.
  std::vector<uint64_t> executions;
  std::vector<uint64_t> laneExecutions;
  /// If EmulatorOptions::isMeasured.
  EmulatorMeasurements measurements;
};

/// Reports for people: `ptx:line: rule: explanation`, and a line for each site.
void printReports(llvm::raw_ostream &os, llvm::ArrayRef<EmulatorReport> reports,
                  llvm::StringRef ptxFile);
llvm::json::Value reportsToJson(llvm::ArrayRef<EmulatorReport> reports);

} // namespace mlir::tk

#endif // TK_EMULATOR_REPORT_H
