//===- AccessFacts.h - how wide an access to a view may be ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_ACCESSFACTS_H
#define TK_CONVERSION_TKGTOLLVM_ACCESSFACTS_H

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

namespace mlir::tkg {

/// Facts of the access of `view` by `items`, from the promises on kernel
/// arguments and from how starts and strides are computed. Call it while the
/// kernel is still one of `tk`.
AccessFacts computeAccessFacts(Value view, ArrayRef<tk::ViewItem> items,
                               ArrayRef<bool> inbounds);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_ACCESSFACTS_H
