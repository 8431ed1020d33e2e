//===- Benchmark.cpp - how fast the emulator runs -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   tk-emulator-benchmark
//
// Warp-instructions per second of one host thread, with and without checks.
// Not a test: the numbers depend on the machine.
//
//===----------------------------------------------------------------------===//

#include "tk/Emulator/Emulator.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace mlir::tk;

/// A loop of arithmetic; the number of its rounds is a parameter.
static std::string makeArithmetic() {
  std::string body;
  for (unsigned i = 0; i < 8; ++i) {
    std::string a = std::to_string(i), b = std::to_string((i + 3) % 8);
    body += "fma.rn.f32 %f" + a + ", %f" + b + ", 0f3F7FFFFF, %f" + a + ";\n" +
            "add.u32 %r" + a + ", %r" + a + ", %r" + b + ";\n" + "xor.b32 %r" +
            a + ", %r" + a + ", 12345;\n" + "mul.lo.s32 %r" + b + ", %r" + b +
            ", 3;\n";
  }
  return body;
}

/// A loop of shared and global accesses.
static std::string makeMemory() {
  return "ld.shared.u32 %r1, [%s];\nst.shared.u32 [%s], %r1;\n"
         "ld.global.u32 %r2, [%g];\nst.global.u32 [%g], %r2;\n"
         "add.u32 %r1, %r1, %r2;\n";
}

static std::string makeKernel(const std::string &body) {
  return ".version 8.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry kernel(.param .u64 out, .param .u32 rounds)\n{\n"
         ".shared .align 4 .b8 data[1024];\n"
         ".reg .f32 %f<8>; .reg .b32 %r<8>, %n, %t, %s; .reg .b64 %g, %o;\n"
         ".reg .pred %p;\n"
         "ld.param.u32 %n, [rounds];\nld.param.u64 %o, [out];\n"
         "mov.u32 %t, %tid.x;\nmad.wide.u32 %g, %t, 4, %o;\n"
         "mov.u32 %s, data;\nmad.lo.u32 %s, %t, 4, %s;\n"
         "st.shared.u32 [%s], %t;\nst.global.u32 [%g], %t;\n"
         "LOOP:\n" +
         body +
         "sub.u32 %n, %n, 1;\nsetp.ne.u32 %p, %n, 0;\n@%p bra LOOP;\n"
         "st.global.u32 [%g], %r0;\nret;\n}\n";
}

static void measure(llvm::StringRef name, const std::string &body,
                    uint32_t rounds, bool hasChecks) {
  Emulator emulator;
  EmulatorModule *module =
      llvm::cantFail(emulator.load(makeKernel(body), "benchmark.ptx"));
  EmulatorLaunch launch;
  launch.entry = "kernel";
  launch.block = {256, 1, 1};
  launch.addArgument(emulator.allocate(1024, "out"));
  launch.addArgument(rounds);
  EmulatorOptions options;
  options.checks.isOn = hasChecks;
  options.numHostThreads = 1;
  auto begin = std::chrono::steady_clock::now();
  EmulatorResult result =
      llvm::cantFail(emulator.launch(*module, launch, options));
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - begin;
  llvm::outs() << llvm::format("%-12s %-10s %8.1f M warp-instructions/s\n",
                               name.data(), hasChecks ? "checks" : "no checks",
                               result.numSteps / seconds.count() / 1e6);
  if (!result.reports.empty())
    llvm::outs() << "  not clean: " << result.reports.front().rule << "\n";
}

int main() {
  for (bool hasChecks : {true, false}) {
    measure("arithmetic", makeArithmetic(), 200000, hasChecks);
    measure("memory", makeMemory(), 50000, hasChecks);
  }
  return 0;
}
