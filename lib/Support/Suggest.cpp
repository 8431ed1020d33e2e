//===- Suggest.cpp - spelling suggestions for mistyped names --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Suggest.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>

using namespace llvm;

/// Optimal string alignment distance: insertions, deletions, substitutions and
/// swaps of neighbours cost one edit each.
static unsigned getEditDistance(StringRef from, StringRef to) {
  size_t width = to.size() + 1;
  SmallVector<unsigned> twoBack(width), previous(width), current(width);
  for (size_t j = 0; j < width; ++j)
    previous[j] = j;
  for (size_t i = 1; i <= from.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j < width; ++j) {
      unsigned substitution = previous[j - 1] + (from[i - 1] != to[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, substitution});
      bool isSwap = i > 1 && j > 1 && from[i - 1] == to[j - 2] &&
                    from[i - 2] == to[j - 1];
      if (isSwap)
        current[j] = std::min(current[j], twoBack[j - 2] + 1);
    }
    std::swap(twoBack, previous);
    std::swap(previous, current);
  }
  return previous[to.size()];
}

std::optional<StringRef> mlir::tk::findClosest(StringRef name,
                                               ArrayRef<StringRef> candidates) {
  // Names this long are not typing slips, and the distance is quadratic.
  constexpr size_t kMaxLength = 64;
  if (name.size() > kMaxLength)
    return std::nullopt;
  unsigned bestDistance = std::max<size_t>(1, name.size() / 3) + 1;
  std::optional<StringRef> best;
  for (StringRef candidate : candidates) {
    if (candidate == name || candidate.size() > 2 * kMaxLength)
      continue;
    unsigned distance = getEditDistance(name, candidate);
    // With no letter in common it is another name, not a slip.
    bool sharesLetters = distance < std::max(name.size(), candidate.size());
    if (sharesLetters && distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}
