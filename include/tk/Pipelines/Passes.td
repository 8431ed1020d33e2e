//===- Passes.td - passes that describe a module to its users -*- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_PASSES
#define TK_PIPELINES_PASSES

include "mlir/Pass/PassBase.td"

def CollectManifestPass : Pass<"tk-collect-manifest", "::mlir::ModuleOp"> {
  let summary = "write what kernels say about their launch into the manifest";
  let description = [{
    Sets `tk.manifest` of the module to the manifest (`tk/Support/Manifest.h`) as
    JSON: for every kernel its parameters, grid and requirements, and for every
    variant its preconditions, block size and shared memory. Variants of one
    kernel (`tkg.kernel`) are listed under it, those with preconditions first. A
    source that the attribute already names is kept.

    Before: `tkg` with shared memory allocated; every kernel still is a
    `tk.kernel`. After: the same, described. `tk-complete-manifest` adds what only
    the lowered functions tell.
  }];
}

def CompleteManifestPass : Pass<"tk-complete-manifest", "::mlir::ModuleOp"> {
  let summary = "add the parameters of device functions to the manifest";
  let description = [{
    Adds to each variant in `tk.manifest` the parameters of its function, which
    the conversion listed in `tkg.abi`.

    Before: `llvm.func` with `tkg.abi` for every variant. After: `tk.manifest` is
    complete. Nothing happens to a module without `tk.manifest`.
  }];
}

def DropGlobalCallSitesPass
    : Pass<"tk-drop-global-call-sites", "::mlir::ModuleOp"> {
  let summary = "leave out who called what is in no function";
  let description = [{
    The texts of `print` and `assert` become globals, with the locations of these
    ops: of an inlined function, with the call. A call is of use inside of a
    function only, and the pass that makes scopes for debuggers
    (`ensure-debug-info-scope-on-llvm-func`) looks there for the caller.

    Before: anything. After: outside of an `llvm.func` no op has a call site as
    location; of `callsite(callee at caller)` the callee stays.
  }];
}

def MapFileNamesPass : Pass<"tk-map-file-names", "::mlir::ModuleOp"> {
  let summary = "write the file names in locations as they are on no machine";
  let description = [{
    Replaces the beginning of the file names in locations: binaries name their
    sources in line tables and assertions, and shall be the same wherever they
    were compiled. The last prefix that fits counts.

    With `prefixes=/home/ada/=`: `loc("/home/ada/softmax.tk":3:1)` becomes
    `loc("softmax.tk":3:1)`.
  }];
  let options = [ListOption<"prefixes", "prefixes", "std::string",
                            "Prefixes, as <old>=<new>">];
}

#endif // TK_PIPELINES_PASSES
