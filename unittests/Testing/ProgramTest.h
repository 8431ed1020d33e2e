//===- ProgramTest.h - tests that need a checked .tk file -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_TESTING_PROGRAMTEST_H
#define TK_UNITTESTS_TESTING_PROGRAMTEST_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "tk/Frontend/Program.h"
#include "tk/Pipelines/Registration.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

namespace mlir::tk {

/// Checks a text; collects what is reported.
class ProgramTest : public testing::Test {
protected:
  ProgramTest()
      : reporter([this](const SourceDiagnostic &diagnostic) {
          messages += diagnostic.text + "\n";
        }),
        handler(&context, [this](Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          return success();
        }) {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  void check(llvm::StringRef text) {
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text), {});
    program = CheckedProgram::create(sources, reporter);
    ASSERT_TRUE(program) << messages;
  }

  llvm::SourceMgr sources;
  std::string messages;
  DiagnosticReporter reporter;
  MLIRContext context;
  ScopedDiagnosticHandler handler;
  std::unique_ptr<CheckedProgram> program;
};

} // namespace mlir::tk

#endif // TK_UNITTESTS_TESTING_PROGRAMTEST_H
