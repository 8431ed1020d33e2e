//===- NVVMCodegen.cpp - what NVIDIA GPUs do for the lowering -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NVVMCodegen.h"
#include "InlinePtx.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::tkg;
using llvm::utostr;

/// All lanes of a warp take part.
constexpr int64_t kFullWarp = -1;
/// The clamp of shfl.bfly and shfl.idx that lets all 32 lanes exchange (PTX
/// ISA, "shfl.sync").
constexpr int64_t kFullClamp = 0x1f;

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value NVVMCodegen::getThreadId(Emitter &e) const {
  return e.create<NVVM::ThreadIdXOp>(e.getI32());
}

Value NVVMCodegen::getBlockId(Emitter &e) const {
  return e.create<NVVM::BlockIdXOp>(e.getI32());
}

Value NVVMCodegen::getNumBlocks(Emitter &e) const {
  return e.create<NVVM::GridDimXOp>(e.getI32());
}

void NVVMCodegen::setKernelAttributes(LLVM::LLVMFuncOp function,
                                      int64_t numThreads) const {
  Builder builder(function.getContext());
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    builder.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    builder.getDenseI32ArrayAttr({int32_t(numThreads), 1, 1}));
}

//===----------------------------------------------------------------------===//
// Warps and blocks
//===----------------------------------------------------------------------===//

Value NVVMCodegen::shuffleXor(Emitter &e, Value value,
                              unsigned laneMask) const {
  return e.create<NVVM::ShflOp>(e.getI32(), e.getI32Constant(kFullWarp), value,
                                e.getI32Constant(laneMask),
                                e.getI32Constant(kFullClamp),
                                NVVM::ShflKind::bfly, UnitAttr());
}

Value NVVMCodegen::shuffleIndex(Emitter &e, Value value, Value lane) const {
  return e.create<NVVM::ShflOp>(e.getI32(), e.getI32Constant(kFullWarp), value,
                                lane, e.getI32Constant(kFullClamp),
                                NVVM::ShflKind::idx, UnitAttr());
}

void NVVMCodegen::syncWarp(Emitter &e) const {
  e.create<NVVM::SyncWarpOp>(e.getI32Constant(kFullWarp));
}

/// Not `nvvm.barrier`, whose parser takes a location behind it for its optional
/// attribute: the stage could not be read again.
void NVVMCodegen::barrier(Emitter &e) const { e.create<NVVM::Barrier0Op>(); }

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

/// ".v4.b32"
static std::string getSuffix(const MemoryWords &words) {
  std::string suffix = words.count == 1 ? "" : ".v" + utostr(words.count);
  return suffix + ".b" + utostr(words.memoryBitWidth);
}

SmallVector<Value> NVVMCodegen::loadGlobal(Emitter &e,
                                           const GlobalAccess &access,
                                           ValueRange pad) const {
  MemoryWords words(e, access.elementType, access.numElements);
  if (!access.predicate)
    return words.unpack(
        e, words.load(e, access.pointer, /*isInvariant=*/access.isReadOnly));
  InlinePtx ptx;
  for (unsigned i = 0; i < words.count; ++i)
    ptx.addResult(words.type);
  ptx.addInput(access.pointer);
  ptx.addInput(access.predicate);
  SmallVector<Value> padWords = words.packOrZero(e, pad);
  for (auto [i, word] : llvm::enumerate(padWords))
    ptx.addTiedInput(word, i);
  std::string text = "@$" + utostr(words.count + 1) + " ld.global" +
                     (access.isReadOnly ? ".nc" : "") + getSuffix(words) + " " +
                     getOperandList(0, words.count) + ", [$" +
                     utostr(words.count) + "];";
  return words.unpack(e, ptx.emit(e, text, InlinePtx::Memory));
}

void NVVMCodegen::storeGlobal(Emitter &e, const GlobalAccess &access,
                              ValueRange values) const {
  MemoryWords words(e, access.elementType, access.numElements);
  SmallVector<Value> packed = words.pack(e, values);
  if (!access.predicate) {
    words.store(e, access.pointer, packed);
    return;
  }
  InlinePtx ptx;
  ptx.addInput(access.pointer);
  ptx.addInput(access.predicate);
  for (Value word : packed)
    ptx.addInput(word);
  ptx.emit(e,
           "@$1 st.global" + getSuffix(words) + " [$0], " +
               getOperandList(2, words.count) + ";",
           InlinePtx::Memory);
}

StringRef NVVMCodegen::getSyncScope(tk::MemoryScope scope) const {
  switch (scope) {
  case tk::MemoryScope::Block:
    return "block";
  case tk::MemoryScope::GPU:
    return "device";
  case tk::MemoryScope::System:
    return "";
  }
  llvm_unreachable("all scopes are handled");
}

static std::string getOrderAndScope(tk::MemoryOrder order,
                                    tk::MemoryScope scope) {
  static constexpr StringLiteral kOrders[] = {".relaxed", ".acquire",
                                              ".release", ".acq_rel"};
  static constexpr StringLiteral kScopes[] = {".cta", ".gpu", ".sys"};
  return (kOrders[unsigned(order)] + kScopes[unsigned(scope)]).str();
}

/// LLVM swaps 16 bits as part of 32, which an ordinary load reads first. PTX
/// has an instruction for them since version 6.3.
Value NVVMCodegen::compareAndSwap(Emitter &e, Value pointer, Value compare,
                                  Value value, tk::MemoryOrder order,
                                  tk::MemoryScope scope) const {
  if (!compare.getType().isInteger(16))
    return TargetCodegen::compareAndSwap(e, pointer, compare, value, order,
                                         scope);
  InlinePtx ptx;
  ptx.addResult(compare.getType());
  ptx.addInput(pointer);
  ptx.addInput(compare);
  ptx.addInput(value);
  return ptx
      .emit(e,
            "atom" + getOrderAndScope(order, scope) +
                ".global.cas.b16 $0, [$1], $2, $3;",
            InlinePtx::Memory)
      .front();
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// A shared address in one register: PTX takes 32 bits in the shared window.
static Value getSharedAddress(Emitter &e, Value pointer) {
  return e.create<LLVM::PtrToIntOp>(e.getI32(), pointer);
}

void NVVMCodegen::storeShared(Emitter &e, Value pointer, Value value,
                              Value predicate) const {
  SmallVector<Value> values = isa<VectorType>(value.getType())
                                  ? e.splitVector(value)
                                  : SmallVector<Value>{value};
  MemoryWords words(e, values.front().getType(), values.size());
  SmallVector<Value> packed = words.pack(e, values);
  if (!predicate) {
    words.store(e, pointer, packed);
    return;
  }
  InlinePtx ptx;
  ptx.addInput(getSharedAddress(e, pointer));
  ptx.addInput(predicate);
  for (Value word : packed)
    ptx.addInput(word);
  ptx.emit(e,
           "@$1 st.shared" + getSuffix(words) + " [$0], " +
               getOperandList(2, words.count) + ";",
           InlinePtx::Memory);
}

static NVVM::LdStMatrixShapeAttr getMatrixShape(Emitter &e) {
  return NVVM::LdStMatrixShapeAttr::get(e.getContext(), 8, 8);
}

static NVVM::MMALayout getMatrixOrder(bool isTransposed) {
  return isTransposed ? NVVM::MMALayout::col : NVVM::MMALayout::row;
}

SmallVector<Value> NVVMCodegen::loadMatrices(Emitter &e, Value pointer,
                                             unsigned numMatrices,
                                             bool isTransposed) const {
  Type type = e.getTuple(SmallVector<Type>(numMatrices, e.getI32()));
  Value loaded = e.create<NVVM::LdMatrixOp>(
      type, pointer, numMatrices, getMatrixOrder(isTransposed),
      getMatrixShape(e), NVVM::LdStMatrixEltType::B16);
  if (numMatrices == 1)
    return {loaded};
  SmallVector<Value> words;
  for (unsigned i = 0; i < numMatrices; ++i)
    words.push_back(e.extractValue(loaded, i));
  return words;
}

void NVVMCodegen::storeMatrices(Emitter &e, Value pointer, ValueRange words,
                                bool isTransposed) const {
  e.create<NVVM::StMatrixOp>(pointer, words, getMatrixOrder(isTransposed),
                             getMatrixShape(e), NVVM::LdStMatrixEltType::B16);
}

//===----------------------------------------------------------------------===//
// Copies from global to shared memory
//===----------------------------------------------------------------------===//

ArrayRef<int64_t> NVVMCodegen::getAsyncCopyWidths() const {
  static constexpr int64_t widths[] = {16, 8, 4};
  if (!info.has(tk::Capability::CpAsync))
    return {};
  return widths;
}

void NVVMCodegen::copyAsync(Emitter &e, Value shared, Value global,
                            int64_t sizeInBytes, Value predicate) const {
  // Only 16 bytes may pass by L1.
  auto modifier = sizeInBytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                    : NVVM::LoadCacheModifierKind::CA;
  Value numRead;
  if (predicate)
    numRead =
        e.select(predicate, e.getI32Constant(sizeInBytes), e.getI32Constant(0));
  e.create<NVVM::CpAsyncOp>(shared, global, sizeInBytes, modifier, numRead);
}

void NVVMCodegen::commitCopies(Emitter &e) const {
  e.create<NVVM::CpAsyncCommitGroupOp>();
}

void NVVMCodegen::waitForCopies(Emitter &e, int64_t numPending) const {
  e.create<NVVM::CpAsyncWaitGroupOp>(numPending);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value NVVMCodegen::callMath(Emitter &e, StringRef name, Type type,
                            ValueRange operands) const {
  std::string callee = ("__nv_" + name + (type.isF32() ? "f" : "")).str();
  return e.call(callee, type, operands);
}

/// Results below 2^-126 are 0, as the language allows: without `.ftz` every
/// `ex2` is a comparison and two products more.
Value NVVMCodegen::exp2Approx(Emitter &e, Value value) const {
  return e.callIntrinsic("llvm.nvvm.ex2.approx.ftz", e.getF32(), value);
}

/// PTX ISA, "Floating Point Instructions". Division is that of the full range:
/// `div.approx` gives 0 where the divisor is above 2^126.
Value NVVMCodegen::approximate(Emitter &e, StringRef name,
                               ValueRange operands) const {
  if (name == "tanh") {
    InlinePtx ptx;
    ptx.addResult(e.getF32());
    ptx.addInput(operands[0]);
    return ptx.emit(e, "tanh.approx.f32 $0, $1;", InlinePtx::None).front();
  }
  StringRef intrinsic = llvm::StringSwitch<StringRef>(name)
                            .Case("div", "llvm.nvvm.div.full")
                            .Case("log2", "llvm.nvvm.lg2.approx.f")
                            .Case("sqrt", "llvm.nvvm.sqrt.approx.f")
                            .Case("rsqrt", "llvm.nvvm.rsqrt.approx.f")
                            .Case("sin", "llvm.nvvm.sin.approx.f")
                            .Case("cos", "llvm.nvvm.cos.approx.f");
  return e.callIntrinsic(intrinsic, e.getF32(), operands);
}

Value NVVMCodegen::truncatePair(Emitter &e, Value low, Value high,
                                Type element) const {
  Value pair = e.buildVector({low, high});
  return e.create<LLVM::FPTruncOp>(e.getVector(2, element), pair);
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

void NVVMCodegen::trap(Emitter &e) const {
  InlinePtx().emit(e, "trap;", InlinePtx::Memory);
}

/// The NUL-terminated text as a global constant.
static Value getString(Emitter &e, StringRef text) {
  RewriterBase &rewriter = e.getRewriter();
  auto module =
      rewriter.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  std::string name;
  for (unsigned i = 0; name.empty() || module.lookupSymbol(name); ++i)
    name = "__tk_format_" + utostr(i);
  OpBuilder::InsertionGuard guard(rewriter);
  std::string terminated = (text + StringRef("\0", 1)).str();
  auto type = LLVM::LLVMArrayType::get(e.getI8(), terminated.size());
  LLVM::GlobalOp global;
  {
    OpBuilder::InsertionGuard inner(rewriter);
    rewriter.setInsertionPointToStart(module.getBody());
    global = e.create<LLVM::GlobalOp>(type, /*isConstant=*/true,
                                      LLVM::Linkage::Internal, name,
                                      rewriter.getStringAttr(terminated));
  }
  return e.create<LLVM::AddressOfOp>(global);
}

void NVVMCodegen::printFormatted(Emitter &e, StringRef format,
                                 ValueRange values) const {
  // int vprintf(const char *format, void *arguments), the arguments as a
  // structure in local memory (CUDA, PTX interoperability).
  Type pointer = e.getPointer(0);
  Value arguments = e.getZero(pointer);
  if (!values.empty()) {
    auto type = LLVM::LLVMStructType::getLiteral(
        e.getContext(), llvm::to_vector(values.getTypes()));
    arguments = e.create<LLVM::AllocaOp>(pointer, type, e.getI32Constant(1));
    for (auto [i, value] : llvm::enumerate(values)) {
      Value field = e.create<LLVM::GEPOp>(
          pointer, type, arguments,
          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
      e.create<LLVM::StoreOp>(value, field);
    }
  }
  e.call("vprintf", e.getI32(), {getString(e, format), arguments});
}
