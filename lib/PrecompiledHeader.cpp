// PrecompiledHeader.cpp - the unit whose flags the precompiled header is built with.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#if !LLVM_ENABLE_ABI_BREAKING_CHECKS
// LLVM's library constructs the statistics of our passes: see DistributionStatistics.h.
static_assert(std::is_same_v<llvm::Statistic, llvm::NoopStatistic>);
#endif
