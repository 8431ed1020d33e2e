//===- ToolOptions.td - what the command lines share -----------*- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "llvm/Option/OptParser.td"

class F<string name, string help>
    : Flag<["--", "-"], name>, HelpText<help>;
/// `--name=value` and `--name value`.
multiclass V<string name, string help, string meta> {
  def NAME : Separate<["--", "-"], name>;
  def NAME # _eq : Joined<["--", "-"], name # "=">,
      Alias<!cast<Separate>(NAME)>, HelpText<help>, MetaVarName<meta>;
}

def help : F<"help", "Print this text">;
def : Flag<["-"], "h">, Alias<help>;
def version : F<"version", "Print the version">;
def describe : F<"describe",
    "Print what a cubin, hsaco or PTX file says about itself">;
def define : JoinedOrSeparate<["-"], "D">, MetaVarName<"<name>=<value>">,
    HelpText<"Give a generic parameter, 'warps' or 'stages', this value">;
defm cuda_path : V<"cuda-path",
    "CUDA toolkit (default: CUDA_PATH, CUDA_HOME, the usual places)", "<folder>">;
defm rocm_path : V<"rocm-path", "ROCm (default: ROCM_PATH, the usual places)", "<folder>">;
