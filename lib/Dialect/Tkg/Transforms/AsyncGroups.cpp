//===- AsyncGroups.cpp - counts groups of asynchronous copies -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The age of a token is the number of groups committed since its own. Ages
// flow forward; where paths meet, the smaller age is the safe one. At the head
// of a loop they fall until nothing changes: an age is a natural number, so
// that ends.
//
//===----------------------------------------------------------------------===//

#include "AsyncGroups.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::tkg;

/// Tokens in sight, with their ages. A token that is not there is as old as
/// any: its groups, if it has some, are not known.
using Ages = llvm::MapVector<Value, int64_t>;

namespace {
class GroupCounter {
public:
  void visitBlock(Block &block, Ages &ages);
  /// The count of each wait; they only fall.
  llvm::MapVector<AsyncWaitOp, int64_t> counts;

private:
  void visit(Operation &op, Ages &ages);
  void visitFor(scf::ForOp loop, Ages &ages);
  void visitWhile(scf::WhileOp loop, Ages &ages);
  void visitIf(scf::IfOp op, Ages &ages);
};
} // namespace

/// Gives `to` the age of `from`, or, where it has one, the smaller of both.
static void pass(const Ages &source, Value from, Value to, Ages &target) {
  if (!isa<TokenType>(to.getType()))
    return;
  auto it = source.find(from);
  int64_t age = it == source.end() ? 0 : it->second;
  auto [entry, isNew] = target.insert({to, age});
  if (!isNew)
    entry->second = std::min(entry->second, age);
}

/// Lowers the ages in `ages` to those in `other`.
static void meet(Ages &ages, const Ages &other) {
  for (auto &[token, age] : ages)
    if (auto it = other.find(token); it != other.end())
      age = std::min(age, it->second);
}

void GroupCounter::visitFor(scf::ForOp loop, Ages &ages) {
  for (auto [init, argument] :
       llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs()))
    pass(ages, init, argument, ages);
  Ages head = ages, end;
  while (true) {
    end = head;
    visitBlock(*loop.getBody(), end);
    Ages next = head;
    meet(next, end);
    for (auto [yielded, argument] :
         llvm::zip_equal(loop.getYieldedValues(), loop.getRegionIterArgs()))
      pass(end, yielded, argument, next);
    if (llvm::equal(next, head))
      break;
    head = std::move(next);
  }
  // `head` holds after any number of iterations, none included.
  for (auto [argument, result] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults()))
    pass(head, argument, result, head);
  ages = std::move(head);
}

void GroupCounter::visitWhile(scf::WhileOp loop, Ages &ages) {
  for (auto [init, argument] :
       llvm::zip_equal(loop.getInits(), loop.getBeforeArguments()))
    pass(ages, init, argument, ages);
  Ages head = ages, condition;
  while (true) {
    condition = head;
    visitBlock(*loop.getBeforeBody(), condition);
    for (auto [value, argument] : llvm::zip_equal(
             loop.getConditionOp().getArgs(), loop.getAfterArguments()))
      pass(condition, value, argument, condition);
    Ages end = condition;
    visitBlock(*loop.getAfterBody(), end);
    Ages next = head;
    meet(next, end);
    for (auto [yielded, argument] : llvm::zip_equal(
             loop.getYieldOp().getOperands(), loop.getBeforeArguments()))
      pass(end, yielded, argument, next);
    if (llvm::equal(next, head))
      break;
    head = std::move(next);
  }
  for (auto [value, result] :
       llvm::zip_equal(loop.getConditionOp().getArgs(), loop.getResults()))
    pass(condition, value, result, condition);
  ages = std::move(condition);
}

void GroupCounter::visitIf(scf::IfOp op, Ages &ages) {
  Ages thenAges = ages, elseAges = ages;
  visitBlock(*op.thenBlock(), thenAges);
  if (op.elseBlock())
    visitBlock(*op.elseBlock(), elseAges);
  if (op.getNumResults() != 0) {
    for (auto [yielded, result] :
         llvm::zip_equal(op.thenYield().getOperands(), op.getResults()))
      pass(thenAges, yielded, result, thenAges);
    for (auto [yielded, result] :
         llvm::zip_equal(op.elseYield().getOperands(), op.getResults()))
      pass(elseAges, yielded, result, elseAges);
  }
  meet(thenAges, elseAges);
  ages = std::move(thenAges);
}

void GroupCounter::visit(Operation &op, Ages &ages) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitFor(loop, ages);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return visitWhile(loop, ages);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitIf(branch, ages);
  if (auto commit = dyn_cast<AsyncCommitOp>(op)) {
    for (auto &entry : ages)
      ++entry.second;
    ages.insert({commit.getToken(), 0});
    return;
  }
  auto wait = dyn_cast<AsyncWaitOp>(op);
  if (!wait)
    return;
  std::optional<int64_t> count;
  for (Value token : wait.getTokens()) {
    auto it = ages.find(token);
    int64_t age = it == ages.end() ? 0 : it->second;
    count = count ? std::min(*count, age) : age;
  }
  int64_t pending = count.value_or(0);
  auto [entry, isNew] = counts.insert({wait, pending});
  if (!isNew)
    entry->second = std::min(entry->second, pending);
}

void GroupCounter::visitBlock(Block &block, Ages &ages) {
  for (Operation &op : block)
    visit(op, ages);
}

void mlir::tkg::countAsyncGroups(tk::KernelOp kernel) {
  GroupCounter counter;
  for (Block &block : kernel.getBody()) {
    // Tokens do not cross the blocks of a kernel body that has several.
    Ages ages;
    counter.visitBlock(block, ages);
  }
  for (auto [wait, count] : counter.counts)
    wait.setPending(count);
}
