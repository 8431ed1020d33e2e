//===- TkgOps.cpp - instructions of the tkg dialect -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a machine chose changes no value: which thread holds an element, which
// instruction multiplies, when a copy arrives. So layouts of registers and
// matrix instructions are not looked at, and barriers do nothing. Shared memory
// is modelled, see SharedTiles.h.

#include "Builder.h"
#include "ItemsInstruction.h"
#include "SharedTiles.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

SharedOffsets mlir::tk::computeSharedOffsets(tkg::MemDescType type) {
  const Layout &layout = type.getLayout().getLayout();
  ArrayRef<int64_t> shape = type.getShape();
  SharedOffsets offsets(ShapedType::getNumElements(shape));
  for (int64_t offset = 0, end = type.getLayout().getNumElements();
       offset < end; ++offset) {
    SmallVector<int64_t> coordinates = layout.applyOffset(offset);
    int64_t element = 0;
    bool isPadding = false;
    for (auto [coordinate, extent] : llvm::zip_equal(coordinates, shape)) {
      isPadding |= coordinate >= extent;
      element = element * extent + coordinate;
    }
    if (!isPadding)
      offsets[element] = offset;
  }
  return offsets;
}

//===----------------------------------------------------------------------===//
// Access to shared memory
//===----------------------------------------------------------------------===//

namespace {
/// A tile in shared memory as instructions access it.
struct SharedAccess {
  SharedAccess(ProgramBuilder &builder, tkg::MemDescType type)
      : elementSize(getFrameSize(*getElementKind(type.getElementType()))),
        offsets(builder.getSharedOffsets(type)) {}

  template <typename Fn> void dispatchSize(Fn fn) const {
    switch (elementSize) {
    case 1:
      return fn(uint8_t());
    case 2:
      return fn(uint16_t());
    case 4:
      return fn(uint32_t());
    default:
      return fn(uint64_t());
    }
  }
  void read(const char *shared, char *to) const {
    dispatchSize([&](auto zero) {
      using T = decltype(zero);
      const T *from = reinterpret_cast<const T *>(shared);
      for (size_t i = 0, end = offsets->size(); i < end; ++i)
        reinterpret_cast<T *>(to)[i] = from[(*offsets)[i]];
    });
  }
  void write(char *shared, const char *from) const {
    dispatchSize([&](auto zero) {
      using T = decltype(zero);
      T *to = reinterpret_cast<T *>(shared);
      for (size_t i = 0, end = offsets->size(); i < end; ++i)
        to[(*offsets)[i]] = reinterpret_cast<const T *>(from)[i];
    });
  }

  int64_t elementSize;
  std::shared_ptr<const SharedOffsets> offsets;
};
} // namespace

/// Reports an access to a tile while a copy into it is in flight.
static void checkArrived(ProgramInstance &instance, Operation *op,
                         const SharedTileState &state,
                         const AsyncCopyState &copies, StringRef verb) {
  if (state.copy <= copies.numCompleted)
    return;
  bool isCommitted = state.copy <= copies.numCommitted;
  instance.run.errors.report(instance, op, ErrorKind::InFlight, [&] {
    return describeProgram(instance.run, instance.number) + " " + verb.str() +
           " a tile in shared memory while a copy into it is in flight" +
           (isCommitted ? "" : ", in no group yet");
  });
}

//===----------------------------------------------------------------------===//
// Tiles in shared memory
//===----------------------------------------------------------------------===//

namespace {
/// Slots: copies.
class StartProgramInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    instance.get<AsyncCopyState>(slots[0]) = {};
  }
};

/// Slots: result, states, data, then perhaps the initial value.
class AllocInstruction : public TileInstruction {
public:
  AllocInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                   SharedAccess access, int64_t offset, int64_t numSlots)
      : TileInstruction(op, slots, numResults), access(std::move(access)),
        offset(offset), numSlots(numSlots) {}
  void execute(ProgramInstance &instance) const override {
    SharedTileValue value = {static_cast<int64_t>(slots[2]) + offset,
                             static_cast<int64_t>(slots[1]),
                             sizeof(SharedTileState)};
    bool hasInit = slots.size() > 3;
    for (int64_t i = 0; i < numSlots; ++i)
      (&instance.get<SharedTileState>(value.state))[i] = {hasInit, 0};
    if (hasInit)
      access.write(instance.frame + value.data, instance.frame + slots[3]);
    instance.get<SharedTileValue>(slots[0]) = value;
  }

private:
  SharedAccess access;
  int64_t offset, numSlots;
};

/// Slots: result, ring, index.
class SlotInstruction : public TileInstruction {
public:
  SlotInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                  int64_t depth, int64_t slotSizeInBytes)
      : TileInstruction(op, slots, numResults), depth(depth),
        slotSizeInBytes(slotSizeInBytes) {}
  void execute(ProgramInstance &instance) const override {
    SharedTileValue value = instance.get<SharedTileValue>(slots[1]);
    int64_t index = instance.get<int64_t>(slots[2]);
    if (index < 0 || index >= depth) {
      instance.run.errors.report(instance, op, ErrorKind::OutsideMemory, [&] {
        return describeProgram(instance.run, instance.number) + " takes slot " +
               std::to_string(index) + " of a ring of " + std::to_string(depth);
      });
      index = 0;
    }
    value.data += index * slotSizeInBytes;
    value.state += index * value.stateStride;
    instance.get<SharedTileValue>(slots[0]) = value;
  }

private:
  int64_t depth, slotSizeInBytes;
};

/// Slots: result, source.
class SlicesInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    SharedTileValue value = instance.get<SharedTileValue>(slots[1]);
    value.stateStride = 0;
    instance.get<SharedTileValue>(slots[0]) = value;
  }
};

/// Slots: result, copies, source.
class LocalLoadInstruction : public TileInstruction {
public:
  LocalLoadInstruction(Operation *op, ArrayRef<size_t> slots,
                       unsigned numResults, SharedAccess access)
      : TileInstruction(op, slots, numResults), access(std::move(access)) {}
  void execute(ProgramInstance &instance) const override {
    const auto &source = instance.get<SharedTileValue>(slots[2]);
    const auto &state = instance.get<SharedTileState>(source.state);
    if (!state.isWritten)
      instance.run.errors.report(instance, op, ErrorKind::NeverWritten, [&] {
        return describeProgram(instance.run, instance.number) +
               " reads a tile in shared memory that was never written";
      });
    checkArrived(instance, op, state, instance.get<AsyncCopyState>(slots[1]),
                 "reads");
    access.read(instance.frame + source.data, instance.frame + slots[0]);
  }

private:
  SharedAccess access;
};

/// Slots: value, target, copies.
class LocalStoreInstruction : public TileInstruction {
public:
  LocalStoreInstruction(Operation *op, ArrayRef<size_t> slots,
                        unsigned numResults, SharedAccess access)
      : TileInstruction(op, slots, numResults), access(std::move(access)) {}
  void execute(ProgramInstance &instance) const override {
    const auto &target = instance.get<SharedTileValue>(slots[1]);
    auto &state = instance.get<SharedTileState>(target.state);
    checkArrived(instance, op, state, instance.get<AsyncCopyState>(slots[2]),
                 "writes");
    state.isWritten = 1;
    access.write(instance.frame + target.data, instance.frame + slots[0]);
  }

private:
  SharedAccess access;
};

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

/// Slots: token, view, items, target, copies.
class CopyAsyncInstruction : public ItemsInstruction {
public:
  CopyAsyncInstruction(Operation *op, ArrayRef<size_t> slots,
                       unsigned numResults, ViewAccess access,
                       std::optional<ArrayRef<bool>> inbounds,
                       SharedAccess shared)
      : ItemsInstruction(op, slots, numResults, std::move(access), 1, inbounds),
        shared(std::move(shared)) {}
  void execute(ProgramInstance &instance) const override {
    const auto &target = instance.get<SharedTileValue>(slots[getNextSlot()]);
    auto &copies = instance.get<AsyncCopyState>(slots[getNextSlot() + 1]);
    auto &state = instance.get<SharedTileState>(target.state);
    checkArrived(instance, op, state, copies, "copies into");
    thread_local std::vector<char> tile;
    tile.resize(access.numElements * shared.elementSize);
    readItems(instance, tile.data(), /*pad=*/nullptr);
    shared.write(instance.frame + target.data, tile.data());
    state = {1, ++copies.numStarted};
    instance.get<int64_t>(slots[0]) = copies.numStarted;
  }

private:
  SharedAccess shared;
};

/// Slots: token, copies.
class CommitInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    auto &copies = instance.get<AsyncCopyState>(slots[1]);
    copies.numCommitted = copies.numStarted;
    copies.lastCopies[copies.numGroups++ % AsyncCopyState::kNumGroups] =
        copies.numCommitted;
    instance.get<int64_t>(slots[0]) = copies.numCommitted;
  }
};

/// Slots: token, copies, tokens.
class WaitInstruction : public TileInstruction {
public:
  WaitInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                  std::optional<int64_t> pending)
      : TileInstruction(op, slots, numResults), pending(pending) {}
  void execute(ProgramInstance &instance) const override {
    auto &copies = instance.get<AsyncCopyState>(slots[1]);
    int64_t last = pending ? getLastCopy(copies) : getLastCopy(instance);
    copies.numCompleted = std::max(copies.numCompleted, last);
    instance.get<int64_t>(slots[0]) = copies.numCompleted;
  }

private:
  /// By the count, as a device does.
  int64_t getLastCopy(const AsyncCopyState &copies) const {
    if (*pending >= std::min(copies.numGroups, AsyncCopyState::kNumGroups))
      return 0;
    return copies.lastCopies[(copies.numGroups - 1 - *pending) %
                             AsyncCopyState::kNumGroups];
  }

  /// By the tokens: before there is a count.
  int64_t getLastCopy(ProgramInstance &instance) const {
    const auto &copies = instance.get<AsyncCopyState>(slots[1]);
    if (slots.size() == 2)
      return copies.numCommitted;
    int64_t last = 0;
    for (size_t slot : ArrayRef(slots).drop_front(2))
      last = std::max(last, instance.get<int64_t>(slot));
    if (last > copies.numCommitted)
      instance.run.errors.report(instance, op, ErrorKind::InFlight, [&] {
        return describeProgram(instance.run, instance.number) +
               " waits for a copy that is in no group yet";
      });
    return std::min(last, copies.numCommitted);
  }

  std::optional<int64_t> pending;
};
} // namespace

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// Whether shared memory can hold such elements: pointers need more bytes here
/// than on a device.
static LogicalResult checkShared(Operation *op, tkg::MemDescType type) {
  std::optional<ElementKind> kind = getElementKind(type.getElementType());
  if (kind && *kind != ElementKind::Pointer)
    return success();
  return op->emitError("the interpreter does not know the type ") << type;
}

static int64_t getSlotSizeInBytes(tkg::MemDescType type) {
  return type.getLayout().getNumElements() *
         getFrameSize(*getElementKind(type.getElementType()));
}

static LogicalResult buildAlloc(ProgramBuilder &builder, tkg::AllocOp op) {
  tkg::MemDescType type = op.getType();
  if (failed(checkShared(op, type)))
    return failure();
  int64_t numSlots = std::max<int64_t>(type.getDepth(), 1);
  int64_t sizeInBytes = numSlots * getSlotSizeInBytes(type);
  // Buffers that have a place share one memory: if they overlap, it shows.
  int64_t offset = op.getOffset().value_or(0);
  Register data = op.getOffset() ? builder.getSharedMemory(offset + sizeInBytes)
                                 : builder.addWholeRegister(sizeInBytes);
  SmallVector<size_t, 4> slots = builder.getSlots(op);
  slots.insert(
      slots.begin() + 1,
      {builder.addWholeRegister(numSlots * sizeof(SharedTileState)), data});
  builder.emit<AllocInstruction>(op, slots, 1, SharedAccess(builder, type),
                                 offset, numSlots);
  return success();
}

static LogicalResult buildCopy(ProgramBuilder &builder, tkg::CopyAsyncOp op) {
  tkg::MemDescType type = op.getSlot().getType();
  if (failed(checkShared(op, type)))
    return failure();
  SmallVector<size_t, 4> slots = builder.getSlots(op);
  slots.push_back(builder.getCopies());
  Type tile = RankedTensorType::get(type.getShape(), type.getElementType());
  builder.emit<CopyAsyncInstruction>(op, slots, 1, makeViewAccess(op, tile),
                                     op.getInbounds(),
                                     SharedAccess(builder, type));
  return success();
}

/// The register of an operand of a dot, which may lie in shared memory.
static Register loadOperand(ProgramBuilder &builder, Operation *op,
                            Value operand) {
  auto type = dyn_cast<tkg::MemDescType>(operand.getType());
  if (!type)
    return builder.getRegister(operand);
  Register tile = builder.addRegister(
      RankedTensorType::get(type.getShape(), type.getElementType()));
  builder.emit<LocalLoadInstruction>(
      op, {tile, builder.getCopies(), builder.getRegister(operand)}, 1,
      SharedAccess(builder, type));
  return tile;
}

/// The register tile of an operand of a dot.
static RankedTensorType getOperandType(Value operand) {
  if (auto type = dyn_cast<tkg::MemDescType>(operand.getType()))
    return RankedTensorType::get(type.getShape(), type.getElementType());
  return cast<RankedTensorType>(operand.getType());
}

template <typename OpT>
static LogicalResult buildTkgDot(ProgramBuilder &builder, OpT op) {
  for (Value operand : {op.getLhs(), op.getRhs()})
    if (auto type = dyn_cast<tkg::MemDescType>(operand.getType()))
      if (failed(checkShared(op, type)))
        return failure();
  DotTraits traits;
  if constexpr (std::is_same_v<OpT, tkg::DotOp>)
    traits = {op.getPrecision(), op.getLhsUnsigned(), op.getRhsUnsigned()};
  traits.lhs = getOperandType(op.getLhs());
  traits.rhs = getOperandType(op.getRhs());
  traits.result = op.getResultTile();
  Register lhs = loadOperand(builder, op, op.getLhs());
  Register rhs = loadOperand(builder, op, op.getRhs());
  Register result = builder.addRegister(traits.result);
  builder.setRegister(op.getResult(), result);
  builder.emitDot(
      op, {result, lhs, rhs, builder.getRegister(op.getAccumulator())}, traits);
  return success();
}

static LogicalResult buildLocalLoad(ProgramBuilder &builder,
                                    tkg::LocalLoadOp op) {
  if (failed(checkShared(op, op.getSource().getType())))
    return failure();
  builder.setRegister(op.getResult(), loadOperand(builder, op, op.getSource()));
  return success();
}

static LogicalResult buildLocalStore(ProgramBuilder &builder,
                                     tkg::LocalStoreOp op) {
  tkg::MemDescType type = op.getTarget().getType();
  if (failed(checkShared(op, type)))
    return failure();
  SmallVector<size_t, 4> slots = builder.getSlots(op);
  slots.push_back(builder.getCopies());
  builder.emit<LocalStoreInstruction>(op, slots, 0,
                                      SharedAccess(builder, type));
  return success();
}

/// Slots of a commit or a wait: token, copies, tokens.
static SmallVector<size_t, 4> getTokenSlots(ProgramBuilder &builder,
                                            Operation *op) {
  SmallVector<size_t, 4> slots = builder.getSlots(op);
  slots.insert(slots.begin() + 1, builder.getCopies());
  return slots;
}

LogicalResult mlir::tk::buildTkgOp(ProgramBuilder &builder,
                                   Operation *operation) {
  auto rename = [&](Value result, Value source) {
    builder.setRegister(result, builder.getRegister(source));
    return success();
  };
  return TypeSwitch<Operation *, LogicalResult>(operation)
      .Case<tkg::ConvertLayoutOp>([&](tkg::ConvertLayoutOp op) {
        return rename(op.getResult(), op.getSource());
      })
      .Case<tkg::MemDescTransOp>([&](tkg::MemDescTransOp op) {
        // The layout of the result says where its elements are.
        return rename(op.getResult(), op.getSource());
      })
      .Case<tkg::DotOp, tkg::DotAsyncOp>(
          [&](auto op) { return buildTkgDot(builder, op); })
      .Case<tkg::DotWaitOp>([&](tkg::DotWaitOp op) {
        constexpr std::array<char, sizeof(int64_t)> kNoCopy = {};
        builder.setRegister(op.getToken(), builder.addConstant(kNoCopy));
        return rename(op.getResult(), op.getSource());
      })
      .Case<tkg::AllocOp>(
          [&](tkg::AllocOp op) { return buildAlloc(builder, op); })
      .Case<tkg::SlotOp>([&](tkg::SlotOp op) {
        tkg::MemDescType ring = op.getRing().getType();
        if (failed(checkShared(op, ring)))
          return failure();
        builder.emit<SlotInstruction>(op, builder.getSlots(op), 1,
                                      ring.getDepth(),
                                      getSlotSizeInBytes(ring));
        return success();
      })
      .Case<tkg::MemDescSlicesOp>([&](tkg::MemDescSlicesOp op) {
        builder.emit<SlicesInstruction>(op, builder.getSlots(op), 1);
        return success();
      })
      .Case<tkg::LocalLoadOp>(
          [&](tkg::LocalLoadOp op) { return buildLocalLoad(builder, op); })
      .Case<tkg::LocalStoreOp>(
          [&](tkg::LocalStoreOp op) { return buildLocalStore(builder, op); })
      .Case<tkg::CopyAsyncOp>(
          [&](tkg::CopyAsyncOp op) { return buildCopy(builder, op); })
      .Case<tkg::AsyncCommitOp>([&](tkg::AsyncCommitOp op) {
        // What matters is when it runs, not which tokens it names.
        SmallVector<size_t, 4> slots = getTokenSlots(builder, op);
        slots.truncate(2);
        builder.emit<CommitInstruction>(op, slots, 1);
        return success();
      })
      .Case<tkg::AsyncWaitOp>([&](tkg::AsyncWaitOp op) {
        std::optional<int64_t> pending;
        if (op.getPending())
          pending = *op.getPending();
        builder.emit<WaitInstruction>(op, getTokenSlots(builder, op), 1,
                                      pending);
        return success();
      })
      .Case<tkg::BarrierOp>([](auto) { return success(); })
      .Default([](Operation *op) {
        return op->emitError("the interpreter does not know '")
               << op->getName() << "'";
      });
}

void mlir::tk::startTkgProgram(ProgramBuilder &builder, Operation *kernel) {
  builder.emit<StartProgramInstruction>(kernel, {builder.getCopies()}, 0);
}
