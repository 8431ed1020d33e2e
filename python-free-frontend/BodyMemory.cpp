//===- BodyMemory.cpp - pointers, atomics and promises --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyArgs.h"
#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

TypedExpr *BodyChecker::checkMemory(const CallExpr &call, StringRef name) {
  if (context.isCombiner &&
      (name == "load" || name == "store" || name.starts_with("atomic_")))
    return fail(call.range, DiagKind::CombinerNotPure);
  if (name == "load")
    return checkPointerLoad(call);
  if (name == "store")
    return checkPointerStore(call);
  if (name == "tensor")
    return checkMakeView(call);
  if (name.starts_with("atomic_"))
    return checkAtomic(call, name);
  if (name == "addresses") {
    Args args(*this, call, name, {"place"});
    if (!args)
      return makeError(call.range);
    auto *index = dyn_cast<IndexExpr>(args.get("place"));
    if (!index)
      return fail(args.get("place")->range, DiagKind::ExpectedPlace);
    TypedExpr *view = check(*index->base);
    if (view->type.isError())
      return view;
    if (!view->type.isView())
      return fail(index->base->range, DiagKind::ExpectedTensor, "'addresses'",
                  view->type.str());
    std::vector<TypedItem> items;
    for (const IndexItem &item : index->items)
      if (item.kind != IndexItem::Kind::Value &&
          item.kind != IndexItem::Kind::Slice)
        return fail(item.range, DiagKind::PlaceNeedsExtents);
    if (!checkItems(index->items, view->type, false, index->range, items))
      return makeError(call.range);
    return makeAccess(TypedAccess::Access::Addresses, view, std::move(items),
                      call.range);
  }
  if (name != "assume")
    return nullptr;
  Args args(*this, call, name, {"condition"});
  if (!args)
    return makeError(call.range);
  TypedExpr *condition = check(*args.get("condition"));
  if (condition->type.isError())
    return condition;
  if (!condition->type.isComputed() || !condition->type.getElement().isBool())
    return fail(args.get("condition")->range, DiagKind::ExpectedCondition,
                condition->type.str());
  auto *stmt = appendStmt<TypedAssert>(call.range);
  stmt->condition = condition;
  stmt->isPromise = true;
  return context.arena->create<TypedTuple>(ValueType::makeVoid(), call.range);
}

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

/// A mask in the shape of `beside`; null after a mistake.
TypedExpr *BodyChecker::checkMask(const Expr &expr, const ValueType &beside) {
  TypedExpr *mask = check(expr);
  if (mask->type.isError())
    return nullptr;
  if (!mask->type.isComputed() || !mask->type.getElement().isBool()) {
    report(expr.range, DiagKind::ExpectedCondition, mask->type.str());
    return nullptr;
  }
  mask = convertTo(mask, beside.withElement(ScalarKind::Bool), "the mask");
  return mask->type.isError() ? nullptr : mask;
}

/// load(pointer, mask, other)
TypedExpr *BodyChecker::checkPointerLoad(const CallExpr &call) {
  Args args(*this, call, "load", {"pointer", "?mask", "?other"});
  if (!args)
    return makeError(call.range);
  TypedExpr *pointer = check(*args.get("pointer"));
  if (pointer->type.isError())
    return pointer;
  if (!pointer->type.isComputed() || !pointer->type.getElement().isPointer())
    return fail(args.get("pointer")->range, DiagKind::ExpectedPointer,
                pointer->type.str());
  ValueType type =
      pointer->type.withElement(pointer->type.getElement().getPointee());
  SmallVector<TypedExpr *> operands{pointer};
  if (const Expr *expr = args.get("mask")) {
    TypedExpr *mask = checkMask(*expr, type);
    if (!mask)
      return makeError(call.range);
    operands.push_back(mask);
  }
  if (const Expr *expr = args.get("other")) {
    if (operands.size() != 2)
      return fail(expr->range, DiagKind::MissingArgument, "load", "mask");
    TypedExpr *other = convertTo(check(*expr), type, "'other'");
    if (other->type.isError())
      return other;
    operands.push_back(other);
  }
  TypedOperation *load =
      makeOp(TypedOp::PointerLoad, type, operands, call.range);
  load->effect = std::max(load->effect, Effect::Reads);
  return load;
}

/// store(pointer, value, mask)
TypedExpr *BodyChecker::checkPointerStore(const CallExpr &call) {
  Args args(*this, call, "store", {"pointer", "value", "?mask"});
  if (!args)
    return makeError(call.range);
  TypedExpr *pointer = check(*args.get("pointer"));
  if (pointer->type.isError())
    return pointer;
  if (!pointer->type.isComputed() || !pointer->type.getElement().isPointer())
    return fail(args.get("pointer")->range, DiagKind::ExpectedPointer,
                pointer->type.str());
  ValueType type =
      pointer->type.withElement(pointer->type.getElement().getPointee());
  TypedExpr *value =
      convertTo(check(*args.get("value")), type, "the stored value");
  if (value->type.isError())
    return value;
  TypedExpr *mask = nullptr;
  if (const Expr *expr = args.get("mask")) {
    mask = checkMask(*expr, type);
    if (!mask)
      return makeError(call.range);
  }
  auto *store = appendStmt<TypedPointerStore>(call.range);
  store->pointer = pointer;
  store->value = value;
  store->mask = mask;
  return context.arena->create<TypedTuple>(ValueType::makeVoid(), call.range);
}

//===----------------------------------------------------------------------===//
// Atomics
//===----------------------------------------------------------------------===//

/// The place is an element or slice of a tensor, or pointers with a mask.
bool BodyChecker::checkAtomicPlace(const Args &args, TypedAtomic *atomic) {
  const Expr &place = *args.get("place");
  if (auto *index = dyn_cast<IndexExpr>(&place)) {
    bool mayLoad = atomic->operation == TypedAtomic::Operation::Load;
    TypedAccess *access = nullptr;
    if (!mayLoad) {
      access = checkPlace(*index);
    } else if (TypedExpr *view = check(*index->base); view->type.isView()) {
      std::vector<TypedItem> items;
      if (checkItems(index->items, view->type, index->isInbounds, index->range,
                     items))
        access = makeAccess(TypedAccess::Access::Load, view, std::move(items),
                            index->range);
    } else if (!view->type.isError()) {
      report(index->base->range, DiagKind::ExpectedTensor, "an atomic",
             view->type.str());
    }
    if (!access)
      return false;
    for (TypedItem &item : access->items) {
      if (item.kind == TypedItem::Kind::Whole) {
        report(index->range, DiagKind::PlaceNeedsExtents);
        return false;
      }
      bindOnce(item.value);
    }
    bindOnce(access->view);
    atomic->pointer = makeAccess(TypedAccess::Access::Addresses, access->view,
                                 access->items, index->range);
    bool isInbounds = all_of(
        access->items, [](const TypedItem &item) { return item.isInbounds; });
    if (!isInbounds)
      atomic->mask = makeAccess(TypedAccess::Access::Inside, access->view,
                                access->items, index->range);
  } else {
    atomic->pointer = check(place);
    if (atomic->pointer->type.isError())
      return false;
    if (!atomic->pointer->type.isComputed() ||
        !atomic->pointer->type.getElement().isPointer()) {
      report(place.range, DiagKind::ExpectedPlace);
      return false;
    }
  }
  const Expr *maskExpr = args.get("mask");
  if (!maskExpr)
    return true;
  TypedExpr *mask = checkMask(*maskExpr, atomic->pointer->type);
  if (mask && atomic->mask)
    mask = makeElementwise(TypedOp::And, {atomic->mask, mask}, mask->range);
  atomic->mask = mask;
  return mask;
}

static AtomicKind getAtomicKind(StringRef name, ElementType element) {
  bool isUnsigned = element.isUnsigned();
  return llvm::StringSwitch<AtomicKind>(name.drop_front(strlen("atomic_")))
      .Case("add", element.isFloat() ? AtomicKind::FAdd : AtomicKind::Add)
      .Case("and", AtomicKind::And)
      .Case("max", element.isFloat() ? AtomicKind::FMax
                   : isUnsigned      ? AtomicKind::UMax
                                     : AtomicKind::SMax)
      .Case("min", element.isFloat() ? AtomicKind::FMin
                   : isUnsigned      ? AtomicKind::UMin
                                     : AtomicKind::SMin)
      .Case("or", AtomicKind::Or)
      .Case("xor", AtomicKind::Xor)
      .Default(AtomicKind::Exchange);
}

TypedExpr *BodyChecker::checkAtomic(const CallExpr &call, StringRef name) {
  using Operation = TypedAtomic::Operation;
  Operation operation = llvm::StringSwitch<Operation>(name)
                            .Case("atomic_load", Operation::Load)
                            .Case("atomic_store", Operation::Store)
                            .Case("atomic_cas", Operation::CompareAndSwap)
                            .Default(Operation::ReadModifyWrite);
  SmallVector<StringRef> params{"place"};
  if (operation == Operation::CompareAndSwap)
    params.push_back("compare");
  if (operation != Operation::Load)
    params.push_back("value");
  params.append({"order=", "scope=", "mask="});
  Args args(*this, call, name, params);
  if (!args)
    return makeError(call.range);
  if (context.isReference)
    return fail(call.range, DiagKind::NoGridInReference, name);
  constexpr StringRef kOrders[] = {"relaxed", "acquire", "release", "acq_rel"};
  constexpr StringRef kScopes[] = {"block", "gpu", "system"};
  std::optional<unsigned> order = args.getWord("order", kOrders, 0);
  std::optional<unsigned> memoryScope = args.getWord("scope", kScopes, 1);
  auto *atomic =
      context.arena->create<TypedAtomic>(ValueType::error(), call.range);
  atomic->operation = operation;
  if (!order || !memoryScope || !checkAtomicPlace(args, atomic))
    return makeError(call.range);
  atomic->order = static_cast<MemoryOrder>(*order);
  atomic->scope = static_cast<MemoryScope>(*memoryScope);
  bool loads = operation == Operation::Load,
       stores = operation == Operation::Store;
  if ((loads && *order >= 2) || (stores && *order % 2 == 1))
    return fail(args.get("order")->range, DiagKind::OrderNotDefined,
                kOrders[*order], name);
  ElementType element = atomic->pointer->type.getElement().getPointee();
  ValueType type = atomic->pointer->type.withElement(element);
  bool isBits =
      name == "atomic_and" || name == "atomic_or" || name == "atomic_xor";
  bool fits = !element.isBool() && (!isBits || element.isInteger());
  if (!fits || (element.isPointer() && operation == Operation::ReadModifyWrite))
    return fail(args.get("place")->range, DiagKind::OperatorNotDefined, name,
                element.str());
  for (auto [param, target] : {std::make_pair("value", &atomic->value),
                               std::make_pair("compare", &atomic->compare)}) {
    const Expr *expr = args.get(param);
    if (!expr)
      continue;
    *target = convertTo(check(*expr), type, "the value of this atomic");
    if ((*target)->type.isError())
      return makeError(call.range);
  }
  if (operation == Operation::ReadModifyWrite)
    atomic->rmwKind = getAtomicKind(name, element);
  atomic->type = stores ? ValueType::makeVoid() : type;
  atomic->effect = Effect::Writes;
  return atomic;
}
