//===- Toolkits.h - finds the files of CUDA and ROCm ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_TOOLKITS_H
#define TK_LIB_TARGET_TOOLKITS_H

#include "tk/Target/Target.h"
#include <optional>

namespace mlir::tk {

/// The result of a search: a path, or the places where it was not found.
struct FoundFile {
  std::optional<std::string> path;
  std::string searched;
};

/// libdevice.10.bc.
FoundFile findLibdevice(const TargetOptions &options);

/// ocml.bc.
FoundFile findOcml(const TargetOptions &options);

/// The program `ptxas`.
FoundFile findPtxas(const TargetOptions &options);

/// libnvJitLink.so. Where none of the usual places has it, the path is a bare
/// name that the dynamic linker may still resolve.
FoundFile findNvJitLink(const TargetOptions &options);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_TOOLKITS_H
