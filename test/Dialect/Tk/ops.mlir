// RUN: tk-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: tk.kernel @copy_f32(
// CHECK-SAME:    %[[X:.*]]: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"}
// CHECK-SAME:    attributes {grid = ["cdiv(N, 128)"], instance = "copy<f32>"}
tk.kernel @copy_f32(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
    %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y"})
    attributes {grid = ["cdiv(N, 128)"], instance = "copy<f32>"} {
  %c128 = arith.constant 128 : index
  // CHECK: %[[P:.*]] = tk.program_id 0
  %p = tk.program_id 0
  // CHECK: %[[S:.*]] = arith.muli %[[P]]
  %s = arith.muli %p, %c128 : index
  // CHECK: %[[T:.*]] = tk.load_view %[[X]][%[[S]] +: 128] : !tk.view<?xf32> -> tensor<128xf32>
  %t = tk.load_view %x[%s +: 128] : !tk.view<?xf32> -> tensor<128xf32>
  // CHECK: tk.store_view %[[T]], %{{.*}}[%[[S]] +: 128] : tensor<128xf32>, !tk.view<?xf32>
  tk.store_view %t, %y[%s +: 128] : tensor<128xf32>, !tk.view<?xf32>
  // CHECK: tk.return
  tk.return
}

// CHECK-LABEL: tk.kernel @programs
tk.kernel @programs(%bias: !tk.view<?xf32> {tk.optional}) {
  // CHECK: tk.num_programs 0
  %n = tk.num_programs 0
  // CHECK: tk.is_present %{{.*}} : !tk.view<?xf32>
  %b = tk.is_present %bias : !tk.view<?xf32>
  tk.return
}

// CHECK-LABEL: func.func @views
func.func @views(%x: !tk.view<?x?xf32>, %y: !tk.view<?x?x?xf32>, %p: !tk.ptr<f32>,
                 %b: index, %s: index, %m: index, %n: index, %c1: index) {
  // CHECK: tk.dim %{{.*}}, 0 : !tk.view<?x?xf32>
  %d = tk.dim %x, 0 : !tk.view<?x?xf32>
  // CHECK: tk.stride %{{.*}}, 0 : !tk.view<?x?xf32>
  %t = tk.stride %x, 0 : !tk.view<?x?xf32>
  // CHECK: tk.make_view %{{.*}}[%{{.*}}, %{{.*}}] strides[%{{.*}}, %{{.*}}] : !tk.ptr<f32> -> !tk.view<?x?xf32>
  %v = tk.make_view %p [%m, %n] strides [%s, %c1] : !tk.ptr<f32> -> !tk.view<?x?xf32>
  // CHECK: tk.subview %{{.*}} kinds [0, 1, 2] offsets[%{{.*}}, %{{.*}}] lengths[%{{.*}}] : !tk.view<?x?x?xf32> -> !tk.view<?x?xf32>
  %w = tk.subview %y kinds [0, 1, 2] offsets [%b, %s] lengths [%n]
      : !tk.view<?x?x?xf32> -> !tk.view<?x?xf32>
  return
}

// CHECK-LABEL: func.func @view_accesses
func.func @view_accesses(%x: !tk.view<?x?xf32>, %i: index, %k: index, %neg_inf: f32,
                         %rows: tensor<8xindex>, %t: tensor<64xf32>) -> f32 {
  // CHECK: tk.load_view %{{.*}}[%{{.*}}, %{{.*}} +: 64] pad %{{.*}} : f32 : !tk.view<?x?xf32> -> tensor<64xf32>
  %0 = tk.load_view %x[%i, %k +: 64] pad %neg_inf : f32 : !tk.view<?x?xf32> -> tensor<64xf32>
  // CHECK: tk.load_view %{{.*}}[gather %{{.*}}, %{{.*}} +: 64] : !tk.view<?x?xf32> (tensor<8xindex>) -> tensor<8x64xf32>
  %1 = tk.load_view %x[gather %rows, %k +: 64] : !tk.view<?x?xf32> (tensor<8xindex>) -> tensor<8x64xf32>
  // Two gathers of one shape pair up.
  // CHECK: tk.load_view %{{.*}}[gather %{{.*}}, gather %{{.*}}] : {{.*}} -> tensor<8xf32>
  %2 = tk.load_view %x[gather %rows, gather %rows]
      : !tk.view<?x?xf32> (tensor<8xindex>, tensor<8xindex>) -> tensor<8xf32>
  // CHECK: tk.load_view %{{.*}} {inbounds = array<i1: true, false>} : !tk.view<?x?xf32> -> f32
  %3 = tk.load_view %x[%i, %k] {inbounds = array<i1: true, false>} : !tk.view<?x?xf32> -> f32
  // CHECK: tk.store_view %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}} +: 64] : tensor<64xf32>, !tk.view<?x?xf32>
  tk.store_view %t, %x[%i, %k +: 64] : tensor<64xf32>, !tk.view<?x?xf32>
  // CHECK: tk.addresses %{{.*}}[%{{.*}}, %{{.*}} +: 64] : !tk.view<?x?xf32> -> tensor<64x!tk.ptr<f32>>
  %4 = tk.addresses %x[%i, %k +: 64] : !tk.view<?x?xf32> -> tensor<64x!tk.ptr<f32>>
  // CHECK: tk.inside %{{.*}}[%{{.*}}, %{{.*}} +: 64] : !tk.view<?x?xf32> -> tensor<64xi1>
  %5 = tk.inside %x[%i, %k +: 64] : !tk.view<?x?xf32> -> tensor<64xi1>
  return %3 : f32
}

// CHECK-LABEL: func.func @pointers
func.func @pointers(%p: tensor<64x!tk.ptr<f32>>, %off: tensor<64xindex>, %m: tensor<64xi1>,
                    %o: tensor<64xf32>, %q: !tk.ptr<i32>, %c: i32, %n: i32) {
  // CHECK: tk.ptr_add %{{.*}}, %{{.*}} : tensor<64x!tk.ptr<f32>>, tensor<64xindex>
  %0 = tk.ptr_add %p, %off : tensor<64x!tk.ptr<f32>>, tensor<64xindex>
  // CHECK: tk.load %{{.*}} mask %{{.*}} : tensor<64xi1> other %{{.*}} : tensor<64xf32> : tensor<64x!tk.ptr<f32>> -> tensor<64xf32>
  %1 = tk.load %0 mask %m : tensor<64xi1> other %o : tensor<64xf32>
      : tensor<64x!tk.ptr<f32>> -> tensor<64xf32>
  // CHECK: tk.store %{{.*}}, %{{.*}} mask %{{.*}} : tensor<64xi1> : tensor<64xf32>, tensor<64x!tk.ptr<f32>>
  tk.store %1, %0 mask %m : tensor<64xi1> : tensor<64xf32>, tensor<64x!tk.ptr<f32>>
  // CHECK: tk.atomic_rmw fadd relaxed gpu %{{.*}}, %{{.*}} mask %{{.*}} : tensor<64xi1> : tensor<64x!tk.ptr<f32>>, tensor<64xf32>
  %2 = tk.atomic_rmw fadd relaxed gpu %0, %1 mask %m : tensor<64xi1>
      : tensor<64x!tk.ptr<f32>>, tensor<64xf32>
  // CHECK: tk.atomic_cas acq_rel gpu %{{.*}}, %{{.*}}, %{{.*}} : !tk.ptr<i32>, i32
  %3 = tk.atomic_cas acq_rel gpu %q, %c, %n : !tk.ptr<i32>, i32
  // CHECK: tk.atomic_load acquire gpu %{{.*}} : !tk.ptr<i32> -> i32
  %4 = tk.atomic_load acquire gpu %q : !tk.ptr<i32> -> i32
  // CHECK: tk.atomic_store release system %{{.*}}, %{{.*}} : i32, !tk.ptr<i32>
  tk.atomic_store release system %4, %q : i32, !tk.ptr<i32>
  // CHECK: tk.atomic_store release gpu %{{.*}}, %{{.*}} : i32, !tk.ptr<i32>
  tk.atomic_store release gpu %4, %q : i32, !tk.ptr<i32>
  return
}

// CHECK-LABEL: func.func @shapes
func.func @shapes(%s: f32, %t: tensor<8xf32>, %u: tensor<8x64xf32>, %i: tensor<4xindex>) {
  // CHECK: tk.splat %{{.*}} : f32 -> tensor<4x8xf32>
  %0 = tk.splat %s : f32 -> tensor<4x8xf32>
  // CHECK: tk.arange : tensor<128xi32>
  %1 = tk.arange : tensor<128xi32>
  // CHECK: %[[E:.*]] = tk.expand_dims %{{.*}} axis 1 : tensor<8xf32> -> tensor<8x1xf32>
  %2 = tk.expand_dims %t axis 1 : tensor<8xf32> -> tensor<8x1xf32>
  // CHECK: tk.broadcast %[[E]] : tensor<8x1xf32> -> tensor<8x64xf32>
  %3 = tk.broadcast %2 : tensor<8x1xf32> -> tensor<8x64xf32>
  // CHECK: tk.reshape %{{.*}} : tensor<8x64xf32> -> tensor<512xf32>
  %4 = tk.reshape %u : tensor<8x64xf32> -> tensor<512xf32>
  // CHECK: tk.trans %{{.*}} [1, 0] : tensor<8x64xf32> -> tensor<64x8xf32>
  %5 = tk.trans %u [1, 0] : tensor<8x64xf32> -> tensor<64x8xf32>
  // CHECK: tk.gather %{{.*}}[%{{.*}}] axis 0 : tensor<8x64xf32>, tensor<4xindex> -> tensor<4x64xf32>
  %6 = tk.gather %u[%i] axis 0 : tensor<8x64xf32>, tensor<4xindex> -> tensor<4x64xf32>
  return
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%f: tensor<64xf32>, %s: f32, %a: tensor<64x32xbf16>,
                      %b: tensor<32x64xbf16>, %c: tensor<64x64xf32>, %t: tensor<8x64xf32>) {
  // CHECK: tk.cast %{{.*}} : tensor<64xf32> -> tensor<64xbf16>
  %0 = tk.cast %f : tensor<64xf32> -> tensor<64xbf16>
  // CHECK: tk.cast %{{.*}} rounding rtz {result_unsigned} : f32 -> i8
  %1 = tk.cast %s rounding rtz {result_unsigned} : f32 -> i8
  // CHECK: tk.dot %{{.*}}, %{{.*}}, %{{.*}} : tensor<64x32xbf16>, tensor<32x64xbf16> -> tensor<64x64xf32>
  %2 = tk.dot %a, %b, %c precision ieee : tensor<64x32xbf16>, tensor<32x64xbf16> -> tensor<64x64xf32>
  // CHECK: tk.reduce(%{{.*}}) axis 1 : (tensor<8x64xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
  // CHECK-NEXT:   %[[C:.*]] = arith.addf %[[A]], %[[B]] : f32
  // CHECK-NEXT:   tk.yield %[[C]] : f32
  %3 = tk.reduce(%t) axis 1 : (tensor<8x64xf32>) -> tensor<8xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tk.yield %z : f32
  }
  return
}

// CHECK-LABEL: func.func @messages
func.func @messages(%c: i1, %r: index) {
  // CHECK: tk.assume %{{.*}} : i1
  tk.assume %c : i1
  // CHECK: tk.assert %{{.*}}, "label out of range" : i1
  tk.assert %c, "label out of range" : i1
  // CHECK: tk.print "row", %{{.*}} : index
  tk.print "row", %r : index
  return
}

// CHECK-LABEL: func.func private @types(
// CHECK-SAME:    !tk.view<?x?xbf16>, !tk.view<?x3xf32>, tensor<128x!tk.ptr<f32>>)
func.func private @types(!tk.view<?x?xbf16>, !tk.view<?x3xf32>, tensor<128x!tk.ptr<f32>>)

// CHECK-LABEL: func.func private @largest_rank(!tk.view<?x?x?x?x?xf32>)
func.func private @largest_rank(!tk.view<?x?x?x?x?xf32>)
