// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-allocate-shared-memory))' --verify-diagnostics

#shared = #tkg.shared<shape = [[64], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>

module attributes {tkg.target = "sm_86", tkg.threads_per_warp = 32 : i32} {

// expected-error @below {{kernel 'too_much' takes 114688 bytes of shared memory, sm_86 has 101376 for a block}}
tk.kernel @too_much(%t: tensor<64x64xf32>, %i: index) attributes {tkg.warps = 4 : i32} {
  // expected-note @below {{98304 bytes for a buffer of type}}
  %ring = tkg.alloc : !tkg.memdesc<6 x [64x64xf32], #shared>
  // expected-note @below {{16384 bytes for a buffer of type}}
  %one = tkg.alloc : !tkg.memdesc<64x64xf32, #shared>
  %slot = tkg.slot %ring[%i] : !tkg.memdesc<6 x [64x64xf32], #shared>
  tkg.local_store %t, %slot : tensor<64x64xf32>, !tkg.memdesc<64x64xf32, #shared>
  tkg.local_store %t, %one : tensor<64x64xf32>, !tkg.memdesc<64x64xf32, #shared>
  tk.return
}

}
