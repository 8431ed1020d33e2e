//===- CheckEachPass.h - the options of tk-opt that check passes ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_CHECKEACHPASS_H
#define TK_TOOLS_TK_CHECKEACHPASS_H

#include "tk/Testing/PassChecker.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>

namespace mlir::tk {

/// Construct before the command line is parsed.
class CheckEachPassOptions {
public:
  CheckEachPassOptions();
  ~CheckEachPassOptions();

  /// Nothing where no check was asked for. `inputFile` is the file that tk-opt
  /// reads: a .tk file brings its own tests.
  llvm::Expected<std::optional<PassCheckOptions>>
  get(StringRef inputFile) const;

private:
  struct Options;
  std::unique_ptr<Options> options;
};

} // namespace mlir::tk

#endif // TK_TOOLS_TK_CHECKEACHPASS_H
