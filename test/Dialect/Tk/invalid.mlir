// RUN: tk-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects a view of rank 1 to 5, got rank 6}}
func.func private @view_rank(!tk.view<?x?x?x?x?x?xf32>)

// -----

// expected-error @below {{expected '>'}}
func.func private @view_of_more(!tk.view<?xf32, 3>)

// -----

// expected-error @below {{expects elements that are integers, floats or pointers, got 'vector<4xf32>'}}
func.func private @view_of_vectors(!tk.view<?xvector<4xf32>>)

// -----

func.func @items_per_dimension(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects one index item for each of the 2 dimensions of the view, got 1}}
  %0 = tk.load_view %x[%i] : !tk.view<?x?xf32> -> f32
  return
}

// -----

func.func @gather_of_scalar(%x: !tk.view<?xf32>, %t: tensor<8xindex>) {
  // expected-error @below {{expects the types of 0 gathers, got 1}}
  %0 = tk.load_view %x[%t] : !tk.view<?xf32> (tensor<8xindex>) -> tensor<8xf32>
  return
}

// -----

func.func @empty_slice(%x: !tk.view<?xf32>, %i: index) {
  // expected-error @below {{expects a slice of at least one element, got 0}}
  %0 = tk.load_view %x[%i +: 0] : !tk.view<?xf32> -> tensor<0xf32>
  return
}

// -----

func.func @shape_from_items(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects 'tensor<64xf32>' from these items, got 'tensor<32xf32>'}}
  %0 = tk.load_view %x[%i, %i +: 64] : !tk.view<?x?xf32> -> tensor<32xf32>
  return
}

// -----

func.func @element_from_view(%x: !tk.view<?xf32>, %i: index, %t: tensor<64xf16>) {
  // expected-error @below {{expects 'tensor<64xf32>' from these items, got 'tensor<64xf16>'}}
  tk.store_view %t, %x[%i +: 64] : tensor<64xf16>, !tk.view<?xf32>
  return
}

// -----

func.func @unequal_gathers_do_not_pair(%x: !tk.view<?x?xf32>, %s: tensor<8xindex>, %t: tensor<4xindex>) {
  // expected-error @below {{expects 'tensor<8x4xf32>' from these items, got 'tensor<8xf32>'}}
  %0 = tk.load_view %x[gather %s, gather %t] : !tk.view<?x?xf32> (tensor<8xindex>, tensor<4xindex>) -> tensor<8xf32>
  return
}

// -----

func.func @padding_type(%x: !tk.view<?xf32>, %i: index, %p: f16) {
  // expected-error @below {{expects padding of type 'f32', got 'f16'}}
  %0 = tk.load_view %x[%i +: 64] pad %p : f16 : !tk.view<?xf32> -> tensor<64xf32>
  return
}

// -----

func.func @inbounds_flags(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects one 'inbounds' flag for each of the 2 dimensions of the view, got 1}}
  %0 = tk.load_view %x[%i, %i] {inbounds = array<i1: true>} : !tk.view<?x?xf32> -> f32
  return
}

// -----

func.func @dim_axis(%x: !tk.view<?x?xf32>) {
  // expected-error @below {{expects an axis below the rank, 2, got 2}}
  %0 = tk.dim %x, 2 : !tk.view<?x?xf32>
  return
}

// -----

func.func @stride_axis(%x: !tk.view<?xf32>) {
  // expected-error @below {{expects an axis below the rank, 1, got 1}}
  %0 = tk.stride %x, 1 : !tk.view<?xf32>
  return
}

// -----

func.func @make_view_rank(%p: !tk.ptr<f32>, %n: index) {
  // expected-error @below {{expects 2 extents and strides, got 1 and 2}}
  %0 = tk.make_view %p [%n] strides [%n, %n] : !tk.ptr<f32> -> !tk.view<?x?xf32>
  return
}

// -----

func.func @make_view_element(%p: !tk.ptr<f16>, %n: index) {
  // expected-error @below {{expects a pointer to 'f32', got '!tk.ptr<f16>'}}
  %0 = tk.make_view %p [%n] strides [%n] : !tk.ptr<f16> -> !tk.view<?xf32>
  return
}

// -----

func.func @subview_kinds(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects one kind for each of the 2 dimensions, got 1}}
  %0 = tk.subview %x kinds [1] offsets [] lengths [] : !tk.view<?x?xf32> -> !tk.view<?xf32>
  return
}

// -----

func.func @subview_kind_range(%x: !tk.view<?xf32>) {
  // expected-error @below {{expects kinds 0, 1 or 2, got 3}}
  %0 = tk.subview %x kinds [3] offsets [] lengths [] : !tk.view<?xf32> -> !tk.view<?xf32>
  return
}

// -----

func.func @subview_offsets(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects 1 offsets and 1 lengths, got 1 and 0}}
  %0 = tk.subview %x kinds [1, 2] offsets [%i] lengths [] : !tk.view<?x?xf32> -> !tk.view<?x?xf32>
  return
}

// -----

func.func @subview_rank(%x: !tk.view<?x?xf32>, %i: index) {
  // expected-error @below {{expects a view of rank 1 of 'f32', got '!tk.view<?x?xf32>'}}
  %0 = tk.subview %x kinds [0, 1] offsets [%i] lengths [] : !tk.view<?x?xf32> -> !tk.view<?x?xf32>
  return
}

// -----

func.func @offset_shape(%p: tensor<8x!tk.ptr<f32>>, %o: tensor<4xindex>) {
  // expected-error @below {{expects an offset of the shape of 'tensor<8x!tk.ptr<f32>>', got 'tensor<4xindex>'}}
  %0 = tk.ptr_add %p, %o : tensor<8x!tk.ptr<f32>>, tensor<4xindex>
  return
}

// -----

func.func @load_shape(%p: tensor<8x!tk.ptr<f32>>) {
  // expected-error @below {{expects a result of the shape of the pointers, 'tensor<8x!tk.ptr<f32>>', got 'f32'}}
  %0 = tk.load %p : tensor<8x!tk.ptr<f32>> -> f32
  return
}

// -----

func.func @load_element(%p: !tk.ptr<f32>) {
  // expected-error @below {{expects a result with elements of type 'f32', got 'f16'}}
  %0 = tk.load %p : !tk.ptr<f32> -> f16
  return
}

// -----

func.func @other_without_mask(%p: !tk.ptr<f32>, %o: f32) {
  // expected-error @below {{expects a mask where there is an 'other'}}
  %0 = tk.load %p other %o : f32 : !tk.ptr<f32> -> f32
  return
}

// -----

func.func @other_type(%p: !tk.ptr<f32>, %m: i1, %o: f16) {
  // expected-error @below {{expects 'other' of the type of the result, 'f32', got 'f16'}}
  %0 = tk.load %p mask %m : i1 other %o : f16 : !tk.ptr<f32> -> f32
  return
}

// -----

func.func @load_mask(%p: tensor<8x!tk.ptr<f32>>, %m: tensor<4xi1>) {
  // expected-error @below {{expects a mask of the shape of the pointers, 'tensor<8x!tk.ptr<f32>>', got 'tensor<4xi1>'}}
  %0 = tk.load %p mask %m : tensor<4xi1> : tensor<8x!tk.ptr<f32>> -> tensor<8xf32>
  return
}

// -----

func.func @store_mask(%p: tensor<8x!tk.ptr<f32>>, %v: tensor<8xf32>, %m: tensor<4xi1>) {
  // expected-error @below {{expects a mask of the shape of the pointers, 'tensor<8x!tk.ptr<f32>>', got 'tensor<4xi1>'}}
  tk.store %v, %p mask %m : tensor<4xi1> : tensor<8xf32>, tensor<8x!tk.ptr<f32>>
  return
}

// -----

func.func @atomic_add_of_floats(%p: !tk.ptr<f32>, %v: f32) {
  // expected-error @below {{expects integers for 'add', got 'f32'}}
  %0 = tk.atomic_rmw add relaxed gpu %p, %v : !tk.ptr<f32>, f32
  return
}

// -----

func.func @atomic_fadd_of_integers(%p: !tk.ptr<i32>, %v: i32) {
  // expected-error @below {{expects floats for 'fadd', got 'i32'}}
  %0 = tk.atomic_rmw fadd relaxed gpu %p, %v : !tk.ptr<i32>, i32
  return
}

// -----

func.func @atomic_load_order(%p: !tk.ptr<i32>) {
  // expected-error @below {{expects order relaxed or acquire, got release}}
  %0 = tk.atomic_load release gpu %p : !tk.ptr<i32> -> i32
  return
}

// -----

func.func @atomic_store_order(%p: !tk.ptr<i32>, %v: i32) {
  // expected-error @below {{expects order relaxed or release, got acquire}}
  tk.atomic_store acquire gpu %v, %p : i32, !tk.ptr<i32>
  return
}

// -----

func.func @atomic_cas_element(%p: !tk.ptr<i32>, %v: i64) {
  // expected-error @below {{expects a value with elements of type 'i32', got 'i64'}}
  %0 = tk.atomic_cas relaxed gpu %p, %v, %v : !tk.ptr<i32>, i64
  return
}

// -----

func.func @splat_element(%s: f32) {
  // expected-error @below {{expects a tile of 'f32', got 'tensor<8xf16>'}}
  %0 = tk.splat %s : f32 -> tensor<8xf16>
  return
}

// -----

func.func @arange_rank() {
  // expected-error @below {{expects a result of rank 1, got 'tensor<4x4xi32>'}}
  %0 = tk.arange : tensor<4x4xi32>
  return
}

// -----

func.func @arange_width() {
  // expected-error @below {{expects an element type that holds 255, got 'i8'}}
  %0 = tk.arange : tensor<256xi8>
  return
}

// -----

func.func @broadcast_rank(%t: tensor<8xf32>) {
  // expected-error @below {{expects equal ranks, got 'tensor<8xf32>' and 'tensor<8x8xf32>'}}
  %0 = tk.broadcast %t : tensor<8xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @broadcast_extent(%t: tensor<4x8xf32>) {
  // expected-error @below {{expects dimension 0 of the source to have extent 1 or 8, got 4}}
  %0 = tk.broadcast %t : tensor<4x8xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @broadcast_element(%t: tensor<1xf32>) {
  // expected-error @below {{expects equal element types, got 'tensor<1xf32>' and 'tensor<8xf16>'}}
  %0 = tk.broadcast %t : tensor<1xf32> -> tensor<8xf16>
  return
}

// -----

func.func @expand_axis(%t: tensor<8xf32>) {
  // expected-error @below {{expects an axis of at most 1, got 2}}
  %0 = tk.expand_dims %t axis 2 : tensor<8xf32> -> tensor<8x1xf32>
  return
}

// -----

func.func @expand_shape(%t: tensor<8xf32>) {
  // expected-error @below {{expects a result of 'tensor<1x8xf32>', got 'tensor<8x1xf32>'}}
  %0 = tk.expand_dims %t axis 0 : tensor<8xf32> -> tensor<8x1xf32>
  return
}

// -----

func.func @reshape_count(%t: tensor<8x8xf32>) {
  // expected-error @below {{expects equal numbers of elements, got 64 and 32}}
  %0 = tk.reshape %t : tensor<8x8xf32> -> tensor<32xf32>
  return
}

// -----

func.func @reshape_element(%t: tensor<8xf32>) {
  // expected-error @below {{expects equal element types, got 'tensor<8xf32>' and 'tensor<8xi32>'}}
  %0 = tk.reshape %t : tensor<8xf32> -> tensor<8xi32>
  return
}

// -----

func.func @trans_permutation(%t: tensor<8x4xf32>) {
  // expected-error @below {{expects a permutation of the 2 dimensions}}
  %0 = tk.trans %t [0, 0] : tensor<8x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @trans_shape(%t: tensor<8x4xf32>) {
  // expected-error @below {{expects a result of 'tensor<4x8xf32>', got 'tensor<8x4xf32>'}}
  %0 = tk.trans %t [1, 0] : tensor<8x4xf32> -> tensor<8x4xf32>
  return
}

// -----

func.func @gather_axis(%t: tensor<8xf32>, %i: tensor<4xindex>) {
  // expected-error @below {{expects an axis below the rank, 1, got 1}}
  %0 = tk.gather %t[%i] axis 1 : tensor<8xf32>, tensor<4xindex> -> tensor<4xf32>
  return
}

// -----

func.func @gather_type(%t: tensor<8xf32>, %i: tensor<4xindex>) {
  // expected-error @below {{expects a result of 'tensor<4xf32>', got 'tensor<4xf16>'}}
  %0 = tk.gather %t[%i] axis 0 : tensor<8xf32>, tensor<4xindex> -> tensor<4xf16>
  return
}

// -----

func.func @gather_shape(%t: tensor<8x2xf32>, %i: tensor<4xindex>) {
  // expected-error @below {{expects a result of 'tensor<4x2xf32>', got 'tensor<8x4xf32>'}}
  %0 = tk.gather %t[%i] axis 0 : tensor<8x2xf32>, tensor<4xindex> -> tensor<8x4xf32>
  return
}

// -----

func.func @cast_shape(%t: tensor<8xf32>) {
  // expected-error @below {{expects equal shapes, got 'tensor<8xf32>' and 'tensor<4xf16>'}}
  %0 = tk.cast %t : tensor<8xf32> -> tensor<4xf16>
  return
}

// -----

func.func @dot_rank(%a: tensor<2x16x16xf16>, %b: tensor<16x16xf16>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects operands of one rank of at least 2, got 'tensor<2x16x16xf16>', 'tensor<16x16xf16>' and 'tensor<16x16xf32>'}}
  %0 = tk.dot %a, %b, %c : tensor<2x16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
  return
}

// -----

func.func @dot_batches(%a: tensor<2x16x16xf16>, %b: tensor<3x16x16xf16>, %c: tensor<2x16x16xf32>) {
  // expected-error @below {{expects equal batch dimensions, got 'tensor<2x16x16xf16>', 'tensor<3x16x16xf16>' and 'tensor<2x16x16xf32>'}}
  %0 = tk.dot %a, %b, %c : tensor<2x16x16xf16>, tensor<3x16x16xf16> -> tensor<2x16x16xf32>
  return
}

// -----

func.func @dot_k(%a: tensor<16x32xf16>, %b: tensor<16x16xf16>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects K of the operands to be equal, got 32 and 16}}
  %0 = tk.dot %a, %b, %c : tensor<16x32xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
  return
}

// -----

func.func @dot_accumulator(%a: tensor<16x32xf16>, %b: tensor<32x8xf16>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects an accumulator of 16x8, got 'tensor<16x16xf32>'}}
  %0 = tk.dot %a, %b, %c : tensor<16x32xf16>, tensor<32x8xf16> -> tensor<16x16xf32>
  return
}

// -----

func.func @dot_mixed(%a: tensor<16x16xf16>, %b: tensor<16x16xbf16>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects operands of one element type, got 'f16' and 'bf16'}}
  %0 = tk.dot %a, %b, %c : tensor<16x16xf16>, tensor<16x16xbf16> -> tensor<16x16xf32>
  return
}

// -----

func.func @dot_narrow(%a: tensor<16x16xf32>, %b: tensor<16x16xf32>, %c: tensor<16x16xf16>) {
  // expected-error @below {{expects an accumulator no narrower than 'f32', got 'f16'}}
  %0 = tk.dot %a, %b, %c : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf16>
  return
}

// -----

func.func @dot_kind(%a: tensor<16x16xi8>, %b: tensor<16x16xi8>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects an integer accumulator, got 'f32'}}
  %0 = tk.dot %a, %b, %c : tensor<16x16xi8>, tensor<16x16xi8> -> tensor<16x16xf32>
  return
}

// -----

func.func @dot_precision(%a: tensor<16x16xf16>, %b: tensor<16x16xf16>, %c: tensor<16x16xf32>) {
  // expected-error @below {{expects f32 operands for precision tf32, got 'f16'}}
  %0 = tk.dot %a, %b, %c precision tf32 : tensor<16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
  return
}

// -----

func.func @reduce_axis(%t: tensor<8xf32>) {
  // expected-error @below {{expects an axis below the rank, 1, got 1}}
  %0 = tk.reduce(%t) axis 1 : (tensor<8xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    tk.yield %a : f32
  }
  return
}

// -----

func.func @reduce_results(%t: tensor<8xf32>) {
  // expected-error @below {{expects 1 results, got 2}}
  %0:2 = tk.reduce(%t) axis 0 : (tensor<8xf32>) -> (f32, f32) {
  ^bb0(%a: f32, %b: f32):
    tk.yield %a : f32
  }
  return
}

// -----

func.func @reduce_result(%t: tensor<8x4xf32>) {
  // expected-error @below {{expects a result of 'tensor<8xf32>', got 'tensor<4xf32>'}}
  %0 = tk.reduce(%t) axis 1 : (tensor<8x4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    tk.yield %a : f32
  }
  return
}

// -----

func.func @reduce_shapes(%t: tensor<8xf32>, %u: tensor<4xf32>) {
  // expected-error @below {{expects tiles of one shape, got 'tensor<8xf32>' and 'tensor<4xf32>'}}
  %0:2 = tk.reduce(%t, %u) axis 0 : (tensor<8xf32>, tensor<4xf32>) -> (f32, f32) {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
    tk.yield %a, %b : f32, f32
  }
  return
}

// -----

func.func @reduce_arguments(%t: tensor<8xf32>) {
  // expected-error @below {{expects a combiner of 2 arguments of the element types, twice}}
  %0 = tk.reduce(%t) axis 0 : (tensor<8xf32>) -> f32 {
  ^bb0(%a: f32):
    tk.yield %a : f32
  }
  return
}

// -----

func.func @reduce_yield(%t: tensor<8xf32>) {
  %0 = tk.reduce(%t) axis 0 : (tensor<8xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{expects 1 values of the element types, got 2}}
    tk.yield %a, %b : f32, f32
  }
  return
}

// -----

func.func @reduce_pure(%t: tensor<8xf32>, %p: !tk.ptr<f32>) {
  %0 = tk.reduce(%t) axis 0 : (tensor<8xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{is not allowed in a combiner: it must be pure}}
    tk.store %a, %p : f32, !tk.ptr<f32>
    tk.yield %a : f32
  }
  return
}

// -----

// expected-error @below {{expects one to three grid extents, got 4}}
tk.kernel @grid() attributes {grid = ["1", "1", "1", "1"]} {
  tk.return
}

// -----

// expected-error @below {{has the host expression '1 +', character 4: expects a value}}
tk.kernel @grid_text() attributes {grid = ["1 +"]} {
  tk.return
}

// -----

// expected-error @below {{has the host expression 'cdiv(N, ', character 9: expects}}
tk.kernel @require_text(%n: i32 {tk.name = "N"}) attributes {require = ["N > 0", "cdiv(N, "]} {
  tk.return
}

// -----

// expected-error @below {{has the host expression 'N N', character 3: expects an operator}}
tk.kernel @dims_text(%x: !tk.view<?x?xf32> {tk.dims = ["N", "N N"]}) {
  tk.return
}

// -----

// expected-error @below {{has the host expression 4 : i64: expects a string}}
tk.kernel @dims_no_text(%x: !tk.view<?xf32> {tk.dims = [4]}) {
  tk.return
}

// -----

// expected-error @below {{expects no results, got 1}}
tk.kernel @results() -> f32 {
  tk.return
}

// -----

// expected-error @below {{expects 2 entries in 'tk.dims' of argument 0, got 1}}
tk.kernel @dims(%x: !tk.view<?x?xf32> {tk.dims = ["N"]}) {
  tk.return
}

// -----

// expected-error @below {{expects 'tk.dims' on a view, but argument 0 has type 'f32'}}
tk.kernel @dims_of_scalar(%x: f32 {tk.dims = ["N"]}) {
  tk.return
}

// -----

func.func @gather_without_tile(%x: !tk.view<?xf32>, %i: index) {
  // expected-error @below {{expects a gather to take an integer tile, and other items an index, got 'index'}}
  %0 = "tk.load_view"(%x, %i) <{itemExtents = array<i64: -2>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (!tk.view<?xf32>, index) -> tensor<4xf32>
  return
}

// -----

func.func @reduce_nothing() {
  // expected-error @below {{expects at least one tile}}
  "tk.reduce"() <{axis = 0 : i32}> ({
  ^bb0:
    tk.yield
  }) : () -> ()
  return
}

// -----

func.func @combiner_without_yield(%t: tensor<8xf32>) {
  %0 = "tk.reduce"(%t) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{expects 'tk.yield' at the end of a combiner}}
    llvm.unreachable
  }) : (tensor<8xf32>) -> f32
  return
}

// -----

// expected-error @+2 {{expects read, mut, out or temp, got 'write'}}
tk.kernel @unknown_access(
    %x: !tk.view<?xf32> {tk.access = #tk.access<write>, tk.name = "x"}) {
  tk.return
}
