//===- DescribeBinary.cpp - prints what a binary says about itself --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/BinaryFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;

int64_t mlir::tk::computeBlocksPerProcessor(const TargetInfo &target,
                                            int64_t numThreads,
                                            int64_t numRegisters,
                                            int64_t sharedBytes) {
  int64_t numWarps = divideCeil(numThreads, target.getNumLanes());
  int64_t blocks = std::min<int64_t>(target.getMaxBlocksPerProcessor(),
                                     target.getMaxThreadsPerProcessor() /
                                         (numWarps * target.getNumLanes()));
  if (numRegisters > 0) {
    // A warp gets registers in units of 256 (CUDA occupancy calculator); AMD's
    // unit is 8 for each of 64 lanes, which is no smaller.
    int64_t registersPerWarp =
        alignTo(numRegisters * target.getNumLanes(), 256);
    blocks = std::min<int64_t>(blocks, target.getRegistersPerProcessor() /
                                           (registersPerWarp * numWarps));
  }
  int64_t sharedPerBlock =
      sharedBytes + target.getReservedSharedMemoryPerBlock();
  if (sharedPerBlock > 0)
    blocks =
        std::min(blocks, target.getSharedMemoryPerProcessor() / sharedPerBlock);
  return blocks;
}

static void describeParam(const ManifestParam &param, raw_ostream &os) {
  os << "    " << param.name << ": ";
  if (param.access != ParamAccess::Read)
    os << stringifyParamAccess(param.access) << " ";
  std::string type = getDTypeName(param.dtype).str();
  if (param.isPointer)
    type = "ptr<" + type + ">";
  if (!param.isTensor) {
    os << type << "\n";
    return;
  }
  os << "tensor<" << type << ">[";
  interleaveComma(param.dims, os,
                  [&](const HostExpr &dim) { os << dim.str(); });
  os << "]";
  if (param.isZeroed)
    os << " = 0";
  if (param.initialValue)
    os << " = " << formatInitialValue(*param.initialValue);
  if (!param.aliases.empty())
    os << " may overlap " << join(param.aliases, ", ");
  os << "\n";
}

static void describeVariant(const ManifestVariant &variant,
                            ArrayRef<ManifestParam> params,
                            const DeviceFunction *function,
                            const TargetInfo *target, raw_ostream &os) {
  os << "  variant " << variant.name << ": " << variant.symbol << "(";
  interleaveComma(variant.abi, os, [&](const AbiSlot &slot) {
    os << formatAbiSlot(slot, params);
  });
  os << ")\n";
  for (const HostExpr &precondition : variant.preconditions)
    os << "    needs " << precondition.str() << "\n";
  auto [x, y, z] = variant.blockSize;
  os << "    block " << x << " x " << y << " x " << z;
  auto [clusterX, clusterY, clusterZ] = variant.clusterSize;
  if (clusterX * clusterY * clusterZ != 1)
    os << ", cluster " << clusterX << " x " << clusterY << " x " << clusterZ;
  int64_t sharedBytes =
      variant.dynamicSharedBytes + (function ? function->staticSharedBytes : 0);
  os << ", shared memory " << sharedBytes << " bytes";
  if (function) {
    os << ", " << function->numRegisters << " registers";
    if (function->stackBytes)
      os << ", stack " << function->stackBytes << " bytes";
    if (target)
      os << ", "
         << computeBlocksPerProcessor(*target, x * y * z,
                                      function->numRegisters, sharedBytes)
         << " blocks per multiprocessor";
  }
  os << "\n";
}

static void describeKernel(const ManifestKernel &kernel,
                           ArrayRef<DeviceFunction> functions,
                           const TargetInfo *target, raw_ostream &os) {
  os << "kernel " << kernel.instance << "\n";
  for (const ManifestParam &param : kernel.params)
    describeParam(param, os);
  os << "  grid(";
  interleaveComma(kernel.grid, os,
                  [&](const HostExpr &extent) { os << extent.str(); });
  os << ")\n";
  for (const HostExpr &requirement : kernel.requirements)
    os << "  require(" << requirement.str() << ")\n";
  if (kernel.workspace.bytes.getConstantInteger() != 0)
    os << "  workspace " << kernel.workspace.bytes.str()
       << " bytes, aligned to " << kernel.workspace.alignment
       << (kernel.workspace.isZeroed ? ", zeroed" : "") << "\n";
  for (const ManifestVariant &variant : kernel.variants) {
    const DeviceFunction *function =
        find_if(functions, [&](const DeviceFunction &candidate) {
          return candidate.symbol == variant.symbol;
        });
    describeVariant(variant, kernel.params,
                    function == functions.end() ? nullptr : function, target,
                    os);
  }
}

static void describeSequence(const ManifestSequence &sequence,
                             raw_ostream &os) {
  os << "sequence " << sequence.instance << "\n";
  for (const ManifestParam &param : sequence.params)
    describeParam(param, os);
  for (const ManifestParam &temp : sequence.temps)
    describeParam(temp, os);
  for (const HostExpr &requirement : sequence.requirements)
    os << "  require(" << requirement.str() << ")\n";
  auto printExprs = [&](ArrayRef<HostExpr> exprs) {
    interleaveComma(exprs, os, [&](const HostExpr &e) { os << e.str(); });
  };
  for (const ManifestStep &step : sequence.steps) {
    os << "  launches " << step.kernel << "(";
    interleaveComma(step.arguments, os, [&](const ManifestStepArgument &arg) {
      if (arg.scalar) {
        os << arg.scalar->str();
      } else if (arg.strides.empty()) {
        os << arg.buffer;
      } else {
        os << "tensor(" << arg.buffer << ", [";
        printExprs(arg.dims);
        os << "], [";
        printExprs(arg.strides);
        os << "])";
      }
    });
    os << ")\n";
  }
}

static std::string describeEmbedding(const Manifest &manifest) {
  if (manifest.source.empty())
    return "";
  size_t count = manifest.imports.size();
  if (count == 0)
    return " (embedded)";
  return (" (embedded with " + Twine(count) +
          (count == 1 ? " import)" : " imports)"))
      .str();
}

Error mlir::tk::describeBinary(StringRef contents, raw_ostream &os) {
  Expected<Manifest> manifest = readManifest(contents);
  if (!manifest)
    return manifest.takeError();
  // readManifest() succeeded, so the kind is known.
  os << stringifyBinaryKind(*identifyBinary(contents)) << " for "
     << manifest->target;
  if (!manifest->sourceHash.empty())
    os << ", source " << manifest->sourceHash << describeEmbedding(*manifest);
  os << "\n";
  SmallVector<DeviceFunction> functions = readDeviceFunctions(contents);
  const TargetInfo *target = TargetInfo::lookup(manifest->target);
  for (const ManifestKernel &kernel : manifest->kernels)
    describeKernel(kernel, functions, target, os);
  for (const ManifestSequence &sequence : manifest->sequences)
    describeSequence(sequence, os);
  return Error::success();
}
