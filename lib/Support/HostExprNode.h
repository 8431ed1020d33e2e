//===- HostExprNode.h - the nodes of host expressions ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_SUPPORT_HOSTEXPRNODE_H
#define TK_LIB_SUPPORT_HOSTEXPRNODE_H

#include "tk/Support/HostExpr.h"

struct mlir::tk::HostExpr::Node {
  HostExpr::Kind kind;
  HostValue value = HostValue::integer(0);
  std::string name;
  std::vector<HostExpr> operands;
};

#endif // TK_LIB_SUPPORT_HOSTEXPRNODE_H
