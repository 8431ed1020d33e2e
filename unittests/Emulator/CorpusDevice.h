//===- CorpusDevice.h - runs the PTX of the corpus, here or on a GPU ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same tests run in the emulator and, with TK_CORPUS_DEVICE=cuda, on a GPU:
// what they expect is so shown to be what the hardware does.
// TK_CORPUS_SOURCES replaces the folder test/Emulator of the build.
//
//===----------------------------------------------------------------------===//

#ifndef TK_UNITTESTS_EMULATOR_CORPUSDEVICE_H
#define TK_UNITTESTS_EMULATOR_CORPUSDEVICE_H

#include "tk/Emulator/Emulator.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mlir::tk {

class CorpusDevice {
public:
  virtual ~CorpusDevice() = default;
  virtual bool isGpu() const = 0;
  virtual uint64_t allocate(uint64_t sizeInBytes) = 0;
  virtual llvm::Error write(uint64_t address,
                            llvm::ArrayRef<uint8_t> bytes) = 0;
  virtual llvm::Error read(uint64_t address,
                           llvm::MutableArrayRef<uint8_t> bytes) = 0;
  virtual llvm::Expected<TensorMapBytes> encode(const TensorMap &map) = 0;
  /// Runs a kernel to its end. `path` below test/Emulator. Mistakes that the
  /// emulator reports are errors.
  virtual llvm::Error run(llvm::StringRef path,
                          const EmulatorLaunch &launch) = 0;
  /// A rule that the compiler of the PTX does not keep.
  virtual void disable(llvm::StringRef rule) {}
  /// What kernels printed.
  virtual std::string takeOutput() = 0;
};

std::unique_ptr<CorpusDevice> createCorpusDevice();

/// The bits of a number rounded to nearest even.
uint32_t narrow(float value, const llvm::fltSemantics &semantics);
/// The number of which these are the bits.
float widen(uint32_t bits, const llvm::fltSemantics &semantics);
/// From -4 to 4: sums of products of these are exact.
int makeSmallInteger(size_t i, unsigned salt);

/// A tensor map that lies in global memory.
struct MapAddress {
  uint64_t address;
};

/// `isWritten` buffers have contents; the others are for the kernel to write,
/// poisoned on a GPU.
template <typename T> class CorpusBuffer {
public:
  uint64_t address = 0;
  std::vector<T> values;
  size_t size() const { return values.size(); }
  const T &operator[](size_t i) const { return values[i]; }
};

class CorpusTest : public testing::Test {
protected:
  void SetUp() override {
    device = createCorpusDevice();
    ASSERT_TRUE(device) << "no device";
  }

  /// A buffer that holds f(0), f(1), ...
  template <typename T>
  CorpusBuffer<T> input(size_t size, std::function<T(size_t)> f) {
    CorpusBuffer<T> buffer;
    buffer.address = device->allocate(size * sizeof(T));
    for (size_t i = 0; i < size; ++i)
      buffer.values.push_back(f(i));
    check(device->write(buffer.address, bytesOf(buffer)));
    return buffer;
  }
  template <typename T> CorpusBuffer<T> filled(size_t size, T value) {
    return input<T>(size, [value](size_t) { return value; });
  }
  template <typename T> CorpusBuffer<T> output(size_t size) {
    CorpusBuffer<T> buffer;
    buffer.address = device->allocate(size * sizeof(T));
    buffer.values.resize(size);
    if (device->isGpu()) {
      memset(buffer.values.data(), 0xcd, size * sizeof(T));
      check(device->write(buffer.address, bytesOf(buffer)));
    }
    return buffer;
  }

  /// The address of a tensor map in global memory.
  MapAddress map(const TensorMap &map) {
    llvm::Expected<TensorMapBytes> bytes = device->encode(map);
    if (!bytes) {
      check(bytes.takeError());
      return {0};
    }
    uint64_t address = device->allocate(sizeof(TensorMapBytes));
    check(device->write(address, *bytes));
    return {address};
  }
  TensorMapBytes mapValue(const TensorMap &map) {
    llvm::Expected<TensorMapBytes> bytes = device->encode(map);
    if (bytes)
      return *bytes;
    check(bytes.takeError());
    return {};
  }

  struct Shape {
    PtxDimensions grid = {1, 1, 1};
    PtxDimensions block = {32, 1, 1};
    uint32_t dynamicSharedBytes = 0;
  };

  /// Runs `entry` of `path` with buffers, maps and scalars.
  template <typename... Arguments>
  void run(llvm::StringRef path, llvm::StringRef entry, const Shape &shape,
           const Arguments &...arguments) {
    EmulatorLaunch launch;
    launch.entry = entry.str();
    launch.grid = shape.grid;
    launch.block = shape.block;
    launch.dynamicSharedBytes = shape.dynamicSharedBytes;
    (add(launch, arguments), ...);
    check(device->run(path, launch));
  }

  template <typename T> const std::vector<T> &fetch(CorpusBuffer<T> &buffer) {
    check(device->read(
        buffer.address,
        {reinterpret_cast<uint8_t *>(buffer.values.data()), sizeOf(buffer)}));
    return buffer.values;
  }

  /// Every element is what f says, bit for bit (all NaN are alike).
  template <typename T>
  void expect(CorpusBuffer<T> &buffer, std::function<T(size_t)> f) {
    fetch(buffer);
    size_t numWrong = 0;
    for (size_t i = 0; i < buffer.size() && numWrong < 4; ++i)
      if (!isSame(buffer[i], f(i))) {
        ADD_FAILURE() << "element " << i << " is " << print(buffer[i])
                      << ", expected " << print(f(i));
        ++numWrong;
      }
  }
  /// Every element is close: |x - f(i)| <= bound(i).
  template <typename T>
  void expectNear(CorpusBuffer<T> &buffer, std::function<double(size_t)> f,
                  std::function<double(size_t)> bound) {
    fetch(buffer);
    size_t numWrong = 0;
    for (size_t i = 0; i < buffer.size() && numWrong < 4; ++i) {
      double want = f(i), got = static_cast<double>(buffer[i]);
      if (!(std::abs(got - want) <= bound(i)) && got != want &&
          !(got != got && want != want)) {
        ADD_FAILURE() << "element " << i << " is " << got << ", expected "
                      << want << " within " << bound(i);
        ++numWrong;
      }
    }
  }

  void check(llvm::Error error) {
    if (error)
      ADD_FAILURE() << llvm::toString(std::move(error));
  }

  std::unique_ptr<CorpusDevice> device;

private:
  template <typename T> static size_t sizeOf(const CorpusBuffer<T> &buffer) {
    return buffer.values.size() * sizeof(T);
  }
  template <typename T>
  static llvm::ArrayRef<uint8_t> bytesOf(const CorpusBuffer<T> &buffer) {
    return {reinterpret_cast<const uint8_t *>(buffer.values.data()),
            sizeOf(buffer)};
  }
  template <typename T>
  static void add(EmulatorLaunch &launch, const CorpusBuffer<T> &buffer) {
    launch.addArgument(buffer.address);
  }
  static void add(EmulatorLaunch &launch, MapAddress map) {
    launch.addArgument(map.address);
  }
  template <typename T>
  static void add(EmulatorLaunch &launch, const T &scalar) {
    launch.addArgument(scalar);
  }
  template <typename T> static bool isSame(const T &a, const T &b) {
    if constexpr (std::is_floating_point_v<T>) {
      if (a != a && b != b)
        return true;
      return memcmp(&a, &b, sizeof(T)) == 0;
    } else {
      return a == b;
    }
  }
  template <typename T> static std::string print(const T &value) {
    if constexpr (std::is_floating_point_v<T>) {
      char text[64];
      snprintf(text, sizeof(text), "%.9g (%a)", static_cast<double>(value),
               static_cast<double>(value));
      return text;
    } else {
      return testing::PrintToString(+value);
    }
  }
};

} // namespace mlir::tk

#endif // TK_UNITTESTS_EMULATOR_CORPUSDEVICE_H
