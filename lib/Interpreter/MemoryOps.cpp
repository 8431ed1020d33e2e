//===- MemoryOps.cpp - instructions of views and pointers -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "ItemsInstruction.h"
#include "PointerRuns.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Moving elements between frame and memory
//===----------------------------------------------------------------------===//

template <typename T>
static void readElements(char *to, const char *from, int64_t strideInBytes,
                         int64_t count) {
  if (strideInBytes == sizeof(T)) {
    std::memcpy(to, from, count * sizeof(T));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * sizeof(T), from + i * strideInBytes, sizeof(T));
}

template <typename T>
static void writeElements(char *to, const char *from, int64_t strideInBytes,
                          int64_t count) {
  if (strideInBytes == sizeof(T)) {
    std::memcpy(to, from, count * sizeof(T));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * strideInBytes, from + i * sizeof(T), sizeof(T));
}

void mlir::tk::readRun(const RunMemory &memory, ElementKind kind, char *to,
                       const AccessRun &run) {
  const char *from = reinterpret_cast<const char *>(run.address);
  if (kind == ElementKind::I1) {
    // Whatever is not 0 is true; poison too.
    for (int64_t i = 0; i < run.count; ++i)
      to[i] = from[i * run.strideInBytes] != 0;
    return;
  }
  if (kind == ElementKind::Pointer) {
    for (int64_t i = 0; i < run.count; ++i) {
      uint64_t address;
      std::memcpy(&address, from + i * run.strideInBytes, sizeof(address));
      FatPointer pointer = memory.makePointer(address);
      std::memcpy(to + i * sizeof(FatPointer), &pointer, sizeof(FatPointer));
    }
    return;
  }
  dispatchNumber(kind, [&](auto zero) {
    readElements<decltype(zero)>(to, from, run.strideInBytes, run.count);
  });
}

void mlir::tk::writeRun(ElementKind kind, const char *from,
                        const AccessRun &run) {
  char *to = reinterpret_cast<char *>(run.address);
  if (kind == ElementKind::Pointer) {
    for (int64_t i = 0; i < run.count; ++i)
      std::memcpy(to + i * run.strideInBytes, from + i * sizeof(FatPointer),
                  sizeof(uint64_t));
    return;
  }
  dispatchNumber(kind, [&](auto zero) {
    writeElements<decltype(zero)>(to, from, run.strideInBytes, run.count);
  });
}

/// Sets `count` elements to the value of one, or to zeros if that is null.
static void fillElements(ElementKind kind, char *to, const char *value,
                         int64_t count) {
  int64_t size = getFrameSize(kind);
  if (!value) {
    std::memset(to, 0, count * size);
    return;
  }
  if (count <= 0)
    return;
  LoopFault fault;
  char *const slots[] = {to, const_cast<char *>(value)};
  selectSplatLoop(kind)(slots, count, fault);
}

//===----------------------------------------------------------------------===//
// Accesses by index items
//===----------------------------------------------------------------------===//

AccessRun ItemsInstruction::getAccessRun(const ViewValue &view,
                                         const ViewWalk::Run &run) const {
  int64_t size = getMemorySize(access.elementKind);
  return {view.base.allocation,
          view.base.address +
              static_cast<uint64_t>(run.offset + run.begin * run.stride) * size,
          run.stride * size, run.end - run.begin, size};
}

void ItemsInstruction::checkInbounds(ProgramInstance &instance,
                                     const ViewWalk &walk,
                                     StringRef verb) const {
  if (inbounds.empty())
    return;
  auto outside = walk.findOutside(inbounds);
  if (!outside)
    return;
  auto [dim, coordinate] = *outside;
  instance.run.errors.report(
      instance, op, ErrorKind::OutsideView,
      [&, dim = dim, coordinate = coordinate] {
        return describeProgram(instance.run, instance.number) + " " +
               verb.str() + " coordinate " + std::to_string(coordinate) +
               " of dimension " + std::to_string(dim) + ", of extent " +
               std::to_string(getView(instance).extents[dim]) +
               ", which was promised to be inside";
      });
}

void ItemsInstruction::readItems(ProgramInstance &instance, char *to,
                                 const char *pad) const {
  const ViewValue &view = getView(instance);
  auto items = getItems(instance);
  ViewWalk walk(access, view, items);
  checkInbounds(instance, walk, "reads");
  ElementKind kind = access.elementKind;
  int64_t size = getFrameSize(kind);
  const RunMemory &memory = instance.run.memory;
  walk.forEachRun([&](const ViewWalk::Run &run) {
    char *first = to + run.first * size;
    bool isLoaded = run.end > run.begin;
    AccessRun accessRun = getAccessRun(view, run);
    isLoaded = isLoaded && memory.checkBounds(instance, op, accessRun, false);
    if (!isLoaded)
      return fillElements(kind, first, pad, run.count);
    fillElements(kind, first, pad, run.begin);
    memory.noteRead(instance, op, accessRun);
    readRun(memory, kind, first + run.begin * size, accessRun);
    fillElements(kind, first + run.end * size, pad, run.count - run.end);
  });
}

namespace {
/// Slots: result, view, items, then perhaps the padding.
class LoadViewInstruction : public ItemsInstruction {
public:
  using ItemsInstruction::ItemsInstruction;
  void execute(ProgramInstance &instance) const override {
    bool hasPad = getNextSlot() < slots.size();
    readItems(instance, instance.frame + slots[0],
              hasPad ? instance.frame + slots[getNextSlot()] : nullptr);
  }
};

/// Slots: value, view, items.
class StoreViewInstruction : public ItemsInstruction {
public:
  using ItemsInstruction::ItemsInstruction;
  void execute(ProgramInstance &instance) const override {
    const ViewValue &view = getView(instance);
    auto items = getItems(instance);
    ViewWalk walk(access, view, items);
    checkInbounds(instance, walk, "writes");
    int64_t size = getFrameSize(access.elementKind);
    const char *value = instance.frame + slots[0];
    const RunMemory &memory = instance.run.memory;
    walk.forEachRun([&](const ViewWalk::Run &run) {
      AccessRun accessRun = getAccessRun(view, run);
      if (run.end > run.begin &&
          memory.checkBounds(instance, op, accessRun, true) &&
          memory.noteWrite(instance, op, accessRun))
        writeRun(access.elementKind, value + (run.first + run.begin) * size,
                 accessRun);
    });
  }
};

/// Slots: result, view, items. Addresses outside are those of no tensor.
class AddressesInstruction : public ItemsInstruction {
public:
  using ItemsInstruction::ItemsInstruction;
  void execute(ProgramInstance &instance) const override {
    const ViewValue &view = getView(instance);
    auto items = getItems(instance);
    int64_t size = getMemorySize(access.elementKind);
    FatPointer *result = &instance.get<FatPointer>(slots[0]);
    ViewWalk(access, view, items).forEachRun([&](const ViewWalk::Run &run) {
      for (int64_t i = 0; i < run.count; ++i) {
        bool isInside = i >= run.begin && i < run.end;
        uint64_t offset = run.offset + i * run.stride;
        result[run.first + i] = {
            isInside ? view.base.address + offset * size : 0,
            isInside ? view.base.allocation : kNoAllocation};
      }
    });
  }
};

/// Slots: result, view, items.
class InsideInstruction : public ItemsInstruction {
public:
  using ItemsInstruction::ItemsInstruction;
  void execute(ProgramInstance &instance) const override {
    auto items = getItems(instance);
    uint8_t *result = &instance.get<uint8_t>(slots[0]);
    ViewWalk(access, getView(instance), items)
        .forEachRun([&](const ViewWalk::Run &run) {
          for (int64_t i = 0; i < run.count; ++i)
            result[run.first + i] = i >= run.begin && i < run.end;
        });
  }
};

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// Slots: result, pointer, extents, strides.
class MakeViewInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    ViewValue view = {};
    view.base = instance.get<FatPointer>(slots[1]);
    size_t rank = (slots.size() - 2) / 2;
    ArrayRef<int64_t> shape = cast<MakeViewOp>(op).getType().getShape();
    for (size_t dim = 0; dim < rank; ++dim) {
      int64_t extent = instance.get<int64_t>(slots[2 + dim]);
      view.extents[dim] = std::max<int64_t>(extent, 0);
      view.strides[dim] = instance.get<int64_t>(slots[2 + rank + dim]);
      if (!ShapedType::isDynamic(shape[dim]) && shape[dim] != extent)
        instance.run.errors.report(instance, op, ErrorKind::OutsideView, [&] {
          return describeProgram(instance.run, instance.number) +
                 " makes a view of extent " + std::to_string(extent) +
                 " in dimension " + std::to_string(dim) +
                 ", where its type says " + std::to_string(shape[dim]);
        });
    }
    instance.get<ViewValue>(slots[0]) = view;
  }
};

/// Slots: result, source, offsets, lengths.
class SubviewInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    auto subview = cast<SubviewOp>(op);
    const ViewValue &source = instance.get<ViewValue>(slots[1]);
    ViewValue result = {};
    result.base = source.base;
    result.isEmpty = source.isEmpty;
    int64_t size =
        getMemorySize(*getElementKind(subview.getType().getElementType()));
    size_t nextOffset = 2, nextLength = 2 + subview.getOffsets().size();
    unsigned resultDim = 0;
    for (auto [dim, kind] : llvm::enumerate(subview.getKinds())) {
      int64_t extent = source.extents[dim], stride = source.strides[dim];
      if (kind == SubviewOp::Whole) {
        result.extents[resultDim] = extent;
        result.strides[resultDim++] = stride;
        continue;
      }
      int64_t offset = instance.get<int64_t>(slots[nextOffset++]);
      // A range may start at the end, where it is empty.
      bool isInside =
          offset >= 0 && offset < extent + (kind != SubviewOp::Drop);
      result.isEmpty |= !isInside;
      if (isInside)
        result.base.address += static_cast<uint64_t>(offset) * stride * size;
      if (kind == SubviewOp::Drop)
        continue;
      int64_t length = instance.get<int64_t>(slots[nextLength++]);
      int64_t rest = isInside ? extent - offset : 0;
      result.extents[resultDim] = std::clamp<int64_t>(length, 0, rest);
      result.strides[resultDim++] = stride;
    }
    instance.get<ViewValue>(slots[0]) = result;
  }
};

/// tk.dim and tk.stride. Slots: result, view.
class ViewQueryInstruction : public TileInstruction {
public:
  ViewQueryInstruction(Operation *op, ArrayRef<size_t> slots,
                       unsigned numResults, unsigned axis, bool isStride)
      : TileInstruction(op, slots, numResults), axis(axis), isStride(isStride) {
  }
  void execute(ProgramInstance &instance) const override {
    const ViewValue &view = instance.get<ViewValue>(slots[1]);
    instance.get<int64_t>(slots[0]) =
        isStride ? view.strides[axis] : view.extents[axis];
  }

private:
  unsigned axis;
  bool isStride;
};

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

/// Slots: result, pointer, offset.
class PtrAddInstruction : public TileInstruction {
public:
  PtrAddInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                    int64_t count, ElementKind offsetKind, int64_t pointeeSize)
      : TileInstruction(op, slots, numResults), count(count),
        offsetKind(offsetKind), pointeeSize(pointeeSize) {}
  void execute(ProgramInstance &instance) const override {
    FatPointer *result = &instance.get<FatPointer>(slots[0]);
    const FatPointer *pointer = &instance.get<FatPointer>(slots[1]);
    const char *offset = instance.frame + slots[2];
    int64_t size = getFrameSize(offsetKind);
    for (int64_t i = 0; i < count; ++i) {
      int64_t elements = readInteger(offsetKind, offset + i * size);
      result[i] = {pointer[i].address +
                       static_cast<uint64_t>(elements) * pointeeSize,
                   pointer[i].allocation};
    }
  }

private:
  int64_t count;
  ElementKind offsetKind;
  int64_t pointeeSize;
};

/// Base of load and store through pointers.
class PointerInstruction : public TileInstruction {
public:
  PointerInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                     int64_t count, ElementKind kind, bool hasMask)
      : TileInstruction(op, slots, numResults), count(count), kind(kind),
        hasMask(hasMask) {}

protected:
  int64_t count;
  ElementKind kind;
  bool hasMask;
};

/// Slots: result, pointer, then perhaps the mask, then perhaps the other.
class LoadInstruction : public PointerInstruction {
public:
  using PointerInstruction::PointerInstruction;
  void execute(ProgramInstance &instance) const override {
    int64_t size = getFrameSize(kind);
    char *result = instance.frame + slots[0];
    const uint8_t *mask = hasMask ? &instance.get<uint8_t>(slots[2]) : nullptr;
    if (slots.size() > 3)
      std::memcpy(result, instance.frame + slots[3], count * size);
    else
      std::memset(result, 0, count * size);
    const RunMemory &memory = instance.run.memory;
    forEachPointerRun(&instance.get<FatPointer>(slots[1]), mask, count,
                      getMemorySize(kind),
                      [&](int64_t first, const AccessRun &run) {
                        if (!memory.checkBounds(instance, op, run, false))
                          return;
                        memory.noteRead(instance, op, run);
                        readRun(memory, kind, result + first * size, run);
                      });
  }
};

/// Slots: value, pointer, then perhaps the mask.
class StoreInstruction : public PointerInstruction {
public:
  using PointerInstruction::PointerInstruction;
  void execute(ProgramInstance &instance) const override {
    int64_t size = getFrameSize(kind);
    const char *value = instance.frame + slots[0];
    const uint8_t *mask = hasMask ? &instance.get<uint8_t>(slots[2]) : nullptr;
    const RunMemory &memory = instance.run.memory;
    forEachPointerRun(&instance.get<FatPointer>(slots[1]), mask, count,
                      getMemorySize(kind),
                      [&](int64_t first, const AccessRun &run) {
                        if (memory.checkBounds(instance, op, run, true) &&
                            memory.noteWrite(instance, op, run))
                          writeRun(kind, value + first * size, run);
                      });
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// What the pointer of a load, store or ptr_add points to.
static ElementKind getPointeeKind(Type pointer) {
  return *getElementKind(
      cast<PtrType>(getElementTypeOrSelf(pointer)).getElementType());
}

LogicalResult mlir::tk::buildMemoryOp(ProgramBuilder &builder,
                                      Operation *operation) {
  SmallVector<size_t, 4> slots = builder.getSlots(operation);
  TypeSwitch<Operation *>(operation)
      .Case<LoadViewOp>([&](LoadViewOp op) {
        builder.emit<LoadViewInstruction>(op, slots, 1,
                                          makeViewAccess(op, op.getType()), 1,
                                          op.getInbounds());
      })
      .Case<StoreViewOp>([&](StoreViewOp op) {
        builder.emit<StoreViewInstruction>(
            op, slots, 0, makeViewAccess(op, op.getValue().getType()), 1,
            op.getInbounds());
      })
      .Case<AddressesOp>([&](AddressesOp op) {
        builder.emit<AddressesInstruction>(op, slots, 1,
                                           makeViewAccess(op, op.getType()), 1);
      })
      .Case<InsideOp>([&](InsideOp op) {
        builder.emit<InsideInstruction>(op, slots, 1,
                                        makeViewAccess(op, op.getType()), 1);
      })
      .Case<MakeViewOp>(
          [&](auto op) { builder.emit<MakeViewInstruction>(op, slots, 1); })
      .Case<SubviewOp>(
          [&](auto op) { builder.emit<SubviewInstruction>(op, slots, 1); })
      .Case<DimOp>([&](DimOp op) {
        builder.emit<ViewQueryInstruction>(op, slots, 1, op.getAxis(), false);
      })
      .Case<StrideOp>([&](StrideOp op) {
        builder.emit<ViewQueryInstruction>(op, slots, 1, op.getAxis(), true);
      })
      .Case<LoadOp>([&](LoadOp op) {
        builder.emit<LoadInstruction>(
            op, slots, 1, getNumElements(op.getType()),
            getPointeeKind(op.getPointer().getType()), op.getMask() != nullptr);
      })
      .Case<StoreOp>([&](StoreOp op) {
        Type pointer = op.getPointer().getType();
        builder.emit<StoreInstruction>(op, slots, 0, getNumElements(pointer),
                                       getPointeeKind(pointer),
                                       op.getMask() != nullptr);
      })
      .Case<PtrAddOp>([&](PtrAddOp op) {
        builder.emit<PtrAddInstruction>(
            op, slots, 1, getNumElements(op.getType()),
            *getElementKind(op.getOffset().getType()),
            getMemorySize(getPointeeKind(op.getPointer().getType())));
      });
  return success();
}
