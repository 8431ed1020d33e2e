//===- KernelFilesTest.cpp - every kernel of the repository checks --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/MLIRContext.h"
#include "tk/Frontend/Program.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

std::vector<std::string> listKernelFiles() {
  std::vector<std::string> files;
  std::error_code error;
  llvm::sys::fs::directory_iterator it(TK_SOURCE_DIR "/kernels", error), end;
  for (; !error && it != end; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".tk")
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

class KernelFilesTest : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    auto buffer = llvm::MemoryBuffer::getFile(GetParam());
    ASSERT_TRUE(static_cast<bool>(buffer));
    sourceMgr.AddNewSourceBuffer(std::move(*buffer), {});
    program = CheckedProgram::create(sourceMgr, diags);
    ASSERT_TRUE(program) << errors;
  }

  std::string errors;
  llvm::SourceMgr sourceMgr;
  DiagnosticReporter diags{[this](const SourceDiagnostic &d) {
    llvm::raw_string_ostream os(errors);
    printDiagnostic(sourceMgr, d, os);
  }};
  MLIRContext context;
  std::unique_ptr<CheckedProgram> program;
};

TEST_P(KernelFilesTest, EveryInstanceHasIR) {
  std::vector<Instance> instances = program->listInstances();
  EXPECT_FALSE(instances.empty());
  for (const Instance &instance : instances) {
    if (instance.isSequence) {
      EXPECT_TRUE(program->getSequencePlan(instance).has_value());
      continue;
    }
    EXPECT_TRUE(static_cast<bool>(program->instantiate(instance, &context)))
        << instance.str();
  }
  EXPECT_EQ(errors, "");
}

TEST_P(KernelFilesTest, EveryTestHasItsReference) {
  for (const TestCase &test : program->getTests()) {
    for (const OutputCheck &output : test.outputs)
      EXPECT_NE(output.expectation, OutputCheck::Expectation::Anything);
    EXPECT_TRUE(test.hasReference);
    EXPECT_TRUE(static_cast<bool>(program->generateReference(test, &context)))
        << test.name;
  }
  EXPECT_EQ(errors, "");
}

TEST_P(KernelFilesTest, InstancesReadBackFromTheirText) {
  for (const Instance &instance : program->listInstances()) {
    std::optional<Instance> back = program->parseInstance(instance.str());
    ASSERT_TRUE(back.has_value()) << instance.str() << errors;
    EXPECT_EQ(back->str(), instance.str());
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelFilesTest,
                         testing::ValuesIn(listKernelFiles()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           return llvm::sys::path::stem(info.param).str();
                         });

} // namespace
