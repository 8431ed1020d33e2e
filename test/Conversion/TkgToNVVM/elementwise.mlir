// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#two = #tkg.layout<shape = [[64]], register = [[1]], lane = [[2], [4], [8], [16], [32]]>

#three = #tkg.layout<shape = [[4]], lane = [[1], [2], [0], [0], [0]]>

// CHECK-DAG: llvm.mlir.global internal constant @__tk_table0(dense<[1.000000e+00, 2.000000e+00, 4.000000e+00]> : tensor<3xf32>) {addr_space = 1 : i32, alignment = 16 : i64} : !llvm.array<3 x f32>
// CHECK-DAG: llvm.mlir.global internal constant @__tk_table1(dense<[1, 0, 1]> : tensor<3xi8>)

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// One op for each register; equal operands share it.
// CHECK-LABEL: llvm.func @registers
// CHECK-SAME:    %{{.*}}: !llvm.ptr<1>, %{{.*}}: i64, %{{.*}}: i64, %[[S:.*]]: f32)
// CHECK:         llvm.fmul %[[S]], %[[S]]
// CHECK-NOT:     llvm.fmul
// CHECK-COUNT-2: llvm.fsub
// CHECK-NOT:     llvm.fsub
// CHECK:         llvm.return
tk.kernel @registers(%x: !tk.view<?xf32>, %s: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32, #two>
  %u = tk.splat %s : f32 -> tensor<64xf32, #two>
  %v = arith.mulf %u, %u : tensor<64xf32, #two>
  %w = arith.subf %t, %v : tensor<64xf32, #two>
  tk.store_view %w, %x[%c0 +: 64] : tensor<64xf32, #two>, !tk.view<?xf32>
  tk.return
}

// NaN goes through maximum, not through maxnum; division is the exact one, and
// nothing allows contraction.
// CHECK-LABEL: llvm.func @floats
// CHECK:         llvm.intr.maximum(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
// CHECK:         llvm.intr.maxnum
// CHECK:         llvm.fdiv %{{[0-9]+}}, %{{[0-9a-z]+}} : f32
// CHECK:         llvm.intr.fma
// CHECK-NOT:     fastmath
// CHECK:         llvm.return
tk.kernel @floats(%p: !tk.ptr<f32>, %a: f32, %b: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = arith.maximumf %a, %b : f32
  %1 = arith.maxnumf %0, %b : f32
  %2 = arith.divf %1, %b : f32
  %3 = math.fma %2, %a, %b : f32
  tk.store %3, %p : f32, !tk.ptr<f32>
  tk.return
}

// Where an approximation will do, it is the instruction; on f32 alone.
// CHECK-LABEL: llvm.func @approximations
// CHECK:         llvm.call_intrinsic "llvm.nvvm.div.full"
// CHECK:         %[[SCALED:.*]] = llvm.fmul %{{.*}}, %{{.*}} : f32
// CHECK:         llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"(%[[SCALED]])
// CHECK:         llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
// CHECK:         %[[LOG2:.*]] = llvm.call_intrinsic "llvm.nvvm.lg2.approx.f"
// CHECK:         llvm.fmul %[[LOG2]], %{{.*}} : f32
// CHECK:         llvm.call_intrinsic "llvm.nvvm.lg2.approx.f"
// CHECK:         llvm.call_intrinsic "llvm.nvvm.sqrt.approx.f"
// CHECK:         llvm.call_intrinsic "llvm.nvvm.rsqrt.approx.f"
// CHECK:         llvm.call_intrinsic "llvm.nvvm.sin.approx.f"
// CHECK:         llvm.call_intrinsic "llvm.nvvm.cos.approx.f"
// CHECK:         llvm.inline_asm {{.*}}"tanh.approx.f32 $0, $1;"
// CHECK:         llvm.call @__nv_tanf
// CHECK:         llvm.fdiv %{{.*}} : f64
// CHECK:         llvm.return
tk.kernel @approximations(%p: !tk.ptr<f32>, %q: !tk.ptr<f64>, %a: f32, %b: f32, %w: f64) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = arith.divf %a, %b fastmath<afn> : f32
  %1 = math.exp %0 fastmath<afn> : f32
  %2 = math.exp2 %1 fastmath<afn> : f32
  %3 = math.log %2 fastmath<afn> : f32
  %4 = math.log2 %3 fastmath<afn> : f32
  %5 = math.sqrt %4 fastmath<afn> : f32
  %6 = math.rsqrt %5 fastmath<afn> : f32
  %7 = math.sin %6 fastmath<afn> : f32
  %8 = math.cos %7 fastmath<afn> : f32
  %9 = math.tanh %8 fastmath<afn> : f32
  %10 = math.tan %9 fastmath<afn> : f32
  tk.store %10, %p : f32, !tk.ptr<f32>
  %11 = arith.divf %w, %w fastmath<afn> : f64
  tk.store %11, %q : f64, !tk.ptr<f64>
  tk.return
}

// exp comes from libdevice, exp2 is the instruction; bf16 is computed in f32.
// CHECK-LABEL: llvm.func @math
// CHECK:         llvm.call @__nv_expf(%{{.*}}) : (f32) -> f32
// CHECK:         llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"(%{{.*}}) : (f32) -> f32
// CHECK:         llvm.fpext %{{.*}} : bf16 to f32
// CHECK:         llvm.call @__nv_tanhf
// CHECK:         llvm.fptrunc %{{.*}} : f32 to bf16
tk.kernel @math(%p: !tk.ptr<f32>, %q: !tk.ptr<bf16>, %a: f32, %h: bf16) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = math.exp %a : f32
  %1 = math.exp2 %0 : f32
  tk.store %1, %p : f32, !tk.ptr<f32>
  %2 = math.tanh %h : bf16
  tk.store %2, %q : bf16, !tk.ptr<bf16>
  tk.return
}

// -7 / 2 rounds down: the quotient truncates to -3, and the remainder -1 has
// not the sign of 2. By a power of two it is a shift.
// CHECK-LABEL: llvm.func @floor
// CHECK:         %[[Q:.*]] = llvm.sdiv %[[A:.*]], %[[B:.*]] : i64
// CHECK:         %[[R:.*]] = llvm.srem %[[A]], %[[B]] : i64
// CHECK:         %[[INEXACT:.*]] = llvm.icmp "ne" %[[R]], %{{.*}}
// CHECK:         %[[SIGNS:.*]] = llvm.xor %[[R]], %[[B]]
// CHECK:         %[[NEGATIVE:.*]] = llvm.icmp "slt" %[[SIGNS]], %{{.*}}
// CHECK:         %[[BOTH:.*]] = llvm.and %[[INEXACT]], %[[NEGATIVE]]
// CHECK:         %[[MINUS1:.*]] = llvm.sext %[[BOTH]] : i1 to i64
// CHECK:         llvm.add %[[Q]], %[[MINUS1]]
// CHECK:         %[[THREE:.*]] = llvm.mlir.constant(3 : i64)
// CHECK:         llvm.ashr %{{.*}}, %[[THREE]]
tk.kernel @floor(%p: !tk.ptr<index>, %a: index, %b: index) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c8 = arith.constant 8 : index
  %0 = arith.floordivsi %a, %b : index
  %1 = arith.floordivsi %0, %c8 : index
  tk.store %1, %p : index, !tk.ptr<index>
  tk.return
}

// Two f32 become two bf16 by one instruction.
// CHECK-LABEL: llvm.func @cast_pairs
// CHECK:         llvm.insertelement
// CHECK:         %[[PAIR:.*]] = llvm.insertelement %{{.*}} : vector<2xf32>
// CHECK-NEXT:    llvm.fptrunc %[[PAIR]] : vector<2xf32> to vector<2xbf16>
// CHECK-NOT:     llvm.fptrunc
// CHECK:         llvm.return
tk.kernel @cast_pairs(%x: !tk.view<?xf32>, %y: !tk.view<?xbf16>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32, #two>
  %u = tk.cast %t : tensor<64xf32, #two> -> tensor<64xbf16, #two>
  tk.store_view %u, %y[%c0 +: 64] : tensor<64xbf16, #two>, !tk.view<?xbf16>
  tk.return
}

// Float to integer saturates; a bool is unsigned in both directions.
// CHECK-LABEL: llvm.func @cast_integers
// CHECK:         llvm.call_intrinsic "llvm.fptosi.sat"(%{{.*}}) : (f32) -> i8
// CHECK:         llvm.call_intrinsic "llvm.fptoui.sat"(%{{.*}}) : (f32) -> i8
// CHECK:         llvm.zext %{{.*}} : i1 to i32
// CHECK:         llvm.uitofp %{{.*}} : i1 to f32
tk.kernel @cast_integers(%p: !tk.ptr<i8>, %q: !tk.ptr<i32>, %r: !tk.ptr<f32>, %a: f32, %b: i1) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = tk.cast %a : f32 -> i8
  %1 = tk.cast %a {result_unsigned} : f32 -> i8
  %2 = arith.addi %0, %1 : i8
  tk.store %2, %p : i8, !tk.ptr<i8>
  %3 = tk.cast %b : i1 -> i32
  tk.store %3, %q : i32, !tk.ptr<i32>
  %4 = tk.cast %b : i1 -> f32
  tk.store %4, %r : f32, !tk.ptr<f32>
  tk.return
}

// An i64 reaches bf16 through f64 with one rounding: bits past the 53rd leave
// a mark in the 12th.
// CHECK-LABEL: llvm.func @cast_sticky
// CHECK:         %[[MASK:.*]] = llvm.mlir.constant(2047 : i64)
// CHECK:         llvm.and %{{.*}}, %[[MASK]]
// CHECK:         llvm.sitofp %{{.*}} : i64 to f64
// CHECK:         llvm.fptrunc %{{.*}} : f64 to bf16
tk.kernel @cast_sticky(%p: !tk.ptr<bf16>, %a: i64) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = tk.cast %a : i64 -> bf16
  tk.store %0, %p : bf16, !tk.ptr<bf16>
  tk.return
}

// Toward zero: where rounding to nearest went away from zero, one bit less.
// CHECK-LABEL: llvm.func @cast_toward_zero
// CHECK:         %[[NEAR:.*]] = llvm.fptrunc %[[A:.*]] : f32 to bf16
// CHECK:         %[[BACK:.*]] = llvm.fpext %[[NEAR]] : bf16 to f32
// CHECK:         %[[SMALL:.*]] = llvm.fcmp "olt" %[[BACK]], %[[A]]
// CHECK:         %[[LARGE:.*]] = llvm.fcmp "ogt" %[[BACK]], %[[A]]
// CHECK:         %[[BITS:.*]] = llvm.bitcast %[[NEAR]] : bf16 to i16
// CHECK:         %[[LESS:.*]] = llvm.sub %[[BITS]], %{{.*}} : i16
// CHECK:         %[[NEGATIVE:.*]] = llvm.icmp "slt" %[[BITS]]
// CHECK:         %[[WRONG:.*]] = llvm.select %[[NEGATIVE]], %[[SMALL]], %[[LARGE]]
// CHECK:         llvm.select %[[WRONG]], %[[LESS]], %[[BITS]]
tk.kernel @cast_toward_zero(%p: !tk.ptr<bf16>, %a: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = tk.cast %a rounding rtz : f32 -> bf16
  tk.store %0, %p : bf16, !tk.ptr<bf16>
  tk.return
}

// A constant of different elements is a table; padding reads its last element.
// CHECK-LABEL: llvm.func @table
// CHECK-DAG:     %[[BASE:.*]] = llvm.mlir.addressof @__tk_table0 : !llvm.ptr<1>
// CHECK-DAG:     %[[LAST:.*]] = llvm.mlir.constant(2 : i32)
// CHECK:         %[[INDEX:.*]] = llvm.intr.umin(%{{.*}}, %[[LAST]])
// CHECK:         %[[PLACE:.*]] = llvm.getelementptr %[[BASE]][%[[INDEX]]] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
// CHECK:         llvm.load %[[PLACE]] {alignment = 4 : i64} : !llvm.ptr<1> -> f32
tk.kernel @table(%y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = arith.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32, #three>
  tk.store_view %t, %y[%c0 +: 3] : tensor<3xf32, #three>, !tk.view<?xf32>
  tk.return
}

// Bools take a byte.
// CHECK-LABEL: llvm.func @bools
// CHECK:         llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr<1> -> i8
// CHECK:         llvm.trunc %{{.*}} : i8 to i1
tk.kernel @bools(%y: !tk.view<?xi1>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = arith.constant dense<[true, false, true]> : tensor<3xi1, #three>
  tk.store_view %t, %y[%c0 +: 3] : tensor<3xi1, #three>, !tk.view<?xi1>
  tk.return
}
}
