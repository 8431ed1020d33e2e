//===- DotTile.cpp - the registers of the tiles of a dot, by place --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/DotTile.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;
using tk::SharedAccessPlan;

//===----------------------------------------------------------------------===//
// Registers by place
//===----------------------------------------------------------------------===//

/// The place with these coordinates: all leading dimensions make one batch.
static DotPlace getPlace(ArrayRef<int64_t> coordinates,
                         ArrayRef<int64_t> extents) {
  DotPlace place;
  for (auto [coordinate, extent] :
       llvm::zip_equal(coordinates.drop_back(2), extents.drop_back(2)))
    place.batch = place.batch * extent + coordinate;
  place.row = coordinates[coordinates.size() - 2];
  place.column = coordinates.back();
  return place;
}

DotTile::DotTile(const Layout &layout) : layout(layout) {
  SmallVector<int64_t> extents = layout.getExtents();
  numColumns = extents.back();
  numRows = extents[extents.size() - 2];
  numBatches = layout.getShape().getNumElements() / (numRows * numColumns);
  registerAt.assign(layout.getShape().getNumElements(), -1);
  for (auto [r, coordinates] :
       llvm::enumerate(layout.getRegisterCoordinates())) {
    int64_t &known = registerAt[getIndex(getPlace(coordinates, extents))];
    if (known < 0)
      known = r;
  }
}

int64_t DotTile::getIndex(DotPlace place) const {
  return (place.batch * numRows + place.row) * numColumns + place.column;
}

int64_t DotTile::getRegister(DotPlace place) const {
  return registerAt[getIndex(place)];
}

SmallVector<DotPlace> DotTile::getPlaces() const {
  SmallVector<DotPlace> places;
  SmallVector<int64_t> extents = layout.getExtents();
  for (auto [r, coordinates] : llvm::enumerate(layout.getRegisterCoordinates()))
    if (DotPlace place = getPlace(coordinates, extents);
        getRegister(place) == int64_t(r))
      places.push_back(place);
  return places;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// The layout of a register operand is its own; one in shared memory is read in
/// the layout that the instruction wants.
static Layout getOperandLayout(DotOp op, DotOperand::Side side,
                               unsigned numLanes) {
  Type type = (side == DotOperand::Lhs ? op.getLhs() : op.getRhs()).getType();
  auto memory = dyn_cast<MemDescType>(type);
  if (!memory)
    return getTileLayout(type);
  std::optional<DotLayouts> layouts =
      getDotLayouts(op.getInstructionAttr(), getOperandShape(op.getLhs()),
                    getOperandShape(op.getRhs()),
                    memory.getElementType().getIntOrFloatBitWidth(), numLanes);
  assert(layouts && "the lowering knows the layouts of its instructions");
  return side == DotOperand::Lhs ? layouts->lhs : layouts->rhs;
}

DotOperand::DotOperand(LoweringContext &context, Emitter &e, DotOp op,
                       Side side, ValueRange values)
    : context(context), e(e), op(op),
      type((side == Lhs ? op.getLhs() : op.getRhs()).getType()),
      tile(getOperandLayout(op, side, context.getTarget().getThreadsPerWarp())),
      kDim(tile.getLayout().getRank() - (side == Lhs ? 1 : 2)),
      k(getOperandShape(side == Lhs ? op.getLhs() : op.getRhs())[kDim]) {
  auto memory = dyn_cast<MemDescType>(type);
  elementType = convertElementType(memory ? memory.getElementType()
                                          : getElementTypeOrSelf(type));
  if (memory)
    base = values.front();
  else
    registers = llvm::to_vector(values);
  registers.resize(tile.getLayout().getNumRegisters());
  padded.resize(registers.size());
}

LogicalResult DotOperand::initialise() {
  auto memory = dyn_cast<MemDescType>(type);
  if (!memory)
    return success();
  plan = tk::planSharedAccess(
      tile.getLayout(), memory.getLayout().getLayout(),
      elementType.getIntOrFloatBitWidth(),
      tk::SharedAccessOptions::forLoad(context.getTarget().getInfo()));
  if (!plan)
    return op.emitOpError("has an operand in shared memory whose layout "
                          "divides the tile differently");
  shared.emplace(context, e, base, elementType, *plan);
  accessOf.resize(registers.size());
  for (const SharedAccessPlan::Access &access : plan->accesses)
    for (unsigned r : access.registers)
      accessOf[r] = &access;
  return success();
}

/// The element of register `r`, with all that its access reads.
Value DotOperand::read(int64_t r) {
  if (registers[r])
    return registers[r];
  const SharedAccessPlan::Access &access = *accessOf[r];
  for (auto [number, value] :
       llvm::zip_equal(access.registers, shared->load(access)))
    registers[number] = value;
  return registers[r];
}

/// Where K ends inside an instruction, what lies after it must not count.
Value DotOperand::zeroPadding(Value element, int64_t r) {
  Value isElement =
      context.getCoordinates(tile.getLayout(), e).getIsBelow(e, kDim, r, k);
  return isElement ? e.select(isElement, element, e.getZero(elementType))
                   : element;
}

Value DotOperand::get(DotPlace place) {
  int64_t r = tile.getRegister(place);
  assert(r >= 0 && "the layouts of a dot fit its instruction");
  if (!padded[r])
    padded[r] = zeroPadding(read(r), r);
  return padded[r];
}
