//===- ROCDLCodegen.h - what AMD GPUs do for the lowering -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_CONVERSION_TKGTOROCDL_ROCDLCODEGEN_H
#define TK_LIB_CONVERSION_TKGTOROCDL_ROCDLCODEGEN_H

#include "tk/Conversion/TkgToLLVM/TargetCodegen.h"

namespace mlir::tkg {

class ROCDLCodegen : public TargetCodegen {
public:
  explicit ROCDLCodegen(const tk::TargetInfo &info) : info(info) {}

  const tk::TargetInfo &getInfo() const override { return info; }
  Value getThreadId(Emitter &e) const override;
  Value getBlockId(Emitter &e) const override;
  Value getNumBlocks(Emitter &e) const override;
  void setKernelAttributes(LLVM::LLVMFuncOp function,
                           int64_t numThreads) const override;
  unsigned getStackAddressSpace() const override { return 5; }

  Value shuffleXor(Emitter &e, Value value, unsigned laneMask) const override;
  Value shuffleIndex(Emitter &e, Value value, Value lane) const override;
  void syncWarp(Emitter &e) const override;
  void barrier(Emitter &e) const override;

  SmallVector<Value> loadGlobal(Emitter &e, const GlobalAccess &access,
                                ValueRange pad) const override;
  void storeGlobal(Emitter &e, const GlobalAccess &access,
                   ValueRange values) const override;
  StringRef getSyncScope(tk::MemoryScope scope) const override;

  void storeShared(Emitter &e, Value pointer, Value value,
                   Value predicate) const override;

  ArrayRef<int64_t> getAsyncCopyWidths() const override { return {}; }
  void copyAsync(Emitter &e, Value shared, Value global, int64_t sizeInBytes,
                 Value predicate) const override;
  void commitCopies(Emitter &) const override {}
  void waitForCopies(Emitter &, int64_t) const override {}

  Value callMath(Emitter &e, StringRef name, Type type,
                 ValueRange operands) const override;
  Value exp2Approx(Emitter &e, Value value) const override;
  Value approximate(Emitter &e, StringRef name,
                    ValueRange operands) const override;
  Value truncatePair(Emitter &e, Value low, Value high,
                     Type element) const override;

  bool canPrint() const override { return false; }
  void printFormatted(Emitter &e, StringRef format,
                      ValueRange values) const override;
  void trap(Emitter &e) const override;

private:
  const tk::TargetInfo &info;
};

} // namespace mlir::tkg

#endif // TK_LIB_CONVERSION_TKGTOROCDL_ROCDLCODEGEN_H
