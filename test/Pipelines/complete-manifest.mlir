// RUN: tk-opt %s --tk-complete-manifest --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: \22abi\22:[\22x.address\22,\22x.dim0\22,\22x.stride0\22,\22a\22,\22p.address\22,\22grid.1\22]
module attributes {tk.manifest = "{\"schema\":1,\"target\":\"sm_80\",\"kernels\":[{\"name\":\"k\",\"instance\":\"k\",\"params\":[{\"name\":\"x\",\"kind\":\"tensor\",\"dtype\":\"f32\",\"access\":\"read\",\"dims\":[\"N\"]},{\"name\":\"a\",\"kind\":\"scalar\",\"dtype\":\"f32\",\"access\":\"read\"},{\"name\":\"p\",\"kind\":\"scalar\",\"pointer\":true,\"dtype\":\"f32\",\"access\":\"read\"}],\"grid\":[\"N\",2],\"require\":[],\"workspace\":{\"bytes\":0,\"alignment\":256},\"variants\":[{\"name\":\"general\",\"symbol\":\"k\",\"preconditions\":[],\"abi\":[],\"block\":[32,1,1],\"cluster\":[1,1,1],\"dynamic_shared_bytes\":0}]}]}"} {
  llvm.func @k() attributes {tkg.abi = [{kind = "pointer", arg = 0}, {kind = "dim", arg = 0, dim = 0}, {kind = "stride", arg = 0, dim = 0}, {kind = "scalar", arg = 1}, {kind = "scalar", arg = 2}, {kind = "grid", axis = 1}]} {
    llvm.return
  }
}

// -----

// CHECK: module {
// CHECK-NEXT: llvm.func @alone
llvm.func @alone() {
  llvm.return
}

// -----

module attributes {tk.manifest = "{\"schema\":1,\"target\":\"sm_80\",\"kernels\":[{\"name\":\"k\",\"instance\":\"k\",\"params\":[],\"grid\":[1],\"require\":[],\"workspace\":{\"bytes\":0,\"alignment\":256},\"variants\":[{\"name\":\"general\",\"symbol\":\"k\",\"preconditions\":[],\"abi\":[],\"block\":[32,1,1],\"cluster\":[1,1,1],\"dynamic_shared_bytes\":0}]}]}"} {
  // expected-error @below {{has the entry {arg = 0 : i64, kind = "pointer"} in 'tkg.abi', which the manifest does not know}}
  llvm.func @k() attributes {tkg.abi = [{kind = "pointer", arg = 0}]} {
    llvm.return
  }
}
