//===- Toolkits.cpp - finds the files of CUDA and ROCm --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Toolkits.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::tk;

/// Adds the folder that an environment variable names, if it is set.
static void addFromEnvironment(SmallVectorImpl<std::string> &roots,
                               StringRef variable) {
  std::optional<std::string> value = llvm::sys::Process::GetEnv(variable);
  if (value && !value->empty())
    roots.push_back(*value);
}

/// Where a CUDA toolkit may be. A folder that the user names is the only one.
static SmallVector<std::string> getCudaRoots(const TargetOptions &options) {
  SmallVector<std::string> roots;
  if (!options.cudaPath.empty()) {
    roots.push_back(options.cudaPath);
    return roots;
  }
  addFromEnvironment(roots, "CUDA_PATH");
  addFromEnvironment(roots, "CUDA_HOME");
  // The toolkit whose ptxas is on the PATH: <root>/bin/ptxas.
  if (llvm::ErrorOr<std::string> ptxas =
          llvm::sys::findProgramByName("ptxas")) {
    SmallString<128> real;
    if (!llvm::sys::fs::real_path(*ptxas, real))
      roots.push_back(
          llvm::sys::path::parent_path(llvm::sys::path::parent_path(real))
              .str());
  }
  roots.append({"/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda",
                "/usr/lib/nvidia-cuda-toolkit", "/usr"});
  return roots;
}

static SmallVector<std::string> getRocmRoots(const TargetOptions &options) {
  SmallVector<std::string> roots;
  if (!options.rocmPath.empty()) {
    roots.push_back(options.rocmPath);
    return roots;
  }
  addFromEnvironment(roots, "ROCM_PATH");
  addFromEnvironment(roots, "HIP_PATH");
  roots.append({"/opt/rocm", "/usr/lib/x86_64-linux-gnu",
                "/usr/lib/aarch64-linux-gnu", "/usr"});
  return roots;
}

static FoundFile findBelow(ArrayRef<std::string> roots,
                           ArrayRef<StringRef> relativePaths) {
  FoundFile result;
  for (const std::string &root : roots) {
    for (StringRef relative : relativePaths) {
      SmallString<128> path(root);
      llvm::sys::path::append(path, relative);
      if (llvm::sys::fs::exists(path)) {
        result.path = path.str().str();
        return result;
      }
    }
  }
  result.searched = llvm::join(roots, ", ");
  return result;
}

FoundFile mlir::tk::findLibdevice(const TargetOptions &options) {
  return findBelow(getCudaRoots(options), {"nvvm/libdevice/libdevice.10.bc",
                                           "libdevice/libdevice.10.bc"});
}

FoundFile mlir::tk::findOcml(const TargetOptions &options) {
  return findBelow(getRocmRoots(options),
                   {"amdgcn/bitcode/ocml.bc", "share/amdgcn/bitcode/ocml.bc"});
}

FoundFile mlir::tk::findPtxas(const TargetOptions &options) {
  return findBelow(getCudaRoots(options), {"bin/ptxas"});
}

FoundFile mlir::tk::findNvJitLink(const TargetOptions &options) {
  SmallVector<StringRef> relativePaths = {
      "lib64/libnvJitLink.so.13", "lib/libnvJitLink.so.13",
      "lib64/libnvJitLink.so.12", "lib/libnvJitLink.so.12"};
  FoundFile result = findBelow(getCudaRoots(options), relativePaths);
  if (!result.path && options.cudaPath.empty())
    result.path = "libnvJitLink.so.13";
  return result;
}
