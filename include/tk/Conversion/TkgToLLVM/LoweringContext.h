//===- LoweringContext.h - what the patterns of the lowering share --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_LOWERINGCONTEXT_H
#define TK_CONVERSION_TKGTOLLVM_LOWERINGCONTEXT_H

#include "mlir/Transforms/DialectConversion.h"
#include "tk/Conversion/TkgToLLVM/AccessTraits.h"
#include "tk/Conversion/TkgToLLVM/TargetCodegen.h"
#include "tk/Conversion/TkgToLLVM/TileCoordinates.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::tkg {

/// Address spaces, equal on both vendors' targets.
constexpr unsigned kGlobalSpace = 1;
constexpr unsigned kSharedSpace = 3;

/// What LLVM shall know of a loop, on the branch back to its start.
constexpr StringLiteral kLoopAnnotationAttr = "llvm.loop_annotation";

/// A tile becomes the registers that each thread holds, in register order; a
/// view its base pointer, extents and strides; a shared-memory tile its
/// address; a token nothing.
class TkgTypeConverter : public TypeConverter {
public:
  TkgTypeConverter();
};

/// A view after conversion.
struct ViewValues {
  Value base;
  ValueRange extents; // i64
  ValueRange strides; // i64, in elements
};
ViewValues getViewValues(ValueRange values);

/// State of one conversion, shared by all patterns.
class LoweringContext {
public:
  LoweringContext(MLIRContext *context, const TargetCodegen &target)
      : context(context), target(target) {}

  const TargetCodegen &getTarget() const { return target; }
  const TkgTypeConverter &getTypeConverter() const { return converter; }
  MLIRContext *getMLIRContext() const { return context; }

  /// \name What a kernel computes once, at its start
  /// @{
  void enterKernel(LLVM::LLVMFuncOp function, int64_t numWarps);
  ThreadPlace getThreadPlace(Emitter &e);
  /// The coordinates of the elements of a tile.
  const TileCoordinates &getCoordinates(const tk::Layout &layout, Emitter &e);
  /// True in the thread that stands for all that hold the same elements; null
  /// if no two threads do.
  Value getIsFirstReplica(const tk::Layout &layout, Emitter &e);
  /// True in the thread that stores the elements of a value of `type`: a scalar
  /// (or nothing at all: a null type) is held by all threads. Null if every
  /// thread has its own.
  Value getIsOwner(Type type, Emitter &e);
  /// Whether register `r` of a value of `type` holds an element of it and not
  /// padding, i1. Null where it does in every thread, the constant false where
  /// it does in none.
  Value getIsElement(Type type, int64_t r, Emitter &e);
  /// The address of the shared memory of the block.
  Value getSharedMemory(Emitter &e);
  /// Emits `value` once at the start of the kernel, whatever `e` points to.
  Value emitAtEntry(Emitter &e, function_ref<Value(Emitter &)> emit);
  int64_t getNumWarps() const { return numWarps; }
  /// @}

  /// The traits of the access `op`.
  const AccessTraits &getAccessTraits(Operation *op) const;
  void setAccessTraits(Operation *op, AccessTraits traits) {
    accessTraits[op] = std::move(traits);
  }

private:
  MLIRContext *context;
  const TargetCodegen &target;
  TkgTypeConverter converter;

  LLVM::LLVMFuncOp function;
  int64_t numWarps = 1;
  /// The last op of the shared prefix of `function`.
  Operation *lastEntryOp = nullptr;
  std::optional<ThreadPlace> place;
  Value sharedMemory;
  SmallVector<std::pair<tk::Layout, std::unique_ptr<TileCoordinates>>, 0> tiles;
  SmallVector<std::pair<tk::Layout, Value>, 0> firstReplicas;
  Value isFirstThread;
  DenseMap<Operation *, AccessTraits> accessTraits;
};

/// The layout of a tile; the scalar layout for a scalar.
const tk::Layout &getTileLayout(Type type);
/// The type of an element after conversion.
Type convertElementType(Type type);
/// The type of an element in memory after conversion: a bool takes a byte.
Type getMemoryType(Type type);

/// The base of our patterns: hands out an Emitter, and takes back one range of
/// values for each result.
template <typename OpT> class TkgPattern : public OpConversionPattern<OpT> {
public:
  using OneToNOpAdaptor = typename OpConversionPattern<OpT>::OneToNOpAdaptor;

  TkgPattern(LoweringContext &context, PatternBenefit benefit = 1)
      : OpConversionPattern<OpT>(context.getTypeConverter(),
                                 context.getMLIRContext(), benefit),
        context(context) {}

  /// Lowers `op`; `e` stands in front of it. Returns the values of its result,
  /// if it has one.
  virtual FailureOr<SmallVector<Value>> lower(OpT op, OneToNOpAdaptor adaptor,
                                              Emitter &e) const = 0;

  LogicalResult
  matchAndRewrite(OpT op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const final {
    Emitter e(rewriter, op.getLoc());
    FailureOr<SmallVector<Value>> values = lower(op, adaptor, e);
    if (failed(values))
      return failure();
    if (op->getNumResults() == 0) {
      rewriter.eraseOp(op);
      return success();
    }
    SmallVector<SmallVector<Value>> replacements;
    replacements.push_back(std::move(*values));
    rewriter.replaceOpWithMultiple(op, std::move(replacements));
    return success();
  }

protected:
  const TargetCodegen &getTarget() const { return context.getTarget(); }

  LoweringContext &context;
};

/// \name The families of ops
/// @{
void populateAtomicPatterns(LoweringContext &context,
                            RewritePatternSet &patterns);
void populateCastPatterns(LoweringContext &context,
                          RewritePatternSet &patterns);
void populateControlFlowPatterns(LoweringContext &context,
                                 RewritePatternSet &patterns);
void populateConvertLayoutPatterns(LoweringContext &context,
                                   RewritePatternSet &patterns);
void populateCopyPatterns(LoweringContext &context,
                          RewritePatternSet &patterns);
void populateDotPatterns(LoweringContext &context, RewritePatternSet &patterns);
void populateElementwisePatterns(LoweringContext &context,
                                 RewritePatternSet &patterns);
void populateGatherPatterns(LoweringContext &context,
                            RewritePatternSet &patterns);
void populateKernelPatterns(LoweringContext &context,
                            RewritePatternSet &patterns);
void populateMathPatterns(LoweringContext &context,
                          RewritePatternSet &patterns);
void populateMemoryPatterns(LoweringContext &context,
                            RewritePatternSet &patterns);
void populateMessagePatterns(LoweringContext &context,
                             RewritePatternSet &patterns);
void populateReducePatterns(LoweringContext &context,
                            RewritePatternSet &patterns);
void populateShapePatterns(LoweringContext &context,
                           RewritePatternSet &patterns);
void populateSharedMemoryPatterns(LoweringContext &context,
                                  RewritePatternSet &patterns);
void populateViewPatterns(LoweringContext &context,
                          RewritePatternSet &patterns);
/// @}

/// The chip that `module` names in `tkg.target`, if it is one of `vendor`;
/// null, after an error, if not.
const tk::TargetInfo *findTarget(ModuleOp module, tk::Vendor vendor);

/// Lowers all kernels of `module` to the LLVM dialect, with the patterns above
/// and those that `addTargetPatterns` adds.
LogicalResult
lowerKernels(ModuleOp module, const TargetCodegen &target,
             function_ref<void(LoweringContext &, RewritePatternSet &)>
                 addTargetPatterns);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_LOWERINGCONTEXT_H
