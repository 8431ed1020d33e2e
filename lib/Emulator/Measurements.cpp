//===- Measurements.cpp - measurements as a table and as JSON -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Measurements.h"
#include "tk/Emulator/Ptx.h"
#include "tk/Emulator/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
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
  if (opcode == "ld" || opcode == "st" || opcode == "ldu" ||
      opcode == "prefetch")
    return classifyMemory(instruction);
  if (opcode == "cp" && (hasModifier("commit_group") ||
                         hasModifier("wait_group") || hasModifier("wait_all")))
    return Class::Synchronisation;
  if (opcode == "wgmma")
    return hasModifier("mma_async") ? Class::Matrix : Class::Synchronisation;
  if (opcode == "red" && hasModifier("async"))
    return Class::AsyncCopy;
  Class known =
      StringSwitch<Class>(opcode)
          .Cases({"mov", "cvta", "selp", "slct", "mapa", "isspacep"},
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
          .Cases({"setmaxnreg", "pmevent", "brkpt"}, Class::Other)
          .Cases({"alloca", "stacksave", "stackrestore"}, Class::Other)
          .Default(Class::Integer);
  if (known == Class::Integer && hasFloatType(instruction))
    return Class::Float;
  return known;
}

//===----------------------------------------------------------------------===//
// Summaries
//===----------------------------------------------------------------------===//

namespace {
/// Several instructions together.
struct Summary {
  uint64_t executions = 0;
  uint64_t lanes = 0;
  InstructionMeasurement counts;

  void add(const EmulatorResult &result, size_t index) {
    if (index < result.executions.size()) {
      executions += result.executions[index];
      lanes += result.laneExecutions[index];
    }
    if (index < result.measurements.instructions.size())
      counts.add(result.measurements.instructions[index]);
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
      lines[lineOf(module, instruction)].add(result, index);
  return lines;
}

static Summary summariseAll(const PtxModule &module,
                            const EmulatorResult &result) {
  Summary all;
  for (size_t index = 0; index != module.instructions.size(); ++index)
    all.add(result, index);
  return all;
}

using Mix = std::array<Summary, numInstructionClasses>;

static Mix summariseMix(const PtxModule &module, const EmulatorResult &result) {
  Mix mix;
  for (auto [index, instruction] : enumerate(module.instructions))
    mix[unsigned(classify(instruction))].add(result, index);
  return mix;
}

/// `m64n128k16.f32.bf16.bf16` of a wgmma, with how often.
static std::map<std::string, uint64_t>
summariseWgmmas(const PtxModule &module, const EmulatorResult &result) {
  std::map<std::string, uint64_t> shapes;
  for (auto [index, counts] : enumerate(result.measurements.instructions)) {
    if (!counts.wgmmas)
      continue;
    const PtxInstruction &instruction = module.instructions[index];
    std::string shape;
    bool isInShape = false;
    for (StringRef modifier : instruction.modifiers) {
      isInShape |= modifier.starts_with("m64");
      if (isInShape)
        shape += (shape.empty() ? "" : ".") + modifier.str();
    }
    shapes[shape] += counts.wgmmas;
  }
  return shapes;
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
                     {"bytes_written", counts.sharedBytesWritten}};
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

json::Value mlir::tk::measurementsToJson(const PtxModule &module,
                                         const EmulatorResult &result) {
  json::Object totals = toJson(summariseAll(module, result));
  const EmulatorMeasurements &measurements = result.measurements;
  totals["distinct_bytes_read"] =
      measurements.numDistinctSectorsRead * kSectorInBytes;
  totals["distinct_bytes_written"] =
      measurements.numDistinctSectorsWritten * kSectorInBytes;

  json::Object mix;
  for (auto [number, summary] : enumerate(summariseMix(module, result)))
    if (summary.executions)
      mix[getName(InstructionClass(number))] = summary.executions;
  json::Object wgmmas;
  for (auto &[shape, count] : summariseWgmmas(module, result))
    wgmmas[shape] = count;

  json::Array lines;
  for (auto &[line, summary] : summariseLines(module, result)) {
    json::Object object = toJson(summary);
    object["file"] = line.file.empty() ? module.fileName : line.file;
    object["line"] = line.line;
    lines.push_back(std::move(object));
  }
  json::Array instructions;
  for (auto [index, instruction] : enumerate(module.instructions)) {
    if (!isExecuted(result, index))
      continue;
    Summary summary;
    summary.add(result, index);
    json::Object object = toJson(summary);
    object["ptx_line"] = instruction.location.line;
    object["text"] = instruction.text;
    if (instruction.sourceLine) {
      SourceLine line = lineOf(module, instruction);
      object["file"] = line.file;
      object["line"] = line.line;
    }
    instructions.push_back(std::move(object));
  }
  return json::Object{{"totals", std::move(totals)},
                      {"mix", std::move(mix)},
                      {"wgmma", std::move(wgmmas)},
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

static void printRow(raw_ostream &os, StringRef name, const Summary &summary) {
  const InstructionMeasurement &counts = summary.counts;
  os << left_justify(name, 28)
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

static void printBytes(raw_ostream &os, StringRef name, uint64_t read,
                       uint64_t written) {
  os << left_justify(name, 28)
     << format("%14.2f %14.2f\n", read / 1024.0, written / 1024.0);
}

static void printLevels(raw_ostream &os, const Summary &all,
                        const EmulatorMeasurements &measurements) {
  const InstructionMeasurement &counts = all.counts;
  os << "\nKiB                                   read        written\n";
  printBytes(os, "shared memory", counts.sharedBytesRead,
             counts.sharedBytesWritten);
  printBytes(os, "global, as lanes ask", counts.globalBytesRead,
             counts.globalBytesWritten);
  printBytes(os, "global, in sectors",
             counts.globalSectorsRead * kSectorInBytes,
             counts.globalSectorsWritten * kSectorInBytes);
  printBytes(os, "global, different sectors",
             measurements.numDistinctSectorsRead * kSectorInBytes,
             measurements.numDistinctSectorsWritten * kSectorInBytes);
}

void mlir::tk::printMeasurements(raw_ostream &os, const PtxModule &module,
                                 const EmulatorResult &result) {
  os << "line                          executions  lanes   banks   ways "
        "sectors  halves    KiB read KiB written\n";
  for (auto &[line, summary] : summariseLines(module, result)) {
    StringRef file = line.file.empty() ? module.fileName : line.file;
    file = file.substr(file.find_last_of('/') + 1);
    printRow(os, (file + ":" + Twine(line.line)).str(), summary);
  }
  Summary all = summariseAll(module, result);
  printRow(os, "all", all);
  printLevels(os, all, result.measurements);
  if (all.counts.tensorCopies)
    os << format(
        "\ntensor copies: %llu, %.1f%% of their boxes inside the "
        "tensor\n",
        (unsigned long long)all.counts.tensorCopies,
        100 * ratio(all.counts.tensorInsideBytes, all.counts.tensorBoxBytes));
  for (auto &[shape, count] : summariseWgmmas(module, result))
    os << "\nwgmma " << shape << ": " << count;
  os << "\ninstructions\n";
  for (auto [number, summary] : enumerate(summariseMix(module, result)))
    if (summary.executions)
      os << left_justify(getName(InstructionClass(number)), 28)
         << format("%12llu %5.1f%%\n", (unsigned long long)summary.executions,
                   100 * ratio(summary.executions, all.executions));
}
