//===- CommandDiagnostics.h - what is wrong with the command --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_COMMANDDIAGNOSTICS_H
#define TK_PIPELINES_COMMANDDIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

namespace mlir::tk {

/// An error about an option or the machine: no line of the input is to blame,
/// so it has no location.
InFlightDiagnostic emitCommandError(MLIRContext *context);

/// Prints diagnostics without a location as `<tool>: error: ...`, and leaves
/// the others to the handlers before this one.
class CommandDiagnosticHandler : public ScopedDiagnosticHandler {
public:
  CommandDiagnosticHandler(MLIRContext *context, StringRef tool,
                           raw_ostream &os);
};

} // namespace mlir::tk

#endif // TK_PIPELINES_COMMANDDIAGNOSTICS_H
