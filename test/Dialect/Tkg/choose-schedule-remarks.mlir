// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-schedule))' --remarks-filter=schedule --remark-format=emitRemark --verify-diagnostics

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#fma = #tkg.mma<fma, m = 1, n = 1, k = 1, type = f32, warpsM = 2, warpsN = 2>
#shared = #tkg.shared<shape = [[64], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0]]>
!view = !tk.view<?x?xbf16>
!tile = !tkg.memdesc<64x64xbf16, #shared>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 232448 bytes hold 28 tiles of 8192 and a bit.
tk.kernel @wishes(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{loop asks for 30 stages of 8192 bytes, but sm_90a has room for 28}}
  // expected-remark @below {{loop is pipelined: 28 stages of 8192 bytes of shared memory}}
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %m = tkg.alloc : !tile
    %t = tkg.copy_async %a[%c0 +: 64, %k +: 64] into %m : !view, !tile
    %g = tkg.async_commit %t
    %w = tkg.async_wait %g
    %s = tkg.local_load %m after %w : !tile -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tkg.num_stages = 30 : i32}
  // Registers are not counted; the loads in front of the loop are.
  // expected-remark @below {{loop asks for 1000000 stages, but gets 32 at most}}
  // expected-remark @below {{loop is pipelined: 32 stages of 0 bytes}}
  %p = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tkg.num_stages = 1000000 : i32}
  // expected-remark @below {{loop is not pipelined: it has one stage}}
  %q = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tkg.num_stages = 1 : i32}
  // expected-remark @below {{loop asks for stages, but has no load that could run ahead}}
  scf.for %k = %c0 to %n step %c64 {
    tk.print "k", %k : index
  } {tkg.num_stages = 3 : i32}
  tk.return
}

// The next place is known only after the work on this one.
tk.kernel @dependent(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%row = %c0) -> (index) {
    // expected-remark @below {{load does not run ahead of its loop: it depends on 'tkg.dot' of the same loop}}
    %s = tk.load_view %a[%row +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %zero instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    %i = tk.cast %d : tensor<64x64xf32> -> tensor<64x64xindex>
    %c = tk.gather %i[%c0] axis 0 : tensor<64x64xindex>, index -> tensor<64xindex>
    %next = tk.gather %c[%c0] axis 0 : tensor<64xindex>, index -> index
    scf.yield %next : index
  }
  tk.return
}

// What an iteration stores, the next may load.
tk.kernel @in_place(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  scf.for %k = %c0 to %n step %c64 {
    // expected-remark @below {{load does not run ahead of its loop: the loop may write what it reads}}
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %zero instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    %e = tk.cast %d : tensor<64x64xf32> -> tensor<64x64xbf16>
    %next = arith.addi %k, %c64 : index
    tk.store_view %e, %a[%c0 +: 64, %next +: 64] : tensor<64x64xbf16>, !view
  }
  tk.return
}

// What an iteration stores, it loads again.
tk.kernel @stored_before(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %t: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    tk.store_view %t, %a[%c0 +: 64, %k +: 64] : tensor<64x64xbf16>, !view
    // expected-remark @below {{load does not run ahead of its loop: the loop may write what it reads}}
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    tk.print "s", %s : tensor<64x64xbf16>
  }
  tk.return
}

// What another program has made ready is read after the wait for it.
tk.kernel @waits(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %p: !tk.ptr<i32> {tk.name = "p"}, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    %ready = tk.atomic_load acquire gpu %p : !tk.ptr<i32> -> i32
    // expected-remark @below {{load does not run ahead of its loop: the loop waits for other programs}}
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    tk.print "s", %s, %ready : tensor<64x64xbf16>, i32
  }
  tk.return
}

// Every place comes from a tile of rows and one of columns: there is no start
// that an iteration too many could move behind the end.
tk.kernel @gathered(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %rows: tensor<64xindex>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    // expected-remark @below {{load does not run ahead of its loop: all its places are gathered}}
    %s = tk.load_view %a[gather %rows, gather %rows] : !view (tensor<64xindex>, tensor<64xindex>) -> tensor<64xbf16>
    tk.print "s", %s : tensor<64xbf16>
  }
  tk.return
}

// 128 x 128 results take 128 registers of each of 128 threads. Two tiles of
// 32 x 128 f32 would take 64 more.
tk.kernel @crowded(%a: !tk.view<?x?xf32> {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<32x128xf32>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %r = scf.for %k = %c0 to %n step %c32 iter_args(%acc = %zero) -> (tensor<128x128xf32>) {
    // expected-remark @below {{load does not run ahead of its loop: its registers do not fit beside the accumulators}}
    %s = tk.load_view %a[%c0 +: 128, %k +: 32] : !tk.view<?x?xf32> -> tensor<128x32xf32>
    %d = tkg.dot %s, %b, %acc instruction #fma : tensor<128x32xf32>, tensor<32x128xf32> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tk.return
}

}
