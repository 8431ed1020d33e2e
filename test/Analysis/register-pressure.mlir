// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(test-register-pressure))' --verify-diagnostics

// 4 elements of 512 for each of 128 threads: 4 registers in f32, 2 in f16.
#layout = #tkg.layout<shape = [[512]], register = [[1], [2]], lane = [[4], [8], [16], [32], [64]], warp = [[128], [256]]>

// expected-remark @below {{no tiles}}
tk.kernel @scalars(%x: !tk.view<?xf32>, %i: index) {
  %0 = tk.load_view %x[%i] : !tk.view<?xf32> -> f32
  tk.store_view %0, %x[%i] : f32, !tk.view<?xf32>
  tk.return
}

// A result takes the place of an operand that nobody needs any more.
tk.kernel @straight(%x: !tk.view<?xf32>, %i: index) {
  %a = tk.load_view %x[%i +: 512] : !tk.view<?xf32> -> tensor<512xf32, #layout>
  // expected-remark-re @below {{8 registers at {{.*}}register-pressure.mlir:17:8: 512xf32 takes 4, 512xf32 4}}
  %b = tk.load_view %x[%i +: 512] : !tk.view<?xf32> -> tensor<512xf32, #layout>
  %c = arith.addf %a, %b : tensor<512xf32, #layout>
  tk.store_view %c, %x[%i +: 512] : tensor<512xf32, #layout>, !tk.view<?xf32>
  tk.return
}

// Narrow elements share registers, masks take none, addresses take two each,
// and what is splat or constant is free.
tk.kernel @types(%x: !tk.view<?xf32>, %h: !tk.view<?xf16>, %i: index, %s: f32) {
  %splat = tk.splat %s : f32 -> tensor<512xf32, #layout>
  %zero = arith.constant dense<0.0> : tensor<512xf32, #layout>
  %a = tk.load_view %h[%i +: 512] : !tk.view<?xf16> -> tensor<512xf16, #layout>
  %f = tk.cast %a : tensor<512xf16, #layout> -> tensor<512xf32, #layout>
  %less = arith.cmpf olt, %f, %splat : tensor<512xf32, #layout>
  %n = arith.constant dense<1> : tensor<512xindex, #layout>
  // expected-remark-re @below {{14 registers at {{.*}}: 512xindex takes 8, 512xf32 4, 512xf16 2}}
  %m = arith.addi %n, %n : tensor<512xindex, #layout>
  %t = arith.select %less, %f, %zero : tensor<512xi1, #layout>, tensor<512xf32, #layout>
  tk.store_view %t, %x[%i +: 512] : tensor<512xf32, #layout>, !tk.view<?xf32>
  tk.store_view %a, %h[%i +: 512] : tensor<512xf16, #layout>, !tk.view<?xf16>
  tk.print "indices", %m : tensor<512xindex, #layout>
  tk.return
}

// In the loop live: what it carries, what every iteration reads, and what is
// needed behind it; not the value that the loop began with, which has become
// the carried one.
tk.kernel @loop(%x: !tk.view<?xf32>, %h: !tk.view<?xf16>, %i: index, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %init = tk.load_view %x[%i +: 512] : !tk.view<?xf32> -> tensor<512xf32, #layout>
  %every = tk.load_view %x[%c1 +: 512] : !tk.view<?xf32> -> tensor<512xf32, #layout>
  %behind = tk.load_view %h[%i +: 512] : !tk.view<?xf16> -> tensor<512xf16, #layout>
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%carried = %init) -> tensor<512xf32, #layout> {
    %near = arith.addf %carried, %every : tensor<512xf32, #layout>
    // expected-remark-re @below {{14 registers at {{.*}}: 512xf32 takes 4, 512xf32 4, 512xf32 4}}
    %square = arith.mulf %near, %near : tensor<512xf32, #layout>
    %next = arith.addf %near, %square : tensor<512xf32, #layout>
    scf.yield %next : tensor<512xf32, #layout>
  }
  tk.store_view %sum, %x[%i +: 512] : tensor<512xf32, #layout>, !tk.view<?xf32>
  tk.store_view %behind, %h[%i +: 512] : tensor<512xf16, #layout>, !tk.view<?xf16>
  tk.return
}
