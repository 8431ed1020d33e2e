//===- PtxFuzzer.cpp - feeds any bytes to the emulator --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses and decodes, and runs what loads. Nothing may crash, hang or read
// outside of its memory; reports and errors are fine.
//
//===----------------------------------------------------------------------===//

#include "PtxFuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::tk::fuzzPtx({reinterpret_cast<const char *>(data), size},
                    /*bufferBytes=*/4096, /*stepLimit=*/20000);
  return 0;
}
