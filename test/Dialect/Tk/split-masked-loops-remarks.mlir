// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tk-split-masked-loops))' --remarks-filter="tk" --remark-format=emitRemark --verify-diagnostics

tk.kernel @split(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  // expected-remark @below {{loop is split: most iterations test no bounds}}
  scf.for %j = %c0 to %n step %c16 {
    %t = tk.load_view %x[%j +: 16] : !tk.view<?xf32> -> tensor<16xf32>
    tk.print "t", %t : tensor<16xf32>
  }
  tk.return
}

tk.kernel @left_whole(%a: !tk.view<?x?xf16> {tk.dims = ["M", "K"], tk.name = "a"},
                      %b: tensor<32x64xf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{loop is not split: its bounds tests belong to operands of a dot and cost nothing}}
  %sum = scf.for %j = %c0 to %n step %c32 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %j +: 32] : !tk.view<?x?xf16> -> tensor<64x32xf16>
    %d = tk.dot %s, %b, %acc : tensor<64x32xf16>, tensor<32x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  // expected-remark @below {{loop is not split: its bounds tests belong to operands of a dot and cost nothing}}
  %next = scf.for %j = %c0 to %n step %c32 iter_args(%acc = %sum) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %j +: 32] : !tk.view<?x?xf16> -> tensor<64x32xf16>
    %e = arith.addf %s, %s : tensor<64x32xf16>
    %d = tk.dot %e, %b, %acc : tensor<64x32xf16>, tensor<32x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.print "sum", %next : tensor<64x64xf32>
  tk.return
}
