// RUN: tk-opt %s --convert-tkg-to-nvvm --split-input-file --verify-diagnostics

// expected-error @below {{expects 'tkg.target', the name of the chip}}
module {
}

// -----

// expected-error @below {{expects the name of an NVIDIA chip in 'tkg.target', got "gfx942"}}
module attributes {tkg.target = "gfx942"} {
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// expected-error @below {{expects 'tkg.warps', the number of warps of a block}}
tk.kernel @no_warps() attributes {grid = ["1"]} {
  tk.return
}
}

// -----

#warps = #tkg.layout<shape = [[128]], lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_scratch(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #warps>
  // expected-error @below {{needs 16 bytes of shared memory, but has no 'tkg.scratch_offset'}}
  %s = tk.reduce(%t) axis 0 : (tensor<128xf32, #warps>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}
}

// -----

#shared = #tkg.shared<shape = [[8]], offset = [[1], [2], [4]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_offset() attributes {grid = ["1"], tkg.warps = 1 : i32} {
  // expected-error @below {{has no 'offset' in shared memory yet}}
  %m = tkg.alloc : !tkg.memdesc<8xf32, #shared>
  tk.return
}
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_layout(%x: !tk.view<?xf32>, %y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{expects tiles that carry a layout, got 'tensor<32xf32>'; run tkg-assign-layouts first}}
  %t = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32>
  tk.store_view %t, %y[%c0 +: 32] : tensor<32xf32>, !tk.view<?xf32>
  tk.return
}
}

// -----

#lane = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @loop_in_combiner(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>, %n: index) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32, #lane>
  %s = tk.reduce(%t) axis 0 : (tensor<32xf32, #lane>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{is not supported in a combiner on a GPU}}
    %c = scf.for %i = %c0 to %n step %n iter_args(%r = %a) -> (f32) {
      %d = arith.addf %r, %b : f32
      scf.yield %d : f32
    }
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}
}

// -----

#warps = #tkg.layout<shape = [[64]], lane = [[1], [2], [4], [8], [16]], warp = [[32]]>
#swapped = #tkg.layout<shape = [[64]], lane = [[2], [4], [8], [16], [32]], warp = [[1]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_scratch_of_conversion(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32, #warps>
  // expected-error @below {{needs shared memory, but has no 'tkg.scratch_offset'}}
  %u = tkg.convert_layout %t : tensor<64xf32, #warps> -> tensor<64xf32, #swapped>
  tk.store_view %u, %x[%c0 +: 64] : tensor<64xf32, #swapped>, !tk.view<?xf32>
  tk.return
}
}

// -----

#blocks = #tkg.layout<shape = [[64]], lane = [[1], [2], [4], [8], [16]], block = [[32]]>
#swapped = #tkg.layout<shape = [[64]], lane = [[2], [4], [8], [16], [32]], block = [[1]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @between_blocks(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{expects tiles in 1 block of 1 warps of 32 lanes, got 'tensor<64xf32, #tkg.layout<}}
  %t = tk.load_view %x[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32, #blocks>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<64xf32, #blocks> -> tensor<64xf32, #swapped>
  tk.store_view %u, %x[%c0 +: 64] : tensor<64xf32, #swapped>, !tk.view<?xf32>
  tk.return
}
}

// -----

// Element 96 lies at offset 48 + 96. Weights above the digit of radix 3 share bits:
// 48 ^ 144 is not 96, the offset of element 144.
#crossed = #tkg.shared<shape = [[2, 3, 32]], offset = [[1], 3 * [2], [6], [12], [24], [48], [144]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @copy_across_a_digit(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %m = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<192xf32, #crossed>
  // expected-error @below {{copies to a layout of shared memory that does not fit the threads}}
  %t = tkg.copy_async %x[%c0 +: 192] into %m : !tk.view<?xf32>, !tkg.memdesc<192xf32, #crossed>
  tk.return
}
}

// -----

#crossed = #tkg.shared<shape = [[2, 3, 32]], offset = [[1], 3 * [2], [6], [12], [24], [48], [144]]>
#line = #tkg.layout<shape = [[2, 3, 32]], register = [3 * [2], [96]], lane = [[1], [6], [12], [24], [48]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @other_digits(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %m = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<192xf32, #crossed>
  // expected-error @below {{has layouts of a register tile and of shared memory that divide the tile differently}}
  %t = tkg.local_load %m : !tkg.memdesc<192xf32, #crossed> -> tensor<192xf32, #line>
  tk.store_view %t, %x[%c0 +: 192] : tensor<192xf32, #line>, !tk.view<?xf32>
  tk.return
}
}

// -----

// The same between rows, which lanes hold, and columns, which registers hold.
#crossed = #tkg.shared<shape = [[32], [2, 3]], offset = [[1, 1], 3 * [0, 2], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>
#column = #tkg.layout<shape = [[2, 3], []], register = [[1, 0], 3 * [2, 0]], lane = [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]>
#result = #tkg.layout<shape = [[32], []], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]>
#fma = #tkg.mma<fma, m = 1, n = 1, k = 1, type = f32, warpsM = 1, warpsN = 1, a = shared>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @operand_across_a_digit(%x: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %a = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<32x6xf32, #crossed>
  %b = tk.load_view %x[%c0 +: 6, %c0 +: 1] : !tk.view<?x?xf32> -> tensor<6x1xf32, #column>
  %c = tk.load_view %x[%c0 +: 32, %c0 +: 1] : !tk.view<?x?xf32> -> tensor<32x1xf32, #result>
  // expected-error @below {{has an operand in shared memory whose layout divides the tile differently}}
  %d = tkg.dot %a, %b, %c instruction #fma : !tkg.memdesc<32x6xf32, #crossed>, tensor<6x1xf32, #column> -> tensor<32x1xf32, #result>
  tk.store_view %d, %x[%c0 +: 32, %c0 +: 1] : tensor<32x1xf32, #result>, !tk.view<?x?xf32>
  tk.return
}
}

// -----

#a = #tkg.layout<shape = [[2], [4]], register = [[0, 1], [0, 2]], lane = [[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]]>
#b = #tkg.layout<shape = [[4], [2]], register = [[1, 0], [2, 0]], lane = [[0, 0], [0, 1], [0, 0], [0, 0], [0, 0]]>
#c = #tkg.layout<shape = [[2], [2]], lane = [[1, 0], [0, 1], [0, 0], [0, 0], [0, 0]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_instruction(%x: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %a = tk.load_view %x[%c0 +: 2, %c0 +: 4] : !tk.view<?x?xf32> -> tensor<2x4xf32, #a>
  %b = tk.load_view %x[%c0 +: 4, %c0 +: 2] : !tk.view<?x?xf32> -> tensor<4x2xf32, #b>
  %c = tk.load_view %x[%c0 +: 2, %c0 +: 2] : !tk.view<?x?xf32> -> tensor<2x2xf32, #c>
  // expected-error @below {{has no instruction yet}}
  %d = tkg.dot %a, %b, %c : tensor<2x4xf32, #a>, tensor<4x2xf32, #b> -> tensor<2x2xf32, #c>
  tk.store_view %d, %x[%c0 +: 2, %c0 +: 2] : tensor<2x2xf32, #c>, !tk.view<?x?xf32>
  tk.return
}
}

// -----

// A lane that differs in both dimensions: its elements are of two sums.
#skew = #tkg.layout<shape = [[32], [2]], register = [[0, 1]], lane = [[1, 1], [2, 0], [4, 0], [8, 0], [16, 0]]>
#rows = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
#columns = #tkg.layout<shape = [[2]], register = [[1]], lane = [[1], [0], [0], [0], [0]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @mixed_dims(%x: !tk.view<?x?xf32>, %y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 32, %c0 +: 2] : !tk.view<?x?xf32> -> tensor<32x2xf32, #skew>
  // expected-error @below {{has a layout that mixes the reduced dimension with others, which is not supported}}
  %s = tk.reduce(%t) axis 0 : (tensor<32x2xf32, #skew>) -> tensor<2xf32, #columns> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store_view %s, %y[%c0 +: 2] : tensor<2xf32, #columns>, !tk.view<?xf32>
  tk.return
}
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @foreign_type(%x: i64, %y: !tk.ptr<i64>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  // expected-error @below {{a value of this type cannot be lowered}}
  %z = builtin.unrealized_conversion_cast %x : i64 to complex<f32>
  %w = builtin.unrealized_conversion_cast %z : complex<f32> to i32
  %v = arith.extsi %w : i32 to i64
  tk.store %v, %y : i64, !tk.ptr<i64>
  tk.return
}
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// expected-error @below {{has a block argument without a layout}}
tk.kernel @block_argument() attributes {grid = ["1"], tkg.warps = 1 : i32} {
  tk.return
^nowhere(%t: tensor<32xf32>):
  tk.return
}
}
