//===- FunctionDeclarations.cpp - names of a function, and their slots ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FunctionDecoder.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

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
  place.sizeInBytes =
      variable.isUnsized ? ParameterPlace::unsizedBytes : variable.sizeInBytes;
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
    symbol.sizeInBytes = variable.sizeInBytes;
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
    // 5.1.6.1, 5.4.7: of sm_70 and up.
    uint64_t limit = ptx.version >= 81 ? 32764 : 4352;
    if (offsets.back() > limit)
      return ptx.error(syntax.location,
                       "the parameters of '" + syntax.name + "' take " +
                           llvm::Twine(offsets.back()) +
                           " bytes, and an entry has " + llvm::Twine(limit));
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
  for (const PtxVariable &parameter : syntax.parameters) {
    if (parameter.isUnsized && &parameter != &syntax.parameters.back())
      return ptx.error(parameter.location,
                       "only the last parameter may have no size");
    result.parameters.push_back(placeParameter(parameter, true));
  }
  for (const PtxVariable &value : syntax.returns) {
    if (value.isUnsized)
      return ptx.error(value.location, "a result has a size");
    result.returns.push_back(placeParameter(value, true));
  }
  return llvm::Error::success();
}

void FunctionDecoder::placeUnsizedParameter() {
  constexpr uint64_t leastAlignment = 16;
  result.localSize = llvm::alignTo(result.localSize, leastAlignment);
  if (syntax.isEntry || syntax.parameters.empty() ||
      !syntax.parameters.back().isUnsized)
    return;
  const PtxVariable &parameter = syntax.parameters.back();
  result.localSize =
      llvm::alignTo(result.localSize,
                    std::max<uint64_t>(leastAlignment, parameter.alignment));
  result.parameters.back().localOffset = result.localSize;
  variables[{0, parameter.name}].value = result.localSize;
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
    symbol.sizeInBytes = variable.sizeInBytes;
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
