//===- ParamAccess.cpp - what a kernel does with an argument --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/ParamAccess.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
using namespace mlir::tk;

StringRef mlir::tk::stringifyParamAccess(ParamAccess access) {
  switch (access) {
  case ParamAccess::Read:
    return "read";
  case ParamAccess::Mut:
    return "mut";
  case ParamAccess::Out:
    return "out";
  case ParamAccess::Temp:
    return "temp";
  }
  llvm_unreachable("all accesses are listed");
}

std::optional<ParamAccess> mlir::tk::parseParamAccess(StringRef name) {
  for (ParamAccess access : {ParamAccess::Read, ParamAccess::Mut,
                             ParamAccess::Out, ParamAccess::Temp})
    if (stringifyParamAccess(access) == name)
      return access;
  return std::nullopt;
}
