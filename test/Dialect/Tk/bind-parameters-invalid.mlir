// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{absent=bias}))' --split-input-file --verify-diagnostics
// RUN: not tk-opt %S/Inputs/one-scalar.mlir --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{values=M=3}))' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not tk-opt %S/Inputs/one-scalar.mlir --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{values=n=300}))' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not tk-opt %S/Inputs/one-scalar.mlir --pass-pipeline='builtin.module(tk.kernel(tk-bind-parameters{values=n=many}))' 2>&1 | FileCheck %s --check-prefix=TEXT

// NAME:  error: kernel has no dimension or scalar 'M'
// RANGE: error: expects a value of type 'i8' for 'n', got '300'
// TEXT:  error: expects a value of type 'i8' for 'n', got 'many'

tk.kernel @used_without_test(%bias: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "bias", tk.optional}) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{argument 'bias' may be absent here; test for it with 'if'}}
  %t = tk.load_view %bias[%c0 +: 8] : !tk.view<?xf32> -> tensor<8xf32>
  tk.print "t", %t : tensor<8xf32>
  tk.return
}

// -----

// expected-error @below {{kernel has no optional argument 'bias'}}
tk.kernel @not_optional(%bias: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "bias"}) {
  tk.return
}
