// RUN: tk-opt %s --tk-pipeline | FileCheck %s

// The passes on tk together: the call is inlined, the optional argument taken
// as present, the loop cut, and the row is known to be inside.
// CHECK-NOT:   func.func
// CHECK-LABEL: tk.kernel @row_sum
// CHECK-NOT:     tk.is_present
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true, true>}
// CHECK:         tk.segment = "full"
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true, false>}
// CHECK:         tk.segment = "tail"
func.func private @accumulate(%a: tensor<64xf32>, %t: tensor<64xf32>) -> tensor<64xf32> {
  %b = arith.addf %a, %t : tensor<64xf32>
  return %b : tensor<64xf32>
}
tk.kernel @row_sum(%x: !tk.view<?x?xf32> {tk.dims = ["M", "K"], tk.name = "x", tk.optional})
    attributes {grid = ["M"]} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xf32>
  %has = tk.is_present %x : !tk.view<?x?xf32>
  scf.if %has {
    %i = tk.program_id 0
    %k = tk.dim %x, 1 : !tk.view<?x?xf32>
    %sum = scf.for %j = %c0 to %k step %c64 iter_args(%a = %zero) -> (tensor<64xf32>) {
      %t = tk.load_view %x[%i, %j +: 64] : !tk.view<?x?xf32> -> tensor<64xf32>
      %b = func.call @accumulate(%a, %t) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
      scf.yield %b : tensor<64xf32>
    }
    tk.print "sum", %sum : tensor<64xf32>
  }
  tk.return
}

// What the cut leaves is simplified: no tail where the tile divides the extent.
// CHECK-LABEL: tk.kernel @divides
// CHECK-DAG:     %[[C256:.*]] = arith.constant 256 : index
// CHECK:         scf.for %{{.*}} to %[[C256]] step
// CHECK:         tk.segment = "full"
// CHECK-NOT:     tk.segment
// CHECK:         tk.return
tk.kernel @divides(%x: !tk.view<256xf32> {tk.dims = ["256"], tk.name = "x"}) attributes {grid = ["1"]} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  scf.for %j = %c0 to %c256 step %c64 {
    %t = tk.load_view %x[%j +: 64] : !tk.view<256xf32> -> tensor<64xf32>
    tk.print "t", %t : tensor<64xf32>
  }
  tk.return
}
