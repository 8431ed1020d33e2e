//===- TestData.h - how the inputs of tests are generated -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_TESTDATA_H
#define TK_LIB_TESTING_TESTDATA_H

#include "tk/Frontend/Program.h"
#include "tk/Runtime/Generators.h"

namespace mlir::tk {

/// Of data that is generated.
Generator getGenerator(const DataSource &data);

} // namespace mlir::tk

#endif // TK_LIB_TESTING_TESTDATA_H
