//===- SplitTiles.cpp - loops over the parts of large tiles ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A thread touches its part of a tile by straight-line code, one instruction
// for each access. ptxas needs 0.1 s for 128 guarded stores of two bytes, more
// than for the matrix product in front of them. A loop over slices has a few of
// them, in three forms:
//
//   y[i +: 256] = f(x[i +: 256])    for s { y[i + s +: 32] = f(x[i + s +: 32])
//   } dot(a[m +: M, k +: 64], ..)     for s { dot(a[m +: M, k + s +: 16], ..) }
//   y[i +: 256] = anything          shared = anything
//                                   for s { y[i + s +: 32] = shared[s] }
//
// Slices of a transposed tile are cut out of the other dimension of its source:
//
//   y[i +: 768, j +: 768] = trans(x[j +: 768, i +: 768])
//     for s { y[i + s +: 64, j +: 768] = trans(x[j +: 768, i + s +: 64]) }
//
//===----------------------------------------------------------------------===//

#include "MemoryAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "tk/Analysis/Alignment.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/SharedLayout.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/MapVector.h"
#include <numeric>

namespace mlir::tkg {
#define GEN_PASS_DEF_SPLITTILESPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// The widest access of one thread.
constexpr int64_t kMaxVectorBytes = 16;
/// Slices of transposed tiles are multiples of this: less would leave parts of
/// the sectors of 32 bytes unused on one side.
constexpr int64_t kTransposedUnit = 32;
/// What remains after equal parts is code of its own. It pays off where a tile
/// has this many times the accesses that are allowed.
constexpr int64_t kWorthARest = 4;
/// Accesses in one iteration of a loop of stores: nobody waits for a store.
constexpr int64_t kStoresPerIteration = 16;

namespace {
/// The ops between loads and a store that work element by element, or
/// transpose.
struct Chain {
  tk::StoreViewOp store;
  /// By op: the dimension of its result that is cut where dimension `dim` of
  /// the stored tile is.
  llvm::MapVector<Operation *, int64_t> ops;
  int64_t dim;
  /// What remains after `numParts` parts is one more.
  int64_t numParts, extentOfPart;
};

/// An operand of a dot that is loaded directly, or through a transpose.
struct DirectOperand {
  tk::LoadViewOp load;
  tk::TransOp trans;
  /// The dimension of the dot's operand and of the loaded tile that is K.
  int64_t kOfOperand, kOfLoad;
};

struct DirectDot {
  DotOp dot;
  DirectOperand lhs, rhs;
  int64_t numParts;
};

/// A store whose tile goes through shared memory.
struct StagedStore {
  tk::StoreViewOp store;
  int64_t numParts;
};

struct SplitTiles : tkg::impl::SplitTilesPassBase<SplitTiles> {
  using SplitTilesPassBase::SplitTilesPassBase;
  void runOnOperation() override;

private:
  std::optional<Chain> matchChain(tk::StoreViewOp store);
  std::optional<Chain> matchTransposed(tk::StoreViewOp store);
  int64_t countAccesses(const Chain &chain);
  std::optional<DirectDot> matchDot(DotOp dot);
  std::optional<StagedStore> matchStore(tk::StoreViewOp store);
  int64_t countAccesses(Operation *access, Type type);

  /// Of the kernel as it was found.
  const AlignmentAnalysis *alignment = nullptr;
  tk::ThreadCounts threads;
};
} // namespace

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// The item that walks dimension `tileDim` of the tile, if it is a slice.
template <typename OpT>
static std::optional<unsigned> findSlice(OpT access, int64_t tileDim) {
  SmallVector<int64_t> shape;
  SmallVector<tk::ViewItem> items = access.getItems();
  for (auto [number, dims] : llvm::enumerate(tk::getItemTileDims(items, shape)))
    if (items[number].kind == tk::ItemKind::Slice &&
        dims.firstTileDim == tileDim)
      return number;
  return std::nullopt;
}

/// `type` with `extent` in dimension `dim`.
static RankedTensorType withExtent(Type type, int64_t dim, int64_t extent) {
  auto tile = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tile.getShape());
  shape[dim] = extent;
  return RankedTensorType::get(shape, tile.getElementType());
}

/// Makes `access` touch only `extent` coordinates of item `number`, `offset`
/// further on.
template <typename OpT>
static void narrowSlice(OpT access, unsigned number, Value offset,
                        int64_t extent, OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(access);
  OpOperand &index = access.getIndicesMutable()[number];
  index.set(
      arith::AddIOp::create(builder, access.getLoc(), index.get(), offset));
  SmallVector<int64_t> extents(access.getItemExtents());
  extents[number] = extent;
  access.setItemExtents(extents);
}

/// An empty loop over `numParts` parts; the builder stands in its body.
static scf::ForOp createLoop(OpBuilder &builder, Location loc, int64_t numParts,
                             ValueRange initial = {}) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(numParts),
                                 constant(1), initial);
  loop->setAttr(kRolledAttr, builder.getUnitAttr());
  builder.setInsertionPointToStart(loop.getBody());
  return loop;
}

/// The first coordinate of the part that `loop` is at.
static Value createOffset(OpBuilder &builder, scf::ForOp loop,
                          int64_t extentOfPart) {
  Location loc = loop.getLoc();
  return arith::MulIOp::create(
      builder, loc, loop.getInductionVar(),
      arith::ConstantIndexOp::create(builder, loc, extentOfPart));
}

/// The fewest parts of `extent`, all multiples of `unit`, that have `limit` of
/// `numAccesses` or less; 1 if there are none.
static int64_t chooseNumParts(int64_t extent, int64_t unit, int64_t numAccesses,
                              int64_t limit) {
  if (numAccesses <= limit)
    return 1;
  for (int64_t numParts = 2; numParts * unit <= extent; ++numParts)
    if (extent % (numParts * unit) == 0 &&
        int64_t(llvm::divideCeil(numAccesses, numParts)) <= limit)
      return numParts;
  return 1;
}

/// The fewest coordinates of dimension 0 that occupy all threads.
static int64_t getMinExtent(RankedTensorType tile, tk::ThreadCounts threads) {
  int64_t numThreads = int64_t(threads.numLanes) * threads.numWarps;
  int64_t perCoordinate = tile.getNumElements() / tile.getDimSize(0);
  return std::max<int64_t>(1, numThreads / perCoordinate);
}

/// The accesses that one thread makes for its part of a tile of `type`.
int64_t SplitTiles::countAccesses(Operation *access, Type type) {
  auto tile = cast<RankedTensorType>(type);
  int64_t elementSize = getElementSizeInBytes(tile.getElementType());
  int64_t vectorSize =
      std::min(alignment->getAccessFacts(access).getMaxVectorSize(),
               std::max<int64_t>(1, kMaxVectorBytes / elementSize));
  int64_t numThreads = int64_t(threads.numLanes) * threads.numWarps;
  return llvm::divideCeil(tile.getNumElements(), numThreads * vectorSize);
}

/// Whether what `load` reads is still there at `later` in the same block.
static bool canMove(tk::LoadViewOp load, Operation *later) {
  if (load->getBlock() != later->getBlock())
    return false;
  MemoryAccess read = getMemoryAccesses(load).front();
  for (Operation *op = load->getNextNode(); op != later;
       op = op->getNextNode()) {
    WalkResult result = op->walk([&](Operation *nested) {
      bool isInTheWay =
          isAcquire(nested) ||
          llvm::any_of(getMemoryAccesses(nested), [&](const MemoryAccess &a) {
            return a.isWrite && mayDependWithin(a, read);
          });
      return isInTheWay ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Elementwise chains
//===----------------------------------------------------------------------===//

/// Ops whose results have no elements of their own: a slice is made anew.
static bool isUniform(Operation *op) {
  return isa<tk::SplatOp>(op) || matchPattern(op, m_Constant());
}

/// Whether `value` has one coordinate in dimension `dim`: every slice takes it
/// all.
static bool isFlat(Value value, int64_t dim) {
  auto tile = dyn_cast<RankedTensorType>(value.getType());
  return !tile || tile.getDimSize(dim) == 1;
}

/// The dimension of the operands that becomes dimension `dim` of the result of
/// `op`, if there is one.
static std::optional<int64_t> getOperandDim(Operation *op, int64_t dim) {
  if (auto trans = dyn_cast<tk::TransOp>(op))
    return trans.getPermutation()[dim];
  if (auto expand = dyn_cast<tk::ExpandDimsOp>(op)) {
    int64_t axis = expand.getAxis();
    if (axis == dim)
      return std::nullopt;
    return axis < dim ? dim - 1 : dim;
  }
  if (isa<tk::CastOp, tk::BroadcastOp>(op) ||
      op->hasTrait<OpTrait::Elementwise>())
    return dim;
  return std::nullopt;
}

/// Adds the ops that make `value`, a tile that can be made slice by slice along
/// `dim`.
static LogicalResult collectChain(Value value, int64_t dim, Chain &chain) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return failure();
  if (isUniform(op)) {
    SplatElementsAttr splat;
    if (!isa<tk::SplatOp>(op) && !matchPattern(value, m_Constant(&splat)))
      return failure();
  } else if (op->getBlock() != chain.store->getBlock()) {
    return failure();
  }
  auto [known, isNew] = chain.ops.insert({op, dim});
  if (!isNew)
    return success(known->second == dim);
  if (isUniform(op))
    return success();
  if (auto load = dyn_cast<tk::LoadViewOp>(op))
    return success(findSlice(load, dim) && canMove(load, chain.store));
  std::optional<int64_t> operandDim = getOperandDim(op, dim);
  if (!operandDim)
    return failure();
  for (Value operand : op->getOperands())
    if (!isFlat(operand, *operandDim) &&
        failed(collectChain(operand, *operandDim, chain)))
      return failure();
  return success();
}

/// Whether only the store sees what the ops of the chain make.
static bool isClosed(const Chain &chain) {
  return llvm::all_of(chain.ops, [&](const auto &entry) {
    Operation *op = entry.first;
    return isUniform(op) || llvm::all_of(op->getUsers(), [&](Operation *user) {
             return user == chain.store || chain.ops.contains(user);
           });
  });
}

/// Whether a later slice may read what an earlier one wrote.
static bool readsWhatItWrites(const Chain &chain) {
  MemoryAccess write = getMemoryAccesses(chain.store).front();
  return llvm::any_of(chain.ops, [&](const auto &entry) {
    return llvm::any_of(
        getMemoryAccesses(entry.first),
        [&](const MemoryAccess &read) { return mayDependWithin(write, read); });
  });
}

/// Whether a slice needs the whole of a tile of which another needs a slice.
static bool mixesSlices(const Chain &chain) {
  return llvm::any_of(chain.ops, [&](const auto &entry) {
    auto [op, dim] = entry;
    std::optional<int64_t> operandDim = getOperandDim(op, dim);
    return operandDim && llvm::any_of(op->getOperands(), [&](Value operand) {
             return isFlat(operand, *operandDim) &&
                    chain.ops.contains(operand.getDefiningOp());
           });
  });
}

/// The chain that ends in `store`, if it can be cut along `dim`.
static std::optional<Chain> getChain(tk::StoreViewOp store, int64_t dim) {
  Chain chain;
  chain.store = store;
  chain.dim = dim;
  if (!findSlice(store, dim) ||
      failed(collectChain(store.getValue(), dim, chain)) ||
      mixesSlices(chain) || !isClosed(chain) || readsWhatItWrites(chain))
    return std::nullopt;
  return chain;
}

static bool hasTranspose(const Chain &chain) {
  return llvm::any_of(chain.ops, [](const auto &entry) {
    return isa<tk::TransOp>(entry.first);
  });
}

int64_t SplitTiles::countAccesses(const Chain &chain) {
  tk::StoreViewOp store = chain.store;
  int64_t numAccesses = countAccesses(store, store.getValue().getType());
  for (const auto &[op, dim] : chain.ops)
    if (auto load = dyn_cast<tk::LoadViewOp>(op))
      numAccesses = std::max(numAccesses, countAccesses(load, load.getType()));
  return numAccesses;
}

/// Cuts `extent` coordinates into parts of about `limit`, multiples of `unit`,
/// and what remains: a prime extent has no equal parts.
static void splitWithRest(Chain &chain, int64_t extent, int64_t unit,
                          int64_t limit) {
  chain.extentOfPart = std::max(limit / unit, int64_t(1)) * unit;
  chain.numParts = extent / chain.extentOfPart;
}

std::optional<Chain> SplitTiles::matchChain(tk::StoreViewOp store) {
  std::optional<Chain> chain = getChain(store, 0);
  if (!chain || hasTranspose(*chain))
    return std::nullopt;
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  int64_t extent = tile.getDimSize(0), unit = getMinExtent(tile, threads);
  int64_t numAccesses = countAccesses(*chain);
  chain->numParts = chooseNumParts(extent, unit, numAccesses, maxAccesses);
  chain->extentOfPart = extent / chain->numParts;
  if (chain->numParts == 1 && numAccesses > kWorthARest * maxAccesses)
    splitWithRest(*chain, extent, unit, extent * maxAccesses / numAccesses);
  return extent <= chain->extentOfPart ? std::nullopt : chain;
}

/// Half of the shared memory of a block: other buffers may be alive.
static int64_t getMaxStagedBytes(Operation *op) {
  return getTargetInfo(op)->getMaxSharedMemory() / 2;
}

static int64_t getSizeInBytes(RankedTensorType tile) {
  return tile.getNumElements() * getElementSizeInBytes(tile.getElementType());
}

/// A transposed tile goes through shared memory whole: there it must fit, too.
std::optional<Chain> SplitTiles::matchTransposed(tk::StoreViewOp store) {
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  int64_t dim = llvm::max_element(tile.getShape()) - tile.getShape().begin();
  std::optional<Chain> chain = getChain(store, dim);
  if (!chain || !hasTranspose(*chain))
    return std::nullopt;
  int64_t extent = tile.getDimSize(dim);
  int64_t numAccesses = countAccesses(*chain);
  int64_t size = getSizeInBytes(tile), maxSize = getMaxStagedBytes(store);
  if (numAccesses <= maxTransposed &&
      size <= getTargetInfo(store)->getMaxSharedMemory())
    return std::nullopt;
  int64_t limit =
      std::min(extent * maxTransposed / numAccesses, extent * maxSize / size);
  splitWithRest(*chain, extent, kTransposedUnit, limit);
  return extent <= chain->extentOfPart ? std::nullopt : chain;
}

/// The slice of `value` that starts at `offset`.
static Value createSlice(Value value, const Chain &chain, int64_t extent,
                         Value offset, OpBuilder &builder, IRMapping &slices) {
  Operation *op = value.getDefiningOp();
  auto entry = chain.ops.find(op);
  if (!op || entry == chain.ops.end())
    return value; // what every slice takes whole
  if (Value known = slices.lookupOrNull(value))
    return known;
  int64_t dim = entry->second;
  RankedTensorType type = withExtent(value.getType(), dim, extent);
  SplatElementsAttr splat;
  Value slice;
  if (matchPattern(value, m_Constant(&splat))) {
    slice = arith::ConstantOp::create(builder, op->getLoc(), type,
                                      splat.resizeSplat(type));
  } else {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          createSlice(operand, chain, extent, offset, builder, slices));
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    copy->getResult(0).setType(type);
    if (auto load = dyn_cast<tk::LoadViewOp>(copy))
      narrowSlice(load, *findSlice(load, dim), offset, extent, builder);
    slice = copy->getResult(0);
  }
  slices.map(value, slice);
  return slice;
}

/// Stores the slice of `extent` coordinates that starts at `offset`.
static void storeSlice(const Chain &chain, int64_t extent, Value offset,
                       OpBuilder &builder) {
  tk::StoreViewOp store = chain.store;
  IRMapping slices;
  Value slice =
      createSlice(store.getValue(), chain, extent, offset, builder, slices);
  auto copy = cast<tk::StoreViewOp>(builder.clone(*store));
  copy.getValueMutable().set(slice);
  narrowSlice(copy, *findSlice(copy, chain.dim), offset, extent, builder);
}

static void splitChain(const Chain &chain) {
  tk::StoreViewOp store = chain.store;
  OpBuilder builder(store);
  scf::ForOp loop = createLoop(builder, store.getLoc(), chain.numParts);
  storeSlice(chain, chain.extentOfPart,
             createOffset(builder, loop, chain.extentOfPart), builder);
  int64_t done = chain.numParts * chain.extentOfPart;
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  if (int64_t rest = tile.getDimSize(chain.dim) - done) {
    builder.setInsertionPoint(store);
    storeSlice(chain, rest,
               arith::ConstantIndexOp::create(builder, store.getLoc(), done),
               builder);
  }
  store.erase();
  // Users before what they use. Constants go when nobody wants them.
  SmallVector<Operation *> dead;
  for (const auto &[op, dim] : chain.ops)
    if (!isUniform(op))
      dead.push_back(op);
  llvm::sort(dead,
             [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
  for (Operation *op : dead)
    op->erase();
}

//===----------------------------------------------------------------------===//
// Dots
//===----------------------------------------------------------------------===//

/// The multiply-adds of one thread for each coordinate along K; matrix units
/// take few instructions.
static int64_t countProducts(DotOp dot) {
  if (dot.getInstructionAttr().getKind() != MmaKind::FMA)
    return 0;
  return getDotLayouts(dot)->accumulator.getNumRegisters();
}

/// The fewest coordinates along K of which every thread loads an element, if
/// not even all of K are too few.
static int64_t getMinSlice(DirectOperand operand, tk::ThreadCounts threads) {
  auto tile = cast<RankedTensorType>(operand.load.getType());
  int64_t perCoordinate =
      tile.getNumElements() / tile.getDimSize(operand.kOfLoad);
  uint64_t numThreads = uint64_t(threads.numLanes) * threads.numWarps;
  // Threads divide powers of two only: 176 columns are 11 for each of 16.
  unsigned numBits = llvm::countr_zero(uint64_t(perCoordinate));
  uint64_t numCoordinates = std::max<uint64_t>(1, numThreads >> numBits);
  return std::gcd<uint64_t>(llvm::bit_floor(numCoordinates),
                            tile.getDimSize(operand.kOfLoad));
}

/// Nothing if someone else wants `tile`, or if it is not loaded for `dot`.
static std::optional<DirectOperand> matchOperand(Value tile, int64_t kDim,
                                                 DotOp dot) {
  DirectOperand operand{nullptr, tile.getDefiningOp<tk::TransOp>(), kDim, kDim};
  if (operand.trans) {
    if (!operand.trans->hasOneUse())
      return std::nullopt;
    operand.kOfLoad = operand.trans.getPermutation()[kDim];
    tile = operand.trans.getSource();
  }
  operand.load = tile.getDefiningOp<tk::LoadViewOp>();
  if (!operand.load || !operand.load->hasOneUse() ||
      !findSlice(operand.load, operand.kOfLoad) || !canMove(operand.load, dot))
    return std::nullopt;
  return operand;
}

std::optional<DirectDot> SplitTiles::matchDot(DotOp dot) {
  MmaAttr instruction = dot.getInstructionAttr();
  int64_t kOfLhs = dot.getResultTile().getRank() - 1, kOfRhs = kOfLhs - 1;
  auto lhs = matchOperand(dot.getLhs(), kOfLhs, dot);
  auto rhs = matchOperand(dot.getRhs(), kOfRhs, dot);
  if (!instruction || !lhs || !rhs)
    return std::nullopt;
  int64_t numAccesses = countAccesses(lhs->load, lhs->load.getType()) +
                        countAccesses(rhs->load, rhs->load.getType());
  int64_t k = cast<RankedTensorType>(dot.getLhs().getType()).getDimSize(kOfLhs);
  int64_t unit =
      std::max({int64_t(instruction.getK()), getMinSlice(*lhs, threads),
                getMinSlice(*rhs, threads)});
  int64_t numProducts = countProducts(dot) * k;
  int64_t numParts =
      std::max(chooseNumParts(k, unit, numAccesses, maxAccesses),
               chooseNumParts(k, unit, numProducts, maxProducts));
  // If no slice is small enough, the smallest are next best.
  bool isTooMuch = numProducts > numParts * maxProducts ||
                   numAccesses > numParts * maxAccesses;
  if (isTooMuch && k % unit == 0)
    numParts = k / unit;
  if (numParts == 1)
    return std::nullopt;
  return DirectDot{dot, *lhs, *rhs, numParts};
}

/// The slice of `operand` with `extent` coordinates along K from `offset` on.
static Value createSlice(const DirectOperand &operand, Value offset,
                         int64_t extent, OpBuilder &builder) {
  auto load = cast<tk::LoadViewOp>(builder.clone(*operand.load));
  load.getResult().setType(withExtent(load.getType(), operand.kOfLoad, extent));
  narrowSlice(load, *findSlice(load, operand.kOfLoad), offset, extent, builder);
  if (!operand.trans)
    return load;
  auto trans = cast<tk::TransOp>(builder.clone(*operand.trans));
  trans->setOperand(0, load);
  trans.getResult().setType(
      withExtent(trans.getType(), operand.kOfOperand, extent));
  return trans;
}

static void splitDot(const DirectDot &direct) {
  DotOp dot = direct.dot;
  int64_t extent = cast<RankedTensorType>(dot.getLhs().getType())
                       .getDimSize(direct.lhs.kOfOperand) /
                   direct.numParts;
  OpBuilder builder(dot);
  scf::ForOp loop =
      createLoop(builder, dot.getLoc(), direct.numParts, dot.getAccumulator());
  Value offset = createOffset(builder, loop, extent);
  Value lhs = createSlice(direct.lhs, offset, extent, builder);
  Value rhs = createSlice(direct.rhs, offset, extent, builder);
  auto copy = cast<DotOp>(builder.clone(*dot));
  copy->setOperands({lhs, rhs, loop.getRegionIterArg(0)});
  scf::YieldOp::create(builder, dot.getLoc(), copy.getResult());
  dot.getResult().replaceAllUsesWith(loop.getResult(0));
  dot.erase();
  for (const DirectOperand &operand : {direct.lhs, direct.rhs}) {
    if (operand.trans)
      operand.trans->erase();
    operand.load->erase();
  }
}

//===----------------------------------------------------------------------===//
// Stores through shared memory
//===----------------------------------------------------------------------===//

/// Whether slices of `tile` lie one after the other in shared memory whatever
/// the layout of its registers turns out to be.
static bool canStage(RankedTensorType tile, tk::StoreViewOp store) {
  if (!tile.getElementType().isIntOrFloat() ||
      !llvm::all_of(tile.getShape(), llvm::isPowerOf2_64))
    return false;
  return getSizeInBytes(tile) <= getMaxStagedBytes(store);
}

std::optional<StagedStore> SplitTiles::matchStore(tk::StoreViewOp store) {
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  int64_t numAccesses = countAccesses(store, tile);
  if (numAccesses <= maxStores || !findSlice(store, 0) ||
      !canStage(tile, store))
    return std::nullopt;
  int64_t numParts =
      chooseNumParts(tile.getDimSize(0), getMinExtent(tile, threads),
                     numAccesses, kStoresPerIteration);
  if (numParts == 1 || !llvm::isPowerOf2_64(numParts))
    return std::nullopt;
  return StagedStore{store, numParts};
}

/// How a slice lies in shared memory: rows, swizzled where they are wide
/// enough.
static tk::Layout getSliceLayout(RankedTensorType slice) {
  auto shape = tk::DigitShape::get(slice.getShape());
  SmallVector<unsigned> order;
  for (unsigned dim = slice.getRank(); dim-- > 0;)
    order.push_back(dim);
  unsigned bits = 8 * getElementSizeInBytes(slice.getElementType());
  unsigned swizzle = tk::getWidestSwizzle(slice.getShape().back(), bits);
  if (slice.getRank() < 2 || swizzle == 0)
    return tk::buildStridedShared(shape, order);
  return tk::buildSwizzledShared(shape, order, bits, swizzle);
}

static void stageStore(const StagedStore &staged) {
  tk::StoreViewOp store = staged.store;
  Location loc = store.getLoc();
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  int64_t extent = tile.getDimSize(0) / staged.numParts;
  RankedTensorType slice = withExtent(tile, 0, extent);
  tk::Layout layout = getSliceLayout(slice);
  std::optional<tk::Layout> stacked = tk::stackSlices(layout, staged.numParts);
  assert(stacked && "extents are powers of two");

  OpBuilder builder(store);
  MLIRContext *context = builder.getContext();
  auto getType = [&](ArrayRef<int64_t> shape, const tk::Layout &layout,
                     int64_t depth) {
    return MemDescType::get(shape, tile.getElementType(),
                            SharedAttr::get(context, layout), depth);
  };
  Value memory =
      AllocOp::create(builder, loc, getType(tile.getShape(), *stacked, 0),
                      store.getValue(), /*offset=*/IntegerAttr());
  Value ring = MemDescSlicesOp::create(
      builder, loc, getType(slice.getShape(), layout, staged.numParts), memory);
  scf::ForOp loop = createLoop(builder, loc, staged.numParts);
  Value offset = createOffset(builder, loop, extent);
  Value slot = SlotOp::create(builder, loc, ring, loop.getInductionVar());
  Value part =
      LocalLoadOp::create(builder, loc, slice, slot, /*token=*/Value());
  auto copy = cast<tk::StoreViewOp>(builder.clone(*store));
  copy.getValueMutable().set(part);
  narrowSlice(copy, *findSlice(copy, 0), offset, extent, builder);
  store.erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

void SplitTiles::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  std::optional<tk::ThreadCounts> counts = getThreadCounts(kernel);
  if (!counts || !getTargetInfo(kernel)) {
    kernel.emitError() << "expects a target and warps, which "
                          "convert-tk-to-tkg sets";
    return signalPassFailure();
  }
  threads = *counts;
  AlignmentAnalysis analysis(kernel);
  alignment = &analysis;
  SmallVector<Chain> chains;
  SmallVector<DirectDot> dots;
  SmallVector<StagedStore> stores;
  kernel.walk([&](Operation *op) {
    if (auto dot = dyn_cast<DotOp>(op)) {
      if (std::optional<DirectDot> direct = matchDot(dot))
        dots.push_back(*direct);
      return;
    }
    auto store = dyn_cast<tk::StoreViewOp>(op);
    if (!store || !isa<RankedTensorType>(store.getValue().getType()))
      return;
    if (std::optional<Chain> chain = matchChain(store))
      chains.push_back(*chain);
    else if (std::optional<Chain> transposed = matchTransposed(store))
      chains.push_back(*transposed);
    else if (std::optional<StagedStore> staged = matchStore(store))
      stores.push_back(*staged);
  });
  alignment = nullptr;

  llvm::for_each(chains, splitChain);
  llvm::for_each(dots, splitDot);
  llvm::for_each(stores, stageStore);
  numChains += chains.size();
  numDots += dots.size();
  numStores += stores.size();
}
