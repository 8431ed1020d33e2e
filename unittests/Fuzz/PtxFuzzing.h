//===- PtxFuzzing.h - runs the entries of any module ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_FUZZ_PTXFUZZING_H
#define TK_UNITTESTS_FUZZ_PTXFUZZING_H

#include "tk/Emulator/Emulator.h"

namespace mlir::tk {

/// Loads the text and runs every entry of what loads: one cluster or two
/// blocks, a buffer of `bufferBytes` for each pointer, `stepLimit` warp-
/// instructions. Modules whose variables take more than a megabyte are slow and
/// not interesting.
void fuzzPtx(llvm::StringRef text, uint64_t bufferBytes, uint64_t stepLimit);

} // namespace mlir::tk

#endif // TK_UNITTESTS_FUZZ_PTXFUZZING_H
