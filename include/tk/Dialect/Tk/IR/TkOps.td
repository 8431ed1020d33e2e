//===- TkOps.td - operations of the tk dialect ------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TKOPS
#define TK_DIALECT_TK_IR_TKOPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferIntRangeInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tk/Dialect/Tk/IR/TkAttrs.td"
include "tk/Dialect/Tk/IR/TkTypes.td"

class Tk_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tk_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Kernels and programs
//===----------------------------------------------------------------------===//

def Tk_KernelOp : Tk_Op<"kernel", [
    AffineScope, AutomaticAllocationScope, FunctionOpInterface,
    IsolatedFromAbove]> {
  let summary = "a kernel: what each program of a grid does";
  let description = [{
    One concrete instance of a kernel. Arguments are views, pointers and
    scalars. Each has the discardable attributes `tk.name` and `tk.dtype` (the
    type as declared, which keeps the signedness), a view also `tk.access` and
    `tk.dims` (one host expression for each dimension, over named dimensions).

    `grid` holds one to three host expressions, `require` the conditions of the
    kernel, both over the names of dimensions and scalar arguments. `instance`
    is the instance as a user writes it. `warps` is the number of warps of a
    block and `stages` that of the stages of its loops, where the user or the
    tuner fixed them.

    Lowers to a device function with an entry in the manifest.

    ```mlir
    tk.kernel @copy_f32(
        %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
        %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y"})
        attributes {grid = ["cdiv(N, 128)"], instance = "copy<f32>"} {
      %c128 = arith.constant 128 : index
      %p = tk.program_id 0
      %s = arith.muli %p, %c128 : index
      %t = tk.load_view %x[%s +: 128] : !tk.view<?xf32> -> tensor<128xf32>
      tk.store_view %t, %y[%s +: 128] : tensor<128xf32>, !tk.view<?xf32>
      tk.return
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    TypeAttrOf<FunctionType>:$function_type,
    OptionalAttr<DictArrayAttr>:$arg_attrs,
    OptionalAttr<DictArrayAttr>:$res_attrs,
    OptionalAttr<StrAttr>:$instance,
    OptionalAttr<StrArrayAttr>:$grid,
    OptionalAttr<StrArrayAttr>:$require,
    OptionalAttr<I64Attr>:$warps,
    OptionalAttr<I64Attr>:$stages
  );
  let regions = (region AnyRegion:$body);
  let builders = [OpBuilder<(ins "StringRef":$name, "FunctionType":$type,
                                 CArg<"ArrayRef<NamedAttribute>", "{}">:$attrs)>];
  let extraClassDeclaration = [{
    /// FunctionOpInterface.
    ArrayRef<Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ArrayRef<Type> getResultTypes() { return getFunctionType().getResults(); }
    Region *getCallableRegion() { return &getBody(); }

    /// The name of argument `index` in the source, or "" if it has none.
    StringRef getArgName(unsigned index);
    /// What the kernel may do with argument `index`; scalars are read.
    ParamAccess getArgAccess(unsigned index);
  }];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tk_ReturnOp : Tk_Op<"return", [HasParent<"KernelOp">, Pure, Terminator]> {
  let summary = "end of a program";
  let description = [{
    Ends the program. Lowers to the return of the device function.

    ```mlir
    tk.return
    ```
  }];
  let assemblyFormat = "attr-dict";
}

class Tk_GridOp<string mnemonic> : Tk_Op<mnemonic, [
    Pure, DeclareOpInterfaceMethods<InferIntRangeInterface, ["inferResultRanges"]>]> {
  let arguments = (ins ConfinedAttr<I32Attr, [IntMinValue<0>, IntMaxValue<2>]>:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$axis attr-dict";
}

def Tk_ProgramIdOp : Tk_GridOp<"program_id"> {
  let summary = "coordinate of this program along a grid axis";
  let description = [{
    At least 0 and less than `tk.num_programs` of the same axis.

    ```mlir
    %p = tk.program_id 0
    ```
  }];
}

def Tk_NumProgramsOp : Tk_GridOp<"num_programs"> {
  let summary = "number of programs along a grid axis";
  let description = [{
    ```mlir
    %n = tk.num_programs 0
    ```
  }];
}

def Tk_IsPresentOp : Tk_Op<"is_present", [Pure]> {
  let summary = "whether an optional argument was given";
  let description = [{
    Only on an argument marked `tk.optional`. `tk-bind-parameters` replaces it by
    a constant.

    ```mlir
    %b = tk.is_present %bias : !tk.view<?xf32>
    ```
  }];
  let arguments = (ins AnyType:$argument);
  let results = (outs I1:$result);
  let assemblyFormat = "$argument attr-dict `:` type($argument)";
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

class Tk_ViewQueryOp<string mnemonic, list<Trait> traits = []>
    : Tk_Op<mnemonic, traits # [Pure]> {
  let arguments = (ins Tk_ViewType:$view,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$view `,` $axis attr-dict `:` qualified(type($view))";
  let hasVerifier = 1;
}

def Tk_DimOp : Tk_ViewQueryOp<"dim", [
    DeclareOpInterfaceMethods<InferIntRangeInterface, ["inferResultRanges"]>]> {
  let summary = "extent of a dimension of a view, in elements";
  let description = [{
    ```mlir
    %m = tk.dim %x, 0 : !tk.view<?x?xf32>
    ```
  }];
  let hasFolder = 1;
}

def Tk_StrideOp : Tk_ViewQueryOp<"stride"> {
  let summary = "stride of a dimension of a view, in elements";
  let description = [{
    ```mlir
    %s = tk.stride %x, 0 : !tk.view<?x?xf32>
    ```
  }];
}

def Tk_MakeViewOp : Tk_Op<"make_view", [Pure, AttrSizedOperandSegments]> {
  let summary = "view memory behind a pointer";
  let description = [{
    One extent and one stride, in elements, for each dimension. An extent that
    the type knows must be that value.

    ```mlir
    %v = tk.make_view %p [%m, %n] strides [%s, %c1] : !tk.ptr<f32> -> !tk.view<?x?xf32>
    ```
  }];
  let arguments = (ins Tk_PtrType:$pointer, Variadic<Index>:$extents,
                       Variadic<Index>:$strides);
  let results = (outs Tk_ViewType:$result);
  let assemblyFormat = [{
    $pointer `[` $extents `]` `strides` `[` $strides `]` attr-dict
    `:` qualified(type($pointer)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Tk_SubviewOp : Tk_Op<"subview", [Pure, AttrSizedOperandSegments]> {
  let summary = "part of a view";
  let description = [{
    For each dimension of the source, `kinds` says what happens to it: 0 drops it
    at coordinate `offset`; 1 keeps it whole; 2 keeps `length` elements from
    `offset` on. Dropped and ranged dimensions take one of `offsets` in order,
    ranged ones also one of `lengths`. No memory is touched.

    A ranged dimension ends where the source ends. A view at a dropped coordinate
    outside the source, or of a range that starts outside, is empty: reads give
    the padding, writes are dropped.

    ```mlir
    // x[b, :, s..s+n]
    %v = tk.subview %x kinds [0, 1, 2] offsets [%b, %s] lengths [%n]
        : !tk.view<?x?x?xf32> -> !tk.view<?x?xf32>
    ```
  }];
  let arguments = (ins Tk_ViewType:$source, DenseI64ArrayAttr:$kinds,
                       Variadic<Index>:$offsets, Variadic<Index>:$lengths);
  let results = (outs Tk_ViewType:$result);
  let assemblyFormat = [{
    $source `kinds` $kinds `offsets` `[` $offsets `]` `lengths` `[` $lengths `]`
    attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let extraClassDeclaration = [{
    enum Kind : int64_t { Drop = 0, Whole = 1, Range = 2 };
  }];
  let hasVerifier = 1;
}

/// Ops that pick elements of a view by one item per dimension.
class Tk_ItemsOp<string mnemonic, list<Trait> traits = []>
    : Tk_Op<mnemonic, traits> {
  code itemsDeclaration = [{
    SmallVector<ViewItem> getItems() {
      return ::mlir::tk::getViewItems(getIndices(), getItemExtents());
    }
  }];
  let extraClassDeclaration = itemsDeclaration;
  let hasVerifier = 1;
}

def Tk_LoadViewOp : Tk_ItemsOp<"load_view", [
    AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "read a tile, or one element, of a view";
  let description = [{
    One item for each dimension of the view: `%i` drops the dimension, `%k +: E`
    walks E coordinates from `%k` on, `gather %t` takes the coordinates in the
    integer tile `%t`. Adjacent gathers of one shape pair up element by element.
    All scalars give a scalar.

    A coordinate is outside if it is negative or not less than the extent; an
    element with a coordinate outside is `pad` (default 0) and memory is not
    read. `inbounds` names the dimensions, one flag each, in which the program
    promises to stay inside, wherever it is inside in all others.

    ```mlir
    %t = tk.load_view %x[%i, %k +: 64] pad %neg_inf : f32
        : !tk.view<?x?xf32> -> tensor<64xf32>
    %g = tk.load_view %x[gather %rows, %k +: 64]
        : !tk.view<?x?xf32> (tensor<8xindex>) -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins
    Arg<Tk_ViewType, "", [MemRead]>:$view,
    Variadic<Tk_IndexItem>:$indices,
    Optional<Tk_AnyScalar>:$pad,
    DenseI64ArrayAttr:$itemExtents,
    OptionalAttr<DenseBoolArrayAttr>:$inbounds
  );
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $view `` custom<IndexItems>($indices, $itemExtents) (`pad` $pad^ `:` type($pad))?
    attr-dict `:` qualified(type($view)) `` custom<GatherTypes>(type($indices), ref($itemExtents))
    `->` type($result)
  }];
}

def Tk_StoreViewOp : Tk_ItemsOp<"store_view", [MemoryEffects<[MemWrite]>]> {
  let summary = "write a tile, or one element, into a view";
  let description = [{
    Items as in `tk.load_view`. Elements with a coordinate outside are dropped.
    Where a gather names one place twice, one of the values is written.

    ```mlir
    tk.store_view %t, %y[%i, %k +: 64] : tensor<64xf32>, !tk.view<?x?xf32>
    ```
  }];
  let arguments = (ins
    Tk_AnyValue:$value,
    Arg<Tk_ViewType, "", [MemWrite]>:$view,
    Variadic<Tk_IndexItem>:$indices,
    DenseI64ArrayAttr:$itemExtents,
    OptionalAttr<DenseBoolArrayAttr>:$inbounds
  );
  let assemblyFormat = [{
    $value `,` $view `` custom<IndexItems>($indices, $itemExtents) attr-dict
    `:` type($value) `,` qualified(type($view)) `` custom<GatherTypes>(type($indices), ref($itemExtents))
  }];
}

def Tk_AddressesOp : Tk_ItemsOp<"addresses", [Pure]> {
  let summary = "addresses of the elements of a view that items pick";
  let description = [{
    Items as in `tk.load_view`. The address of an element outside is unspecified
    and must not be used: see `tk.inside`.

    ```mlir
    %p = tk.addresses %c[%i, %j +: 64] : !tk.view<?x?xf32> -> tensor<64x!tk.ptr<f32>>
    ```
  }];
  let arguments = (ins Tk_ViewType:$view, Variadic<Tk_IndexItem>:$indices,
                       DenseI64ArrayAttr:$itemExtents);
  let results = (outs Tk_PtrValue:$result);
  let assemblyFormat = [{
    $view `` custom<IndexItems>($indices, $itemExtents) attr-dict
    `:` qualified(type($view)) `` custom<GatherTypes>(type($indices), ref($itemExtents))
    `->` type($result)
  }];
}

def Tk_InsideOp : Tk_ItemsOp<"inside", [Pure]> {
  let summary = "which of the elements that items pick lie inside the view";
  let description = [{
    Items as in `tk.load_view`.

    ```mlir
    %m = tk.inside %x[%i, %k +: 64] : !tk.view<?x?xf32> -> tensor<64xi1>
    ```
  }];
  let arguments = (ins Tk_ViewType:$view, Variadic<Tk_IndexItem>:$indices,
                       DenseI64ArrayAttr:$itemExtents);
  let results = (outs Tk_BoolValue:$result);
  let assemblyFormat = [{
    $view `` custom<IndexItems>($indices, $itemExtents) attr-dict
    `:` qualified(type($view)) `` custom<GatherTypes>(type($indices), ref($itemExtents))
    `->` type($result)
  }];
}

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

def Tk_PtrAddOp : Tk_Op<"ptr_add", [Pure, AllTypesMatch<["pointer", "result"]>]> {
  let summary = "move a pointer by a number of elements";
  let description = [{
    `offset` is a signed integer or index of the same shape as `pointer`.

    ```mlir
    %q = tk.ptr_add %p, %off : tensor<64x!tk.ptr<f32>>, tensor<64xindex>
    ```
  }];
  let arguments = (ins Tk_PtrValue:$pointer, Tk_IntValue:$offset);
  let results = (outs Tk_PtrValue:$result);
  let assemblyFormat = "$pointer `,` $offset attr-dict `:` type($pointer) `,` type($offset)";
  let hasVerifier = 1;
}

def Tk_LoadOp : Tk_Op<"load", [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "read through a pointer or a tile of pointers";
  let description = [{
    Where `mask` is false the result is `other` (default 0) and memory is not read.

    ```mlir
    %v = tk.load %p mask %m : tensor<64xi1> other %o : tensor<64xf32>
        : tensor<64x!tk.ptr<f32>> -> tensor<64xf32>
    ```
  }];
  let arguments = (ins Arg<Tk_PtrValue, "", [MemRead]>:$pointer,
                       Optional<Tk_BoolValue>:$mask, Optional<Tk_AnyValue>:$other);
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $pointer (`mask` $mask^ `:` type($mask))? (`other` $other^ `:` type($other))? attr-dict
    `:` type($pointer) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tk_StoreOp : Tk_Op<"store", [MemoryEffects<[MemWrite]>]> {
  let summary = "write through a pointer or a tile of pointers";
  let description = [{
    Nothing is written where `mask` is false.

    ```mlir
    tk.store %v, %p mask %m : tensor<64xi1> : tensor<64xf32>, tensor<64x!tk.ptr<f32>>
    ```
  }];
  let arguments = (ins Tk_AnyValue:$value, Arg<Tk_PtrValue, "", [MemWrite]>:$pointer,
                       Optional<Tk_BoolValue>:$mask);
  let assemblyFormat = [{
    $value `,` $pointer (`mask` $mask^ `:` type($mask))? attr-dict
    `:` type($value) `,` type($pointer)
  }];
  let hasVerifier = 1;
}

def Tk_AtomicRMWOp : Tk_Op<"atomic_rmw", [
    MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["value", "result"]>]> {
  let summary = "atomic read-modify-write";
  let description = [{
    Combines each element in memory with `value` and returns what was there
    before. Where `mask` is false nothing happens and the result is 0.

    ```mlir
    %old = tk.atomic_rmw fadd relaxed gpu %p, %v mask %m : tensor<64xi1>
        : tensor<64x!tk.ptr<f32>>, tensor<64xf32>
    ```
  }];
  let arguments = (ins
    Tk_AtomicKindAttr:$kind, Tk_MemoryOrderAttr:$order, Tk_MemoryScopeAttr:$scope,
    Arg<Tk_PtrValue, "", [MemRead, MemWrite]>:$pointer, Tk_AnyValue:$value,
    Optional<Tk_BoolValue>:$mask);
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $kind $order $scope
    $pointer `,` $value (`mask` $mask^ `:` type($mask))? attr-dict
    `:` type($pointer) `,` type($value)
  }];
  let hasVerifier = 1;
}

def Tk_AtomicCASOp : Tk_Op<"atomic_cas", [
    MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["compare", "value", "result"]>]> {
  let summary = "atomic compare-and-swap";
  let description = [{
    Stores `value` where memory equals `compare` (bit for bit) and returns what
    was there before.

    ```mlir
    %old = tk.atomic_cas acq_rel gpu %p, %cmp, %new : !tk.ptr<i32>, i32
    ```
  }];
  let arguments = (ins
    Tk_MemoryOrderAttr:$order, Tk_MemoryScopeAttr:$scope,
    Arg<Tk_PtrValue, "", [MemRead, MemWrite]>:$pointer, Tk_AnyValue:$compare,
    Tk_AnyValue:$value, Optional<Tk_BoolValue>:$mask);
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $order $scope $pointer `,` $compare `,` $value
    (`mask` $mask^ `:` type($mask))? attr-dict `:` type($pointer) `,` type($value)
  }];
  let hasVerifier = 1;
}

def Tk_AtomicLoadOp : Tk_Op<"atomic_load", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "atomic read";
  let description = [{
    `order` is `relaxed` or `acquire`. Has the effect of a write too, so that it
    is never moved across or merged with another.

    ```mlir
    %v = tk.atomic_load acquire gpu %p : !tk.ptr<i32> -> i32
    ```
  }];
  let arguments = (ins
    Tk_MemoryOrderAttr:$order, Tk_MemoryScopeAttr:$scope,
    Arg<Tk_PtrValue, "", [MemRead, MemWrite]>:$pointer, Optional<Tk_BoolValue>:$mask);
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $order $scope $pointer
    (`mask` $mask^ `:` type($mask))? attr-dict `:` type($pointer) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tk_AtomicStoreOp : Tk_Op<"atomic_store", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "atomic write";
  let description = [{
    `order` is `relaxed` or `release`.

    ```mlir
    tk.atomic_store release gpu %v, %p : i32, !tk.ptr<i32>
    ```
  }];
  let arguments = (ins
    Tk_MemoryOrderAttr:$order, Tk_MemoryScopeAttr:$scope, Tk_AnyValue:$value,
    Arg<Tk_PtrValue, "", [MemRead, MemWrite]>:$pointer, Optional<Tk_BoolValue>:$mask);
  let assemblyFormat = [{
    $order $scope $value `,` $pointer
    (`mask` $mask^ `:` type($mask))? attr-dict `:` type($value) `,` type($pointer)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Making and shaping tiles
//===----------------------------------------------------------------------===//

def Tk_SplatOp : Tk_Op<"splat", [Pure]> {
  let summary = "a tile whose elements are all the same scalar";
  let description = [{
    ```mlir
    %t = tk.splat %s : f32 -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Tk_AnyScalar:$value);
  let results = (outs Tk_AnyTile:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tk_ArangeOp : Tk_Op<"arange", [Pure]> {
  let summary = "the integers 0, 1, 2, ... as a tile of rank 1";
  let description = [{
    ```mlir
    %t = tk.arange : tensor<128xi32>
    ```
  }];
  let results = (outs Tk_IntTile:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

class Tk_ShapeOp<string mnemonic, list<Trait> traits = []> : Tk_Op<mnemonic, traits # [Pure]> {
  let results = (outs Tk_AnyTile:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tk_BroadcastOp : Tk_ShapeOp<"broadcast"> {
  let summary = "repeat a tile along its dimensions of extent 1";
  let description = [{
    Ranks are equal; each source extent is 1 or that of the result.

    ```mlir
    %b = tk.broadcast %t : tensor<8x1xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
}

def Tk_ExpandDimsOp : Tk_ShapeOp<"expand_dims"> {
  let summary = "insert a dimension of extent 1";
  let description = [{
    ```mlir
    %e = tk.expand_dims %t axis 1 : tensor<8xf32> -> tensor<8x1xf32>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let assemblyFormat = "$source `axis` $axis attr-dict `:` type($source) `->` type($result)";
}

def Tk_ReshapeOp : Tk_ShapeOp<"reshape"> {
  let summary = "give the elements of a tile, in row-major order, another shape";
  let description = [{
    ```mlir
    %r = tk.reshape %t : tensor<8x64xf32> -> tensor<512xf32>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
}

def Tk_TransOp : Tk_ShapeOp<"trans"> {
  let summary = "permute the dimensions of a tile";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the source.

    ```mlir
    %u = tk.trans %t [1, 0] : tensor<8x64xf32> -> tensor<64x8xf32>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source, DenseI32ArrayAttr:$permutation);
  let assemblyFormat = "$source $permutation attr-dict `:` type($source) `->` type($result)";
}

def Tk_GatherOp : Tk_Op<"gather", [Pure]> {
  let summary = "pick elements of a tile along one dimension";
  let description = [{
    Dimension `axis` of the source is replaced by the dimensions of `indices`:
    `result[a.., i.., c..] = source[a.., indices[i..], c..]`. A scalar index drops
    the dimension. An index outside the tile is an error that the interpreter
    reports; on a device the result is unspecified.

    ```mlir
    %g = tk.gather %t[%i] axis 0 : tensor<8x64xf32>, tensor<4xindex> -> tensor<4x64xf32>
    ```
  }];
  let arguments = (ins Tk_AnyTile:$source, Tk_IntValue:$indices,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let results = (outs Tk_AnyValue:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` `axis` $axis attr-dict
    `:` type($source) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Arithmetic that arith and math lack
//===----------------------------------------------------------------------===//

def Tk_CastOp : Tk_Op<"cast", [Pure]> {
  let summary = "convert numbers to another element type";
  let description = [{
    Total: every source value has a defined result. `rounding` says how a result
    that is not exact is rounded: without it, to nearest even if it is a float and
    toward zero if it is an integer. Float to integer saturates and makes NaN 0.
    Integer to integer keeps the low bits; with `checked`, a value that does not
    fit is an error that the interpreter reports. i1 counts as unsigned. With
    `saturate`, what is too large for the float that results, be it a float or an
    integer, becomes its largest finite value.

    `source_unsigned` and `result_unsigned` give the signedness of integers;
    `index` is signed.

    ```mlir
    %h = tk.cast %f : tensor<64xf32> -> tensor<64xbf16>
    %u = tk.cast %f rounding rtz {result_unsigned} : f32 -> i8
    ```
  }];
  let arguments = (ins
    AnyTypeOf<[AnySignlessInteger, Index, AnyFloat, Tk_FloatOrIntTile]>:$source,
    OptionalAttr<Tk_RoundingAttr>:$rounding,
    UnitAttr:$saturate, UnitAttr:$checked, UnitAttr:$source_unsigned,
    UnitAttr:$result_unsigned);
  let results = (outs
    AnyTypeOf<[AnySignlessInteger, Index, AnyFloat, Tk_FloatOrIntTile]>:$result);
  let assemblyFormat = [{
    $source (`rounding` $rounding^)? attr-dict `:` type($source) `->` type($result)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tk_DotOp : Tk_Op<"dot", [Pure, AllTypesMatch<["accumulator", "result"]>]> {
  let summary = "matrix product of two tiles, added to an accumulator";
  let description = [{
    `result[.., m, n] = accumulator[.., m, n] + sum_k lhs[.., m, k] * rhs[.., k, n]`.
    Leading dimensions are batches and equal. Both operands have one element type;
    the accumulator is f32 for f16, bf16 and f32 (and any float no narrower), f64
    for f64, i32 for i8. Products of 16-bit floats are exact; the order of the
    sum is the target's. For f32, `precision` says whether the products are IEEE
    (`ieee`), of operands rounded to tf32 (`tf32`), or of operands split in two
    tf32 parts (`tf32x3`).

    `tkg-choose-matrix-instruction` picks the instruction.

    ```mlir
    %d = tk.dot %a, %b, %c precision ieee
        : tensor<64x32xbf16>, tensor<32x64xbf16> -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins
    Tk_FloatOrIntTile:$lhs, Tk_FloatOrIntTile:$rhs, Tk_FloatOrIntTile:$accumulator,
    DefaultValuedAttr<Tk_PrecisionAttr, "Precision::IEEE">:$precision,
    UnitAttr:$lhs_unsigned, UnitAttr:$rhs_unsigned);
  let results = (outs Tk_FloatOrIntTile:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $accumulator (`precision` $precision^)? attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tk_ReduceOp : Tk_Op<"reduce", [
    Pure, SingleBlock]> {
  let summary = "combine the elements of tiles along one dimension";
  let description = [{
    Takes n tiles of one shape and combines their elements along `axis`, as
    tuples. The region gets two tuples, first the n values of one, then the n
    values of the other, and yields their combination. It must be pure,
    associative and commutative; the order is unspecified but fixed for a
    binary. Results lack the dimension; those of tiles of rank 1 are scalars.

    ```mlir
    %s = tk.reduce(%t) axis 1 : (tensor<8x64xf32>) -> tensor<8xf32> {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      tk.yield %c : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Tk_AnyTile>:$sources,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let results = (outs Variadic<Tk_AnyValue>:$results);
  let regions = (region SizedRegion<1>:$combiner);
  let assemblyFormat = [{
    `(` $sources `)` `axis` $axis attr-dict `:` functional-type($sources, $results) $combiner
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The single op of the combiner, if it has one tile and one op whose
    /// operands are its two arguments; null otherwise.
    Operation *getSimpleCombiner();
  }];
}

def Tk_YieldOp : Tk_Op<"yield", [Pure, ReturnLike, Terminator, ParentOneOf<["ReduceOp"]>]> {
  let summary = "result of a combiner";
  let description = [{
    ```mlir
    tk.yield %c : f32
    ```
  }];
  let arguments = (ins Variadic<Tk_AnyScalar>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

//===----------------------------------------------------------------------===//
// Promises and messages
//===----------------------------------------------------------------------===//

def Tk_AssumeOp : Tk_Op<"assume", [MemoryEffects<[MemWrite]>]> {
  let summary = "promise that a condition holds";
  let description = [{
    The compiler may rely on it; the interpreter checks it.

    ```mlir
    tk.assume %c : i1
    ```
  }];
  let arguments = (ins Tk_BoolValue:$condition);
  let assemblyFormat = "$condition attr-dict `:` type($condition)";
}

def Tk_AssertOp : Tk_Op<"assert", [MemoryEffects<[MemWrite]>]> {
  let summary = "stop with a message unless a condition holds";
  let description = [{
    For a tile, unless it holds for every element.

    ```mlir
    tk.assert %c, "label out of range" : i1
    ```
  }];
  let arguments = (ins Tk_BoolValue:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict `:` type($condition)";
}

def Tk_PrintOp : Tk_Op<"print", [MemoryEffects<[MemWrite]>]> {
  let summary = "print a message and values";
  let description = [{
    Each element of a tile is printed once, with its index. `unsignedValues` has
    one flag for each value.

    ```mlir
    tk.print "row", %r : index
    ```
  }];
  let arguments = (ins StrAttr:$message, Variadic<Tk_AnyValue>:$values,
                       OptionalAttr<DenseBoolArrayAttr>:$unsigned_values);
  let assemblyFormat = "$message (`,` $values^ `:` type($values))? attr-dict";
}

#endif // TK_DIALECT_TK_IR_TKOPS
