// RUN: tk-opt %s --tkg-print-layouts="max-extent=4" -o /dev/null | FileCheck %s
// RUN: rm -rf %t && tk-opt %s --tkg-print-layouts="svg=%t" -o /dev/null > /dev/null
// RUN: FileCheck %s --check-prefix=SVG --input-file=%t/layout1.svg
// RUN: not tk-opt %s --tkg-print-layouts="svg=/dev/null/x" -o /dev/null 2>&1 | FileCheck %s --check-prefix=ERROR

#row = #tkg.layout<shape = [[2], [4]], register = [[0, 1]], lane = [[0, 2], [1, 0]]>
#column = #tkg.layout<shape = [[2], [4]], register = [[1, 0]], lane = [[0, 1], [0, 2]]>
#shared = #tkg.shared<shape = [[2], [4]], offset = [[0, 1], [0, 2], [1, 2]]>

// Each layout once, with what it is first used for; column 3 of the first tile is
// padding, and of a larger one it is not.
// CHECK:      // layout 0: 'tk.splat' at loc({{.*}}), tensor<2x3xf32, #tkg.layout<{{.*}}>>
// CHECK-NEXT: 0 1 2 3
// CHECK-NEXT: 0 w0 t0 r0 w0 t0 r1 w0 t1 r0 -
// CHECK-NEXT: 1 w0 t2 r0 w0 t2 r1 w0 t3 r0 -
// CHECK:      // layout 1: 'tkg.alloc' at loc({{.*}}), !tkg.memdesc<2x4xf32, #tkg.shared<{{.*}}>>
// CHECK-NEXT: 0 1 2 3
// CHECK-NEXT: 0 @0 @1 @2 @3
// CHECK-NEXT: 1 @6 @7 @4 @5
// CHECK:      // layout 2: 'tk.splat' at loc({{.*}}), tensor<2x3xf32, #tkg.layout<{{.*}}>>
// CHECK-NEXT: 0 1 2 3
// CHECK-NEXT: 0 w0 t0 r0 w0 t1 r0 w0 t2 r0 -
// CHECK-NEXT: 1 w0 t0 r1 w0 t1 r1 w0 t2 r1 -
// CHECK:      // layout 3: 'tk.splat' at loc({{.*}}), tensor<2x4xf32, #tkg.layout<{{.*}}>>
// CHECK-NEXT: 0 1 2 3
// CHECK-NEXT: 0 w0 t0 r0 w0 t0 r1 w0 t1 r0 w0 t1 r1
// CHECK-NEXT: 1 w0 t2 r0 w0 t2 r1 w0 t3 r0 w0 t3 r1
// CHECK-NOT:  // layout

// SVG: <svg
// SVG: </svg>

// ERROR: error: cannot write '/dev/null/x{{.*}}':
func.func @tiles(%x: f32) {
  %0 = tk.splat %x : f32 -> tensor<2x3xf32, #row>
  %1 = tk.splat %x : f32 -> tensor<2x3xf32, #row>
  %2 = tkg.alloc : !tkg.memdesc<2x4xf32, #shared>
  %3 = tk.splat %x : f32 -> tensor<2x3xf32, #column>
  %4 = tk.splat %x : f32 -> tensor<2x4xf32, #row>
  return
}
