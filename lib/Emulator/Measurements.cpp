//===- Measurements.cpp - measurements as a table and as JSON -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Measurements.h"
#include "tk/Emulator/Ptx.h"
#include "tk/Emulator/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
#include <map>

using namespace llvm;
using namespace mlir::tk;

static constexpr uint64_t kSectorInBytes = 32;

//===----------------------------------------------------------------------===//
// Classes of instructions
//===----------------------------------------------------------------------===//

StringRef mlir::tk::getName(InstructionClass instructionClass) {
  switch (instructionClass) {
  case InstructionClass::Integer:
    return "integer";
  case InstructionClass::Float:
    return "float";
  case InstructionClass::Conversion:
    return "conversion";
  case InstructionClass::Move:
    return "move";
  case InstructionClass::Control:
    return "control";
  case InstructionClass::Global:
    return "global";
  case InstructionClass::Shared:
    return "shared";
  case InstructionClass::Local:
    return "local";
  case InstructionClass::OtherMemory:
    return "other-memory";
  case InstructionClass::Atomic:
    return "atomic";
  case InstructionClass::AsyncCopy:
    return "async-copy";
  case InstructionClass::Matrix:
    return "matrix";
  case InstructionClass::WarpExchange:
    return "warp-exchange";
  case InstructionClass::Synchronisation:
    return "synchronisation";
  case InstructionClass::Other:
    return "other";
  }
  llvm_unreachable("all classes have a name");
}

static InstructionClass classifyMemory(const PtxInstruction &instruction) {
  for (StringRef modifier : instruction.modifiers) {
    if (modifier == "global")
      return InstructionClass::Global;
    if (modifier == "local")
      return InstructionClass::Local;
    if (modifier.starts_with("shared"))
      return InstructionClass::Shared;
    if (modifier == "const" || modifier.starts_with("param"))
      return InstructionClass::OtherMemory;
  }
  // Generic addresses lie in global memory more often than not.
  return InstructionClass::Global;
}

/// Arithmetic on one of these types is floating-point.
static bool hasFloatType(const PtxInstruction &instruction) {
  return any_of(instruction.modifiers, [](StringRef modifier) {
    return modifier.starts_with("f16") || modifier.starts_with("bf16") ||
           modifier.starts_with("f32") || modifier == "f64" ||
           modifier == "tf32";
  });
}

InstructionClass mlir::tk::classify(const PtxInstruction &instruction) {
  using Class = InstructionClass;
  auto hasModifier = [&](StringRef prefix) {
    return any_of(instruction.modifiers, [&](StringRef modifier) {
      return modifier.starts_with(prefix);
    });
  };
  StringRef opcode = instruction.opcode;
  if ((opcode == "st" || opcode == "red") && hasModifier("async"))
    return Class::AsyncCopy;
  if (opcode == "ld" || opcode == "st" || opcode == "ldu" ||
      opcode == "prefetch" || opcode == "discard" || opcode == "applypriority")
    return classifyMemory(instruction);
  if (opcode == "cp" && (hasModifier("commit_group") ||
                         hasModifier("wait_group") || hasModifier("wait_all") ||
                         is_contained(instruction.modifiers, "arrive")))
    return Class::Synchronisation;
  if (opcode == "wgmma")
    return hasModifier("mma_async") ? Class::Matrix : Class::Synchronisation;
  Class known =
      StringSwitch<Class>(opcode)
          .Cases(
              {"mov", "cvta", "selp", "slct", "mapa", "getctarank", "isspacep"},
              Class::Move)
          .Cases({"bra", "brx", "call", "ret", "exit", "trap"}, Class::Control)
          .Case("cvt", Class::Conversion)
          .Cases({"atom", "red"}, Class::Atomic)
          .Cases({"cp", "prefetchu", "tensormap"}, Class::AsyncCopy)
          .Cases({"ldmatrix", "stmatrix"}, Class::Shared)
          .Cases({"mma", "wmma", "movmatrix"}, Class::Matrix)
          .Cases({"shfl", "vote", "match", "redux", "elect", "activemask"},
                 Class::WarpExchange)
          .Cases({"bar", "barrier", "mbarrier", "fence", "membar",
                  "griddepcontrol", "nanosleep"},
                 Class::Synchronisation)
          .Cases({"setmaxnreg", "pmevent", "brkpt", "createpolicy"},
                 Class::Other)
          .Cases({"alloca", "stacksave", "stackrestore"}, Class::Other)
          .Default(Class::Integer);
  if (known == Class::Integer && hasFloatType(instruction))
    return Class::Float;
  return known;
}

//===----------------------------------------------------------------------===//
// Summaries
//===----------------------------------------------------------------------===//

/// `m64n128k16.f32.bf16.bf16` of a wgmma.
static std::string shapeOf(const PtxInstruction &instruction) {
  std::string shape;
  for (StringRef modifier : instruction.modifiers)
    if (!shape.empty() || modifier.starts_with("m64"))
      shape += (shape.empty() ? "" : ".") + modifier.str();
  return shape;
}

namespace {
/// Several instructions together.
struct Summary {
  uint64_t executions = 0;
  uint64_t lanes = 0;
  InstructionMeasurement counts;
  /// Executions by class, and wgmmas by shape.
  std::array<uint64_t, numInstructionClasses> mix = {};
  std::map<std::string, uint64_t> wgmmas;

  void add(const PtxModule &module, const EmulatorResult &result,
           size_t index) {
    const PtxInstruction &instruction = module.instructions[index];
    if (index < result.executions.size()) {
      executions += result.executions[index];
      lanes += result.laneExecutions[index];
      mix[unsigned(classify(instruction))] += result.executions[index];
    }
    if (index >= result.measurements.instructions.size())
      return;
    const InstructionMeasurement &measured =
        result.measurements.instructions[index];
    counts.add(measured);
    if (measured.wgmmas)
      wgmmas[shapeOf(instruction)] += measured.wgmmas;
  }
};

/// A line of the source, or of the PTX if `file` is empty.
struct SourceLine {
  std::string file;
  uint32_t line;
  bool operator<(const SourceLine &other) const {
    return std::tie(file, line) < std::tie(other.file, other.line);
  }
};
} // namespace

static SourceLine lineOf(const PtxModule &module,
                         const PtxInstruction &instruction) {
  if (instruction.sourceLine && instruction.file < module.files.size())
    return {module.files[instruction.file], instruction.sourceLine};
  return {"", instruction.location.line};
}

static bool isExecuted(const EmulatorResult &result, size_t index) {
  return index < result.executions.size() && result.executions[index];
}

static std::map<SourceLine, Summary>
summariseLines(const PtxModule &module, const EmulatorResult &result) {
  std::map<SourceLine, Summary> lines;
  for (auto [index, instruction] : enumerate(module.instructions))
    if (isExecuted(result, index))
      lines[lineOf(module, instruction)].add(module, result, index);
  return lines;
}

static Summary summariseAll(const PtxModule &module,
                            const EmulatorResult &result) {
  Summary all;
  for (size_t index = 0; index != module.instructions.size(); ++index)
    all.add(module, result, index);
  return all;
}

static double ratio(uint64_t part, uint64_t whole) {
  return whole ? double(part) / double(whole) : 0;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static json::Object toJson(const Summary &summary) {
  const InstructionMeasurement &counts = summary.counts;
  json::Object object{{"executions", summary.executions},
                      {"lanes", summary.lanes}};
  if (counts.sharedRequests || counts.sharedBytesRead ||
      counts.sharedBytesWritten)
    object["shared"] =
        json::Object{{"requests", counts.sharedRequests},
                     {"wavefronts", counts.sharedWavefronts},
                     {"ideal_wavefronts", counts.sharedIdealWavefronts},
                     {"worst_ways", counts.sharedWorstWays},
                     {"bytes_read", counts.sharedBytesRead},
                     {"bytes_written", counts.sharedBytesWritten},
                     {"remote_bytes_read", counts.remoteBytesRead},
                     {"remote_bytes_written", counts.remoteBytesWritten}};
  if (counts.localBytesRead || counts.localBytesWritten)
    object["local"] = json::Object{{"bytes_read", counts.localBytesRead},
                                   {"bytes_written", counts.localBytesWritten}};
  if (counts.globalRequests)
    object["global"] = json::Object{
        {"requests", counts.globalRequests},
        {"sectors", counts.globalSectors},
        {"halves", counts.globalHalves},
        {"worst_sectors", counts.globalWorstSectors},
        {"bytes_read", counts.globalBytesRead},
        {"bytes_written", counts.globalBytesWritten},
        {"sector_bytes_read", counts.globalSectorsRead * kSectorInBytes},
        {"sector_bytes_written", counts.globalSectorsWritten * kSectorInBytes}};
  if (counts.tensorCopies)
    object["tensor"] = json::Object{{"copies", counts.tensorCopies},
                                    {"box_bytes", counts.tensorBoxBytes},
                                    {"inside_bytes", counts.tensorInsideBytes}};
  if (counts.wgmmas)
    object["wgmmas"] = counts.wgmmas;
  return object;
}

static json::Object mixToJson(const Summary &summary) {
  json::Object mix;
  for (auto [number, executions] : enumerate(summary.mix))
    if (executions)
      mix[getName(InstructionClass(number))] = executions;
  return mix;
}

static json::Object wgmmasToJson(const Summary &summary) {
  json::Object wgmmas;
  for (auto &[shape, count] : summary.wgmmas)
    wgmmas[shape] = count;
  return wgmmas;
}

json::Value mlir::tk::measurementsToJson(const PtxModule &module,
                                         const EmulatorResult &result) {
  Summary all = summariseAll(module, result);
  json::Object totals = toJson(all);
  const EmulatorMeasurements &measurements = result.measurements;
  totals["distinct_bytes_read"] =
      measurements.numDistinctSectorsRead * kSectorInBytes;
  totals["distinct_bytes_written"] =
      measurements.numDistinctSectorsWritten * kSectorInBytes;

  json::Array lines;
  for (auto &[line, summary] : summariseLines(module, result)) {
    json::Object object = toJson(summary);
    object["file"] =
        json::fixUTF8(line.file.empty() ? module.fileName : line.file);
    object["line"] = line.line;
    object["mix"] = mixToJson(summary);
    if (!summary.wgmmas.empty())
      object["wgmma"] = wgmmasToJson(summary);
    lines.push_back(std::move(object));
  }
  json::Array instructions;
  for (auto [index, instruction] : enumerate(module.instructions)) {
    if (!isExecuted(result, index))
      continue;
    Summary summary;
    summary.add(module, result, index);
    json::Object object = toJson(summary);
    object["ptx_line"] = instruction.location.line;
    object["text"] = json::fixUTF8(instruction.text);
    if (instruction.sourceLine) {
      SourceLine line = lineOf(module, instruction);
      object["file"] = json::fixUTF8(line.file);
      object["line"] = line.line;
    }
    instructions.push_back(std::move(object));
  }
  return json::Object{{"totals", std::move(totals)},
                      {"mix", mixToJson(all)},
                      {"wgmma", wgmmasToJson(all)},
                      {"lines", std::move(lines)},
                      {"instructions", std::move(instructions)}};
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string times(uint64_t part, uint64_t whole) {
  std::string text;
  if (whole)
    raw_string_ostream(text) << format("%.2f", ratio(part, whole));
  return text.empty() ? "-" : text;
}

namespace {
/// Prints the tables; names of lines are in a column that all fit into.
class TablePrinter {
public:
  TablePrinter(raw_ostream &os, const PtxModule &module,
               const EmulatorResult &result);
  void print();

private:
  raw_ostream &startRow(StringRef name) {
    return os << left_justify(name, nameWidth);
  }
  void printRow(StringRef name, const Summary &summary);
  void printBytes(StringRef name, uint64_t read, uint64_t written);
  void printLevels();
  void printTensorCopies();
  void printWgmmas();
  void printMix();

  raw_ostream &os;
  const EmulatorMeasurements &measurements;
  std::vector<std::pair<std::string, Summary>> lines;
  Summary all;
  size_t nameWidth = 28;
};
} // namespace

TablePrinter::TablePrinter(raw_ostream &os, const PtxModule &module,
                           const EmulatorResult &result)
    : os(os), measurements(result.measurements),
      all(summariseAll(module, result)) {
  for (auto &[line, summary] : summariseLines(module, result)) {
    StringRef file = line.file.empty() ? module.fileName : line.file;
    file = file.substr(file.find_last_of('/') + 1);
    lines.emplace_back((file + ":" + Twine(line.line)).str(), summary);
    nameWidth = std::max(nameWidth, lines.back().first.size() + 1);
  }
}

void TablePrinter::printRow(StringRef name, const Summary &summary) {
  const InstructionMeasurement &counts = summary.counts;
  startRow(name)
      << format("%12llu %6.1f", (unsigned long long)summary.executions,
                ratio(summary.lanes, summary.executions))
      << right_justify(
             times(counts.sharedWavefronts, counts.sharedIdealWavefronts), 8)
      << right_justify(counts.sharedRequests
                           ? std::to_string(counts.sharedWorstWays)
                           : "-",
                       7)
      << right_justify(times(counts.globalSectors, counts.globalRequests), 9)
      << right_justify(times(counts.globalHalves, counts.globalRequests), 8)
      << format(" %11.2f %11.2f\n",
                counts.globalSectorsRead * double(kSectorInBytes) / 1024,
                counts.globalSectorsWritten * double(kSectorInBytes) / 1024);
}

void TablePrinter::printBytes(StringRef name, uint64_t read, uint64_t written) {
  startRow(name) << format("%14.2f %14.2f\n", read / 1024.0, written / 1024.0);
}

void TablePrinter::printLevels() {
  const InstructionMeasurement &counts = all.counts;
  os << "\n";
  startRow("KiB") << "          read        written\n";
  printBytes("shared memory", counts.sharedBytesRead,
             counts.sharedBytesWritten);
  if (counts.remoteBytesRead || counts.remoteBytesWritten)
    printBytes("  of it in other blocks", counts.remoteBytesRead,
               counts.remoteBytesWritten);
  if (counts.localBytesRead || counts.localBytesWritten)
    printBytes("local memory", counts.localBytesRead, counts.localBytesWritten);
  printBytes("global, as lanes ask", counts.globalBytesRead,
             counts.globalBytesWritten);
  printBytes("global, in sectors", counts.globalSectorsRead * kSectorInBytes,
             counts.globalSectorsWritten * kSectorInBytes);
  printBytes("global, different sectors",
             measurements.numDistinctSectorsRead * kSectorInBytes,
             measurements.numDistinctSectorsWritten * kSectorInBytes);
}

static double percent(uint64_t part, uint64_t whole) {
  return 100 * ratio(part, whole);
}

void TablePrinter::printTensorCopies() {
  if (!all.counts.tensorCopies)
    return;
  os << format(
      "\ntensor copies: %llu, %.1f%% of their boxes inside the tensor\n",
      (unsigned long long)all.counts.tensorCopies,
      percent(all.counts.tensorInsideBytes, all.counts.tensorBoxBytes));
  for (auto &[name, summary] : lines)
    if (const InstructionMeasurement &counts = summary.counts;
        counts.tensorCopies)
      startRow(name) << format(
          "%12llu %5.1f%%\n", (unsigned long long)counts.tensorCopies,
          percent(counts.tensorInsideBytes, counts.tensorBoxBytes));
}

void TablePrinter::printWgmmas() {
  for (auto &[shape, count] : all.wgmmas) {
    os << "\nwgmma " << shape << ": " << count << "\n";
    for (auto &[name, summary] : lines)
      if (auto found = summary.wgmmas.find(shape);
          found != summary.wgmmas.end())
        startRow(name) << format("%12llu\n", (unsigned long long)found->second);
  }
}

void TablePrinter::printMix() {
  os << "\ninstructions\n";
  for (auto [number, executions] : enumerate(all.mix))
    if (executions)
      startRow(getName(InstructionClass(number)))
          << format("%12llu %5.1f%%\n", (unsigned long long)executions,
                    percent(executions, all.executions));
  for (auto &[name, summary] : lines) {
    startRow(name);
    ListSeparator separator;
    for (auto [number, executions] : enumerate(summary.mix))
      if (executions)
        os << separator << getName(InstructionClass(number)) << " "
           << executions;
    os << "\n";
  }
}

void TablePrinter::print() {
  startRow("line") << "  executions  lanes   banks   ways sectors  halves    "
                      "KiB read KiB written\n";
  for (auto &[name, summary] : lines)
    printRow(name, summary);
  printRow("all", all);
  printLevels();
  printTensorCopies();
  printWgmmas();
  printMix();
}

void mlir::tk::printMeasurements(raw_ostream &os, const PtxModule &module,
                                 const EmulatorResult &result) {
  TablePrinter(os, module, result).print();
}
