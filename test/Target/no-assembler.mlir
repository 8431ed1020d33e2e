// RUN: not tkc %s --cuda-path=%S -o %t.cubin 2>&1 | FileCheck %s
// RUN: not tkc %s --cuda-path=%S --use-ptxas -o %t.cubin 2>&1 | FileCheck %s --check-prefix=PTXAS
// RUN: not tkc %s --cuda-path=%S --use-nvjitlink -o %t.cubin 2>&1 | FileCheck %s --check-prefix=NVJITLINK
// RUN: not ls %t.cubin

// CHECK: {{^}}tkc: error: a cubin needs 'ptxas' or 'libnvJitLink' of a CUDA toolkit, which was not found
// CHECK: note: looked in {{.*}}Target
// CHECK: note: pass --cuda-path, set CUDA_PATH, or stop at --emit=ptx
// PTXAS: error: a cubin needs 'ptxas' of a CUDA toolkit
// NVJITLINK: error: a cubin needs 'libnvJitLink' of a CUDA toolkit
llvm.func @k(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}
