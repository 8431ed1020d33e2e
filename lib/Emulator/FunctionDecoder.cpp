//===- FunctionDecoder.cpp - registers, constants and code of a function --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Decoder.h"
#include "DeviceLibrary.h"
#include "Function.h"
#include "Warp.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// A register that has a slot.
struct Register {
  Slot slot = noSlot;
  PtxType type = PtxType::B32;
};

/// What a name stands for.
struct Symbol {
  enum class Kind {
    None,
    Register,
    Special,
    GlobalVariable,
    SharedVariable,
    LocalVariable,
    EntryParameter,
    Function
  };
  Kind kind = Kind::None;
  PtxSpace space = PtxSpace::Generic;
  Register reg;
  SpecialRegisterInfo special = {SpecialRegister::Zero, 32};
  /// Address, offset in the frame or number.
  uint64_t value = 0;
};

class FunctionDecoder : public DecodeContext {
public:
  FunctionDecoder(Program &program, DeviceMemory &memory, uint32_t number);
  llvm::Error decode();

  llvm::Expected<Slot> source(const PtxOperand &operand, PtxType type,
                              bool mayBeWider) override;
  llvm::Expected<Slot> destination(const PtxOperand &operand, PtxType type,
                                   bool mayBeWider) override;
  llvm::Expected<Slot> predicate(const PtxOperand &operand) override;
  llvm::Expected<Slot> predicateDestination(const PtxOperand &operand) override;
  std::optional<unsigned>
  registerWidth(const PtxOperand &operand) const override;
  llvm::Expected<int64_t> constant(const PtxOperand &operand) override;
  llvm::Expected<Address> address(const PtxOperand &operand,
                                  PtxSpace space) override;
  void keep(std::shared_ptr<const void> details) override {
    result.details.push_back(std::move(details));
  }
  Slot scratch(unsigned sizeInBytes) override { return allocate(sizeInBytes); }
  unsigned architecture() const override { return ptx.architecture; }
  const PtxModule &module() const override { return ptx; }
  llvm::Error branchTo(const PtxOperand &operand) override;
  llvm::Expected<const BranchTable *>
  branchTable(const PtxOperand &operand) override;
  llvm::Expected<const CallDetails *>
  callDetails(const PtxInstruction &instruction, Instruction &decoded) override;
  void setOrderVisible() override { result.isOrderVisible = true; }
  bool isEntry() const override { return syntax.isEntry; }
  llvm::Error error(const PtxInstruction &instruction,
                    const llvm::Twine &message) override {
    return ptx.error(instruction.location, message);
  }

private:
  // Declarations.
  llvm::Error declareScopes();
  llvm::Error declareVariable(const PtxVariable &variable, uint32_t scope);
  llvm::Error declareParameters();
  ParameterPlace placeParameter(const PtxVariable &variable, bool isVisible);

  // Names.
  Symbol lookup(llvm::StringRef name);
  Symbol lookupRegister(uint32_t scope, llvm::StringRef name);
  std::optional<uint32_t> lookupLabel(llvm::StringRef name) const;
  bool isVectorRegister(llvm::StringRef name, unsigned &length) const;

  // Slots.
  Slot allocate(unsigned sizeInBytes);
  Slot constantSlot(uint64_t bits, unsigned bitWidth);
  Slot relocatedSlot(const Relocation &relocation);
  Slot addressSlot(const Symbol &symbol, uint64_t addend, unsigned bitWidth,
                   bool isGeneric);
  llvm::Expected<Slot> specialSlot(const PtxOperand &operand,
                                   SpecialRegisterInfo info, unsigned bitWidth);
  llvm::Expected<uint64_t> immediateBits(const PtxOperand &operand,
                                         PtxType type) const;
  Slot scratchFor(unsigned bitWidth);

  llvm::Error decodeInstruction(const PtxInstruction &instruction,
                                uint32_t index);
  void addHelper(Instruction helper);
  llvm::Error finishBranches();
  void expandVectorRegisters(PtxInstruction &instruction) const;
  llvm::Error addArguments(const PtxInstruction &instruction,
                           llvm::ArrayRef<PtxOperand> operands,
                           llvm::ArrayRef<PtxVariable> formals, bool areResults,
                           std::vector<ParameterPlace> &places);
  llvm::Error errorAt(const PtxOperand &operand, const llvm::Twine &message) {
    return ptx.error(operand.location, message);
  }

  Program &program;
  const PtxModule &ptx;
  DeviceMemory &memory;
  const PtxFunction &syntax;
  DecodedFunction &result;
  const PtxInstruction *current = nullptr;

  using ScopedName = std::pair<uint32_t, llvm::StringRef>;
  llvm::DenseMap<ScopedName, Register> registers;
  llvm::DenseMap<ScopedName, Symbol> variables;
  /// Declared, by scope and name (of a range: its prefix).
  llvm::DenseMap<ScopedName, const PtxRegisters *> single, ranges;
  bool hasVectorRegisters = false;

  llvm::DenseMap<std::pair<uint64_t, unsigned>, Slot> constants;
  std::map<std::tuple<unsigned, unsigned, bool, uint64_t, uint64_t>, Slot>
      relocated;
  std::map<unsigned, Slot> scratchSlots;
  /// Where the code of each PTX instruction begins.
  std::vector<uint32_t> codeBegin;
  /// Code positions of branches, whose immediate is an index still.
  std::vector<uint32_t> branches;
  std::vector<std::shared_ptr<BranchTable>> tables;
  bool isBranch = false;
  uint32_t branchTarget = 0;
};

} // namespace

FunctionDecoder::FunctionDecoder(Program &program, DeviceMemory &memory,
                                 uint32_t number)
    : program(program), ptx(*program.ptx), memory(memory),
      syntax(ptx.functions[number]), result(*program.functions[number]) {
  result.syntax = &syntax;
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

Slot FunctionDecoder::allocate(unsigned sizeInBytes) {
  Slot slot = result.image.size();
  result.image.resize(slot + llvm::alignTo(std::max(sizeInBytes, 4u), 64));
  return slot;
}

/// Bytes of 32 lanes. A predicate is a LaneMask.
static unsigned slotSize(unsigned bitWidth) {
  if (bitWidth == 1)
    return sizeof(LaneMask);
  return numLanes * ((bitWidth + 7) / 8);
}

static void fill(std::byte *bytes, uint64_t value, unsigned bitWidth) {
  if (bitWidth == 1) {
    LaneMask mask = value ? allLanes : 0;
    std::memcpy(bytes, &mask, sizeof(mask));
    return;
  }
  unsigned size = (bitWidth + 7) / 8;
  for (unsigned lane = 0; lane < numLanes; ++lane)
    std::memcpy(bytes + lane * size, &value, std::min(size, 8u));
}

Slot FunctionDecoder::constantSlot(uint64_t bits, unsigned bitWidth) {
  if (bitWidth > 1 && bitWidth < 64)
    bits &= llvm::maskTrailingOnes<uint64_t>(llvm::alignTo(bitWidth, 8));
  // The two values that a DenseMap keeps for itself.
  bool isMappable = bits < ~uint64_t(0) - 1;
  if (isMappable) {
    auto found = constants.find({bits, bitWidth});
    if (found != constants.end())
      return found->second;
  }
  Slot slot = allocate(slotSize(bitWidth));
  fill(&result.image[slot], bits, bitWidth);
  if (isMappable)
    constants[{bits, bitWidth}] = slot;
  return slot;
}

Slot FunctionDecoder::relocatedSlot(const Relocation &relocation) {
  unsigned which = relocation.kind == Relocation::Kind::Special
                       ? static_cast<unsigned>(relocation.special)
                       : relocation.variable;
  auto [entry, isNew] = relocated.try_emplace(
      std::make_tuple(static_cast<unsigned>(relocation.kind),
                      unsigned(relocation.bitWidth), relocation.isGeneric,
                      uint64_t(which), relocation.addend),
      noSlot);
  if (!isNew)
    return entry->second;
  Relocation added = relocation;
  added.slot = allocate(slotSize(relocation.bitWidth));
  result.relocations.push_back(added);
  return entry->second = added.slot;
}

Slot FunctionDecoder::scratchFor(unsigned bitWidth) {
  auto [entry, isNew] = scratchSlots.try_emplace(bitWidth, noSlot);
  if (isNew)
    entry->second = allocate(slotSize(bitWidth));
  return entry->second;
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

std::vector<uint64_t>
mlir::tk::emulator::layOutParameters(llvm::ArrayRef<PtxVariable> parameters) {
  std::vector<uint64_t> offsets;
  uint64_t end = 0;
  for (const PtxVariable &parameter : parameters) {
    end = llvm::alignTo(end, parameter.alignment);
    offsets.push_back(end);
    end += parameter.sizeInBytes;
  }
  offsets.push_back(end);
  return offsets;
}

ParameterPlace FunctionDecoder::placeParameter(const PtxVariable &variable,
                                               bool isVisible) {
  ParameterPlace place;
  place.sizeInBytes = variable.sizeInBytes;
  Symbol symbol;
  if (variable.space == PtxSpace::Register) {
    place.slot = allocate(slotSize(getBitWidth(variable.type)));
    symbol.kind = Symbol::Kind::Register;
    symbol.reg = {place.slot, variable.type};
  } else {
    result.localSize = llvm::alignTo(result.localSize, variable.alignment);
    place.localOffset = result.localSize;
    result.localSize += variable.sizeInBytes;
    symbol.kind = Symbol::Kind::LocalVariable;
    symbol.space = PtxSpace::Param;
    symbol.value = place.localOffset;
  }
  if (isVisible)
    variables[{0, variable.name}] = symbol;
  return place;
}

llvm::Error FunctionDecoder::declareParameters() {
  if (syntax.isEntry) {
    if (!syntax.returns.empty())
      return ptx.error(syntax.location, "an entry returns nothing");
    std::vector<uint64_t> offsets = layOutParameters(syntax.parameters);
    for (size_t i = 0; i < syntax.parameters.size(); ++i) {
      const PtxVariable &parameter = syntax.parameters[i];
      if (parameter.space != PtxSpace::Param)
        return ptx.error(parameter.location,
                         "parameters of an entry are in '.param'");
      Symbol symbol;
      symbol.kind = Symbol::Kind::EntryParameter;
      symbol.space = PtxSpace::Param;
      symbol.value = firstParamOffset + offsets[i];
      variables[{0, parameter.name}] = symbol;
    }
    return llvm::Error::success();
  }
  for (const PtxVariable &parameter : syntax.parameters)
    result.parameters.push_back(placeParameter(parameter, true));
  for (const PtxVariable &value : syntax.returns)
    result.returns.push_back(placeParameter(value, true));
  return llvm::Error::success();
}

llvm::Error FunctionDecoder::declareVariable(const PtxVariable &variable,
                                             uint32_t scope) {
  Symbol symbol;
  symbol.space = variable.space;
  if (variables.count({scope, variable.name}))
    return ptx.error(variable.location,
                     "'" + variable.name + "' is declared twice");
  switch (variable.space) {
  case PtxSpace::Local:
  case PtxSpace::Param:
    result.localSize = llvm::alignTo(result.localSize, variable.alignment);
    symbol.kind = Symbol::Kind::LocalVariable;
    symbol.value = result.localSize;
    result.localSize += variable.sizeInBytes;
    if (result.localSize > maxLocalBytes)
      return ptx.error(variable.location, "the function needs more than " +
                                              llvm::Twine(maxLocalBytes) +
                                              " bytes of local memory");
    break;
  case PtxSpace::Shared:
    symbol.kind = Symbol::Kind::SharedVariable;
    symbol.value = program.sharedVariables.size();
    program.sharedVariables.push_back({&variable});
    break;
  case PtxSpace::Global:
  case PtxSpace::Const: {
    llvm::Expected<uint64_t> address =
        allocateVariable(program, memory, variable);
    if (!address)
      return address.takeError();
    symbol.kind = Symbol::Kind::GlobalVariable;
    symbol.value = *address;
    break;
  }
  case PtxSpace::Generic:
  case PtxSpace::Register:
  case PtxSpace::SharedCluster:
    return ptx.error(variable.location, "no variable can be in '." +
                                            getName(variable.space) + "'");
  }
  variables[{scope, variable.name}] = symbol;
  return llvm::Error::success();
}

llvm::Error FunctionDecoder::declareScopes() {
  for (uint32_t i = 0; i < syntax.scopes.size(); ++i) {
    const PtxScope &scope = syntax.scopes[i];
    for (const PtxRegisters &declared : scope.registers) {
      auto &table = declared.count ? ranges : single;
      hasVectorRegisters |= declared.vectorLength > 1;
      if (!table.try_emplace({i, declared.name}, &declared).second)
        return ptx.error(declared.location,
                         "'" + declared.name + "' is declared twice");
    }
    for (const PtxVariable &variable : scope.variables)
      if (llvm::Error error = declareVariable(variable, i))
        return error;
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

Symbol FunctionDecoder::lookupRegister(uint32_t scope, llvm::StringRef name) {
  Symbol symbol;
  auto known = registers.find({scope, name});
  if (known != registers.end()) {
    symbol.kind = Symbol::Kind::Register;
    symbol.reg = known->second;
    return symbol;
  }
  const PtxRegisters *declared = single.lookup({scope, name});
  // `v.x` of `.reg .v4 .f32 v`.
  if (!declared && hasVectorRegisters) {
    auto [base, component] = name.rsplit('.');
    declared = single.lookup({scope, base});
    if (declared && (component.size() != 1 ||
                     llvm::StringRef("xyzw")
                             .take_front(declared->vectorLength)
                             .find(component[0]) == llvm::StringRef::npos))
      declared = nullptr;
  }
  if (!declared) {
    llvm::StringRef prefix = name.rtrim("0123456789");
    llvm::StringRef digits = name.drop_front(prefix.size());
    // A prefix may end in digits itself: `%r1_<2>` does not, `%p1<2>` does.
    for (size_t i = 0; i < digits.size() && !declared; ++i) {
      uint32_t number = 0;
      llvm::StringRef rest = digits.drop_front(i);
      const PtxRegisters *range =
          ranges.lookup({scope, name.drop_back(rest.size())});
      if (range && !rest.getAsInteger(10, number) && number < *range->count &&
          (rest.size() == 1 || rest[0] != '0'))
        declared = range;
    }
  }
  if (!declared)
    return symbol;
  symbol.kind = Symbol::Kind::Register;
  symbol.reg.type = declared->type;
  symbol.reg.slot = allocate(slotSize(getBitWidth(declared->type)));
  registers[{scope, name}] = symbol.reg;
  return symbol;
}

Symbol FunctionDecoder::lookup(llvm::StringRef name) {
  uint32_t scope = current ? current->scope : 0;
  for (;;) {
    Symbol symbol = lookupRegister(scope, name);
    if (symbol.kind != Symbol::Kind::None)
      return symbol;
    auto variable = variables.find({scope, name});
    if (variable != variables.end())
      return variable->second;
    if (scope == 0)
      break;
    scope = syntax.scopes[scope].parent;
  }
  Symbol symbol;
  if (std::optional<SpecialRegisterInfo> info = lookupSpecialRegister(name)) {
    symbol.kind = Symbol::Kind::Special;
    symbol.special = *info;
    return symbol;
  }
  auto shared = program.sharedByName.find(name);
  if (shared != program.sharedByName.end()) {
    symbol.kind = Symbol::Kind::SharedVariable;
    symbol.space = PtxSpace::Shared;
    symbol.value = shared->second;
    return symbol;
  }
  auto global = program.addresses.find(name);
  if (global != program.addresses.end()) {
    symbol.kind = Symbol::Kind::GlobalVariable;
    const Allocation *allocation = memory.lookup(global->second, 0);
    symbol.space = allocation ? allocation->space : PtxSpace::Global;
    symbol.value = global->second;
    return symbol;
  }
  auto function = program.functionsByName.find(name);
  if (function != program.functionsByName.end()) {
    symbol.kind = Symbol::Kind::Function;
    symbol.value = function->second;
  }
  return symbol;
}

std::optional<uint32_t>
FunctionDecoder::lookupLabel(llvm::StringRef name) const {
  for (uint32_t scope = current->scope;; scope = syntax.scopes[scope].parent) {
    auto found = syntax.scopes[scope].labels.find(name);
    if (found != syntax.scopes[scope].labels.end())
      return found->second;
    if (scope == 0)
      return std::nullopt;
  }
}

bool FunctionDecoder::isVectorRegister(llvm::StringRef name,
                                       unsigned &length) const {
  for (uint32_t scope = current->scope;; scope = syntax.scopes[scope].parent) {
    if (const PtxRegisters *declared = single.lookup({scope, name})) {
      length = declared->vectorLength;
      return length > 1;
    }
    if (scope == 0)
      return false;
  }
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static bool isFloat(PtxType type) {
  return type == PtxType::F32 || type == PtxType::F64;
}

llvm::Expected<uint64_t>
FunctionDecoder::immediateBits(const PtxOperand &operand, PtxType type) const {
  if (operand.kind == PtxOperand::Kind::Integer) {
    if (isFloat(type))
      return ptx.error(operand.location,
                       "expects a floating-point number such as 0f3F800000");
    return operand.bits;
  }
  unsigned width = getBitWidth(type);
  if (operand.kind == PtxOperand::Kind::Float32Bits) {
    if (width == 32)
      return operand.bits;
    float narrow;
    uint32_t low = static_cast<uint32_t>(operand.bits);
    std::memcpy(&narrow, &low, sizeof(narrow));
    double wide = narrow;
    uint64_t bits;
    std::memcpy(&bits, &wide, sizeof(bits));
    if (width == 64)
      return bits;
  }
  if (operand.kind == PtxOperand::Kind::Float64Bits) {
    if (width == 64)
      return operand.bits;
    double wide;
    std::memcpy(&wide, &operand.bits, sizeof(wide));
    float narrow = static_cast<float>(wide);
    uint32_t bits;
    std::memcpy(&bits, &narrow, sizeof(bits));
    if (width == 32)
      return bits;
  }
  return ptx.error(operand.location, "a floating-point number does not fit '." +
                                         getName(type) + "'");
}

Slot FunctionDecoder::addressSlot(const Symbol &symbol, uint64_t addend,
                                  unsigned bitWidth, bool isGeneric) {
  Relocation relocation;
  relocation.bitWidth = bitWidth;
  relocation.isGeneric = isGeneric;
  relocation.addend = addend;
  switch (symbol.kind) {
  case Symbol::Kind::SharedVariable:
    relocation.kind = Relocation::Kind::SharedVariable;
    relocation.variable = static_cast<uint32_t>(symbol.value);
    if (!llvm::is_contained(result.sharedVariables, relocation.variable))
      result.sharedVariables.push_back(relocation.variable);
    return relocatedSlot(relocation);
  case Symbol::Kind::LocalVariable:
    relocation.kind = Relocation::Kind::Local;
    relocation.addend += symbol.value;
    return relocatedSlot(relocation);
  case Symbol::Kind::EntryParameter:
    return constantSlot(symbol.value + addend + (isGeneric ? paramWindow : 0),
                        bitWidth);
  case Symbol::Kind::Function:
    program.isAddressTaken[symbol.value] = true;
    return constantSlot(Program::functionAddress(symbol.value) + addend,
                        bitWidth);
  case Symbol::Kind::GlobalVariable:
  case Symbol::Kind::None:
  case Symbol::Kind::Register:
  case Symbol::Kind::Special:
    break;
  }
  return constantSlot(symbol.value + addend, bitWidth);
}

static Step runReadSpecial(Warp &warp, const Instruction &instruction) {
  auto which = static_cast<SpecialRegister>(instruction.flags);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t value = readSpecialRegister(warp, which, lane);
    if (instruction.count == 64)
      warp.lanes<uint64_t>(instruction.operands[0])[lane] = value;
    else if (instruction.count == 32)
      warp.lanes<uint32_t>(instruction.operands[0])[lane] = value;
    else
      warp.lanes<uint16_t>(instruction.operands[0])[lane] = value;
  }
  return Step::Next;
}

static Step runNegate(Warp &warp, const Instruction &instruction) {
  warp.predicate(instruction.operands[0]) =
      ~warp.predicate(instruction.operands[1]);
  return Step::Next;
}

/// An instruction of ours before the one that is decoded. It is counted for
/// none of the module's.
void FunctionDecoder::addHelper(Instruction helper) {
  helper.index = ptx.instructions.size();
  result.code.push_back(helper);
}

llvm::Expected<Slot> FunctionDecoder::specialSlot(const PtxOperand &operand,
                                                  SpecialRegisterInfo info,
                                                  unsigned bitWidth) {
  if ((info.bitWidth == 1) != (bitWidth == 1) || info.bitWidth > bitWidth ||
      (bitWidth != 1 && bitWidth < 16)) {
    // Old compilers read the 32-bit registers into 16 bits.
    if (info.bitWidth != 32 || bitWidth != 16)
      return errorAt(
          operand, "'" + operand.name + "' has " + llvm::Twine(info.bitWidth) +
                       " bits, the instruction reads " + llvm::Twine(bitWidth));
  }
  if (info.isDynamic()) {
    Instruction helper;
    helper.handler = runReadSpecial;
    helper.flags = static_cast<uint8_t>(info.which);
    helper.count = bitWidth;
    helper.operands[0] = allocate(slotSize(bitWidth));
    addHelper(helper);
    return helper.operands[0];
  }
  Relocation relocation;
  relocation.kind = Relocation::Kind::Special;
  relocation.special = info.which;
  relocation.bitWidth = bitWidth;
  return relocatedSlot(relocation);
}

llvm::Expected<Slot> FunctionDecoder::source(const PtxOperand &operand,
                                             PtxType type, bool mayBeWider) {
  unsigned width = getBitWidth(type);
  switch (operand.kind) {
  case PtxOperand::Kind::Integer:
  case PtxOperand::Kind::Float32Bits:
  case PtxOperand::Kind::Float64Bits: {
    llvm::Expected<uint64_t> bits = immediateBits(operand, type);
    if (!bits)
      return bits.takeError();
    // `-1` as a 128-bit number is all ones: compilers do not write it.
    return constantSlot(*bits, width);
  }
  case PtxOperand::Kind::Name:
    break;
  case PtxOperand::Kind::Address:
  case PtxOperand::Kind::Vector:
  case PtxOperand::Kind::AddressList:
  case PtxOperand::Kind::List:
  case PtxOperand::Kind::Pair:
  case PtxOperand::Kind::Sink:
    return errorAt(operand, "expects a register or a constant");
  }
  if (operand.isNegated)
    return errorAt(operand, "'!' stands before predicates only");
  Symbol symbol = lookup(operand.name);
  switch (symbol.kind) {
  case Symbol::Kind::None:
    return errorAt(operand, "unknown name '" + operand.name + "'");
  case Symbol::Kind::Register: {
    unsigned actual = getBitWidth(symbol.reg.type);
    if (symbol.reg.type == PtxType::Pred || operand.bits != 0)
      return errorAt(operand,
                     "expects a register of " + llvm::Twine(width) + " bits");
    if (actual != width && !(mayBeWider && actual > width))
      return errorAt(operand,
                     "'" + operand.name + "' has " + llvm::Twine(actual) +
                         " bits, the instruction reads " + llvm::Twine(width));
    return symbol.reg.slot;
  }
  case Symbol::Kind::Special:
    return specialSlot(operand, symbol.special, width);
  case Symbol::Kind::GlobalVariable:
  case Symbol::Kind::SharedVariable:
  case Symbol::Kind::LocalVariable:
  case Symbol::Kind::EntryParameter:
  case Symbol::Kind::Function:
    break;
  }
  if (width != 64 && width != 32)
    return errorAt(operand, "an address has 64 bits, the instruction reads " +
                                llvm::Twine(width));
  return addressSlot(symbol, operand.bits, width, /*isGeneric=*/false);
}

llvm::Expected<Slot> FunctionDecoder::destination(const PtxOperand &operand,
                                                  PtxType type,
                                                  bool mayBeWider) {
  unsigned width = getBitWidth(type);
  if (operand.kind == PtxOperand::Kind::Sink)
    return scratchFor(width);
  if (operand.kind != PtxOperand::Kind::Name || operand.isNegated ||
      operand.bits != 0)
    return errorAt(operand, "expects a register");
  Symbol symbol = lookup(operand.name);
  if (symbol.kind == Symbol::Kind::None)
    return errorAt(operand, "unknown name '" + operand.name + "'");
  if (symbol.kind != Symbol::Kind::Register || symbol.reg.type == PtxType::Pred)
    return errorAt(operand, "expects a register of " + llvm::Twine(width) +
                                " bits, got '" + operand.name + "'");
  unsigned actual = getBitWidth(symbol.reg.type);
  if (actual != width && !(mayBeWider && actual > width))
    return errorAt(operand,
                   "'" + operand.name + "' has " + llvm::Twine(actual) +
                       " bits, the instruction writes " + llvm::Twine(width));
  return symbol.reg.slot;
}

llvm::Expected<Slot> FunctionDecoder::predicate(const PtxOperand &operand) {
  if (operand.kind == PtxOperand::Kind::Integer)
    return constantSlot(operand.bits != 0, 1);
  if (operand.kind != PtxOperand::Kind::Name)
    return errorAt(operand, "expects a predicate");
  Symbol symbol = lookup(operand.name);
  if (symbol.kind == Symbol::Kind::None)
    return errorAt(operand, "unknown name '" + operand.name + "'");
  if (symbol.kind == Symbol::Kind::Special)
    return specialSlot(operand, symbol.special, 1);
  if (symbol.kind != Symbol::Kind::Register || symbol.reg.type != PtxType::Pred)
    return errorAt(operand, "expects a predicate, got '" + operand.name + "'");
  if (!operand.isNegated)
    return symbol.reg.slot;
  Instruction helper;
  helper.handler = runNegate;
  helper.operands[0] = allocate(sizeof(LaneMask));
  helper.operands[1] = symbol.reg.slot;
  addHelper(helper);
  return helper.operands[0];
}

llvm::Expected<Slot>
FunctionDecoder::predicateDestination(const PtxOperand &operand) {
  if (operand.kind == PtxOperand::Kind::Sink)
    return scratchFor(1);
  if (operand.isNegated)
    return errorAt(operand, "expects a predicate without '!'");
  Symbol symbol = lookup(operand.name);
  if (operand.kind != PtxOperand::Kind::Name ||
      symbol.kind != Symbol::Kind::Register || symbol.reg.type != PtxType::Pred)
    return errorAt(operand, "expects a predicate");
  return symbol.reg.slot;
}

std::optional<unsigned>
FunctionDecoder::registerWidth(const PtxOperand &operand) const {
  if (operand.kind != PtxOperand::Kind::Name)
    return std::nullopt;
  Symbol symbol = const_cast<FunctionDecoder *>(this)->lookup(operand.name);
  if (symbol.kind != Symbol::Kind::Register)
    return std::nullopt;
  return getBitWidth(symbol.reg.type);
}

llvm::Expected<int64_t> FunctionDecoder::constant(const PtxOperand &operand) {
  if (operand.kind != PtxOperand::Kind::Integer)
    return errorAt(operand, "expects a constant integer");
  return static_cast<int64_t>(operand.bits);
}

/// Whether a variable of one space can be named by an access of another.
static bool isCompatible(PtxSpace access, PtxSpace variable) {
  return access == PtxSpace::Generic || access == variable ||
         (access == PtxSpace::SharedCluster && variable == PtxSpace::Shared);
}

llvm::Expected<DecodeContext::Address>
FunctionDecoder::address(const PtxOperand &operand, PtxSpace space) {
  Address result;
  if (operand.kind != PtxOperand::Kind::Address)
    return errorAt(operand, "expects an address such as [%rd1+16]");
  if (operand.name.empty()) {
    result.base = constantSlot(operand.bits, 64);
    return result;
  }
  Symbol symbol = lookup(operand.name);
  switch (symbol.kind) {
  case Symbol::Kind::None:
    return errorAt(operand, "unknown name '" + operand.name + "'");
  case Symbol::Kind::Special:
  case Symbol::Kind::Function:
    return errorAt(operand, "'" + operand.name + "' is no address");
  case Symbol::Kind::Register: {
    unsigned width = getBitWidth(symbol.reg.type);
    // A call's parameter may be a register.
    if (symbol.reg.type == PtxType::Pred || (width != 32 && width != 64))
      return errorAt(operand, "an address has 64 or 32 bits, '" + operand.name +
                                  "' has " + llvm::Twine(width));
    result.base = symbol.reg.slot;
    result.is32Bit = width == 32;
    result.offset = static_cast<int64_t>(operand.bits);
    return result;
  }
  case Symbol::Kind::GlobalVariable:
  case Symbol::Kind::SharedVariable:
  case Symbol::Kind::LocalVariable:
  case Symbol::Kind::EntryParameter:
    break;
  }
  if (!isCompatible(space, symbol.space))
    return errorAt(operand,
                   "'" + operand.name + "' is in '." + getName(symbol.space) +
                       "', the instruction accesses '." + getName(space) + "'");
  result.isLocalVariable = symbol.kind == Symbol::Kind::LocalVariable;
  result.base =
      addressSlot(symbol, operand.bits, 64, space == PtxSpace::Generic);
  return result;
}

//===----------------------------------------------------------------------===//
// Branches and calls
//===----------------------------------------------------------------------===//

llvm::Error FunctionDecoder::branchTo(const PtxOperand &operand) {
  std::optional<uint32_t> label;
  if (operand.kind == PtxOperand::Kind::Name)
    label = lookupLabel(operand.name);
  if (!label)
    return errorAt(operand, "unknown label '" + operand.name + "'");
  // finishBranches replaces the index by a position.
  branchTarget = *label;
  isBranch = true;
  return llvm::Error::success();
}

llvm::Expected<const BranchTable *>
FunctionDecoder::branchTable(const PtxOperand &operand) {
  for (uint32_t scope = current->scope;; scope = syntax.scopes[scope].parent) {
    auto found = syntax.scopes[scope].targetLists.find(operand.name);
    if (found != syntax.scopes[scope].targetLists.end()) {
      std::shared_ptr<BranchTable> table = std::make_shared<BranchTable>();
      for (llvm::StringRef name : found->second) {
        std::optional<uint32_t> label = lookupLabel(name);
        if (!label)
          return errorAt(operand, "unknown label '" + name + "'");
        table->targets.push_back(*label);
      }
      tables.push_back(table);
      keep(table);
      return table.get();
    }
    if (scope == 0)
      return errorAt(operand, "unknown list of labels '" + operand.name + "'");
  }
}

llvm::Error FunctionDecoder::finishBranches() {
  for (uint32_t position : branches)
    result.code[position].immediate =
        codeBegin[result.code[position].immediate];
  for (const std::shared_ptr<BranchTable> &table : tables)
    for (uint32_t &target : table->targets)
      target = codeBegin[target];
  return llvm::Error::success();
}

llvm::Error FunctionDecoder::addArguments(const PtxInstruction &instruction,
                                          llvm::ArrayRef<PtxOperand> operands,
                                          llvm::ArrayRef<PtxVariable> formals,
                                          bool areResults,
                                          std::vector<ParameterPlace> &places) {
  if (operands.size() != formals.size())
    return error(instruction, "the callee has " + llvm::Twine(formals.size()) +
                                  (areResults ? " results" : " parameters") +
                                  ", the call has " +
                                  llvm::Twine(operands.size()));
  for (size_t i = 0; i < operands.size(); ++i) {
    const PtxOperand &operand = operands[i];
    const PtxVariable &formal = formals[i];
    ParameterPlace place;
    place.sizeInBytes = formal.sizeInBytes;
    if (formal.space == PtxSpace::Register) {
      llvm::Expected<Slot> slot = areResults
                                      ? destination(operand, formal.type, false)
                                      : source(operand, formal.type, false);
      if (!slot)
        return slot.takeError();
      place.slot = *slot;
      places.push_back(place);
      continue;
    }
    Symbol symbol;
    if (operand.kind == PtxOperand::Kind::Name)
      symbol = lookup(operand.name);
    if (symbol.kind != Symbol::Kind::LocalVariable ||
        symbol.space != PtxSpace::Param)
      return errorAt(operand, "expects a '.param' variable");
    place.localOffset = symbol.value;
    places.push_back(place);
  }
  return llvm::Error::success();
}

/// `call (results), callee, (arguments), prototype`; all but the callee may be
/// missing. 9.7.12.5.
llvm::Expected<const CallDetails *>
FunctionDecoder::callDetails(const PtxInstruction &instruction,
                             Instruction &decoded) {
  llvm::ArrayRef<PtxOperand> rest = instruction.operands;
  llvm::ArrayRef<PtxOperand> results, arguments;
  auto takeList = [&](llvm::ArrayRef<PtxOperand> &list) {
    if (rest.empty() || rest.front().kind != PtxOperand::Kind::List)
      return;
    list = rest.front().elements;
    rest = rest.drop_front();
  };
  takeList(results);
  if (rest.empty() || rest.front().kind != PtxOperand::Kind::Name)
    return error(instruction, "expects a function to call");
  const PtxOperand &callee = rest.front();
  rest = rest.drop_front();
  takeList(arguments);

  CallDetails &details = makeDetails<CallDetails>();
  llvm::ArrayRef<PtxVariable> formalResults, formalArguments;
  Symbol symbol = lookup(callee.name);
  if (symbol.kind == Symbol::Kind::Function) {
    const PtxFunction &function = ptx.functions[symbol.value];
    if (function.isEntry)
      return errorAt(callee, "an entry cannot be called");
    formalResults = function.returns;
    formalArguments = function.parameters;
    if (function.isDeclaration) {
      decoded.handler = lookupLibraryFunction(function.name);
      if (!decoded.handler)
        return errorAt(callee, "the function '" + function.name +
                                   "' is not defined in this module");
      result.isOrderVisible = true;
    } else {
      details.callee = program.functions[symbol.value].get();
      result.callees.push_back(symbol.value);
    }
  } else if (symbol.kind == Symbol::Kind::Register) {
    llvm::Expected<Slot> slot = source(callee, PtxType::B64, false);
    if (!slot)
      return slot.takeError();
    decoded.operands[0] = *slot;
    result.hasIndirectCalls = true;
    const PtxPrototype *prototype = nullptr;
    const PtxFunction *listed = nullptr;
    for (uint32_t scope = current->scope; !rest.empty();
         scope = syntax.scopes[scope].parent) {
      const PtxScope &here = syntax.scopes[scope];
      auto found = here.prototypes.find(rest.front().name);
      if (found != here.prototypes.end())
        prototype = &found->second;
      auto targets = here.targetLists.find(rest.front().name);
      if (targets != here.targetLists.end() && !targets->second.empty())
        listed = ptx.lookupFunction(targets->second.front());
      if (scope == 0 || prototype || listed)
        break;
    }
    if (!prototype && !listed)
      return error(instruction,
                   "a call through a register needs a '.callprototype'");
    formalResults = prototype ? prototype->returns : listed->returns;
    formalArguments = prototype ? prototype->parameters : listed->parameters;
  } else {
    return errorAt(callee, "unknown function '" + callee.name + "'");
  }
  if (llvm::Error error = addArguments(instruction, results, formalResults,
                                       true, details.results))
    return std::move(error);
  if (llvm::Error error = addArguments(instruction, arguments, formalArguments,
                                       false, details.arguments))
    return std::move(error);
  return &details;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// A vector register named as a whole becomes the vector of its components.
void FunctionDecoder::expandVectorRegisters(PtxInstruction &instruction) const {
  for (PtxOperand &operand : instruction.operands) {
    unsigned length = 0;
    if (operand.kind != PtxOperand::Kind::Name ||
        !isVectorRegister(operand.name, length))
      continue;
    PtxOperand vector;
    vector.kind = PtxOperand::Kind::Vector;
    vector.location = operand.location;
    for (unsigned i = 0; i < length; ++i) {
      std::shared_ptr<std::string> name = std::make_shared<std::string>(
          (operand.name + "." + llvm::StringRef("xyzw").substr(i, 1)).str());
      PtxOperand element;
      element.location = operand.location;
      element.name = *name;
      result.details.push_back(name);
      vector.elements.push_back(element);
    }
    operand = std::move(vector);
  }
}

llvm::Error
FunctionDecoder::decodeInstruction(const PtxInstruction &instruction,
                                   uint32_t index) {
  current = &instruction;
  PtxInstruction expanded;
  const PtxInstruction *decoded = &instruction;
  if (hasVectorRegisters) {
    expanded = instruction;
    expandVectorRegisters(expanded);
    decoded = &expanded;
  }
  Decoder decoder = DecoderTable::get().lookup(instruction.opcode);
  if (!decoder)
    return error(instruction,
                 "unknown instruction '" + instruction.opcode + "'");
  Instruction code;
  code.index = index;
  if (!instruction.guard.empty()) {
    PtxOperand guard;
    guard.name = instruction.guard;
    guard.location = instruction.location;
    llvm::Expected<Slot> slot = predicate(guard);
    if (!slot)
      return slot.takeError();
    code.guard = *slot;
    code.isGuardNegated = instruction.isGuardNegated;
  }
  Modifiers modifiers(*decoded);
  isBranch = false;
  if (llvm::Error error = decoder(*this, *decoded, modifiers, code))
    return error;
  if (!modifiers.atEnd())
    return error(instruction, "unknown modifier '." + modifiers.peek() +
                                  "' of '" + instruction.opcode + "'");
  if (isBranch) {
    code.immediate = branchTarget;
    branches.push_back(result.code.size());
  }
  result.code.push_back(code);
  return llvm::Error::success();
}

llvm::Error FunctionDecoder::decode() {
  if (llvm::Error error = declareParameters())
    return error;
  if (llvm::Error error = declareScopes())
    return error;
  for (uint32_t i = 0; i < syntax.numInstructions; ++i) {
    uint32_t index = syntax.firstInstruction + i;
    codeBegin.push_back(result.code.size());
    if (llvm::Error error = decodeInstruction(ptx.instructions[index], index))
      return error;
  }
  // Falling off the end returns.
  codeBegin.push_back(result.code.size());
  Instruction end;
  end.handler = runReturn;
  addHelper(end);
  result.localSize = llvm::alignTo(result.localSize, 16);
  return finishBranches();
}

llvm::Error mlir::tk::emulator::decodeFunction(Program &program,
                                               DeviceMemory &memory,
                                               uint32_t number) {
  return FunctionDecoder(program, memory, number).decode();
}
