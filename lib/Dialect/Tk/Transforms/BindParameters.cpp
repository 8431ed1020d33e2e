//===- BindParameters.cpp - fixes optional arguments and sizes ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Error.h"

namespace mlir::tk {
#define GEN_PASS_DEF_BINDPARAMETERSPASS
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;
using namespace mlir::tk;

namespace {
class BindParameters : public tk::impl::BindParametersPassBase<BindParameters> {
public:
  using BindParametersPassBase::BindParametersPassBase;
  void runOnOperation() override;

private:
  LogicalResult checkAbsentNames(KernelOp kernel);
  void foldPresence(KernelOp kernel);
  LogicalResult dropConstantBranches(KernelOp kernel);
  LogicalResult removeAbsentArguments(KernelOp kernel);
  LogicalResult bindValue(KernelOp kernel, StringRef name, StringRef text);

  bool isAbsent(KernelOp kernel, unsigned index) {
    return llvm::is_contained(absent, kernel.getArgName(index));
  }
};
} // namespace

/// Every name in `absent` must be that of an optional argument.
LogicalResult BindParameters::checkAbsentNames(KernelOp kernel) {
  for (const std::string &name : absent) {
    bool isOptional =
        llvm::any_of(llvm::seq(kernel.getNumArguments()), [&](unsigned index) {
          return kernel.getArgName(index) == name &&
                 kernel.getArgAttr(index, kOptionalAttr);
        });
    if (!isOptional)
      return kernel.emitError()
             << "kernel has no optional argument '" << name << "'";
  }
  return success();
}

void BindParameters::foldPresence(KernelOp kernel) {
  kernel.walk([&](IsPresentOp op) {
    auto argument = dyn_cast<BlockArgument>(op.getArgument());
    bool isPresent = !argument || !isAbsent(kernel, argument.getArgNumber());
    OpBuilder builder(op);
    op.replaceAllUsesWith(
        arith::ConstantIntOp::create(builder, op.getLoc(), isPresent, 1)
            .getResult());
    op.erase();
  });
}

/// if (constant) { a } else { b } -> a or b
LogicalResult BindParameters::dropConstantBranches(KernelOp kernel) {
  RewritePatternSet patterns(&getContext());
  scf::IfOp::getCanonicalizationPatterns(patterns, &getContext());
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return applyPatternsGreedily(kernel, std::move(patterns), config);
}

LogicalResult BindParameters::removeAbsentArguments(KernelOp kernel) {
  llvm::BitVector removed(kernel.getNumArguments());
  for (unsigned index : llvm::seq(kernel.getNumArguments())) {
    if (!isAbsent(kernel, index))
      continue;
    BlockArgument argument = kernel.getArgument(index);
    if (!argument.use_empty())
      return argument.getUsers().begin()->emitError()
             << "argument '" << kernel.getArgName(index)
             << "' may be absent here; test for it with 'if'";
    removed.set(index);
    ++numAbsent;
  }
  return kernel.eraseArguments(removed);
}

/// Parses `text` as a constant of `type`; null if it is none.
static TypedAttr parseConstant(StringRef text, Type type) {
  if (type.isIntOrIndex()) {
    unsigned width = type.isIndex() ? 64 : cast<IntegerType>(type).getWidth();
    int64_t value;
    if (text == "true" || text == "false")
      value = text == "true";
    else if (text.getAsInteger(10, value) ||
             !(llvm::isIntN(width, value) ||
               llvm::isUIntN(width, static_cast<uint64_t>(value))))
      return {};
    return IntegerAttr::get(type, llvm::APInt(width, value, /*isSigned=*/true,
                                              /*implicitTrunc=*/true));
  }
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType)
    return {};
  llvm::APFloat value(floatType.getFloatSemantics());
  auto status =
      value.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return {};
  }
  return FloatAttr::get(type, value);
}

/// The dimensions of arguments that are exactly `name`.
static SmallVector<std::pair<BlockArgument, unsigned>>
findDims(KernelOp kernel, StringRef name) {
  SmallVector<std::pair<BlockArgument, unsigned>> found;
  for (unsigned index : llvm::seq(kernel.getNumArguments())) {
    auto dims = kernel.getArgAttrOfType<ArrayAttr>(index, kDimsAttr);
    if (!dims)
      continue;
    for (auto [axis, dim] : llvm::enumerate(dims))
      if (cast<StringAttr>(dim).getValue() == name)
        found.push_back({kernel.getArgument(index), axis});
  }
  return found;
}

/// The argument called `name` if it is a scalar.
static BlockArgument findScalar(KernelOp kernel, StringRef name) {
  for (BlockArgument argument : kernel.getArguments())
    if (kernel.getArgName(argument.getArgNumber()) == name &&
        argument.getType().isIntOrIndexOrFloat())
      return argument;
  return {};
}

static void addRequirement(KernelOp kernel, StringRef condition) {
  Builder builder(kernel.getContext());
  SmallVector<Attribute> conditions;
  if (ArrayAttr old = kernel.getRequireAttr())
    llvm::append_range(conditions, old);
  conditions.push_back(builder.getStringAttr(condition));
  kernel.setRequireAttr(builder.getArrayAttr(conditions));
}

LogicalResult BindParameters::bindValue(KernelOp kernel, StringRef name,
                                        StringRef text) {
  OpBuilder builder = OpBuilder::atBlockBegin(&kernel.getBody().front());
  auto makeConstant = [&](Type type) -> Value {
    TypedAttr value = parseConstant(text, type);
    if (!value)
      return {};
    return arith::ConstantOp::create(builder, kernel.getLoc(), value);
  };

  BlockArgument scalar = findScalar(kernel, name);
  auto dims = findDims(kernel, name);
  if (!scalar && dims.empty())
    return kernel.emitError()
           << "kernel has no dimension or scalar '" << name << "'";
  Type type = scalar ? scalar.getType() : builder.getIndexType();
  Value constant = makeConstant(type);
  if (!constant)
    return kernel.emitError() << "expects a value of type " << type << " for '"
                              << name << "', got '" << text << "'";
  if (scalar)
    scalar.replaceAllUsesWith(constant);
  for (auto [argument, axis] : dims)
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers()))
      if (auto dim = dyn_cast<DimOp>(user); dim && dim.getAxis() == axis) {
        dim.replaceAllUsesWith(constant);
        dim.erase();
      }
  addRequirement(kernel, (name + " == " + text).str());
  ++numBound;
  return success();
}

void BindParameters::runOnOperation() {
  KernelOp kernel = getOperation();
  if (failed(checkAbsentNames(kernel)))
    return signalPassFailure();
  foldPresence(kernel);
  if (failed(dropConstantBranches(kernel)) ||
      failed(removeAbsentArguments(kernel)))
    return signalPassFailure();
  for (StringRef binding : values) {
    auto [name, text] = binding.split('=');
    if (failed(bindValue(kernel, name.trim(), text.trim())))
      return signalPassFailure();
  }
}
