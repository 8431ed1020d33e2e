//===- ManifestPasses.cpp - kernels to the manifest of their module -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SourceModule.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Conversion/TkgToLLVM/KernelInterface.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Pipelines/Passes.h"
#include "tk/Support/Manifest.h"
#include "tk/Target/Target.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::tk {
#define GEN_PASS_DEF_COLLECTMANIFESTPASS
#define GEN_PASS_DEF_COMPLETEMANIFESTPASS
#include "tk/Pipelines/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

/// Those of an attribute that a verifier has seen.
static std::vector<HostExpr> getHostExprs(ArrayAttr texts) {
  return llvm::cantFail(parseHostExprs(texts));
}

/// The element type as declared: MLIR's types do not tell `u8` from `i8`.
static FailureOr<DType> getParamDType(KernelOp kernel, unsigned index) {
  auto text = kernel.getArgAttrOfType<StringAttr>(index, kDtypeAttr);
  if (!text)
    return kernel.emitOpError()
           << "expects '" << kDtypeAttr << "' on argument " << index;
  StringRef name = text.getValue();
  if (name.consume_front("ptr<"))
    name.consume_back(">");
  if (name == "index")
    return DType::I64;
  if (std::optional<DType> dtype = parseDTypeName(name))
    return *dtype;
  return kernel.emitOpError()
         << "has the element type '" << text.getValue() << "' on argument "
         << index << ", which the host does not know";
}

static FailureOr<ManifestParam> makeParam(KernelOp kernel, unsigned index) {
  ManifestParam param;
  param.name = kernel.getArgName(index).str();
  Type type = kernel.getArgument(index).getType();
  auto view = dyn_cast<ViewType>(type);
  param.isTensor = static_cast<bool>(view);
  param.isPointer = isa<PtrType>(view ? view.getElementType() : type);
  param.access = kernel.getArgAccess(index);
  param.isZeroed = static_cast<bool>(kernel.getArgAttr(index, kZeroedAttr));
  if (auto value = kernel.getArgAttrOfType<FloatAttr>(index, kInitialValueAttr))
    param.initialValue = value.getValueAsDouble();
  FailureOr<DType> dtype = getParamDType(kernel, index);
  if (failed(dtype))
    return failure();
  param.dims =
      getHostExprs(kernel.getArgAttrOfType<ArrayAttr>(index, kDimsAttr));
  param.dtype = *dtype;
  if (auto aliases = kernel.getArgAttrOfType<ArrayAttr>(index, kAliasAttr))
    for (StringAttr alias : aliases.getAsRange<StringAttr>())
      param.aliases.push_back(alias.getValue().str());
  return param;
}

static FailureOr<ManifestVariant> makeVariant(KernelOp kernel) {
  ManifestVariant variant;
  variant.symbol = kernel.getSymName().str();
  auto name = kernel->getAttrOfType<StringAttr>(tkg::kVariantAttr);
  variant.name = name ? name.getValue().str() : "general";
  std::optional<ThreadCounts> threads = tkg::getThreadCounts(kernel);
  if (!threads)
    return kernel.emitOpError() << "expects '" << tkg::kWarpsAttr
                                << "', the number of warps of a block";
  variant.blockSize = {int64_t(threads->numWarps) * threads->numLanes, 1, 1};
  if (auto bytes = kernel->getAttrOfType<IntegerAttr>(tkg::kSharedBytesAttr))
    variant.dynamicSharedBytes = bytes.getInt();
  // Several axes are launched as one axis of their product.
  ArrayAttr grid = kernel.getGridAttr();
  variant.hasLinearGrid = grid && grid.size() > 1;
  variant.preconditions =
      getHostExprs(kernel->getAttrOfType<ArrayAttr>(tkg::kPreconditionsAttr));
  return variant;
}

/// Everything but the variants; equal for all of them.
static FailureOr<ManifestKernel> makeKernel(KernelOp kernel, StringRef name) {
  ManifestKernel result;
  StringRef instance = kernel.getInstance().value_or(name);
  result.instance = instance.str();
  result.name = instance.split('<').first.str();
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
    FailureOr<ManifestParam> param = makeParam(kernel, i);
    if (failed(param))
      return failure();
    result.params.push_back(std::move(*param));
  }
  result.grid = getHostExprs(kernel.getGridAttr());
  result.requirements = getHostExprs(kernel.getRequireAttr());
  if (result.grid.empty())
    result.grid.push_back(HostExpr::integer(1));
  return result;
}

static FailureOr<std::vector<ManifestKernel>> collectKernels(ModuleOp module) {
  llvm::MapVector<StringRef, ManifestKernel> kernels;
  for (KernelOp op : module.getOps<KernelOp>()) {
    auto origin = op->getAttrOfType<StringAttr>(tkg::kKernelAttr);
    StringRef name = origin ? origin.getValue() : op.getSymName();
    auto [it, isNew] = kernels.try_emplace(name);
    if (isNew) {
      FailureOr<ManifestKernel> kernel = makeKernel(op, name);
      if (failed(kernel))
        return failure();
      it->second = std::move(*kernel);
    }
    FailureOr<ManifestVariant> variant = makeVariant(op);
    if (failed(variant))
      return failure();
    it->second.variants.push_back(std::move(*variant));
  }
  std::vector<ManifestKernel> result;
  for (auto &[name, kernel] : kernels) {
    // Those that anyone may use come last; otherwise the order stays.
    std::vector<ManifestVariant> variants;
    for (bool isConditional : {true, false})
      for (const ManifestVariant &variant : kernel.variants)
        if (variant.preconditions.empty() != isConditional)
          variants.push_back(variant);
    kernel.variants = std::move(variants);
    result.push_back(std::move(kernel));
  }
  return result;
}

/// The manifest of the module, empty if it has none.
static FailureOr<Manifest> readModuleManifest(ModuleOp module) {
  auto text = module->getAttrOfType<StringAttr>(kManifestAttrName);
  if (!text)
    return Manifest();
  llvm::Expected<Manifest> manifest = Manifest::fromJSON(text.getValue());
  if (!manifest)
    return module.emitError() << "has a " << kManifestAttrName << ": "
                              << llvm::toString(manifest.takeError());
  return std::move(*manifest);
}

static void writeModuleManifest(ModuleOp module, const Manifest &manifest) {
  module->setAttr(kManifestAttrName,
                  StringAttr::get(module.getContext(), manifest.toJSON()));
}

namespace {
class CollectManifest
    : public tk::impl::CollectManifestPassBase<CollectManifest> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<Manifest> manifest = readModuleManifest(module);
    FailureOr<std::vector<ManifestKernel>> kernels = collectKernels(module);
    if (failed(manifest) || failed(kernels))
      return signalPassFailure();
    if (auto target = module->getAttrOfType<StringAttr>(tkg::kTargetAttr))
      manifest->target = target.getValue().str();
    manifest->kernels = std::move(*kernels);
    writeModuleManifest(module, *manifest);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Completing
//===----------------------------------------------------------------------===//

/// Decodes one entry of `tkg.abi`.
static std::optional<AbiSlot> makeSlot(DictionaryAttr entry,
                                       const ManifestKernel &kernel) {
  auto kind = entry.getAs<StringAttr>("kind");
  if (!kind)
    return std::nullopt;
  auto getNumber = [&](StringRef name) -> unsigned {
    auto number = entry.getAs<IntegerAttr>(name);
    return number ? number.getInt() : 0;
  };
  AbiSlot slot{AbiSlot::Kind::Scalar};
  slot.param = getNumber("arg");
  slot.dim = getNumber("dim");
  if (kind.getValue() == "pointer") {
    slot.kind = AbiSlot::Kind::Address;
  } else if (kind.getValue() == "dim") {
    slot.kind = AbiSlot::Kind::Dim;
  } else if (kind.getValue() == "stride") {
    slot.kind = AbiSlot::Kind::Stride;
  } else if (kind.getValue() == "grid") {
    slot.kind = AbiSlot::Kind::GridExtent;
    slot.dim = getNumber("axis");
    return slot;
  } else if (kind.getValue() != "scalar") {
    return std::nullopt;
  }
  if (slot.param >= kernel.params.size())
    return std::nullopt;
  const ManifestParam &param = kernel.params[slot.param];
  // Pointers are passed as they are.
  if (slot.kind == AbiSlot::Kind::Scalar && param.isPointer)
    slot.kind = AbiSlot::Kind::Address;
  return slot;
}

static LogicalResult completeVariant(ModuleOp module,
                                     const ManifestKernel &kernel,
                                     ManifestVariant &variant) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(variant.symbol);
  if (!function)
    return module.emitError()
           << "has no function '" << variant.symbol << "' for its manifest";
  auto abi = function->getAttrOfType<ArrayAttr>(tkg::kAbiAttr);
  if (!abi)
    return function.emitOpError() << "expects '" << tkg::kAbiAttr << "'";
  variant.abi.clear();
  for (Attribute entry : abi) {
    auto dictionary = dyn_cast<DictionaryAttr>(entry);
    std::optional<AbiSlot> slot =
        dictionary ? makeSlot(dictionary, kernel) : std::nullopt;
    if (!slot)
      return function.emitOpError()
             << "has the entry " << entry << " in '" << tkg::kAbiAttr
             << "', which the manifest does not know";
    variant.abi.push_back(*slot);
  }
  return success();
}

namespace {
class CompleteManifest
    : public tk::impl::CompleteManifestPassBase<CompleteManifest> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!module->hasAttr(kManifestAttrName))
      return;
    FailureOr<Manifest> manifest = readModuleManifest(module);
    if (failed(manifest))
      return signalPassFailure();
    for (ManifestKernel &kernel : manifest->kernels)
      for (ManifestVariant &variant : kernel.variants)
        if (failed(completeVariant(module, kernel, variant)))
          return signalPassFailure();
    writeModuleManifest(module, *manifest);
  }
};
} // namespace
