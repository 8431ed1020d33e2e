//===- TkItems.h - checking and printing of index items -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TKITEMS_H
#define TK_DIALECT_TK_IR_TKITEMS_H

#include "tk/Dialect/Tk/IR/Tk.h"

namespace mlir::tk {

/// Checks that `accessed` is what the items pick from a view, as a tile (or
/// scalar) of `elementType`.
LogicalResult verifyItems(Operation *op, ViewType view, OperandRange indices,
                          ArrayRef<int64_t> itemExtents, Type elementType,
                          Type accessed);

/// custom<IndexItems>: `[%i, %k +: 64, gather %t]`.
ParseResult
parseIndexItems(OpAsmParser &parser,
                SmallVectorImpl<OpAsmParser::UnresolvedOperand> &indices,
                DenseI64ArrayAttr &itemExtents);
void printIndexItems(OpAsmPrinter &printer, Operation *op, OperandRange indices,
                     DenseI64ArrayAttr itemExtents);

/// custom<GatherTypes>: the types of the gathers, `(tensor<8xindex>)`; nothing
/// where there are none.
ParseResult parseGatherTypes(OpAsmParser &parser, SmallVectorImpl<Type> &types,
                             DenseI64ArrayAttr itemExtents);
void printGatherTypes(OpAsmPrinter &printer, Operation *op, TypeRange types,
                      DenseI64ArrayAttr itemExtents);

} // namespace mlir::tk

#endif // TK_DIALECT_TK_IR_TKITEMS_H
