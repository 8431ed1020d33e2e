//===- Builtins.cpp - names that the language defines ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builtins.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::tk;

static constexpr StringRef kBuiltinNames[] = {"abs",
                                              "acc_of",
                                              "addresses",
                                              "all",
                                              "any",
                                              "arange",
                                              "argmax",
                                              "argmin",
                                              "assume",
                                              "atomic_add",
                                              "atomic_and",
                                              "atomic_cas",
                                              "atomic_exchange",
                                              "atomic_load",
                                              "atomic_max",
                                              "atomic_min",
                                              "atomic_or",
                                              "atomic_store",
                                              "atomic_xor",
                                              "bitcast",
                                              "broadcast",
                                              "cast",
                                              "cdiv",
                                              "ceil",
                                              "clamp",
                                              "concat",
                                              "cos",
                                              "dot",
                                              "erf",
                                              "exp",
                                              "exp2",
                                              "expand",
                                              "fast",
                                              "fill",
                                              "floor",
                                              "fma",
                                              "full",
                                              "grouped",
                                              "isfinite",
                                              "isinf",
                                              "isnan",
                                              "last",
                                              "load",
                                              "log",
                                              "log2",
                                              "logsumexp",
                                              "map",
                                              "max",
                                              "maxnum",
                                              "mean",
                                              "min",
                                              "minnum",
                                              "num_programs",
                                              "num_sms",
                                              "ones",
                                              "prod",
                                              "program_id",
                                              "range",
                                              "reduce",
                                              "repeat",
                                              "reshape",
                                              "round",
                                              "rsqrt",

                                              "sigmoid",
                                              "sin",
                                              "sqrt",
                                              "store",
                                              "sum",
                                              "tanh",
                                              "tensor",
                                              "trans",
                                              "where",
                                              "zeros"};

ArrayRef<StringRef> mlir::tk::getBuiltinNames() { return kBuiltinNames; }

bool mlir::tk::isBuiltinName(StringRef name) {
  return is_contained(kBuiltinNames, name);
}

ArrayRef<StringRef> mlir::tk::getFastNames() {
  static constexpr StringRef kNames[] = {"cos",  "div",  "exp",   "exp2",
                                         "log",  "log2", "rsqrt", "sin",
                                         "sqrt", "tanh"};
  return kNames;
}

ArrayRef<StringRef> mlir::tk::getTypeClassNames() {
  static constexpr StringRef kNames[] = {"any",    "float",  "half",    "int",
                                         "number", "signed", "unsigned"};
  return kNames;
}

bool mlir::tk::isWordArgument(StringRef argName) {
  return argName == "order" || argName == "scope" || argName == "precision" ||
         argName == "round";
}
