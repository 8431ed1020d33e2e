// RUN: tk-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

// expected-error @below {{unknown field 'thread', expects shape, register, lane, warp, block or offset}}
#a = #tkg.layout<shape = [[2]], thread = [[1]]>

// -----

// expected-error @below {{'lane' is given twice}}
#a = #tkg.layout<shape = [[4]], lane = [[1]], lane = [[2]]>

// -----

// expected-error @below {{lane basis [2] lies outside the shape}}
#a = #tkg.layout<shape = [[2]], lane = [[2]]>

// -----

// expected-error @below {{expects every element of the shape to be held somewhere}}
#a = #tkg.layout<shape = [[4]], lane = [[1]]>

// -----

// expected-error @below {{expects no offsets: registers are not memory}}
#a = #tkg.layout<shape = [[2]], offset = [[1]]>

// -----

// expected-error @below {{expects offsets alone, got 'lane'}}
#a = #tkg.shared<shape = [[2]], lane = [[1]]>

// -----

// Two offsets that store one element.
// expected-error @below {{expects every offset to store one element, and every element to have an offset}}
#a = #tkg.shared<shape = [[2]], offset = [[1], [0]]>

// -----

#a = #tkg.layout<shape = [[2]], lane = [[1]]>
// expected-error @below {{expects a layout of rank 2, that of the tile, got 1}}
func.func private @rank(tensor<2x2xf32, #a>)

// -----

#a = #tkg.layout<shape = [[2], [4]], lane = [[1, 0], [0, 1], [0, 2]]>
// expected-error @below {{expects a layout of extent 5 or more in dimension 1, got 4}}
func.func private @extent(tensor<2x5xf32, #a>)

// -----

// expected-error @below {{expects m, n, k, warpsM and warpsN to be positive}}
#a = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 0, warpsN = 2>

// -----

// expected-error @below {{expects m, n and k to be powers of two up to 256, got 96}}
#a = #tkg.mma<mma_sync, m = 16, n = 8, k = 96, type = bf16, warpsM = 1, warpsN = 2>

// -----

// expected-error @below {{expects m, n and k to be powers of two up to 256, got 65536}}
#a = #tkg.mma<fma, m = 65536, n = 8, k = 1, type = f32, warpsM = 1, warpsN = 2>

// -----

// expected-error @below {{expects an operand type that is a float or an integer, got 'index'}}
#a = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = index, warpsM = 1, warpsN = 2>

// -----

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
// expected-error @below {{expects a layout of extent 5 or more in dimension 0, got 4}}
func.func private @memdesc_extent(!tkg.memdesc<5xf32, #s>)

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
// expected-error @below {{expects one positive depth before '['}}
func.func private @memdesc_depth(!tkg.memdesc<0 x [4xf32], #s>)

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
// expected-error @below {{expects elements that are integers, floats or pointers, got 'vector<2xf32>'}}
func.func private @memdesc_element(!tkg.memdesc<4xvector<2xf32>, #s>)

// -----

func.func @rolled_op(%a: index) -> index {
  // expected-error @below {{has 'tkg.rolled', which belongs on an 'scf.for'}}
  %0 = arith.addi %a, %a {tkg.rolled} : index
  return %0 : index
}

// -----

//===----------------------------------------------------------------------===//
// Attributes of passes
//===----------------------------------------------------------------------===//

// expected-error @below {{has 'tkg.warps', which belongs on a 'tk.kernel'}}
func.func private @warps_on_function() attributes {tkg.warps = 4 : i32}

// -----

func.func @through_memory(%t: tensor<6x4xf32>) {
  // expected-error @below {{has 'tkg.through_memory', which belongs on a 'tk.reshape'}}
  %u = tk.trans %t [1, 0] {tkg.through_memory} : tensor<6x4xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @through_memory_of(%t: tensor<6x4xf32>) {
  // expected-error @below {{expects 'tkg.through_memory' to be a unit, got 1 : i32}}
  %u = tk.reshape %t {tkg.through_memory = 1 : i32} : tensor<6x4xf32> -> tensor<4x6xf32>
  return
}

// -----

// Only a reduction takes slots in turn.
tk.kernel @slots_of_store(%t: f32, %x: !tk.view<?xf32>, %i: index) {
  // expected-error @below {{has 'tkg.scratch_slots', which belongs on a 'tk.reduce'}}
  tk.store_view %t, %x[%i] {tkg.scratch_slots = 2 : i32} : f32, !tk.view<?xf32>
  tk.return
}

// -----

// expected-error @below {{expects 'tkg.preconditions' to be an array of host expressions, got ["x.address % 16 == 0", "N %"]}}
tk.kernel @preconditions() attributes {tkg.preconditions = ["x.address % 16 == 0", "N %"]} {
  tk.return
}

// -----

// expected-error @below {{expects 'tkg.warps' to be a positive i32, got 0 : i32}}
tk.kernel @no_warps() attributes {tkg.warps = 0 : i32} {
  tk.return
}

// -----

// expected-error @below {{expects 'tkg.target' to be a string, got 90 : i64}}
module attributes {tkg.target = 90} {}

// -----

// expected-error @below {{has an unknown fact 'aligned'}}
tk.kernel @unknown_fact(%x: !tk.view<?xf32> {tkg.facts = {aligned}}) {
  tk.return
}

// -----

// expected-error @below {{expects fact 'base_alignment' to be a positive i64, got 0 : i64}}
tk.kernel @zero_alignment(%x: !tk.view<?xf32> {tkg.facts = {base_alignment = 0}}) {
  tk.return
}

// -----

// expected-error @below {{expects fact 'extent_divisibility' to be 2 positive i64, got [8]}}
tk.kernel @divisibility_per_dimension(%x: !tk.view<?x?xf32> {tkg.facts = {extent_divisibility = [8]}}) {
  tk.return
}

// -----

// expected-error @below {{expects fact 'inner_stride_one' without a value, got 1 : i64}}
tk.kernel @unit_fact(%x: !tk.view<?x?xf32> {tkg.facts = {inner_stride_one = 1}}) {
  tk.return
}

// -----

// expected-error @below {{expects 'tkg.facts' to be a dictionary on a view of a 'tk.kernel'}}
tk.kernel @facts_of_scalar(%x: f32 {tkg.facts = {}}) {
  tk.return
}

// -----

// expected-error @below {{has an unknown argument attribute 'tkg.fact'}}
tk.kernel @unknown_argument_attribute(%x: !tk.view<?xf32> {tkg.fact = {}}) {
  tk.return
}

// -----

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

#a = #tkg.layout<shape = [[2]], lane = [[1]]>
func.func @convert_without_layout(%t: tensor<2xf32>) -> tensor<2xf32, #a> {
  // expected-error @below {{expects tiles that carry a layout, got 'tensor<2xf32>'}}
  %0 = tkg.convert_layout %t : tensor<2xf32> -> tensor<2xf32, #a>
  return %0 : tensor<2xf32, #a>
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @alloc_ring_init(%t: tensor<4xf32>) {
  // expected-error @below {{expects no initial value for a ring}}
  %m = tkg.alloc init(%t : tensor<4xf32>) : !tkg.memdesc<2 x [4xf32], #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @alloc_init_shape(%t: tensor<3xf32>) {
  // expected-error @below {{expects a tile of the shape and element type of '!tkg.memdesc<4xf32, #tkg.shared<shape = [[4]], offset = [[1], [2]]>>', got 'tensor<3xf32>'}}
  %m = tkg.alloc init(%t : tensor<3xf32>) : !tkg.memdesc<4xf32, #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @local_load_element(%m: !tkg.memdesc<4xf32, #s>) {
  // expected-error @below {{expects a tile of the shape and element type of}}
  %t = tkg.local_load %m : !tkg.memdesc<4xf32, #s> -> tensor<4xf16>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @local_store_shape(%t: tensor<2xf32>, %m: !tkg.memdesc<4xf32, #s>) {
  // expected-error @below {{expects a tile of the shape and element type of}}
  tkg.local_store %t, %m : tensor<2xf32>, !tkg.memdesc<4xf32, #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @slot_of_tile(%m: !tkg.memdesc<4xf32, #s>, %i: index) {
  // expected-error @below {{operand #0 must be ring of shared-memory tiles}}
  %0 = tkg.slot %m[%i] : !tkg.memdesc<4xf32, #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4], [2]], offset = [[0, 1], [1, 0], [2, 0]]>
#t = #tkg.shared<shape = [[4], [1]], offset = [[1, 0], [2, 0]]>
func.func @memdesc_slices_columns(%m: !tkg.memdesc<4x2xf32, #s>) {
  // expected-error @below {{expects slices of the first dimension of '!tkg.memdesc<4x2xf32, #tkg.shared<shape = [[4], [2]], offset = [[0, 1], [1, 0], [2, 0]]>>', got '!tkg.memdesc<2 x [4x1xf32]}}
  %0 = tkg.memdesc_slices %m : !tkg.memdesc<4x2xf32, #s> -> !tkg.memdesc<2 x [4x1xf32], #t>
  return
}

// -----

#s = #tkg.shared<shape = [[4], [2]], offset = [[1, 0], [2, 0], [0, 1]]>
#t = #tkg.shared<shape = [[2], [2]], offset = [[1, 0], [0, 1]]>
func.func @memdesc_slices_apart(%m: !tkg.memdesc<4x2xf32, #s>) {
  // expected-error @below {{expects slices that lie one after the other}}
  %0 = tkg.memdesc_slices %m : !tkg.memdesc<4x2xf32, #s> -> !tkg.memdesc<2 x [2x2xf32], #t>
  return
}

// -----

#s = #tkg.shared<shape = [[4], [2]], offset = [[0, 1], [1, 0], [2, 0]]>
func.func @memdesc_trans_permutation(%m: !tkg.memdesc<4x2xf32, #s>) {
  // expected-error @below {{expects a permutation of the 2 dimensions}}
  // expected-error @below {{failed to infer returned types}}
  %0 = tkg.memdesc_trans %m [1, 1] : !tkg.memdesc<4x2xf32, #s> -> !tkg.memdesc<4x2xf32, #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4], [2]], offset = [[0, 1], [1, 0], [2, 0]]>
#t = #tkg.shared<shape = [[2], [4]], offset = [[0, 1], [0, 2], [1, 0]]>
func.func @memdesc_trans_layout(%m: !tkg.memdesc<4x2xf32, #s>) {
  // expected-error @below {{'tkg.memdesc_trans' op inferred type(s) '!tkg.memdesc<2x4xf32, #tkg.shared<shape = [[2], [4]], offset = [[1, 0], [0, 1], [0, 2]]>>' are incompatible with return type(s) of operation}}
  // expected-error @below {{failed to infer returned types}}
  %0 = tkg.memdesc_trans %m [1, 0] : !tkg.memdesc<4x2xf32, #s> -> !tkg.memdesc<2x4xf32, #t>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @copy_async_shape(%x: !tk.view<?xf32>, %i: index, %m: !tkg.memdesc<4xf32, #s>) {
  // expected-error @below {{expects 'tensor<3xf32>' from these items, got 'tensor<4xf32>'}}
  %t = tkg.copy_async %x[%i +: 3] into %m : !tk.view<?xf32>, !tkg.memdesc<4xf32, #s>
  return
}

// -----

#s = #tkg.shared<shape = [[4]], offset = [[1], [2]]>
func.func @copy_async_inbounds(%x: !tk.view<?xf32>, %i: index, %m: !tkg.memdesc<4xf32, #s>) {
  // expected-error @below {{expects one 'inbounds' flag for each of the 1 dimensions of the view, got 2}}
  %t = tkg.copy_async %x[%i +: 4] into %m {inbounds = array<i1: true, true>} : !tk.view<?xf32>, !tkg.memdesc<4xf32, #s>
  return
}

// -----

func.func @dot_shapes(%a: tensor<32x16xbf16>, %b: tensor<32x32xbf16>, %c: tensor<32x32xf32>) {
  // expected-error @below {{expects operands [.., M, K] and [.., K, N] for a result [.., M, N], got}}
  %d = tkg.dot %a, %b, %c : tensor<32x16xbf16>, tensor<32x32xbf16> -> tensor<32x32xf32>
  return
}

// -----

func.func @dot_ranks(%a: tensor<16xbf16>, %b: tensor<16xbf16>, %c: tensor<16xf32>) {
  // expected-error @below {{expects operands of one rank of at least 2, got}}
  %d = tkg.dot %a, %b, %c : tensor<16xbf16>, tensor<16xbf16> -> tensor<16xf32>
  return
}

// -----

func.func @dot_elements(%a: tensor<32x16xbf16>, %b: tensor<16x32xf16>, %c: tensor<32x32xf32>) {
  // expected-error @below {{expects operands of one element type, got 'bf16' and 'f16'}}
  %d = tkg.dot %a, %b, %c : tensor<32x16xbf16>, tensor<16x32xf16> -> tensor<32x32xf32>
  return
}

// -----

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 1, warpsN = 1, b = shared>
func.func @dot_source(%a: tensor<32x16xbf16>, %b: tensor<16x32xbf16>, %c: tensor<32x32xf32>) {
  // expected-error @below {{expects operand b from shared, as its instruction says, got 'tensor<16x32xbf16>'}}
  %d = tkg.dot %a, %b, %c instruction #mma : tensor<32x16xbf16>, tensor<16x32xbf16> -> tensor<32x32xf32>
  return
}

// -----

#s = #tkg.shared<shape = [[16], [2]], offset = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]]>
func.func @dot_shared_unchosen(%a: tensor<32x16xbf16>, %b: !tkg.memdesc<16x2xbf16, #s>, %c: tensor<32x2xf32>) {
  // expected-error @below {{expects an instruction that reads shared memory}}
  %d = tkg.dot %a, %b, %c : tensor<32x16xbf16>, !tkg.memdesc<16x2xbf16, #s> -> tensor<32x2xf32>
  return
}

// -----

// The accumulator of m16n8k16 in one warp: two columns and two rows a lane.
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 1, warpsN = 1>
#right = #tkg.layout<shape = [[16], [8]], register = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
#wrong = #tkg.layout<shape = [[16], [8]], register = [[0, 1], [0, 2]], lane = [[0, 4], [1, 0], [2, 0], [4, 0], [8, 0]]>
module attributes {tkg.threads_per_warp = 32 : i32} {
tk.kernel @dot_layout(%a: !tk.view<?x?xbf16>) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %lhs = tk.load_view %a[%c0 +: 16, %c0 +: 16] : !tk.view<?x?xbf16> -> tensor<16x16xbf16>
  %rhs = tk.load_view %a[%c0 +: 16, %c0 +: 8] : !tk.view<?x?xbf16> -> tensor<16x8xbf16>
  %right = arith.constant dense<0.0> : tensor<16x8xf32, #right>
  %0 = tkg.dot %lhs, %rhs, %right instruction #mma : tensor<16x16xbf16>, tensor<16x8xbf16> -> tensor<16x8xf32, #right>
  %wrong = arith.constant dense<0.0> : tensor<16x8xf32, #wrong>
  // expected-error @below {{expects a tile of the layout #tkg.layout<shape = [[16], [8]], register = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>, which its instruction imposes, got}}
  %1 = tkg.dot %lhs, %rhs, %wrong instruction #mma : tensor<16x16xbf16>, tensor<16x8xbf16> -> tensor<16x8xf32, #wrong>
  tk.return
}
}

// -----

#s = #tkg.shared<shape = [[16], [16]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0], [2, 0], [4, 0], [8, 0]]>
#mma = #tkg.mma<wgmma, m = 64, n = 16, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>
#other = #tkg.mma<wgmma, m = 64, n = 8, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>
func.func @dot_async_instruction(%a: !tkg.memdesc<16x16xbf16, #s>, %c: tensor<16x16xf32>) {
  %p = tkg.dot_async %a, %a, %c instruction #mma
      : !tkg.memdesc<16x16xbf16, #s>, !tkg.memdesc<16x16xbf16, #s>, tensor<16x16xf32> -> !tkg.pending<tensor<16x16xf32>>
  // expected-error @below {{expects a pending accumulator of the same instruction, #tkg.mma<wgmma, m = 64, n = 8, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>, got #tkg.mma<wgmma, m = 64, n = 16,}}
  %q = tkg.dot_async %a, %a, %p instruction #other
      : !tkg.memdesc<16x16xbf16, #s>, !tkg.memdesc<16x16xbf16, #s>, !tkg.pending<tensor<16x16xf32>>
        -> !tkg.pending<tensor<16x16xf32>>
  return
}

// -----

#s = #tkg.shared<shape = [[16], [16]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0], [2, 0], [4, 0], [8, 0]]>
#mma = #tkg.mma<wgmma, m = 64, n = 16, k = 16, type = bf16, warpsM = 4, warpsN = 1, a = shared, b = shared>
func.func @dot_async_accumulator(%a: !tkg.memdesc<16x16xbf16, #s>, %c: tensor<16x16xf16>) {
  // expected-error @below {{expects an accumulator of type 'tensor<16x16xf32>' or '!tkg.pending<tensor<16x16xf32>>', got 'tensor<16x16xf16>'}}
  %p = tkg.dot_async %a, %a, %c instruction #mma
      : !tkg.memdesc<16x16xbf16, #s>, !tkg.memdesc<16x16xbf16, #s>, tensor<16x16xf16> -> !tkg.pending<tensor<16x16xf32>>
  return
}

// -----

func.func @dot_wait_tile(%p: !tkg.pending<tensor<16x16xf32>>) {
  // expected-error @below {{expects the tile that is pending, 'tensor<16x16xf32>', got 'tensor<16x8xf32>'}}
  %0, %t = tkg.dot_wait %p : !tkg.pending<tensor<16x16xf32>> -> tensor<16x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Layouts around tk ops
//===----------------------------------------------------------------------===//

#a = #tkg.layout<shape = [[2]], lane = [[1]]>
module attributes {tkg.threads_per_warp = 32 : i32} {
tk.kernel @threads(%x: !tk.view<?xf32>, %i: index) attributes {tkg.warps = 2 : i32} {
  // expected-error @below {{expects layouts of 2 warps of 32 lanes, got 1 of 2}}
  %0 = tk.load_view %x[%i +: 2] : !tk.view<?xf32> -> tensor<2xf32, #a>
  tk.return
}
}

// -----

#row = #tkg.layout<shape = [[4], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0]]>
#four = #tkg.layout<shape = [[4]], register = [[1]], lane = [[2]]>
func.func @reduce(%t: tensor<4x4xf32, #row>) {
  // expected-error @below {{expects a tile of the layout #tkg.layout<shape = [[4]], lane = [[1], [2]]>, which follows from}}
  %0 = tk.reduce(%t) axis 1 : (tensor<4x4xf32, #row>) -> tensor<4xf32, #four> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  return
}

// -----

#row = #tkg.layout<shape = [[4], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0]]>
#column = #tkg.layout<shape = [[4], [1]], register = [[1, 0]], lane = [[2, 0]]>
func.func @broadcast(%t: tensor<4x1xf32, #column>) {
  // expected-error @below {{expects a tile of the layout #tkg.layout<shape = [[4], []], lane = [[1, 0], [2, 0]]>, which follows from}}
  %0 = tk.broadcast %t : tensor<4x1xf32, #column> -> tensor<4x4xf32, #row>
  return
}

// -----

#row = #tkg.layout<shape = [[4], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0]]>
func.func @trans(%t: tensor<4x4xf32, #row>) {
  // expected-error @below {{expects a tile of the layout #tkg.layout<shape = [[4], [4]], register = [[1, 0], [2, 0]], lane = [[0, 1], [0, 2]]>, which follows from}}
  %0 = tk.trans %t [1, 0] : tensor<4x4xf32, #row> -> tensor<4x4xf32, #row>
  return
}

// -----

// Columns 3 and 4 of the layout are padding, which a flat index counts.
#padded = #tkg.layout<shape = [[4], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0]]>
#flat = #tkg.layout<shape = [[16]], register = [[1], [2]], lane = [[4], [8]]>
func.func @reshape(%t: tensor<4x3xf32, #padded>) {
  // expected-error @below {{cannot reshape a tile of the layout}}
  %0 = tk.reshape %t : tensor<4x3xf32, #padded> -> tensor<12xf32, #flat>
  return
}

// -----

#lanes = #tkg.layout<shape = [[4]], lane = [[1], [2]]>
#registers = #tkg.layout<shape = [[4]], register = [[1], [2]]>
func.func @cast(%t: tensor<4xf32, #lanes>) {
  // expected-error @below {{expects a tile of the layout}}
  %0 = tk.cast %t : tensor<4xf32, #lanes> -> tensor<4xf16, #registers>
  return
}

// -----

// The rows that a gather walks lie where the rows of its result do.
#tile = #tkg.layout<shape = [[4], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0]]>
#registers = #tkg.layout<shape = [[4]], register = [[1], [2]]>
func.func @gather_items(%x: !tk.view<?x?xf32>, %rows: tensor<4xindex, #registers>, %i: index) {
  // expected-error @below {{expects a tile of the layout #tkg.layout<shape = [[4]], lane = [[1], [2]]>, which follows from}}
  %0 = tk.load_view %x[gather %rows, %i +: 4] : !tk.view<?x?xf32> (tensor<4xindex, #registers>) -> tensor<4x4xf32, #tile>
  return
}
