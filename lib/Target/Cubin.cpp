//===- Cubin.cpp - PTX to cubin by ptxas or nvJitLink ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NvJitLink.h"
#include "TemporaryFile.h"
#include "Toolkits.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::tk;

/// Reports what the assembler said, and returns it with the binary.
static FailureOr<Binary> finish(Location loc, StringRef assembler,
                                StringRef logText, bool succeeded,
                                ArrayRef<char> bytes) {
  AssemblerLog log = parseAssemblerLog(logText);
  if (!succeeded) {
    InFlightDiagnostic error = emitError(loc)
                               << assembler << " rejects the PTX";
    // The first messages tell; hundreds may follow.
    constexpr size_t kMaxMessages = 5;
    for (StringRef message : ArrayRef(log.messages).take_front(kMaxMessages))
      error.attachNote() << message;
    if (log.messages.empty() && !logText.trim().empty())
      error.attachNote() << logText.trim();
    return failure();
  }
  for (StringRef warning : log.performanceWarnings)
    remark::missed(loc, remark::RemarkOpts::name("AssemblerPerformance")
                            .category("assemble-ptx"))
        << warning;
  for (StringRef message : log.messages)
    emitWarning(loc) << assembler << ": " << message;
  Binary binary;
  binary.bytes.assign(bytes.begin(), bytes.end());
  binary.resources = std::move(log.resources);
  return binary;
}

/// PTX lines that tell which source line they came from.
static bool hasLineInfo(StringRef ptx) { return ptx.contains("\n\t.loc\t"); }

/// Lets ptxas optimise kernels side by side, on any machine with the same
/// number of threads: the bytes of a cubin depend on it. CUDA 12.1 and later
/// know it.
static constexpr StringLiteral kSplitCompile = "--split-compile=2";

static FailureOr<Binary> runPtxas(Location loc, StringRef ptxas, StringRef ptx,
                                  const TargetOptions &options) {
  FailureOr<TemporaryFile> input = TemporaryFile::create(loc, "ptx");
  FailureOr<TemporaryFile> output = TemporaryFile::create(loc, "cubin");
  FailureOr<TemporaryFile> log = TemporaryFile::create(loc, "log");
  if (failed(input) || failed(output) || failed(log) ||
      failed(input->write(loc, ptx)))
    return failure();
  std::string arch = ("-arch=" + options.target->getChip()).str();
  SmallVector<StringRef> arguments = {
      ptxas, arch, "-O3", "-v", "-o", output->getPath(), input->getPath()};
  arguments.push_back(kSplitCompile);
  if (options.emitLineInfo && hasLineInfo(ptx))
    arguments.push_back("-lineinfo");
  std::optional<StringRef> redirects[] = {StringRef(""), log->getPath(),
                                          log->getPath()};
  std::string message;
  auto execute = [&] {
    return llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects,
                                     /*SecondsToWait=*/0, /*MemoryLimit=*/0,
                                     &message);
  };
  int code = execute();
  auto logText = log->read(loc);
  if (code > 0 && succeeded(logText) &&
      (*logText)->getBuffer().contains("split-compile")) {
    llvm::erase(arguments, kSplitCompile);
    code = execute();
    logText = log->read(loc);
  }
  if (code < 0)
    return emitError(loc) << "cannot run '" << ptxas << "': " << message;
  if (failed(logText))
    return failure();
  // Names of temporary files would make the same error look different.
  std::string text = (*logText)->getBuffer().str();
  for (size_t at; (at = text.find(input->getPath())) != std::string::npos;)
    text.replace(at, input->getPath().size(), "kernel.ptx");
  if (code != 0)
    return finish(loc, "ptxas", text, /*succeeded=*/false, {});
  auto bytes = output->read(loc);
  if (failed(bytes))
    return failure();
  StringRef contents = (*bytes)->getBuffer();
  return finish(loc, "ptxas", text, /*succeeded=*/true,
                ArrayRef(contents.data(), contents.size()));
}

static FailureOr<Binary> runNvJitLink(Location loc, const NvJitLink &linker,
                                      StringRef ptx,
                                      const TargetOptions &options) {
  SmallVector<std::string> arguments = {
      ("-arch=" + options.target->getChip()).str(), "-O3", "-verbose"};
  if (options.emitLineInfo && hasLineInfo(ptx))
    arguments.push_back("-lineinfo");
  NvJitLink::Result result = linker.assemble(ptx, arguments);
  return finish(loc, "nvJitLink", result.log, result.succeeded, result.cubin);
}

bool mlir::tk::hasPtxAssembler(const TargetOptions &options) {
  if (options.assembler != CubinAssembler::NvJitLink && findPtxas(options).path)
    return true;
  if (options.assembler == CubinAssembler::Ptxas)
    return false;
  FoundFile library = findNvJitLink(options);
  std::string error;
  return library.path && NvJitLink::load(*library.path, error);
}

FailureOr<Binary> mlir::tk::assemblePtx(Location loc, StringRef ptx,
                                        const TargetOptions &options,
                                        TimingScope &timing) {
  bool mayUsePtxas = options.assembler != CubinAssembler::NvJitLink;
  bool mayUseNvJitLink = options.assembler != CubinAssembler::Ptxas;
  FoundFile ptxas, library;
  if (mayUsePtxas) {
    ptxas = findPtxas(options);
    if (ptxas.path) {
      TimingScope scope = timing.nest("assemble with ptxas");
      return runPtxas(loc, *ptxas.path, ptx, options);
    }
  }
  std::string loadError;
  if (mayUseNvJitLink) {
    TimingScope scope = timing.nest("assemble with nvJitLink");
    library = findNvJitLink(options);
    if (library.path) {
      if (std::optional<NvJitLink> linker =
              NvJitLink::load(*library.path, loadError))
        return runNvJitLink(loc, *linker, ptx, options);
    }
  }
  // No line of the input is to blame.
  InFlightDiagnostic error = emitError(UnknownLoc::get(loc.getContext()));
  error << "a cubin needs "
        << (mayUsePtxas && mayUseNvJitLink ? "'ptxas' or 'libnvJitLink'"
            : mayUsePtxas                  ? "'ptxas'"
                                           : "'libnvJitLink'")
        << " of a CUDA toolkit, which was not found";
  StringRef searched = mayUsePtxas ? ptxas.searched : library.searched;
  if (!searched.empty())
    error.attachNote() << "looked in " << searched;
  if (!loadError.empty())
    error.attachNote() << loadError;
  error.attachNote()
      << "pass --cuda-path, set CUDA_PATH, or stop at --emit=ptx";
  return failure();
}
