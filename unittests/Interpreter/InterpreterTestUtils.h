//===- InterpreterTestUtils.h - running kernels written in MLIR text ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_INTERPRETER_INTERPRETERTESTUTILS_H
#define TK_UNITTESTS_INTERPRETER_INTERPRETERTESTUTILS_H

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Interpreter/Interpreter.h"
#include "gtest/gtest.h"

namespace mlir::tk {

/// Row-major strides.
inline SmallVector<int64_t> getRowStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// All of a vector as a tensor argument.
template <typename T>
KernelArgument tensorOf(DType dtype, std::vector<T> &data,
                        SmallVector<int64_t> shape = {},
                        SmallVector<int64_t> strides = {}) {
  if (shape.empty())
    shape = {static_cast<int64_t>(data.size())};
  if (strides.empty())
    strides = getRowStrides(shape);
  return KernelArgument::tensor(
      dtype, data.data(), shape, strides,
      {reinterpret_cast<uint8_t *>(data.data()), data.size() * sizeof(T)});
}
inline KernelArgument tensorOf(std::vector<float> &data,
                               SmallVector<int64_t> shape = {},
                               SmallVector<int64_t> strides = {}) {
  return tensorOf(DType::F32, data, shape, strides);
}
inline KernelArgument tensorOf(std::vector<double> &data,
                               SmallVector<int64_t> shape = {}) {
  return tensorOf(DType::F64, data, shape);
}
inline KernelArgument tensorOf(std::vector<int32_t> &data,
                               SmallVector<int64_t> shape = {}) {
  return tensorOf(DType::I32, data, shape);
}
inline KernelArgument tensorOf(std::vector<int64_t> &data,
                               SmallVector<int64_t> shape = {}) {
  return tensorOf(DType::I64, data, shape);
}

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    context.loadDialect<TkDialect, tkg::TkgDialect, cf::ControlFlowDialect,
                        ub::UBDialect>();
  }

  /// Parses a module; its first `tk.kernel` (or function named @main) runs.
  FailureOr<CompiledKernel> compile(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context, "test.mlir");
    if (!module)
      return failure();
    FunctionOpInterface entry;
    for (auto function : module->getOps<FunctionOpInterface>())
      if (!entry || isa<KernelOp>(function))
        entry = function;
    return CompiledKernel::compile(entry);
  }

  RunResult run(StringRef text, ArrayRef<KernelArgument> arguments,
                std::array<int64_t, 3> grid = {1, 1, 1}) {
    FailureOr<CompiledKernel> kernel = compile(text);
    if (failed(kernel)) {
      ADD_FAILURE() << "the kernel does not compile";
      return {};
    }
    return kernel->run(arguments, grid, options);
  }

  /// Runs and expects no error.
  void runClean(StringRef text, ArrayRef<KernelArgument> arguments,
                std::array<int64_t, 3> grid = {1, 1, 1}) {
    RunResult result = run(text, arguments, grid);
    for (const RuntimeError &error : result.errors)
      ADD_FAILURE() << error.message;
  }

  /// The messages of the errors, with their lines: "3: program 0 ...".
  std::vector<std::string> messages(const RunResult &result) {
    std::vector<std::string> all;
    for (const RuntimeError &error : result.errors) {
      auto loc = dyn_cast<FileLineColLoc>(error.loc);
      all.push_back((loc ? std::to_string(loc.getLine()) + ": " : "") +
                    error.message);
    }
    return all;
  }

  /// The error of a kernel that does not compile.
  std::string compileError(StringRef text) {
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message += diagnostic.str();
      return success();
    });
    EXPECT_TRUE(failed(compile(text)));
    return message;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  RunOptions options;
};

using Strings = std::vector<std::string>;

} // namespace mlir::tk

#endif // TK_UNITTESTS_INTERPRETER_INTERPRETERTESTUTILS_H
