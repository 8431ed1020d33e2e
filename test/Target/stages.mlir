// RUN: rm -rf %t && mkdir %t
// RUN: tkc %s --target=sm_80 --emit=ptx -o %t/direct.ptx --dump-dir=%t/dump
// RUN: ls %t/dump | FileCheck %s --check-prefix=DUMP
// DUMP: {{^}}[[#]]-llvm.mlir
// DUMP-NEXT: {{^}}[[#]]-llvmir.ll
// DUMP-NEXT: {{^}}[[#]]-ptx.ptx

// Going on from any stage gives the same bytes as going through.
// RUN: tkc %s --target=sm_80 --emit=llvm -o %t/a.mlir
// RUN: tkc %t/a.mlir --target=sm_80 --stop-after=llvmir -o %t/a.ll
// RUN: tkc %t/a.ll --target=sm_80 --emit=ptx -o %t/a.ptx
// RUN: cmp %t/a.ptx %t/direct.ptx
// RUN: tkc --start-at=llvmir - --target=sm_80 --emit=ptx < %t/a.ll | cmp - %t/direct.ptx

// RUN: not tkc %t/a.ll --target=gfx942 -o %t/x 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: the LLVM IR is for 'nvptx64-nvidia-cuda', but the target is 'gfx942'
// RUN: grep -v 'target triple' %t/a.ll > %t/none.ll
// RUN: not tkc %t/none.ll -o %t/x 2>&1 | FileCheck %s --check-prefix=TRIPLE
// TRIPLE: error: the LLVM IR names no target; expects 'target triple = "nvptx64-nvidia-cuda"'
// RUN: echo "define void" > %t/bad.ll
// RUN: not tkc %t/bad.ll --emit=ptx 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: bad.ll:2:1: error: cannot parse LLVM IR: expected function name

// RUN: tkc %s --emit=ptx -o %t/x --time 2>&1 | FileCheck %s --check-prefix=TIME
// TIME: parse MLIR
// TIME: ConvertNVVMToLLVMPass
// TIME: translate to LLVM IR
// TIME: optimise LLVM IR
// TIME: generate PTX
// TIME: Total
llvm.func @k(%x: !llvm.ptr<1>, %v: f32) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 32>} {
  llvm.store %v, %x : f32, !llvm.ptr<1>
  llvm.return
}
