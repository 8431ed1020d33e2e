//===- TkgOps.td - operations of the tkg dialect ----------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_TKGOPS
#define TK_DIALECT_TKG_IR_TKGOPS

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tk/Dialect/Tk/IR/TkAttrs.td"
include "tk/Dialect/Tkg/IR/TkgTypes.td"

class Tkg_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tkg_Dialect, mnemonic, traits>;

def SharedMemory : Resource<"::mlir::tkg::SharedMemory">;

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

def Tkg_ConvertLayoutOp : Tkg_Op<"convert_layout", [
    Pure, SameOperandsAndResultShape, SameOperandsAndResultElementType]> {
  let summary = "move the elements of a tile to the threads of another layout";
  let description = [{
    Changes which thread holds which element. No value changes.

    Both types must carry a layout. Lowers to the cheapest step that suffices: a
    register permutation, warp shuffles, or a trip through shared memory, whose
    place is `tkg.scratch_offset`.

    ```mlir
    %1 = tkg.convert_layout %0
        : tensor<32x4xf32, #row> -> tensor<32x4xf32, #column>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source);
  let results = (outs Tk_AnyTile:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Dots
//===----------------------------------------------------------------------===//

class Tkg_AnyDotOp<string mnemonic, list<Trait> traits> : Tkg_Op<mnemonic, traits # [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let extraClassDeclaration = [{
    /// The tile type of the result.
    RankedTensorType getResultTile();
  }];
  let hasVerifier = 1;
}

def Tkg_DotOp : Tkg_AnyDotOp<"dot", [AllTypesMatch<["accumulator", "result"]>]> {
  let summary = "matrix product of two tiles, added to an accumulator";
  let description = [{
    `tk.dot` on a machine: operands are register tiles or tiles in shared memory,
    as `instruction` says. Without an instruction, none has been chosen yet.

    Requires what `tk.dot` requires. An operand of source `shared` must be a
    `memdesc`. A register tile that carries a layout must carry the one of
    `getDotLayouts`. Lowers to repetitions of the instruction; an operand of an
    `fma` that lies in shared memory is read there step by step.

    ```mlir
    %d = tkg.dot %a, %b, %c instruction #mma
        : tensor<32x16xbf16>, tensor<16x32xbf16> -> tensor<32x32xf32>
    ```
  }];
  let arguments = (ins
    Tkg_DotOperand:$lhs, Tkg_DotOperand:$rhs, Tk_FloatOrIntTile:$accumulator,
    OptionalAttr<Tkg_MmaAttr>:$instruction,
    DefaultValuedAttr<Tk_PrecisionAttr, "::mlir::tk::Precision::IEEE">:$precision,
    UnitAttr:$lhs_unsigned, UnitAttr:$rhs_unsigned);
  let results = (outs Tk_FloatOrIntTile:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $accumulator (`instruction` $instruction^)?
    (`precision` $precision^)? attr-dict
    `:` qualified(type($lhs)) `,` qualified(type($rhs)) `->` qualified(type($result))
  }];
}

def Tkg_DotAsyncOp : Tkg_AnyDotOp<"dot_async", []> {
  let summary = "start a matrix product";
  let description = [{
    Starts what `tkg.dot` does. The accumulator is a tile, or the pending result
    of an earlier `tkg.dot_async` of the same instruction, which need not be
    waited for. Operands in shared memory must not be overwritten before the wait.

    Lowers to `wgmma.mma_async`, a fence before and a commit after.

    ```mlir
    %p = tkg.dot_async %a, %b, %c instruction #wgmma
        : !tkg.memdesc<64x16xbf16, #sharedA>, !tkg.memdesc<16x64xbf16, #sharedB>,
          tensor<64x64xf32> -> !tkg.pending<tensor<64x64xf32>>
    ```
  }];
  let arguments = (ins
    Tkg_DotOperand:$lhs, Tkg_DotOperand:$rhs,
    AnyTypeOf<[Tk_FloatOrIntTile, Tkg_PendingType]>:$accumulator,
    Tkg_MmaAttr:$instruction);
  let results = (outs Tkg_PendingType:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $accumulator `instruction` $instruction attr-dict
    `:` qualified(type($lhs)) `,` qualified(type($rhs)) `,` qualified(type($accumulator)) `->` qualified(type($result))
  }];
}

def Tkg_DotWaitOp : Tkg_Op<"dot_wait", [Pure]> {
  let summary = "wait for a matrix product";
  let description = [{
    Gives the tile, and a token that orders the release of the operands.
    `pending` is the number of dots started later that may stay in flight; it is
    filled in by `tkg-place-synchronisation`. Lowers to `wgmma.wait_group`.

    ```mlir
    %d, %t = tkg.dot_wait %p {pending = 1 : i32}
        : !tkg.pending<tensor<64x64xf32>> -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins Tkg_PendingType:$source,
                       OptionalAttr<ConfinedAttr<I32Attr, [IntNonNegative]>>:$pending);
  let results = (outs Tk_FloatOrIntTile:$result, Tkg_TokenType:$token);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

def Tkg_AllocOp : Tkg_Op<"alloc", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a place in shared memory";
  let description = [{
    Lives until its last use. With `init`, a register tile, the place starts with
    that value; a ring takes none. `offset`, in bytes from the start of the
    block's shared memory, is set by `tkg-allocate-shared-memory`. Lowers to an
    address, and a store of `init`.

    ```mlir
    %m = tkg.alloc : !tkg.memdesc<3 x [8x4xf32], #shared>
    %n = tkg.alloc init(%t : tensor<8x4xf32>) : !tkg.memdesc<8x4xf32, #shared>
    ```
  }];
  let arguments = (ins Optional<Tk_AnyTile>:$init,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$offset);
  let results = (outs Tkg_MemDescType:$result);
  let assemblyFormat = [{
    (`init` `(` $init^ `:` type($init) `)`)? attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Tkg_SlotOp : Tkg_Op<"slot", [
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "one tile of a ring";
  let description = [{
    Requires an index of at least 0 and below the depth. Lowers to an address
    computation.

    ```mlir
    %s = tkg.slot %ring[%i] : !tkg.memdesc<3 x [8x4xf32], #shared>
    ```
  }];
  let arguments = (ins Tkg_Ring:$ring, Index:$index);
  let results = (outs Tkg_SharedTile:$result);
  let assemblyFormat = "$ring `[` $index `]` attr-dict `:` qualified(type($ring))";
}

def Tkg_MemDescTransOp : Tkg_Op<"memdesc_trans", [
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "the same memory with its dimensions permuted";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the source. Moves
    nothing.

    ```mlir
    %u = tkg.memdesc_trans %m [1, 0]
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<4x8xf32, #sharedT>
    ```
  }];
  let arguments = (ins Tkg_SharedTile:$source, DenseI32ArrayAttr:$permutation);
  let results = (outs Tkg_SharedTile:$result);
  let assemblyFormat = "$source $permutation attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
}

def Tkg_MemDescSlicesOp : Tkg_Op<"memdesc_slices", [Pure]> {
  let summary = "the same memory as a ring of slices";
  let description = [{
    Slot i of the result holds the coordinates from i * E on of the first
    dimension, E of them. Moves nothing.

    Requires that every slice lies in one piece, all in order: the highest bits of
    the offset count the slices, and nothing else does.

    ```mlir
    %r = tkg.memdesc_slices %m
        : !tkg.memdesc<8x4xf32, #shared> -> !tkg.memdesc<2 x [4x4xf32], #slice>
    ```
  }];
  let arguments = (ins Tkg_SharedTile:$source);
  let results = (outs Tkg_Ring:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1;
}

def Tkg_LocalLoadOp : Tkg_Op<"local_load", []> {
  let summary = "read a tile from shared memory";
  let description = [{
    With a token, not before what the token stands for has completed. Lowers to
    `ldmatrix` where the layouts divide by it, else to vector loads.

    ```mlir
    %t = tkg.local_load %m after %token : !tkg.memdesc<64xbf16, #shared> -> tensor<64xbf16>
    ```
  }];
  let arguments = (ins Arg<Tkg_SharedTile, "", [MemRead<SharedMemory>]>:$source,
                       Optional<Tkg_TokenType>:$token);
  let results = (outs Tk_AnyTile:$result);
  let assemblyFormat = [{
    $source (`after` $token^)? attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Tkg_LocalStoreOp : Tkg_Op<"local_store", []> {
  let summary = "write a tile into shared memory";
  let description = [{
    Lowers to `stmatrix` where the layouts divide by it, else to vector stores.
    Padding of the allocation is not written.

    ```mlir
    tkg.local_store %t, %m : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #shared>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$value,
                       Arg<Tkg_SharedTile, "", [MemWrite<SharedMemory>]>:$target);
  let assemblyFormat = "$value `,` $target attr-dict `:` type($value) `,` qualified(type($target))";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

def Tkg_CopyAsyncOp : Tkg_Op<"copy_async", []> {
  let summary = "start copying a tile of a view into shared memory";
  let description = [{
    Items and `inbounds` as in `tk.load_view`; elements outside become 0. The copy
    is complete when a `tkg.async_wait` says so.

    Requires that the slot holds what the items pick, of the view's element type.
    Lowers to `cp.async` of 16, 8 or 4 bytes with zero fill.

    ```mlir
    %t = tkg.copy_async %x[%i, %k +: 64] into %m
        : !tk.view<?x?xbf16>, !tkg.memdesc<64xbf16, #shared>
    ```
  }];
  let arguments = (ins
    Arg<Tk_ViewType, "", [MemRead]>:$view,
    Variadic<Tk_IndexItem>:$indices,
    Arg<Tkg_SharedTile, "", [MemWrite<SharedMemory>]>:$slot,
    DenseI64ArrayAttr:$itemExtents,
    OptionalAttr<DenseBoolArrayAttr>:$inbounds);
  let results = (outs Tkg_TokenType:$token);
  let assemblyFormat = [{
    $view `` custom<IndexItems>($indices, $itemExtents) `into` $slot attr-dict
    `:` qualified(type($view)) `` custom<GatherTypes>(type($indices), ref($itemExtents))
    `,` qualified(type($slot))
  }];
  let extraClassDeclaration = [{
    SmallVector<::mlir::tk::ViewItem> getItems() {
      return ::mlir::tk::getViewItems(getIndices(), getItemExtents());
    }
  }];
  let hasVerifier = 1;
}

def Tkg_AsyncCommitOp : Tkg_Op<"async_commit", [
    MemoryEffects<[MemRead<SharedMemory>, MemWrite<SharedMemory>]>]> {
  let summary = "close a group of asynchronous copies";
  let description = [{
    All copies that the thread has started since the last commit form one group.
    The tokens name those that must be among them. Lowers to
    `cp.async.commit_group`.

    ```mlir
    %g = tkg.async_commit %t0, %t1
    ```
  }];
  let arguments = (ins Variadic<Tkg_TokenType>:$tokens);
  let results = (outs Tkg_TokenType:$token);
  let assemblyFormat = "($tokens^)? attr-dict";
}

def Tkg_AsyncWaitOp : Tkg_Op<"async_wait", [
    MemoryEffects<[MemRead<SharedMemory>, MemWrite<SharedMemory>]>]> {
  let summary = "wait for groups of asynchronous copies";
  let description = [{
    Waits until the groups of the tokens are complete: all but the latest
    `pending` ones, a number that `tkg-place-synchronisation` fills in. Each thread
    waits for its own copies; other threads see them after a `tkg.barrier`. Lowers
    to `cp.async.wait_group`.

    ```mlir
    %d = tkg.async_wait %g {pending = 2 : i32}
    ```
  }];
  let arguments = (ins Variadic<Tkg_TokenType>:$tokens,
                       OptionalAttr<ConfinedAttr<I32Attr, [IntNonNegative]>>:$pending);
  let results = (outs Tkg_TokenType:$token);
  let assemblyFormat = "($tokens^)? attr-dict";
}

def Tkg_BarrierOp : Tkg_Op<"barrier", [
    MemoryEffects<[MemRead, MemWrite, MemRead<SharedMemory>, MemWrite<SharedMemory>]>]> {
  let summary = "all threads of the block meet";
  let description = [{
    What a thread wrote before, to shared or global memory, every thread of the
    block sees after. Lowers to `bar.sync 0` or `s_barrier`.

    ```mlir
    tkg.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif // TK_DIALECT_TKG_IR_TKGOPS
