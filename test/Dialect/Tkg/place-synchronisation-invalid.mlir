// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-place-synchronisation))' --verify-diagnostics

// expected-error @below {{expects structured control flow, but the body has several blocks}}
tk.kernel @blocks() {
  cf.br ^next
^next:
  tk.return
}

// A barrier would be missing inside.
#row = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
tk.kernel @switch(%x: !tk.view<32xf32>, %n: index) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{expects 'scf.for', 'scf.while' or 'scf.if' around accesses to memory, got 'scf.index_switch'}}
  scf.index_switch %n
  default {
    // expected-note @below {{the access is here}}
    %t = tk.load_view %x[%c0 +: 32] : !tk.view<32xf32> -> tensor<32xf32, #row>
    scf.yield
  }
  tk.return
}
