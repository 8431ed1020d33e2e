// RUN: tk-opt %s --tk-inline-functions | FileCheck %s

// Calls of calls are inlined, also inside loops; helpers are gone.
// CHECK-NOT:   func.func private
// CHECK-LABEL: tk.kernel @nested_calls
// CHECK-NOT:     call
// CHECK:         scf.for
// CHECK-NEXT:      %[[DOUBLE:.*]] = arith.addf
// CHECK-NEXT:      arith.mulf %[[DOUBLE]], %[[DOUBLE]]
// CHECK-NOT:     call
// CHECK:         tk.return
func.func private @double(%x: f32) -> f32 {
  %y = arith.addf %x, %x : f32
  return %y : f32
}
func.func private @square_of_double(%x: f32) -> f32 {
  %d = call @double(%x) : (f32) -> f32
  %s = arith.mulf %d, %d : f32
  return %s : f32
}
tk.kernel @nested_calls(%x: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f32) {
    %s = func.call @square_of_double(%a) : (f32) -> f32
    scf.yield %s : f32
  }
  tk.return
}

// References are public: they stay, with what they call inlined.
// CHECK-LABEL: func.func @reference
// CHECK-NEXT:    arith.addf
// CHECK-NEXT:    return
func.func @reference(%x: f32) -> f32 {
  %d = call @double(%x) : (f32) -> f32
  return %d : f32
}
