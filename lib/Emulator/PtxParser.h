//===- PtxParser.h - PTX tokens to a module -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recursive descent with one token of lookahead. Functions named parse* return
// true after a mistake, as LLVM's parsers do; the first mistake is kept and
// ends the parse.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_PTXPARSER_H
#define TK_LIB_EMULATOR_PTXPARSER_H

#include "PtxLexer.h"
#include "tk/Emulator/Ptx.h"
#include "llvm/ADT/Twine.h"

namespace mlir::tk::emulator {

class PtxParser {
public:
  explicit PtxParser(PtxModule &module);
  llvm::Error parse();

private:
  using Kind = PtxToken::Kind;

  // Tokens.
  void advance();
  bool at(llvm::StringRef punctuation) const;
  bool atDotted(llvm::StringRef name) const;
  bool accept(llvm::StringRef punctuation);
  bool acceptDotted(llvm::StringRef name);
  bool expect(llvm::StringRef punctuation);
  bool parseName(llvm::StringRef &name, const llvm::Twine &what);
  bool parseUnsigned(uint64_t &value, uint64_t maximum);
  bool error(PtxLocation location, const llvm::Twine &message);
  bool error(const llvm::Twine &message);
  /// The token as a message quotes it.
  std::string quoted() const;

  // Module.
  bool parseModuleItem();
  bool parseVersion();
  bool parseTarget();
  bool parseFile();
  bool skipSection();
  bool parseAlias();
  bool parsePragma();
  bool skipParentheses();
  std::optional<PtxLinkage> acceptLinkage();
  bool applyAliases();

  // Functions.
  bool parseFunction(PtxLinkage linkage, bool isEntry);
  bool parseParameters(std::vector<PtxVariable> &parameters);
  bool parseParameter(PtxVariable &parameter);
  bool parseDirectives(PtxFunction &function);
  bool parseDimensions(std::optional<PtxDimensions> &dimensions);
  bool parseCount(std::optional<uint32_t> &count, bool isPositive = false);
  bool parseBody(PtxFunction &function);
  bool parseStatement(PtxFunction &function);
  bool parseDotStatement(PtxFunction &function);
  bool parseLabel(PtxFunction &function, llvm::StringRef name,
                  PtxLocation location);
  bool parseTargets(PtxFunction &function, llvm::StringRef name);
  bool parsePrototype(PtxFunction &function, llvm::StringRef name);
  bool parseRegisters(PtxScope &scope);
  bool parseLoc();
  bool parseInstruction(PtxFunction &function);

  // Variables; PtxOperands.cpp.
  bool parseVariables(std::vector<PtxVariable> &variables, PtxLinkage linkage);
  bool parseVariableType(PtxVariable &variable);
  bool parseArrayBounds(PtxVariable &variable, uint64_t &numElements);
  bool parseInitializer(PtxVariable &variable, uint64_t numElements);
  bool parseInitializerList(PtxVariable &variable, uint64_t numElements,
                            uint64_t &position, unsigned depth);
  bool parseInitializerValue(PtxVariable &variable, uint64_t position);
  bool parseInitialAddress(PtxInitializer &value);
  bool parseStringInitializer(PtxVariable &variable);

  // Operands and constant expressions; PtxOperands.cpp.
  /// A constant, 4.5: an integer or a double.
  struct Constant {
    bool isFloat = false;
    /// Of an integer: its sign matters to `/`, `%`, `>>` and comparisons.
    bool isUnsigned = false;
    bool isFloat32 = false;
    uint64_t bits = 0;
    double asDouble() const;
  };
  bool parseOperand(PtxOperand &operand, unsigned depth = 0);
  bool parseAddress(PtxOperand &operand, unsigned depth);
  bool parseOperandList(std::vector<PtxOperand> &operands,
                        llvm::StringRef close, unsigned depth);
  bool parseNamedOperand(PtxOperand &operand);
  bool parseArrayElement(PtxOperand &operand);
  const PtxVariable *lookupVariable(llvm::StringRef name) const;
  bool parseOffset(uint64_t &offset);
  bool parseConstant(Constant &value, unsigned depth = 0);
  bool parseBinary(Constant &value, unsigned precedence, unsigned depth);
  bool parseUnary(Constant &value, unsigned depth);
  bool parsePrimary(Constant &value, unsigned depth);
  bool applyBinary(Constant &left, llvm::StringRef op, const Constant &right,
                   PtxLocation location);

  PtxModule &module;
  PtxLexer lexer;
  PtxToken token;
  /// Where the token before `token` ended.
  const char *previousEnd = nullptr;
  /// Of the instruction whose operands are parsed.
  llvm::StringRef currentOpcode;
  const PtxFunction *currentFunction = nullptr;
  uint32_t currentScope = 0;
  uint32_t currentFile = 0;
  uint32_t currentLine = 0;
  bool hasError = false;
  PtxLocation errorLocation;
  std::string errorMessage;
  struct Alias {
    llvm::StringRef name;
    llvm::StringRef target;
    PtxLocation location;
  };
  std::vector<Alias> aliases;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_PTXPARSER_H
