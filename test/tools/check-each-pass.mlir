// The checker names the pass that changes what a kernel computes. The pass here
// makes the mistake that it is told; each RUN line makes one in all kernels.

// RUN: not tk-opt %s --check-each-pass --test-miscompile=mistake=subtraction 2>&1 >%t.out | FileCheck %s --check-prefix=SUB
// RUN: count 0 < %t.out
// RUN: not tk-opt %s --check-each-pass --check-size=N=5 --test-miscompile=mistake=inbounds 2>&1 | FileCheck %s --check-prefix=INBOUNDS
// RUN: not tk-opt %s --check-each-pass --test-miscompile=mistake=store 2>&1 | FileCheck %s --check-prefix=STORE
// RUN: not tk-opt %s --check-each-pass --test-miscompile=mistake=sum 2>&1 | FileCheck %s --check-prefix=SUM
// RUN: not tk-opt %s --check-each-pass --test-miscompile=mistake=print 2>&1 | FileCheck %s --check-prefix=PRINT
// RUN: not tk-opt %s --check-each-pass --test-miscompile=mistake=unknown 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// The pass that came before is not blamed, nor the one behind.
// RUN: not tk-opt %s --check-each-pass --canonicalize --test-miscompile --tk-simplify 2>&1 | FileCheck %s --check-prefix=SUB

// Without a mistake the result is as without the check.
// RUN: tk-opt %s --check-each-pass --cse -o %t.checked 2>&1 | FileCheck %s --check-prefix=FINE
// RUN: tk-opt %s --cse -o %t.plain
// RUN: diff %t.checked %t.plain
// FINE: tk-opt: checked 4 kernels on 6 launches in {{[0-9]+}} runs

// Sums may be added up in another order: 2^24 + 1 + 1 is 2^24 or 2^24 + 2.
// RUN: tk-opt %s --check-each-pass --test-miscompile=mistake=order -o /dev/null 2>&1 | FileCheck %s --check-prefix=FINE

// i - 10 for i = 0, 1, ...
tk.kernel @difference(%z: !tk.view<?xi32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "i32", tk.name = "z"})
    attributes {grid = ["cdiv(N, 8)"]} {
  %c8 = arith.constant 8 : index
  %ten = arith.constant dense<10> : tensor<8xi32>
  %p = tk.program_id 0
  %s = arith.muli %p, %c8 : index
  %i = tk.arange : tensor<8xi32>
  // SUB: [[@LINE-7]]:{{[0-9]+}}: error: pass 'test-miscompile' changed the result of kernel 'difference': element [0] of 'z': before -10, after 10 (and {{[0-9]+}} more)
  // SUB: note: with the generated inputs N = 211
  %d = arith.subi %i, %ten : tensor<8xi32>
  tk.store_view %d, %z[%s +: 8] : tensor<8xi32>, !tk.view<?xi32>
  tk.return
}

// Reads eight elements of a tensor that may have fewer.
tk.kernel @head(%x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
                %z: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "z"})
    attributes {grid = ["1"]} {
  %c0 = arith.constant 0 : index
  // INBOUNDS: [[@LINE-4]]:{{[0-9]+}}: error: pass 'test-miscompile' changed the result of kernel 'head': it fails in the interpreter
  // INBOUNDS: [[@LINE+2]]:{{[0-9]+}}: note: program 0 reads coordinate 5 of dimension 0, of extent 5, which was promised to be inside
  // INBOUNDS: note: with the generated inputs N = 5
  %t = tk.load_view %x[%c0 +: 8] : !tk.view<?xf32> -> tensor<8xf32>
  tk.store_view %t, %z[%c0 +: 8] : tensor<8xf32>, !tk.view<?xf32>
  tk.return
}

// 0 + 1 + ... + 7
tk.kernel @sum(%z: !tk.view<1xf32> {tk.access = #tk.access<out>, tk.dims = ["1"], tk.dtype = "f32", tk.name = "z"})
    attributes {grid = ["1"]} {
  %c0 = arith.constant 0 : index
  %i = tk.arange : tensor<8xi32>
  %f = tk.cast %i : tensor<8xi32> -> tensor<8xf32>
  %s = tk.reduce(%f) axis 0 : (tensor<8xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  // STORE: error: pass 'test-miscompile' changed the result of kernel 'sum': element [0] of 'z': before 28, after never written
  // SUM: error: pass 'test-miscompile' changed the result of kernel 'sum': element [0] of 'z': before 28, after 0
  // PRINT: error: pass 'test-miscompile' changed the result of kernel 'sum': what it prints: before 'program 0: sum 28', after ''
  // UNKNOWN: error: pass 'test-miscompile' changed the result of kernel 'sum': it cannot be interpreted any more
  tk.store_view %s, %z[%c0] : f32, !tk.view<1xf32>
  tk.print "sum", %s : f32
  tk.return
}

// 2^24 + 1 * 1 + 1 * 1
tk.kernel @dot(%z: !tk.view<1x1xf32> {tk.access = #tk.access<out>, tk.dims = ["1", "1"], tk.dtype = "f32", tk.name = "z"})
    attributes {grid = ["1"]} {
  %c0 = arith.constant 0 : index
  %row = arith.constant dense<1.0> : tensor<1x2xf32>
  %column = arith.constant dense<1.0> : tensor<2x1xf32>
  %large = arith.constant dense<16777216.0> : tensor<1x1xf32>
  %d = tk.dot %row, %column, %large : tensor<1x2xf32>, tensor<2x1xf32> -> tensor<1x1xf32>
  tk.store_view %d, %z[%c0 +: 1, %c0 +: 1] : tensor<1x1xf32>, !tk.view<1x1xf32>
  tk.return
}
