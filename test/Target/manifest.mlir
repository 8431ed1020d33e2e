// The manifest survives into PTX, cubin and hsaco, and reads back from each.
// RUN: tkc %s --target=sm_90a --emit=ptx -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX < %t.ptx
// RUN: tkc --describe %t.ptx | FileCheck %s --check-prefixes=CHECK,PLAIN -DKIND=PTX

// PTX: .visible .global .align 8 .b8 __tk_manifest[{{[0-9]+}}] = {123, 34,

// PTX knows no resources; the assembler adds them.
// CHECK: [[KIND]] for sm_90a, source 0123456789abcdef
// CHECK-NEXT: kernel scale<f32>
// CHECK-NEXT: x: mut tensor<f32>[N]
// CHECK-NEXT: a: f32
// CHECK-NEXT: grid(cdiv(N, 128))
// CHECK-NEXT: require(N > 0)
// CHECK-NEXT: variant general: scale_f32(x.address, x.dim0, x.stride0, a)
// CHECK-NEXT: needs x.stride0 == 1
// PLAIN-NEXT: block 128 x 1 x 1, shared memory 4096 bytes{{$}}
// ADDED-NEXT: block 128 x 1 x 1, shared memory 4608 bytes, {{[1-9][0-9]*}} registers, 16 blocks per multiprocessor{{$}}

module attributes {tk.manifest = "{\"schema\":1,\"target\":\"sm_90a\",\"source_hash\":\"0123456789abcdef\",\"kernels\":[{\"name\":\"scale\",\"instance\":\"scale<f32>\",\"params\":[{\"name\":\"x\",\"kind\":\"tensor\",\"dtype\":\"f32\",\"access\":\"mut\",\"dims\":[\"N\"]},{\"name\":\"a\",\"kind\":\"scalar\",\"dtype\":\"f32\",\"access\":\"read\"}],\"grid\":[[\"cdiv\",\"N\",128]],\"require\":[[\">\",\"N\",0]],\"workspace\":{\"bytes\":0,\"alignment\":256,\"zeroed\":false},\"variants\":[{\"name\":\"general\",\"symbol\":\"scale_f32\",\"preconditions\":[[\"==\",\"x.stride0\",1]],\"abi\":[\"x.address\",\"x.dim0\",\"x.stride0\",\"a\"],\"block\":[128,1,1],\"cluster\":[1,1,1],\"dynamic_shared_bytes\":4096,\"linear_grid\":false}]}]}"} {
  llvm.mlir.global internal @buffer() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<128 x f32>
  llvm.func @scale_f32(%x: !llvm.ptr<1>, %n: i64, %s: i64, %a: f32) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128>} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %base = llvm.mlir.addressof @buffer : !llvm.ptr<3>
    %q = llvm.getelementptr %base[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
    llvm.store volatile %a, %q : f32, !llvm.ptr<3>
    %p = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %a, %p : f32, !llvm.ptr<1>
    llvm.return
  }
}
