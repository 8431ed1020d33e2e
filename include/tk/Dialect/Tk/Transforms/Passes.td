//===- Passes.td - passes on the tk dialect ---------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_TRANSFORMS_PASSES
#define TK_DIALECT_TK_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def BindParametersPass : Pass<"tk-bind-parameters", "::mlir::tk::KernelOp"> {
  let summary = "fix optional arguments, dimensions and scalars of a kernel";
  let description = [{
    Replaces `tk.is_present` by a constant: false for the arguments named in
    `absent`, true for the others. An absent argument leaves the signature; it
    may be used only where the kernel has tested that it is there.

    `values` binds named dimensions and scalar arguments. The argument list stays
    as it is, so that the host passes the same things; the condition (`N == 4096`)
    joins those of `require`.

    Before: any kernel. After: no `tk.is_present`, no absent argument; no code
    under a condition that is constant.
  }];
  let options = [
    ListOption<"absent", "absent", "std::string",
               "Names of the optional arguments that are not given">,
    ListOption<"values", "values", "std::string",
               "Values of dimensions and scalars, as name=value">];
  let statistics = [
    Statistic<"numBound", "num-bound", "Number of dimensions and scalars bound">,
    Statistic<"numAbsent", "num-absent", "Number of absent arguments removed">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def InlineFunctionsPass : Pass<"tk-inline-functions", "::mlir::ModuleOp"> {
  let summary = "inline every call of a function";
  let description = [{
    Functions of the language have no place on the device: each call becomes the
    body of the function. Private functions are then dropped; public ones (the
    references) stay.

    Before: `func.call` to functions of this module, each of one block. A
    function that calls itself, directly or through others, is an error. After:
    no `func.call`, no private `func.func`.
  }];
  let statistics = [
    Statistic<"numInlined", "num-inlined", "Number of calls inlined">];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def ProveInboundsPass : Pass<"tk-prove-inbounds", "::mlir::tk::KernelOp"> {
  let summary = "drop the bounds tests of view accesses that cannot fail";
  let description = [{
    Sets the flag of `inbounds` of each dimension of a `tk.load_view` or
    `tk.store_view` whose coordinates are proved to lie inside the view:

    - program ids stay below the extent of the grid, so `x[tk.program_id 0, ...]`
      is inside where the grid has the extent of that dimension of `x`;
    - the ranges of the coordinates, found by integer range analysis, lie inside
      an extent that is known.

    Before and after: any kernel; only flags are added.
  }];
  let statistics = [
    Statistic<"numProved", "num-proved", "Number of dimensions proved inside">];
}

def SplitMaskedLoopsPass : Pass<"tk-split-masked-loops", "::mlir::tk::KernelOp"> {
  let summary = "split loops so that most iterations test no bounds";
  let description = [{
    A loop whose bounds tests and masks depend on the loop variable as a linear
    form is cut into segments: `full`, where every such test is known to pass, and
    before and after it `head` and `tail`, which keep them. In `full` the accesses
    carry `inbounds` and the masks are constant. Segments carry `tk.segment`, so
    that later passes give them one schedule. A segment may run zero times; results
    pass from one to the next.

    ```mlir
    // for k in range(0, K, 64) { ... x[i, k +: 64, pad = -inf] ... }
    scf.for %k = %c0 to %full step %c64 { ... inbounds ... } {tk.segment = "full"}
    scf.for %k = %full to %K step %c64 { ... } {tk.segment = "tail"}
    ```

    Done where it pays: with `policy=auto` a loop is left alone if all that it
    would save are the bounds tests of operands of a `tk.dot`, because a copy into
    shared memory tests for free, while the code of the loop would double.

    Before: any kernel. After: the same, with more loops.
  }];
  let options = [
    Option<"policy", "policy", "::mlir::tk::SplitPolicy", "::mlir::tk::SplitPolicy::Auto",
           "Which loops to split", [{::llvm::cl::values(
             clEnumValN(::mlir::tk::SplitPolicy::Auto, "auto", "where it pays"),
             clEnumValN(::mlir::tk::SplitPolicy::Always, "always", "all that can be"),
             clEnumValN(::mlir::tk::SplitPolicy::Never, "never", "none"))}]>];
  let statistics = [
    Statistic<"numSplit", "num-split", "Number of loops split">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

#endif // TK_DIALECT_TK_TRANSFORMS_PASSES
