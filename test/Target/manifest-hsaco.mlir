// RUN: tkc %s --target=gfx942 -o %t.hsaco
// RUN: tkc --describe %t.hsaco | FileCheck %s

// CHECK: hsaco for gfx942
// CHECK: variant general: k(x.address)
// CHECK-NEXT: block 64 x 1 x 1, shared memory 256 bytes, {{[1-9][0-9]*}} registers, 32 blocks per multiprocessor
module attributes {tk.manifest = "{\"schema\":1,\"target\":\"gfx942\",\"kernels\":[{\"name\":\"k\",\"instance\":\"k\",\"params\":[{\"name\":\"x\",\"kind\":\"tensor\",\"dtype\":\"f32\",\"access\":\"out\",\"dims\":[]}],\"grid\":[1],\"require\":[],\"workspace\":{\"bytes\":0,\"alignment\":256,\"zeroed\":false},\"variants\":[{\"name\":\"general\",\"symbol\":\"k\",\"preconditions\":[],\"abi\":[\"x.address\"],\"block\":[64,1,1],\"cluster\":[1,1,1],\"dynamic_shared_bytes\":0}]}]}"} {
  llvm.mlir.global internal @buffer() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x f32>
  llvm.func @k(%x: !llvm.ptr<1>) attributes {rocdl.kernel, rocdl.flat_work_group_size = "64,64"} {
    %tid = rocdl.workitem.id.x : i32
    %c = llvm.mlir.constant(1.0 : f32) : f32
    %base = llvm.mlir.addressof @buffer : !llvm.ptr<3>
    %q = llvm.getelementptr %base[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
    llvm.store volatile %c, %q : f32, !llvm.ptr<3>
    llvm.store %c, %x : f32, !llvm.ptr<1>
    llvm.return
  }
}
