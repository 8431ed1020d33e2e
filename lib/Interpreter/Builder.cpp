//===- Builder.cpp - compiling a kernel to a program ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

TileInstruction::~TileInstruction() = default;

void ElementwiseInstruction::execute(ProgramInstance &instance) const {
  std::array<char *, 6> pointers;
  for (size_t i = 0; i < slots.size(); ++i)
    pointers[i] = instance.frame + slots[i];
  LoopFault fault;
  loop(pointers.data(), count, fault);
  if (fault.kind != LoopFault::None)
    reportFault(instance, op, fault, pointers.data());
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// Bytes of a value in a frame; nullopt if the interpreter has no such values.
static std::optional<size_t> getSizeInFrame(Type type) {
  if (auto pending = dyn_cast<tkg::PendingType>(type))
    type = pending.getTile();
  if (auto view = dyn_cast<ViewType>(type))
    return getElementKind(view.getElementType())
               ? std::optional(sizeof(ViewValue))
               : std::nullopt;
  if (isa<tkg::MemDescType>(type))
    return sizeof(SharedTileValue);
  if (isa<tkg::TokenType>(type))
    return sizeof(int64_t);
  auto tile = dyn_cast<RankedTensorType>(type);
  std::optional<ElementKind> kind = getElementKind(type);
  if (!kind || (tile && !tile.hasStaticShape()))
    return std::nullopt;
  return getNumElements(type) * getFrameSize(*kind);
}

/// Whether `type` is an element or a tile of them.
static bool isTileOrScalar(Type type) {
  return !isa<ViewType, tkg::MemDescType, tkg::TokenType, tkg::PendingType>(
      type);
}

Register ProgramBuilder::addRegister(Type type) {
  registerSizes.push_back(*getSizeInFrame(type));
  return registerSizes.size() - 1;
}

Register ProgramBuilder::addWholeRegister(size_t sizeInBytes) {
  registerSizes.push_back(sizeInBytes);
  wholeRegisters.push_back(registerSizes.size() - 1);
  return wholeRegisters.back();
}

Register ProgramBuilder::getSharedMemory(size_t sizeInBytes) {
  if (!sharedMemory)
    sharedMemory = addWholeRegister(0);
  size_t &size = registerSizes[*sharedMemory];
  size = std::max(size, sizeInBytes);
  return *sharedMemory;
}

std::shared_ptr<const SharedOffsets>
ProgramBuilder::getSharedOffsets(tkg::MemDescType type) {
  std::shared_ptr<const SharedOffsets> &offsets = sharedOffsets[type];
  if (!offsets)
    offsets = std::make_shared<SharedOffsets>(computeSharedOffsets(type));
  return offsets;
}

SmallVector<Register> ProgramBuilder::addRegisters(TypeRange types) {
  return llvm::map_to_vector(types,
                             [&](Type type) { return addRegister(type); });
}

Register ProgramBuilder::addConstant(ArrayRef<char> bytes) {
  auto [it, isNew] =
      constants.try_emplace(std::string(bytes.begin(), bytes.end()), 0);
  if (isNew) {
    registerSizes.push_back(bytes.size());
    it->second = registerSizes.size() - 1;
    prologue.push_back(it->second);
  }
  return it->second;
}

Register ProgramBuilder::addConstant(ElementKind kind, Attribute value) {
  std::array<char, sizeof(FatPointer)> bytes = {};
  writeConstant(kind, bytes.data(), value);
  return addConstant(ArrayRef<char>(bytes.data(), getFrameSize(kind)));
}

SmallVector<size_t, 4> ProgramBuilder::getSlots(Operation *op) {
  SmallVector<size_t, 4> slots;
  for (Value result : op->getResults()) {
    registers[result] = addRegister(result.getType());
    slots.push_back(registers[result]);
  }
  for (Value operand : op->getOperands())
    slots.push_back(getRegister(operand));
  return slots;
}

void ProgramBuilder::append(std::unique_ptr<TileInstruction> instruction) {
  program->code.push_back(std::move(instruction));
}

void ProgramBuilder::setTarget(JumpInstruction &jump, unsigned target) {
  jump.target = target;
  targets.insert(target);
}

void ProgramBuilder::emitJumpBack(Operation *op, unsigned head) {
  loops.push_back({head, getNextNumber()});
  setTarget(emit<JumpInstruction>(op, {}, 0), head);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::checkTypes(Operation *op) const {
  auto check = [&](Type type) -> LogicalResult {
    if (getSizeInFrame(type))
      return success();
    return op->emitError("the interpreter does not know the type ") << type;
  };
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (failed(check(type)))
          return failure();
  return success();
}

LogicalResult ProgramBuilder::buildConstant(Operation *op, Attribute value) {
  Value result = op->getResult(0);
  ElementKind kind = *getElementKind(result.getType());
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!isa<RankedTensorType>(result.getType())) {
    registers[result] = addConstant(kind, value);
    return success();
  }
  if (!elements)
    return op->emitError("the interpreter does not know this constant");
  if (elements.isSplat()) {
    Register element = addConstant(kind, elements.getSplatValue<Attribute>());
    registers[result] = addRegister(result.getType());
    LaneProgram::Register lane = {getFrameSize(kind), false};
    LaneProgram::Register uniform = {getFrameSize(kind), true};
    emit<ElementwiseInstruction>(op, {registers[result], element}, 1,
                                 selectSplatLoop(kind), elements.size(),
                                 ArrayRef({lane, uniform}));
    return success();
  }
  std::vector<char> bytes(elements.size() * getFrameSize(kind));
  for (auto [i, element] : llvm::enumerate(elements.getValues<Attribute>()))
    writeConstant(kind, bytes.data() + i * getFrameSize(kind), element);
  registers[result] = addConstant(bytes);
  return success();
}

LogicalResult ProgramBuilder::buildElementwise(Operation *op, LaneLoop loop) {
  Type resultType = op->getResult(0).getType();
  int64_t count = getNumElements(resultType);
  SmallVector<LaneProgram::Register, 4> lanes;
  auto addLane = [&](Type type) {
    bool isUniform =
        isa<RankedTensorType>(resultType) && !isa<RankedTensorType>(type);
    lanes.push_back({getFrameSize(*getElementKind(type)), isUniform});
  };
  for (Type type : op->getResultTypes())
    addLane(type);
  for (Type type : op->getOperandTypes())
    addLane(type);
  SmallVector<size_t, 4> slots = getSlots(op);
  emit<ElementwiseInstruction>(op, slots, op->getNumResults(), loop, count,
                               lanes);
  return success();
}

static LaneLoop selectLoop(Operation *op) {
  if (!llvm::all_of(op->getResultTypes(), isTileOrScalar))
    return nullptr;
  if (auto splat = dyn_cast<SplatOp>(op))
    return selectSplatLoop(*getElementKind(splat.getType()));
  return op->getNumResults() > 0 ? selectElementwiseLoop(op) : nullptr;
}

LogicalResult ProgramBuilder::buildOp(Operation *op) {
  if (failed(checkTypes(op)))
    return failure();
  Attribute constant;
  if (!isa<ub::PoisonOp>(op) && matchPattern(op, m_Constant(&constant)))
    return buildConstant(op, constant);
  if (LaneLoop loop = selectLoop(op))
    return buildElementwise(op, loop);
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp>([&](auto) { return buildFor(op); })
      .Case<scf::WhileOp>([&](auto) { return buildWhile(op); })
      .Case<scf::IfOp>([&](auto) { return buildIf(op); })
      .Case<arith::SelectOp>(
          [&](arith::SelectOp select) { return buildSelect(select); })
      .Case<scf::IndexSwitchOp>([&](auto) { return buildIndexSwitch(op); })
      .Case<func::CallOp>([&](auto) { return buildCall(op); })
      .Case<scf::ExecuteRegionOp>([&](scf::ExecuteRegionOp execute) {
        SmallVector<Register> results = addRegisters(op->getResultTypes());
        LogicalResult built = buildRegion(execute.getRegion(), results);
        for (auto [result, reg] : llvm::zip_equal(op->getResults(), results))
          registers[result] = reg;
        return built;
      })
      .Case<ub::PoisonOp>([&](auto) {
        // Whoever uses it gets zeros, not what lies in the frame.
        Type type = op->getResult(0).getType();
        if (!isTileOrScalar(type) && !isa<tkg::TokenType>(type))
          return LogicalResult(
              op->emitError("the interpreter has no such value"));
        registers[op->getResult(0)] =
            addConstant(std::vector<char>(*getSizeInFrame(type), 0));
        return success();
      })
      .Default([&](Operation *) { return buildTkOp(op); });
}

LogicalResult ProgramBuilder::buildTkOp(Operation *op) {
  if (isa_and_nonnull<tkg::TkgDialect>(op->getDialect()))
    return buildTkgOp(*this, op);
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<LoadViewOp, StoreViewOp, AddressesOp, InsideOp, MakeViewOp,
            SubviewOp, DimOp, StrideOp, PtrAddOp, LoadOp, StoreOp>(
          [&](auto) { return buildMemoryOp(*this, op); })
      .Case<AtomicRMWOp, AtomicCASOp, AtomicLoadOp, AtomicStoreOp>(
          [&](auto) { return buildAtomicOp(*this, op); })
      .Case<ArangeOp, BroadcastOp, ExpandDimsOp, ReshapeOp, TransOp, GatherOp>(
          [&](auto) { return buildShapeOp(*this, op); })
      .Case<ProgramIdOp, NumProgramsOp, IsPresentOp, AssumeOp, AssertOp,
            cf::AssertOp, PrintOp>(
          [&](auto) { return buildMessageOp(*this, op); })
      .Case<DotOp>([&](DotOp dot) { return buildDot(*this, dot); })
      .Case<ReduceOp>(
          [&](ReduceOp reduce) { return buildReduce(*this, reduce); })
      .Default([&](Operation *) {
        return op->emitError("the interpreter does not know '")
               << op->getName() << "'";
      });
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::buildArguments(FunctionOpInterface kernel) {
  for (BlockArgument argument : kernel.getArguments()) {
    unsigned i = argument.getArgNumber();
    if (isa<RankedTensorType>(argument.getType()))
      return kernel.emitError("expects views, pointers and scalars as "
                              "arguments, got ")
             << argument.getType();
    Register reg = addRegister(argument.getType());
    registers[argument] = reg;
    prologue.push_back(reg);
    auto name = kernel.getArgAttrOfType<StringAttr>(i, kNameAttr);
    auto access = kernel.getArgAttrOfType<AccessAttr>(i, kAccessAttr);
    program->parameters.push_back(
        {argument.getType(), reg,
         name ? name.str() : "argument " + std::to_string(i),
         // Nothing is promised without the attribute.
         access ? access.getValue() : ParamAccess::Mut,
         kernel.getArgAttr(i, kOptionalAttr) != nullptr});
  }
  return success();
}

FailureOr<std::unique_ptr<TileProgram>>
ProgramBuilder::build(FunctionOpInterface kernel) {
  if (kernel.isExternal())
    return kernel.emitError("the interpreter needs a kernel with a body");
  ProgramBuilder builder;
  builder.callStack.push_back(kernel);
  if (failed(builder.checkTypes(kernel)) ||
      failed(builder.buildArguments(kernel)))
    return failure();
  WalkResult foundTkg = kernel->walk([](Operation *op) {
    return isa_and_nonnull<tkg::TkgDialect>(op->getDialect())
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  if (foundTkg.wasInterrupted()) {
    builder.copies = builder.addWholeRegister(sizeof(AsyncCopyState));
    startTkgProgram(builder, kernel);
  }
  if (failed(builder.buildRegion(kernel.getFunctionBody(), {})))
    return failure();
  builder.fuseElementwise();
  builder.assignSlots();
  return std::move(builder.program);
}
