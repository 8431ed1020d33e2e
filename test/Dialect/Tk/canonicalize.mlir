// RUN: tk-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @known_extent
// CHECK-NEXT:    %[[C:.*]] = arith.constant 3 : index
// CHECK-NEXT:    return %[[C]]
func.func @known_extent(%x: !tk.view<?x3xf32>) -> index {
  %0 = tk.dim %x, 1 : !tk.view<?x3xf32>
  return %0 : index
}

// CHECK-LABEL: func.func @unknown_extent
// CHECK-NEXT:    %[[D:.*]] = tk.dim
// CHECK-NEXT:    return %[[D]]
func.func @unknown_extent(%x: !tk.view<?x3xf32>) -> index {
  %0 = tk.dim %x, 0 : !tk.view<?x3xf32>
  return %0 : index
}

// CHECK-LABEL: func.func @splat_of_constant
// CHECK-NEXT:    %[[C:.*]] = arith.constant dense<2.000000e+00> : tensor<4x8xf32>
// CHECK-NEXT:    return %[[C]]
func.func @splat_of_constant() -> tensor<4x8xf32> {
  %c = arith.constant 2.0 : f32
  %0 = tk.splat %c : f32 -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @shapes_of_a_splat
// CHECK-NEXT:    %[[C:.*]] = arith.constant dense<1> : tensor<32xi32>
// CHECK-NEXT:    return %[[C]]
func.func @shapes_of_a_splat() -> tensor<32xi32> {
  %c = arith.constant dense<1> : tensor<4xi32>
  %0 = tk.expand_dims %c axis 1 : tensor<4xi32> -> tensor<4x1xi32>
  %1 = tk.broadcast %0 : tensor<4x1xi32> -> tensor<4x8xi32>
  %2 = tk.trans %1 [1, 0] : tensor<4x8xi32> -> tensor<8x4xi32>
  %3 = tk.reshape %2 : tensor<8x4xi32> -> tensor<32xi32>
  return %3 : tensor<32xi32>
}

// CHECK-LABEL: func.func @shape_ops_that_do_nothing
// CHECK-SAME:    (%[[T:.*]]: tensor<4x8xf32>)
// CHECK-NEXT:    return %[[T]]
func.func @shape_ops_that_do_nothing(%t: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tk.broadcast %t : tensor<4x8xf32> -> tensor<4x8xf32>
  %1 = tk.trans %0 [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  %2 = tk.reshape %1 : tensor<4x8xf32> -> tensor<4x8xf32>
  %3 = tk.cast %2 : tensor<4x8xf32> -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @trans_of_trans
// CHECK-SAME:    (%[[T:.*]]: tensor<2x4x8xf32>)
// CHECK-NEXT:    %[[R:.*]] = tk.trans %[[T]] [2, 0, 1]
// CHECK-NEXT:    return %[[R]]
func.func @trans_of_trans(%t: tensor<2x4x8xf32>) -> tensor<8x2x4xf32> {
  %0 = tk.trans %t [1, 2, 0] : tensor<2x4x8xf32> -> tensor<4x8x2xf32>
  %1 = tk.trans %0 [1, 2, 0] : tensor<4x8x2xf32> -> tensor<8x2x4xf32>
  return %1 : tensor<8x2x4xf32>
}

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-SAME:    (%[[T:.*]]: tensor<8x8xf32>)
// CHECK-NEXT:    %[[R:.*]] = tk.reshape %[[T]] : tensor<8x8xf32> -> tensor<4x16xf32>
// CHECK-NEXT:    return %[[R]]
func.func @reshape_of_reshape(%t: tensor<8x8xf32>) -> tensor<4x16xf32> {
  %0 = tk.reshape %t : tensor<8x8xf32> -> tensor<64xf32>
  %1 = tk.reshape %0 : tensor<64xf32> -> tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}

// A checked cast between signednesses must stay: it may be an error.
// CHECK-LABEL: func.func @checked_cast
// CHECK-NEXT:    %[[R:.*]] = tk.cast
// CHECK-NEXT:    return %[[R]]
func.func @checked_cast(%t: tensor<8xi32>) -> tensor<8xi32> {
  %0 = tk.cast %t {checked, source_unsigned} : tensor<8xi32> -> tensor<8xi32>
  return %0 : tensor<8xi32>
}

// Reads have no side effect beyond reading: an unused one goes, a store stays.
// CHECK-LABEL: func.func @unused_load
// CHECK-NOT:     tk.load_view
// CHECK:         tk.store_view
func.func @unused_load(%x: !tk.view<?xf32>, %i: index, %t: tensor<8xf32>) {
  %0 = tk.load_view %x[%i +: 8] : !tk.view<?xf32> -> tensor<8xf32>
  tk.store_view %t, %x[%i +: 8] : tensor<8xf32>, !tk.view<?xf32>
  return
}
