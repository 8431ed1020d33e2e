// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(test-alignment))' --verify-diagnostics

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

tk.kernel @scalars(%n: index) {
  // expected-remark @below {{divisibility 32, constant 96}}
  %c96 = arith.constant {facts} 96 : index
  // expected-remark @below {{divisibility all, constant 0}}
  %c0 = arith.constant {facts} 0 : index
  // expected-remark @below {{divisibility 1}}
  %p = tk.program_id 0 {facts}
  // expected-remark @below {{divisibility 32}}
  %m = arith.muli %p, %c96 {facts} : index
  // expected-remark @below {{divisibility 1}}
  %s = arith.addi %m, %n {facts} : index
  // expected-remark @below {{divisibility 32}}
  %t = arith.addi %m, %c96 {facts} : index
  %c16 = arith.constant 16 : index
  // expected-remark @below {{divisibility 2}}
  %d = arith.divsi %m, %c16 {facts} : index
  // expected-remark @below {{divisibility 16}}
  %r = arith.remsi %m, %c16 {facts} : index
  %c4 = arith.constant 4 : index
  // expected-remark @below {{divisibility 16}}
  %l = arith.shli %p, %c4 {facts} : index
  // expected-remark @below {{divisibility 2}}
  %h = arith.shrui %m, %c4 {facts} : index
  // expected-remark @below {{divisibility 32}}
  %a = arith.andi %m, %n {facts} : index
  // expected-remark @below {{divisibility 16}}
  %min = arith.minsi %m, %l {facts} : index
  tk.return
}

// A loop variable starts at the lower bound and grows by the step; what is
// carried around a loop holds on entry and at the end of the body.
tk.kernel @loops(%n: index) {
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %c6 = arith.constant 6 : index
  %r:2 = scf.for %i = %c16 to %n step %c64 iter_args(%a = %c64, %b = %c64) -> (index, index) {
    // expected-remark @below {{divisibility 16}}
    %0 = arith.addi %i, %c64 {facts} : index
    // expected-remark @below {{divisibility 16}}
    %1 = arith.addi %a, %c16 {facts} : index
    // expected-remark @below {{divisibility 2}}
    %2 = arith.addi %b, %c6 {facts} : index
    scf.yield %1, %2 : index, index
  }
  // Nothing carried.
  scf.for %i = %c64 to %n step %c16 {
    // expected-remark @below {{divisibility 16}}
    %0 = arith.addi %i, %c64 {facts} : index
  }
  tk.return
}

// Casts between integers keep the low bits; others may give any number.
tk.kernel @casts() {
  %p = tk.program_id 0
  %c16 = arith.constant 16 : index
  %m = arith.muli %p, %c16 : index
  // expected-remark @below {{divisibility 16}}
  %i = tk.cast %m {facts} : index -> i32
  // expected-remark @below {{divisibility 16}}
  %j = tk.cast %i {facts} : i32 -> i64
  %f = tk.cast %m : index -> f32
  // expected-remark @below {{divisibility 1}}
  %k = tk.cast %f {facts} : f32 -> i32
  tk.return
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

tk.kernel @tiles(%n: index) {
  // expected-remark @below {{dimension 0: contiguity 64, divisibility all, constancy 1}}
  %r = tk.arange {facts} : tensor<64xindex>
  %c24 = arith.constant 24 : index
  // expected-remark @below {{divisibility 8, constant 24; dimension 0: contiguity 1, divisibility 8, constancy 64}}
  %s = tk.splat %c24 {facts} : index -> tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 64, divisibility 8, constancy 1}}
  %a = arith.addi %s, %r {facts} : tensor<64xindex>
  // A constant minus a run runs downwards.
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 1}}
  %b = arith.subi %s, %r {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 64, divisibility 8, constancy 1}}
  %c = arith.subi %r, %s {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 8, constancy 1}}
  %m = arith.muli %r, %s {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 16, divisibility all, constancy 1}}
  %odd = tk.arange {facts} : tensor<176xi32>
  // Rows i * n + j: along j they run.
  %sn = tk.splat %n : index -> tensor<64xindex>
  %rn = arith.muli %r, %sn : tensor<64xindex>
  %e0 = tk.expand_dims %rn axis 1 : tensor<64xindex> -> tensor<64x1xindex>
  %b0 = tk.broadcast %e0 : tensor<64x1xindex> -> tensor<64x64xindex>
  %e1 = tk.expand_dims %r axis 0 : tensor<64xindex> -> tensor<1x64xindex>
  %b1 = tk.broadcast %e1 : tensor<1x64xindex> -> tensor<64x64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 1; dimension 1: contiguity 64, divisibility 1, constancy 1}}
  %ij = arith.addi %b0, %b1 {facts} : tensor<64x64xindex>
  // expected-remark @below {{dimension 0: contiguity 64, divisibility 1, constancy 1; dimension 1: contiguity 1, divisibility 1, constancy 1}}
  %ji = tk.trans %ij [1, 0] {facts} : tensor<64x64xindex> -> tensor<64x64xindex>
  tk.return
}

// Quotients and remainders of runs.
tk.kernel @runs_divided() {
  %r = tk.arange : tensor<64xi32>
  %c16 = arith.constant dense<16> : tensor<64xi32>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 16}}
  %q = arith.divui %r, %c16 {facts} : tensor<64xi32>
  // expected-remark @below {{dimension 0: contiguity 16, divisibility 16, constancy 1}}
  %m = arith.remui %r, %c16 {facts} : tensor<64xi32>
  // The signed remainder of a negative run would not run.
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 1}}
  %s = arith.remsi %r, %c16 {facts} : tensor<64xi32>
  tk.return
}

// A bounds test is equal for groups that the limit does not cut.
tk.kernel @masks(%n: index) {
  %c24 = arith.constant 24 : index
  %limit = arith.muli %n, %c24 : index
  %l = tk.splat %limit : index -> tensor<64xindex>
  %r = tk.arange : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 8}}
  %0 = arith.cmpi slt, %r, %l {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 8}}
  %1 = arith.cmpi sgt, %l, %r {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 1}}
  %2 = arith.cmpi sle, %r, %l {facts} : tensor<64xindex>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 1}}
  %3 = arith.cmpi eq, %r, %l {facts} : tensor<64xindex>
  tk.return
}

//===----------------------------------------------------------------------===//
// Accesses to views
//===----------------------------------------------------------------------===//

tk.kernel @rows(%x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one,
                    stride_divisibility = 8, extent_divisibility = [1, 8]}}, %k: index) {
  %p = tk.program_id 0
  %c64 = arith.constant 64 : index
  %s = arith.muli %p, %c64 : index
  // 16 bytes: the row starts at a multiple, and so does the extent end.
  // expected-remark @below {{dimension 0 is contiguous, aligned 8, masked 8}}
  %0 = tk.load_view %x[%p, %s +: 64] : !tk.view<?x?xbf16> -> tensor<64xbf16>
  // A start that may be anywhere.
  // expected-remark @below {{dimension 0 is contiguous, aligned 1, masked 1}}
  %1 = tk.load_view %x[%p, %k +: 64] : !tk.view<?x?xbf16> -> tensor<64xbf16>
  // Inside for sure: no bounds test divides a group.
  // expected-remark @below {{dimension 1 is contiguous, aligned 8, masked 64}}
  %2 = tk.load_view %x[%k +: 4, %s +: 64] {inbounds = array<i1: true, true>} : !tk.view<?x?xbf16> -> tensor<4x64xbf16>
  // Groups end with the tile.
  // expected-remark @below {{dimension 0 is contiguous, aligned 4, masked 4}}
  %3 = tk.load_view %x[%p, %s +: 12] : !tk.view<?x?xbf16> -> tensor<12xbf16>
  // A column walks rows: no remark.
  tk.store_view %0, %x[%s +: 64, %p] : tensor<64xbf16>, !tk.view<?x?xbf16>
  // Gathered rows leave the columns as they are.
  %rows = tk.arange : tensor<4xindex>
  // expected-remark @below {{dimension 1 is contiguous, aligned 8, masked 8}}
  %4 = tk.load_view %x[gather %rows, %s +: 64] : !tk.view<?x?xbf16> (tensor<4xindex>) -> tensor<4x64xbf16>
  // Gathered columns are as contiguous as their coordinates.
  // expected-remark @below {{dimension 0 is contiguous, aligned 4, masked 4}}
  %5 = tk.load_view %x[%p, gather %rows] : !tk.view<?x?xbf16> (tensor<4xindex>) -> tensor<4xbf16>
  // Squares are not neighbours: no remark.
  %squares = arith.muli %rows, %rows : tensor<4xindex>
  %6 = tk.load_view %x[%p, gather %squares] : !tk.view<?x?xbf16> (tensor<4xindex>) -> tensor<4xbf16>
  tk.return
}

// Without promises, the last dimension is the likely one, but nothing is known.
tk.kernel @general(%x: !tk.view<?x?xf32>) {
  %c0 = arith.constant 0 : index
  // expected-remark @below {{dimension 1 is not contiguous, aligned 1, masked 1}}
  %0 = tk.load_view %x[%c0 +: 4, %c0 +: 64] : !tk.view<?x?xf32> -> tensor<4x64xf32>
  tk.return
}

// Rows of 3 * 4 bytes keep 4-byte alignment; the extent is known from the type.
tk.kernel @known_extent(%x: !tk.view<?x8xf32> {tkg.facts = {base_alignment = 16, inner_stride_one,
                        stride_divisibility = 3}}) {
  %c0 = arith.constant 0 : index
  %p = tk.program_id 0
  // expected-remark @below {{dimension 0 is contiguous, aligned 1, masked 8}}
  %0 = tk.load_view %x[%p, %c0 +: 8] : !tk.view<?x8xf32> -> tensor<8xf32>
  // expected-remark @below {{dimension 0 is contiguous, aligned 4, masked 8}}
  %1 = tk.load_view %x[%c0, %c0 +: 8] : !tk.view<?x8xf32> -> tensor<8xf32>
  // expected-remark @below {{divisibility 8}}
  %2 = tk.dim %x, 1 {facts} : !tk.view<?x8xf32>
  tk.return
}

tk.kernel @subviews(%x: !tk.view<?x?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one,
                    stride_divisibility = 8, extent_divisibility = [1, 1, 8]}}, %n: index, %p: !tk.ptr<bf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %v = tk.subview %x kinds [0, 1, 2] offsets [%n, %c32] lengths [%c32] : !tk.view<?x?x?xbf16> -> !tk.view<?x?xbf16>
  // expected-remark @below {{dimension 0 is contiguous, aligned 8, masked 8}}
  %0 = tk.load_view %v[%n, %c0 +: 32] : !tk.view<?x?xbf16> -> tensor<32xbf16>
  %w = tk.subview %x kinds [0, 1, 2] offsets [%n, %n] lengths [%c32] : !tk.view<?x?x?xbf16> -> !tk.view<?x?xbf16>
  // expected-remark @below {{dimension 0 is contiguous, aligned 1, masked 1}}
  %1 = tk.load_view %w[%n, %c0 +: 32] : !tk.view<?x?xbf16> -> tensor<32xbf16>
  %m = tk.make_view %p [%n, %c32] strides [%c32, %c1] : !tk.ptr<bf16> -> !tk.view<?x?xbf16>
  // expected-remark @below {{dimension 0 is contiguous, aligned 1, masked 32}}
  %2 = tk.load_view %m[%n, %c0 +: 32] : !tk.view<?x?xbf16> -> tensor<32xbf16>
  tk.return
}

//===----------------------------------------------------------------------===//
// Accesses through pointers
//===----------------------------------------------------------------------===//

tk.kernel @pointers(%x: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one,
                    extent_divisibility = [4]}}, %p: !tk.ptr<f32>) {
  %i = tk.program_id 0
  %c64 = arith.constant 64 : index
  %s = arith.muli %i, %c64 : index
  // expected-remark @below {{dimension 0: contiguity 4, divisibility 16, constancy 1}}
  %a = tk.addresses %x[%s +: 64] {facts} : !tk.view<?xf32> -> tensor<64x!tk.ptr<f32>>
  // expected-remark @below {{dimension 0: contiguity 1, divisibility 1, constancy 4}}
  %in = tk.inside %x[%s +: 64] {facts} : !tk.view<?xf32> -> tensor<64xi1>
  // expected-remark @below {{dimension 0 is contiguous, aligned 4, masked 4}}
  %0 = tk.load %a mask %in : tensor<64xi1> : tensor<64x!tk.ptr<f32>> -> tensor<64xf32>
  // A pointer argument is aligned to its element, no more.
  %r = tk.arange : tensor<64xindex>
  %b = tk.splat %p : !tk.ptr<f32> -> tensor<64x!tk.ptr<f32>>
  // expected-remark @below {{dimension 0: contiguity 64, divisibility 4, constancy 1}}
  %q = tk.ptr_add %b, %r {facts} : tensor<64x!tk.ptr<f32>>, tensor<64xindex>
  // expected-remark @below {{dimension 0 is contiguous, aligned 1, masked 64}}
  tk.store %0, %q : tensor<64xf32>, tensor<64x!tk.ptr<f32>>
  tk.return
}
