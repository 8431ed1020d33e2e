//===- ShapeOps.cpp - instructions that make and reshape tiles ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

namespace {
/// Slots: result.
class ArangeInstruction : public TileInstruction {
public:
  ArangeInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                    int64_t count, ElementKind kind)
      : TileInstruction(op, slots, numResults), count(count), kind(kind) {}
  void execute(ProgramInstance &instance) const override {
    dispatchNumber(kind, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (!isFloatType<T>) {
        T *result = &instance.get<T>(slots[0]);
        for (int64_t i = 0; i < count; ++i)
          result[i] = static_cast<T>(i);
      }
    });
  }

private:
  int64_t count;
  ElementKind kind;
};

/// Copies elements of the source that lie at equal distances along each
/// dimension of the result: broadcasts and transpositions. Slots: result,
/// source.
class StridedCopyInstruction : public TileInstruction {
public:
  StridedCopyInstruction(Operation *op, ArrayRef<size_t> slots,
                         unsigned numResults, ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> strides, int64_t elementSize)
      : TileInstruction(op, slots, numResults), shape(shape), strides(strides),
        elementSize(elementSize) {}
  void execute(ProgramInstance &instance) const override {
    char *to = instance.frame + slots[0];
    const char *from = instance.frame + slots[1];
    switch (elementSize) {
    case 1:
      return copy<uint8_t>(to, from, 0);
    case 2:
      return copy<uint16_t>(to, from, 0);
    case 4:
      return copy<uint32_t>(to, from, 0);
    case 8:
      return copy<uint64_t>(to, from, 0);
    default:
      return copy<FatPointer>(to, from, 0);
    }
  }

private:
  template <typename T>
  void copy(char *&to, const char *from, size_t dim) const {
    int64_t stride = strides[dim];
    if (dim + 1 < shape.size()) {
      for (int64_t i = 0; i < shape[dim]; ++i)
        copy<T>(to, from + i * stride * sizeof(T), dim + 1);
      return;
    }
    T *result = reinterpret_cast<T *>(to);
    const T *source = reinterpret_cast<const T *>(from);
    for (int64_t i = 0; i < shape[dim]; ++i)
      result[i] = source[i * stride];
    to += shape[dim] * sizeof(T);
  }

  SmallVector<int64_t> shape;
  SmallVector<int64_t> strides;
  int64_t elementSize;
};

/// Views the source as [outer, axis, inner]. Slots: result, source, indices.
class GatherInstruction : public TileInstruction {
public:
  GatherInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                    GatherOp gather)
      : TileInstruction(op, slots, numResults) {
    ArrayRef<int64_t> shape = getTileShape(gather.getSource().getType());
    unsigned axis = gather.getAxis();
    for (int64_t extent : shape.take_front(axis))
      outer *= extent;
    extent = shape[axis];
    int64_t inner = 1;
    for (int64_t extent : shape.drop_front(axis + 1))
      inner *= extent;
    innerSize =
        inner * getFrameSize(*getElementKind(gather.getSource().getType()));
    indexKind = *getElementKind(gather.getIndices().getType());
    numIndices = getNumElements(gather.getIndices().getType());
  }
  void execute(ProgramInstance &instance) const override {
    char *result = instance.frame + slots[0];
    const char *source = instance.frame + slots[1];
    const char *indices = instance.frame + slots[2];
    int64_t indexSize = getFrameSize(indexKind);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < numIndices; ++i, result += innerSize) {
        int64_t index = readInteger(indexKind, indices + i * indexSize);
        if (index < 0 || index >= extent) {
          report(instance, index);
          std::memset(result, 0, innerSize);
          continue;
        }
        std::memcpy(result, source + (o * extent + index) * innerSize,
                    innerSize);
      }
  }

private:
  void report(ProgramInstance &instance, int64_t index) const {
    instance.run.errors.report(instance, op, ErrorKind::GatherOutside, [&] {
      return describeProgram(instance.run, instance.number) +
             " gathers element " + std::to_string(index) +
             " of a tile of extent " + std::to_string(extent);
    });
  }

  int64_t outer = 1, extent, innerSize, numIndices;
  ElementKind indexKind;
};
} // namespace

static SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

static LogicalResult buildStridedCopy(ProgramBuilder &builder, Operation *op,
                                      ArrayRef<int64_t> strides) {
  Type type = op->getResult(0).getType();
  if (getNumElements(type) == 1 ||
      (isa<BroadcastOp>(op) && type == op->getOperand(0).getType())) {
    builder.setRegister(op->getResult(0),
                        builder.getRegister(op->getOperand(0)));
    return success();
  }
  builder.emit<StridedCopyInstruction>(op, builder.getSlots(op), 1,
                                       getTileShape(type), strides,
                                       getFrameSize(*getElementKind(type)));
  return success();
}

LogicalResult mlir::tk::buildShapeOp(ProgramBuilder &builder,
                                     Operation *operation) {
  return TypeSwitch<Operation *, LogicalResult>(operation)
      .Case<ArangeOp>([&](ArangeOp op) {
        builder.emit<ArangeInstruction>(op, builder.getSlots(op), 1,
                                        getNumElements(op.getType()),
                                        *getElementKind(op.getType()));
        return success();
      })
      .Case<ReshapeOp, ExpandDimsOp>([&](Operation *op) {
        // Tiles are row-major: the elements stay where they are.
        builder.setRegister(op->getResult(0),
                            builder.getRegister(op->getOperand(0)));
        return success();
      })
      .Case<BroadcastOp>([&](BroadcastOp op) {
        ArrayRef<int64_t> shape = getTileShape(op.getSource().getType());
        SmallVector<int64_t> strides = getStrides(shape);
        for (auto [extent, stride] : llvm::zip_equal(shape, strides))
          if (extent == 1)
            stride = 0;
        return buildStridedCopy(builder, op, strides);
      })
      .Case<TransOp>([&](TransOp op) {
        SmallVector<int64_t> strides =
            getStrides(getTileShape(op.getSource().getType()));
        SmallVector<int64_t> permuted;
        for (int32_t dim : op.getPermutation())
          permuted.push_back(strides[dim]);
        return buildStridedCopy(builder, op, permuted);
      })
      .Case<GatherOp>([&](GatherOp op) {
        builder.emit<GatherInstruction>(op, builder.getSlots(op), 1, op);
        return success();
      });
}
