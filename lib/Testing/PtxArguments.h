//===- PtxArguments.h - the arguments of a launch as text -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_PTXARGUMENTS_H
#define TK_LIB_TESTING_PTXARGUMENTS_H

#include "tk/Emulator/TensorMap.h"
#include "tk/Frontend/Program.h"
#include "tk/Runtime/HostTensor.h"

namespace mlir::tk {

/// A tensor in device memory: "x:f32=randn[4, 100]".
struct PtxBufferText {
  std::string name;
  DType dtype = DType::F32;
  /// Unspecified: `poison`.
  DataSource data;
  /// Of a file: known when it is read.
  llvm::SmallVector<int64_t, 4> dims;
};

/// What a parameter of the entry gets.
struct PtxArgumentText {
  enum class Kind {
    /// A new tensor; the parameter is its address.
    Buffer,
    /// "@x+64": the address of a tensor, or a tensor map.
    Reference,
    /// "i32=5", "i32={1, 2}", "null".
    Bytes,
  };
  Kind kind = Kind::Bytes;
  PtxBufferText buffer;
  std::string reference;
  uint64_t offsetInBytes = 0;
  std::vector<uint8_t> bytes;
};

/// A tensor map: "m=x,box=64x16,swizzle=128B". What is not given comes from the
/// tensor.
struct PtxMapText {
  std::string name, tensor;
  uint64_t offsetInBytes = 0;
  std::optional<TensorMapType> type;
  /// The first dimension is the fastest.
  llvm::SmallVector<uint64_t, 5> dims, strides, box, elementStrides;
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  bool fillsNaN = false;
};

/// What an output is compared with: "y=want.npy within (rel = 1e-3, abs = 0)".
struct PtxExpectationText {
  std::string name, path;
  /// Without a tolerance, exactly.
  OutputCheck check;
};

/// Each error quotes the text and says what was found and needed.
llvm::Expected<PtxArgumentText> parsePtxArgument(llvm::StringRef text);
llvm::Expected<PtxBufferText> parsePtxBuffer(llvm::StringRef text);
llvm::Expected<PtxMapText> parsePtxMap(llvm::StringRef text);
/// `{"m": {"tensor": "x", "box": [64, 16], "swizzle": "128B"}}`.
llvm::Expected<std::vector<PtxMapText>> readPtxMaps(llvm::StringRef path);
llvm::Expected<PtxExpectationText> parsePtxExpectation(llvm::StringRef text);

} // namespace mlir::tk

#endif // TK_LIB_TESTING_PTXARGUMENTS_H
