//===- KernelVariants.cpp - kernels for arguments of which more is known --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelVariants.h"
#include "MissedRemark.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::tkg;

constexpr StringLiteral kVector = "vector";
constexpr StringLiteral kGeneral = "general";
constexpr int64_t kVectorSizeInBytes = 16;
/// Offsets below this fit in 31 bits.
constexpr int64_t kSmallOffsetLimit = int64_t(1) << 31;

/// Whether an access walks along the last dimension of its view, several
/// elements at a time.
template <typename AccessOp> static bool walksLastDim(AccessOp op) {
  SmallVector<tk::ViewItem> items = op.getItems();
  return !items.empty() && items.back().kind == tk::ItemKind::Slice &&
         items.back().extent > 1;
}

/// Whether wide accesses to `argument`, a view, are possible at all.
static bool profits(BlockArgument argument) {
  return llvm::any_of(argument.getUsers(), [&](Operation *user) {
    if (auto load = dyn_cast<tk::LoadViewOp>(user))
      return walksLastDim(load);
    if (auto store = dyn_cast<tk::StoreViewOp>(user))
      return store.getView() == argument && walksLastDim(store);
    if (auto subview = dyn_cast<tk::SubviewOp>(user))
      return !subview.getKinds().empty() &&
             subview.getKinds().back() != tk::SubviewOp::Drop;
    return false;
  });
}

static int64_t getVectorSize(tk::ViewType view) {
  return std::max<int64_t>(1, kVectorSizeInBytes /
                                  getElementSizeInBytes(view.getElementType()));
}

/// Whether `value` is where a part of some view begins, or a term of it.
static bool isOffset(Value value) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (auto subview = dyn_cast<tk::SubviewOp>(user))
      return llvm::is_contained(subview.getOffsets(), value);
    return isa<arith::AddIOp, arith::MulIOp>(user) &&
           isOffset(user->getResult(0));
  });
}

/// What the last extent of `argument` is a multiple of, in elements. It may be
/// an offset in another view, as that of f32 cosines is in bf16 heads, whose
/// second halves begin there; then whole vectors of any view must fit.
static int64_t getExtentDivisibility(BlockArgument argument,
                                     int64_t maxVectorSize) {
  auto view = cast<tk::ViewType>(argument.getType());
  bool leads = llvm::any_of(argument.getUsers(), [&](Operation *user) {
    auto dim = dyn_cast<tk::DimOp>(user);
    return dim && int64_t(dim.getAxis()) == view.getRank() - 1 &&
           isOffset(dim.getResult());
  });
  return leads ? maxVectorSize : getVectorSize(view);
}

/// What the variant may rely on for a view that profits.
static TensorFacts getVectorFacts(BlockArgument argument,
                                  int64_t maxVectorSize) {
  auto view = cast<tk::ViewType>(argument.getType());
  int64_t numElements = getVectorSize(view);
  TensorFacts facts;
  facts.baseAlignment = kVectorSizeInBytes;
  facts.isInnerStrideOne = true;
  facts.strideDivisibility = numElements;
  facts.extentDivisibility.assign(view.getRank(), 1);
  facts.extentDivisibility.back() =
      getExtentDivisibility(argument, maxVectorSize);
  facts.hasSmallOffsets = true;
  return facts;
}

/// The facts as host expressions over the names of argument `index`.
static void addPreconditions(tk::KernelOp kernel, unsigned index,
                             const TensorFacts &facts,
                             SmallVectorImpl<std::string> &conditions) {
  auto add = [&](std::string text) {
    if (!llvm::is_contained(conditions, text))
      conditions.push_back(std::move(text));
  };
  auto addMultiple = [&](StringRef value, int64_t divisor) {
    if (divisor > 1)
      add(llvm::formatv("{0} % {1} == 0", value, divisor).str());
  };
  auto view = cast<tk::ViewType>(kernel.getArgument(index).getType());
  std::string name = kernel.getArgName(index).str();
  int64_t last = view.getRank() - 1;
  addMultiple(name + ".address", facts.baseAlignment);
  add(llvm::formatv("{0}.stride{1} == 1", name, last).str());
  for (int64_t dim = 0; dim < last; ++dim)
    addMultiple(llvm::formatv("{0}.stride{1}", name, dim).str(),
                facts.strideDivisibility);
  int64_t extent = view.getShape()[last];
  auto dims = kernel.getArgAttrOfType<ArrayAttr>(index, tk::kDimsAttr);
  if (ShapedType::isDynamic(extent)) {
    StringRef text = cast<StringAttr>(dims[last]).getValue();
    bool isName =
        llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
    addMultiple(isName ? text.str() : "(" + text.str() + ")",
                facts.extentDivisibility.back());
  }
  add(llvm::formatv("{0}.span < {1}", name, kSmallOffsetLimit).str());
}

tk::KernelOp mlir::tkg::addVectorVariant(tk::KernelOp kernel) {
  OpBuilder builder(kernel);
  SmallVector<unsigned> profiting;
  for (BlockArgument argument : kernel.getArguments()) {
    unsigned index = argument.getArgNumber();
    auto view = dyn_cast<tk::ViewType>(argument.getType());
    if (!view || kernel.getArgName(index).empty() ||
        !kernel.getArgAttr(index, tk::kDimsAttr) || !profits(argument))
      continue;
    // A known extent that is not a multiple spoils all vectors but the first.
    int64_t extent = view.getShape().back();
    if (ShapedType::isDynamic(extent) || extent % getVectorSize(view) == 0)
      profiting.push_back(index);
  }
  kernel->setAttr(kKernelAttr, builder.getStringAttr(kernel.getSymName()));
  kernel->setAttr(kVariantAttr, builder.getStringAttr(kGeneral));
  if (profiting.empty())
    return {};

  auto variant = cast<tk::KernelOp>(builder.clone(*kernel));
  kernel->setAttr(kFallbackAttr, builder.getUnitAttr());
  variant.setSymName((kernel.getSymName() + "__" + kVector).str());
  variant->setAttr(kVariantAttr, builder.getStringAttr(kVector));
  int64_t maxVectorSize = 1;
  for (unsigned index : profiting)
    maxVectorSize = std::max(
        maxVectorSize,
        getVectorSize(cast<tk::ViewType>(kernel.getArgument(index).getType())));
  SmallVector<std::string> conditions;
  for (unsigned index : profiting) {
    TensorFacts facts =
        getVectorFacts(kernel.getArgument(index), maxVectorSize);
    variant.setArgAttr(index, kFactsAttr,
                       getTensorFactsAttr(kernel.getContext(), facts));
    addPreconditions(kernel, index, facts, conditions);
  }
  SmallVector<StringRef> texts(conditions.begin(), conditions.end());
  variant->setAttr(kPreconditionsAttr, builder.getStrArrayAttr(texts));
  return variant;
}
