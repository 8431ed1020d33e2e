//===- SourceModule.cpp - a .tk file to a module of kernels ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SourceModule.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Pipelines/CommandDiagnostics.h"
#include "tk/Support/MachineDefinitions.h"
#include "tk/Support/Manifest.h"

using namespace mlir;
using namespace mlir::tk;

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
static LogicalResult applyDefinitions(MLIRContext &context,
                                      CheckedProgram &program,
                                      const CompilerOptions &options,
                                      std::vector<Instance> &instances) {
  for (const InstanceBinding &definition : options.definitions) {
    if (isMachineDefinition(definition.name))
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
      return emitCommandError(&context)
             << "no kernel to be compiled has a parameter '" << definition.name
             << "'";
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

//===----------------------------------------------------------------------===//
// Sequences, which only the manifest knows
//===----------------------------------------------------------------------===//

static ManifestSequence makeSequence(const SequencePlan &plan) {
  ManifestSequence sequence;
  sequence.name = plan.info.instance.name;
  sequence.instance = plan.info.instance.str();
  for (const ParamInfo &info : plan.info.params)
    sequence.params.push_back({info.name, info.isTensor, info.isPointer,
                               info.dtype, info.access, info.dims, info.aliases,
                               info.isZeroed, info.initialValue});
  for (const SequenceTemp &temp : plan.temps)
    sequence.temps.push_back({temp.name, /*isTensor=*/true,
                              /*isPointer=*/false, temp.dtype,
                              ParamAccess::Temp, temp.dims, /*aliases=*/{},
                              temp.isZeroed, /*initialValue=*/{}});
  sequence.requirements = plan.info.requirements;
  for (const SequenceStep &planStep : plan.steps) {
    ManifestStep &step = sequence.steps.emplace_back();
    step.kernel = planStep.instance.str();
    for (const SequenceArg &arg : planStep.args)
      step.arguments.push_back(
          {arg.scalar ? "" : arg.buffer, arg.dims, arg.strides, arg.scalar});
  }
  return sequence;
}

/// Tells the manifest of a kernel what its arguments start as.
static LogicalResult addInitialValues(CheckedProgram &program,
                                      const Instance &instance,
                                      ModuleOp module) {
  std::optional<InstanceInfo> info = program.getInfo(instance);
  if (!info)
    return failure();
  Builder builder(module.getContext());
  for (KernelOp kernel : module.getOps<KernelOp>())
    for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
      for (const ParamInfo &param : info->params)
        if (param.initialValue && param.name == kernel.getArgName(i))
          kernel.setArgAttr(i, kInitialValueAttr,
                            builder.getF64FloatAttr(*param.initialValue));
  return success();
}

/// Describes the sequences among `instances` and appends the kernels that they
/// launch, where these are missing.
static LogicalResult addSequences(CheckedProgram &program,
                                  std::vector<Instance> &instances,
                                  Manifest &manifest) {
  for (size_t i = 0; i < instances.size(); ++i) {
    if (!instances[i].isSequence)
      continue;
    std::optional<SequencePlan> plan = program.getSequencePlan(instances[i]);
    if (!plan)
      return failure();
    manifest.sequences.push_back(makeSequence(*plan));
    for (const SequenceStep &step : plan->steps)
      if (!llvm::is_contained(instances, step.instance))
        instances.push_back(step.instance);
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
  Manifest manifest;
  if (!instances ||
      failed(applyDefinitions(context, *program, options, *instances)) ||
      failed(addSequences(*program, *instances, manifest)))
    return nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  for (const Instance &instance : *instances) {
    if (instance.isSequence)
      continue;
    OwningOpRef<ModuleOp> part = program->instantiate(instance, &context);
    if (!part || failed(addInitialValues(*program, instance, *part)) ||
        failed(appendModule(*module, *part)))
      return nullptr;
  }
  if (reporter.hasErrors())
    return nullptr;
  if (module->getOps<KernelOp>().empty()) {
    emitError(loc)
        << "no instance to compile: the file has no 'export', and no "
           "test or bench names a kernel";
    return nullptr;
  }
  manifest.target = options.target.target->getName().str();
  std::vector<EmbeddedFile> imports = program->listImports();
  manifest.sourceHash = hashSource(buffer->getBuffer(), imports);
  if (options.embedsSource) {
    manifest.source = buffer->getBuffer().str();
    manifest.imports = std::move(imports);
  }
  (*module)->setAttr(kManifestAttrName,
                     StringAttr::get(&context, manifest.toJSON()));
  return module;
}
