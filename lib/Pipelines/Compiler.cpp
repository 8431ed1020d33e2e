//===- Compiler.cpp - from any stage to any later stage -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/Compiler.h"
#include "SourceModule.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "tk/Analysis/RegisterPressure.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Pipelines/CommandDiagnostics.h"
#include "tk/Pipelines/Passes.h"
#include "tk/Pipelines/Pipelines.h"
#include "tk/Support/BinaryFile.h"
#include "tk/Support/MachineDefinitions.h"
#include "tk/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::tk;

StringRef mlir::tk::getStageName(Stage stage, Vendor vendor) {
  switch (stage) {
  case Stage::Source:
    return "source";
  case Stage::Tk:
    return "tk";
  case Stage::Tkg:
    return "tkg";
  case Stage::LLVM:
    return "llvm";
  case Stage::LLVMIR:
    return "llvmir";
  case Stage::PTX:
    return "ptx";
  case Stage::Binary:
    return vendor == Vendor::NVIDIA ? "cubin" : "hsaco";
  }
  llvm_unreachable("all stages are listed");
}

std::optional<Stage> mlir::tk::parseStageName(StringRef name) {
  for (Vendor vendor : {Vendor::NVIDIA, Vendor::AMD})
    for (Stage stage : {Stage::Source, Stage::Tk, Stage::Tkg, Stage::LLVM,
                        Stage::LLVMIR, Stage::PTX, Stage::Binary})
      if (getStageName(stage, vendor) == name)
        return stage;
  return std::nullopt;
}

static StringRef getExtension(Stage stage, Vendor vendor) {
  switch (stage) {
  case Stage::Source:
    return "tk";
  case Stage::Tk:
  case Stage::Tkg:
  case Stage::LLVM:
    return "mlir";
  case Stage::LLVMIR:
    return "ll";
  case Stage::PTX:
  case Stage::Binary:
    return getStageName(stage, vendor);
  }
  llvm_unreachable("all stages are listed");
}

/// The stage of a module, by what is in it.
static Stage identifyStage(ModuleOp module) {
  if (module.getOps<KernelOp>().empty())
    return Stage::LLVM;
  return module->hasAttr(tkg::kTargetAttr) ? Stage::Tkg : Stage::Tk;
}

/// One compilation: the program in the form of the stage reached so far.
class Compiler::Run {
public:
  Run(MLIRContext &context, const CompilerOptions &options, TimingScope &timing)
      : context(context), options(options), timing(timing),
        target(options.target), vendor(target.target->getVendor()),
        loc(UnknownLoc::get(&context)) {}

  FailureOr<CompilerOutput> compile(llvm::SourceMgr &sources,
                                    DiagnosticReporter &reporter) {
    if (failed(read(sources, reporter)))
      return failure();
    return finish();
  }

  FailureOr<CompilerOutput> compile(OwningOpRef<ModuleOp> newModule) {
    module = std::move(newModule);
    loc = module->getLoc();
    return finish();
  }

private:
  FailureOr<CompilerOutput> finish() {
    if (failed(applyMachineDefinitions()))
      return failure();
    while (true) {
      if (failed(dump()))
        return failure();
      if (stage == options.stopAfter)
        break;
      if (failed(advance()))
        return failure();
    }
    CompilerOutput output;
    output.target = target.target;
    output.resources = std::move(binary.resources);
    output.contents = serialize();
    return output;
  }

  /// Takes the main file as the form of `options.startAt`.
  LogicalResult read(llvm::SourceMgr &sources, DiagnosticReporter &reporter);
  LogicalResult parse(llvm::SourceMgr &sources, DiagnosticReporter &reporter);
  LogicalResult parseSource(llvm::SourceMgr &sources,
                            DiagnosticReporter &reporter);
  LogicalResult parseMlir(llvm::SourceMgr &sources);
  /// What the program was compiled for so far; empty if it does not say.
  std::string findTargetName();
  /// From `tkg` on a program is for one target only.
  LogicalResult reconcileTarget();
  /// Refuses options that have no effect for this input and this target.
  LogicalResult checkOptions();
  LogicalResult refuseOption(const Twine &option, const Twine &reason);
  /// Gives every kernel the warps and stages that the user asks for.
  LogicalResult applyMachineDefinitions();
  /// Takes the program to the next stage that the target has.
  LogicalResult advance();
  LogicalResult runPasses(StringRef name,
                          function_ref<void(OpPassManager &)> build);
  LogicalResult lowerToLLVMIR();
  /// Nobody could launch anything of it.
  LogicalResult refuseEmptyBinary();
  /// Says which kernels the assembler found too few registers for.
  void remarkSpills();
  SmallVector<char, 0> serialize();
  LogicalResult dump();

  MLIRContext &context;
  const CompilerOptions &options;
  TimingScope &timing;
  TargetOptions target;
  Vendor vendor;
  Location loc;
  Stage stage = Stage::Tk;

  OwningOpRef<ModuleOp> module;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule;
  std::string ptx;
  Binary binary;

  /// The kernels as they were lowered from: should one spill, its tiles say
  /// why.
  OwningOpRef<ModuleOp> kernels;
};

LogicalResult Compiler::Run::parseSource(llvm::SourceMgr &sources,
                                         DiagnosticReporter &reporter) {
  TimingScope scope = timing.nest("front end");
  module = buildSourceModule(sources, reporter, options, context);
  return success(static_cast<bool>(module));
}

LogicalResult Compiler::Run::parseMlir(llvm::SourceMgr &sources) {
  TimingScope scope = timing.nest("parse MLIR");
  module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();
  if (!options.startAt)
    stage = identifyStage(*module);
  if (stage > options.stopAfter)
    return emitCommandError(&context)
           << "cannot go back from stage '" << getStageName(stage, vendor)
           << "' to '" << getStageName(options.stopAfter, vendor) << "'";
  return success();
}

/// "sm_80" of a line `.target sm_80, debug`.
static StringRef findPtxTarget(StringRef ptx) {
  while (!ptx.empty()) {
    auto [line, rest] = ptx.split('\n');
    line = line.trim();
    if (line.consume_front(".target"))
      return line.ltrim().take_until(
          [](char c) { return c == ',' || c == '/' || llvm::isSpace(c); });
    ptx = rest;
  }
  return "";
}

static std::string getTargetOfManifest(llvm::Expected<Manifest> manifest) {
  if (manifest)
    return manifest->target;
  // Passes that need a manifest say what is wrong with it.
  llvm::consumeError(manifest.takeError());
  return "";
}

std::string Compiler::Run::findTargetName() {
  switch (stage) {
  case Stage::Source:
  case Stage::Tk:
  case Stage::Binary:
    return "";
  case Stage::Tkg:
    if (auto name = (*module)->getAttrOfType<StringAttr>(tkg::kTargetAttr))
      return name.getValue().str();
    return "";
  case Stage::LLVM:
    if (auto text = (*module)->getAttrOfType<StringAttr>(kManifestAttrName))
      return getTargetOfManifest(Manifest::fromJSON(text.getValue()));
    return "";
  case Stage::LLVMIR:
    if (StringRef text = findManifest(*llvmModule); !text.empty())
      return getTargetOfManifest(Manifest::fromJSON(text));
    return "";
  case Stage::PTX: {
    std::string name = getTargetOfManifest(readManifest(ptx));
    // PTX of other compilers may be assembled for newer chips, too; the
    // assembler knows for which.
    StringRef own = findPtxTarget(ptx);
    bool isBinding = options.isTargetImplied || vendor != Vendor::NVIDIA;
    if (name.empty() && isBinding && TargetInfo::lookup(own))
      return own.str();
    return name;
  }
  }
  llvm_unreachable("all stages are listed");
}

LogicalResult Compiler::Run::reconcileTarget() {
  std::string name = findTargetName();
  if (!name.empty() && name != target.target->getName()) {
    const TargetInfo *own = TargetInfo::lookup(name);
    if (!options.isTargetImplied || !own)
      return emitError(loc)
             << "this was compiled for '" << name << "' up to the stage '"
             << getStageName(stage, vendor) << "', but the target is '"
             << target.target->getName() << "'";
    target.target = own;
    vendor = own->getVendor();
  }
  if (options.stageVendor && *options.stageVendor != vendor)
    return emitCommandError(&context)
           << "the target '" << target.target->getName() << "' has no stage '"
           << getStageName(options.stopAfter, *options.stageVendor) << "'";
  if (stage == Stage::LLVMIR)
    return checkArchitecture(loc, *llvmModule, *target.target);
  return success();
}

LogicalResult Compiler::Run::read(llvm::SourceMgr &sources,
                                  DiagnosticReporter &reporter) {
  return success(succeeded(parse(sources, reporter)) &&
                 succeeded(reconcileTarget()) && succeeded(checkOptions()));
}

LogicalResult Compiler::Run::refuseOption(const Twine &option,
                                          const Twine &reason) {
  return emitCommandError(&context) << "'" << option << "' " << reason;
}

LogicalResult Compiler::Run::checkOptions() {
  bool isSource = options.startAt == Stage::Source;
  if (!isSource && !options.instances.empty())
    return refuseOption("--kernel=" + options.instances.front(),
                        "requires a .tk file");
  if (!isSource && options.embedsSource)
    return refuseOption("--embed-source", "requires a .tk file");
  if (!options.filePrefixes.empty() &&
      (stage > Stage::Tkg || options.stopAfter <= Stage::Tkg))
    return refuseOption("--file-prefix-map=" + options.filePrefixes.front(),
                        "has an effect only between the stages 'tkg' and "
                        "'llvm'");
  bool isNvidia = vendor == Vendor::NVIDIA;
  if (target.assembler != CubinAssembler::Automatic &&
      (!isNvidia || options.stopAfter != Stage::Binary))
    return refuseOption(target.assembler == CubinAssembler::Ptxas
                            ? "--use-ptxas"
                            : "--use-nvjitlink",
                        "has an effect only where a cubin is made");
  std::string noEffect =
      ("has no effect for the target '" + target.target->getName() + "'").str();
  if (!isNvidia && !target.cudaPath.empty())
    return refuseOption("--cuda-path=" + target.cudaPath, noEffect);
  if (isNvidia && !target.rocmPath.empty())
    return refuseOption("--rocm-path=" + target.rocmPath, noEffect);
  return success();
}

LogicalResult Compiler::Run::parse(llvm::SourceMgr &sources,
                                   DiagnosticReporter &reporter) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  loc = FileLineColLoc::get(&context, buffer->getBufferIdentifier(), 1, 1);
  stage = options.startAt.value_or(Stage::Tk);
  switch (stage) {
  case Stage::Source:
    stage = Stage::Tk;
    return parseSource(sources, reporter);
  case Stage::Tk:
  case Stage::Tkg:
  case Stage::LLVM:
    return parseMlir(sources);
  case Stage::LLVMIR:
    llvmModule = parseLLVMIR(loc, buffer->getBuffer(), llvmContext);
    return success(static_cast<bool>(llvmModule));
  case Stage::PTX:
    ptx = buffer->getBuffer().str();
    return success();
  case Stage::Binary:
    llvm_unreachable("nothing is left to do from a binary");
  }
  llvm_unreachable("all stages are listed");
}

LogicalResult Compiler::Run::applyMachineDefinitions() {
  for (const InstanceBinding &definition : options.definitions) {
    if (!isMachineDefinition(definition.name)) {
      // Generic parameters were bound by the front end.
      if (options.startAt == Stage::Source)
        continue;
      return emitCommandError(&context)
             << "'" << definition.name
             << "' can be defined for a .tk file only";
    }
    if (stage != Stage::Tk)
      return emitCommandError(&context)
             << "'" << definition.name
             << "' can be defined up to the stage 'tk' only";
    int64_t value;
    if (StringRef(definition.value).getAsInteger(10, value) ||
        !isMachineValue(definition.name, value))
      return emitCommandError(&context)
             << "expects " << describeMachineValues(definition.name)
             << ", got '" << definition.value << "'";
    for (KernelOp kernel : module->getOps<KernelOp>())
      if (definition.name == "warps")
        kernel.setWarps(value);
      else
        kernel.setStages(value);
  }
  return success();
}

/// Whether to verify the program after every pass, and not only after all
/// passes of a stage. Users wait for it, and the tests have seen each pass.
#ifdef NDEBUG
static constexpr bool kVerifiesEachPass = false;
#else
static constexpr bool kVerifiesEachPass = true;
#endif

LogicalResult
Compiler::Run::runPasses(StringRef name,
                         function_ref<void(OpPassManager &)> build) {
  PassManager passes(&context);
  TimingScope scope = timing.nest(name);
  passes.enableTiming(scope);
  passes.enableVerifier(kVerifiesEachPass);
  build(passes);
  return success(succeeded(passes.run(*module)) &&
                 (kVerifiesEachPass || succeeded(verify(*module))));
}

LogicalResult Compiler::Run::lowerToLLVMIR() {
  if (failed(runPasses("finalize LLVM dialect", [&](OpPassManager &manager) {
        buildFinalizeLLVMPipeline(manager, *target.target);
      })))
    return failure();
  llvmModule = translateToLLVMIR(loc, *module, llvmContext, target, timing);
  return success(static_cast<bool>(llvmModule));
}

static bool isAmdKernel(const llvm::Function &function) {
  return function.getCallingConv() == llvm::CallingConv::AMDGPU_KERNEL &&
         !function.isDeclaration();
}

LogicalResult Compiler::Run::refuseEmptyBinary() {
  return emitError(loc) << "expects a kernel to put into the "
                        << getStageName(Stage::Binary, vendor)
                        << ", but there is none";
}

void Compiler::Run::remarkSpills() {
  for (const ResourceUsage &usage : binary.resources) {
    auto kernel =
        kernels ? kernels->lookupSymbol<KernelOp>(usage.kernel) : KernelOp();
    // A fallback is there for arguments of which nobody promised anything.
    if (usage.spillStoreBytes == 0 || !kernel ||
        kernel->hasAttr(tkg::kFallbackAttr))
      continue;
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "'" << usage.kernel << "' spills: " << usage.numRegisters
       << " registers are too few, a thread stores " << usage.spillStoreBytes
       << " bytes and loads " << usage.spillLoadBytes;
    if (tkg::PressurePoint point = tkg::findMaxRegisterPressure(kernel);
        point.op)
      os << "; tiles need " << tkg::describePressure(point);
    remark::missed(kernel.getLoc(),
                   remark::RemarkOpts::name("Spills").category("registers"))
        << text;
  }
}

LogicalResult Compiler::Run::advance() {
  const TargetInfo &chip = *target.target;
  switch (stage) {
  case Stage::Source:
    break;
  case Stage::Tk:
    stage = Stage::Tkg;
    return runPasses("tk to tkg", [&](OpPassManager &manager) {
      buildTkPipeline(manager);
      buildTkgPipeline(manager, chip);
    });
  case Stage::Tkg:
    stage = Stage::LLVM;
    if (options.stopAfter == Stage::Binary)
      kernels = module->clone();
    return runPasses("tkg to LLVM dialect", [&](OpPassManager &manager) {
      // Not earlier: remarks and errors show lines of files that exist.
      if (!options.filePrefixes.empty())
        manager.addPass(
            createMapFileNamesPass({llvm::to_vector(options.filePrefixes)}));
      buildTkgToLLVMPipeline(manager, chip);
    });
  case Stage::LLVM:
    stage = Stage::LLVMIR;
    return lowerToLLVMIR();
  case Stage::LLVMIR:
    if (vendor == Vendor::NVIDIA) {
      stage = Stage::PTX;
      FailureOr<std::string> text = emitPtx(loc, *llvmModule, target, timing);
      if (succeeded(text))
        ptx = std::move(*text);
      return text;
    }
    stage = Stage::Binary;
    if (llvm::none_of(*llvmModule, isAmdKernel))
      return refuseEmptyBinary();
    if (FailureOr<Binary> hsaco = emitHsaco(loc, *llvmModule, target, timing);
        succeeded(hsaco)) {
      binary = std::move(*hsaco);
      remarkSpills();
      return success();
    }
    return failure();
  case Stage::PTX:
    stage = Stage::Binary;
    if (!StringRef(ptx).contains(".entry"))
      return refuseEmptyBinary();
    if (FailureOr<Binary> cubin = assemblePtx(loc, ptx, target, timing);
        succeeded(cubin)) {
      binary = std::move(*cubin);
      remarkSpills();
      return success();
    }
    return failure();
  case Stage::Binary:
    break;
  }
  llvm_unreachable("a compilation goes from tk to the binary");
}

/// The order of uses decides how passes number what they make: without it the
/// PTX of what is read back would be another one. That of inline assembly makes
/// no difference, and LLVM prints it in a form that it does not parse.
static void printLLVMIR(const llvm::Module &module, raw_ostream &os) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr, /*ShouldPreserveUseListOrder=*/true);
  for (StringRef rest = text; !rest.empty();) {
    auto [line, after] = rest.split('\n');
    if (!line.ltrim().starts_with("uselistorder ptr asm "))
      os << line << '\n';
    rest = after;
  }
}

SmallVector<char, 0> Compiler::Run::serialize() {
  SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  switch (stage) {
  case Stage::Source:
    break;
  case Stage::Tk:
  case Stage::Tkg:
  case Stage::LLVM:
    module->print(os, OpPrintingFlags().enableDebugInfo());
    break;
  case Stage::LLVMIR:
    printLLVMIR(*llvmModule, os);
    break;
  case Stage::PTX:
    os << ptx;
    break;
  case Stage::Binary:
    return binary.bytes;
  }
  return std::move(text);
}

LogicalResult Compiler::Run::dump() {
  if (options.dumpDirectory.empty())
    return success();
  SmallString<128> path(options.dumpDirectory);
  // Where that fails, so does the writing.
  (void)llvm::sys::fs::create_directories(path);
  llvm::sys::path::append(path, Twine(static_cast<int>(stage)) + "-" +
                                    getStageName(stage, vendor) + "." +
                                    getExtension(stage, vendor));
  if (llvm::Error error = writeOutputFile(path, [&](raw_ostream &os) {
        SmallVector<char, 0> contents = serialize();
        os.write(contents.data(), contents.size());
      }))
    return emitCommandError(&context) << llvm::toString(std::move(error));
  return success();
}

Compiler::Compiler(MLIRContext &context, CompilerOptions options)
    : context(context), options(std::move(options)) {}

Compiler::~Compiler() = default;

FailureOr<CompilerOutput> Compiler::compile(llvm::SourceMgr &sources,
                                            DiagnosticReporter &reporter,
                                            TimingScope &timing) {
  return Run(context, options, timing).compile(sources, reporter);
}

FailureOr<CompilerOutput> Compiler::compile(OwningOpRef<ModuleOp> module,
                                            TimingScope &timing) {
  return Run(context, options, timing).compile(std::move(module));
}
