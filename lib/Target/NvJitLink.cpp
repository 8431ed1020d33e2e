//===- NvJitLink.cpp - libnvJitLink, loaded at run time -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NvJitLink.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace mlir;
using namespace mlir::tk;

/// The function `name`. The library exports plain names since 12.4, and before
/// that only names with the version of the toolkit.
static void *findFunction(llvm::sys::DynamicLibrary &library, StringRef name) {
  if (void *function = library.getAddressOfSymbol(name.str().c_str()))
    return function;
  for (int minor = 9; minor >= 0; --minor) {
    std::string versioned = ("__" + name + "_12_" + Twine(minor)).str();
    if (void *function = library.getAddressOfSymbol(versioned.c_str()))
      return function;
  }
  return nullptr;
}

template <typename Fn>
static bool bind(llvm::sys::DynamicLibrary &library, Fn *&function,
                 StringRef name) {
  function = reinterpret_cast<Fn *>(findFunction(library, name));
  return function != nullptr;
}

std::optional<NvJitLink> NvJitLink::load(StringRef path, std::string &error) {
  llvm::sys::DynamicLibrary library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(path.str().c_str(),
                                                     &error);
  if (!library.isValid())
    return std::nullopt;
  NvJitLink linker;
  bool isComplete =
      bind(library, linker.create, "nvJitLinkCreate") &&
      bind(library, linker.destroy, "nvJitLinkDestroy") &&
      bind(library, linker.addData, "nvJitLinkAddData") &&
      bind(library, linker.complete, "nvJitLinkComplete") &&
      bind(library, linker.getCubinSize, "nvJitLinkGetLinkedCubinSize") &&
      bind(library, linker.getCubin, "nvJitLinkGetLinkedCubin") &&
      bind(library, linker.getErrorLogSize, "nvJitLinkGetErrorLogSize") &&
      bind(library, linker.getErrorLog, "nvJitLinkGetErrorLog") &&
      bind(library, linker.getInfoLogSize, "nvJitLinkGetInfoLogSize") &&
      bind(library, linker.getInfoLog, "nvJitLinkGetInfoLog");
  if (isComplete)
    return linker;
  error = ("'" + path + "' lacks functions of nvJitLink 12 and 13").str();
  return std::nullopt;
}

NvJitLink::Result NvJitLink::assemble(StringRef ptx,
                                      ArrayRef<std::string> options) const {
  constexpr int kInputPtx = 2;
  Result result;
  SmallVector<const char *> arguments;
  for (const std::string &option : options)
    arguments.push_back(option.c_str());
  Handle handle = nullptr;
  if (int code = create(&handle, arguments.size(), arguments.data())) {
    result.log = "error: nvJitLinkCreate returned " + std::to_string(code);
    return result;
  }
  // The size includes the terminating zero.
  std::string text = ptx.str();
  result.succeeded = addData(handle, kInputPtx, text.c_str(), text.size() + 1,
                             "kernel.ptx") == 0 &&
                     complete(handle) == 0;

  auto appendLog = [&](GetSizeFn *getSize, GetFn *get) {
    size_t size = 0;
    if (getSize(handle, &size) || size <= 1)
      return;
    std::string log(size, '\0');
    if (get(handle, log.data()) == 0)
      result.log += log.c_str();
    result.log += '\n';
  };
  appendLog(getErrorLogSize, getErrorLog);
  appendLog(getInfoLogSize, getInfoLog);

  size_t size = 0;
  if (result.succeeded && getCubinSize(handle, &size) == 0) {
    result.cubin.resize_for_overwrite(size);
    result.succeeded = getCubin(handle, result.cubin.data()) == 0;
  }
  destroy(&handle);
  return result;
}
