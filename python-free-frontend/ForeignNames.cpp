//===- ForeignNames.cpp - what other languages call it --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ForeignNames.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::tk;
using llvm::StringRef;
using llvm::StringSwitch;

/// The type that C, CUDA or Python call `name`; empty if none does.
static StringRef findForeignType(StringRef name) {
  return StringSwitch<StringRef>(name)
      .Cases({"boolean", "i1", "int1"}, "write 'bool'")
      .Cases({"char", "int8", "int8_t"}, "write 'i8'")
      .Cases({"short", "int16", "int16_t"}, "write 'i16'")
      .Cases({"int", "int32", "int32_t"}, "write 'i32'")
      .Cases({"long", "int64", "int64_t"}, "write 'i64'")
      .Cases({"uchar", "uint8", "uint8_t"}, "write 'u8'")
      .Cases({"uint16", "uint16_t"}, "write 'u16'")
      .Cases({"uint", "uint32", "uint32_t", "unsigned"}, "write 'u32'")
      .Cases({"uint64", "uint64_t"}, "write 'u64'")
      .Cases({"size_t", "ptrdiff_t", "usize", "isize"}, "write 'index'")
      .Cases({"float16", "fp16", "__half", "half"}, "write 'f16'")
      .Cases({"bfloat16", "__nv_bfloat16"}, "write 'bf16'")
      .Cases({"float", "float32", "fp32"}, "write 'f32'")
      .Cases({"double", "float64", "fp64"}, "write 'f64'")
      .Cases({"void", "auto"},
             "a type that is not written is inferred; a function without "
             "'-> type' returns nothing")
      .Cases({"constexpr"}, "constants stand in angle brackets: 'kernel k"
                            "<BLOCK: const = 128>(...)'")
      .Default("");
}

bool mlir::tk::isForeignType(StringRef name) {
  return !findForeignType(name).empty();
}

StringRef mlir::tk::getForeignNameHint(StringRef name) {
  StringRef type = findForeignType(name);
  if (!type.empty())
    return type;
  return StringSwitch<StringRef>(name)
      // Python and C.
      .Case("True", "write 'true'")
      .Case("False", "write 'false'")
      .Cases({"None", "null", "nullptr", "NULL"}, "write 'none'")
      .Cases({"math", "np", "numpy", "std", "tl", "torch", "triton"},
             "builtins have no prefix: write 'exp(x)', 'arange(128)', "
             "'program_id(0)'")
      .Cases({"printf", "device_print"}, "write 'print(\"text\", x)'")
      .Cases({"device_assert"}, "write 'assert(condition, \"text\")'")
      .Cases({"pow", "powf"}, "write 'x * x', or 'exp2(y * log2(x))'")
      .Cases({"fabs", "fabsf"}, "write 'abs(x)'")
      .Cases({"fmax", "fmaxf"}, "write 'maxnum(a, b)', or 'max(a, b)', which "
                                "is NaN if an operand is")
      .Cases({"fmin", "fminf"}, "write 'minnum(a, b)', or 'min(a, b)', which "
                                "is NaN if an operand is")
      .Cases({"fmaf"}, "write 'fma(a, b, c)'")
      .Cases({"expf", "exp2f", "logf", "log2f", "sqrtf", "rsqrtf", "sinf",
              "cosf", "tanhf"},
             "one name serves all types: drop the 'f'")
      .Case("not", "write '!a'")
      .Cases({"len", "size", "shape"}, "write 'x.dim(0)'")
      .Cases({"range", "static_range"},
             "a range stands only in 'for i in range(n)'")
      // CUDA.
      .Case("blockIdx", "write 'program_id(0)'")
      .Case("gridDim", "write 'num_programs(0)'")
      .Case("blockDim", "a program has no threads: its tiles have constant "
                        "extents, as in '<BLOCK: const = 128>'")
      .Case("threadIdx", "a program has no threads: it computes a whole tile, "
                         "with indices 'i*BLOCK + arange(BLOCK)'")
      .Cases({"__syncthreads", "__syncwarp", "syncthreads", "debug_barrier"},
             "a program has no threads: the compiler places barriers")
      .Cases({"__shared__", "extern"},
             "the compiler decides what lies in shared memory")
      .Cases({"atomicAdd", "atomicSub"}, "write 'atomic_add(x[i], v)'")
      .Case("atomicMax", "write 'atomic_max(x[i], v)'")
      .Case("atomicMin", "write 'atomic_min(x[i], v)'")
      .Case("atomicAnd", "write 'atomic_and(x[i], v)'")
      .Case("atomicOr", "write 'atomic_or(x[i], v)'")
      .Case("atomicXor", "write 'atomic_xor(x[i], v)'")
      .Cases({"atomicExch", "atomic_xchg"}, "write 'atomic_exchange(x[i], v)'")
      .Case("atomicCAS", "write 'atomic_cas(x[i], expected, v)'")
      .Case("__ldg", "write 'load(p)'")
      // Triton.
      .Cases({"make_block_ptr", "advance", "make_tensor_descriptor"},
             "a tensor knows its bounds: write 'x[i, k +: BLOCK]'")
      .Cases({"multiple_of", "max_contiguous"}, "write 'assume(n % 16 == 0)'")
      .Cases({"maximum"}, "write 'max(a, b)'")
      .Cases({"minimum"}, "write 'min(a, b)'")
      .Cases({"zeros_like"}, "write 'zeros<f32>[M, N]'")
      .Cases({"empty"}, "write 'zeros<f32>[M, N]'")
      .Cases({"permute", "transpose"}, "write 'trans(t)'")
      .Cases({"view", "ravel", "flatten"}, "write 'reshape(t, [M, N])'")
      .Case("expand_dims", "write 'expand(t, axis)', or 't[:, none]'")
      .Case("broadcast_to", "write 'broadcast(t, [M, N])'")
      .Case("cat", "write 'concat(a, b, axis = 0)'")
      .Case("matmul", "write 'dot(a, b)'")
      .Case("swizzle2d", "write 'grouped(program_id(0), rows, columns, group)'")
      .Default("");
}

StringRef mlir::tk::getForeignDeclarationHint(StringRef word) {
  return StringSwitch<StringRef>(word)
      .Cases({"def", "func", "function", "void", "__device__", "inline",
              "static", "template"},
             "write 'fn name(...) -> type { ... }', or 'kernel name(...) "
             "grid(...) { ... }'")
      .Cases({"__global__", "extern"},
             "write 'kernel name(...) grid(...) { ... }'")
      .Cases({"struct", "class"}, "there are tuples '(a, b)', and no structs")
      .Cases({"const", "constexpr", "let", "var", "int", "auto"},
             "constants stand in the angle brackets of a kernel or function")
      .Cases({"from", "using"}, "write 'import \"file.tk\";'")
      .Default("");
}

StringRef mlir::tk::getForeignOperatorHint(StringRef word) {
  return StringSwitch<StringRef>(word)
      .Case("and", "write '&&'")
      .Case("or", "write '||'")
      .Case("is", "write '=='")
      .Case("elif", "write 'else if'")
      .Default("");
}

StringRef mlir::tk::getForeignMemberHint(StringRef member) {
  return StringSwitch<StringRef>(member)
      .Cases({"to", "astype", "cast"}, "write 'f16(x)' to convert to f16")
      .Cases({"T", "transpose", "permute"}, "write 'trans(t)'")
      .Cases({"shape", "size", "numel"}, "write 'x.dim(0)'")
      .Case("strides", "write 'x.stride(0)'")
      .Cases({"data", "data_ptr", "ptr"}, "write 'addresses(x[0])'")
      .Cases({"view", "ravel", "flatten"}, "write 'reshape(t, [M, N])'")
      .Case("dtype", "write 'T: float' in angle brackets and 'T' for the type")
      .Default("");
}

StringRef mlir::tk::getForeignArgumentHint(StringRef argument) {
  return StringSwitch<StringRef>(argument)
      .Case("dim", "write 'axis'")
      .Cases({"keepdim", "keepdims", "keep_dims"}, "write 'keep'")
      .Cases({"allow_tf32", "input_precision"}, "write 'precision = tf32'")
      .Case("sem", "write 'order'")
      .Case("val", "write 'v'")
      .Case("cmp", "write 'compare'")
      .Cases({"dtype", "out_dtype"}, "write 'f32(...)' around the call")
      .Cases({"boundary_check", "padding_option", "cache_modifier",
              "eviction_policy", "volatile"},
             "a tensor knows its bounds and the compiler chooses caches: "
             "leave it out")
      .Default("");
}
