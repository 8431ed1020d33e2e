//===- TkcOptions.td - the command line of tkc -----------------*- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "ToolOptions.td"

def output : JoinedOrSeparate<["-"], "o">, MetaVarName<"<file>">,
    HelpText<"Output file; '-' is standard output">;
defm target : V<"target",
    "Chip to compile for (default: what the input was compiled for so far, or sm_90a)", "<name>">;
defm emit : V<"emit",
    "What to write: ast, tk, tkg, llvm, llvmir, ptx, cubin or hsaco (default: what the name of the output ends in, or the target's binary)",
    "<stage>">;
def stop_after : Separate<["--", "-"], "stop-after">, Alias<emit>;
def stop_after_eq : Joined<["--", "-"], "stop-after=">, Alias<emit>,
    HelpText<"Same as --emit">, MetaVarName<"<stage>">;
defm start_at : V<"start-at",
    "The stage that the input is at: source, tk, tkg, llvm, llvmir or ptx (default: by the name or contents of the file)", "<stage>">;
def format : F<"format",
    "Write the source with canonical white space to -o or standard output">;
defm kernel : V<"kernel",
    "Compile this instance, such as 'softmax<bf16, BLOCK = 5120>' (default: what the file exports)", "<instance>">;
def embed_source : F<"embed-source",
    "Put the source into the binary, so that tk-run can check its results">;
defm dump_dir : V<"dump-dir",
    "Write the program at every stage to this folder", "<folder>">;

def use_ptxas : F<"use-ptxas", "Make cubins by the program ptxas only">;
def use_nvjitlink : F<"use-nvjitlink", "Make cubins by libnvJitLink only">;
def no_line_info : F<"no-line-info",
    "Leave out the source lines for debuggers and profilers">;
defm file_prefix_map : V<"file-prefix-map",
    "Write names of source files that start with <old> with <new> instead", "<old>=<new>">;

def remarks : F<"remarks",
    "Say what was optimised, and what was not and why">;
def warning : Joined<["-"], "W">, MetaVarName<"error=missed">,
    HelpText<"Make every missed optimisation an error">;
def time : F<"time", "Print the time of every stage and pass">;
def verify_diagnostics : F<"verify-diagnostics",
    "Compare diagnostics with the comments 'expected-error' etc. of the input">;
def split_input_file : F<"split-input-file",
    "Compile the parts between '// -----' one by one">;
