//===- Passes.td - passes on the tkg dialect --------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_TRANSFORMS_PASSES
#define TK_DIALECT_TKG_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def AllocateSharedMemoryPass
    : Pass<"tkg-allocate-shared-memory", "::mlir::tk::KernelOp"> {
  let summary = "give every buffer its place in shared memory";
  let description = [{
    Buffers are the tiles of `tkg.alloc` and the scratch of ops
    (`getScratchBytes`). One that is never alive together with another may share
    its place. A buffer lives from its allocation to its last use, and through
    any loop that it is used in but allocated outside of. Places are chosen
    largest buffer first, each at the lowest offset that is free. Small scratch
    shares no place with other small scratch, which saves barriers between, say,
    the two reductions of a softmax; nor does scratch in loops, within limits. A
    small reduction alone in a loop gets two slots in turn (`tkg.scratch_slots`).
    Where that is more than a block has, no scratch stands apart.

    Reuse makes hazards between accesses to different buffers;
    `tkg-place-synchronisation` sees them.

    Before: layouts are assigned. After: every `tkg.alloc` has an `offset`, every
    op with scratch a `tkg.scratch_offset`, the kernel `tkg.shared_bytes`. More
    than the chip has is an error that lists the buffers.
  }];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "Number of buffers placed">,
    Statistic<"numBytes", "num-bytes", "Bytes of shared memory">];
}

def AssignLayoutsPass
    : Pass<"tkg-assign-layouts", "::mlir::tk::KernelOp"> {
  let summary = "give every tile a register layout";
  let description = [{
    Chooses one layout per tile so that, over the whole kernel, this is least:
    memory transactions, conversions, arithmetic on copies, and registers above
    what a thread has; each times how often it runs. Inserts
    `tkg.convert_layout` where two choices meet. Tiles that cost nothing to make
    (`tk.splat`, `tk.arange`, constants and a few ops on them) are made again
    instead.

    Every access to memory proposes layouts in which it is coalesced, every dot
    those of its instruction (`getDotLayouts`). Proposals spread along the
    relations of `LayoutInference.h` in both directions; from each, the cost is
    improved group by group. See docs/Layouts.md.

    Before: no tile carries a layout; dots have instructions. After: every tile
    carries one. Remarks name conversions in loops, and loads and dots whose tiles
    padding or copies make more than a quarter larger.
  }];
  let statistics = [
    Statistic<"numConversions", "num-conversions",
              "Number of tkg.convert_layout inserted">,
    Statistic<"numRematerialised", "num-rematerialised",
              "Number of cheap ops made again in another layout">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def ChooseCopiesPass : Pass<"tkg-choose-copies", "::mlir::ModuleOp"> {
  let summary = "choose how tiles travel from global memory";
  let description = [{
    *Variants.* A kernel that reads or writes tiles along the last dimension of an
    argument can move 16 bytes at once if the host promises that addresses allow
    it. Such a kernel is cloned: `k` stays `general`, `k__vector` may rely on the
    facts that this pass writes as `tkg.facts` on its arguments and, for the host,
    as conditions in `tkg.preconditions`.

    *Operands of matrix units.* A tile that is loaded for a dot on a matrix unit,
    directly or through `tk.trans`, goes to shared memory by `tkg.copy_async` and
    from there into the fragments of the instruction by `tkg.local_load`, where
    the chip has `cp.async`, elements outside are 0, and at least four bytes in a
    row are aligned. The layout in shared memory has the swizzle with the fewest
    bank conflicts. Copies that are needed together form one group. Everything
    else is loaded directly into registers.

    Before: dots have instructions; kernels are no variants. After: kernels are
    variants; copies are explicit. Remarks name the operands that could not be
    copied asynchronously, and why.
  }];
  let options = [
    Option<"variants", "variants", "bool", "true",
           "Make a variant for aligned arguments where it profits">];
  let statistics = [
    Statistic<"numVariants", "num-variants", "Number of kernels cloned">,
    Statistic<"numCopies", "num-copies", "Number of loads turned into copies">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def ChooseMatrixInstructionPass
    : Pass<"tkg-choose-matrix-instruction", "::mlir::tk::KernelOp"> {
  let summary = "choose the instruction of every dot";
  let description = [{
    Looks up what the chip multiplies the operand types with: `mma.sync` where it
    can, otherwise multiply-adds. Cuts the result among the warps of the block so
    that no warp idles and each reads as little of the operands as possible, which
    means nearly square pieces. Where the rows of a result are reduced, or become
    the left operand of another dot, the warps are put along the rows, so that a
    row stays within a warp.

    Where the result has few rows, the transposed product may waste less of the
    instruction: then `swap` is set.

    Before: `tkg.dot` without instruction. After: every `tkg.dot` has one; those
    that had one keep it. Remarks tell of dots that run on multiply-adds, and of
    padding above a quarter.
  }];
  let statistics = [
    Statistic<"numMatrix", "num-matrix", "Number of dots for a matrix unit">,
    Statistic<"numFma", "num-fma", "Number of dots by multiply-adds">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def ChooseSchedulePass : Pass<"tkg-choose-schedule", "::mlir::tk::KernelOp"> {
  let summary = "choose how the iterations of a loop overlap";
  let description = [{
    Loops that copy into shared memory, or load tiles, get a schedule: copies in
    stage 0, loads into registers one iteration ahead of the work, which is in the
    last stage. `tkg.num_stages` on a loop, or else `stages` of the kernel, is a
    wish; without one, there are as many stages as hide the latency of memory
    behind the dots of the loop. Either is cut to what shared memory holds,
    computed with the sizes that the allocation will use. Without a wish, loops
    along a row in which threads never meet get none: their many programs keep
    memory busy.

    Sets attributes only: `tkg.num_stages` on loops, `tkg.stage` and `tkg.order`
    on their ops. A loop whose ops have stages already keeps them.

    Before: copies are chosen. After: loops that profit have a schedule. Remarks
    tell what was pipelined, what could not run ahead and why, and wishes that
    shared memory did not grant.
  }];
  let statistics = [
    Statistic<"numPipelined", "num-pipelined", "Number of loops with a schedule">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def ExpandPipelinesPass : Pass<"tkg-expand-pipelines", "::mlir::tk::KernelOp"> {
  let summary = "run the stages of several iterations together";
  let description = [{
    Carries out `tkg.stage` and `tkg.order` on the ops of a loop: stage s of
    iteration i runs at time i + s; within a time, ops run by order, then as in
    the text. Any legal schedule will do; nothing is assumed about what the loop
    computes.

    Ops without a stage that only compute are repeated by every stage that needs
    them. A `tkg.alloc` in the body becomes a ring of as many slots as the stages
    that it is used in span. Values that live across stages are carried by the
    loop. The loop is preceded by a prologue; it runs as often as before, with its
    early stages ahead. Where these work for iterations that do not exist, loads
    and copies read nothing.

    An op that would run before something it depends on is an error that names
    both.

    Before: any kernel. After: no `tkg.stage`, `tkg.order`, `tkg.num_stages`.
  }];
  let statistics = [
    Statistic<"numExpanded", "num-expanded", "Number of loops expanded">];
  let dependentDialects = ["::mlir::tkg::TkgDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
}

def PlaceSynchronisationPass
    : Pass<"tkg-place-synchronisation", "::mlir::tk::KernelOp"> {
  let summary = "add the barriers and wait counts that a kernel needs";
  let description = [{
    One model of hazards for all memory that the threads of a block share.

    *Barriers.* Two accesses to one place conflict if one of them writes and
    different threads may make them. Between the two there is a barrier on every
    path; the fewest are sought, those in loops counting most. Places are bytes of shared memory after allocation, so that reuse of
    memory is seen, and views of arguments in global memory. Loops are followed
    until nothing changes. Nothing is needed between

    - slots of a ring that are provably different,
    - accesses to a view by the same layout, at coordinates of one grid, so that
      an element is touched by one thread,
    - accesses to parts of a view that are apart,
    - arguments of a kernel, unless declared as `alias`.

    *Copies.* `tkg.async_wait` gets in `pending` the smallest number of groups that
    any path commits after those it waits for. A `tkg.local_load` after a wait
    needs a barrier in between, because other threads made part of the copies. A
    buffer whose place is reused while a copy into it may be in flight gets a
    wait for all copies.

    Before: shared memory is allocated. After: kernels have no race between the
    threads of a block; every `tkg.async_wait` has `pending`.
  }];
  let statistics = [
    Statistic<"numBarriers", "num-barriers", "Number of barriers added">,
    Statistic<"numWaits", "num-waits", "Number of waits added">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def PrintLayoutsPass : Pass<"tkg-print-layouts", "::mlir::ModuleOp"> {
  let summary = "draw the layouts of a program";
  let description = [{
    Prints every layout in use once, in the order of the program: where it is used
    first, on which type, and a grid that shows the warp, lane and register of each
    element, or the offset of a tile in shared memory. With `svg`, a drawing of
    each goes to that folder as well, `layout0.svg` and so on.

    Before and after: any program; nothing changes.
  }];
  let options = [
    Option<"svg", "svg", "std::string", /*default=*/"",
           "Folder that drawings are written to">,
    Option<"maxExtent", "max-extent", "int64_t", /*default=*/"32",
           "Rows and columns beyond are left out">];
}

def ShareOperandsPass : Pass<"tkg-share-operands", "::mlir::tk::KernelOp"> {
  let summary = "put the operands of multiply-adds into shared memory";
  let description = [{
    A thread that multiplies without a matrix unit needs rows of one operand and
    columns of the other that many threads need too. Operands in registers would
    have to be converted to that layout, all of K at once. In shared memory they
    are read step by step, by all threads of a row together.

    Sets the sources of the instruction to `shared`, and writes the operands to
    shared memory by `tkg.alloc`. An operand with an extent that is no power of
    two is shared if it is loaded for this dot alone; else its parts might not fit
    together, and it stays in registers. So do operands that would take more than
    half of the shared memory of a block.

    Before: dots have instructions, no tile has a layout. After: the same.
  }];
  let statistics = [
    Statistic<"numOperands", "num-operands", "Number of operands shared">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

def SplitTilesPass : Pass<"tkg-split-tiles", "::mlir::tk::KernelOp"> {
  let summary = "loop over the parts of tiles that take too much code";
  let description = [{
    A tile is straight-line code: one instruction for each access of a thread.
    Where that is hundreds of them, the assembler takes longer for the accesses
    than for everything else. This pass makes loops of

    - a store of elementwise work on loads: a loop over slices of dimension 0;
    - the same with transposes, where the tile takes more than `max-transposed`
      accesses or the shared memory of a block: a loop over slices of the longest
      dimension, and one more for what remains;
    - a dot of operands that are loaded for it, maybe transposed: a loop over
      slices of K, in the same order of additions; also where its multiply-adds
      alone are too many;
    - any other store: its tile goes to shared memory, and a loop stores slices.

    How many accesses a tile takes depends on alignment, so tiles that move 16
    bytes at once stay whole. Loops that were made carry `tkg.rolled`, and nobody
    unrolls them again.

    Before: copies are chosen, no tile has a layout. After: the same.
  }];
  let options = [
    Option<"maxAccesses", "max-accesses", "int64_t", "32",
           "Accesses of a thread above which work on a tile is split">,
    Option<"maxProducts", "max-products", "int64_t", "1024",
           "Multiply-adds of a thread above which a dot is split">,
    Option<"maxTransposed", "max-transposed", "int64_t", "256",
           "Accesses of a thread above which work on a transposed tile is split">,
    Option<"maxStores", "max-stores", "int64_t", "64",
           "Accesses of a thread above which a store goes through shared memory">];
  let statistics = [
    Statistic<"numChains", "num-chains", "Number of chains from loads to a store split">,
    Statistic<"numDots", "num-dots", "Number of dots split">,
    Statistic<"numStores", "num-stores",
              "Number of stores that go through shared memory">];
  let dependentDialects = ["::mlir::tkg::TkgDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
}

def CheckTileSizesPass : Pass<"tkg-check-tile-sizes", "::mlir::ModuleOp"> {
  let summary = "refuse tiles that are far too large for the registers of a block";
  let description = [{
    Reports an error where tiles need more registers than a thread can have, and
    the number of live registers times the number of instructions of a thread is
    so large that the assembler would take minutes. Smaller tiles compile, spill,
    and get a remark.

    Before: every tile has a layout, pipelines are expanded. After: the same.
  }];
  let options = [
    Option<"maxWork", "max-work", "int64_t", "1 << 24",
           "Live registers times instructions of a thread above which a kernel is "
           "not assembled">];
}

#endif // TK_DIALECT_TKG_TRANSFORMS_PASSES
