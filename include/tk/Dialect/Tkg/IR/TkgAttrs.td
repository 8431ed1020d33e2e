//===- TkgAttrs.td - layouts and matrix instructions ------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_TKGATTRS
#define TK_DIALECT_TKG_IR_TKGATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"
include "tk/Dialect/Tkg/IR/TkgDialect.td"

class Tkg_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Tkg_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Tkg_LayoutAttr : Tkg_Attr<"Layout", "layout",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "which thread holds which element of a register tile";
  let description = [{
    Wraps `mlir::tk::Layout`: `shape` lists the digits of every tile dimension;
    `register`, `lane`, `warp` and `block` list, for each digit of that hardware
    index, the coordinates of the element reached when the digit is 1. An odd
    digit is written with its radix, `3 * [64, 0]`. Zeros mean that the element
    repeats.

    Is the encoding of a tile type. Requires that the layout has the rank of the
    tile, is at least as large in every dimension, and holds every element. Tells
    the lowering how many registers a tile takes and what each one holds.

    ```mlir
    #layout = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [0, 2]],
                          lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]],
                          warp = [[32, 0]]>
    tensor<64x4xf32, #layout>
    ```
  }];
  let parameters = (ins AttrParameter<"::mlir::tk::Layout", "the layout", "const ::mlir::tk::Layout &">:$layout);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Tkg_SharedAttr : Tkg_Attr<"Shared", "shared"> {
  let summary = "how a tile is stored in shared memory";
  let description = [{
    Wraps a `mlir::tk::Layout` whose only hardware index is `offset`, counted in
    elements from the start of the tile. `shape` is the allocation: it may exceed
    the tile. A swizzle is a basis with several coordinates set.

    Requires that every offset stores another element.

    ```mlir
    // Eight rows of four elements; rows 2, 3, 6, 7 have their halves exchanged.
    #shared = #tkg.shared<shape = [[8], [4]],
                          offset = [[0, 1], [0, 2], [1, 0], [2, 2], [4, 0]]>
    !tkg.memdesc<8x4xf32, #shared>
    ```
  }];
  let parameters = (ins AttrParameter<"::mlir::tk::Layout", "the layout", "const ::mlir::tk::Layout &">:$layout);
  let extraClassDeclaration = [{
    /// Number of elements that a tile takes up, padding included.
    int64_t getNumElements() const;
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

class Tkg_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::tkg";
  let genSpecializedAttr = 0;
}

def Tkg_MmaKind : Tkg_Enum<"MmaKind", "family of matrix instructions", [
  I32EnumAttrCase<"FMA", 0, "fma">,
  I32EnumAttrCase<"MmaSync", 1, "mma_sync">,
  I32EnumAttrCase<"Wgmma", 2, "wgmma">,
  I32EnumAttrCase<"Mfma", 3, "mfma">,
  I32EnumAttrCase<"Wmma", 4, "wmma">
]>;

def Tkg_OperandSource : Tkg_Enum<"OperandSource", "where an operand of a dot is read from", [
  I32EnumAttrCase<"Register", 0, "register">,
  I32EnumAttrCase<"Shared", 1, "shared">
]>;

def Tkg_MmaAttr : Tkg_Attr<"Mma", "mma"> {
  let summary = "the instruction of a dot and how warps share its result";
  let description = [{
    One instruction makes an `m` x `n` piece of the result from `k` products each.
    For kind `fma`, a thread makes that piece by multiply-adds. `type` is the
    operand type of the instruction (tf32 for rounded f32). The result is cut
    among `warpsM` x `warpsN` warps.

    With `swap = true` the instruction computes the transpose: its rows are the columns
    of the result. `m` and `warpsM` always count rows of the result; so `m = 8,
    n = 16, swap = true` is a transposed m16n8 instruction. `a` and `b` tell where each
    operand comes from.

    Requires positive numbers, powers of two for `m`, `n` (not of wgmma) and `k`,
    and warps that multiply to those of the block.
    Fixes the layouts of the dot: see `getDotLayouts`.

    ```mlir
    #mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
    #reg = #tkg.mma<wgmma, m = 64, n = 256, k = 16, type = f16, warpsM = 4, warpsN = 1, b = shared>
    ```
  }];
  let parameters = (ins
    EnumParameter<Tkg_MmaKind>:$kind,
    "unsigned":$m, "unsigned":$n, "unsigned":$k,
    TypeParameter<"::mlir::Type", "operand type of the instruction">:$type,
    "unsigned":$warpsM, "unsigned":$warpsN,
    DefaultValuedParameter<"bool", "false">:$swap,
    DefaultValuedParameter<"OperandSource", "OperandSource::Register">:$a,
    DefaultValuedParameter<"OperandSource", "OperandSource::Register">:$b
  );
  let assemblyFormat = [{
    `<` $kind `,` struct($m, $n, $k, $type, $warpsM, $warpsN, $swap, $a, $b) `>`
  }];
  let extraClassDeclaration = [{
    unsigned getNumWarps() const { return getWarpsM() * getWarpsN(); }
  }];
  let genVerifyDecl = 1;
}

#endif // TK_DIALECT_TKG_IR_TKGATTRS
