//===- Loops.cpp - loops of arithmetic and of accesses --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Benchmark.h"

using namespace mlir::tk;

/// The number of rounds is a parameter.
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

/// Each lane has a word of its own in shared and in global memory.
static std::string makeMemory() {
  return "ld.shared.u32 %r1, [%s];\nst.shared.u32 [%s], %r1;\n"
         "ld.global.u32 %r2, [%g];\nst.global.u32 [%g], %r2;\n"
         "add.u32 %r1, %r1, %r2;\n";
}

/// Words pass from warp to warp, with barriers in between.
static std::string makeExchange() {
  std::string body = "xor.b32 %t, %s, 512;\n";
  for (unsigned i = 0; i < 2; ++i)
    body += "st.shared.u32 [%s], %r1;\nbar.sync 0;\n"
            "ld.shared.u32 %r1, [%t];\nbar.sync 0;\n";
  return body;
}

static std::string makeKernel(const std::string &body) {
  return ".version 8.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry kernel(.param .u64 out, .param .u32 rounds)\n{\n"
         ".shared .align 1024 .b8 data[1024];\n"
         ".reg .f32 %f<8>; .reg .b32 %r<8>, %n, %t, %s; .reg .b64 %g, %o;\n"
         ".reg .pred %p;\n"
         "ld.param.u32 %n, [rounds];\nld.param.u64 %o, [out];\n"
         "mov.u32 %t, %tid.x;\nmad.wide.u32 %g, %t, 4, %o;\n"
         "mov.u32 %s, data;\nmad.lo.u32 %s, %t, 4, %s;\n"
         "st.shared.u32 [%s], %t;\nst.global.u32 [%g], %t;\n"
         "bar.sync 0;\nLOOP:\n" +
         body +
         "sub.u32 %n, %n, 1;\nsetp.ne.u32 %p, %n, 0;\n@%p bra LOOP;\n"
         "st.global.u32 [%g], %r0;\nret;\n}\n";
}

static llvm::Expected<BenchmarkRun> runLoop(const std::string &body,
                                            uint32_t rounds,
                                            const EmulatorOptions &options) {
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module =
      emulator.load(makeKernel(body), "benchmark.ptx");
  if (!module)
    return module.takeError();
  EmulatorLaunch launch;
  launch.entry = "kernel";
  launch.block = {256, 1, 1};
  launch.addArgument(emulator.allocate(1024, "out"));
  launch.addArgument(rounds);
  return timeLaunch(emulator, **module, launch, options);
}

std::vector<EmulatorBenchmark> mlir::tk::getLoopBenchmarks() {
  auto makeLoop = [](llvm::StringRef name, llvm::StringRef description,
                     std::string body, uint32_t rounds) {
    EmulatorBenchmark benchmark;
    benchmark.name = name;
    benchmark.description = description;
    benchmark.run = [body, rounds](const EmulatorOptions &options) {
      return runLoop(body, rounds, options);
    };
    return benchmark;
  };
  return {makeLoop("arithmetic", "fma, add, xor and mul; one block",
                   makeArithmetic(), 200000),
          makeLoop("memory", "a word a lane, shared and global; one block",
                   makeMemory(), 50000),
          makeLoop("exchange", "words from warp to warp by barriers; one block",
                   makeExchange(), 20000)};
}
