//===- KernelOps.cpp - lowers kernels to functions of the device ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parameters of a device function: for each view its base pointer, its
// extents and its strides; scalars as they are; then, if the grid has more
// than one axis, its extents. What the body does not use is dropped after the
// conversion; `tkg.abi` lists what remains.
//
// A grid of several axes is launched as one axis of their product: hardware
// limits the second and third to 65535.
//
//===----------------------------------------------------------------------===//

#include "tk/Conversion/TkgToLLVM/KernelInterface.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::tkg;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

namespace {
/// Collects the parameters of a device function, and what each argument of the
/// kernel becomes in terms of them.
class ParameterList {
public:
  ParameterList(tk::KernelOp kernel, Block *entry, Emitter &e)
      : kernel(kernel), entry(entry), e(e) {}

  /// The values that argument `index` becomes.
  SmallVector<Value> addArgument(unsigned index);
  void addGridExtents();

  ArrayAttr getAbi() { return e.getRewriter().getArrayAttr(entries); }

private:
  Value addParameter(Type type, StringRef kind, ArrayRef<NamedAttribute> more);
  Value getExtent(tk::ViewType type, unsigned index, unsigned dim);
  Value getStride(tk::ViewType type, unsigned index, unsigned dim);
  NamedAttribute getNumber(StringRef name, int64_t value) {
    Builder &builder = e.getRewriter();
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }

  tk::KernelOp kernel;
  Block *entry;
  Emitter &e;
  SmallVector<Attribute> entries;
  /// Extents by their host expression: "N" is passed once.
  llvm::StringMap<Value> extentOfName;
};
} // namespace

Value ParameterList::addParameter(Type type, StringRef kind,
                                  ArrayRef<NamedAttribute> more) {
  Builder &builder = e.getRewriter();
  SmallVector<NamedAttribute> entryAttrs = {
      builder.getNamedAttr("kind", builder.getStringAttr(kind))};
  llvm::append_range(entryAttrs, more);
  entries.push_back(builder.getDictionaryAttr(entryAttrs));
  return entry->addArgument(type, kernel.getLoc());
}

Value ParameterList::getExtent(tk::ViewType type, unsigned index,
                               unsigned dim) {
  if (!ShapedType::isDynamic(type.getShape()[dim]))
    return e.getI64Constant(type.getShape()[dim]);
  StringRef name;
  if (auto names = kernel.getArgAttrOfType<ArrayAttr>(index, tk::kDimsAttr))
    name = cast<StringAttr>(names[dim]).getValue();
  if (Value known = extentOfName.lookup(name); known && !name.empty())
    return known;
  Value extent = addParameter(e.getI64(), "dim",
                              {getNumber("arg", index), getNumber("dim", dim)});
  extentOfName[name] = extent;
  return extent;
}

Value ParameterList::getStride(tk::ViewType type, unsigned index,
                               unsigned dim) {
  if (dim + 1 == type.getShape().size() &&
      getTensorFacts(kernel, index).isInnerStrideOne)
    return e.getI64Constant(1);
  return addParameter(e.getI64(), "stride",
                      {getNumber("arg", index), getNumber("dim", dim)});
}

SmallVector<Value> ParameterList::addArgument(unsigned index) {
  Type type = kernel.getArgumentTypes()[index];
  auto view = dyn_cast<tk::ViewType>(type);
  if (!view)
    return {addParameter(convertElementType(type), "scalar",
                         {getNumber("arg", index)})};
  SmallVector<Value> values = {addParameter(
      e.getPointer(kGlobalSpace), "pointer", {getNumber("arg", index)})};
  for (unsigned dim = 0; dim < view.getRank(); ++dim)
    values.push_back(getExtent(view, index, dim));
  for (unsigned dim = 0; dim < view.getRank(); ++dim)
    values.push_back(getStride(view, index, dim));
  return values;
}

void ParameterList::addGridExtents() {
  ArrayAttr grid = kernel.getGridAttr();
  for (unsigned axis = 0; grid && grid.size() > 1 && axis < grid.size(); ++axis)
    addParameter(e.getI32(), "grid", {getNumber("axis", axis)});
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Copies what later stages read from the kernel.
static void copyKernelAttributes(tk::KernelOp kernel,
                                 LLVM::LLVMFuncOp function) {
  for (NamedAttribute attr : kernel->getDiscardableAttrs())
    if (attr.getName().getValue().starts_with("tkg."))
      function->setAttr(attr.getName(), attr.getValue());
}

namespace {
struct KernelPattern : OpConversionPattern<tk::KernelOp> {
  KernelPattern(LoweringContext &context)
      : OpConversionPattern(context.getTypeConverter(),
                            context.getMLIRContext()),
        context(context) {}

  LogicalResult
  matchAndRewrite(tk::KernelOp kernel, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto numWarps = kernel->getAttrOfType<IntegerAttr>(kWarpsAttr);
    if (!numWarps)
      return kernel.emitOpError() << "expects '" << kWarpsAttr
                                  << "', the number of warps of a block";
    Emitter e(rewriter, kernel.getLoc());
    auto voidType = LLVM::LLVMVoidType::get(getContext());
    auto function = e.create<LLVM::LLVMFuncOp>(
        kernel.getSymName(), LLVM::LLVMFunctionType::get(voidType, {}));
    copyKernelAttributes(kernel, function);
    context.getTarget().setKernelAttributes(
        function, numWarps.getInt() * context.getTarget().getThreadsPerWarp());
    context.enterKernel(function, numWarps.getInt());
    if (failed(moveBody(kernel, function, e, rewriter)))
      return failure();
    rewriter.eraseOp(kernel);
    return success();
  }

private:
  /// Gives the function an entry block with its parameters, in front of the
  /// body of the kernel.
  LogicalResult moveBody(tk::KernelOp kernel, LLVM::LLVMFuncOp function,
                         Emitter &e,
                         ConversionPatternRewriter &rewriter) const {
    OpBuilder::InsertionGuard guard(rewriter);
    Block *entry = rewriter.createBlock(&function.getBody());
    ParameterList parameters(kernel, entry, e);
    TypeConverter::SignatureConversion arguments(kernel.getNumArguments());
    for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
      arguments.remapInput(i, parameters.addArgument(i));
    parameters.addGridExtents();
    function->setAttr(kAbiAttr, parameters.getAbi());
    function.setFunctionType(LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(getContext()),
        llvm::to_vector(entry->getArgumentTypes())));

    rewriter.inlineRegionBefore(kernel.getBody(), function.getBody(),
                                function.getBody().end());
    Block *body = &*std::next(function.getBody().begin());
    for (Block &block : llvm::make_early_inc_range(llvm::make_range(
             std::next(body->getIterator()), function.getBody().end()))) {
      std::optional<TypeConverter::SignatureConversion> conversion =
          getTypeConverter()->convertBlockSignature(&block);
      if (!conversion)
        return kernel.emitOpError("has a block argument without a layout");
      rewriter.applySignatureConversion(&block, *conversion,
                                        getTypeConverter());
    }
    body =
        rewriter.applySignatureConversion(body, arguments, getTypeConverter());
    rewriter.mergeBlocks(body, entry);
    return success();
  }

  LoweringContext &context;
};

struct ReturnPattern : TkgPattern<tk::ReturnOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::ReturnOp, OneToNOpAdaptor,
                                      Emitter &e) const override {
    e.create<LLVM::ReturnOp>(ValueRange());
    return SmallVector<Value>();
  }
};

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// The extent of a grid axis: a parameter where there are several.
Value getGridExtent(Emitter &e, const TargetCodegen &target,
                    LLVM::LLVMFuncOp function, unsigned axis) {
  Block &entry = function.getBody().front();
  unsigned numAxes = 0;
  for (auto [parameter, attr] :
       llvm::enumerate(function->getAttrOfType<ArrayAttr>(kAbiAttr))) {
    auto entryAttr = cast<DictionaryAttr>(attr);
    if (entryAttr.getAs<StringAttr>("kind").getValue() != "grid")
      continue;
    if (entryAttr.getAs<IntegerAttr>("axis").getInt() == axis)
      return entry.getArgument(parameter);
    ++numAxes;
  }
  if (numAxes == 0 && axis == 0)
    return target.getNumBlocks(e);
  return e.getI32Constant(1);
}

struct ProgramIdPattern : TkgPattern<tk::ProgramIdOp> {
  using TkgPattern::TkgPattern;

  // program 7 of a grid of 3 x 4 x 2: 7 = 1 + 3 * 2 + 12 * 0 -> (1, 2, 0)
  FailureOr<SmallVector<Value>> lower(tk::ProgramIdOp op, OneToNOpAdaptor,
                                      Emitter &e) const override {
    auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
    unsigned numAxes = getNumGridAxes(function);
    Value id = getTarget().getBlockId(e);
    if (op.getAxis() >= numAxes)
      return SmallVector<Value>{e.getI64Constant(0)};
    for (unsigned axis = 0; axis < op.getAxis(); ++axis)
      id = e.create<LLVM::UDivOp>(
          id, getGridExtent(e, getTarget(), function, axis));
    if (op.getAxis() + 1 < numAxes)
      id = e.create<LLVM::URemOp>(
          id, getGridExtent(e, getTarget(), function, op.getAxis()));
    return SmallVector<Value>{e.zeroExtend(id, e.getI64())};
  }

private:
  static unsigned getNumGridAxes(LLVM::LLVMFuncOp function) {
    unsigned numAxes = llvm::count_if(
        function->getAttrOfType<ArrayAttr>(kAbiAttr), [](Attribute attr) {
          return cast<DictionaryAttr>(attr).getAs<StringAttr>("kind") == "grid";
        });
    return std::max(numAxes, 1u);
  }
};

struct NumProgramsPattern : TkgPattern<tk::NumProgramsOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::NumProgramsOp op, OneToNOpAdaptor,
                                      Emitter &e) const override {
    auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
    Value extent = getGridExtent(e, getTarget(), function, op.getAxis());
    return SmallVector<Value>{e.zeroExtend(extent, e.getI64())};
  }
};
} // namespace

void mlir::tkg::populateKernelPatterns(LoweringContext &context,
                                       RewritePatternSet &patterns) {
  patterns
      .add<KernelPattern, NumProgramsPattern, ProgramIdPattern, ReturnPattern>(
          context);
}

//===----------------------------------------------------------------------===//
// After the conversion
//===----------------------------------------------------------------------===//

void mlir::tkg::dropUnusedParameters(LLVM::LLVMFuncOp function) {
  Block &entry = function.getBody().front();
  auto abi = function->getAttrOfType<ArrayAttr>(kAbiAttr);
  llvm::BitVector unused(entry.getNumArguments());
  SmallVector<Attribute> kept;
  SmallVector<Type> keptTypes;
  for (auto [argument, attr] : llvm::zip_equal(entry.getArguments(), abi)) {
    if (argument.use_empty()) {
      unused.set(argument.getArgNumber());
      continue;
    }
    kept.push_back(attr);
    keptTypes.push_back(argument.getType());
  }
  entry.eraseArguments(unused);
  function.setFunctionType(LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(function.getContext()), keptTypes));
  function->setAttr(kAbiAttr, ArrayAttr::get(function.getContext(), kept));
}
