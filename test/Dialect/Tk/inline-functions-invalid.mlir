// RUN: tk-opt %s --tk-inline-functions --split-input-file --verify-diagnostics

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
