// RUN: tk-opt %s --tk-collect-manifest | FileCheck %s

// JSON in the attribute has its keys in order and its quotes as \22.
// CHECK: module attributes {tk.manifest = "{\22kernels\22:[
// CHECK-SAME{LITERAL}: {\22grid\22:[[\22cdiv\22,\22N\22,128],\22M\22],\22instance\22:\22f<u8>\22,\22name\22:\22f\22,\22params\22:[
// CHECK-SAME{LITERAL}: {\22access\22:\22read\22,\22dims\22:[\22M\22,\22N\22],\22dtype\22:\22u8\22,\22kind\22:\22tensor\22,\22name\22:\22x\22},
// CHECK-SAME{LITERAL}: {\22access\22:\22read\22,\22dtype\22:\22i64\22,\22kind\22:\22scalar\22,\22name\22:\22n\22},
// CHECK-SAME{LITERAL}: {\22access\22:\22temp\22,\22aliases\22:[\22x\22],\22dims\22:[\22N\22],\22dtype\22:\22f32\22,\22kind\22:\22tensor\22,\22name\22:\22t\22,\22zeroed\22:true}]
// CHECK-SAME{LITERAL}: \22require\22:[[\22<=\22,\22N\22,1000]]
// What has preconditions is tried first.
// CHECK-SAME{LITERAL}: \22variants\22:[
// CHECK-SAME{LITERAL}: \22block\22:[128,1,1],\22cluster\22:[1,1,1],\22dynamic_shared_bytes\22:4096,\22linear_grid\22:true,\22name\22:\22vector\22,\22preconditions\22:[[\22==\22,[\22%\22,\22x.address\22,16],0]],\22symbol\22:\22f_u8__vector\22
// CHECK-SAME{LITERAL}: \22name\22:\22general\22,\22preconditions\22:[],\22symbol\22:\22f_u8\22
// A kernel without variants is general.
// CHECK-SAME{LITERAL}: {\22grid\22:[1],\22instance\22:\22g\22,
// CHECK-SAME{LITERAL}: \22linear_grid\22:false,\22name\22:\22general\22
// CHECK-SAME{LITERAL}: \22schema\22:1,\22target\22:\22sm_80\22
module attributes {tkg.target = "sm_80", tkg.threads_per_warp = 32 : i32} {
  tk.kernel @f_u8(%x: !tk.view<?x?xi8> {tk.dims = ["M", "N"], tk.dtype = "u8", tk.name = "x"},
                  %n: index {tk.dtype = "index", tk.name = "n"},
                  %t: !tk.view<?xf32> {tk.access = #tk.access<temp>, tk.alias = ["x"], tk.dims = ["N"], tk.dtype = "f32", tk.name = "t", tk.zeroed})
      attributes {grid = ["cdiv(N, 128)", "M"], instance = "f<u8>", require = ["N <= 1000"], tkg.kernel = "f_u8", tkg.variant = "general", tkg.warps = 4 : i32} {
    tk.return
  }
  tk.kernel @f_u8__vector(%x: !tk.view<?x?xi8> {tk.dims = ["M", "N"], tk.dtype = "u8", tk.name = "x"},
                          %n: index {tk.dtype = "index", tk.name = "n"},
                          %t: !tk.view<?xf32> {tk.access = #tk.access<temp>, tk.alias = ["x"], tk.dims = ["N"], tk.dtype = "f32", tk.name = "t", tk.zeroed})
      attributes {grid = ["cdiv(N, 128)", "M"], instance = "f<u8>", require = ["N <= 1000"], tkg.kernel = "f_u8", tkg.variant = "vector", tkg.preconditions = ["x.address % 16 == 0"], tkg.shared_bytes = 4096 : i64, tkg.warps = 4 : i32} {
    tk.return
  }
  tk.kernel @g() attributes {tkg.warps = 1 : i32} {
    tk.return
  }
}
