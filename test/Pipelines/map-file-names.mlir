// RUN: tk-opt %s --tk-map-file-names='prefixes=/home/=/nowhere/,/home/ada/=' --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// The last prefix that fits counts; others stay, also inside of calls.
module {
  // CHECK: @a() loc("softmax.tk":3:1)
  func.func private @a() loc("/home/ada/softmax.tk":3:1)
  // CHECK: @b() loc("/nowhere/eve/softmax.tk":3:1)
  func.func private @b() loc("/home/eve/softmax.tk":3:1)
  // CHECK: @c() loc(callsite("f.tk":1:2 at "/usr/g.tk":3:4))
  func.func private @c() loc(callsite("/home/ada/f.tk":1:2 at "/usr/g.tk":3:4))
} loc("/home/ada/softmax.tk":1:1)
