//===- Remarks.h - what was optimised, and what was not -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_REMARKS_H
#define TK_PIPELINES_REMARKS_H

#include "mlir/Support/LLVM.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::tk {

/// Passes report through mlir::remark::passed, missed and analysis, which cost
/// nothing unless this is called with one of the settings on.
struct RemarkSettings {
  /// Turn all of them into diagnostics of severity remark.
  bool print = false;
  /// Turn those that were missed into errors.
  bool missedIsError = false;
};

LogicalResult enableRemarks(MLIRContext &context,
                            const RemarkSettings &settings);

} // namespace mlir::tk

#endif // TK_PIPELINES_REMARKS_H
