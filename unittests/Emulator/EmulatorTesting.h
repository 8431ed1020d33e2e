//===- EmulatorTesting.h - runs PTX in unit tests -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   // Lane i gets a = i; the result of every lane.
//   std::vector<uint32_t> sums =
//       evaluate<uint32_t>("add.u32 %d, %a, %b;", lanes, lanes);
//
//   // Or with everything by hand:
//   PtxRun run(makeKernel(".param .u64 out", "..."));
//   uint64_t out = run.buffer(std::vector<uint32_t>(32));
//   run.launch.addArgument(out);
//   EXPECT_TRUE(run.runClean());
//   run.read<uint32_t>(out, 32);
//
//===----------------------------------------------------------------------===//

#ifndef TK_UNITTESTS_EMULATOR_EMULATORTESTING_H
#define TK_UNITTESTS_EMULATOR_EMULATORTESTING_H

#include "tk/Emulator/Emulator.h"
#include "gtest/gtest.h"
#include <string>
#include <vector>

namespace mlir::tk {

/// A module of one kernel named `kernel`.
inline std::string makeKernel(const std::string &parameters,
                              const std::string &body,
                              const std::string &target = "sm_90a") {
  return ".version 8.8\n.target " + target +
         "\n.address_size 64\n.visible .entry kernel(" + parameters + ")\n{\n" +
         body + "\n}\n";
}

/// The message of an error; empty of success.
inline std::string takeMessage(llvm::Error error) {
  return llvm::toString(std::move(error));
}

/// An emulator with one module, and a launch to fill in.
class PtxRun {
public:
  explicit PtxRun(const std::string &text) {
    launch.entry = "kernel";
    launch.block = {32, 1, 1};
    llvm::Expected<EmulatorModule *> loaded = emulator.load(text, "test.ptx");
    if (loaded)
      module = *loaded;
    else
      error = llvm::toString(loaded.takeError());
  }

  template <typename T>
  uint64_t buffer(const std::vector<T> &values, const std::string &name = "") {
    uint64_t address = emulator.allocate(values.size() * sizeof(T), name);
    llvm::ArrayRef<uint8_t> bytes(
        reinterpret_cast<const uint8_t *>(values.data()),
        values.size() * sizeof(T));
    EXPECT_EQ(takeMessage(emulator.write(address, bytes)), "");
    return address;
  }

  template <typename T> std::vector<T> read(uint64_t address, size_t count) {
    std::vector<T> values(count);
    llvm::MutableArrayRef<uint8_t> bytes(
        reinterpret_cast<uint8_t *>(values.data()), count * sizeof(T));
    EXPECT_EQ(takeMessage(emulator.read(address, bytes)), "");
    return values;
  }

  /// False, and the test fails, if the launch cannot start.
  bool run() {
    EXPECT_EQ(error, "");
    if (!module)
      return false;
    llvm::Expected<EmulatorResult> ran =
        emulator.launch(*module, launch, options);
    if (!ran) {
      error = llvm::toString(ran.takeError());
      ADD_FAILURE() << error;
      return false;
    }
    result = std::move(*ran);
    return true;
  }

  /// Also fails if the run breaks a rule.
  bool runClean() {
    if (!run())
      return false;
    for (const EmulatorReport &report : result.reports)
      ADD_FAILURE() << describe(report);
    return result.reports.empty();
  }

  /// The rules that the run broke, each once, and where: `rule:line`.
  std::vector<std::string> brokenRules() {
    std::vector<std::string> rules;
    if (run())
      for (const EmulatorReport &report : result.reports)
        rules.push_back(report.rule + ":" +
                        std::to_string(report.sites.empty()
                                           ? 0
                                           : report.sites.back().ptxLine));
    return rules;
  }

  static std::string describe(const EmulatorReport &report) {
    std::string text = report.rule + ": " + report.detail;
    for (const EmulatorSite &site : report.sites)
      text += "\n  " + site.role + " at line " + std::to_string(site.ptxLine) +
              ", warp " + std::to_string(site.warp) + ": " + site.instruction;
    return text;
  }

  Emulator emulator;
  EmulatorModule *module = nullptr;
  EmulatorLaunch launch;
  EmulatorOptions options;
  EmulatorResult result;
  /// Why the module was refused.
  std::string error;
};

/// Runs `code` by one warp. It reads the inputs from %a, %b, %c, %e (registers
/// `.b16`, `.b32`, `.b64` or `.b128` as wide as T; 8-bit values are in the low
/// bits of `.b16`), and leaves the result in %d. Scratch registers: %p<8>
/// predicates, %h<8> of 16, %r<8> of 32, %l<8> of 64 bits.
template <typename Result, typename... Inputs>
std::vector<Result> evaluate(const std::string &code,
                             const std::vector<Inputs> &...inputs) {
  std::string parameters = ".param .u64 result";
  std::string declarations, loads;
  unsigned number = 0;
  auto bits = [](size_t size) { return std::to_string(8 * size); };
  auto declare = [&](size_t size) {
    std::string name = std::string("%") + "abce"[number];
    std::string parameter = "input" + std::to_string(number++);
    parameters += ", .param .u64 " + parameter;
    declarations +=
        ".reg .b" + bits(std::max<size_t>(size, 2)) + " " + name + ";\n";
    loads += "ld.param.u64 %address, [" + parameter +
             "];\nmad.wide.u32 %address, %lane, " + std::to_string(size) +
             ", %address;\nld.global.b" + bits(size) + " " + name +
             ", [%address];\n";
  };
  (declare(sizeof(Inputs)), ...);
  PtxRun run(makeKernel(
      parameters,
      ".reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<8>; .reg .b64 %l<8>;\n"
      ".reg .b64 %address; .reg .b32 %lane;\n.reg .b" +
          bits(std::max<size_t>(sizeof(Result), 2)) + " %d;\n" + declarations +
          "mov.u32 %lane, %laneid;\n" + loads + code +
          "\nld.param.u64 %address, [result];\nmad.wide.u32 %address, %lane, " +
          std::to_string(sizeof(Result)) + ", %address;\nst.global.b" +
          bits(sizeof(Result)) + " [%address], %d;\nret;"));
  EXPECT_EQ(run.error, "");
  if (!run.module)
    return {};
  uint64_t result = run.buffer(std::vector<Result>(32), "result");
  run.launch.addArgument(result);
  auto add = [&](const auto &values) {
    EXPECT_EQ(values.size(), 32u);
    run.launch.addArgument(run.buffer(values));
  };
  (add(inputs), ...);
  run.runClean();
  return run.read<Result>(result, 32);
}

/// Why the emulator refuses `code` in a kernel with registers %p<8>, %h<8>,
/// %r<8>, %f<8>, %l<8>, %g<8> (`.f64`); empty if it does not.
inline std::string refusal(const std::string &code) {
  PtxRun run(
      makeKernel("", ".reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<8>; "
                     ".reg .f32 %f<8>; .reg .b64 %l<8>; .reg .f64 %g<8>;\n" +
                         code));
  return run.error;
}

/// A form that is refused, and part of the message.
struct Refusal {
  const char *code;
  const char *message;
};

inline void expectRefusals(llvm::ArrayRef<Refusal> refusals) {
  for (const Refusal &test : refusals) {
    std::string error = refusal(test.code);
    EXPECT_NE(error.find(test.message), std::string::npos) << test.code << "\n"
                                                           << error;
  }
}

} // namespace mlir::tk

#endif // TK_UNITTESTS_EMULATOR_EMULATORTESTING_H
