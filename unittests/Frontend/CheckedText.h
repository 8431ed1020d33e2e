//===- CheckedText.h - a .tk text, checked for a test -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_FRONTEND_CHECKEDTEXT_H
#define TK_UNITTESTS_FRONTEND_CHECKEDTEXT_H

#include "ParsedText.h"
#include "mlir/IR/MLIRContext.h"
#include "tk/Frontend/Program.h"

namespace mlir::tk {

class CheckedText : public ReportedText {
public:
  explicit CheckedText(llvm::StringRef text) : ReportedText(text) {
    program = CheckedProgram::create(sourceMgr, diags);
  }

  /// Text of the IR of `instance`, or what was reported.
  std::string getIR(llvm::StringRef instance) {
    if (!program)
      return getErrors();
    std::optional<Instance> parsed = program->parseInstance(instance);
    if (!parsed)
      return getErrors();
    OwningOpRef<ModuleOp> module = program->instantiate(*parsed, &context);
    return module ? print(*module) : getErrors();
  }

  std::string getReference(unsigned testIndex) {
    if (!program || testIndex >= program->getTests().size())
      return getErrors();
    OwningOpRef<ModuleOp> module =
        program->generateReference(program->getTests()[testIndex], &context);
    return module ? print(*module) : getErrors();
  }

  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.print(os);
    return text;
  }

  MLIRContext context;
  std::unique_ptr<CheckedProgram> program;
};

} // namespace mlir::tk

#endif // TK_UNITTESTS_FRONTEND_CHECKEDTEXT_H
