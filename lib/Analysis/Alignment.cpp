//===- Alignment.cpp - divisibility, contiguity and constancy of values ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/Alignment.h"
#include "AlignmentTransfer.h"
#include "mlir/Analysis/DataFlow/ConstantPropagationAnalysis.h"
#include "mlir/Analysis/DataFlow/DeadCodeAnalysis.h"
#include "mlir/Analysis/DataFlow/SparseAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Analysis/SharedMemory.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;

//===----------------------------------------------------------------------===//
// Lattice
//===----------------------------------------------------------------------===//

int64_t mlir::tkg::getPowerOfTwoDivisor(int64_t value) {
  if (value == 0)
    return kMaxDivisor;
  return std::min(value & -value, kMaxDivisor);
}

int64_t DimFacts::getDivisibilityOfGroups(int64_t size,
                                          int64_t elementSize) const {
  if (size >= contiguity)
    return divisibility;
  // Group n of a run starts n * size elements further.
  return std::min(divisibility, size * elementSize);
}

namespace {
/// The facts of a value while the solver runs. `facts` is empty before the
/// value is reached, which promises everything.
struct FactsState {
  std::optional<ValueFacts> facts;

  bool operator==(const FactsState &other) const {
    return facts == other.facts;
  }
  static FactsState join(const FactsState &lhs, const FactsState &rhs) {
    if (!lhs.facts)
      return rhs;
    if (!rhs.facts)
      return lhs;
    return {joinFacts(*lhs.facts, *rhs.facts)};
  }
  void print(raw_ostream &os) const {
    os << (facts ? std::to_string(facts->divisibility) : "unreached");
  }
};

struct FactsLattice : public dataflow::Lattice<FactsState> {
  using Lattice::Lattice;
};

class FactsAnalysis
    : public dataflow::SparseForwardDataFlowAnalysis<FactsLattice> {
public:
  using SparseForwardDataFlowAnalysis::SparseForwardDataFlowAnalysis;

  LogicalResult visitOperation(Operation *op,
                               ArrayRef<const FactsLattice *> operands,
                               ArrayRef<FactsLattice *> results) override {
    SmallVector<ValueFacts> operandFacts;
    for (const FactsLattice *operand : operands) {
      if (!operand->getValue().facts)
        return success();
      operandFacts.push_back(*operand->getValue().facts);
    }
    for (auto [result, lattice] : llvm::zip_equal(op->getResults(), results))
      propagateIfChanged(
          lattice, lattice->join({transferFacts(op, result, operandFacts)}));
    return success();
  }

  void setToEntryState(FactsLattice *lattice) override {
    Value value = lattice->getAnchor();
    ValueFacts facts = getUnknownFacts(value);
    if (auto argument = dyn_cast<BlockArgument>(value))
      if (auto kernel =
              dyn_cast<tk::KernelOp>(argument.getOwner()->getParentOp()))
        facts = getArgumentFacts(kernel, argument.getArgNumber());
    propagateIfChanged(lattice, lattice->join({facts}));
  }

  /// A loop variable starts at the lower bound and grows by the step.
  void visitNonControlFlowArguments(Operation *op,
                                    const RegionSuccessor &successor,
                                    ArrayRef<FactsLattice *> lattices,
                                    unsigned firstIndex) override {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop || lattices.empty() ||
        lattices[0]->getAnchor() != loop.getInductionVar())
      return SparseForwardDataFlowAnalysis::visitNonControlFlowArguments(
          op, successor, lattices, firstIndex);
    int64_t divisibility = kMaxDivisor;
    for (Value bound : {loop.getLowerBound(), loop.getStep()}) {
      const FactsLattice *lattice =
          getLatticeElementFor(getProgramPointBefore(op), bound);
      if (!lattice->getValue().facts)
        return;
      divisibility =
          std::min(divisibility, lattice->getValue().facts->divisibility);
    }
    ValueFacts facts;
    facts.divisibility = divisibility;
    propagateIfChanged(lattices[0], lattices[0]->join({facts}));
  }
};
} // namespace

AlignmentAnalysis::AlignmentAnalysis(Operation *root)
    : solver(DataFlowConfig().setInterprocedural(false)) {
  solver.load<dataflow::DeadCodeAnalysis>();
  solver.load<dataflow::SparseConstantPropagation>();
  solver.load<FactsAnalysis>();
  // Fails only where an analysis does; ours never do.
  (void)solver.initializeAndRun(root);
}

ValueFacts AlignmentAnalysis::getFacts(Value value) const {
  const auto *lattice = solver.lookupState<FactsLattice>(value);
  if (lattice && lattice->getValue().facts)
    return *lattice->getValue().facts;
  return getUnknownFacts(value);
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

static AccessFacts getPointerAccessFacts(const AlignmentAnalysis &analysis,
                                         Value pointer, Value mask) {
  AccessFacts access;
  auto type = dyn_cast<RankedTensorType>(pointer.getType());
  if (!type)
    return access;
  int64_t elementSize = getElementSizeInBytes(
      cast<tk::PtrType>(type.getElementType()).getElementType());
  ValueFacts facts = analysis.getFacts(pointer);
  // Among equals the last dimension, which is how people write offsets.
  for (auto [dim, dimFacts] : llvm::enumerate(facts.dims))
    if (!access.fastestDim ||
        dimFacts.contiguity >= facts.dims[*access.fastestDim].contiguity)
      access.fastestDim = dim;
  if (!access.fastestDim)
    return access;
  const DimFacts &fastest = facts.dims[*access.fastestDim];
  access.isContiguous = fastest.contiguity > 1;
  access.alignedVectorSize = std::max<int64_t>(
      1, std::min(fastest.contiguity, fastest.divisibility / elementSize));
  access.maskedVectorSize =
      mask ? analysis.getFacts(mask).dims[*access.fastestDim].constancy
           : llvm::bit_ceil(
                 static_cast<uint64_t>(type.getDimSize(*access.fastestDim)));
  return access;
}

AccessFacts AlignmentAnalysis::getAccessFacts(Operation *op) const {
  return llvm::TypeSwitch<Operation *, AccessFacts>(op)
      .Case<tk::LoadViewOp, tk::StoreViewOp, CopyAsyncOp>([&](auto access) {
        return getViewAccessFacts(getFacts(access.getView()),
                                  access.getView().getType().getElementType(),
                                  access.getItems(), access.getInbounds(),
                                  [&](Value value) { return getFacts(value); });
      })
      .Case<tk::LoadOp, tk::StoreOp, tk::AtomicRMWOp, tk::AtomicCASOp,
            tk::AtomicLoadOp, tk::AtomicStoreOp>([&](auto access) {
        return getPointerAccessFacts(*this, access.getPointer(),
                                     access.getMask());
      })
      .Default(AccessFacts());
}
