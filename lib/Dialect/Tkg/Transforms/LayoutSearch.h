//===- LayoutSearch.h - the cheapest layouts of a kernel ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTSEARCH_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTSEARCH_H

#include "LayoutGraph.h"
#include "tk/Analysis/Alignment.h"

namespace mlir::tkg {

/// Chooses a layout for every group so that accesses, conversions, arithmetic
/// and register pressure together cost least.
///
/// *Candidates.* Every access to memory proposes the layouts in which it is
/// coalesced, every dot those of its instruction. A proposal spreads through
/// the graph: what a group gets then is a candidate for it. So a kernel without
/// conflicts has one candidate everywhere, and no conversion.
///
/// *Search.* Each proposal, spread, is a start. From there, until nothing gets
/// better: change one group to another of its candidates, or change it and
/// spread that. The best end of all starts is taken. Deterministic; small
/// kernels have few groups, so this finds the optimum in practice.
///
/// A `tk.reshape` may have no layout that goes through it; then `evaluate` of
/// its result is null for the layouts that are returned.
SmallVector<LayoutAttr>
searchLayouts(tk::KernelOp kernel, const LayoutGraph &graph,
              const AlignmentAnalysis &alignment, tk::ThreadCounts threads);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTSEARCH_H
