//===- LinearForm.cpp - values as linear functions of a loop variable -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LinearForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tk;

/// Numbers beyond this are left alone, so that sums and products of a few of
/// them cannot overflow.
constexpr int64_t kLargestNumber = int64_t(1) << 40;

LinearForm LinearForm::operator+(const LinearForm &other) const {
  LinearForm sum = *this;
  sum.ivCoefficient += other.ivCoefficient;
  sum.low += other.low;
  sum.high += other.high;
  for (const auto &added : other.terms) {
    auto *same = llvm::find_if(
        sum.terms, [&](const auto &term) { return term.first == added.first; });
    if (same == sum.terms.end())
      sum.terms.push_back(added);
    else
      same->second += added.second;
  }
  llvm::erase_if(sum.terms, [](const auto &term) { return term.second == 0; });
  return sum;
}

LinearForm LinearForm::scaled(int64_t factor) const {
  LinearForm product = *this;
  product.ivCoefficient *= factor;
  for (auto &term : product.terms)
    term.second *= factor;
  product.low *= factor;
  product.high *= factor;
  if (factor < 0)
    std::swap(product.low, product.high);
  return product;
}

static bool isSmall(const LinearForm &form) {
  auto isSmallNumber = [](int64_t number) {
    return number >= -kLargestNumber && number <= kLargestNumber;
  };
  return isSmallNumber(form.ivCoefficient) && isSmallNumber(form.low) &&
         isSmallNumber(form.high) &&
         llvm::all_of(form.terms, [&](const auto &term) {
           return isSmallNumber(term.second);
         });
}

/// Index arithmetic does not wrap around; that of narrower integers may.
static bool has64Bits(Value value) {
  Type type = getElementTypeOrSelf(value);
  return type.isIndex() || type.isInteger(64);
}

/// Whether a conversion keeps every value of its (signed) source.
static bool isWidening(Value from, Value to) {
  auto getWidth = [](Value value) {
    Type type = getElementTypeOrSelf(value);
    return type.isIndex() ? 64u : type.getIntOrFloatBitWidth();
  };
  return getElementTypeOrSelf(from).isIntOrIndex() &&
         getElementTypeOrSelf(to).isIntOrIndex() &&
         getWidth(from) <= getWidth(to);
}

static std::optional<LinearForm> getProduct(arith::MulIOp op, scf::ForOp loop) {
  auto lhs = getLinearForm(op.getLhs(), loop);
  auto rhs = getLinearForm(op.getRhs(), loop);
  if (!lhs || !rhs || !(lhs->isConstant() || rhs->isConstant()))
    return std::nullopt;
  LinearForm product =
      rhs->isConstant() ? lhs->scaled(rhs->low) : rhs->scaled(lhs->low);
  if (!isSmall(product))
    return std::nullopt;
  return product;
}

/// The form of `value` by its definition alone, without taking it for a term.
static std::optional<LinearForm> getFormOfDefinition(Value value,
                                                     scf::ForOp loop) {
  using Result = std::optional<LinearForm>;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    LinearForm form;
    form.low = form.high = constant.getSExtValue();
    return isSmall(form) ? Result(form) : std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto ofSource = [&](auto op) -> Result {
    return getLinearForm(op->getOperand(0), loop);
  };
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](ArangeOp op) -> Result {
        LinearForm form;
        form.high = cast<RankedTensorType>(op.getType()).getDimSize(0) - 1;
        return form;
      })
      .Case<SplatOp, BroadcastOp, ExpandDimsOp, ReshapeOp, TransOp>(ofSource)
      .Case<arith::ExtSIOp>(ofSource)
      .Case([&](CastOp op) -> Result {
        if (op.getSourceUnsigned() || op.getResultUnsigned() ||
            !isWidening(op.getSource(), op.getResult()))
          return std::nullopt;
        return ofSource(op);
      })
      .Case([&](arith::IndexCastOp op) -> Result {
        return isWidening(op.getIn(), op.getOut()) ? ofSource(op)
                                                   : std::nullopt;
      })
      .Case<arith::AddIOp, arith::SubIOp>([&](auto op) -> Result {
        auto lhs = getLinearForm(op.getLhs(), loop);
        auto rhs = getLinearForm(op.getRhs(), loop);
        if (!lhs || !rhs || !has64Bits(op.getResult()))
          return std::nullopt;
        LinearForm sum =
            isa<arith::AddIOp>(op.getOperation()) ? *lhs + *rhs : *lhs - *rhs;
        return isSmall(sum) ? Result(sum) : std::nullopt;
      })
      .Case([&](arith::MulIOp op) -> Result {
        return has64Bits(op.getResult()) ? getProduct(op, loop) : std::nullopt;
      })
      .Default(Result());
}

std::optional<LinearForm> mlir::tk::getLinearForm(Value value,
                                                  scf::ForOp loop) {
  LinearForm form;
  if (value == loop.getInductionVar()) {
    form.ivCoefficient = 1;
    return form;
  }
  if (auto found = getFormOfDefinition(value, loop))
    return found;
  if (!value.getType().isIndex() || !loop.isDefinedOutsideOfLoop(value))
    return std::nullopt;
  form.terms.push_back({value, 1});
  return form;
}
