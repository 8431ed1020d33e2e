// RUN: tk-opt %s --canonicalize | FileCheck %s

#row = #tkg.layout<shape = [[32], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>
#column = #tkg.layout<shape = [[32], [4]], register = [[8, 0], [16, 0]], lane = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#half = #tkg.layout<shape = [[32], [4]], register = [[0, 2], [16, 0]], lane = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]]>
#shared = #tkg.shared<shape = [[32], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>

// CHECK-DAG: #[[$ROW:.*]] = #tkg.layout<shape = {{.*}}, register = {{\[\[}}0, 1], [0, 2]],
// CHECK-DAG: #[[$HALF:.*]] = #tkg.layout<shape = {{.*}}, register = {{\[\[}}0, 2], [16, 0]],

// CHECK-LABEL: func.func @convert_to_same(
// CHECK-SAME:    %[[SRC:.*]]: tensor
func.func @convert_to_same(%src: tensor<32x4xf16, #row>) -> tensor<32x4xf16, #row> {
  // CHECK-NEXT: return %[[SRC]]
  %0 = tkg.convert_layout %src : tensor<32x4xf16, #row> -> tensor<32x4xf16, #row>
  return %0 : tensor<32x4xf16, #row>
}

// Two conversions in a row become one, straight to the final layout.
// CHECK-LABEL: func.func @convert_of_convert(
// CHECK-SAME:    %[[SRC:.*]]: tensor
func.func @convert_of_convert(%src: tensor<32x4xf16, #row>) -> tensor<32x4xf16, #half> {
  // CHECK-NEXT: %[[RES:.*]] = tkg.convert_layout %[[SRC]] : tensor<32x4xf16, #[[$ROW]]> -> tensor<32x4xf16, #[[$HALF]]>
  // CHECK-NEXT: return %[[RES]]
  %0 = tkg.convert_layout %src : tensor<32x4xf16, #row> -> tensor<32x4xf16, #column>
  %1 = tkg.convert_layout %0 : tensor<32x4xf16, #column> -> tensor<32x4xf16, #half>
  return %1 : tensor<32x4xf16, #half>
}

// There and back again is nothing.
// CHECK-LABEL: func.func @convert_and_back(
// CHECK-SAME:    %[[SRC:.*]]: tensor
func.func @convert_and_back(%src: tensor<32x4xf16, #row>) -> tensor<32x4xf16, #row> {
  // CHECK-NEXT: return %[[SRC]]
  %0 = tkg.convert_layout %src : tensor<32x4xf16, #row> -> tensor<32x4xf16, #column>
  %1 = tkg.convert_layout %0 : tensor<32x4xf16, #column> -> tensor<32x4xf16, #row>
  return %1 : tensor<32x4xf16, #row>
}

// CHECK-LABEL: func.func @convert_of_constant(
func.func @convert_of_constant() -> tensor<32x4xf16, #half> {
  // CHECK-NEXT: %[[C:.*]] = arith.constant dense<1.0{{.*}}> : tensor<32x4xf16, #[[$HALF]]>
  // CHECK-NEXT: return %[[C]]
  %c = arith.constant dense<1.0> : tensor<32x4xf16, #row>
  %0 = tkg.convert_layout %c : tensor<32x4xf16, #row> -> tensor<32x4xf16, #half>
  return %0 : tensor<32x4xf16, #half>
}

// A conversion that changes something stays.
// CHECK-LABEL: func.func @convert_needed(
func.func @convert_needed(%src: tensor<32x4xf16, #row>) -> tensor<32x4xf16, #half> {
  // CHECK-NEXT: tkg.convert_layout
  %0 = tkg.convert_layout %src : tensor<32x4xf16, #row> -> tensor<32x4xf16, #half>
  return %0 : tensor<32x4xf16, #half>
}

// Shared memory that nobody reads is not allocated; what is read, stays.
// CHECK-LABEL: func.func @unused_alloc(
func.func @unused_alloc(%t: tensor<32x4xf16, #row>) -> tensor<32x4xf16, #row> {
  // CHECK-NEXT: %[[M:.*]] = tkg.alloc init(
  // CHECK-NEXT: tkg.local_load %[[M]]
  // CHECK-NEXT: return
  %m = tkg.alloc init(%t : tensor<32x4xf16, #row>) : !tkg.memdesc<32x4xf16, #shared>
  %n = tkg.alloc init(%t : tensor<32x4xf16, #row>) : !tkg.memdesc<32x4xf16, #shared>
  %0 = tkg.local_load %m : !tkg.memdesc<32x4xf16, #shared> -> tensor<32x4xf16, #row>
  return %0 : tensor<32x4xf16, #row>
}
