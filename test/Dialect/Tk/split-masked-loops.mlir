// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-split-masked-loops,canonicalize))' | FileCheck %s
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-split-masked-loops{policy=auto},canonicalize))' | FileCheck %s
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-split-masked-loops{policy=always},canonicalize))' | FileCheck %s --check-prefix=ALWAYS
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-split-masked-loops{policy=never}))' | FileCheck %s --check-prefix=NEVER

// NEVER-NOT: tk.segment

// k + 64 <= K holds for k <= K - 64: full iterations first, then the rest.
// CHECK-LABEL: tk.kernel @sum_of_row
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG:     %[[C_64:.*]] = arith.constant -64 : index
// CHECK:         %[[K:.*]] = tk.dim
// CHECK:         %[[ROOM:.*]] = arith.addi %[[K]], %[[C_64]]
// CHECK:         %[[LAST:.*]] = arith.minsi
// CHECK-NEXT:    %[[QUOTIENT:.*]] = arith.floordivsi %[[LAST]], %[[C64]]
// CHECK-NEXT:    %[[MORE:.*]] = arith.addi %[[QUOTIENT]], %[[C1]]
// CHECK-NEXT:    %[[COUNT:.*]] = arith.maxsi %[[MORE]], %[[C0]]
// CHECK-NEXT:    %[[END:.*]] = arith.muli %[[COUNT]], %[[C64]]
// CHECK-NEXT:    %[[FULL:.*]] = scf.for %{{.*}} = %[[C0]] to %[[END]] step %[[C64]]
// CHECK-NEXT:      tk.load_view {{.*}} {inbounds = array<i1: false, true>}
// CHECK:         } {tk.segment = "full"}
// CHECK-NEXT:    scf.for %{{.*}} = %[[END]] to %[[K]] step %[[C64]] iter_args(%{{.*}} = %[[FULL]])
// CHECK-NEXT:      tk.load_view
// CHECK-NOT:       inbounds
// CHECK:         } {tk.segment = "tail"}
tk.kernel @sum_of_row(%x: !tk.view<?x?xf32> {tk.dims = ["M", "K"], tk.name = "x"}, %i: index) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xf32>
  %k = tk.dim %x, 1 : !tk.view<?x?xf32>
  %sum = scf.for %j = %c0 to %k step %c64 iter_args(%a = %zero) -> (tensor<64xf32>) {
    %t = tk.load_view %x[%i, %j +: 64] : !tk.view<?x?xf32> -> tensor<64xf32>
    %b = arith.addf %a, %t : tensor<64xf32>
    scf.yield %b : tensor<64xf32>
  }
  tk.print "sum", %sum : tensor<64xf32>
  tk.return
}

// A known extent that the tile divides leaves no tail.
// CHECK-LABEL: tk.kernel @divides
// CHECK:         scf.for
// CHECK:         tk.segment = "full"
// CHECK-NOT:     tk.segment
tk.kernel @divides(%x: !tk.view<256xf32> {tk.dims = ["256"], tk.name = "x"}) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  scf.for %j = %c0 to %c256 step %c64 {
    %t = tk.load_view %x[%j +: 64] : !tk.view<256xf32> -> tensor<64xf32>
    tk.print "t", %t : tensor<64xf32>
  }
  tk.return
}

// Causal attention: column j+n is visible in row 32*p+m if j+n <= 32*p+m. For
// all m, n of a tile that is j+15 <= 32*p.
// CHECK-LABEL: tk.kernel @causal
// CHECK-DAG:     %[[C32:.*]] = arith.constant 32 : index
// CHECK-DAG:     %[[C_15:.*]] = arith.constant -15 : index
// CHECK:         %[[P:.*]] = tk.program_id 0
// CHECK:         tk.arange : tensor<16xindex>
// CHECK:         %[[ROW:.*]] = arith.muli %[[P]], %[[C32]]
// CHECK-NEXT:    %[[LIMIT:.*]] = arith.addi %[[ROW]], %[[C_15]]
// CHECK-NEXT:    arith.minsi %{{.*}}, %[[LIMIT]]
// CHECK:         scf.for
// CHECK-NOT:       arith.cmpi
// CHECK-NOT:       arith.select
// CHECK:         tk.segment = "full"
// CHECK:         scf.for
// CHECK:           arith.cmpi sle
// CHECK:           arith.select
// CHECK:         tk.segment = "tail"
tk.kernel @causal(%n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant dense<0.0> : tensor<32x16xf32>
  %one = arith.constant dense<1.0> : tensor<32x16xf32>
  %p = tk.program_id 0
  %row = arith.muli %p, %c32 : index
  %m = tk.arange : tensor<32xindex>
  %rows = tk.splat %row : index -> tensor<32xindex>
  %r = arith.addi %rows, %m : tensor<32xindex>
  %r1 = tk.expand_dims %r axis 1 : tensor<32xindex> -> tensor<32x1xindex>
  %r2 = tk.broadcast %r1 : tensor<32x1xindex> -> tensor<32x16xindex>
  %ns = tk.arange : tensor<16xindex>
  %sum = scf.for %j = %c0 to %n step %c16 iter_args(%a = %zero) -> (tensor<32x16xf32>) {
    %js = tk.splat %j : index -> tensor<16xindex>
    %c = arith.addi %js, %ns : tensor<16xindex>
    %cols = tk.expand_dims %c axis 0 : tensor<16xindex> -> tensor<1x16xindex>
    %cols2 = tk.broadcast %cols : tensor<1x16xindex> -> tensor<32x16xindex>
    %mask = arith.cmpi sle, %cols2, %r2 : tensor<32x16xindex>
    %s = arith.select %mask, %one, %zero : tensor<32x16xi1>, tensor<32x16xf32>
    %b = arith.addf %a, %s : tensor<32x16xf32>
    scf.yield %b : tensor<32x16xf32>
  }
  tk.print "sum", %sum : tensor<32x16xf32>
  tk.return
}

// A sliding window is masked on both sides: head, full, tail. Results pass
// through all three.
// CHECK-LABEL: tk.kernel @window
// CHECK:         %[[HEAD:.*]] = scf.for
// CHECK:         tk.segment = "head"
// CHECK:         %[[FULL:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[HEAD]])
// CHECK-NOT:       arith.select
// CHECK:         tk.segment = "full"
// CHECK:         %[[TAIL:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[FULL]])
// CHECK:         tk.segment = "tail"
// CHECK:         tk.print "sum", %[[TAIL]]
tk.kernel @window(%first: index, %last: index, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %one = arith.constant dense<1.0> : tensor<16xf32>
  %firsts = tk.splat %first : index -> tensor<16xindex>
  %lasts = tk.splat %last : index -> tensor<16xindex>
  %ns = tk.arange : tensor<16xindex>
  %sum = scf.for %j = %c0 to %n step %c16 iter_args(%a = %zero) -> (tensor<16xf32>) {
    %js = tk.splat %j : index -> tensor<16xindex>
    %c = arith.addi %js, %ns : tensor<16xindex>
    %above = arith.cmpi sge, %c, %firsts : tensor<16xindex>
    %below = arith.cmpi slt, %c, %lasts : tensor<16xindex>
    %mask = arith.andi %above, %below : tensor<16xi1>
    %s = arith.select %mask, %one, %zero : tensor<16xi1>, tensor<16xf32>
    %b = arith.addf %a, %s : tensor<16xf32>
    scf.yield %b : tensor<16xf32>
  }
  tk.print "sum", %sum : tensor<16xf32>
  tk.return
}

// Operands of a dot are copied with tests that cost nothing: not worth twice
// the code.
// CHECK-LABEL: tk.kernel @matmul
// CHECK-NOT:     tk.segment
// CHECK:         tk.return
// ALWAYS-LABEL: tk.kernel @matmul
// ALWAYS:         tk.segment = "full"
// ALWAYS:         tk.segment = "tail"
tk.kernel @matmul(%a: !tk.view<?x?xf16> {tk.dims = ["M", "K"], tk.name = "a"},
                  %b: !tk.view<?x?xf16> {tk.dims = ["N", "K"], tk.name = "b"}) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %k = tk.dim %a, 1 : !tk.view<?x?xf16>
  %sum = scf.for %j = %c0 to %k step %c32 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %j +: 32] : !tk.view<?x?xf16> -> tensor<64x32xf16>
    %t = tk.load_view %b[%c0 +: 64, %j +: 32] : !tk.view<?x?xf16> -> tensor<64x32xf16>
    %u = tk.trans %t [1, 0] : tensor<64x32xf16> -> tensor<32x64xf16>
    %d = tk.dot %s, %u, %acc : tensor<64x32xf16>, tensor<32x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.print "sum", %sum : tensor<64x64xf32>
  tk.return
}

// Tests that are not linear in the loop variable cut nothing.
// CHECK-LABEL: tk.kernel @not_linear
// CHECK-NOT:     tk.segment
// CHECK:         tk.return
tk.kernel @not_linear(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %j = %c0 to %n step %c1 {
    %s = arith.muli %j, %j : index
    %t = tk.load_view %x[%s +: 16] : !tk.view<?xf32> -> tensor<16xf32>
    tk.print "t", %t : tensor<16xf32>
  }
  tk.return
}
