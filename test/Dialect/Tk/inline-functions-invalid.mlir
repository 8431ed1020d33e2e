// RUN: tk-opt %s --tk-inline-functions --allow-unregistered-dialect --split-input-file --verify-diagnostics

func.func private @even(%x: i32) -> i32 {
  // expected-note @below {{through this call}}
  %r = func.call @odd(%x) : (i32) -> i32
  return %r : i32
}
func.func private @odd(%x: i32) -> i32 {
  // expected-error @below {{function 'even' calls itself; recursion is not supported}}
  %r = func.call @even(%x) : (i32) -> i32
  return %r : i32
}

// -----

func.func private @elsewhere(%x: i32) -> i32
tk.kernel @calls_a_declaration(%x: i32) {
  // expected-error @below {{function 'elsewhere' has no body in this module}}
  %r = func.call @elsewhere(%x) : (i32) -> i32
  tk.return
}

// -----

func.func private @branches(%x: i1) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  cf.cond_br %x, ^zero, ^one
^zero:
  return %c0 : i32
^one:
  return %c1 : i32
}
tk.kernel @calls_several_blocks(%x: i1) {
  // expected-error @below {{function 'branches' has several blocks, expects one}}
  %r = func.call @branches(%x) : (i1) -> i32
  tk.return
}

// -----

// Nothing is known of an op of another dialect, so that it cannot move.
func.func private @foreign() {
  "foreign.op"() : () -> ()
  return
}
tk.kernel @calls_a_foreign_op() {
  // expected-error @below {{function 'foreign' could not be inlined}}
  func.call @foreign() : () -> ()
  tk.return
}

// -----

// Each function has four times the ops of the one before, 4^8 in f8: a third of
// 4^9 are inlined on the way, and 4^8 by each call of f8.
func.func private @f0(%x: i32) -> i32 {
  %y = arith.addi %x, %x : i32
  return %y : i32
}
func.func private @f1(%x: i32) -> i32 {
  %a = func.call @f0(%x) : (i32) -> i32
  %b = func.call @f0(%a) : (i32) -> i32
  %c = func.call @f0(%b) : (i32) -> i32
  %d = func.call @f0(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f2(%x: i32) -> i32 {
  %a = func.call @f1(%x) : (i32) -> i32
  %b = func.call @f1(%a) : (i32) -> i32
  %c = func.call @f1(%b) : (i32) -> i32
  %d = func.call @f1(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f3(%x: i32) -> i32 {
  %a = func.call @f2(%x) : (i32) -> i32
  %b = func.call @f2(%a) : (i32) -> i32
  %c = func.call @f2(%b) : (i32) -> i32
  %d = func.call @f2(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f4(%x: i32) -> i32 {
  %a = func.call @f3(%x) : (i32) -> i32
  %b = func.call @f3(%a) : (i32) -> i32
  %c = func.call @f3(%b) : (i32) -> i32
  %d = func.call @f3(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f5(%x: i32) -> i32 {
  %a = func.call @f4(%x) : (i32) -> i32
  %b = func.call @f4(%a) : (i32) -> i32
  %c = func.call @f4(%b) : (i32) -> i32
  %d = func.call @f4(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f6(%x: i32) -> i32 {
  %a = func.call @f5(%x) : (i32) -> i32
  %b = func.call @f5(%a) : (i32) -> i32
  %c = func.call @f5(%b) : (i32) -> i32
  %d = func.call @f5(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f7(%x: i32) -> i32 {
  %a = func.call @f6(%x) : (i32) -> i32
  %b = func.call @f6(%a) : (i32) -> i32
  %c = func.call @f6(%b) : (i32) -> i32
  %d = func.call @f6(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f8(%x: i32) -> i32 {
  %a = func.call @f7(%x) : (i32) -> i32
  %b = func.call @f7(%a) : (i32) -> i32
  %c = func.call @f7(%b) : (i32) -> i32
  %d = func.call @f7(%c) : (i32) -> i32
  return %d : i32
}
func.func private @f9(%x: i32) -> i32 {
  %a = func.call @f8(%x) : (i32) -> i32
  %b = func.call @f8(%a) : (i32) -> i32
  // expected-error @below {{inlining 'f8' here makes the program larger than 262144 operations}}
  %c = func.call @f8(%b) : (i32) -> i32
  %d = func.call @f8(%c) : (i32) -> i32
  return %d : i32
}
tk.kernel @calls_too_much(%x: i32) {
  %y = func.call @f9(%x) : (i32) -> i32
  tk.return
}
