// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-prove-inbounds))' | FileCheck %s

!view = !tk.view<?x?xf32>

// A program id is inside the dimension whose extent the grid has; the tile
// along the other dimension may still leave the view.
// CHECK-LABEL: tk.kernel @program_is_row
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true, false>}
// CHECK:         tk.store_view {{.*}} {inbounds = array<i1: true, false>}
tk.kernel @program_is_row(%x: !view {tk.dims = ["M", "N"], tk.name = "x"})
    attributes {grid = ["M"]} {
  %c0 = arith.constant 0 : index
  %i = tk.program_id 0
  %t = tk.load_view %x[%i, %c0 +: 64] : !view -> tensor<64xf32>
  tk.store_view %t, %x[%i, %c0 +: 64] : tensor<64xf32>, !view
  tk.return
}

// Another dimension, and an extent that only looks alike.
// CHECK-LABEL: tk.kernel @program_is_something_else
// CHECK-NOT:     inbounds
tk.kernel @program_is_something_else(
    %x: !view {tk.dims = ["M", "N"], tk.name = "x"},
    %y: !view {tk.dims = ["M/2", "N"], tk.name = "y"})
    attributes {grid = ["M"]} {
  %c0 = arith.constant 0 : index
  %i = tk.program_id 0
  %t = tk.load_view %x[%c0 +: 64, %i] : !view -> tensor<64xf32>
  tk.store_view %t, %y[%i, %c0 +: 64] : tensor<64xf32>, !view
  tk.return
}

// One row from a program id on is inside, two are not in the last program.
// CHECK-LABEL: tk.kernel @rows_of_program
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true, false>}
// CHECK-NOT:     inbounds
tk.kernel @rows_of_program(%x: !view {tk.dims = ["M", "N"], tk.name = "x"})
    attributes {grid = ["M"]} {
  %c0 = arith.constant 0 : index
  %i = tk.program_id 0
  %t = tk.load_view %x[%i +: 1, %c0 +: 64] : !view -> tensor<1x64xf32>
  %u = tk.load_view %x[%i +: 2, %c0 +: 64] : !view -> tensor<2x64xf32>
  tk.print "rows", %t, %u : tensor<1x64xf32>, tensor<2x64xf32>
  tk.return
}

// Ranges: 0, 16, 32, 48 plus 16 stays inside 64, not inside 63.
// CHECK-LABEL: tk.kernel @loop_in_known_extent
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true>}
// CHECK-NOT:     inbounds
tk.kernel @loop_in_known_extent(%x: !tk.view<64xf32> {tk.dims = ["64"], tk.name = "x"},
                                %y: !tk.view<63xf32> {tk.dims = ["63"], tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c49 = arith.constant 49 : index
  scf.for %i = %c0 to %c49 step %c16 {
    %t = tk.load_view %x[%i +: 16] : !tk.view<64xf32> -> tensor<16xf32>
    %u = tk.load_view %y[%i +: 16] : !tk.view<63xf32> -> tensor<16xf32>
    tk.print "sum", %t, %u : tensor<16xf32>, tensor<16xf32>
  }
  tk.return
}

// A flag that is there already stays; negative coordinates are outside.
// CHECK-LABEL: tk.kernel @negative
// CHECK:         tk.load_view {{.*}} {inbounds = array<i1: true, false>}
tk.kernel @negative(%x: !tk.view<?x8xf32> {tk.dims = ["M", "8"], tk.name = "x"}, %i: index) {
  %m1 = arith.constant -1 : index
  %t = tk.load_view %x[%i, %m1 +: 4] {inbounds = array<i1: true, false>}
      : !tk.view<?x8xf32> -> tensor<4xf32>
  tk.print "t", %t : tensor<4xf32>
  tk.return
}
