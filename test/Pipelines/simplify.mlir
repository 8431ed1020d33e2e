// RUN: tk-opt %s --tk-simplify | FileCheck %s

// Program ids and extents are not negative, so that floor division is one
// instruction; what does not change leaves the loop.
// CHECK-LABEL: tk.kernel @grouped
// CHECK:         %[[P:.*]] = tk.program_id 0
// CHECK:         %[[Q:.*]] = arith.divui %[[P]]
// CHECK:         arith.remui %[[P]]
// CHECK:         scf.for
// CHECK-NOT:       div
// CHECK:           tk.print "at", %[[Q]]
tk.kernel @grouped(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %p = tk.program_id 0
  %n = tk.dim %x, 0 : !tk.view<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %q = arith.floordivsi %p, %c8 : index
    %r = arith.remsi %p, %c8 : index
    tk.print "at", %q, %r : index, index
  }
  tk.return
}

// A test that every extent passes.
// CHECK-LABEL: tk.kernel @extent_is_not_negative
// CHECK-NOT:     scf.if
// CHECK:         tk.print "always"
tk.kernel @extent_is_not_negative(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}) {
  %c0 = arith.constant 0 : index
  %n = tk.dim %x, 0 : !tk.view<?xf32>
  %b = arith.cmpi sge, %n, %c0 : index
  scf.if %b {
    tk.print "always"
  }
  tk.return
}
