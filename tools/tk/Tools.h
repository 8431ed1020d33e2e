//===- Tools.h - the programs inside the tk executable --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_TOOLS_H
#define TK_TOOLS_TK_TOOLS_H

namespace mlir::tk {

/// Each is a program of its own and registers its command line options only
/// when it runs, so that the programs may use the same option names.
int runTkOpt(int argc, char **argv);
int runTkRun(int argc, char **argv);
int runTkc(int argc, char **argv);

} // namespace mlir::tk

#endif // TK_TOOLS_TK_TOOLS_H
