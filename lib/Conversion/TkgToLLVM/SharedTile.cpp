//===- SharedTile.cpp - moves a tile between registers and shared memory --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::HardwareDim;
using tk::Layout;
using tk::SharedAccessPlan;
using tk::SharedInstruction;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

SmallVector<Value> mlir::tkg::toSharedElements(Emitter &e, ValueRange values) {
  SmallVector<Value> elements = llvm::to_vector(values);
  for (Value &element : elements)
    if (element.getType().isInteger(1))
      element = e.zeroExtend(element, e.getI8());
  return elements;
}

SmallVector<Value> mlir::tkg::fromSharedElements(Emitter &e, Type elementType,
                                                 ValueRange values) {
  SmallVector<Value> elements = llvm::to_vector(values);
  if (!elementType.isInteger(1))
    return elements;
  for (Value &element : elements)
    element = e.compare(LLVM::ICmpPredicate::ne, element,
                        e.getInteger(element.getType(), 0));
  return elements;
}

Value mlir::tkg::getScratch(LoweringContext &context, Emitter &e,
                            Operation *op) {
  auto offset = op->getAttrOfType<IntegerAttr>(kScratchOffsetAttr);
  if (!offset) {
    op->emitOpError() << "needs shared memory, but has no '"
                      << kScratchOffsetAttr << "'";
    return Value();
  }
  return e.getElementPointer(context.getSharedMemory(e), e.getI8(),
                             offset.getInt());
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

Value SharedTile::getPointer(const SharedAccessPlan::Access &access) {
  auto it = llvm::find_if(known, [&](const auto &entry) {
    return entry.first == access.xorOffset;
  });
  if (it == known.end()) {
    const TileCoordinates &address = context.getCoordinates(plan.address, e);
    // In bytes, so that only one addition is left where the base changes.
    Value offset = context.emitAtEntry(e, [&](Emitter &entry) {
      Value elements = entry.bitXor(address.getThreadPart(0),
                                    entry.getI32Constant(access.xorOffset));
      return entry.mul(elements,
                       entry.getI32Constant(getSizeInBytes(elementType)));
    });
    known.push_back(
        {access.xorOffset, e.getElementPointer(base, e.getI8(), offset)});
    it = std::prev(known.end());
  }
  return e.getElementPointer(it->second, elementType, access.addOffset);
}

SmallVector<Value> SharedTile::load(const SharedAccessPlan::Access &access) {
  Value pointer = getPointer(access);
  if (plan.instruction == SharedInstruction::Vector) {
    MemoryWords words(e, elementType, access.registers.size());
    return words.unpack(e, words.load(e, pointer));
  }
  SmallVector<Value> matrices = context.getTarget().loadMatrices(
      e, pointer, plan.numMatrices,
      plan.instruction == SharedInstruction::TransposedMatrix);
  SmallVector<Value> elements;
  for (Value word : matrices) {
    int64_t perWord = 32 / elementType.getIntOrFloatBitWidth();
    if (perWord == 1)
      elements.push_back(e.bitcast(word, elementType));
    else
      llvm::append_range(
          elements,
          e.splitVector(e.bitcast(word, e.getVector(perWord, elementType))));
  }
  return elements;
}

SmallVector<Value> SharedTile::load() {
  size_t numRegisters = plan.copies.size();
  for (const SharedAccessPlan::Access &access : plan.accesses)
    numRegisters += access.registers.size();
  SmallVector<Value> values(numRegisters);
  for (const SharedAccessPlan::Access &access : plan.accesses)
    for (auto [r, value] : llvm::zip_equal(access.registers, load(access)))
      values[r] = value;
  for (const SharedAccessPlan::Copy &copy : plan.copies)
    values[copy.to] = values[copy.from];
  return values;
}

void SharedTile::store(ValueRange registers, const Layout &layout) {
  assert((plan.instruction == SharedInstruction::Vector ||
          layout.getFreeDigits(HardwareDim::Lane) == 0) &&
         "all lanes of a warp take part in a matrix instruction");
  // One branch around all stores: mostly whole warps have nothing to do.
  e.emitIf(context.getIsFirstReplica(layout, e), {}, [&] {
    for (const SharedAccessPlan::Access &access : plan.accesses)
      store(access, registers);
    return SmallVector<Value>();
  });
}

void SharedTile::store(const SharedAccessPlan::Access &access,
                       ValueRange registers) {
  SmallVector<Value> elements;
  for (unsigned r : access.registers)
    elements.push_back(registers[r]);
  Value pointer = getPointer(access);
  MemoryWords words(e, elementType, elements.size());
  SmallVector<Value> packed = words.pack(e, elements);
  if (plan.instruction == SharedInstruction::Vector)
    words.store(e, pointer, packed);
  else
    context.getTarget().storeMatrices(e, pointer, packed,
                                      plan.instruction ==
                                          SharedInstruction::TransposedMatrix);
}
