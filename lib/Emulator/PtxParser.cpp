//===- PtxParser.cpp - modules, functions and statements ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxParser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// More nesting than any program has, and less than the host's stack bears.
static constexpr size_t maxScopes = 1 << 16;
static constexpr uint64_t maxRegisters = 1 << 20;
static constexpr uint64_t maxFiles = 1 << 16;

PtxParser::PtxParser(PtxModule &module) : module(module), lexer(*module.text) {
  advance();
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void PtxParser::advance() {
  previousEnd = token.end;
  token = lexer.next();
  if (token.kind == Kind::Error)
    error(token.location, token.text);
}

bool PtxParser::at(llvm::StringRef punctuation) const {
  return token.kind == Kind::Punctuation && token.text == punctuation;
}

bool PtxParser::atDotted(llvm::StringRef name) const {
  return token.kind == Kind::Dotted && token.text == name;
}

bool PtxParser::accept(llvm::StringRef punctuation) {
  if (!at(punctuation))
    return false;
  advance();
  return true;
}

bool PtxParser::acceptDotted(llvm::StringRef name) {
  if (!atDotted(name))
    return false;
  advance();
  return true;
}

std::string PtxParser::quoted() const {
  if (token.kind == Kind::End)
    return "the end of the file";
  return ("'" + llvm::StringRef(token.begin, token.end - token.begin) + "'")
      .str();
}

bool PtxParser::expect(llvm::StringRef punctuation) {
  if (accept(punctuation))
    return hasError;
  return error("expects '" + punctuation + "', got " + quoted());
}

bool PtxParser::parseName(llvm::StringRef &name, const llvm::Twine &what) {
  if (token.kind != Kind::Identifier)
    return error("expects " + what + ", got " + quoted());
  name = token.text;
  advance();
  return hasError;
}

bool PtxParser::parseUnsigned(uint64_t &value, uint64_t maximum) {
  if (token.kind != Kind::Integer)
    return error("expects a number, got " + quoted());
  if (token.bits > maximum)
    return error("expects a number of at most " + llvm::Twine(maximum) +
                 ", got " + quoted());
  value = token.bits;
  advance();
  return hasError;
}

bool PtxParser::error(PtxLocation location, const llvm::Twine &message) {
  if (hasError)
    return true;
  hasError = true;
  errorLocation = location;
  errorMessage = message.str();
  return true;
}

bool PtxParser::error(const llvm::Twine &message) {
  return error(token.location, message);
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

llvm::Error PtxParser::parse() {
  bool failed = parseVersion() || parseTarget();
  while (!failed && token.kind != Kind::End)
    failed = parseModuleItem();
  if (!failed)
    failed = applyAliases();
  if (failed || hasError)
    return module.error(errorLocation, errorMessage);
  return llvm::Error::success();
}

/// `.version 8.0`; 11.1.1. The lexer sees a decimal float.
bool PtxParser::parseVersion() {
  if (!acceptDotted("version"))
    return error("a PTX module begins with '.version', got " + quoted());
  auto [major, minor] = token.text.split('.');
  unsigned majorNumber = 0, minorNumber = 0;
  if (token.kind != Kind::Float64Bits || major.getAsInteger(10, majorNumber) ||
      minor.getAsInteger(10, minorNumber) || minorNumber > 9 ||
      majorNumber > 99)
    return error("expects a version such as 8.0, got " + quoted());
  module.version = majorNumber * 10 + minorNumber;
  advance();
  return hasError;
}

/// `.target sm_90a, debug`; 11.1.2.
bool PtxParser::parseTarget() {
  if (!acceptDotted("target"))
    return error("expects '.target' after '.version', got " + quoted());
  do {
    llvm::StringRef name;
    PtxLocation location = token.location;
    if (parseName(name, "a target such as sm_90a"))
      return true;
    if (name == "debug" || name == "texmode_independent" ||
        name == "texmode_unified" || name == "map_f64_to_f32")
      continue;
    llvm::StringRef digits = name;
    if (!digits.consume_front("sm_"))
      return error(location,
                   "expects a target such as sm_90a, got '" + name + "'");
    module.isArchitectureSpecific = digits.consume_back("a");
    if (!module.isArchitectureSpecific)
      digits.consume_back("f");
    if (digits.getAsInteger(10, module.architecture))
      return error(location,
                   "expects a target such as sm_90a, got '" + name + "'");
  } while (accept(","));
  return hasError;
}

std::optional<PtxLinkage> PtxParser::acceptLinkage() {
  if (acceptDotted("visible"))
    return PtxLinkage::Visible;
  if (acceptDotted("extern"))
    return PtxLinkage::Extern;
  if (acceptDotted("weak"))
    return PtxLinkage::Weak;
  if (acceptDotted("common"))
    return PtxLinkage::Common;
  return std::nullopt;
}

bool PtxParser::parseModuleItem() {
  if (hasError)
    return true;
  if (accept(";"))
    return false;
  // `@@DWARF` lines of old compilers.
  if (at("@")) {
    lexer.skipLine();
    advance();
    return false;
  }
  if (acceptDotted("address_size")) {
    uint64_t size = 0;
    if (parseUnsigned(size, 64))
      return true;
    if (size != 64)
      return error("32-bit addresses are not supported");
    return false;
  }
  if (atDotted("file"))
    return parseFile();
  if (atDotted("section"))
    return skipSection();
  if (atDotted("alias"))
    return parseAlias();
  if (atDotted("loc"))
    return parseLoc();
  if (acceptDotted("pragma"))
    return parsePragma();
  PtxLinkage linkage = acceptLinkage().value_or(PtxLinkage::Internal);
  if (acceptDotted("entry"))
    return parseFunction(linkage, /*isEntry=*/true);
  if (acceptDotted("func"))
    return parseFunction(linkage, /*isEntry=*/false);
  if (token.kind != Kind::Dotted)
    return error("expects a directive, got " + quoted());
  return parseVariables(module.variables, linkage);
}

/// `.file 1 "a.cu", 1234, 567`; 11.5.4. It ends with the line.
bool PtxParser::parseFile() {
  advance();
  uint64_t number = 0;
  if (parseUnsigned(number, maxFiles))
    return true;
  if (token.kind != Kind::String)
    return error("expects the name of a file, got " + quoted());
  if (module.files.size() <= number)
    module.files.resize(number + 1);
  module.files[number] = token.text.str();
  advance();
  for (unsigned i = 0; i < 2 && accept(","); ++i) {
    uint64_t ignored = 0;
    if (parseUnsigned(ignored, ~uint64_t(0)))
      return true;
  }
  return hasError;
}

/// `.section .debug_info { ... }`, 11.5.3: data for debuggers.
bool PtxParser::skipSection() {
  PtxLocation location = token.location;
  advance();
  if (token.kind != Kind::Dotted && token.kind != Kind::Identifier)
    return error("expects the name of a section, got " + quoted());
  advance();
  if (expect("{"))
    return true;
  for (unsigned depth = 1; depth;) {
    if (token.kind == Kind::End || token.kind == Kind::Error)
      return error(location, "the section has no closing '}'");
    if (at("{"))
      ++depth;
    if (at("}"))
      --depth;
    advance();
  }
  return hasError;
}

/// Advice to the assembler ("nounroll", "used_bytes_mask 0xff").
bool PtxParser::parsePragma() {
  if (token.kind != Kind::String)
    return error("expects a string, got " + quoted());
  advance();
  return expect(";");
}

/// Skips `(...)`, whose contents mean nothing here.
bool PtxParser::skipParentheses() {
  if (expect("("))
    return true;
  while (!at(")") && token.kind != Kind::End && !hasError)
    advance();
  return expect(")");
}

/// `.alias name, target;`; 11.6.5.
bool PtxParser::parseAlias() {
  Alias alias;
  alias.location = token.location;
  advance();
  if (parseName(alias.name, "the name of a function") || expect(",") ||
      parseName(alias.target, "the name of a function") || expect(";"))
    return true;
  aliases.push_back(alias);
  return false;
}

/// A name that is an alias becomes a function with the same body.
bool PtxParser::applyAliases() {
  for (const Alias &alias : aliases) {
    const PtxFunction *target = module.lookupFunction(alias.target);
    if (!target || target->isDeclaration)
      return error(alias.location, "the function '" + alias.target +
                                       "' is not defined in this module");
    PtxFunction copy = *target;
    copy.name = alias.name;
    module.functions.push_back(std::move(copy));
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

bool PtxParser::parseFunction(PtxLinkage linkage, bool isEntry) {
  PtxFunction function;
  function.linkage = linkage;
  function.isEntry = isEntry;
  if (!isEntry && acceptDotted("attribute")) {
    // `.attribute(.unified(a, b))` names the function for the driver.
    if (skipParentheses())
      return true;
  }
  if (!isEntry && at("(") && parseParameters(function.returns))
    return true;
  function.location = token.location;
  if (parseName(function.name, "the name of a function"))
    return true;
  if (at("(") && parseParameters(function.parameters))
    return true;
  if (parseDirectives(function))
    return true;
  function.firstInstruction = module.instructions.size();
  if (accept(";")) {
    function.isDeclaration = true;
    module.functions.push_back(std::move(function));
    return hasError;
  }
  const PtxFunction *other = module.lookupFunction(function.name);
  if (other && !other->isDeclaration)
    return error(function.location,
                 "the function '" + function.name + "' is defined twice");
  if (parseBody(function))
    return true;
  module.functions.push_back(std::move(function));
  return hasError;
}

bool PtxParser::parseParameters(std::vector<PtxVariable> &parameters) {
  if (expect("("))
    return true;
  if (accept(")"))
    return hasError;
  do {
    PtxVariable parameter;
    if (parseParameter(parameter))
      return true;
    parameters.push_back(std::move(parameter));
  } while (accept(","));
  return expect(")");
}

/// `.param .align 8 .b8 name[16]`, `.reg .b32 name`, and with `.ptr`; 7.1.
bool PtxParser::parseParameter(PtxVariable &parameter) {
  if (acceptDotted("param"))
    parameter.space = PtxSpace::Param;
  else if (acceptDotted("reg"))
    parameter.space = PtxSpace::Register;
  else
    return error("expects '.param' or '.reg', got " + quoted());
  if (parseVariableType(parameter))
    return true;
  if (acceptDotted("ptr")) {
    if (token.kind == Kind::Dotted && parsePtxSpace(token.text))
      advance();
    uint64_t alignment = 0;
    if (acceptDotted("align") && parseUnsigned(alignment, 1 << 20))
      return true;
  }
  parameter.location = token.location;
  if (parseName(parameter.name, "the name of a parameter"))
    return true;
  uint64_t numElements = 1;
  return parseArrayBounds(parameter, numElements);
}

bool PtxParser::parseDimensions(std::optional<PtxDimensions> &dimensions) {
  dimensions = PtxDimensions{1, 1, 1};
  for (unsigned i = 0; i < 3; ++i) {
    PtxLocation location = token.location;
    uint64_t value = 0;
    if (parseUnsigned(value, 0x7FFFFFFF))
      return true;
    if (value == 0)
      return error(location, "expects a positive number of threads or blocks");
    (*dimensions)[i] = value;
    if (!accept(","))
      return hasError;
  }
  return error("expects at most three dimensions");
}

bool PtxParser::parseCount(std::optional<uint32_t> &count, bool isPositive) {
  PtxLocation location = token.location;
  uint64_t value = 0;
  if (parseUnsigned(value, 0x7FFFFFFF))
    return true;
  if (isPositive && value == 0)
    return error(location, "expects a positive number");
  count = static_cast<uint32_t>(value);
  return hasError;
}

/// Performance-tuning and cluster directives, 11.4 and 11.7.
bool PtxParser::parseDirectives(PtxFunction &function) {
  std::optional<uint32_t> ignored;
  while (token.kind == Kind::Dotted) {
    bool failed;
    if (acceptDotted("reqntid"))
      failed = parseDimensions(function.reqNtid);
    else if (acceptDotted("maxntid"))
      failed = parseDimensions(function.maxNtid);
    else if (acceptDotted("reqnctapercluster"))
      failed = parseDimensions(function.reqNctaPerCluster);
    else if (acceptDotted("maxnreg"))
      failed = parseCount(function.maxNreg, /*isPositive=*/true);
    else if (acceptDotted("minnctapersm"))
      failed = parseCount(function.minNctaPerSm, /*isPositive=*/true);
    else if (acceptDotted("maxclusterrank"))
      failed = parseCount(function.maxClusterRank);
    else if (acceptDotted("maxnctapersm") || acceptDotted("abi_preserve") ||
             acceptDotted("abi_preserve_control"))
      failed = parseCount(ignored);
    else if (acceptDotted("explicitcluster"))
      failed = false, function.isExplicitCluster = true;
    else if (acceptDotted("blocksareclusters"))
      failed = false, function.isGridOfClusters = true;
    else if (acceptDotted("noreturn"))
      failed = false;
    else if (acceptDotted("pragma")) {
      if (token.kind != Kind::String)
        return error("expects a string, got " + quoted());
      advance();
      failed = expect(";");
    } else
      return error("the directive " + quoted() + " is not supported here");
    if (failed)
      return true;
  }
  if (function.isGridOfClusters &&
      (!function.reqNtid || !function.reqNctaPerCluster))
    return error(function.location, "'.blocksareclusters' needs '.reqntid' and "
                                    "'.reqnctapercluster'");
  return hasError;
}

bool PtxParser::parseBody(PtxFunction &function) {
  PtxLocation location = token.location;
  if (expect("{"))
    return true;
  function.scopes.emplace_back();
  currentScope = 0;
  currentFile = currentLine = 0;
  for (unsigned depth = 1; depth;) {
    if (hasError)
      return true;
    if (token.kind == Kind::End)
      return error(location,
                   "the body of '" + function.name + "' has no closing '}'");
    if (accept("{")) {
      if (function.scopes.size() >= maxScopes)
        return error("the function has too many scopes");
      PtxScope scope;
      scope.parent = currentScope;
      currentScope = function.scopes.size();
      function.scopes.push_back(std::move(scope));
      ++depth;
    } else if (accept("}")) {
      currentScope = function.scopes[currentScope].parent;
      --depth;
    } else if (parseStatement(function)) {
      return true;
    }
  }
  function.numInstructions =
      module.instructions.size() - function.firstInstruction;
  return hasError;
}

bool PtxParser::parseStatement(PtxFunction &function) {
  if (accept(";"))
    return hasError;
  if (token.kind == Kind::Dotted)
    return parseDotStatement(function);
  if (token.kind != Kind::Identifier || at("@"))
    return parseInstruction(function);
  // A label or an opcode: the next token tells.
  PtxLexer savedLexer = lexer;
  PtxToken savedToken = token;
  advance();
  if (accept(":"))
    return parseLabel(function, savedToken.text, savedToken.location);
  lexer = savedLexer;
  token = savedToken;
  return parseInstruction(function);
}

bool PtxParser::parseLabel(PtxFunction &function, llvm::StringRef name,
                           PtxLocation location) {
  if (acceptDotted("branchtargets") || acceptDotted("calltargets"))
    return parseTargets(function, name);
  if (acceptDotted("callprototype"))
    return parsePrototype(function, name);
  uint32_t index = module.instructions.size() - function.firstInstruction;
  if (!function.scopes[currentScope].labels.try_emplace(name, index).second)
    return error(location, "the label '" + name + "' is declared twice");
  return hasError;
}

/// `name: .branchtargets a, b;`; 11.3.
bool PtxParser::parseTargets(PtxFunction &function, llvm::StringRef name) {
  std::vector<llvm::StringRef> targets;
  do {
    llvm::StringRef target;
    if (parseName(target, "a label or function"))
      return true;
    targets.push_back(target);
  } while (accept(","));
  function.scopes[currentScope].targetLists[name] = std::move(targets);
  return expect(";");
}

/// `name: .callprototype (.param .b32 _) _ (.param .b64 _) .noreturn;`.
bool PtxParser::parsePrototype(PtxFunction &function, llvm::StringRef name) {
  PtxPrototype prototype;
  prototype.name = name;
  llvm::StringRef ignored;
  if (at("(") && parseParameters(prototype.returns))
    return true;
  if (parseName(ignored, "'_'"))
    return true;
  if (at("(") && parseParameters(prototype.parameters))
    return true;
  PtxFunction directives;
  if (parseDirectives(directives))
    return true;
  function.scopes[currentScope].prototypes[name] = std::move(prototype);
  return expect(";");
}

bool PtxParser::parseDotStatement(PtxFunction &function) {
  PtxScope &scope = function.scopes[currentScope];
  if (atDotted("loc"))
    return parseLoc();
  if (atDotted("file"))
    return parseFile();
  if (acceptDotted("reg"))
    return parseRegisters(scope);
  if (acceptDotted("pragma"))
    return parsePragma();
  PtxLinkage linkage = acceptLinkage().value_or(PtxLinkage::Internal);
  return parseVariables(scope.variables, linkage);
}

/// `.loc 1 24 3, function_name $L__info_string0, inlined_at 1 30 3`; 11.5.5.
bool PtxParser::parseLoc() {
  advance();
  uint64_t file = 0, line = 0, column = 0;
  if (parseUnsigned(file, maxFiles) || parseUnsigned(line, 0xFFFFFFFF) ||
      parseUnsigned(column, 0xFFFFFFFF))
    return true;
  currentFile = file;
  currentLine = line;
  while (accept(",")) {
    llvm::StringRef attribute, label;
    uint64_t ignored = 0;
    if (parseName(attribute, "'function_name' or 'inlined_at'"))
      return true;
    if (attribute == "function_name") {
      if (parseName(label, "a label"))
        return true;
      if (accept("+") && parseUnsigned(ignored, ~uint64_t(0)))
        return true;
    } else if (attribute == "inlined_at") {
      for (unsigned i = 0; i < 3; ++i)
        if (parseUnsigned(ignored, 0xFFFFFFFF))
          return true;
    } else {
      return error("expects 'function_name' or 'inlined_at', got '" +
                   attribute + "'");
    }
  }
  return hasError;
}

/// `.reg .b32 %r<10>, %x;`; 5.1.1.
bool PtxParser::parseRegisters(PtxScope &scope) {
  PtxVariable type;
  if (parseVariableType(type))
    return true;
  do {
    PtxRegisters registers;
    registers.type = type.type;
    registers.vectorLength = type.vectorLength;
    registers.location = token.location;
    if (parseName(registers.name, "the name of a register"))
      return true;
    if (accept("<")) {
      uint64_t count = 0;
      if (parseUnsigned(count, maxRegisters) || expect(">"))
        return true;
      registers.count = count;
    }
    scope.registers.push_back(registers);
  } while (accept(","));
  return expect(";");
}

bool PtxParser::parseInstruction(PtxFunction &function) {
  PtxInstruction instruction;
  instruction.location = token.location;
  instruction.scope = currentScope;
  instruction.file = currentFile;
  instruction.sourceLine = currentLine;
  const char *begin = token.begin;
  if (accept("@")) {
    instruction.isGuardNegated = accept("!");
    if (parseName(instruction.guard, "a predicate"))
      return true;
  }
  instruction.location = token.location;
  if (parseName(instruction.opcode, "an instruction"))
    return true;
  while (token.kind == Kind::Dotted) {
    instruction.modifiers.push_back(token.text);
    advance();
  }
  currentOpcode = instruction.opcode;
  currentFunction = &function;
  if (!at(";") && !at("}")) {
    do {
      PtxOperand operand;
      if (parseOperand(operand))
        return true;
      // `[a].unified`: a hint, 9.7.9.8.
      if (currentOpcode == "ld" && atDotted("unified"))
        advance();
      instruction.operands.push_back(std::move(operand));
    } while (accept(","));
  }
  instruction.text = llvm::StringRef(begin, previousEnd - begin);
  module.instructions.push_back(std::move(instruction));
  return expect(";");
}

//===----------------------------------------------------------------------===//
// PtxModule
//===----------------------------------------------------------------------===//

const PtxFunction *PtxModule::lookupFunction(llvm::StringRef name) const {
  const PtxFunction *declaration = nullptr;
  for (const PtxFunction &function : functions) {
    if (function.name != name)
      continue;
    if (!function.isDeclaration)
      return &function;
    declaration = &function;
  }
  return declaration;
}

llvm::Error PtxModule::error(PtxLocation location,
                             const llvm::Twine &message) const {
  llvm::StringRef rest = *text;
  for (uint32_t i = 1; i < location.line && !rest.empty(); ++i)
    rest = rest.split('\n').second;
  llvm::StringRef line = rest.split('\n').first.rtrim();
  // Tabs stay, so that the caret stands below its character.
  std::string blanks;
  for (char c : line.take_front(location.column ? location.column - 1 : 0))
    blanks += c == '\t' ? '\t' : ' ';
  return llvm::createStringError(
      llvm::Twine(fileName) + ":" + llvm::Twine(location.line) + ":" +
      llvm::Twine(location.column) + ": error: " + message + "\n" + line +
      "\n" + blanks + "^");
}

llvm::Expected<std::unique_ptr<PtxModule>>
mlir::tk::parsePtx(llvm::StringRef text, llvm::StringRef fileName) {
  std::unique_ptr<PtxModule> module = std::make_unique<PtxModule>();
  module->fileName = fileName.str();
  module->text = std::make_unique<const std::string>(text.str());
  if (llvm::Error error = PtxParser(*module).parse())
    return std::move(error);
  return std::move(module);
}
