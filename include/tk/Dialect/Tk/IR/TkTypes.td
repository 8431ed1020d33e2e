//===- TkTypes.td - views, pointers and tile constraints --*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TKTYPES
#define TK_DIALECT_TK_IR_TKTYPES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/CommonTypeConstraints.td"
include "tk/Dialect/Tk/IR/TkDialect.td"

class Tk_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Tk_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Tk_ViewType : Tk_Type<"View", "view"> {
  let summary = "a strided tensor in memory that knows its bounds";
  let description = [{
    A base pointer, an extent and a stride (both in elements, both signed) for
    each dimension. Extents are run-time values; one that is known is written in
    the type. Strides are always run-time values and may be zero or negative.

    ```mlir
    !tk.view<?x?xbf16>
    !tk.view<?x3xf32>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [TypeBuilderWithInferredContext<
      (ins "ArrayRef<int64_t>":$shape, "Type":$elementType), [{
        return $_get(elementType.getContext(), shape, elementType);
      }]>];
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
  }];
}

def Tk_PtrType : Tk_Type<"Ptr", "ptr"> {
  let summary = "the address of one element in global memory";
  let description = [{
    ```mlir
    !tk.ptr<f32>
    tensor<128x!tk.ptr<f32>>
    ```
  }];
  let parameters = (ins "Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
  let builders = [TypeBuilderWithInferredContext<(ins "Type":$elementType), [{
    return $_get(elementType.getContext(), elementType);
  }]>];
}

/// A tile: a ranked tensor of static shape. It may carry a layout as its
/// encoding; `tk` neither reads nor changes it.
class Tk_TileOf<list<Type> elementTypes, string summary>
    : RankedTensorOf<elementTypes, [HasStaticShapePred], summary>;

def Tk_AnyScalar : AnyTypeOf<[AnySignlessInteger, Index, AnyFloat, Tk_PtrType],
                             "integer, index, float or pointer">;
def Tk_AnyTile : Tk_TileOf<[AnySignlessInteger, Index, AnyFloat, Tk_PtrType], "tile">;
def Tk_IntTile : Tk_TileOf<[AnySignlessInteger, Index], "integer tile">;
def Tk_FloatOrIntTile : Tk_TileOf<[AnySignlessInteger, AnyFloat, Index], "tile of numbers">;
def Tk_AnyValue : AnyTypeOf<[Tk_AnyScalar, Tk_AnyTile], "scalar or tile">;
def Tk_BoolValue : AnyTypeOf<[I1, Tk_TileOf<[I1], "tile of i1">], "i1 or tile of i1">;
def Tk_IntValue : AnyTypeOf<[AnySignlessInteger, Index, Tk_IntTile],
                            "integer, index or a tile of them">;
def Tk_PtrValue : AnyTypeOf<[Tk_PtrType, Tk_TileOf<[Tk_PtrType], "tile of pointers">],
                            "pointer or tile of pointers">;
/// One index item: a scalar, the start of a slice, or an integer tile.
def Tk_IndexItem : AnyTypeOf<[Index, Tk_IntTile], "index or integer tile">;

#endif // TK_DIALECT_TK_IR_TKTYPES
