//===- ArithmeticSpeed.cpp - the roof of what multiplies and adds ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/ArithmeticSpeed.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;

namespace {
/// An instruction of every thread (fma), warp (mma) or warpgroup (wgmma).
struct Instruction {
  ArithmeticUnit unit;
  /// For people, with the type.
  StringLiteral name;
  /// The opcode up to the operands.
  StringLiteral opcode;
  int64_t m, n, k;
  /// Registers of each lane for the operands, and their kinds.
  unsigned numA, numB, numC;
  StringLiteral operandType, resultType;
};
} // namespace

/// By mma.sync (PTX ISA 9.7.14.5), for sm_80 and later.
static constexpr Instruction kMma[] = {
    {ArithmeticUnit::F16, "mma f16",
     "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 16, 8, 16, 4, 2, 4,
     "b32", "f32"},
    {ArithmeticUnit::BF16, "mma bf16",
     "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 16, 8, 16, 4, 2, 4,
     "b32", "f32"},
    {ArithmeticUnit::TF32, "mma tf32",
     "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 16, 8, 8, 4, 2, 4,
     "b32", "f32"},
    {ArithmeticUnit::F64, "mma f64",
     "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", 8, 8, 4, 1, 1, 2, "f64",
     "f64"},
    {ArithmeticUnit::I8, "mma i8",
     "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32", 16, 8, 32, 4, 2, 4,
     "b32", "s32"},
    {ArithmeticUnit::FusedMultiplyAdd, "fma f32", "fma.rn.f32", 1, 1, 1, 1, 1,
     1, "f32", "f32"},
};

/// The wide form of f64 that sm_90 added; the narrow one runs at half the speed
/// there.
static constexpr Instruction kWideF64 = {
    ArithmeticUnit::F64,
    "mma f64",
    "mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64",
    16,
    8,
    16,
    8,
    4,
    4,
    "f64",
    "f64"};

/// By wgmma (9.7.15.5) with both operands in shared memory, for sm_90a. A row
/// of an operand has 32 bytes for every type, so k is what they hold.
static constexpr Instruction kWgmma[] = {
    {ArithmeticUnit::F16, "wgmma f16",
     "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16", 64, 256, 16, 0, 0,
     128, "b32", "f32"},
    {ArithmeticUnit::BF16, "wgmma bf16",
     "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16", 64, 256, 16, 0, 0,
     128, "b32", "f32"},
    {ArithmeticUnit::TF32, "wgmma tf32",
     "wgmma.mma_async.sync.aligned.m64n256k8.f32.tf32.tf32", 64, 256, 8, 0, 0,
     128, "b32", "f32"},
    {ArithmeticUnit::I8, "wgmma i8",
     "wgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8", 64, 256, 32, 0, 0,
     128, "b32", "s32"},
};

static constexpr ArithmeticUnit kUnits[] = {
    ArithmeticUnit::F16,  ArithmeticUnit::BF16,
    ArithmeticUnit::TF32, ArithmeticUnit::F64,
    ArithmeticUnit::I8,   ArithmeticUnit::FusedMultiplyAdd};

ArrayRef<ArithmeticUnit> mlir::tk::getAllArithmeticUnits() { return kUnits; }

//===----------------------------------------------------------------------===//
// PTX
//===----------------------------------------------------------------------===//

/// `%c5`.
static std::string getRegister(StringRef prefix, unsigned number) {
  return ("%" + prefix + Twine(number)).str();
}

/// `{%c4, %c5}`; a single register stands alone, as `fma` wants it.
static std::string getRegisters(StringRef prefix, unsigned first,
                                unsigned count) {
  std::string list;
  for (unsigned i = 0; i < count; ++i)
    list += (i ? ", " : "") + getRegister(prefix, first + i);
  return list;
}

static std::string getOperand(const Instruction &instruction, StringRef prefix,
                              unsigned first, unsigned count) {
  std::string list = getRegisters(prefix, first, count);
  bool isScalar = instruction.unit == ArithmeticUnit::FusedMultiplyAdd;
  return isScalar ? list : "{" + list + "}";
}

static void printHead(raw_ostream &os, StringRef target) {
  os << ".version 8.0\n.target " << target
     << "\n.address_size 64\n\n"
        ".visible .entry arithmetic_speed(.param .u64 out, .param .u32 "
        "iterations) "
        "{\n"
        "  .reg .pred %p;\n"
        "  .reg .b32 %r<8>;\n"
        "  .reg .b64 %d<8>;\n"
        "  mov.u32 %r0, %tid.x;\n"
        "  ld.param.u32 %r1, [iterations];\n";
}

/// The next random bits in %r2, by a generator whose high bits are good; as two
/// numbers of 16 bits or one of 32, whatever the type, they are of moderate
/// size: sign and mantissa are random, the exponent is that of 1.
static void printRandom(raw_ostream &os, ArithmeticUnit unit) {
  os << "  mad.lo.u32 %r2, %r2, 1664525, 1013904223;\n"
        "  shr.u32 %r3, %r2, 8;\n"
        "  xor.b32 %r3, %r3, %r2;\n";
  switch (unit) {
  case ArithmeticUnit::F16:
    os << "  and.b32 %r3, %r3, 0x83ff83ff;\n"
          "  or.b32 %r3, %r3, 0x3c003c00;\n";
    return;
  case ArithmeticUnit::BF16:
    os << "  and.b32 %r3, %r3, 0x807f807f;\n"
          "  or.b32 %r3, %r3, 0x3f803f80;\n";
    return;
  case ArithmeticUnit::TF32:
  case ArithmeticUnit::F64:
  case ArithmeticUnit::FusedMultiplyAdd:
    os << "  and.b32 %r3, %r3, 0x807fffff;\n"
          "  or.b32 %r3, %r3, 0x3f800000;\n";
    return;
  case ArithmeticUnit::I8:
    return;
  }
  llvm_unreachable("all units are listed");
}

/// Random operands in registers.
static void printOperands(raw_ostream &os, const Instruction &instruction,
                          StringRef prefix, unsigned count) {
  os << "  .reg ." << instruction.operandType << " %" << prefix << "<" << count
     << ">;\n";
  for (unsigned i = 0; i < count; ++i) {
    printRandom(os, instruction.unit);
    std::string name = getRegister(prefix, i);
    if (instruction.unit == ArithmeticUnit::F64)
      os << "  mov.b32 %f, %r3;\n  cvt.f64.f32 " << name << ", %f;\n";
    else
      os << "  mov.b32 " << name << ", %r3;\n";
  }
}

static void printAccumulators(raw_ostream &os, const Instruction &instruction,
                              unsigned count) {
  StringRef type = instruction.resultType;
  StringRef zero = type == "f64"   ? "0d0000000000000000"
                   : type == "f32" ? "0f00000000"
                                   : "0";
  os << "  .reg ." << type << " %c<" << count << ">;\n";
  for (unsigned i = 0; i < count; ++i)
    os << "  mov." << type << " " << getRegister("c", i) << ", " << zero
       << ";\n";
}

/// Stores something that depends on every accumulator, so that all are
/// computed.
static void printTail(raw_ostream &os, const Instruction &instruction,
                      unsigned numAccumulators) {
  StringRef type = instruction.resultType;
  for (unsigned i = 1; i < numAccumulators; ++i)
    os << "  add." << type << " %c0, %c0, " << getRegister("c", i) << ";\n";
  os << "  ld.param.u64 %d0, [out];\n"
        "  mov.u32 %r2, %ctaid.x;\n"
        "  mov.u32 %r3, %ntid.x;\n"
        "  mad.lo.u32 %r2, %r2, %r3, %r0;\n"
        "  mul.wide.u32 %d1, %r2, 4;\n"
        "  add.u64 %d0, %d0, %d1;\n";
  if (type == "f64")
    os << "  cvt.rn.f32.f64 %f, %c0;\n  mov.b32 %r3, %f;\n";
  else
    os << "  mov.b32 %r3, %c0;\n";
  os << "  st.global.u32 [%d0], %r3;\n  ret;\n}\n";
}

static void printLoop(raw_ostream &os, StringRef body) {
  os << "again:\n"
     << body
     << "  sub.u32 %r1, %r1, 1;\n"
        "  setp.ne.u32 %p, %r1, 0;\n"
        "  @%p bra again;\n";
}

/// So many independent sums that none waits for itself, and so many rounds of
/// them that the loop itself does not count.
constexpr unsigned kNumSums = 8;
constexpr unsigned kNumRounds = 16;

static ArithmeticSpeedKernel makeMmaKernel(const Instruction &instruction,
                                           StringRef target) {
  ArithmeticSpeedKernel kernel;
  kernel.unit = instruction.name.str();
  kernel.threadsPerBlock = 256;
  kernel.blocksPerProcessor = 2;
  bool isScalar = instruction.unit == ArithmeticUnit::FusedMultiplyAdd;
  int64_t numActors = kernel.threadsPerBlock / (isScalar ? 1 : 32);
  kernel.operations = numActors * kNumRounds * kNumSums * 2 * instruction.m *
                      instruction.n * instruction.k;
  raw_string_ostream os(kernel.ptx);
  printHead(os, target);
  os << "  .reg .f32 %f;\n"
        "  mov.u32 %r2, %ctaid.x;\n"
        "  mad.lo.u32 %r2, %r2, 4099, %r0;\n";
  printOperands(os, instruction, "a", instruction.numA);
  printOperands(os, instruction, "b", instruction.numB);
  printAccumulators(os, instruction, kNumSums * instruction.numC);
  std::string body;
  for (unsigned i = 0; i < kNumRounds * kNumSums; ++i) {
    std::string sum = getOperand(
        instruction, "c", i % kNumSums * instruction.numC, instruction.numC);
    body += formatv("  {0} {1}, {2}, {3}, {1};\n", instruction.opcode, sum,
                    getOperand(instruction, "a", 0, instruction.numA),
                    getOperand(instruction, "b", 0, instruction.numB))
                .str();
  }
  printLoop(os, body);
  printTail(os, instruction, kNumSums * instruction.numC);
  return kernel;
}

/// Two warpgroups multiply 64 rows each, of 128 bytes in swizzled tiles, by one
/// tile of 256: four instructions of 32 bytes along k.
static ArithmeticSpeedKernel makeWgmmaKernel(const Instruction &instruction,
                                             StringRef target) {
  constexpr unsigned kRowBytes = 128, kStepBytes = 32;
  constexpr unsigned kNumGroups = 2, kLanesPerGroup = 128;
  unsigned tileBytes = instruction.m * kRowBytes;
  unsigned sharedBytes = kNumGroups * tileBytes + instruction.n * kRowBytes;
  ArithmeticSpeedKernel kernel;
  kernel.unit = instruction.name.str();
  kernel.threadsPerBlock = kNumGroups * kLanesPerGroup;
  kernel.blocksPerProcessor = 1;
  kernel.operations = int64_t(kNumGroups) * (kRowBytes / kStepBytes) * 2 *
                      instruction.m * instruction.n * instruction.k;
  raw_string_ostream os(kernel.ptx);
  printHead(os, target);
  os << "  .shared .align 1024 .b8 tiles[" << sharedBytes << "];\n"
     << "  mov.u32 %r2, %r0;\n"
        "  mov.u32 %r4, tiles;\n"
        "  shl.b32 %r5, %r0, 2;\n"
        "fill:\n";
  printRandom(os, instruction.unit);
  os << formatv("  add.u32 %r6, %r4, %r5;\n"
                "  st.shared.u32 [%r6], %r3;\n"
                "  add.u32 %r5, %r5, {0};\n"
                "  setp.lt.u32 %p, %r5, {1};\n"
                "  @%p bra fill;\n"
                "  fence.proxy.async.shared::cta;\n"
                "  bar.sync 0;\n",
                kernel.threadsPerBlock * 4, sharedBytes);
  // Matrix descriptors (9.7.15.5.1.2.2): address and offsets in units of 16
  // bytes; 8 rows of 128 bytes apart; swizzle of 128 bytes.
  constexpr uint64_t kDescriptor =
      uint64_t(1) << 16 | uint64_t(1024 / 16) << 32 | uint64_t(1) << 62;
  os << formatv("  shr.u32 %r5, %r0, 7;\n"
                "  mad.lo.u32 %r5, %r5, {0}, %r4;\n"
                "  shr.u32 %r5, %r5, 4;\n"
                "  cvt.u64.u32 %d0, %r5;\n"
                "  or.b64 %d0, %d0, {2};\n"
                "  add.u32 %r5, %r4, {1};\n"
                "  shr.u32 %r5, %r5, 4;\n"
                "  cvt.u64.u32 %d1, %r5;\n"
                "  or.b64 %d1, %d1, {2};\n",
                tileBytes, kNumGroups * tileBytes, kDescriptor);
  for (unsigned step = 1; step < kRowBytes / kStepBytes; ++step)
    os << formatv("  add.u64 %d{0}, %d0, {2};\n  add.u64 %d{1}, %d1, {2};\n",
                  2 * step, 2 * step + 1, step * kStepBytes / 16);
  printAccumulators(os, instruction, instruction.numC);
  os << "  .reg .pred %q;\n"
        "  setp.eq.u32 %q, %r0, %r0;\n"
        "  wgmma.fence.sync.aligned;\n";
  bool isInteger = instruction.unit == ArithmeticUnit::I8;
  // Whether to add to the accumulator; then signs and, of 16-bit types,
  // transposes.
  bool isHalf = instruction.unit == ArithmeticUnit::F16 ||
                instruction.unit == ArithmeticUnit::BF16;
  StringRef flags = isInteger ? "%q" : isHalf ? "%q, 1, 1, 0, 0" : "%q, 1, 1";
  std::string body;
  for (unsigned step = 0; step < kRowBytes / kStepBytes; ++step)
    body += formatv("  {0} {{{1}}, %d{2}, %d{3}, {4};\n", instruction.opcode,
                    getRegisters("c", 0, instruction.numC), 2 * step,
                    2 * step + 1, flags)
                .str();
  body += "  wgmma.commit_group.sync.aligned;\n";
  printLoop(os, body);
  os << "  wgmma.wait_group.sync.aligned 0;\n";
  printTail(os, instruction, instruction.numC);
  return kernel;
}

std::optional<ArithmeticSpeedKernel>
mlir::tk::makeArithmeticSpeedKernel(ArithmeticUnit unit, StringRef target) {
  unsigned version;
  StringRef number = target;
  if (!number.consume_front("sm_") || number.consumeInteger(10, version))
    return std::nullopt;
  auto hasUnit = [&](const Instruction &instruction) {
    return instruction.unit == unit;
  };
  if (target == "sm_90a")
    if (const Instruction *wgmma = find_if(kWgmma, hasUnit);
        wgmma != std::end(kWgmma))
      return makeWgmmaKernel(*wgmma, target);
  // PTX for an older chip runs on every later one.
  if (unit == ArithmeticUnit::F64 && version >= 90)
    return makeMmaKernel(kWideF64, "sm_90");
  return makeMmaKernel(*find_if(kMma, hasUnit), "sm_80");
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

Expected<ArithmeticSpeed> mlir::tk::measureArithmeticSpeed(GpuDevice &device,
                                                           ArithmeticUnit unit,
                                                           BenchMode mode) {
  std::optional<ArithmeticSpeedKernel> kernel =
      makeArithmeticSpeedKernel(unit, device.getFacts().target);
  if (!kernel)
    return createStringError("the speed of matrix units is measured by PTX, "
                             "which this GPU does not run");
  Expected<DeviceModule> module = device.load(kernel->ptx);
  if (!module)
    return module.takeError();
  int64_t numBlocks =
      kernel->blocksPerProcessor * device.getFacts().numProcessors;
  Expected<DeviceBuffer> out =
      device.allocate(4 * numBlocks * kernel->threadsPerBlock);
  if (!out)
    return out.takeError();
  // Long beside the start of a launch: 2^32 operations take a multiprocessor of
  // an H100 0.6 ms by wgmma of bf16 and 9 ms in f64.
  int64_t perProcessor = kernel->operations * kernel->blocksPerProcessor;
  int64_t iterations = std::max<int64_t>((int64_t(1) << 32) / perProcessor, 1);
  uint64_t cells[] = {out->getAddress(), static_cast<uint64_t>(iterations)};
  BenchOptions options;
  options.mode = mode;
  options.flushL2 = false;
  Expected<Measurement> measurement = measure(device, options, [&](int64_t) {
    return device.launch(*module, "arithmetic_speed", {numBlocks, 1, 1},
                         {kernel->threadsPerBlock, 1, 1}, {1, 1, 1}, 0, cells);
  });
  if (!measurement)
    return measurement.takeError();
  double operations = static_cast<double>(numBlocks) *
                      static_cast<double>(iterations) *
                      static_cast<double>(kernel->operations);
  return ArithmeticSpeed{kernel->unit,
                         operations / (measurement->median * 1e-3)};
}
