//===- TkcOptions.td - the command line of tkc -----------------*- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "llvm/Option/OptParser.td"

class F<string name, string help>
    : Flag<["--", "-"], name>, HelpText<help>;
class V<string name, string help, string meta>
    : Joined<["--", "-"], name # "=">, HelpText<help>, MetaVarName<meta>;

def help : F<"help", "Print this text">;
def : Flag<["-"], "h">, Alias<help>;
def version : F<"version", "Print the version">;

def output : JoinedOrSeparate<["-"], "o">, MetaVarName<"<file>">,
    HelpText<"Output file; '-' is standard output">;
def target_eq : V<"target",
    "Chip to compile for (default: sm_90a)", "<name>">;
def emit_eq : V<"emit",
    "What to write: ast, tk, tkg, llvm, llvmir, ptx, cubin or hsaco (default: the target's binary)",
    "<stage>">;
def stop_after_eq : V<"stop-after", "Same as --emit", "<stage>">, Alias<emit_eq>;
def start_at_eq : V<"start-at",
    "The stage that the input is at (default: by the name of the file)", "<stage>">;
def format : F<"format",
    "Write the source with canonical white space to -o or standard output">;
def define : JoinedOrSeparate<["-"], "D">, MetaVarName<"<name>=<value>">,
    HelpText<"Give a generic parameter, 'warps' or 'stages', this value">;
def kernel : Separate<["--", "-"], "kernel">, MetaVarName<"<instance>">,
    HelpText<"Compile this instance, such as 'softmax<bf16, BLOCK = 5120>' (default: what the file exports)">;
def kernel_eq : Joined<["--", "-"], "kernel=">, Alias<kernel>;
def embed_source : F<"embed-source",
    "Put the source into the binary, so that tk-run can check its results">;
def dump_dir_eq : V<"dump-dir",
    "Write the program at every stage to this folder", "<folder>">;

def cuda_path_eq : V<"cuda-path",
    "CUDA toolkit (default: CUDA_PATH, CUDA_HOME, the usual places)", "<folder>">;
def rocm_path_eq : V<"rocm-path",
    "ROCm (default: ROCM_PATH, the usual places)", "<folder>">;
def use_ptxas : F<"use-ptxas", "Make cubins by the program ptxas only">;
def use_nvjitlink : F<"use-nvjitlink", "Make cubins by libnvJitLink only">;
def no_line_info : F<"no-line-info",
    "Leave out the source lines for debuggers and profilers">;
def file_prefix_map_eq : V<"file-prefix-map",
    "Write names of source files that start with <old> with <new> instead", "<old>=<new>">;

def describe : F<"describe",
    "Print what a cubin, hsaco or PTX file says about itself">;
def remarks : F<"remarks",
    "Say what was optimised, and what was not and why">;
def warning : Joined<["-"], "W">, MetaVarName<"error=missed">,
    HelpText<"Make every missed optimisation an error">;
def time : F<"time", "Print the time of every stage and pass">;
def verify_diagnostics : F<"verify-diagnostics",
    "Compare diagnostics with the comments 'expected-error' etc. of the input">;
def split_input_file : F<"split-input-file",
    "Compile the parts between '// -----' one by one">;
