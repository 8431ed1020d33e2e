// REQUIRES: ptxas
// RUN: tk-opt %s --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_90a - -o %t.ptx
// RUN: %ptxas -arch=sm_90a -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: sed s/sm_90a/sm_80/ %s | tk-opt --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_80 - -o %t.ptx
// RUN: %ptxas -arch=sm_80 -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: sed s/sm_90a/sm_86/ %s | tk-opt --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_86 - -o %t.ptx
// RUN: %ptxas -arch=sm_86 -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: sed s/sm_90a/sm_89/ %s | tk-opt --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_89 - -o %t.ptx
// RUN: %ptxas -arch=sm_89 -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: sed s/sm_90a/sm_100a/ %s | tk-opt --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_100a - -o %t.ptx
// RUN: %ptxas -arch=sm_100a -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: sed s/sm_90a/sm_120a/ %s | tk-opt --convert-tkg-to-nvvm | tkc --start-at=llvm --emit=ptx --target=sm_120a - -o %t.ptx
// RUN: %ptxas -arch=sm_120a -v %t.ptx -o %t.cubin 2>&1 | FileCheck %s

// Both kernels are accepted for every chip, without spills.
// CHECK-COUNT-2: 0 bytes spill stores, 0 bytes spill loads
// CHECK-NOT:     bytes spill stores

#A = #tkg.shared<shape = [[128],[32]], offset = [[0,1],[0,2],[0,4],[0,8],[0,16],[1,0],[2,8],[4,16],[8,0],[16,0],[32,0],[64,0]]>
#B = #tkg.shared<shape = [[32],[128]], offset = [[0,1],[0,2],[0,4],[0,8],[0,16],[0,32],[1,8],[2,16],[4,32],[8,0],[16,0],[0,64]]>
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#acc = #tkg.layout<shape = [[128],[128]], register = [[0,1],[8,0],[0,8],[0,16],[0,32],[32,0],[64,0]], lane = [[0,2],[0,4],[1,0],[2,0],[4,0]], warp = [[16,0],[0,64]]>
#a = #tkg.layout<shape = [[128],[32]], register = [[0,1],[8,0],[0,8],[0,16],[32,0],[64,0]], lane = [[0,2],[0,4],[1,0],[2,0],[4,0]], warp = [[16,0],[0,0]]>
#b = #tkg.layout<shape = [[32],[128]], register = [[1,0],[8,0],[16,0],[0,8],[0,16],[0,32]], lane = [[2,0],[4,0],[0,1],[0,2],[0,4]], warp = [[0,0],[0,64]]>
#row = #tkg.layout<shape = [[4096]], register = [[1], [2], [4], [1024], [2048]], lane = [[8], [16], [32], [64], [128]], warp = [[256], [512]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @matmul(
    %x: !tk.view<?x?xbf16> {tk.access = #tk.access<read>, tk.dims = ["M", "K"], tk.dtype = "bf16", tk.name = "a", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %y: !tk.view<?x?xbf16> {tk.access = #tk.access<read>, tk.dims = ["K", "N"], tk.dtype = "bf16", tk.name = "b", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %z: !tk.view<?x?xbf16> {tk.access = #tk.access<out>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "c", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}})
    attributes {grid = ["cdiv(M, 128)", "cdiv(N, 128)"], instance = "matmul<bf16>", tkg.warps = 4 : i32, tkg.shared_bytes = 49152 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %zero = arith.constant dense<0.0> : tensor<128x128xf32, #acc>
  %pm = tk.program_id 0
  %pn = tk.program_id 1
  %m = arith.muli %pm, %c128 : index
  %n = arith.muli %pn, %c128 : index
  %K = tk.dim %x, 1 : !tk.view<?x?xbf16>
  %ra = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<3 x [128x32xbf16], #A>
  %rb = tkg.alloc {offset = 24576 : i64} : !tkg.memdesc<3 x [32x128xbf16], #B>
  %a0 = tkg.slot %ra[%c0] : !tkg.memdesc<3 x [128x32xbf16], #A>
  %b0 = tkg.slot %rb[%c0] : !tkg.memdesc<3 x [32x128xbf16], #B>
  %a1 = tkg.slot %ra[%c1] : !tkg.memdesc<3 x [128x32xbf16], #A>
  %b1 = tkg.slot %rb[%c1] : !tkg.memdesc<3 x [32x128xbf16], #B>
  %t0 = tkg.copy_async %x[%m +: 128, %c0 +: 32] into %a0 : !tk.view<?x?xbf16>, !tkg.memdesc<128x32xbf16, #A>
  %t1 = tkg.copy_async %y[%c0 +: 32, %n +: 128] into %b0 : !tk.view<?x?xbf16>, !tkg.memdesc<32x128xbf16, #B>
  %g0 = tkg.async_commit %t0, %t1
  %t2 = tkg.copy_async %x[%m +: 128, %c32 +: 32] into %a1 : !tk.view<?x?xbf16>, !tkg.memdesc<128x32xbf16, #A>
  %t3 = tkg.copy_async %y[%c32 +: 32, %n +: 128] into %b1 : !tk.view<?x?xbf16>, !tkg.memdesc<32x128xbf16, #B>
  %g1 = tkg.async_commit %t2, %t3
  %r:3 = scf.for %k = %c0 to %K step %c32 iter_args(%acc = %zero, %rd = %c0, %wr = %c2) -> (tensor<128x128xf32, #acc>, index, index) {
    %w = tkg.async_wait {pending = 1 : i32}
    tkg.barrier
    %sa = tkg.slot %ra[%rd] : !tkg.memdesc<3 x [128x32xbf16], #A>
    %sb = tkg.slot %rb[%rd] : !tkg.memdesc<3 x [32x128xbf16], #B>
    %da = tkg.slot %ra[%wr] : !tkg.memdesc<3 x [128x32xbf16], #A>
    %db = tkg.slot %rb[%wr] : !tkg.memdesc<3 x [32x128xbf16], #B>
    %kn = arith.addi %k, %c64 : index
    %t4 = tkg.copy_async %x[%m +: 128, %kn +: 32] into %da : !tk.view<?x?xbf16>, !tkg.memdesc<128x32xbf16, #A>
    %t5 = tkg.copy_async %y[%kn +: 32, %n +: 128] into %db : !tk.view<?x?xbf16>, !tkg.memdesc<32x128xbf16, #B>
    %g2 = tkg.async_commit %t4, %t5
    %fa = tkg.local_load %sa after %w : !tkg.memdesc<128x32xbf16, #A> -> tensor<128x32xbf16, #a>
    %fb = tkg.local_load %sb after %w : !tkg.memdesc<32x128xbf16, #B> -> tensor<32x128xbf16, #b>
    %d = tkg.dot %fa, %fb, %acc instruction #mma : tensor<128x32xbf16, #a>, tensor<32x128xbf16, #b> -> tensor<128x128xf32, #acc>
    %rn = arith.addi %rd, %c1 : index
    %rw = arith.cmpi eq, %rn, %c3 : index
    %rs = arith.select %rw, %c0, %rn : index
    %wn = arith.addi %wr, %c1 : index
    %ww = arith.cmpi eq, %wn, %c3 : index
    %ws = arith.select %ww, %c0, %wn : index
    scf.yield %d, %rs, %ws : tensor<128x128xf32, #acc>, index, index
  }
  %o = tk.cast %r#0 : tensor<128x128xf32, #acc> -> tensor<128x128xbf16, #acc>
  tk.store_view %o, %z[%m +: 128, %n +: 128] : tensor<128x128xbf16, #acc>, !tk.view<?x?xbf16>
  tk.return
}

tk.kernel @softmax(
    %x: !tk.view<?x?xbf16> {tk.access = #tk.access<read>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %y: !tk.view<?x?xbf16> {tk.access = #tk.access<out>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "y", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}})
    attributes {grid = ["M"], instance = "softmax<bf16>", tkg.warps = 4 : i32, tkg.shared_bytes = 32 : i64} {
  %c0 = arith.constant 0 : index
  %ninf = arith.constant 0xFF80 : bf16
  %one = arith.constant 1.0 : f32
  %i = tk.program_id 0
  %t = tk.load_view %x[%i, %c0 +: 4096] pad %ninf : bf16 {inbounds = array<i1: true, false>} : !tk.view<?x?xbf16> -> tensor<4096xbf16, #row>
  %row = tk.cast %t : tensor<4096xbf16, #row> -> tensor<4096xf32, #row>
  %m = tk.reduce(%row) axis 0 {tkg.scratch_offset = 0 : i64} : (tensor<4096xf32, #row>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.maximumf %a, %b : f32
    tk.yield %c : f32
  }
  %mt = tk.splat %m : f32 -> tensor<4096xf32, #row>
  %d = arith.subf %row, %mt : tensor<4096xf32, #row>
  %e = math.exp %d : tensor<4096xf32, #row>
  %s = tk.reduce(%e) axis 0 {tkg.scratch_offset = 16 : i64} : (tensor<4096xf32, #row>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  %r = arith.divf %one, %s : f32
  %rt = tk.splat %r : f32 -> tensor<4096xf32, #row>
  %o = arith.mulf %e, %rt : tensor<4096xf32, #row>
  %ob = tk.cast %o : tensor<4096xf32, #row> -> tensor<4096xbf16, #row>
  tk.store_view %ob, %y[%i, %c0 +: 4096] {inbounds = array<i1: true, false>} : tensor<4096xbf16, #row>, !tk.view<?x?xbf16>
  tk.return
}
}
