//===- Cubin.cpp - PTX to cubin by ptxas or nvJitLink ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NvJitLink.h"
#include "SpillRelief.h"
#include "TemporaryFile.h"
#include "Toolkits.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
/// What an assembler made of some PTX, or said about it.
struct Assembled {
  bool succeeded = false;
  std::string logText;
  SmallVector<char, 0> cubin;
};

/// One of the assemblers, which run in different ways.
struct Assembler {
  StringRef name;
  function_ref<FailureOr<Assembled>(StringRef ptx)> run;
};
} // namespace

static LogicalResult reportRejection(Location loc, StringRef assembler,
                                     StringRef logText,
                                     const AssemblerLog &log) {
  InFlightDiagnostic error = emitError(loc) << assembler << " rejects the PTX";
  // The first messages tell; hundreds may follow.
  constexpr size_t kMaxMessages = 5;
  for (StringRef message : ArrayRef(log.messages).take_front(kMaxMessages))
    error.attachNote() << message;
  if (log.messages.empty() && !logText.trim().empty())
    error.attachNote() << logText.trim();
  return failure();
}

/// Runs the assembler once. Stores what it made in `cubin`.
static FailureOr<AssemblerLog> runOnce(Location loc, const Assembler &assembler,
                                       StringRef ptx,
                                       SmallVectorImpl<char> &cubin) {
  FailureOr<Assembled> assembled = assembler.run(ptx);
  if (failed(assembled))
    return failure();
  AssemblerLog log = parseAssemblerLog(assembled->logText);
  if (!assembled->succeeded)
    return reportRejection(loc, assembler.name, assembled->logText, log);
  cubin = std::move(assembled->cubin);
  return log;
}

/// Changes `ptx` so that no kernel spills that need not. Says so, and how often
/// it ran the assembler, for that is what it takes time for.
static FailureOr<bool> relieve(Location loc, const Assembler &assembler,
                               std::string &ptx,
                               ArrayRef<ResourceUsage> kernels,
                               const TargetInfo &target, TimingScope &timing) {
  if (llvm::none_of(kernels, [](const ResourceUsage &kernel) {
        return kernel.spillStoreBytes != 0;
      }))
    return false;
  TimingScope scope = timing.nest("choose numbers of blocks");
  auto options = [](StringRef name) {
    return remark::RemarkOpts::name(name).category("registers");
  };
  int64_t numRuns = 0;
  auto measure = [&](StringRef text,
                     StringRef kernel) -> FailureOr<ResourceUsage> {
    ++numRuns;
    SmallVector<char, 0> cubin;
    FailureOr<AssemblerLog> log = runOnce(loc, assembler, text, cubin);
    if (failed(log))
      return failure();
    for (ResourceUsage &usage : log->resources)
      if (usage.kernel == kernel)
        return std::move(usage);
    return emitError(loc) << assembler.name << " says nothing about '" << kernel
                          << "'";
  };
  FailureOr<SmallVector<SpillRelief>> reliefs =
      relieveSpills(ptx, kernels, target, measure);
  if (failed(reliefs))
    return failure();
  if (reliefs->empty())
    return false;
  for (const SpillRelief &relief : *reliefs)
    remark::passed(loc, options("MoreRegisters"))
        << "'" << relief.kernel << "' spilled with registers for "
        << std::to_string(relief.numBlocksBefore)
        << " blocks per multiprocessor and gets those for "
        << std::to_string(relief.numBlocks);
  remark::analysis(loc, options("AssemblerRuns"))
      << assembler.name << " ran 2 times on all kernels and "
      << std::to_string(numRuns) << " times on one that spilled";
  return true;
}

/// Assembles so that no kernel spills that need not, and reports what the
/// assembler said at last.
static FailureOr<Binary> assemble(Location loc, const Assembler &assembler,
                                  StringRef ptx, const TargetInfo &target,
                                  TimingScope &timing) {
  Binary binary;
  FailureOr<AssemblerLog> log = runOnce(loc, assembler, ptx, binary.bytes);
  if (failed(log))
    return failure();
  std::string relieved = ptx.str();
  FailureOr<bool> changed =
      relieve(loc, assembler, relieved, log->resources, target, timing);
  if (failed(changed))
    return failure();
  if (*changed) {
    log = runOnce(loc, assembler, relieved, binary.bytes);
    if (failed(log))
      return failure();
  }
  for (StringRef warning : log->performanceWarnings)
    remark::missed(
        loc,
        remark::RemarkOpts::name("AssemblerPerformance").category("assembler"))
        << warning;
  for (StringRef message : log->messages)
    emitWarning(loc) << assembler.name << ": " << message;
  binary.resources = std::move(log->resources);
  return binary;
}

/// PTX lines that tell which source line they came from.
static bool hasLineInfo(StringRef ptx) { return ptx.contains("\n\t.loc\t"); }

/// Lets ptxas optimise kernels side by side, on any machine with the same
/// number of threads: the bytes of a cubin depend on it. CUDA 12.1 and later
/// know it.
static constexpr StringLiteral kSplitCompile = "--split-compile=2";

static FailureOr<Assembled> runPtxas(Location loc, StringRef ptxas,
                                     StringRef ptx,
                                     const TargetOptions &options) {
  FailureOr<TemporaryFile> input = TemporaryFile::create(loc, "ptx");
  if (failed(input) || failed(input->write(loc, ptx)))
    return failure();
  FailureOr<TemporaryFile> output = TemporaryFile::create(loc, "cubin");
  if (failed(output))
    return failure();
  FailureOr<TemporaryFile> log = TemporaryFile::create(loc, "log");
  if (failed(log))
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
  Assembled assembled;
  assembled.succeeded = code == 0;
  // Names of temporary files would make the same error look different.
  assembled.logText = (*logText)->getBuffer().str();
  for (size_t at;
       (at = assembled.logText.find(input->getPath())) != std::string::npos;)
    assembled.logText.replace(at, input->getPath().size(), "kernel.ptx");
  if (!assembled.succeeded)
    return assembled;
  auto bytes = output->read(loc);
  if (failed(bytes))
    return failure();
  StringRef contents = (*bytes)->getBuffer();
  if (contents.empty())
    return emitError(loc) << "'" << ptxas << "' wrote no cubin";
  assembled.cubin.assign(contents.begin(), contents.end());
  return assembled;
}

static Assembled runNvJitLink(const NvJitLink &linker, StringRef ptx,
                              const TargetOptions &options) {
  SmallVector<std::string> arguments = {
      ("-arch=" + options.target->getChip()).str(), "-O3", "-verbose"};
  if (options.emitLineInfo && hasLineInfo(ptx))
    arguments.push_back("-lineinfo");
  NvJitLink::Result result = linker.assemble(ptx, arguments);
  return {result.succeeded, std::move(result.log), std::move(result.cubin)};
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
      auto run = [&](StringRef text) {
        return runPtxas(loc, *ptxas.path, text, options);
      };
      return assemble(loc, {"ptxas", run}, ptx, *options.target, scope);
    }
  }
  std::string loadError;
  if (mayUseNvJitLink) {
    TimingScope scope = timing.nest("assemble with nvJitLink");
    library = findNvJitLink(options);
    if (library.path) {
      if (std::optional<NvJitLink> linker =
              NvJitLink::load(*library.path, loadError)) {
        auto run = [&](StringRef text) -> FailureOr<Assembled> {
          return runNvJitLink(*linker, text, options);
        };
        return assemble(loc, {"nvJitLink", run}, ptx, *options.target, scope);
      }
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
