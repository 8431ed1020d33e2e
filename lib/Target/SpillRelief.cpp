//===- SpillRelief.cpp - more registers for kernels that spill ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SpillRelief.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk;

/// A warp gets registers in such steps, for each of its threads.
constexpr int64_t kRegisterStep = 8;

constexpr StringLiteral kMinBlocks = ".minnctapersm ";

/// The lines between the parameters and the body of an entry.
static StringRef findDirectives(StringRef ptx, StringRef entry) {
  size_t begin = ptx.find((".entry " + entry + "(").str());
  if (begin == StringRef::npos)
    return "";
  StringRef rest = ptx.substr(ptx.find(')', begin)).drop_front();
  return rest.take_front(rest.find('{'));
}

/// 256 of ".reqntid 128, 2, 1"; 0 where the number is open.
static int64_t getNumThreads(StringRef directives) {
  size_t at = directives.find(".reqntid ");
  if (at == StringRef::npos)
    return 0;
  StringRef line = directives.substr(at).split(' ').second.split('\n').first;
  int64_t numThreads = 1;
  for (StringRef extent : split(line, ',')) {
    int64_t number = 0;
    if (extent.trim().getAsInteger(10, number))
      return 0;
    numThreads *= number;
  }
  return numThreads;
}

/// The number behind `.minnctapersm`, and where it stands.
static StringRef findMinBlocks(StringRef directives) {
  size_t at = directives.find(kMinBlocks);
  return at == StringRef::npos
             ? ""
             : directives.substr(at + kMinBlocks.size()).split('\n').first;
}

/// How many blocks ptxas made room for, or was asked to.
static int64_t getNumBlocks(const ResourceUsage &kernel, int64_t numThreads,
                            StringRef directives, const TargetInfo &target) {
  int64_t numBlocks = target.getRegistersPerProcessor() /
                      (alignTo(kernel.numRegisters, kRegisterStep) *
                       alignTo(numThreads, target.getNumLanes()));
  int64_t limit = target.getMaxThreadsPerProcessor() / numThreads;
  int64_t asked = 0;
  if (!findMinBlocks(directives).trim().getAsInteger(10, asked))
    limit = std::min(limit, asked);
  return std::min(numBlocks, limit);
}

/// Whether what lies on the stack would not fit into registers even if there
/// were but one block.
static bool isBeyondHelp(const ResourceUsage &kernel, int64_t numThreads,
                         const TargetInfo &target) {
  constexpr int64_t kRegisterInBytes = 4;
  int64_t available =
      std::min<int64_t>(target.getMaxRegistersPerThread(),
                        target.getRegistersPerProcessor() /
                            alignTo(numThreads, target.getNumLanes()));
  return kernel.numRegisters + kernel.stackBytes / kRegisterInBytes > available;
}

static void setMinBlocks(std::string &ptx, StringRef directives,
                         int64_t numBlocks) {
  std::string number = std::to_string(numBlocks);
  if (StringRef old = findMinBlocks(directives); !old.empty())
    ptx.replace(old.data() - ptx.data(), old.size(), number);
  else
    ptx.insert(directives.end() - ptx.data(),
               (kMinBlocks + number + "\n").str());
}

bool mlir::tk::relieveSpills(std::string &ptx, ArrayRef<ResourceUsage> kernels,
                             const TargetInfo &target) {
  bool changed = false;
  for (const ResourceUsage &kernel : kernels) {
    if (kernel.spillStoreBytes == 0)
      continue;
    StringRef directives = findDirectives(ptx, kernel.kernel);
    int64_t numThreads = getNumThreads(directives);
    if (numThreads == 0 || directives.contains(".maxnreg"))
      continue;
    // With one block it has all that there is.
    int64_t numBlocks = getNumBlocks(kernel, numThreads, directives, target);
    if (numBlocks <= 1)
      continue;
    // Every step costs a run of the assembler, and for such a kernel a long
    // one.
    bool isLast = isBeyondHelp(kernel, numThreads, target);
    setMinBlocks(ptx, directives, isLast ? 1 : numBlocks - 1);
    changed = true;
  }
  return changed;
}
