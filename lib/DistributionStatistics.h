//===- DistributionStatistics.h - statistics as LLVM was built ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included first in every file of ours (see CMakeLists.txt). Distributions build
// LLVM without assertions, where a Statistic has no value. With assertions, ours
// would have one, which the constructor in LLVM's library never sets.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DISTRIBUTIONSTATISTICS_H
#define TK_LIB_DISTRIBUTIONSTATISTICS_H

#include "llvm/Config/abi-breaking.h"

#if !defined(NDEBUG) && !LLVM_ENABLE_ABI_BREAKING_CHECKS
#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
#endif

#endif // TK_LIB_DISTRIBUTIONSTATISTICS_H
