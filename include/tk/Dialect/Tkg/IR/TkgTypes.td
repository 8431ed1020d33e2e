//===- TkgTypes.td - shared-memory tiles and what is in flight *- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_TKGTYPES
#define TK_DIALECT_TKG_IR_TKGTYPES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "tk/Dialect/Tk/IR/TkTypes.td"
include "tk/Dialect/Tkg/IR/TkgAttrs.td"

class Tkg_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Tkg_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Tkg_MemDescType : Tkg_Type<"MemDesc", "memdesc"> {
  let summary = "a tile in shared memory, or a ring of them";
  let description = [{
    A place, not a value: it is written and read by ops. A ring is `depth` tiles
    of one shape, used in turn; `tkg.slot` picks one.

    Requires a layout that has the rank of the tile and is at least as large.
    Lowers to an address in shared memory.

    ```mlir
    !tkg.memdesc<8x4xf32, #shared>
    !tkg.memdesc<3 x [8x4xf32], #shared>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
    "::mlir::tkg::SharedAttr":$layout, "int64_t":$depth);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [TypeBuilderWithInferredContext<
      (ins "ArrayRef<int64_t>":$shape, "Type":$elementType,
           "::mlir::tkg::SharedAttr":$layout, CArg<"int64_t", "0">:$depth), [{
        return $_get(elementType.getContext(), shape, elementType, layout, depth);
      }]>];
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    /// A ring has a depth of at least 1; a single tile has depth 0.
    bool isRing() const { return getDepth() != 0; }
    /// The type of one slot of a ring.
    MemDescType getSlotType() const {
      return get(getShape(), getElementType(), getLayout());
    }
    /// The size of one tile in bytes, padding included.
    int64_t getTileSizeInBytes() const;
    /// The size of all slots in bytes.
    int64_t getSizeInBytes() const {
      return getTileSizeInBytes() * (isRing() ? getDepth() : 1);
    }
  }];
}

def Tkg_TokenType : Tkg_Type<"Token", "token"> {
  let summary = "the completion of something asynchronous";
  let description = [{
    Orders what follows after what was started. Lowers to nothing.

    ```mlir
    !tkg.token
    ```
  }];
}

def Tkg_PendingType : Tkg_Type<"Pending", "pending"> {
  let summary = "a tile that a matrix unit is still writing";
  let description = [{
    May feed only the accumulator of a `tkg.dot_async` of the same type, or
    `tkg.dot_wait`. So touching registers in flight is a type error.

    ```mlir
    !tkg.pending<tensor<64x64xf32>>
    ```
  }];
  let parameters = (ins "::mlir::RankedTensorType":$tile);
  let assemblyFormat = "`<` $tile `>`";
  let builders = [TypeBuilderWithInferredContext<(ins "RankedTensorType":$tile), [{
    return $_get(tile.getContext(), tile);
  }]>];
}

def Tkg_Ring : Type<And<[Tkg_MemDescType.predicate,
    CPred<"::llvm::cast<::mlir::tkg::MemDescType>($_self).isRing()">]>,
    "ring of shared-memory tiles", "::mlir::tkg::MemDescType">;
def Tkg_SharedTile : Type<And<[Tkg_MemDescType.predicate,
    CPred<"!::llvm::cast<::mlir::tkg::MemDescType>($_self).isRing()">]>,
    "shared-memory tile", "::mlir::tkg::MemDescType">;
def Tkg_DotOperand : AnyTypeOf<[Tk_FloatOrIntTile, Tkg_SharedTile],
                               "register tile or shared-memory tile">;

#endif // TK_DIALECT_TKG_IR_TKGTYPES
