//===- Manifest.h - how a binary describes its kernels --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A manifest is all that a host program needs to check arguments and launch. It
// travels as JSON: in the module attribute `tk.manifest` while compiling, then
// in the binary as the bytes of the global symbol `__tk_manifest`.

#ifndef TK_SUPPORT_MANIFEST_H
#define TK_SUPPORT_MANIFEST_H

#include "tk/Support/DType.h"
#include "tk/Support/HostExpr.h"
#include "tk/Support/ParamAccess.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace mlir::tk {

/// An argument as the user of a kernel sees it.
struct ManifestParam {
  std::string name;
  bool isTensor = false;
  /// A scalar that is a pointer, or a tensor of pointers, to `dtype`.
  bool isPointer = false;
  DType dtype = DType::F32;
  ParamAccess access = ParamAccess::Read;
  /// Of a tensor: one expression for each dimension. One that is just a name
  /// gives the name its value; the others must come out equal.
  std::vector<HostExpr> dims;
  /// Parameters whose memory may overlap this one's.
  std::vector<std::string> aliases;
  /// Of a temp: its memory starts as zeros.
  bool isZeroed = false;
  /// Of a mut argument: what the host sets it to before every launch.
  std::optional<double> initialValue;

  bool operator==(const ManifestParam &other) const;
};

/// One parameter of the device function.
struct AbiSlot {
  enum class Kind {
    Address,    ///< of element 0 of tensor `param`, or the pointer `param`
    Dim,        ///< extent of dimension `dim` of tensor `param`, i64
    Stride,     ///< stride of dimension `dim` of tensor `param`, elements, i64
    Scalar,     ///< scalar `param`, as its dtype
    GridExtent, ///< extent of the grid along axis `dim`, i32
    Workspace,  ///< address of the workspace
  };
  Kind kind;
  unsigned param = 0;
  unsigned dim = 0;

  bool operator==(const AbiSlot &other) const {
    return kind == other.kind && param == other.param && dim == other.dim;
  }
};

/// One device function, which may rely on `preconditions`.
struct ManifestVariant {
  /// "tma", "vector" or "general".
  std::string name;
  /// Of the device function.
  std::string symbol;
  /// Over dimensions, scalars and "x.address", "x.stride0", "x.span".
  std::vector<HostExpr> preconditions;
  std::vector<AbiSlot> abi;
  std::array<int64_t, 3> blockSize = {1, 1, 1};
  std::array<int64_t, 3> clusterSize = {1, 1, 1};
  /// Shared memory to ask for at launch; what the function declares itself is
  /// not counted.
  int64_t dynamicSharedBytes = 0;
  /// The function takes the programs of all axes along the first.
  bool hasLinearGrid = false;

  bool operator==(const ManifestVariant &other) const;
};

/// Memory that a kernel needs besides its arguments.
struct ManifestWorkspace {
  HostExpr bytes = HostExpr::integer(0);
  int64_t alignment = 256;
  bool isZeroed = false;

  bool operator==(const ManifestWorkspace &other) const;
};

/// One instance of a kernel.
struct ManifestKernel {
  std::string name;
  /// As the user writes it: "softmax<bf16, BLOCK = 4096>".
  std::string instance;
  std::vector<ManifestParam> params;
  /// One to three extents.
  std::vector<HostExpr> grid;
  std::vector<HostExpr> requirements;
  ManifestWorkspace workspace;
  /// Tried in order.
  std::vector<ManifestVariant> variants;

  bool operator==(const ManifestKernel &other) const;
};

/// A tensor in the memory of a launch of a sequence, or a scalar.
struct ManifestStepArgument {
  /// A parameter or temp of the sequence; empty for a scalar.
  std::string buffer;
  /// The same memory in another shape; both empty if taken as it is.
  std::vector<HostExpr> dims;
  std::vector<HostExpr> strides;
  std::optional<HostExpr> scalar;

  bool operator==(const ManifestStepArgument &other) const;
};

/// One launch of a sequence.
struct ManifestStep {
  /// ManifestKernel::instance.
  std::string kernel;
  /// One for each parameter of the kernel.
  std::vector<ManifestStepArgument> arguments;

  bool operator==(const ManifestStep &other) const {
    return kernel == other.kernel && arguments == other.arguments;
  }
};

/// Launches of kernels, one after the other, on memory that they share.
struct ManifestSequence {
  std::string name;
  std::string instance;
  std::vector<ManifestParam> params;
  /// Memory that the host provides for the time of the launches.
  std::vector<ManifestParam> temps;
  std::vector<HostExpr> requirements;
  std::vector<ManifestStep> steps;

  bool operator==(const ManifestSequence &other) const;
};

/// A file that an embedded source imports, directly or through others.
struct EmbeddedFile {
  /// For messages: where it was, seen from the source. Two files may have one
  /// name.
  std::string name;
  std::string text;
  struct Importer {
    /// 0 for the source, i + 1 for the file i.
    size_t file;
    /// As it is written in the import.
    std::string path;

    bool operator==(const Importer &other) const {
      return file == other.file && path == other.path;
    }
  };
  std::vector<Importer> importers;

  bool operator==(const EmbeddedFile &other) const {
    return name == other.name && text == other.text &&
           importers == other.importers;
  }
};

struct Manifest {
  static constexpr int64_t kSchemaVersion = 1;
  static constexpr llvm::StringLiteral kSymbolName = "__tk_manifest";

  /// "sm_90a".
  std::string target;
  std::vector<ManifestKernel> kernels;
  std::vector<ManifestSequence> sequences;
  /// Of the text that was compiled and of what it imports, as 16 hexadecimal
  /// digits; may be empty.
  std::string sourceHash;
  /// The text itself, if it was embedded: makes a binary testable.
  std::string source;
  /// What the embedded source imports.
  std::vector<EmbeddedFile> imports;

  /// Canonical: equal manifests give equal bytes.
  std::string toJSON() const;
  /// The error names the field that is missing or wrong.
  static llvm::Expected<Manifest> fromJSON(llvm::StringRef text);

  /// Fails if a sequence launches a kernel that is not here, or with a wrong
  /// number of arguments. Holds once all kernels are collected.
  llvm::Error checkSequences() const;

  const ManifestKernel *findInstance(llvm::StringRef instance) const;

  bool operator==(const Manifest &other) const;
};

/// The hash for Manifest::sourceHash.
std::string hashSource(llvm::StringRef source,
                       llvm::ArrayRef<EmbeddedFile> imports = {});

/// "x.address", "x.dim0", "x.stride1", "alpha", "grid.1", "workspace".
std::string formatAbiSlot(const AbiSlot &slot,
                          llvm::ArrayRef<ManifestParam> params);
std::optional<AbiSlot> parseAbiSlot(llvm::StringRef text,
                                    llvm::ArrayRef<ManifestParam> params);

/// As the language writes it: "0", "-inf", "0.5".
std::string formatInitialValue(double value);

} // namespace mlir::tk

#endif // TK_SUPPORT_MANIFEST_H
