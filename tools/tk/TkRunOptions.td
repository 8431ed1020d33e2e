//===- TkRunOptions.td - the command line of tk-run ------------*- tablegen -*-//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "ToolOptions.td"

defm device : V<"device",
    "Where kernels run: interp, emu, cuda or hip (default: cuda if there is a GPU, else interp)", "<device>">;
defm gpu : V<"gpu", "Number of the GPU (default: 0)", "<number>">;
defm driver : V<"driver",
    "Library of the driver (default: libcuda or libamdhip64, as installed)", "<file>">;
defm target : V<"target", "Chip to compile for (default: that of the GPU)", "<name>">;
defm variant : V<"variant",
    "Run only this variant of each kernel: vector or general", "<name>">;
defm timeout : V<"timeout", "Seconds that one run may take (default: 300)", "<seconds>">;
def in_process : F<"in-process",
    "Do everything in one process, for debuggers: a crash or hang ends all">;

defm test : V<"test", "Run only the tests of this name", "<name>">;
defm run : V<"run",
    "Run this instead of the tests or benches of the file, such as 'softmax<bf16>(x = randn[4, 100])'", "<launch>">;
defm kernel : V<"kernel",
    "Run only the tests or benches of this kernel, with these parameters: 'softmax<f16, BLOCK = 512>'", "<instance>">;
defm output : V<"output",
    "Write this output, with the first seed, to a .npy file", "<name>=<file>">;
defm seeds : V<"seeds", "Seeds for random inputs (default: 2)", "<number>">;

defm entry : V<"entry",
    "Launch this entry of a PTX file of any compiler, instead of tests; in the emulator or on a GPU", "<name>">;
defm grid : V<"grid", "Blocks of the launch (default: 1,1,1)", "<x,y,z>">;
defm block : V<"block", "Threads of a block (default: 1,1,1)", "<x,y,z>">;
defm cluster : V<"cluster",
    "Blocks of a cluster (default: what the entry requires, or one)", "<x,y,z>">;
defm shared : V<"shared", "Bytes of dynamic shared memory (default: 0)", "<bytes>">;
defm arg : V<"arg",
    "Next parameter of the entry: 'x:f32=randn[4, 100]', 'x:f16=npy(\"x.npy\")', 'i32=5', 'i32={1, 2}', '@x+64', '@map', null",
    "<argument>">;
defm buffer : V<"buffer",
    "Tensor that no parameter points to: 'x:bf16=randn[64, 64]'", "<tensor>">;
defm map : V<"map",
    "Tensor map, the fastest dimension first: 'm=x,box=64x16,swizzle=128B'; also dims, strides, element-strides, type, fill, interleave, offset",
    "<map>">;
defm maps : V<"maps",
    "JSON file with tensor maps by name: {\"m\": {\"tensor\": \"x\", \"box\": [64, 16]}}", "<file>">;
defm expect : V<"expect",
    "Compare a tensor of the launch with a file: 'y=want.npy' or 'y=want.npy within (rel = 1e-3, abs = 0)'",
    "<tensor>=<file>">;

defm no_check : V<"no-check",
    "Emulator: do not report what breaks these rules", "<rule,...>">;
def no_checks : F<"no-checks",
    "Emulator: check nothing but what keeps the host safe">;
def no_war_proxy : F<"no-war-proxy", "Emulator: the same as --no-check=war-proxy">;
defm seed : V<"seed",
    "Emulator: order of warps and blocks (default: 0, the plain order)", "<number>">;
defm step_limit : V<"step-limit",
    "Emulator: warp-instructions after which a launch counts as livelocked", "<number>">;
defm budget : V<"budget",
    "Emulator: skip tests of which a launch is estimated to take more warp-instructions", "<number>">;
def measure : F<"measure",
    "Emulator: print bank conflicts, sectors, bytes and the instruction mix of every launch, by source line">;

def bench : F<"bench", "Run the benches instead of the tests">;
def check_only : F<"check-only",
    "Check what benches compute, and do not time them; without a GPU at fewer elements, where the reference allows it">;
defm only : V<"only", "Run only the benches of this name", "<name>">;
defm mode : V<"mode",
    "How launches follow each other: burst, bench or steady (default: bench)", "<mode>">;
def no_flush : F<"no-flush",
    "Leave the L2 cache as the launch before left it, on one copy of the buffers">;
defm json : V<"json",
    "Write the results of benches, or reports and measurements of the emulator, to this file", "<file>">;
defm csv : V<"csv", "Write the results of benches to this file", "<file>">;
defm plot : V<"plot", "Draw speed over size, for benches with a sweep, to this .svg file", "<file>">;

/// What a worker is called with: see lib/Testing/RunEvents.h.
def worker : Joined<["--"], "worker=">, Flags<[HelpHidden]>;
/// For tests: after how many seconds a silent worker is ended.
def silence : Joined<["--"], "silence=">, Flags<[HelpHidden]>;
