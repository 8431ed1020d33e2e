//===- MessageOps.cpp - lowers promises, assertions and prints ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;

/// A '%' in the text of a message is no conversion.
static std::string escapeFormat(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '%' ? std::string("%%") : std::string(1, c);
  return result;
}

namespace {

struct AssumePattern : TkgPattern<tk::AssumeOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::AssumeOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    // A promise about a tile would cost LLVM more than it tells.
    if (adaptor.getCondition().size() == 1)
      e.create<LLVM::AssumeOp>(adaptor.getCondition().front());
    return SmallVector<Value>();
  }
};

/// "file.tk:7:3: "
std::string describeLocation(Location loc) {
  std::string text;
  loc->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + llvm::Twine(file.getLine()) +
            ":" + llvm::Twine(file.getColumn()) + ": ")
               .str();
    return WalkResult::interrupt();
  });
  return text;
}

struct AssertPattern : TkgPattern<tk::AssertOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::AssertOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = op.getCondition().getType();
    Value fails;
    for (auto [r, condition] : llvm::enumerate(adaptor.getCondition())) {
      Value isFalse = e.bitXor(condition, e.getI1Constant(true));
      isFalse = e.both(isFalse, context.getIsElement(type, r, e));
      fails = fails ? e.bitOr(fails, isFalse) : isFalse;
    }
    std::string format =
        escapeFormat(describeLocation(op.getLoc()) +
                     "assertion failed: " + op.getMessage().str()) +
        "\n";
    Value isOwner = context.getIsOwner(type, e);
    e.emitIf(e.both(fails, isOwner), {}, [&]() -> SmallVector<Value> {
      if (getTarget().canPrint())
        getTarget().printFormatted(e, format, {});
      getTarget().trap(e);
      return {};
    });
    return SmallVector<Value>();
  }
};

struct PrintPattern : TkgPattern<tk::PrintOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::PrintOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    if (!getTarget().canPrint()) {
      op.emitWarning("prints nothing on this target");
      return SmallVector<Value>();
    }
    if (op.getValues().empty())
      e.emitIf(context.getIsOwner(Type(), e), {}, [&]() -> SmallVector<Value> {
        print(e, op.getMessage(), "", {});
        return {};
      });
    for (auto [i, value] : llvm::enumerate(op.getValues())) {
      bool isUnsigned = op.getUnsignedValues() && (*op.getUnsignedValues())[i];
      printValue(op, value.getType(), adaptor.getValues()[i], isUnsigned, e);
    }
    return SmallVector<Value>();
  }

private:
  /// Prefixes what is printed with the program, as several print at once.
  void print(Emitter &e, StringRef message, StringRef rest,
             ArrayRef<Value> arguments) const {
    SmallVector<Value> all = {getTarget().getBlockId(e)};
    llvm::append_range(all, arguments);
    getTarget().printFormatted(
        e, "[program %d] " + escapeFormat(message) + rest.str() + "\n", all);
  }

  void printValue(tk::PrintOp op, Type type, ValueRange registers,
                  bool isUnsigned, Emitter &e) const {
    const Layout &layout = getTileLayout(type);
    Value isOwner = context.getIsOwner(type, e);
    for (auto [r, value] : llvm::enumerate(registers)) {
      if (isCopy(layout, r))
        continue;
      Value predicate = e.both(isOwner, context.getIsElement(type, r, e));
      e.emitIf(predicate, {},
               [&, r = r, value = value]() -> SmallVector<Value> {
                 printElement(op, type, r, value, isUnsigned, e);
                 return {};
               });
    }
  }

  void printElement(tk::PrintOp op, Type type, int64_t r, Value value,
                    bool isUnsigned, Emitter &e) const {
    std::string rest;
    SmallVector<Value> arguments;
    if (auto tile = dyn_cast<RankedTensorType>(type)) {
      const TileCoordinates &coordinates =
          context.getCoordinates(getTileLayout(tile), e);
      for (unsigned dim = 0; dim < tile.getRank(); ++dim) {
        rest += dim ? ", %d" : "[%d";
        arguments.push_back(coordinates.getCoordinate(e, dim, r));
      }
      rest += "]";
    }
    rest += " = ";
    addArgument(e, value, isUnsigned, rest, arguments);
    print(e, op.getMessage(), rest, arguments);
  }

  /// Variadic arguments are promoted as in C.
  static void addArgument(Emitter &e, Value value, bool isUnsigned,
                          std::string &format,
                          SmallVectorImpl<Value> &arguments) {
    Type type = value.getType();
    if (isa<LLVM::LLVMPointerType>(type)) {
      format += "%p";
      arguments.push_back(e.create<LLVM::PtrToIntOp>(e.getI64(), value));
    } else if (isa<FloatType>(type)) {
      format += "%g";
      Type wide = e.getRewriter().getF64Type();
      arguments.push_back(
          type == wide ? value : Value(e.create<LLVM::FPExtOp>(wide, value)));
    } else {
      format += isUnsigned ? "%llu" : "%lld";
      bool extendsZeros = isUnsigned || type.isInteger(1);
      arguments.push_back(type.getIntOrFloatBitWidth() == 64 ? value
                          : extendsZeros ? e.zeroExtend(value, e.getI64())
                                         : e.signExtend(value, e.getI64()));
    }
  }
};
} // namespace

void mlir::tkg::populateMessagePatterns(LoweringContext &context,
                                        RewritePatternSet &patterns) {
  patterns.add<AssertPattern, AssumePattern, PrintPattern>(context);
}
