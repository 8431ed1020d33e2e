//===- DeviceLibraries.h - links libdevice and ocml -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_DEVICELIBRARIES_H
#define TK_LIB_TARGET_DEVICELIBRARIES_H

#include "tk/Target/Target.h"

namespace mlir::tk {

/// Links the functions that `module`, translated from `source`, calls from
/// libdevice (`__nv_*`) or ocml (`__ocml_*`). A library that nothing is called
/// from need not exist; errors name the first call that needs it. Expects the
/// triple and data layout to be set.
LogicalResult linkDeviceLibraries(ModuleOp source, llvm::Module &module,
                                  const TargetOptions &options);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_DEVICELIBRARIES_H
