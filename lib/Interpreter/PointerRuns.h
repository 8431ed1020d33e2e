//===- PointerRuns.h - accesses through tiles of pointers -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_POINTERRUNS_H
#define TK_LIB_INTERPRETER_POINTERRUNS_H

#include "RunMemory.h"

namespace mlir::tk {

/// Calls `fn(first, run)` for maximal runs of unmasked pointers to consecutive
/// elements.
template <typename Fn>
void forEachPointerRun(const FatPointer *pointers, const uint8_t *mask,
                       int64_t count, int64_t sizeInBytes, Fn fn) {
  for (int64_t i = 0; i < count;) {
    if (mask && !mask[i]) {
      ++i;
      continue;
    }
    int64_t first = i++;
    while (i < count && (!mask || mask[i]) &&
           pointers[i].address == pointers[i - 1].address + sizeInBytes &&
           pointers[i].allocation == pointers[first].allocation)
      ++i;
    fn(first, AccessRun{pointers[first].allocation, pointers[first].address,
                        sizeInBytes, i - first, sizeInBytes});
  }
}

/// Copies the elements of a run to the frame.
void readRun(const RunMemory &memory, ElementKind kind, char *to,
             const AccessRun &run);
/// Copies elements of the frame to those of a run.
void writeRun(ElementKind kind, const char *from, const AccessRun &run);

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_POINTERRUNS_H
