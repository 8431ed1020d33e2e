//===- FunctionDecoder.cpp - operands and code of a function --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FunctionDecoder.h"
#include "DeviceLibrary.h"
#include "LaneLoops.h"
#include "Warp.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

llvm::Expected<uint64_t>
FunctionDecoder::immediateBits(const PtxOperand &operand, PtxType type) const {
  if (operand.kind == PtxOperand::Kind::Integer) {
    if (type == PtxType::F32 || type == PtxType::F64)
      return ptx.error(operand.location,
                       "expects a floating-point number such as 0f3F800000");
    return operand.bits;
  }
  if (isInteger(type))
    return ptx.error(operand.location, "expects an integer, got a "
                                       "floating-point number");
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
    // Clocks tell who ran before.
    setOrderVisible();
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

/// 9.4: untyped bits fit any type of their width, integers fit integers, floats
/// fit floats. A register that is wider than the operand must not be a float
/// (9.4.1).
llvm::Error FunctionDecoder::checkType(const PtxOperand &operand,
                                       PtxType declared, PtxType type,
                                       bool mayBeWider,
                                       llvm::StringRef access) {
  unsigned actual = getBitWidth(declared), width = getBitWidth(type);
  bool isWider = mayBeWider && actual > width && !isFloat(declared);
  if (actual != width && !isWider)
    return errorAt(operand, "'" + operand.name + "' has " +
                                llvm::Twine(actual) +
                                " bits, the instruction " + access + " " +
                                llvm::Twine(width));
  if ((isFloat(declared) && isInteger(type)) ||
      (isInteger(declared) && isFloat(type)))
    return errorAt(operand, "'" + operand.name + "' is '." + getName(declared) +
                                "', the instruction " + access + " '." +
                                getName(type) + "'");
  return llvm::Error::success();
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
    if (symbol.reg.type == PtxType::Pred || operand.bits != 0)
      return errorAt(operand,
                     "expects a register of " + llvm::Twine(width) + " bits");
    if (llvm::Error error =
            checkType(operand, symbol.reg.type, type, mayBeWider, "reads"))
      return std::move(error);
    return note(symbol.reg, /*isDestination=*/false);
  }
  case Symbol::Kind::Special:
    result.usesReservedShared |=
        symbol.special.which == SpecialRegister::ReservedSmem0 ||
        symbol.special.which == SpecialRegister::ReservedSmem1;
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
  if (llvm::Error error =
          checkType(operand, symbol.reg.type, type, mayBeWider, "writes"))
    return std::move(error);
  return note(symbol.reg, /*isDestination=*/true);
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
    return errorAt(operand, "'" + operand.name + "' is not an address");
  case Symbol::Kind::Register: {
    unsigned width = getBitWidth(symbol.reg.type);
    // A call's parameter may be a register.
    if (symbol.reg.type == PtxType::Pred || (width != 32 && width != 64))
      return errorAt(operand, "an address has 64 or 32 bits, '" + operand.name +
                                  "' has " + llvm::Twine(width));
    result.base = note(symbol.reg, /*isDestination=*/false);
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
// Registers of wgmma
//===----------------------------------------------------------------------===//

Slot FunctionDecoder::note(const Register &reg, bool isDestination) {
  // Accumulators and fragments have 32 bits.
  if (hasWgmma && getBitWidth(reg.type) == 32)
    (isDestination ? uses.destinations : uses.sources).push_back(reg.slot);
  return reg.slot;
}

void FunctionDecoder::noteWgmma(llvm::ArrayRef<Slot> newAccumulators,
                                llvm::ArrayRef<Slot> newFragments) {
  accumulators.insert_range(newAccumulators);
  fragments.insert_range(newFragments);
}

/// All that can be reached from `slots` by `edges`.
static llvm::DenseSet<Slot>
closeOver(llvm::DenseSet<Slot> slots,
          const llvm::DenseMap<Slot, llvm::SmallVector<Slot, 2>> &edges) {
  llvm::SmallVector<Slot> left(slots.begin(), slots.end());
  while (!left.empty())
    for (Slot next : edges.lookup(left.pop_back_val()))
      if (slots.insert(next).second)
        left.push_back(next);
  return slots;
}

/// Marks the instructions that read results of wgmmas, or write what becomes an
/// operand, both also through copies.
void FunctionDecoder::findWgmmaUses() {
  llvm::DenseMap<Slot, llvm::SmallVector<Slot, 2>> copies, origins;
  for (const auto &[position, use] : allUses) {
    if (!use.isCopy || use.sources.empty() || use.destinations.empty())
      continue;
    copies[use.sources.front()].push_back(use.destinations.front());
    origins[use.destinations.front()].push_back(use.sources.front());
  }
  llvm::DenseSet<Slot> results = closeOver(accumulators, copies);
  llvm::DenseSet<Slot> operands = results;
  operands.insert(fragments.begin(), fragments.end());
  operands = closeOver(std::move(operands), origins);
  for (auto &[position, use] : allUses) {
    llvm::erase_if(use.destinations,
                   [&](Slot slot) { return !operands.contains(slot); });
    bool isCopy = use.isCopy && !use.destinations.empty();
    llvm::erase_if(use.sources, [&](Slot slot) {
      return !isCopy && !results.contains(slot);
    });
    if (use.sources.empty() && use.destinations.empty())
      continue;
    result.code[position].usesWgmmaRegisters = true;
    result.wgmmaUses[position] = std::move(use);
  }
  result.wgmmaResults.assign(results.begin(), results.end());
  llvm::sort(result.wgmmaResults);
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
    Symbol symbol;
    if (operand.kind == PtxOperand::Kind::Name)
      symbol = lookup(operand.name);
    // Arguments and parameters may be in different spaces, but a register holds
    // a single number: 7.1.
    if (symbol.kind == Symbol::Kind::LocalVariable &&
        symbol.space == PtxSpace::Param) {
      place.localOffset = symbol.value;
      if (formal.isUnsized)
        place.sizeInBytes = symbol.sizeInBytes;
      places.push_back(place);
      continue;
    }
    if (formal.isUnsized || formal.sizeInBytes * 8 != getBitWidth(formal.type))
      return errorAt(operand, "expects a '.param' variable");
    llvm::Expected<Slot> slot = areResults
                                    ? destination(operand, formal.type, false)
                                    : source(operand, formal.type, false);
    if (!slot)
      return slot.takeError();
    place.slot = *slot;
    places.push_back(place);
  }
  return llvm::Error::success();
}

/// Of a `.callprototype`, or of the first function of `.calltargets`.
std::optional<FunctionDecoder::Signature>
FunctionDecoder::lookupSignature(llvm::StringRef name) const {
  for (uint32_t scope = current->scope;; scope = syntax.scopes[scope].parent) {
    const PtxScope &here = syntax.scopes[scope];
    auto prototype = here.prototypes.find(name);
    if (prototype != here.prototypes.end())
      return Signature{prototype->second.returns, prototype->second.parameters};
    auto targets = here.targetLists.find(name);
    if (targets != here.targetLists.end() && !targets->second.empty())
      if (const PtxFunction *listed =
              ptx.lookupFunction(targets->second.front()))
        return Signature{listed->returns, listed->parameters};
    if (scope == 0)
      return std::nullopt;
  }
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
  Signature formal;
  Symbol symbol = lookup(callee.name);
  if (symbol.kind == Symbol::Kind::Function) {
    const PtxFunction &function = ptx.functions[symbol.value];
    if (function.isEntry)
      return errorAt(callee, "an entry cannot be called");
    formal = {function.returns, function.parameters};
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
    std::optional<Signature> signature;
    if (!rest.empty())
      signature = lookupSignature(rest.front().name);
    if (!signature)
      return error(instruction,
                   "a call through a register needs a '.callprototype'");
    formal = *signature;
  } else {
    return errorAt(callee, "unknown function '" + callee.name + "'");
  }
  if (llvm::Error error = addArguments(instruction, results, formal.results,
                                       true, details.results))
    return std::move(error);
  if (llvm::Error error = addArguments(
          instruction, arguments, formal.parameters, false, details.arguments))
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
  const DecoderTable::Entry *entry =
      DecoderTable::get().lookup(instruction.opcode);
  if (!entry) {
    llvm::StringRef reason = findReasonAgainst(instruction.opcode);
    if (reason.empty())
      return error(instruction,
                   "unknown instruction '" + instruction.opcode + "'");
    return error(instruction, "the instruction '" + instruction.opcode +
                                  "' is not supported: " + reason);
  }
  if (llvm::Error error = expectTarget(*this, instruction, entry->architecture))
    return error;
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
  uses = {};
  if (llvm::Error error = entry->decoder(*this, *decoded, modifiers, code))
    return error;
  if (!modifiers.atEnd())
    return error(instruction, "unknown modifier '." + modifiers.peek() +
                                  "' of '" + instruction.opcode + "'");
  if (isBranch) {
    code.immediate = branchTarget;
    branches.push_back(result.code.size());
  }
  if (hasWgmma && instruction.opcode != "wgmma") {
    uses.isCopy = isCopy(code);
    allUses[result.code.size()] = std::move(uses);
  }
  result.code.push_back(code);
  return llvm::Error::success();
}

llvm::Error FunctionDecoder::decode() {
  hasWgmma =
      llvm::any_of(llvm::ArrayRef(ptx.instructions)
                       .slice(syntax.firstInstruction, syntax.numInstructions),
                   [](const PtxInstruction &instruction) {
                     return instruction.opcode == "wgmma";
                   });
  if (llvm::Error error = declareParameters())
    return error;
  if (llvm::Error error = declareScopes())
    return error;
  placeUnsizedParameter();
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
  findWgmmaUses();
  return finishBranches();
}

llvm::Error mlir::tk::emulator::decodeFunction(Program &program,
                                               DeviceMemory &memory,
                                               uint32_t number) {
  return FunctionDecoder(program, memory, number).decode();
}
