//===- SourceModule.cpp - a .tk file to a module of kernels ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SourceModule.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Support/Manifest.h"

using namespace mlir;
using namespace mlir::tk;

/// Not a generic parameter, but for the compiler.
static constexpr StringLiteral kWarps = "warps";

/// The instances that the options name, or those that the file exports.
static std::optional<std::vector<Instance>>
listInstances(CheckedProgram &program, DiagnosticReporter &reporter,
              const CompilerOptions &options) {
  if (options.instances.empty()) {
    std::vector<Instance> instances = program.listInstances();
    if (reporter.hasErrors())
      return std::nullopt;
    return instances;
  }
  std::vector<Instance> instances;
  for (const std::string &text : options.instances) {
    std::optional<Instance> instance = program.parseInstance(text);
    if (!instance)
      return std::nullopt;
    instances.push_back(std::move(*instance));
  }
  return instances;
}

/// Gives the generic parameters of `instances` the values of the options. Every
/// definition must be of use to some instance.
static LogicalResult applyDefinitions(Location loc, CheckedProgram &program,
                                      const CompilerOptions &options,
                                      std::vector<Instance> &instances) {
  for (const InstanceBinding &definition : options.definitions) {
    if (definition.name == kWarps)
      continue;
    bool isUsed = false;
    for (Instance &instance : instances) {
      if (instance.getBinding(definition.name).empty())
        continue;
      std::optional<Instance> rebound = program.rebind(instance, definition);
      if (!rebound)
        return failure();
      instance = std::move(*rebound);
      isUsed = true;
    }
    if (!isUsed)
      return emitError(loc) << "no kernel to be compiled has a parameter '"
                            << definition.name << "'";
  }
  return success();
}

/// Sets the number of warps that the options ask for.
static LogicalResult applyWarps(Location loc, const CompilerOptions &options,
                                ModuleOp module) {
  for (const InstanceBinding &definition : options.definitions) {
    if (definition.name != kWarps)
      continue;
    int64_t warps;
    if (StringRef(definition.value).getAsInteger(10, warps) || warps < 1)
      return emitError(loc)
             << "expects a number of warps, got '" << definition.value << "'";
    for (KernelOp kernel : module.getOps<KernelOp>())
      kernel.setWarps(warps);
  }
  return success();
}

/// Moves the kernels and functions of `from` to the end of `to`. Functions that
/// several instances have under one name get names of their own.
static LogicalResult appendModule(ModuleOp to, ModuleOp from) {
  SymbolTable toTable(to), fromTable(from);
  for (Operation &op :
       llvm::make_early_inc_range(from.getBody()->getOperations())) {
    if (isa<SymbolOpInterface>(op) &&
        toTable.lookup(SymbolTable::getSymbolName(&op)) &&
        failed(fromTable.renameToUnique(&op, {&toTable})))
      return failure();
    op.moveBefore(to.getBody(), to.getBody()->end());
  }
  return success();
}

OwningOpRef<ModuleOp> mlir::tk::buildSourceModule(
    llvm::SourceMgr &sources, DiagnosticReporter &reporter,
    const CompilerOptions &options, MLIRContext &context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  Location loc =
      FileLineColLoc::get(&context, buffer->getBufferIdentifier(), 1, 1);
  std::unique_ptr<CheckedProgram> program =
      CheckedProgram::create(sources, reporter);
  if (!program)
    return nullptr;
  std::optional<std::vector<Instance>> instances =
      listInstances(*program, reporter, options);
  if (!instances ||
      failed(applyDefinitions(loc, *program, options, *instances)))
    return nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  for (const Instance &instance : *instances) {
    // A sequence is launched by the host; its kernels are in the list as well.
    if (instance.isSequence)
      continue;
    OwningOpRef<ModuleOp> part = program->instantiate(instance, &context);
    if (!part || failed(appendModule(*module, *part)))
      return nullptr;
  }
  if (reporter.hasErrors() || failed(applyWarps(loc, options, *module)))
    return nullptr;
  if (module->getOps<KernelOp>().empty()) {
    emitError(loc)
        << "no instance to compile: the file has no 'export', and no "
           "test or bench names a kernel";
    return nullptr;
  }
  Manifest manifest;
  manifest.target = options.target.target->getName().str();
  manifest.sourceHash = hashSource(buffer->getBuffer());
  if (options.embedsSource)
    manifest.source = buffer->getBuffer().str();
  (*module)->setAttr(kManifestAttrName,
                     StringAttr::get(&context, manifest.toJSON()));
  return module;
}
