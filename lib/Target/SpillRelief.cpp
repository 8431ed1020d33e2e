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

/// The first of `characters` from `begin` on that is in no comment and no
/// string; the end of the text if there is none.
static size_t findCode(StringRef ptx, StringRef characters, size_t begin = 0) {
  std::string all = (characters + "/\"").str();
  size_t at = begin;
  while ((at = ptx.find_first_of(all, at)) != StringRef::npos) {
    StringRef rest = ptx.substr(at);
    StringRef closing = rest.starts_with("//")   ? "\n"
                        : rest.starts_with("/*") ? "*/"
                        : rest.starts_with("\"") ? "\""
                                                 : "";
    if (closing.empty() && characters.contains(ptx[at]))
      return at;
    at = closing.empty() ? at + 1 : ptx.find(closing, at + 1);
    if (at != StringRef::npos && !closing.empty())
      at += closing.size();
  }
  return ptx.size();
}

/// Behind the brace that closes the one at `begin`.
static size_t findBodyEnd(StringRef ptx, size_t begin) {
  unsigned depth = 0;
  for (size_t at = begin; at < ptx.size(); at = findCode(ptx, "{}", at + 1))
    if (ptx[at] == '{')
      ++depth;
    else if (--depth == 0)
      return at + 1;
  return ptx.size();
}

std::string mlir::tk::emptyOtherKernels(StringRef ptx, StringRef kernel) {
  // It names labels of the bodies.
  if (ptx.contains(".debug_info"))
    return ptx.str();
  std::string result;
  while (!ptx.empty()) {
    size_t begin = findCode(ptx, "{;");
    StringRef head = ptx.take_front(begin);
    StringRef body =
        ptx.slice(begin, head.size() < ptx.size() && ptx[begin] == '{'
                             ? findBodyEnd(ptx, begin)
                             : begin + 1);
    StringRef name = head.split(".entry ").second.take_until(
        [](char c) { return c == '(' || isSpace(c); });
    result += head;
    result +=
        name.empty() || name == kernel || body == ";" ? body : "{\n\tret;\n}";
    ptx = ptx.drop_front(head.size() + body.size());
  }
  return result;
}

/// The most registers that each thread can have beside so many blocks.
static int64_t getRegisterLimit(int64_t numBlocks, int64_t numThreads,
                                const TargetInfo &target) {
  int64_t share = target.getRegistersPerProcessor() /
                  (numBlocks * alignTo(numThreads, target.getNumLanes()));
  return std::min<int64_t>(alignDown(share, kRegisterStep),
                           target.getMaxRegistersPerThread());
}

/// The most blocks below `numBlocks` that leave more registers, and for which
/// `kernel` does not spill; 1 if it spills for two. From above, one by one: a
/// kernel that does not spill for 6 blocks may do so for 4.
static FailureOr<int64_t> findNumBlocks(StringRef ptx, StringRef kernel,
                                        int64_t numBlocks, int64_t numThreads,
                                        const TargetInfo &target,
                                        MeasureKernelFn measure) {
  std::string alone = emptyOtherKernels(ptx, kernel);
  int64_t limit = getRegisterLimit(numBlocks, numThreads, target);
  while (--numBlocks > 1) {
    int64_t newLimit = getRegisterLimit(numBlocks, numThreads, target);
    if (newLimit == limit)
      continue;
    limit = newLimit;
    setMinBlocks(alone, findDirectives(alone, kernel), numBlocks);
    FailureOr<ResourceUsage> usage = measure(alone, kernel);
    if (failed(usage))
      return failure();
    if (usage->spillStoreBytes == 0)
      return numBlocks;
  }
  return 1;
}

FailureOr<SmallVector<SpillRelief>>
mlir::tk::relieveSpills(std::string &ptx, ArrayRef<ResourceUsage> kernels,
                        const TargetInfo &target, MeasureKernelFn measure) {
  SmallVector<SpillRelief> reliefs;
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
    // For such a kernel a run of the assembler takes seconds.
    FailureOr<int64_t> settled =
        isBeyondHelp(kernel, numThreads, target)
            ? 1
            : findNumBlocks(ptx, kernel.kernel, numBlocks, numThreads, target,
                            measure);
    if (failed(settled))
      return failure();
    setMinBlocks(ptx, directives, *settled);
    reliefs.push_back({kernel.kernel, numBlocks, *settled});
  }
  return reliefs;
}
