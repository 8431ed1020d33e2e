//===- CorpusDevice.cpp - runs the PTX of the corpus, here or on a GPU ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "tk/Runtime/GpuDevice.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <map>

using namespace llvm;
using namespace mlir::tk;

uint32_t mlir::tk::narrow(float value, const fltSemantics &semantics) {
  APFloat result(value);
  bool losesInfo;
  result.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint32_t>(result.bitcastToAPInt().getZExtValue());
}

float mlir::tk::widen(uint32_t bits, const fltSemantics &semantics) {
  APFloat result(semantics, APInt(APFloat::getSizeInBits(semantics), bits));
  bool losesInfo;
  result.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return result.convertToFloat();
}

int mlir::tk::makeSmallInteger(size_t i, unsigned salt) {
  return int((i * 7 + i / 13 * 3 + salt * 11) % 9) - 4;
}

static Expected<std::unique_ptr<MemoryBuffer>> readSource(StringRef path) {
  const char *folder = std::getenv("TK_CORPUS_SOURCES");
  std::string full =
      std::string(folder ? folder : TK_CORPUS_SOURCES) + "/" + path.str();
  auto buffer = MemoryBuffer::getFile(full, /*IsText=*/true);
  if (!buffer)
    return createStringError(buffer.getError(), full);
  return std::move(*buffer);
}

//===----------------------------------------------------------------------===//
// The emulator
//===----------------------------------------------------------------------===//

namespace {
class EmulatedCorpusDevice : public CorpusDevice {
public:
  bool isGpu() const override { return false; }
  uint64_t allocate(uint64_t sizeInBytes) override {
    return emulator.allocate(sizeInBytes);
  }
  Error write(uint64_t address, ArrayRef<uint8_t> bytes) override {
    return emulator.write(address, bytes);
  }
  Error read(uint64_t address, MutableArrayRef<uint8_t> bytes) override {
    return emulator.read(address, bytes);
  }
  Expected<TensorMapBytes> encode(const TensorMap &map) override {
    return encodeTensorMap(map);
  }
  Error run(StringRef path, const EmulatorLaunch &launch) override;
  void disable(StringRef rule) override {
    options.checks.disabledRules.insert(rule);
  }
  std::string takeOutput() override { return std::exchange(output, ""); }

private:
  Emulator emulator;
  EmulatorOptions options;
  std::map<std::string, EmulatorModule *> modules;
  std::string output;
};
} // namespace

Error EmulatedCorpusDevice::run(StringRef path, const EmulatorLaunch &launch) {
  EmulatorModule *&module = modules[path.str()];
  if (!module) {
    auto text = readSource(path);
    if (!text)
      return text.takeError();
    Expected<EmulatorModule *> loaded =
        emulator.load((*text)->getBuffer(), path);
    if (!loaded)
      return loaded.takeError();
    module = *loaded;
  }
  Expected<EmulatorResult> result = emulator.launch(*module, launch, options);
  if (!result)
    return result.takeError();
  output += result->output;
  if (result->reports.empty())
    return Error::success();
  std::string text;
  raw_string_ostream os(text);
  os << launch.entry << ":";
  for (const EmulatorReport &report : result->reports) {
    os << "\n  " << report.rule << ": " << report.detail;
    for (const EmulatorSite &site : report.sites)
      os << "\n    " << site.role << ": block " << site.block[0] << ", warp "
         << site.warp << ", lanes " << utohexstr(site.lanes) << ", line "
         << site.ptxLine << " '" << site.instruction << "', " << site.sourceFile
         << ":" << site.sourceLine;
  }
  return createStringError(text);
}

//===----------------------------------------------------------------------===//
// A GPU
//===----------------------------------------------------------------------===//

namespace {
class GpuCorpusDevice : public CorpusDevice {
public:
  explicit GpuCorpusDevice(std::unique_ptr<GpuDevice> gpu)
      : gpu(std::move(gpu)) {}
  ~GpuCorpusDevice() override {
    buffers.clear();
    modules.clear();
  }
  bool isGpu() const override { return true; }
  uint64_t allocate(uint64_t sizeInBytes) override {
    buffers.push_back(cantFail(gpu->allocate(sizeInBytes)));
    return buffers.back().getAddress();
  }
  Error write(uint64_t address, ArrayRef<uint8_t> bytes) override {
    return gpu->copyToDevice(address, bytes);
  }
  Error read(uint64_t address, MutableArrayRef<uint8_t> bytes) override {
    return gpu->copyToHost(bytes, address);
  }
  Expected<TensorMapBytes> encode(const TensorMap &map) override;
  Error run(StringRef path, const EmulatorLaunch &launch) override;
  /// `printf` goes to the standard output of the process, when the context is
  /// waited for.
  std::string takeOutput() override {
    auto library = sys::DynamicLibrary::getPermanentLibrary("libcuda.so.1");
    if (void *wait = library.getAddressOfSymbol("cuCtxSynchronize"))
      reinterpret_cast<int (*)()>(wait)();
    return testing::internal::GetCapturedStdout();
  }

private:
  std::unique_ptr<GpuDevice> gpu;
  std::vector<DeviceBuffer> buffers;
  std::map<std::string, DeviceModule> modules;
};
} // namespace

Expected<TensorMapBytes> GpuCorpusDevice::encode(const TensorMap &map) {
  return gpu->encodeTensorMap(
      {static_cast<int>(map.type), map.address,
       ArrayRef(map.extents).take_front(map.rank),
       ArrayRef(map.strides).take_front(map.rank - 1),
       ArrayRef(map.box).take_front(map.rank),
       ArrayRef(map.elementStrides).take_front(map.rank),
       static_cast<int>(map.swizzle), map.fillsNaN});
}

Error GpuCorpusDevice::run(StringRef path, const EmulatorLaunch &launch) {
  auto found = modules.find(path.str());
  if (found == modules.end()) {
    auto text = readSource(path);
    if (!text)
      return text.takeError();
    Expected<DeviceModule> loaded = gpu->load((*text)->getBuffer());
    if (!loaded)
      return loaded.takeError();
    found = modules.emplace(path.str(), std::move(*loaded)).first;
  }
  auto widen = [](const PtxDimensions &dimensions) {
    return std::array<int64_t, 3>{dimensions[0], dimensions[1], dimensions[2]};
  };
  SmallVector<ArrayRef<uint8_t>> parameters;
  for (const std::vector<uint8_t> &argument : launch.arguments)
    parameters.push_back(argument);
  // A cluster that the entry requires need not be said again.
  if (Error error = gpu->launchWithBytes(
          found->second, launch.entry, widen(launch.grid), widen(launch.block),
          {1, 1, 1}, launch.dynamicSharedBytes, parameters))
    return error;
  return gpu->wait();
}

std::unique_ptr<CorpusDevice> mlir::tk::createCorpusDevice() {
  const char *name = std::getenv("TK_CORPUS_DEVICE");
  if (!name || StringRef(name) == "emu")
    return std::make_unique<EmulatedCorpusDevice>();
  auto gpu = GpuDevice::create(Vendor::NVIDIA);
  if (!gpu) {
    ADD_FAILURE() << toString(gpu.takeError());
    return nullptr;
  }
  return std::make_unique<GpuCorpusDevice>(std::move(*gpu));
}
