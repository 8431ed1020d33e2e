//===- CommandDiagnostics.cpp - what is wrong with the command ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/CommandDiagnostics.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

InFlightDiagnostic mlir::tk::emitCommandError(MLIRContext *context) {
  return emitError(UnknownLoc::get(context));
}

CommandDiagnosticHandler::CommandDiagnosticHandler(MLIRContext *context,
                                                   StringRef tool,
                                                   raw_ostream &os)
    : ScopedDiagnosticHandler(context) {
  setHandler([tool, &os](Diagnostic &diagnostic) {
    if (!isa<UnknownLoc>(diagnostic.getLocation()) ||
        diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    llvm::WithColor::error(os, tool) << diagnostic << "\n";
    for (const Diagnostic &note : diagnostic.getNotes())
      llvm::WithColor::note(os, tool) << note << "\n";
    return success();
  });
}
