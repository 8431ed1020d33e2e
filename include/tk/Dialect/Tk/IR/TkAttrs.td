//===- TkAttrs.td - enumerations of the tk dialect --------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TKATTRS
#define TK_DIALECT_TK_IR_TKATTRS

include "mlir/IR/EnumAttr.td"
include "tk/Dialect/Tk/IR/TkDialect.td"

class Tk_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::tk";
  let genSpecializedAttr = 0;
}

def Tk_AccessAttr : AttrDef<Tk_Dialect, "Access"> {
  let mnemonic = "access";
  let summary = "what a kernel may do with a tensor parameter";
  let description = [{
    One of `read`, `mut`, `out` and `temp`, as in `#tk.access<mut>`.
  }];
  let parameters = (ins "::mlir::tk::ParamAccess":$value);
  let hasCustomAssemblyFormat = 1;
}

def Tk_Precision : Tk_Enum<"Precision", "how the products of a dot are formed", [
  I32EnumAttrCase<"IEEE", 0, "ieee">,
  I32EnumAttrCase<"TF32", 1, "tf32">,
  I32EnumAttrCase<"TF32x3", 2, "tf32x3">
]>;
def Tk_PrecisionAttr : EnumAttr<Tk_Dialect, Tk_Precision, "precision"> {
  let assemblyFormat = "$value";
}

def Tk_Rounding : Tk_Enum<"Rounding", "how a cast rounds what it cannot represent", [
  I32EnumAttrCase<"NearestEven", 0, "rne">,
  I32EnumAttrCase<"TowardZero", 1, "rtz">,
  I32EnumAttrCase<"Up", 2, "rtp">,
  I32EnumAttrCase<"Down", 3, "rtn">
]>;
def Tk_RoundingAttr : EnumAttr<Tk_Dialect, Tk_Rounding, "rounding"> {
  let assemblyFormat = "$value";
}

def Tk_AtomicKind : Tk_Enum<"AtomicKind", "what an atomic read-modify-write does", [
  I32EnumAttrCase<"Add", 0, "add">,
  I32EnumAttrCase<"FAdd", 1, "fadd">,
  I32EnumAttrCase<"SMax", 2, "smax">,
  I32EnumAttrCase<"SMin", 3, "smin">,
  I32EnumAttrCase<"UMax", 4, "umax">,
  I32EnumAttrCase<"UMin", 5, "umin">,
  I32EnumAttrCase<"And", 6, "and">,
  I32EnumAttrCase<"Or", 7, "or">,
  I32EnumAttrCase<"Xor", 8, "xor">,
  I32EnumAttrCase<"Exchange", 9, "xchg">,
  I32EnumAttrCase<"FMax", 10, "fmax">,
  I32EnumAttrCase<"FMin", 11, "fmin">
]>;
def Tk_AtomicKindAttr : EnumAttr<Tk_Dialect, Tk_AtomicKind, "atomic_kind"> {
  let assemblyFormat = "$value";
}

def Tk_MemoryOrder : Tk_Enum<"MemoryOrder", "memory order of an atomic", [
  I32EnumAttrCase<"Relaxed", 0, "relaxed">,
  I32EnumAttrCase<"Acquire", 1, "acquire">,
  I32EnumAttrCase<"Release", 2, "release">,
  I32EnumAttrCase<"AcqRel", 3, "acq_rel">
]>;
def Tk_MemoryOrderAttr : EnumAttr<Tk_Dialect, Tk_MemoryOrder, "order"> {
  let assemblyFormat = "$value";
}

def Tk_MemoryScope : Tk_Enum<"MemoryScope", "who observes an atomic in order", [
  I32EnumAttrCase<"Block", 0, "block">,
  I32EnumAttrCase<"GPU", 1, "gpu">,
  I32EnumAttrCase<"System", 2, "system">
]>;
def Tk_MemoryScopeAttr : EnumAttr<Tk_Dialect, Tk_MemoryScope, "scope"> {
  let assemblyFormat = "$value";
}

#endif // TK_DIALECT_TK_IR_TKATTRS
