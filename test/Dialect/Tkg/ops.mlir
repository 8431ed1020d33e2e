// RUN: tk-opt %s --verify-roundtrip | FileCheck %s

// A tile of 32 rows and 4 columns: #row gives each lane a row, #column puts the
// columns into two lane bits, #wide is for two warps.
#row = #tkg.layout<shape = [[32], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>
#column = #tkg.layout<shape = [[32], [4]], register = [[8, 0], [16, 0]], lane = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#sum = #tkg.layout<shape = [[32]], register = [[8], [16]], lane = [[0], [0], [1], [2], [4]]>
#layout = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#odd = #tkg.layout<shape = [[64, 3], [4]], register = [[0, 1], [0, 2], 3 * [64, 0]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#shared = #tkg.shared<shape = [[8], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 2], [4, 0]]>
#slice = #tkg.shared<shape = [[4], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 2]]>
#sharedT = #tkg.shared<shape = [[4], [8]], offset = [[1, 0], [2, 0], [0, 1], [2, 2], [0, 4]]>
#sharedA = #tkg.shared<shape = [[64], [16]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
#sharedB = #tkg.shared<shape = [[16], [64]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0]]>
#sharedRow = #tkg.shared<shape = [[64]], offset = [[1], [2], [4], [8], [16], [32]]>
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#swapped = #tkg.mma<mma_sync, m = 8, n = 16, k = 16, type = bf16, warpsM = 4, warpsN = 1, swap = true>
#fma = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2, a = shared, b = shared>
#wgmma = #tkg.mma<wgmma, m = 64, n = 64, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>

// CHECK-DAG: #[[$ROW:layout.*]] = #tkg.layout<shape = {{\[\[}}32], [4]], register = {{\[\[}}0, 1], [0, 2]], lane = {{\[\[}}1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>
// CHECK-DAG: #[[$COLUMN:layout.*]] = #tkg.layout<shape = {{\[\[}}32], [4]], register = {{\[\[}}8, 0], [16, 0]], lane = {{\[\[}}0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
// CHECK-DAG: #[[$ODD:layout.*]] = #tkg.layout<shape = {{\[\[}}64, 3], [4]], register = {{\[\[}}0, 1], [0, 2], 3 * [64, 0]], lane = {{.*}}, warp = {{\[\[}}32, 0]]>
// CHECK-DAG: #[[$SHARED:shared.*]] = #tkg.shared<shape = {{\[\[}}8], [4]], offset = {{\[\[}}0, 1], [0, 2], [1, 0], [2, 2], [4, 0]]>
// CHECK-DAG: #[[$MMA:mma.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[$SWAPPED:mma.*]] = #tkg.mma<mma_sync, m = 8, n = 16, k = 16, type = bf16, warpsM = 4, warpsN = 1, swap = true>
// CHECK-DAG: #[[$FMA:mma.*]] = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2, a = shared, b = shared>
// CHECK-DAG: #[[$WGMMA:mma.*]] = #tkg.mma<wgmma, m = 64, n = 64, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>

// CHECK: module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32}
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// CHECK-LABEL: func.func @convert_layout(
// CHECK-SAME:    %[[T:.*]]: tensor<32x4xf32, #[[$ROW]]>
func.func @convert_layout(%0: tensor<32x4xf32, #row>) -> tensor<32x4xf32, #column> {
  // CHECK: tkg.convert_layout %[[T]] : tensor<32x4xf32, #[[$ROW]]> -> tensor<32x4xf32, #[[$COLUMN]]>
  %1 = tkg.convert_layout %0
      : tensor<32x4xf32, #row> -> tensor<32x4xf32, #column>
  return %1 : tensor<32x4xf32, #column>
}

// A layout of an odd digit, larger than the tile.
// CHECK-LABEL: func.func private @padded_tile(
// CHECK-SAME:    tensor<190x4xf32, #[[$ODD]]>)
func.func private @padded_tile(tensor<190x4xf32, #odd>)

// CHECK-LABEL: func.func @dot(
func.func @dot(%a: tensor<32x16xbf16>, %b: tensor<16x32xbf16>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  // CHECK: tkg.dot %{{.*}}, %{{.*}}, %{{.*}} instruction #[[$MMA]] : tensor<32x16xbf16>, tensor<16x32xbf16> -> tensor<32x32xf32>
  %d = tkg.dot %a, %b, %c instruction #mma
      : tensor<32x16xbf16>, tensor<16x32xbf16> -> tensor<32x32xf32>
  // CHECK: tkg.dot %{{.*}}, %{{.*}}, %{{.*}} instruction #[[$SWAPPED]] :
  %e = tkg.dot %a, %b, %d instruction #swapped
      : tensor<32x16xbf16>, tensor<16x32xbf16> -> tensor<32x32xf32>
  return %e : tensor<32x32xf32>
}

// Before an instruction is chosen.
// CHECK-LABEL: func.func @dot_unchosen(
func.func @dot_unchosen(%a: tensor<2x32x16xf32>, %b: tensor<2x16x32xf32>, %c: tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  // CHECK: tkg.dot %{{.*}}, %{{.*}}, %{{.*}} precision tf32 : tensor<2x32x16xf32>,
  %d = tkg.dot %a, %b, %c precision tf32
      : tensor<2x32x16xf32>, tensor<2x16x32xf32> -> tensor<2x32x32xf32>
  return %d : tensor<2x32x32xf32>
}

// CHECK-LABEL: func.func @dot_shared(
func.func @dot_shared(%a: !tkg.memdesc<64x16xf32, #sharedA>, %b: !tkg.memdesc<16x64xf32, #sharedB>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // CHECK: tkg.dot {{.*}} instruction #[[$FMA]] : !tkg.memdesc<64x16xf32,
  %d = tkg.dot %a, %b, %c instruction #fma
      : !tkg.memdesc<64x16xf32, #sharedA>, !tkg.memdesc<16x64xf32, #sharedB> -> tensor<64x64xf32>
  return %d : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @dot_async(
func.func @dot_async(%a: !tkg.memdesc<64x16xbf16, #sharedA>, %b: !tkg.memdesc<16x64xbf16, #sharedB>,
                     %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // CHECK: %[[P:.*]] = tkg.dot_async {{.*}} instruction #[[$WGMMA]] : {{.*}} tensor<64x64xf32> -> !tkg.pending<tensor<64x64xf32>>
  %p = tkg.dot_async %a, %b, %c instruction #wgmma
      : !tkg.memdesc<64x16xbf16, #sharedA>, !tkg.memdesc<16x64xbf16, #sharedB>,
        tensor<64x64xf32> -> !tkg.pending<tensor<64x64xf32>>
  // CHECK: %[[Q:.*]] = tkg.dot_async %{{.*}}, %{{.*}}, %[[P]]
  %q = tkg.dot_async %a, %b, %p instruction #wgmma
      : !tkg.memdesc<64x16xbf16, #sharedA>, !tkg.memdesc<16x64xbf16, #sharedB>,
        !tkg.pending<tensor<64x64xf32>> -> !tkg.pending<tensor<64x64xf32>>
  // CHECK: tkg.dot_wait %[[Q]] {pending = 1 : i32} : !tkg.pending<tensor<64x64xf32>> -> tensor<64x64xf32>
  %d, %t = tkg.dot_wait %q {pending = 1 : i32} : !tkg.pending<tensor<64x64xf32>> -> tensor<64x64xf32>
  return %d : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @shared_memory(
func.func @shared_memory(%t: tensor<8x4xf32>, %i: index) -> tensor<8x4xf32> {
  // CHECK: tkg.alloc : !tkg.memdesc<3 x [8x4xf32], #[[$SHARED]]>
  %unplaced = tkg.alloc : !tkg.memdesc<3 x [8x4xf32], #shared>
  // CHECK: tkg.alloc : !tkg.memdesc<8x4x!tk.ptr<f32>, #[[$SHARED]]>
  %pointers = tkg.alloc : !tkg.memdesc<8x4x!tk.ptr<f32>, #shared>
  // CHECK: %[[RING:.*]] = tkg.alloc {offset = 256 : i64} : !tkg.memdesc<3 x [8x4xf32], #[[$SHARED]]>
  %ring = tkg.alloc {offset = 256 : i64} : !tkg.memdesc<3 x [8x4xf32], #shared>
  // CHECK: %[[M:.*]] = tkg.alloc init(%{{.*}} : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #[[$SHARED]]>
  %m = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
  // CHECK: %[[SLOT:.*]] = tkg.slot %[[RING]][%{{.*}}] : !tkg.memdesc<3 x [8x4xf32], #[[$SHARED]]>
  %s = tkg.slot %ring[%i] : !tkg.memdesc<3 x [8x4xf32], #shared>
  // CHECK: tkg.memdesc_trans %[[M]] [1, 0] : !tkg.memdesc<8x4xf32, #[[$SHARED]]> -> !tkg.memdesc<4x8xf32, #
  %u = tkg.memdesc_trans %m [1, 0]
      : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<4x8xf32, #sharedT>
  // CHECK: tkg.memdesc_slices %[[M]] : !tkg.memdesc<8x4xf32, #[[$SHARED]]> -> !tkg.memdesc<2 x [4x4xf32], #
  %v = tkg.memdesc_slices %m
      : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<2 x [4x4xf32], #slice>
  // CHECK: tkg.local_store %{{.*}}, %[[SLOT]] : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #[[$SHARED]]>
  tkg.local_store %t, %s : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
  // CHECK: tkg.barrier
  tkg.barrier
  // CHECK: tkg.local_load %[[SLOT]] : !tkg.memdesc<8x4xf32, #[[$SHARED]]> -> tensor<8x4xf32>
  %r = tkg.local_load %s : !tkg.memdesc<8x4xf32, #shared> -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @copy_async(
func.func @copy_async(%x: !tk.view<?x?xbf16>, %i: index, %k: index, %rows: tensor<64xindex>,
                      %m: !tkg.memdesc<64xbf16, #sharedRow>,
                      %n: !tkg.memdesc<64x16xbf16, #sharedA>) -> tensor<64xbf16> {
  // CHECK: %[[T0:.*]] = tkg.copy_async %{{.*}}[%{{.*}}, %{{.*}} +: 64] into %{{.*}} : !tk.view<?x?xbf16>, !tkg.memdesc<64xbf16, #{{.*}}>
  %t0 = tkg.copy_async %x[%i, %k +: 64] into %m
      : !tk.view<?x?xbf16>, !tkg.memdesc<64xbf16, #sharedRow>
  // CHECK: %[[T1:.*]] = tkg.copy_async %{{.*}}[gather %{{.*}}, %{{.*}} +: 16] into %{{.*}} {inbounds = array<i1: false, true>} : !tk.view<?x?xbf16> (tensor<64xindex>), !tkg.memdesc<64x16xbf16, #{{.*}}>
  %t1 = tkg.copy_async %x[gather %rows, %k +: 16] into %n {inbounds = array<i1: false, true>}
      : !tk.view<?x?xbf16> (tensor<64xindex>), !tkg.memdesc<64x16xbf16, #sharedA>
  // CHECK: %[[G:.*]] = tkg.async_commit %[[T0]], %[[T1]]
  %g = tkg.async_commit %t0, %t1
  // CHECK: %[[D:.*]] = tkg.async_wait %[[G]] {pending = 2 : i32}
  %d = tkg.async_wait %g {pending = 2 : i32}
  // CHECK: tkg.local_load %{{.*}} after %[[D]] : !tkg.memdesc<64xbf16, #{{.*}}> -> tensor<64xbf16>
  %r = tkg.local_load %m after %d : !tkg.memdesc<64xbf16, #sharedRow> -> tensor<64xbf16>
  return %r : tensor<64xbf16>
}

// Every attribute that passes leave on kernels, arguments, loops and ops.
// CHECK-LABEL: tk.kernel @attributes(
// CHECK-SAME:    tkg.facts = {base_alignment = 16 : i64, extent_divisibility = [1, 8], inner_stride_one, small_offsets, stride_divisibility = 8 : i64}
// CHECK-SAME:    attributes {tkg.kernel = "k", tkg.preconditions = [], tkg.shared_bytes = 1024 : i64, tkg.variant = "vector", tkg.warps = 1 : i32}
tk.kernel @attributes(%x: !tk.view<?x?xf32> {tkg.facts = {base_alignment = 16, extent_divisibility = [1, 8],
                      inner_stride_one, small_offsets, stride_divisibility = 8}})
    attributes {tkg.kernel = "k", tkg.preconditions = [], tkg.shared_bytes = 1024, tkg.variant = "vector",
                tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %c1 step %c1 {
    // CHECK: tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 2 : i32}
    %t = tk.load_view %x[%i +: 32, %c0 +: 4] {tkg.stage = 2 : i32, tkg.order = 1 : i32}
        : !tk.view<?x?xf32> -> tensor<32x4xf32, #row>
    // CHECK: tkg.convert_layout {{.*}} {tkg.scratch_offset = 512 : i64}
    %u = tkg.convert_layout %t {tkg.scratch_offset = 512} : tensor<32x4xf32, #row> -> tensor<32x4xf32, #column>
    // CHECK: tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 0 : i64, tkg.scratch_slots = 2 : i32}
    %r = tk.reduce(%u) axis 1 {tkg.scratch_offset = 0, tkg.scratch_slots = 2 : i32} : (tensor<32x4xf32, #column>) -> tensor<32xf32, #sum> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
  // CHECK: } {tkg.num_stages = 3 : i32}
  } {tkg.num_stages = 3 : i32}
  tk.return
}

}

// CHECK-LABEL: func.func private @types(
// CHECK-SAME:    !tkg.token, tensor<64x4xf32, #layout{{.*}}>)
func.func private @types(!tkg.token, tensor<64x4xf32, #layout>)
