//===- PtxLaunch.h - runs an entry of any PTX -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX of other compilers does not say what its parameters mean. The command
// line does:
//
//   tk-run k.ptx --device=emu --entry=add --grid=4 --block=128
//       --arg 'x:f32=randn[1000]' --arg 'y:f32=poison[1000]' --arg i32=1000
//       --expect 'y=want.npy within (rel = 1e-6, abs = 0)'

#ifndef TK_TESTING_PTXLAUNCH_H
#define TK_TESTING_PTXLAUNCH_H

#include "tk/Emulator/Emulator.h"
#include "tk/Runtime/GpuDevice.h"
#include <functional>

namespace mlir::tk {

/// A launch as the command line describes it; docs/Tools.md has the grammar.
struct PtxLaunchText {
  /// Empty: there is no such launch.
  std::string entry;
  PtxDimensions grid = {1, 1, 1};
  PtxDimensions block = {1, 1, 1};
  std::optional<PtxDimensions> cluster;
  uint32_t sharedBytes = 0;
  /// In the order of the parameters.
  std::vector<std::string> arguments;
  /// Tensors that no parameter points to: tensor maps do.
  std::vector<std::string> buffers;
  std::vector<std::string> maps;
  /// A JSON file with more of them.
  std::string mapsFile;
  /// "y=want.npy within (rel = .., abs = ..)".
  std::vector<std::string> expectations;
  /// "y=y.npy": what is written to which file.
  std::vector<std::pair<std::string, std::string>> outputs;
};

/// Where a launch runs.
class PtxDevice {
public:
  virtual ~PtxDevice();
  virtual llvm::Expected<uint64_t> allocate(uint64_t sizeInBytes,
                                            llvm::StringRef name) = 0;
  /// `isContents`: false for values that the kernel is not to rely on.
  virtual llvm::Error write(uint64_t address, llvm::ArrayRef<uint8_t> bytes,
                            bool isContents) = 0;
  virtual llvm::Error read(uint64_t address,
                           llvm::MutableArrayRef<uint8_t> bytes) = 0;
  /// The bytes of a tensor map.
  virtual llvm::Expected<std::array<uint8_t, 128>>
  encode(const struct TensorMap &map) = 0;
  /// Runs to the end. False if the kernel made mistakes, which were reported.
  virtual llvm::Expected<bool> run(llvm::StringRef text,
                                   llvm::StringRef fileName,
                                   const EmulatorLaunch &launch) = 0;
};

/// Gets the result of a launch in the emulator, with its reports.
using EmulatorResultHandler = std::function<void(
    llvm::StringRef entry, const PtxModule &module, const EmulatorResult &)>;

/// Reports go to the standard error stream, output of the kernel to the
/// standard output.
std::unique_ptr<PtxDevice>
createEmulatorPtxDevice(const EmulatorOptions &options,
                        EmulatorResultHandler onResult);
std::unique_ptr<PtxDevice> createGpuPtxDevice(GpuDevice &gpu);

/// What came of a launch.
struct PtxLaunchOutcome {
  /// One line: arguments, and how the outputs compare.
  std::string text;
  bool passed = false;
};

/// Makes the arguments, runs the entry, writes outputs and compares them with
/// what is expected. An error is a launch that cannot be made.
llvm::Expected<PtxLaunchOutcome> runPtxLaunch(PtxDevice &device,
                                              const PtxLaunchText &launch,
                                              llvm::StringRef ptx,
                                              llvm::StringRef fileName);

} // namespace mlir::tk

#endif // TK_TESTING_PTXLAUNCH_H
