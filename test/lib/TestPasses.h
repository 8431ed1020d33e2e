//===- TestPasses.h - passes that only tests run --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TEST_LIB_TESTPASSES_H
#define TK_TEST_LIB_TESTPASSES_H

namespace mlir::tk {

void registerTestAlignmentPass();
void registerTestMiscompilePass();
void registerTestRegisterPressurePass();

} // namespace mlir::tk

#endif // TK_TEST_LIB_TESTPASSES_H
