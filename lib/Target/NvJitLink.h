//===- NvJitLink.h - libnvJitLink, loaded at run time ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_NVJITLINK_H
#define TK_LIB_TARGET_NVJITLINK_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace mlir::tk {

class NvJitLink {
public:
  struct Result {
    bool succeeded = false;
    std::string log;
    SmallVector<char, 0> cubin;
  };

  /// Loads the library, which then stays loaded. Returns nothing and sets
  /// `error` if it cannot be loaded or is too strange.
  static std::optional<NvJitLink> load(StringRef path, std::string &error);

  Result assemble(StringRef ptx, ArrayRef<std::string> options) const;

private:
  // The few declarations of nvJitLink.h that we use. Handles are opaque
  // pointers, results are enumerations whose value 0 means success.
  using Handle = void *;
  using CreateFn = int(Handle *, uint32_t, const char **);
  using DestroyFn = int(Handle *);
  using AddDataFn = int(Handle, int, const void *, size_t, const char *);
  using CompleteFn = int(Handle);
  using GetSizeFn = int(Handle, size_t *);
  using GetFn = int(Handle, void *);

  CreateFn *create = nullptr;
  DestroyFn *destroy = nullptr;
  AddDataFn *addData = nullptr;
  CompleteFn *complete = nullptr;
  GetSizeFn *getCubinSize = nullptr;
  GetFn *getCubin = nullptr;
  GetSizeFn *getErrorLogSize = nullptr;
  GetFn *getErrorLog = nullptr;
  GetSizeFn *getInfoLogSize = nullptr;
  GetFn *getInfoLog = nullptr;
};

} // namespace mlir::tk

#endif // TK_LIB_TARGET_NVJITLINK_H
