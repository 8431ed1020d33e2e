//===- DeviceLibrary.cpp - vprintf, __assertfail, malloc, free ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compilers declare and the driver provides (CUDA C++ Programming Guide,
// "Formatted Output", "Assertion", "Dynamic Global Memory Allocation").
//
//===----------------------------------------------------------------------===//

#include "DeviceLibrary.h"
#include "Calls.h"
#include "ThreadBlock.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>
#include <cstdio>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Longer strings of a kernel are cut.
static constexpr size_t maxStringBytes = 1 << 16;
/// The heap of the device is small (8 MB by default); this is generous.
static constexpr uint64_t maxHeapAllocation = uint64_t(1) << 30;

/// Bytes at a generic address of a lane; null if they are not there.
static const std::byte *findBytes(Warp &warp, unsigned lane, uint64_t address,
                                  uint64_t size) {
  Launch &launch = warp.block.launch;
  if (windowOf(address) == PtxSpace::Local) {
    const Frame &frame = warp.currentFrame();
    uint64_t end = frame.localBase + frame.localSize;
    uint64_t offset = address - localWindow - firstLocalOffset;
    if (offset > end || end - offset < size || !warp.growLocalMemory(end))
      return nullptr;
    return warp.localMemory(lane) + offset;
  }
  if (windowOf(address) == PtxSpace::Shared)
    return warp.block.sharedBytes(
        (address - sharedWindow) & (blockWindowSize - 1), size);
  Allocation *allocation = launch.memory.lookup(address, size);
  return allocation ? allocation->bytes.get() + (address - allocation->address)
                    : nullptr;
}

static bool readString(Warp &warp, unsigned lane, uint64_t address,
                       std::string &result) {
  while (result.size() < maxStringBytes) {
    const std::byte *byte = findBytes(warp, lane, address++, 1);
    if (!byte)
      return false;
    if (*byte == std::byte(0))
      return true;
    result += static_cast<char>(*byte);
  }
  return true;
}

namespace {

/// Formats as the C library of the host does, one conversion at a time, with
/// arguments from the buffer that the compiler laid out: 4 bytes for int,
/// 8-byte aligned 8 bytes for long, double and pointers.
class Formatter {
public:
  Formatter(Warp &warp, unsigned lane, uint64_t arguments)
      : warp(warp), lane(lane), arguments(arguments) {}

  /// False if an argument is not readable.
  bool run(llvm::StringRef format);
  std::string output;

private:
  bool runConversion(llvm::StringRef &rest);
  bool takeNumber(llvm::StringRef &rest, std::string &spec);
  bool printArgument(const std::string &spec, llvm::StringRef length,
                     char conversion);
  bool printInteger(const std::string &spec, llvm::StringRef length,
                    char conversion);
  bool read(unsigned size, uint64_t &value);
  template <typename T> void print(const std::string &spec, T value);

  Warp &warp;
  unsigned lane;
  uint64_t arguments;
  uint64_t offset = 0;
};

} // namespace

bool Formatter::read(unsigned size, uint64_t &value) {
  offset = (offset + size - 1) / size * size;
  const std::byte *bytes = findBytes(warp, lane, arguments + offset, size);
  offset += size;
  value = 0;
  if (bytes)
    std::memcpy(&value, bytes, size);
  return bytes;
}

template <typename T> void Formatter::print(const std::string &spec, T value) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
  int length = std::snprintf(nullptr, 0, spec.c_str(), value);
  if (length <= 0)
    return;
  std::string text(static_cast<size_t>(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), spec.c_str(), value);
#pragma clang diagnostic pop
  text.pop_back();
  output += text;
}

/// Digits, or `*` for an argument.
bool Formatter::takeNumber(llvm::StringRef &rest, std::string &spec) {
  // A width of more digits would only print blanks.
  constexpr int32_t maxWidth = 9999;
  if (!rest.consume_front("*")) {
    llvm::StringRef digits = rest.take_while(llvm::isDigit);
    rest = rest.drop_front(digits.size());
    spec += digits.take_front(4).str();
    return true;
  }
  uint64_t value = 0;
  if (!read(4, value))
    return false;
  spec += std::to_string(
      std::clamp(static_cast<int32_t>(value), -maxWidth, maxWidth));
  return true;
}

bool Formatter::printInteger(const std::string &spec, llvm::StringRef length,
                             char conversion) {
  bool isLong = length.find_first_of("ljzt") != llvm::StringRef::npos;
  uint64_t value = 0;
  if (!read(isLong ? 8 : 4, value))
    return false;
  bool isSigned = conversion == 'd' || conversion == 'i';
  if (conversion == 'c')
    print(spec + "c", static_cast<int>(value));
  else if (!isLong)
    print(spec + length.str() + conversion, static_cast<int>(value));
  else if (isSigned)
    print(spec + "lld", static_cast<long long>(value));
  else
    print(spec + "ll" + conversion, static_cast<unsigned long long>(value));
  return true;
}

bool Formatter::printArgument(const std::string &spec, llvm::StringRef length,
                              char conversion) {
  if (llvm::StringRef("diouxXc").contains(conversion))
    return printInteger(spec, length, conversion);
  uint64_t value = 0;
  if (!read(8, value))
    return false;
  if (conversion == 'p') {
    output += "0x" + llvm::utohexstr(value, true);
    return true;
  }
  if (conversion == 's') {
    std::string text;
    if (!readString(warp, lane, value, text))
      return false;
    print(spec + "s", text.c_str());
    return true;
  }
  double number;
  std::memcpy(&number, &value, sizeof(number));
  print(spec + conversion, number);
  return true;
}

/// After `%`. A conversion that C does not have is printed as it stands.
bool Formatter::runConversion(llvm::StringRef &rest) {
  std::string spec = "%";
  auto takeAll = [&](llvm::StringRef chars) {
    llvm::StringRef taken =
        rest.take_while([&](char c) { return chars.contains(c); });
    rest = rest.drop_front(taken.size());
    return taken.str();
  };
  spec += takeAll("-+ #0");
  if (!takeNumber(rest, spec))
    return false;
  if (rest.consume_front(".")) {
    spec += '.';
    if (!takeNumber(rest, spec))
      return false;
  }
  std::string length = takeAll("hljztL");
  if (rest.empty()) {
    output += spec + length;
    return true;
  }
  char conversion = rest.front();
  rest = rest.drop_front();
  if (llvm::StringRef("diouxXcaAeEfFgGps").contains(conversion))
    return printArgument(spec, length, conversion);
  output += spec + length + conversion;
  return true;
}

bool Formatter::run(llvm::StringRef format) {
  while (!format.empty()) {
    size_t percent = format.find('%');
    output += format.take_front(percent).str();
    if (percent == llvm::StringRef::npos)
      return true;
    format = format.drop_front(percent + 1);
    if (format.consume_front("%"))
      output += '%';
    else if (!runConversion(format))
      return false;
  }
  return true;
}

static void printOutput(Warp &warp, llvm::StringRef text) {
  Launch &launch = warp.block.launch;
  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.output += text;
}

static Step failCall(Warp &warp, const Instruction &instruction, unsigned lane,
                     const llvm::Twine &detail) {
  warp.mask = LaneMask(1) << lane;
  return warp.fail(Rule::BadCall, instruction, detail);
}

/// `vprintf(format, arguments)`.
static Step runPrintf(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  if (details.arguments.size() != 2 || details.results.size() != 1)
    return failCall(warp, instruction, __builtin_ctz(warp.mask),
                    "vprintf has two parameters and a result");
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    std::string format;
    if (!readString(warp, lane, readArgument(warp, details.arguments[0], lane),
                    format))
      return failCall(warp, instruction, lane,
                      "the format of printf is not readable");
    Formatter formatter(warp, lane,
                        readArgument(warp, details.arguments[1], lane));
    if (!formatter.run(format))
      return failCall(warp, instruction, lane,
                      "an argument of printf is not readable");
    printOutput(warp, formatter.output);
    writeResult(warp, details.results[0], lane, 0);
  }
  return Step::Next;
}

/// `__assertfail(message, file, line, function, size of a character)`.
static Step runAssertFail(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  unsigned lane = __builtin_ctz(warp.mask);
  if (details.arguments.size() != 5)
    return failCall(warp, instruction, lane, "__assertfail has 5 parameters");
  std::string message, file, function;
  readString(warp, lane, readArgument(warp, details.arguments[0], lane),
             message);
  readString(warp, lane, readArgument(warp, details.arguments[1], lane), file);
  readString(warp, lane, readArgument(warp, details.arguments[3], lane),
             function);
  uint64_t line = readArgument(warp, details.arguments[2], lane);
  return warp.fail(Rule::Assertion, instruction,
                   llvm::Twine(file) + ":" + llvm::Twine(line) + ": " +
                       function + ": assertion '" + message + "'");
}

static Step runMalloc(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  if (details.arguments.size() != 1 || details.results.size() != 1)
    return failCall(warp, instruction, __builtin_ctz(warp.mask),
                    "malloc has a parameter and a result");
  Launch &launch = warp.block.launch;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t size = readArgument(warp, details.arguments[0], lane);
    uint64_t address = 0;
    if (size && size < maxHeapAllocation)
      address = launch.memory.allocate(size, "malloc", PtxSpace::Global, 16);
    if (address && warp.checker)
      warp.checker->addAllocation(
          address, size, launch.memory.lookup(address, 0)->writtenBytes.get());
    writeResult(warp, details.results[0], lane, address);
  }
  return Step::Next;
}

/// Memory that was freed stays readable by nobody.
static Step runFree(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  if (details.arguments.size() != 1)
    return failCall(warp, instruction, __builtin_ctz(warp.mask),
                    "free has a parameter");
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = readArgument(warp, details.arguments[0], lane);
    if (!address)
      continue;
    Allocation *allocation = warp.block.launch.memory.lookup(address, 0);
    if (!allocation || allocation->address != address ||
        allocation->name != "malloc")
      return failCall(warp, instruction, lane,
                      "free of what malloc did not return");
    warp.block.launch.memory.free(address);
  }
  return Step::Next;
}

Handler mlir::tk::emulator::lookupLibraryFunction(llvm::StringRef name) {
  return llvm::StringSwitch<Handler>(name)
      .Case("vprintf", runPrintf)
      .Case("__assertfail", runAssertFail)
      .Case("malloc", runMalloc)
      .Case("free", runFree)
      .Default(nullptr);
}
