//===- ROCDLCodegen.cpp - what AMD GPUs do for the lowering ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ROCDLCodegen.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tkg;

/// ds_swizzle and friends reach this many neighbouring lanes.
constexpr unsigned kSwizzleGroup = 32;

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value ROCDLCodegen::getThreadId(Emitter &e) const {
  return e.create<ROCDL::ThreadIdXOp>(e.getI32());
}

Value ROCDLCodegen::getBlockId(Emitter &e) const {
  return e.create<ROCDL::BlockIdXOp>(e.getI32());
}

/// The first hidden argument of a kernel is the number of blocks along x (LLVM,
/// "User Guide for AMDGPU Backend", code object V5 metadata).
Value ROCDLCodegen::getNumBlocks(Emitter &e) const {
  Value hidden =
      e.callIntrinsic("llvm.amdgcn.implicitarg.ptr", e.getPointer(4), {});
  auto load = e.create<LLVM::LoadOp>(e.getI32(), hidden, /*alignment=*/4);
  load.setInvariant(true);
  return load;
}

void ROCDLCodegen::setKernelAttributes(LLVM::LLVMFuncOp function,
                                       int64_t numThreads) const {
  Builder builder(function.getContext());
  std::string size = llvm::utostr(numThreads);
  function->setAttr(ROCDL::ROCDLDialect::getKernelFuncAttrName(),
                    builder.getUnitAttr());
  function->setAttr("rocdl.flat_work_group_size",
                    builder.getStringAttr(size + "," + size));
  function->setAttr("rocdl.reqd_work_group_size",
                    builder.getDenseI32ArrayAttr({int32_t(numThreads), 1, 1}));
}

//===----------------------------------------------------------------------===//
// Warps and blocks
//===----------------------------------------------------------------------===//

Value ROCDLCodegen::shuffleXor(Emitter &e, Value value,
                               unsigned laneMask) const {
  if (laneMask < kSwizzleGroup) {
    // Bit mode: source lane = ((lane & 0x1f) | 0) ^ mask (CDNA 3 ISA, "DS
    // swizzle").
    Value pattern = e.getI32Constant(laneMask << 10 | 0x1f);
    return e.create<ROCDL::DsSwizzleOp>(e.getI32(), value, pattern);
  }
  Value lane = e.remainderUnsigned(getThreadId(e), info.getNumLanes());
  return shuffleIndex(e, value, e.bitXor(lane, e.getI32Constant(laneMask)));
}

/// ds_bpermute counts lanes in bytes.
Value ROCDLCodegen::shuffleIndex(Emitter &e, Value value, Value lane) const {
  return e.create<ROCDL::DsBpermuteOp>(e.getI32(), e.shiftLeft(lane, 2), value);
}

/// Lanes run in lock step: only the compiler and the memory pipeline must keep
/// the order.
void ROCDLCodegen::syncWarp(Emitter &e) const {
  e.create<LLVM::FenceOp>(LLVM::AtomicOrdering::acq_rel, "wavefront");
}

void ROCDLCodegen::barrier(Emitter &e) const { e.create<ROCDL::BarrierOp>(); }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

SmallVector<Value> ROCDLCodegen::loadGlobal(Emitter &e,
                                            const GlobalAccess &access,
                                            ValueRange pad) const {
  MemoryWords words(e, access.elementType, access.numElements);
  SmallVector<Value> otherwise;
  if (access.predicate)
    otherwise = words.packOrZero(e, pad);
  return words.unpack(e, e.emitIf(access.predicate, otherwise, [&] {
    return words.load(e, access.pointer, access.isReadOnly);
  }));
}

void ROCDLCodegen::storeGlobal(Emitter &e, const GlobalAccess &access,
                               ValueRange values) const {
  MemoryWords words(e, access.elementType, access.numElements);
  SmallVector<Value> packed = words.pack(e, values);
  e.emitIf(access.predicate, {}, [&]() -> SmallVector<Value> {
    words.store(e, access.pointer, packed);
    return {};
  });
}

StringRef ROCDLCodegen::getSyncScope(tk::MemoryScope scope) const {
  switch (scope) {
  case tk::MemoryScope::Block:
    return "workgroup";
  case tk::MemoryScope::GPU:
    return "agent";
  case tk::MemoryScope::System:
    return "";
  }
  llvm_unreachable("all scopes are handled");
}

void ROCDLCodegen::storeShared(Emitter &e, Value pointer, Value value,
                               Value predicate) const {
  SmallVector<Value> values = isa<VectorType>(value.getType())
                                  ? e.splitVector(value)
                                  : SmallVector<Value>{value};
  MemoryWords words(e, values.front().getType(), values.size());
  SmallVector<Value> packed = words.pack(e, values);
  e.emitIf(predicate, {}, [&]() -> SmallVector<Value> {
    words.store(e, pointer, packed);
    return {};
  });
}

void ROCDLCodegen::copyAsync(Emitter &, Value, Value, int64_t, Value) const {
  llvm_unreachable("no width is offered, so that nobody asks");
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value ROCDLCodegen::callMath(Emitter &e, StringRef name, Type type,
                             ValueRange operands) const {
  std::string callee =
      ("__ocml_" + name + (type.isF32() ? "_f32" : "_f64")).str();
  return e.call(callee, type, operands);
}

Value ROCDLCodegen::exp2Approx(Emitter &e, Value value) const {
  return e.create<LLVM::Exp2Op>(value.getType(), value);
}

/// The back end has one instruction for these where an approximation will do,
/// or two. There is none for tanh: 1 - 2 / (e^2x + 1).
Value ROCDLCodegen::approximate(Emitter &e, StringRef name,
                                ValueRange operands) const {
  constexpr auto kApproximate = LLVM::FastmathFlags::afn;
  Type type = e.getF32();
  Value x = operands[0];
  if (name == "div")
    return e.create<LLVM::FDivOp>(type, x, operands[1], kApproximate);
  if (name == "log2")
    return e.create<LLVM::Log2Op>(type, x, kApproximate);
  if (name == "sqrt")
    return e.create<LLVM::SqrtOp>(type, x, kApproximate);
  if (name == "rsqrt")
    return e.callIntrinsic("llvm.amdgcn.rsq", type, x);
  if (name == "sin")
    return e.create<LLVM::SinOp>(type, x, kApproximate);
  if (name == "cos")
    return e.create<LLVM::CosOp>(type, x, kApproximate);
  assert(name == "tanh" && "the last of those asked for");
  constexpr float kTwoLog2OfE = 2.88539008f;
  Value one = e.getFloat(e.getF32(), llvm::APFloat(1.0f)),
        two = e.getFloat(e.getF32(), llvm::APFloat(2.0f));
  Value power = exp2Approx(
      e, e.create<LLVM::FMulOp>(
             type, x, e.getFloat(e.getF32(), llvm::APFloat(kTwoLog2OfE))));
  Value share = e.create<LLVM::FDivOp>(
      type, two, e.create<LLVM::FAddOp>(type, power, one), kApproximate);
  return e.create<LLVM::FSubOp>(type, one, share);
}

Value ROCDLCodegen::truncatePair(Emitter &e, Value low, Value high,
                                 Type element) const {
  Value pair = e.buildVector({low, high});
  return e.create<LLVM::FPTruncOp>(e.getVector(2, element), pair);
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

void ROCDLCodegen::printFormatted(Emitter &, StringRef, ValueRange) const {
  llvm_unreachable("asked only where canPrint()");
}

void ROCDLCodegen::trap(Emitter &e) const { e.create<LLVM::Trap>(); }
