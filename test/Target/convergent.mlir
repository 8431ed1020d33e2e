// RUN: tkc %s --emit=llvmir | FileCheck %s

// Only assembly with side effects may be a barrier.
// CHECK: call void asm sideeffect "bar.warp.sync {{.*}} [[BARRIER:#[0-9]+]]
// CHECK: call i32 asm "mov.u32 {{.*}} [[MOVE:#[0-9]+]]
// CHECK: attributes [[BARRIER]] = { convergent nounwind }
// CHECK: attributes [[MOVE]] = { nounwind }
llvm.func @k(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.inline_asm has_side_effects "bar.warp.sync 0xffffffff;", "" : () -> ()
  %a = llvm.inline_asm "mov.u32 $0, %smid;", "=r" : () -> i32
  llvm.store %a, %x : i32, !llvm.ptr<1>
  llvm.return
}
