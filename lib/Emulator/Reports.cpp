//===- Reports.cpp - collects what broke which rule -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Reports.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

StringRef emulator::getName(Rule rule) {
  switch (rule) {
#define TK_EMULATOR_RULE(Id, Name, Explanation)                                \
  case Rule::Id:                                                               \
    return Name;
#include "Rules.def"
  }
  llvm_unreachable("all rules have a name");
}

StringRef emulator::getExplanation(Rule rule) {
  switch (rule) {
#define TK_EMULATOR_RULE(Id, Name, Explanation)                                \
  case Rule::Id:                                                               \
    return Explanation;
#include "Rules.def"
  }
  llvm_unreachable("all rules have an explanation");
}

std::vector<StringRef> mlir::tk::getEmulatorRules() {
  return {
#define TK_EMULATOR_RULE(Id, Name, Explanation) Name,
#include "Rules.def"
  };
}

EmulatorSite emulator::makeSite(const CheckerSetup &setup,
                                const ReportSite &site) {
  EmulatorSite result;
  result.role = site.role;
  uint32_t block = site.place.block;
  result.block = {block % setup.grid[0], block / setup.grid[0] % setup.grid[1],
                  block / setup.grid[0] / setup.grid[1]};
  result.warp = site.place.warp;
  result.lanes = site.place.lanes;
  if (site.place.instruction >= setup.module.instructions.size())
    return result;
  const PtxInstruction &instruction =
      setup.module.instructions[site.place.instruction];
  result.ptxLine = instruction.location.line;
  result.instruction = instruction.text.str();
  result.sourceLine = instruction.sourceLine;
  if (instruction.sourceLine && instruction.file < setup.module.files.size())
    result.sourceFile = setup.module.files[instruction.file];
  return result;
}

EmulatorReport emulator::makeReport(const CheckerSetup &setup, Rule rule,
                                    const Place &place, const Twine &detail) {
  EmulatorReport report;
  report.rule = getName(rule).str();
  report.explanation = getExplanation(rule).str();
  report.detail = detail.str();
  report.sites.push_back(makeSite(setup, {place, "here"}));
  return report;
}

Reports::Reports(const CheckerSetup &setup) : setup(setup) {
  for (size_t rule = 0; rule != numRules; ++rule)
    disabled[rule] = !setup.checks.isOn ||
                     setup.checks.disabledRules.contains(getName(Rule(rule)));
}

void Reports::add(Rule rule, ArrayRef<ReportSite> sites,
                  function_ref<std::string()> detail) {
  if (!isOn(rule))
    return;
  Key key = {rule, {~uint32_t(0), ~uint32_t(0)}};
  Where where = {};
  for (size_t i = 0; i != std::min<size_t>(sites.size(), 2); ++i) {
    const Place &place = sites[sites.size() - 1 - i].place;
    key.second[i] = place.instruction;
    where[3 * i] = place.block;
    where[3 * i + 1] = place.warp;
    where[3 * i + 2] = place.lanes & -place.lanes;
  }
  std::lock_guard<std::mutex> lock(mutex);
  auto [entry, isNew] = entries.try_emplace(key);
  uint64_t count = isNew ? 1 : entry->second.report.count + 1;
  if (isNew || where < entry->second.where) {
    EmulatorReport report;
    report.rule = getName(rule).str();
    report.explanation = getExplanation(rule).str();
    report.detail = detail();
    for (const ReportSite &site : sites)
      report.sites.push_back(makeSite(setup, site));
    entry->second = {where, std::move(report)};
  }
  entry->second.report.count = count;
}

void Reports::finish(EmulatorResult &result) {
  for (auto &[key, entry] : entries)
    result.reports.push_back(std::move(entry.report));
  entries.clear();
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// `write at block (1,0,0) warp 2 lanes 0-3,7`.
static void printWhere(raw_ostream &os, const EmulatorSite &site) {
  os << site.role << ": block (" << site.block[0] << "," << site.block[1] << ","
     << site.block[2] << ") warp " << site.warp << " lane"
     << (site.lanes & (site.lanes - 1) ? "s " : " ");
  bool isFirst = true;
  for (unsigned lane = 0; lane != numLanes; ++lane) {
    if (!(site.lanes >> lane & 1))
      continue;
    unsigned last = lane;
    while (last + 1 != numLanes && site.lanes >> (last + 1) & 1)
      ++last;
    os << (isFirst ? "" : ",") << lane;
    if (last != lane)
      os << "-" << last;
    isFirst = false;
    lane = last;
  }
}

void mlir::tk::printReports(raw_ostream &os, ArrayRef<EmulatorReport> reports,
                            StringRef ptxFile) {
  for (const EmulatorReport &report : reports) {
    if (!report.sites.empty()) {
      const EmulatorSite &last = report.sites.back();
      if (last.sourceLine)
        os << last.sourceFile << ":" << last.sourceLine << ": ";
      else
        os << ptxFile << ":" << last.ptxLine << ": ";
    }
    os << "error: " << report.explanation << " [" << report.rule << "]\n";
    if (!report.detail.empty())
      os << "  " << report.detail << "\n";
    for (const EmulatorSite &site : report.sites) {
      os << "  ";
      printWhere(os, site);
      os << "\n    " << ptxFile << ":" << site.ptxLine << ": "
         << site.instruction << "\n";
      if (site.sourceLine)
        os << "    from " << site.sourceFile << ":" << site.sourceLine << "\n";
    }
    if (report.count > 1)
      os << "  seen " << report.count << " times\n";
  }
}

/// PTX is ASCII (4.1), but comments and file names may hold any bytes.
json::Value mlir::tk::reportsToJson(ArrayRef<EmulatorReport> reports) {
  json::Array array;
  for (const EmulatorReport &report : reports) {
    json::Array sites;
    for (const EmulatorSite &site : report.sites) {
      json::Object object{
          {"role", site.role},
          {"block", json::Array{site.block[0], site.block[1], site.block[2]}},
          {"warp", site.warp},
          {"lanes", site.lanes},
          {"ptx_line", site.ptxLine},
          {"instruction", json::fixUTF8(site.instruction)}};
      if (site.sourceLine) {
        object["file"] = json::fixUTF8(site.sourceFile);
        object["line"] = site.sourceLine;
      }
      sites.push_back(std::move(object));
    }
    array.push_back(json::Object{{"rule", report.rule},
                                 {"explanation", report.explanation},
                                 {"detail", json::fixUTF8(report.detail)},
                                 {"count", report.count},
                                 {"sites", std::move(sites)}});
  }
  return array;
}
