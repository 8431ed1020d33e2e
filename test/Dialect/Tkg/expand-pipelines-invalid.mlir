// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-expand-pipelines))' --split-input-file --verify-diagnostics

tk.kernel @too_early(%x: !tk.view<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the value is made here}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 1 : i32} : !tk.view<?xf32> -> tensor<8xf32>
    // expected-error @below {{schedule breaks a dependence: stage 0 needs a value that is made in stage 1}}
    tk.print "v", %v : tensor<8xf32> {tkg.stage = 0 : i32}
  }
  tk.return
}

// -----

tk.kernel @wrong_order(%x: !tk.view<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the value is made here}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 1 : i32, tkg.order = 1 : i32} : !tk.view<?xf32> -> tensor<8xf32>
    // expected-error @below {{schedule breaks a dependence: stage 1 needs a value that is made later in the same stage}}
    tk.print "v", %v : tensor<8xf32> {tkg.stage = 1 : i32, tkg.order = 0 : i32}
  }
  tk.return
}

// -----

// Also through what has no stage.
tk.kernel @through_arithmetic(%x: !tk.view<?xi32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the value is made here}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 1 : i32} : !tk.view<?xi32> -> tensor<8xi32>
    %w = arith.addi %v, %v : tensor<8xi32>
    // expected-error @below {{schedule breaks a dependence: stage 0 needs a value that is made in stage 1}}
    tk.print "w", %w : tensor<8xi32> {tkg.stage = 0 : i32}
  }
  tk.return
}

// -----

tk.kernel @last_iteration(%x: !tk.view<?xf32>, %n: index, %zero: tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %r = scf.for %k = %c0 to %n step %c8 iter_args(%a = %zero) -> (tensor<8xf32>) {
    // expected-error @below {{schedule breaks a dependence: stage 0 needs a value that is made by the iteration before in stage 2}}
    tk.print "a", %a : tensor<8xf32> {tkg.stage = 0 : i32}
    // expected-note @below {{the value is made here}}
    %b = arith.addf %a, %a {tkg.stage = 2 : i32} : tensor<8xf32>
    scf.yield %b : tensor<8xf32>
  }
  tk.return
}

// -----

tk.kernel @through_memory(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index, %t: tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-error @below {{schedule breaks a dependence: stage 0 may access memory before an earlier iteration has done so in stage 1}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 0 : i32} : !tk.view<?xf32> -> tensor<8xf32>
    // expected-note @below {{the other access is here}}
    tk.store_view %t, %x[%c0 +: 8] {tkg.stage = 1 : i32} : tensor<8xf32>, !tk.view<?xf32>
  }
  tk.return
}

// -----

// The places of different iterations are apart, but within one the load comes
// after the store.
tk.kernel @within_iteration(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index, %t: tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the other access is here}}
    tk.store_view %t, %x[%k +: 8] {tkg.stage = 1 : i32} : tensor<8xf32>, !tk.view<?xf32>
    // expected-error @below {{schedule breaks a dependence: stage 0 may access memory before an op above it has done so in stage 1}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 0 : i32} : !tk.view<?xf32> -> tensor<8xf32>
  }
  tk.return
}

// -----

// One stage, but the wrong order.
tk.kernel @within_stage(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index, %t: tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the other access is here}}
    tk.store_view %t, %x[%k +: 8] {tkg.stage = 1 : i32, tkg.order = 1 : i32} : tensor<8xf32>, !tk.view<?xf32>
    // expected-error @below {{schedule breaks a dependence: stage 1 may access memory before an op above it has done so in stage 1}}
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 1 : i32, tkg.order = 0 : i32} : !tk.view<?xf32> -> tensor<8xf32>
  }
  tk.return
}

// -----

// The next iteration would print before this one is done.
tk.kernel @prints_across(%n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-error @below {{schedule changes the order of what is printed: stage 0 prints before stage 1 has done so}}
    tk.print "early" {tkg.stage = 0 : i32}
    // expected-note @below {{the other print is here}}
    tk.print "late" {tkg.stage = 1 : i32}
  }
  tk.return
}

// -----

// Two stages apart no order helps.
tk.kernel @prints_far_apart(%n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-error @below {{schedule changes the order of what is printed: stage 0 prints before stage 2 has done so}}
    tk.print "early" {tkg.stage = 0 : i32, tkg.order = 1 : i32}
    // expected-note @below {{the other print is here}}
    tk.print "late" {tkg.stage = 2 : i32, tkg.order = 0 : i32}
  }
  tk.return
}

// -----

// Prints of one stage stand in the order of the text, also inside of other ops.
tk.kernel @prints_within(%n: index, %c: i1) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-note @below {{the other print is here}}
    scf.if %c {
      tk.print "first"
    } {tkg.stage = 1 : i32, tkg.order = 1 : i32}
    // expected-error @below {{schedule changes the order of what is printed: stage 1 prints before stage 1 has done so}}
    tk.print "second" {tkg.stage = 1 : i32, tkg.order = 0 : i32}
  }
  tk.return
}

// -----

tk.kernel @effect_with_result(%p: !tk.ptr<i32>, %n: index, %one: i32) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    // expected-error @below {{op has effects and results, so it cannot run ahead; expects stage 1, the last, got 0}}
    %v = tk.atomic_rmw add relaxed gpu %p, %one {tkg.stage = 0 : i32} : !tk.ptr<i32>, i32
    tk.print "v", %v : i32 {tkg.stage = 1 : i32}
  }
  tk.return
}
