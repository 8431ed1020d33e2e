// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#copies = #tkg.layout<shape = [[2]], lane = [[1], [0], [0], [0], [0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// CHECK-DAG: llvm.mlir.global internal constant @[[$FAILED:.*]]("{{.*}}assertion failed: 100%% wrong\0A\00"
// CHECK-DAG: llvm.mlir.global internal constant @[[$VALUE:.*]]("[program %d] row[%d] = %g\0A\00"

// The message names the place; the kernel ends.
// CHECK-LABEL: llvm.func @assertion
// CHECK:         llvm.cond_br %{{.*}}, ^[[FAIL:.*]], ^[[REST:.*]]
// CHECK:       ^[[FAIL]]:
// CHECK:         llvm.mlir.addressof @[[$FAILED]]
// CHECK:         llvm.call @vprintf
// CHECK:         llvm.inline_asm has_side_effects "trap;"
// CHECK:         llvm.br ^[[REST]]
tk.kernel @assertion(%c: i1) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  tk.assert %c, "100% wrong" : i1
  tk.return
}

// An element is printed by one of its holders, floats as f64.
// CHECK-LABEL: llvm.func @print
// CHECK:         llvm.cond_br
// CHECK:         %[[WIDE:.*]] = llvm.fpext %{{.*}} : f32 to f64
// CHECK:         llvm.alloca %{{.*}} x !llvm.struct<(i32, i32, f64)>
// CHECK:         llvm.store %[[WIDE]]
// CHECK:         llvm.mlir.addressof @[[$VALUE]]
// CHECK:         llvm.call @vprintf
// CHECK-NOT:     llvm.call
// CHECK:         llvm.return
tk.kernel @print(%s: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %t = tk.splat %s : f32 -> tensor<2xf32, #copies>
  tk.print "row", %t : tensor<2xf32, #copies>
  tk.return
}
}
