//===- NpyFile.h - tensors in NumPy's .npy files --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_NPYFILE_H
#define TK_RUNTIME_NPYFILE_H

#include "tk/Runtime/HostTensor.h"

namespace mlir::tk {

/// Reads a .npy file of format version 1, 2 or 3, little or big endian, in C or
/// Fortran order. `wanted` is the type that the reader will use the file as.
///
/// NumPy has no bfloat16 and no 8-bit floats. We write them as raw 2-byte
/// ('<V2') and 1-byte ('|V1') elements, and read raw or unsigned elements of
/// the same size where such a type is wanted. Everything else must match
/// `wanted` exactly.
llvm::Expected<HostTensor> readNpyFile(llvm::StringRef path, DType wanted);

/// The same from memory; `name` is what errors call it.
llvm::Expected<HostTensor> parseNpy(llvm::StringRef contents,
                                    llvm::StringRef name, DType wanted);

/// Writes format version 1.0, C order, little endian.
llvm::Error writeNpyFile(llvm::StringRef path, const HostTensor &tensor);
std::string serializeNpy(const HostTensor &tensor);

} // namespace mlir::tk

#endif // TK_RUNTIME_NPYFILE_H
