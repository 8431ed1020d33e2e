//===- LoweringContext.cpp - what the patterns of the lowering share ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::HardwareDim;
using tk::Layout;

TargetCodegen::~TargetCodegen() = default;

SmallVector<Value> TargetCodegen::loadMatrices(Emitter &, Value, unsigned,
                                               bool) const {
  llvm_unreachable("the capability table has no ldmatrix for this target");
}

void TargetCodegen::storeMatrices(Emitter &, Value, ValueRange, bool) const {
  llvm_unreachable("the capability table has no stmatrix for this target");
}

/// Dynamic shared memory: its size is a launch parameter, since more than 48 KB
/// must be asked for.
constexpr StringLiteral kSharedMemoryName = "__tk_shared";
/// Enough for every kind of access to shared memory, swizzled TMA boxes
/// included.
constexpr uint64_t kSharedMemoryAlignment = 1024;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type mlir::tkg::convertElementType(Type type) {
  if (isa<IndexType>(type))
    return IntegerType::get(type.getContext(), 64);
  if (isa<tk::PtrType>(type))
    return LLVM::LLVMPointerType::get(type.getContext(), kGlobalSpace);
  return type;
}

Type mlir::tkg::getMemoryType(Type type) {
  if (type.isInteger(1))
    return IntegerType::get(type.getContext(), 8);
  return convertElementType(type);
}

const Layout &mlir::tkg::getTileLayout(Type type) {
  static const Layout scalar;
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile)
    return scalar;
  return cast<LayoutAttr>(tile.getEncoding()).getLayout();
}

static LogicalResult convertTile(RankedTensorType type,
                                 SmallVectorImpl<Type> &results) {
  auto layout = dyn_cast_or_null<LayoutAttr>(type.getEncoding());
  if (!layout)
    return failure();
  results.append(layout.getLayout().getNumRegisters(),
                 convertElementType(type.getElementType()));
  return success();
}

TkgTypeConverter::TkgTypeConverter() {
  addConversion([](Type type) { return convertElementType(type); });
  addConversion(
      [](RankedTensorType type,
         SmallVectorImpl<Type> &results) -> std::optional<LogicalResult> {
        return convertTile(type, results);
      });
  addConversion(
      [](PendingType type,
         SmallVectorImpl<Type> &results) -> std::optional<LogicalResult> {
        return convertTile(type.getTile(), results);
      });
  addConversion(
      [](tk::ViewType type,
         SmallVectorImpl<Type> &results) -> std::optional<LogicalResult> {
        MLIRContext *context = type.getContext();
        results.push_back(LLVM::LLVMPointerType::get(context, kGlobalSpace));
        results.append(2 * type.getRank(), IntegerType::get(context, 64));
        return success();
      });
  addConversion([](MemDescType type) -> Type {
    return LLVM::LLVMPointerType::get(type.getContext(), kSharedSpace);
  });
  addConversion(
      [](TokenType, SmallVectorImpl<Type> &) -> std::optional<LogicalResult> {
        return success();
      });
}

ViewValues mlir::tkg::getViewValues(ValueRange values) {
  size_t rank = (values.size() - 1) / 2;
  return {values.front(), values.slice(1, rank), values.slice(1 + rank, rank)};
}

//===----------------------------------------------------------------------===//
// What a kernel computes once
//===----------------------------------------------------------------------===//

void LoweringContext::enterKernel(LLVM::LLVMFuncOp newFunction,
                                  int64_t newNumWarps) {
  function = newFunction;
  numWarps = newNumWarps;
  lastEntryOp = nullptr;
  place.reset();
  sharedMemory = Value();
  isFirstThread = Value();
  tiles.clear();
  firstReplicas.clear();
}

Value LoweringContext::emitAtEntry(Emitter &e,
                                   function_ref<Value(Emitter &)> emit) {
  RewriterBase &rewriter = e.getRewriter();
  OpBuilder::InsertionGuard guard(rewriter);
  if (lastEntryOp)
    rewriter.setInsertionPointAfter(lastEntryOp);
  else
    rewriter.setInsertionPointToStart(&function.getBody().front());
  // Not the location of the op that happened to ask first.
  Emitter entry(rewriter, function.getLoc());
  Value value = emit(entry);
  Block::iterator end = rewriter.getInsertionPoint();
  if (end != rewriter.getInsertionBlock()->begin())
    lastEntryOp = &*std::prev(end);
  return value;
}

ThreadPlace LoweringContext::getThreadPlace(Emitter &e) {
  if (place)
    return *place;
  ThreadPlace result;
  emitAtEntry(e, [&](Emitter &entry) {
    int64_t numLanes = target.getThreadsPerWarp();
    Value thread = target.getThreadId(entry);
    result.lane =
        numWarps == 1 ? thread : entry.remainderUnsigned(thread, numLanes);
    result.warp = numWarps == 1 ? entry.getI32Constant(0)
                                : entry.divideUnsigned(thread, numLanes);
    return thread;
  });
  place = result;
  return result;
}

const TileCoordinates &LoweringContext::getCoordinates(const Layout &layout,
                                                       Emitter &e) {
  for (const auto &[known, coordinates] : tiles)
    if (known == layout)
      return *coordinates;
  ThreadPlace threadPlace = getThreadPlace(e);
  std::unique_ptr<TileCoordinates> coordinates;
  emitAtEntry(e, [&](Emitter &entry) {
    coordinates = std::make_unique<TileCoordinates>(layout, entry, threadPlace);
    return Value();
  });
  tiles.emplace_back(layout, std::move(coordinates));
  return *tiles.back().second;
}

/// The predicate "all free digits of `dim` are zero in `index`"; null if there
/// are none.
static Value getHasZeroFreeDigits(const Layout &layout, HardwareDim dim,
                                  Value index, Emitter &e) {
  uint64_t free = layout.getFreeDigits(dim);
  if (free == 0)
    return Value();
  Value predicate;
  int64_t divisor = 1, bitMask = 0;
  Value zero = e.getI32Constant(0);
  for (auto [number, digit] : llvm::enumerate(layout.getDigits(dim))) {
    bool isFree = free >> number & 1;
    if (isFree && llvm::isPowerOf2_64(divisor) && digit.radix == 2) {
      bitMask |= divisor;
    } else if (isFree) {
      Value value =
          e.remainderUnsigned(e.divideUnsigned(index, divisor), digit.radix);
      predicate =
          e.both(predicate, e.compare(LLVM::ICmpPredicate::eq, value, zero));
    }
    divisor *= digit.radix;
  }
  if (bitMask) {
    Value bits = e.bitAnd(index, e.getI32Constant(bitMask));
    predicate =
        e.both(predicate, e.compare(LLVM::ICmpPredicate::eq, bits, zero));
  }
  return predicate;
}

Value LoweringContext::getIsFirstReplica(const Layout &layout, Emitter &e) {
  for (const auto &[known, predicate] : firstReplicas)
    if (known == layout)
      return predicate;
  ThreadPlace threadPlace = getThreadPlace(e);
  Value predicate = emitAtEntry(e, [&](Emitter &entry) {
    return entry.both(getHasZeroFreeDigits(layout, HardwareDim::Lane,
                                           threadPlace.lane, entry),
                      getHasZeroFreeDigits(layout, HardwareDim::Warp,
                                           threadPlace.warp, entry));
  });
  firstReplicas.emplace_back(layout, predicate);
  return predicate;
}

Value LoweringContext::getIsOwner(Type type, Emitter &e) {
  if (isa_and_nonnull<RankedTensorType>(type))
    return getIsFirstReplica(getTileLayout(type), e);
  if (!isFirstThread)
    isFirstThread = emitAtEntry(e, [&](Emitter &entry) {
      return entry.compare(LLVM::ICmpPredicate::eq, target.getThreadId(entry),
                           entry.getI32Constant(0));
    });
  return isFirstThread;
}

static LLVM::GlobalOp getOrCreateSharedMemory(ModuleOp module, Emitter &e) {
  if (auto global = module.lookupSymbol<LLVM::GlobalOp>(kSharedMemoryName))
    return global;
  OpBuilder::InsertionGuard guard(e.getRewriter());
  e.getRewriter().setInsertionPointToStart(module.getBody());
  auto type = LLVM::LLVMArrayType::get(e.getI8(), 0);
  return e.create<LLVM::GlobalOp>(
      type, /*isConstant=*/false, LLVM::Linkage::External, kSharedMemoryName,
      Attribute(), kSharedMemoryAlignment, kSharedSpace);
}

Value LoweringContext::getIsElement(Type type, int64_t r, Emitter &e) {
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile)
    return Value();
  const TileCoordinates &coordinates = getCoordinates(getTileLayout(tile), e);
  Value isElement;
  for (auto [dim, extent] : llvm::enumerate(tile.getShape()))
    isElement = e.both(isElement, coordinates.getIsBelow(e, dim, r, extent));
  return isElement;
}

Value LoweringContext::getSharedMemory(Emitter &e) {
  if (sharedMemory)
    return sharedMemory;
  sharedMemory = emitAtEntry(e, [&](Emitter &entry) -> Value {
    auto module = function->getParentOfType<ModuleOp>();
    LLVM::GlobalOp global = getOrCreateSharedMemory(module, entry);
    return entry.create<LLVM::AddressOfOp>(global);
  });
  return sharedMemory;
}

const AccessTraits &LoweringContext::getAccessTraits(Operation *op) const {
  static const AccessTraits unknown;
  auto it = accessTraits.find(op);
  return it == accessTraits.end() ? unknown : it->second;
}
