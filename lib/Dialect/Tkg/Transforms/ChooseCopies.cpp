//===- ChooseCopies.cpp - how tiles travel from global memory -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelVariants.h"
#include "MissedRemark.h"
#include "mlir/IR/Matchers.h"
#include "tk/Analysis/Alignment.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/LayoutConversion.h"
#include "tk/Support/SharedAccess.h"
#include "tk/Support/SharedLayout.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CHOOSECOPIESPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// The least that one cp.async moves.
constexpr int64_t kMinCopySizeInBytes = 4;
/// And the most.
constexpr int64_t kMaxCopySizeInBytes = 16;

namespace {
/// A use of a loaded tile as an operand of a dot on a matrix unit.
struct OperandUse {
  DotOp dot;
  bool isLhs;
  /// The tile itself, not what elementwise work makes of it.
  bool isDirect;
  /// Dimension i of the operand is dimension permutation[i] of the load.
  SmallVector<int32_t> permutation;
};

/// A load that becomes a copy.
struct Candidate {
  tk::LoadViewOp load;
  SmallVector<OperandUse> uses;
  SharedAttr layout;
};

/// Turns the loads of one kernel into copies.
class CopyBuilder {
public:
  CopyBuilder(tk::KernelOp kernel, const tk::TargetInfo &target)
      : kernel(kernel), target(target), alignment(kernel) {}

  /// Returns the number of copies made.
  int64_t run();

private:
  bool canCopy(tk::LoadViewOp load);
  SharedAttr chooseLayout(tk::LoadViewOp load, ArrayRef<OperandUse> uses);
  void rewriteGroup(ArrayRef<Candidate> group);

  tk::KernelOp kernel;
  const tk::TargetInfo &target;
  AlignmentAnalysis alignment;
};

struct ChooseCopies : public tkg::impl::ChooseCopiesPassBase<ChooseCopies> {
  using ChooseCopiesPassBase::ChooseCopiesPassBase;
  void runOnOperation() override;
};
} // namespace

//===----------------------------------------------------------------------===//
// Which loads
//===----------------------------------------------------------------------===//

/// Whether `op` makes of each element of a tile one of another.
static bool isElementwise(Operation *op) {
  return op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType()) &&
         (isa<tk::CastOp>(op) || op->hasTrait<OpTrait::Elementwise>());
}

/// Collects the uses of `tile` as operands of dots on matrix units, also
/// through transposes and elementwise work in the same block.
static void collectUses(Value tile, ArrayRef<int32_t> permutation,
                        bool isDirect, SmallVectorImpl<OperandUse> &uses) {
  for (OpOperand &use : tile.getUses()) {
    if (auto trans = dyn_cast<tk::TransOp>(use.getOwner())) {
      SmallVector<int32_t> composed;
      for (int32_t dim : trans.getPermutation())
        composed.push_back(permutation[dim]);
      collectUses(trans.getResult(), composed, isDirect, uses);
      continue;
    }
    if (isElementwise(use.getOwner()) &&
        use.getOwner()->getBlock() == tile.getParentBlock()) {
      collectUses(use.getOwner()->getResult(0), permutation,
                  /*isDirect=*/false, uses);
      continue;
    }
    auto dot = dyn_cast<DotOp>(use.getOwner());
    if (!dot || use.get() == dot.getAccumulator() ||
        !dot.getInstructionAttr() ||
        dot.getInstructionAttr().getKind() == MmaKind::FMA)
      continue;
    uses.push_back({dot, use.getOperandNumber() == 0, isDirect,
                    SmallVector<int32_t>(permutation)});
  }
}

/// Whether everything outside the view reads as 0.
static bool padsWithZero(tk::LoadViewOp load) {
  return !load.getPad() || matchPattern(load.getPad(), m_Zero()) ||
         matchPattern(load.getPad(), m_PosZeroFloat());
}

bool CopyBuilder::canCopy(tk::LoadViewOp load) {
  auto miss = [&](const std::string &reason) {
    remarkMissed(load, "DirectOperand", kCopyRemark)
        << "operand of a dot is loaded through registers: " + reason;
    return false;
  };
  if (!target.has(tk::Capability::CpAsync))
    return miss(llvm::formatv("{0} has no asynchronous copies to shared memory",
                              target.getName()));
  if (!padsWithZero(load))
    return miss("asynchronous copies pad with 0 only");
  if (llvm::any_of(load.getItems(), [](const tk::ViewItem &item) {
        return item.kind == tk::ItemKind::Gather;
      }))
    return miss("its places are gathered");
  AccessFacts facts = alignment.getAccessFacts(load);
  Type element = getElementTypeOrSelf(load.getType());
  int64_t bytes = facts.alignedVectorSize * getElementSizeInBytes(element);
  if (!facts.fastestDim || bytes < kMinCopySizeInBytes)
    return miss(llvm::formatv("only {0} bytes in a row are known to be "
                              "aligned, a copy needs {1}",
                              bytes, kMinCopySizeInBytes));
  return true;
}

//===----------------------------------------------------------------------===//
// The layout in shared memory
//===----------------------------------------------------------------------===//

/// The shape of the load with the digits of the operand of `use`, so that the
/// two convert by linear algebra.
static std::optional<tk::Layout> getOperandLayout(const OperandUse &use) {
  std::optional<DotLayouts> layouts = getDotLayouts(use.dot);
  if (!layouts)
    return std::nullopt;
  const tk::Layout &operand = use.isLhs ? layouts->lhs : layouts->rhs;
  // From the dimensions of the operand back to those of the load.
  SmallVector<unsigned> inverse(use.permutation.size());
  for (auto [i, dim] : llvm::enumerate(use.permutation))
    inverse[dim] = i;
  return tk::transpose(operand, inverse);
}

/// Whether each access of `plan` moves `vectorSize` neighbours, which the copy
/// has in its lowest registers.
static bool keepsVectors(const tk::SharedAccessPlan &plan,
                         unsigned vectorSize) {
  ArrayRef<unsigned> registers = plan.accesses.front().registers;
  return registers.size() >= vectorSize &&
         llvm::equal(registers.take_front(vectorSize),
                     llvm::seq<unsigned>(0, vectorSize));
}

/// The bank trips of one warp for the copy and for all readers. A layout that
/// breaks the vectors of the copy, or has no plan, costs more than any other.
static int64_t countBankTrips(const tk::Layout &shared, const tk::Layout &copy,
                              unsigned vectorSize, ArrayRef<tk::Layout> readers,
                              unsigned bits, const tk::TargetInfo &target) {
  constexpr int64_t kUnusable = int64_t(1) << 32;
  auto store = tk::planSharedAccess(
      copy, shared, bits, tk::SharedAccessOptions::forAsyncCopy(target));
  if (!store || !keepsVectors(*store, vectorSize))
    return kUnusable;
  int64_t trips = store->getTotalWavefronts();
  for (const tk::Layout &reader : readers) {
    auto load = tk::planSharedAccess(reader, shared, bits,
                                     tk::SharedAccessOptions::forLoad(target));
    trips += load ? load->getTotalWavefronts() : kUnusable;
  }
  return trips;
}

/// Swizzled panels, plain rows, and layouts computed between the copy and a
/// reader: operands of 32 and 64 bits are read as single elements across rows,
/// where the chunks of panels meet in the banks.
static SmallVector<tk::Layout, 4>
getSharedLayouts(const tk::Layout &copy, ArrayRef<unsigned> order,
                 unsigned vectorSize, ArrayRef<tk::Layout> readers,
                 unsigned bits, const tk::TargetInfo &target) {
  const tk::DigitShape &shape = copy.getShape();
  SmallVector<tk::Layout, 4> candidates;
  int64_t rowBytes = shape.getExtent(order.front()) * bits / 8;
  for (unsigned swizzle : {128, 64, 32})
    if (rowBytes % swizzle == 0)
      candidates.push_back(
          tk::buildSwizzledShared(shape, order, bits, swizzle));
  candidates.push_back(tk::buildStridedShared(shape, order));
  for (const tk::Layout &reader : readers)
    candidates.push_back(tk::computeSwizzle(
        copy, reader, bits, tk::SharedAccessOptions::forAsyncCopy(target),
        tk::SharedAccessOptions::forLoad(target), llvm::Log2_32(vectorSize)));
  return candidates;
}

SharedAttr CopyBuilder::chooseLayout(tk::LoadViewOp load,
                                     ArrayRef<OperandUse> uses) {
  SmallVector<tk::Layout, 2> readers;
  for (const OperandUse &use : uses) {
    std::optional<tk::Layout> layout = getOperandLayout(use);
    if (!layout)
      return {};
    readers.push_back(*layout);
  }
  std::optional<tk::ThreadCounts> threads = getThreadCounts(kernel);
  if (!threads)
    return {};
  auto tile = cast<RankedTensorType>(load.getType());
  unsigned bits = tile.getElementTypeBitWidth();
  AccessFacts facts = alignment.getAccessFacts(load);
  SmallVector<unsigned> order = {unsigned(*facts.fastestDim)};
  for (unsigned dim = tile.getRank(); dim-- > 0;)
    if (dim != order.front())
      order.push_back(dim);
  unsigned vectorSize = std::min<int64_t>(facts.alignedVectorSize,
                                          kMaxCopySizeInBytes * 8 / bits);
  tk::Layout copy =
      tk::buildBlocked(readers.front().getShape(), order, vectorSize, *threads);
  // Small tiles have narrower vectors, so that no thread is idle.
  vectorSize = std::min<int64_t>(vectorSize, copy.getContiguity(order.front()));

  // Ties go to the widest panel.
  std::optional<tk::Layout> best;
  int64_t bestTrips = std::numeric_limits<int64_t>::max();
  for (const tk::Layout &candidate :
       getSharedLayouts(copy, order, vectorSize, readers, bits, target)) {
    int64_t trips =
        countBankTrips(candidate, copy, vectorSize, readers, bits, target);
    if (trips < bestTrips) {
      best = candidate;
      bestTrips = trips;
    }
  }
  return SharedAttr::get(load.getContext(), *best);
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Reads the tile in `memory` as each of its users wants it.
static void replaceUses(const Candidate &candidate, Value memory, Value token,
                        OpBuilder &builder) {
  tk::LoadViewOp load = candidate.load;
  Location loc = load.getLoc();
  auto loadAs = [&](ArrayRef<int32_t> permutation) -> Value {
    auto tile = cast<RankedTensorType>(load.getType());
    SmallVector<int64_t> shape;
    for (int32_t dim : permutation)
      shape.push_back(tile.getDimSize(dim));
    Value source = memory;
    if (!llvm::is_sorted(permutation))
      source = MemDescTransOp::create(builder, loc, memory, permutation);
    return LocalLoadOp::create(
        builder, loc, RankedTensorType::get(shape, tile.getElementType()),
        source, token);
  };
  for (const OperandUse &use : candidate.uses)
    if (use.isDirect)
      use.dot->setOperand(use.isLhs ? 0 : 1, loadAs(use.permutation));
  // Transposes that only led to dots are dead now; other users get the tile.
  auto isDead = [](Operation *user) {
    return isa<tk::TransOp>(user) && user->use_empty();
  };
  if (!llvm::all_of(load->getUsers(), isDead))
    load.getResult().replaceUsesWithIf(
        loadAs(llvm::to_vector(llvm::seq<int32_t>(
            0, cast<RankedTensorType>(load.getType()).getRank()))),
        [&](OpOperand &use) { return !isDead(use.getOwner()); });
}

static void eraseWithUsers(Operation *op) {
  for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
    user->erase();
  op->erase();
}

/// Copies of one group are committed and waited for together, after the last.
void CopyBuilder::rewriteGroup(ArrayRef<Candidate> group) {
  SmallVector<Value> tokens, memories;
  OpBuilder builder(kernel.getContext());
  for (const Candidate &candidate : group) {
    tk::LoadViewOp load = candidate.load;
    builder.setInsertionPoint(load);
    auto tile = cast<RankedTensorType>(load.getType());
    auto type = MemDescType::get(tile.getShape(), tile.getElementType(),
                                 candidate.layout);
    Value memory = AllocOp::create(builder, load.getLoc(), type,
                                   /*init=*/Value(), /*offset=*/IntegerAttr());
    memories.push_back(memory);
    tokens.push_back(CopyAsyncOp::create(
        builder, load.getLoc(), TokenType::get(builder.getContext()),
        load.getView(), load.getIndices(), memory, load.getItemExtentsAttr(),
        load.getInboundsAttr()));
  }
  builder.setInsertionPointAfter(group.back().load);
  Location loc = group.back().load->getLoc();
  Value commit = AsyncCommitOp::create(builder, loc, tokens);
  Value wait = AsyncWaitOp::create(builder, loc, commit, IntegerAttr());
  for (auto [candidate, memory] : llvm::zip_equal(group, memories))
    replaceUses(candidate, memory, wait, builder);
  for (const Candidate &candidate : group)
    eraseWithUsers(candidate.load);
}

/// Whether all users of `load` in its block come after `other`.
static bool isUsedOnlyAfter(tk::LoadViewOp load, Operation *other) {
  return llvm::all_of(load->getUsers(), [&](Operation *user) {
    Operation *inBlock = load->getBlock()->findAncestorOpInBlock(*user);
    return inBlock && other->isBeforeInBlock(inBlock);
  });
}

int64_t CopyBuilder::run() {
  SmallVector<Candidate> candidates;
  kernel.walk([&](tk::LoadViewOp load) {
    auto tile = dyn_cast<RankedTensorType>(load.getType());
    if (!tile)
      return;
    SmallVector<OperandUse> uses;
    collectUses(load.getResult(),
                llvm::to_vector(llvm::seq<int32_t>(0, tile.getRank())),
                /*isDirect=*/true, uses);
    if (uses.empty() || !canCopy(load))
      return;
    if (SharedAttr layout = chooseLayout(load, uses))
      candidates.push_back({load, std::move(uses), layout});
  });

  // Neighbours join a group while nothing in it is needed earlier.
  ArrayRef<Candidate> rest = candidates;
  while (!rest.empty()) {
    size_t size = 1;
    while (size < rest.size() &&
           rest[size].load->getBlock() == rest[0].load->getBlock() &&
           llvm::all_of(
               rest.take_front(size),
               [&](const Candidate &candidate) {
                 return isUsedOnlyAfter(candidate.load, rest[size].load);
               }))
      ++size;
    rewriteGroup(rest.take_front(size));
    rest = rest.drop_front(size);
  }
  return candidates.size();
}

void ChooseCopies::runOnOperation() {
  ModuleOp module = getOperation();
  const tk::TargetInfo *target = getTargetInfo(module);
  if (!target) {
    module.emitError() << "expects a target, which convert-tk-to-tkg sets";
    return signalPassFailure();
  }
  for (auto kernel : llvm::to_vector(module.getOps<tk::KernelOp>()))
    if (variants && !kernel->hasAttr(kVariantAttr) && addVectorVariant(kernel))
      ++numVariants;
  for (auto kernel : module.getOps<tk::KernelOp>())
    numCopies += CopyBuilder(kernel, *target).run();
}
