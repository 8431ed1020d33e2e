//===- MessageOps.cpp - instructions of the grid, promises and messages ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::tk;

/// "[1, 3]" for element 7 of a tile<2x4>, nothing for a scalar.
static std::string formatIndex(ArrayRef<int64_t> shape, int64_t element) {
  if (shape.empty())
    return "";
  SmallVector<std::string> digits(shape.size());
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    digits[dim] = std::to_string(element % shape[dim]);
    element /= shape[dim];
  }
  return "[" + llvm::join(digits, ", ") + "]";
}

namespace {
/// tk.program_id and tk.num_programs. Slots: result.
class GridInstruction : public TileInstruction {
public:
  GridInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                  unsigned axis, bool isExtent)
      : TileInstruction(op, slots, numResults), axis(axis), isExtent(isExtent) {
  }
  void execute(ProgramInstance &instance) const override {
    instance.get<int64_t>(slots[0]) =
        isExtent ? instance.run.grid[axis] : instance.coordinates[axis];
  }

private:
  unsigned axis;
  bool isExtent;
};

/// Whether an optional argument was given. Slots: result, argument.
class IsPresentInstruction : public TileInstruction {
public:
  IsPresentInstruction(Operation *op, ArrayRef<size_t> slots,
                       unsigned numResults, bool isView)
      : TileInstruction(op, slots, numResults), isView(isView) {}
  void execute(ProgramInstance &instance) const override {
    const FatPointer &base = isView ? instance.get<ViewValue>(slots[1]).base
                                    : instance.get<FatPointer>(slots[1]);
    instance.get<uint8_t>(slots[0]) = base.allocation != kAbsentArgument;
  }

private:
  bool isView;
};

/// tk.assume, tk.assert and cf.assert. Slots: condition.
class CheckInstruction : public TileInstruction {
public:
  CheckInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                   ErrorKind kind, std::string what)
      : TileInstruction(op, slots, numResults), kind(kind),
        what(std::move(what)), shape(getTileShape(op->getOperand(0).getType())),
        count(getNumElements(op->getOperand(0).getType())) {}
  void execute(ProgramInstance &instance) const override {
    const uint8_t *condition = &instance.get<uint8_t>(slots[0]);
    const uint8_t *failed = std::find(condition, condition + count, 0);
    if (failed == condition + count)
      return;
    instance.run.errors.report(instance, op, kind, [&] {
      std::string element = formatIndex(shape, failed - condition);
      return describeProgram(instance.run, instance.number) + " fails " + what +
             (element.empty() ? "" : " at element " + element);
    });
    instance.state = ProgramInstance::State::Finished;
  }

private:
  ErrorKind kind;
  std::string what;
  ArrayRef<int64_t> shape;
  int64_t count;
};

/// Slots: values.
class PrintInstruction : public TileInstruction {
public:
  PrintInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                   PrintOp print)
      : TileInstruction(op, slots, numResults), print(print) {}

  void execute(ProgramInstance &instance) const override {
    if (instance.run.output.isFull())
      return;
    std::string text;
    llvm::raw_string_ostream os(text);
    auto printElement = [&](unsigned value, int64_t element) {
      Type type = print.getValues()[value].getType();
      os << formatIndex(getTileShape(type), element)
         << (isa<RankedTensorType>(type) ? " = " : "");
      printNumber(os, *getElementKind(type), isUnsigned(value),
                  instance.frame + slots[value] +
                      element * getFrameSize(*getElementKind(type)));
    };
    std::string prefix = describeProgram(instance.run, instance.number) + ": " +
                         print.getMessage().str();
    // Scalars share a line; each element of a tile has one of its own.
    bool hasTile = llvm::any_of(print.getValues().getTypes(),
                                llvm::IsaPred<RankedTensorType>);
    if (!hasTile)
      os << prefix;
    for (unsigned i = 0; i < slots.size(); ++i) {
      int64_t count = getNumElements(print.getValues()[i].getType());
      for (int64_t element = 0; element < count; ++element) {
        os << (hasTile ? prefix : "") << " ";
        printElement(i, element);
        os << (hasTile ? "\n" : "");
        if (text.size() > instance.run.options.maxOutputBytes)
          return instance.run.output.print(instance, text);
      }
    }
    if (!hasTile)
      os << "\n";
    instance.run.output.print(instance, text);
  }

private:
  bool isUnsigned(unsigned value) const {
    std::optional<ArrayRef<bool>> flags = print.getUnsignedValues();
    return flags && value < flags->size() && (*flags)[value];
  }

  static void printNumber(raw_ostream &os, ElementKind kind, bool isUnsigned,
                          const char *element) {
    if (kind == ElementKind::Pointer) {
      FatPointer pointer = *reinterpret_cast<const FatPointer *>(element);
      os << llvm::format_hex(pointer.address, 18);
    } else if (isFloatKind(kind)) {
      // As many digits as tell any two values apart.
      int digits = kind == ElementKind::F64   ? 17
                   : kind == ElementKind::F32 ? 9
                                              : 5;
      os << llvm::format("%.*g", digits, readFloat(kind, element));
    } else if (kind == ElementKind::I1) {
      os << (*element ? "true" : "false");
    } else {
      int64_t value = readInteger(kind, element);
      uint64_t mask = ~uint64_t(0) >> (64 - 8 * getFrameSize(kind));
      if (isUnsigned)
        os << (static_cast<uint64_t>(value) & mask);
      else
        os << value;
    }
  }

  mutable PrintOp print;
};
} // namespace

LogicalResult mlir::tk::buildMessageOp(ProgramBuilder &builder,
                                       Operation *operation) {
  SmallVector<size_t, 4> slots = builder.getSlots(operation);
  return TypeSwitch<Operation *, LogicalResult>(operation)
      .Case<ProgramIdOp>([&](ProgramIdOp op) {
        builder.emit<GridInstruction>(op, slots, 1, op.getAxis(), false);
        return success();
      })
      .Case<NumProgramsOp>([&](NumProgramsOp op) {
        builder.emit<GridInstruction>(op, slots, 1, op.getAxis(), true);
        return success();
      })
      .Case<IsPresentOp>([&](IsPresentOp op) -> LogicalResult {
        Type type = op.getArgument().getType();
        if (!isa<ViewType, PtrType>(type))
          return op.emitError(
              "the interpreter knows only views and pointers to be absent");
        builder.emit<IsPresentInstruction>(op, slots, 1, isa<ViewType>(type));
        return success();
      })
      .Case<AssumeOp>([&](AssumeOp op) {
        builder.emit<CheckInstruction>(op, slots, 0, ErrorKind::Assumption,
                                       "an assumption");
        return success();
      })
      .Case<AssertOp>([&](AssertOp op) {
        builder.emit<CheckInstruction>(
            op, slots, 0, ErrorKind::Assertion,
            ("the assertion '" + op.getMessage() + "'").str());
        return success();
      })
      .Case<cf::AssertOp>([&](cf::AssertOp op) {
        builder.emit<CheckInstruction>(
            op, slots, 0, ErrorKind::Assertion,
            ("the assertion '" + op.getMsg() + "'").str());
        return success();
      })
      .Case<PrintOp>([&](PrintOp op) {
        builder.emit<PrintInstruction>(op, slots, 0, op);
        return success();
      });
}
