// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters))' | FileCheck %s --check-prefixes=CHECK,PRESENT
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{absent=bias}))' | FileCheck %s --check-prefixes=CHECK,ABSENT
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{values=N=4096,scale=0.5,n=-3,flag=true}))' | FileCheck %s --check-prefixes=CHECK,VALUES

!view = !tk.view<?xf32>

// CHECK-LABEL: tk.kernel @optional

// PRESENT-SAME:    tk.name = "x"}, %[[BIAS:[^ ]*]]: !tk.view<?xf32>
// PRESENT-NOT:     scf.if
// PRESENT:         tk.load_view %[[BIAS]]

// ABSENT-SAME:    (%[[X:[^ ]*]]: !tk.view<?xf32>
// ABSENT-SAME:    tk.name = "x"}, %{{[^ ]*}}: f32
// ABSENT-NOT:     tk.optional
// ABSENT-NOT:     tk.load_view
// ABSENT:         tk.store_view %{{.*}}, %[[X]]

// Bound values are constants, and a condition of the kernel.
// VALUES-SAME:    require = ["N > 0", "N == 4096", "scale == 0.5", "n == -3", "flag == true"]
// VALUES-DAG:     %[[N:.*]] = arith.constant 4096 : index
// VALUES-DAG:     %[[SCALE:.*]] = arith.constant 5.000000e-01 : f32
// VALUES-DAG:     %[[MINUS3:.*]] = arith.constant -3 : i32
// VALUES-DAG:     %[[TRUE:.*]] = arith.constant true
// VALUES:         tk.print "bound", %[[N]], %[[SCALE]], %[[MINUS3]], %[[TRUE]]
tk.kernel @optional(
    %x: !view {tk.access = #tk.access<mut>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
    %bias: !view {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "bias", tk.optional},
    %scale: f32 {tk.dtype = "f32", tk.name = "scale"},
    %n: i32 {tk.dtype = "i32", tk.name = "n"},
    %flag: i1 {tk.dtype = "bool", tk.name = "flag"})
    attributes {grid = ["1"], require = ["N > 0"]} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  %has = tk.is_present %bias : !view
  %t = scf.if %has -> tensor<8xf32> {
    %b = tk.load_view %bias[%c0 +: 8] : !view -> tensor<8xf32>
    scf.yield %b : tensor<8xf32>
  } else {
    scf.yield %zero : tensor<8xf32>
  }
  tk.store_view %t, %x[%c0 +: 8] : tensor<8xf32>, !view
  %extent = tk.dim %x, 0 : !view
  tk.print "bound", %extent, %scale, %n, %flag : index, f32, i32, i1
  tk.return
}
