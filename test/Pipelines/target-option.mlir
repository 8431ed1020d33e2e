// RUN: not tk-opt %s --tkg-pipeline=target=sm_99 2>&1 | FileCheck %s
// RUN: not tk-opt %s --tkg-to-llvm=target=sm_99 2>&1 | FileCheck %s
// RUN: not tk-opt %s --tk-finalize-llvm=target=sm_99 2>&1 | FileCheck %s
// RUN: tk-opt %s --tkg-pipeline=target=gfx942 | FileCheck %s --check-prefix=KNOWN

// A pipeline for a chip that nobody knows is an error, not an empty pipeline.
// CHECK: error: unknown target 'sm_99', expects one of sm_80, {{.*}}; did you mean 'sm_89'?
// CHECK-NOT: tk.kernel

// KNOWN: tkg.target = "gfx942"
tk.kernel @nothing() {
  tk.return
}
