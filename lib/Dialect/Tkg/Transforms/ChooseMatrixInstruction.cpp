//===- ChooseMatrixInstruction.cpp - picks the instruction of each dot ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/Remarks.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/DigitShape.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CHOOSEMATRIXINSTRUCTIONPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// The extents of a dot; leading dimensions are not cut among warps.
struct DotExtents {
  int64_t m, n, k;
};

/// How the warps of a block cut a result.
struct WarpGrid {
  unsigned m = 1, n = 1;
};

struct ChooseMatrixInstruction
    : public tkg::impl::ChooseMatrixInstructionPassBase<
          ChooseMatrixInstruction> {
  using ChooseMatrixInstructionPassBase::ChooseMatrixInstructionPassBase;
  void runOnOperation() override;

private:
  MmaAttr choose(DotOp dot, unsigned numWarps, const tk::TargetInfo &target);
};
} // namespace

static remark::RemarkOpts getRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category(kMatrixRemark);
}

static DotExtents getExtents(DotOp dot) {
  auto lhs = cast<RankedTensorType>(dot.getLhs().getType());
  ArrayRef<int64_t> result = dot.getType().getShape();
  return {result[result.size() - 2], result.back(), lhs.getShape().back()};
}

//===----------------------------------------------------------------------===//
// The instruction
//===----------------------------------------------------------------------===//

/// The type in which a matrix unit takes the operands of `dot`; nothing if no
/// matrix unit gives what the dot means.
static std::optional<tk::MatrixType> getMatrixType(DotOp dot) {
  Type operand = getElementTypeOrSelf(dot.getLhs().getType());
  Type result = dot.getType().getElementType();
  if (operand.isF16() && result.isF32())
    return tk::MatrixType::F16;
  if (operand.isBF16() && result.isF32())
    return tk::MatrixType::BF16;
  if (operand.isF32() && result.isF32() &&
      dot.getPrecision() != tk::Precision::IEEE)
    return tk::MatrixType::TF32;
  if (operand.isF64() && result.isF64())
    return tk::MatrixType::F64;
  if (operand.isInteger(8) && result.isInteger(32))
    return tk::MatrixType::I8;
  return std::nullopt;
}

static Type getInstructionType(DotOp dot, tk::MatrixType type) {
  if (type == tk::MatrixType::TF32)
    return FloatTF32Type::get(dot.getContext());
  return getElementTypeOrSelf(dot.getLhs().getType());
}

/// The instruction that covers K with the least padding, then the largest.
static const tk::MatrixInstruction *
findInstruction(const tk::TargetInfo &target, tk::MatrixType type, int64_t k) {
  const tk::MatrixInstruction *best = nullptr;
  auto getKey = [k](const tk::MatrixInstruction &instruction) {
    return std::tuple(llvm::alignTo(k, instruction.k), -int64_t(instruction.k),
                      -int64_t(instruction.m) * instruction.n);
  };
  for (const tk::MatrixInstruction &instruction :
       target.getMatrixInstructions())
    if (instruction.unit == tk::MatrixUnit::MmaSync &&
        instruction.operandType == type &&
        (!best || getKey(instruction) < getKey(*best)))
      best = &instruction;
  return best;
}

//===----------------------------------------------------------------------===//
// The warps
//===----------------------------------------------------------------------===//

/// Whether rows of the result of `dot` should stay within a warp: they are
/// reduced, or feed the left side of another dot.
static bool keepsRowsTogether(DotOp dot) {
  // Elementwise work may lie in between; the accumulation itself does not
  // count.
  llvm::SetVector<Value> reached;
  reached.insert(dot.getResult());
  for (size_t i = 0; i < reached.size(); ++i) {
    Value value = reached[i];
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (auto other = dyn_cast<DotOp>(user); other && other.getLhs() == value)
        return true;
      if (auto reduce = dyn_cast<tk::ReduceOp>(user);
          reduce && reduce.getAxis() + 1 ==
                        static_cast<uint32_t>(dot.getType().getRank()))
        return true;
      bool isElementwise =
          user->hasTrait<OpTrait::Elementwise>() || isa<tk::CastOp>(user);
      if (isElementwise && user->getNumResults() == 1)
        reached.insert(user->getResult(0));
    }
  }
  return false;
}

/// Cuts a result of m x n instructions' tiles among warps.
///
/// The work of a warp comes first: its share, rounded up to whole instructions.
/// Then the elements it reads for each step along K, rows + columns: of
/// 128 x 256 by 8 warps, 2 x 4 makes 64 + 64, 4 x 2 makes 32 + 128.
static WarpGrid chooseWarps(DotExtents extents, unsigned m, unsigned n,
                            unsigned numWarps, bool keepRows) {
  WarpGrid best;
  std::optional<std::tuple<int64_t, int64_t, int64_t>> bestCost;
  for (unsigned alongM = 1; alongM <= numWarps; ++alongM) {
    if (numWarps % alongM != 0)
      continue;
    unsigned alongN = numWarps / alongM;
    int64_t rows = llvm::alignTo(llvm::divideCeil(extents.m, alongM), m);
    int64_t columns = llvm::alignTo(llvm::divideCeil(extents.n, alongN), n);
    std::tuple cost(rows * columns, keepRows ? alongN : 1, rows + columns);
    if (!bestCost || cost < *bestCost) {
      best = {alongM, alongN};
      bestCost = cost;
    }
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Multiply-adds
//===----------------------------------------------------------------------===//

/// A thread makes a small square, so that each operand element that it reads
/// serves several products.
static MmaAttr chooseFma(DotOp dot, unsigned numWarps, unsigned numLanes) {
  DotExtents extents = getExtents(dot);
  int64_t perThread = std::max<int64_t>(1, extents.m * extents.n /
                                               (int64_t(numWarps) * numLanes));
  unsigned side = perThread >= 16 ? 4 : perThread >= 4 ? 2 : 1;
  auto limit = [side](int64_t extent) {
    return std::min<unsigned>(side, llvm::bit_ceil(uint64_t(extent)));
  };
  unsigned m = limit(extents.m), n = limit(extents.n);
  // Threads divide the powers of two in the extents. Of 96 x 176, 3 * 2^5 x
  // 11 * 2^4, squares of 16 would leave 2^5 for 2^8 threads to share.
  auto countParts = [&] {
    int64_t rows = llvm::divideCeil(extents.m, m);
    int64_t columns = llvm::divideCeil(extents.n, n);
    return uint64_t(1) << (llvm::countr_zero<uint64_t>(
                               tk::padExtents({rows}, 1).front()) +
                           llvm::countr_zero<uint64_t>(
                               tk::padExtents({columns}, 1).front()));
  };
  while (m * n > 1 && countParts() < llvm::bit_floor(numWarps) * numLanes)
    (m >= n ? m : n) /= 2;
  // The lanes of a warp lie 4 : 8 over the result.
  WarpGrid warps = chooseWarps(extents, m * (numLanes / 8), n * 8, numWarps,
                               /*keepRows=*/false);
  return MmaAttr::get(dot.getContext(), MmaKind::FMA, m, n, /*k=*/1,
                      getElementTypeOrSelf(dot.getLhs().getType()), warps.m,
                      warps.n, /*swap=*/false, OperandSource::Register,
                      OperandSource::Register);
}

static void remarkFma(DotOp dot, const tk::TargetInfo &target) {
  Type operand = getElementTypeOrSelf(dot.getLhs().getType());
  if (!target.hasMatrixUnit(tk::MatrixUnit::MmaSync))
    return;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "dot runs on multiply-adds: no matrix instruction of "
     << target.getName() << " multiplies " << operand << " into "
     << dot.getType().getElementType();
  if (operand.isF32())
    os << " with precision " << stringifyPrecision(dot.getPrecision())
       << "; tf32 and tf32x3 have one";
  remark::missed(dot.getLoc(), getRemark("DotByFma")) << text;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Says so where more than a quarter of the products are of padding.
static void remarkPadding(DotOp dot, MmaAttr mma) {
  DotExtents extents = getExtents(dot);
  int64_t wanted = extents.m * extents.n * extents.k;
  int64_t done = llvm::alignTo(extents.m, mma.getM()) *
                 llvm::alignTo(extents.n, mma.getN()) *
                 llvm::alignTo(extents.k, mma.getK());
  if (done * 4 <= wanted * 5)
    return;
  remark::analysis(dot.getLoc(), getRemark("DotPadding"))
      << llvm::formatv("dot of {0}x{1}x{2} is padded to whole instructions of "
                       "{3}x{4}x{5}: {6}% of the products are not needed",
                       extents.m, extents.n, extents.k, mma.getM(), mma.getN(),
                       mma.getK(), (done - wanted) * 100 / done)
             .str();
}

MmaAttr ChooseMatrixInstruction::choose(DotOp dot, unsigned numWarps,
                                        const tk::TargetInfo &target) {
  std::optional<tk::MatrixType> type = getMatrixType(dot);
  DotExtents extents = getExtents(dot);
  const tk::MatrixInstruction *instruction =
      type ? findInstruction(target, *type, extents.k) : nullptr;
  if (!instruction) {
    remarkFma(dot, target);
    ++numFma;
    return chooseFma(dot, numWarps, target.getNumLanes());
  }
  // 8 rows fill half of an instruction of 16 rows, but all columns of its
  // transpose.
  unsigned m = instruction->m, n = instruction->n;
  bool swap = llvm::alignTo(extents.m, n) * llvm::alignTo(extents.n, m) <
              llvm::alignTo(extents.m, m) * llvm::alignTo(extents.n, n);
  if (swap)
    std::swap(m, n);
  WarpGrid warps = chooseWarps(extents, m, n, numWarps, keepsRowsTogether(dot));
  ++numMatrix;
  return MmaAttr::get(dot.getContext(), MmaKind::MmaSync, m, n, instruction->k,
                      getInstructionType(dot, *type), warps.m, warps.n, swap,
                      OperandSource::Register, OperandSource::Register);
}

/// A result that all registers of a processor cannot hold would live in local
/// memory, and the assembler would need minutes to put it there.
static LogicalResult checkSize(DotOp dot, const tk::TargetInfo &target) {
  RankedTensorType type = dot.getType();
  int64_t needed = type.getNumElements() *
                   llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  int64_t available = int64_t(target.getRegistersPerProcessor()) * 4;
  if (needed <= available)
    return success();
  InFlightDiagnostic error = dot.emitError("result of ");
  llvm::interleave(type.getShape(), error, "x");
  error << " " << type.getElementType() << " takes " << needed
        << " bytes of registers, but a block has at most " << available
        << " on " << target.getName();
  return error;
}

void ChooseMatrixInstruction::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  const tk::TargetInfo *target = getTargetInfo(kernel);
  std::optional<tk::ThreadCounts> threads = getThreadCounts(kernel);
  SmallVector<DotOp> dots;
  kernel.walk([&](DotOp dot) {
    if (!dot.getInstructionAttr())
      dots.push_back(dot);
  });
  if (dots.empty())
    return;
  if (!target || !threads) {
    kernel.emitError() << "expects a target and a number of warps, which "
                          "convert-tk-to-tkg sets";
    return signalPassFailure();
  }
  for (DotOp dot : dots) {
    if (failed(checkSize(dot, *target)))
      return signalPassFailure();
    MmaAttr mma = choose(dot, threads->numWarps, *target);
    dot.setInstructionAttr(mma);
    remarkPadding(dot, mma);
  }
}
