# bad_input.py - bad programs that a person would not write down, and what the tools say.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   bad_input.py <folder of tools> <scratch folder> [--no-memory-limit]
#
# Each program must get an error with a place and exit code 1 from tkc and from tk-run, in TIME_LIMIT_IN_SECONDS and
# MEMORY_LIMIT_IN_BYTES. Prints what did not; its exit code is 1 then.

import os
import re
import resource
import subprocess
import sys

TIME_LIMIT_IN_SECONDS = 30
MEMORY_LIMIT_IN_BYTES = 4 << 30
DEPTH = 20000

HEADER = "kernel k(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(1) {\n"
FOOTER = "\n}\nreference k(x) -> (y within X) { y = x; }\ntest t : k(x = randn[4]);\n"


def with_body(body, declarations=""):
    return "tk 1;\n" + declarations + HEADER + body + FOOTER


def with_test(test, grid="1"):
    return ("tk 1;\nkernel k(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(" + grid + ") { y[0] = x[0]; }\n"
            "reference k(x) -> (y within X) { y = x; }\ntest t : " + test + ";\n")


def call_chain(count, body):
    """Functions f0, f1, ..., each with `body`, in which '@' stands for the function before it."""
    functions = "fn call0(a: f32) -> f32 { return a + 1.0; }\n"
    for i in range(1, count + 1):
        functions += "fn call%d(a: f32) -> f32 { return %s; }\n" % (i, body.replace("@", "call%d" % (i - 1)))
    return with_body("y[0] = call%d(x[0]);" % count, functions)


def doubled_tuples():
    body = "let t0 = (x[0], x[1]);\n"
    for i in range(1, 60):
        body += "let t%d = (t%d, t%d);\n" % (i, i - 1, i - 1)
    return with_body(body + "y[0] = 1.0;")


# By the part of the front end that must answer: text, and the name of the error (empty: only that there is one).
PROGRAMS = {
    # Text.
    "empty": ("", "MissingVersion"),
    "blanks": (" " * 1000000, "MissingVersion"),
    "utf16": ("\ufeff" + with_body("")).encode("utf-16-le"),
    "utf16_unmarked": with_body("").encode("utf-16-le"),
    "latin1": with_body("// gr\u00fcn").encode("latin-1"),
    "zero_bytes": b"\0" * 1000000,
    "zero_byte": b"tk 1;\0kernel",
    "high_bytes": b"\xff" * 1000000,
    "unfinished_comment": (with_body("/*" + "a" * 1000000), "UnterminatedComment"),
    "unfinished_string": (with_body('print("' + "a" * 1000000), "UnterminatedString"),
    "name_of_1MB": ("tk 1;\nkernel " + "a" * 1000000 + "(x: tensor<f32>[N]) grid(1) {}\n", "NameTooLong"),
    "integer_of_1MB": (with_body("y[0] = " + "1" * 1000000 + ";"), "NumberTooLong"),
    "float_of_1MB": (with_body("y[0] = 0." + "1" * 1000000 + ";"), "NumberTooLong"),
    # Nesting and length.
    "parentheses": (with_body("y[0] = " + "(" * DEPTH + "1.0" + ")" * DEPTH + ";"), "NestingTooDeep"),
    "open_parentheses": (with_body("y[0] = " + "(" * DEPTH), "NestingTooDeep"),
    "brackets": (with_body("y[0] = " + "[" * DEPTH + "]" * DEPTH + ";"), "NestingTooDeep"),
    "indices": (with_body("y[0] = " + "x[" * DEPTH + "0" + "]" * DEPTH + ";"), "NestingTooDeep"),
    "braces": (with_body("{" * DEPTH + "}" * DEPTH), "ExpectedToken"),
    "blocks": (with_body("if x[0] > 0.0 {" * DEPTH + "}" * DEPTH), "NestingTooDeep"),
    "loops": (with_body("for i in range(2) {" * DEPTH + "}" * DEPTH), "NestingTooDeep"),
    "minuses": (with_body("y[0] = " + "-" * DEPTH + "1.0;"), "NestingTooDeep"),
    "nots": (with_body("let a = " + "!" * DEPTH + "true;"), "NestingTooDeep"),
    "else_ifs": (with_body("if x[0] > 0.0 {} else " * DEPTH + "{}"), "NestingTooDeep"),
    "if_values": (with_body("y[0] = " + "if x[0] > 0.0 { 1.0 } else { " * DEPTH + "2.0" + "}" * DEPTH + ";"),
                  "NestingTooDeep"),
    "types": (with_body("let a: " + "ptr<" * DEPTH + "f32" + ">" * DEPTH + " = 1;"), "NestingTooDeep"),
    "lambdas": (with_body("let a = " + "|a, b| " * DEPTH + "a;"), "NestingTooDeep"),
    "sum": (with_body("y[0] = " + "x[0] + " * DEPTH + "1.0;"), "ExpressionTooLong"),
    "comparisons": (with_body("let a = " + "1 < " * DEPTH + "2;"), "ChainedComparison"),
    "members": (with_body("let a = x" + ".b" * DEPTH + ";"), "ExpressionTooLong"),
    "returns": (with_body("if x[0] > 1.0 { return; }\n" * DEPTH), "TooManyReturns"),
    "errors": (with_body("let = 1;\n" * DEPTH), "TooManyErrors"),
    # Declarations.
    "parameters": ("tk 1;\nkernel k(" + ", ".join("x%d: f32" % i for i in range(100000)) + ") grid(1) {}\nexport k;\n",
                   "TooManyParams"),
    "dimensions": ("tk 1;\nkernel k(x: tensor<f32>[" + ", ".join("N%d" % i for i in range(DEPTH)) +
                   "]) grid(1) {}\ntest t : k();\n", "RankTooLarge"),
    "imports_itself": ('tk 1;\nimport "imports_itself.tk";\n' + with_body("")[6:], "ImportCycle"),
    "imports_a_folder": ('tk 1;\nimport "/";\n' + with_body("")[6:], "ImportNotFound"),
    "imports_a_device": ('tk 1;\nimport "/dev/zero";\n' + with_body("")[6:], "ImportNotFound"),
    "recursion": (with_body("y[0] = f(x[0]);", "fn f(a: f32) -> f32 { return f(a); }\n"), "Recursion"),
    "mutual_recursion": (with_body("y[0] = f(x[0]);", "fn g(a: f32) -> f32 { return f(a); }\n"
                                   "fn f(a: f32) -> f32 { return g(a); }\n"), "Recursion"),
    "generic_recursion": (with_body("y[0] = f<N = 0>(x[0]);",
                                    "fn f<N: const>(a: f32) -> f32 { return f<N = N + 1>(a); }\n"), "Recursion"),
    "calls": (call_chain(DEPTH, "@(a)"), "CallsTooDeep"),
    "deep_calls": (call_chain(400, "abs(" * 240 + "@(a)" + ")" * 240), "CallsTooDeep"),
    "instances": (with_body("y[0] = f30<N = 1>(x[0]);", "fn call0<N: const>(a: f32) -> f32 { return a; }\n" + "".join("fn %s<N: const>(a: f32) -> f32 { return %s<N = 2 * N>(a) + %s<N = 2 * N + 1>(a); }\n"
                                   % ("f30" if i == 30 else "call%d" % i, "call%d" % (i - 1), "call%d" % (i - 1))
                                   for i in range(1, 31))), "TooManyInstances"),
    # Values.
    "product": (with_body("let a = 9223372036854775807 * 9223372036854775807;"), "ConstantOverflow"),
    "difference": (with_body("let a = -9223372036854775808 - 1;"), "ConstantOverflow"),
    "integer": (with_body("let a = 99999999999999999999999;"), "IntegerTooLarge"),
    "i32": (with_body("let a: i32 = 2147483648;"), "NotRepresentable"),
    "float": (with_body("y[0] = 1e999999999999;"), "NotRepresentable"),
    "float_of_type": (with_body("y[0] = 1e39;"), "NotRepresentable"),
    "shift": (with_body("let a = 1 << 1000000000000;"), "ConstantShiftTooFar"),
    "division": (with_body("let a = 1 / 0;"), "ConstantDivisionByZero"),
    "tuples": (doubled_tuples(), "TupleTooLarge"),
    # Tiles.
    "tile_of_2^40": (with_body("y[0] = sum(x[0 +: 1 << 40]);"), "TileTooLarge"),
    "zeros_of_2^40": (with_body("y[0] = sum(zeros<f32>[1048576, 1048576]);"), "TileTooLarge"),
    "zeros_of_2^64": (with_body("y[0] = sum(zeros<f32>[4294967296, 4294967296]);"), "TileTooLarge"),
    "broadcast_to_2^40": (with_body("y[0] = sum(broadcast(x[0 +: 1], [1 << 20, 1 << 20]));"), "TileTooLarge"),
    "arange_of_2^40": (with_body("y[0] = f32(sum(arange(1 << 40)));"), "TileTooLarge"),
    "sum_of_2^40": (with_body("let t = x[0 +: 1048576]; y[0] = sum(t[:, none] + t[none, :]);"), "TileTooLarge"),
    "repeat_of_2^40": (with_body("y[0] = sum(repeat(x[0 +: 1048576], axis = 0, times = 1 << 20));"), "TileTooLarge"),
    "repeat_of_2^80": (with_body("y[0] = sum(repeat(x[0 +: 1048576], axis = 0, times = 1 << 60));"), "TileTooLarge"),
    "dot_of_2^40": (with_body("y[0] = sum(dot(zeros<f32>[1048576, 1], zeros<f32>[1, 1048576]));"), "TileTooLarge"),
    "rank_of_200": (with_body("y[0] = sum(zeros<f32>[" + ", ".join(["1"] * 200) + "]);"), "RankTooLarge"),
    "extent_of_0": (with_body("y[0] = sum(x[0 +: 0]);"), "ExtentNotPositive"),
    "extent_below_0": (with_body("y[0] = sum(x[0 +: -1]);"), "ExtentNotPositive"),
    "shapes": (with_body("y[0 +: 8] = x[0 +: 4];"), "ExpectedType"),
    "dtypes": (with_body("y[0 +: 8] = f16(x[0 +: 8]);"), "ExpectedElement"),
    "unknown_name": (with_body("y[0] = z[0];"), "UnknownName"),
    "too_many_arguments": (with_body("y[0] = exp(x[0], x[1]);"), "WrongArgumentCount"),
    "too_few_arguments": (with_body("y[0] = exp();"), "MissingArgument"),
}

# Good programs with bad tests: tk-run only.
TESTS = {
    "sweep": (with_test("k(x = randn[N]) for N in [%s] for M in [%s]" % (", ".join(["1"] * 10000),
                                                                         ", ".join(["1"] * 10000))), "SweepTooLong"),
    "extent_below_0": (with_test("k(x = randn[-1])"), "NegativeExtent"),
    "tensor_of_2^64": ("tk 1;\nkernel k(y: out tensor<f32>[N, N]) grid(1) { y[0, 0] = 1.0; }\n"
                       "reference k() -> (y within X) { y[0, 0] = 1.0; }\ntest t : k(N = 4294967296);\n",
                       "TensorTooLarge"),
    "configurations": ("tk 1;\nkernel k<%s>(y: out tensor<f32>[N]) grid(1) require(A0 > 100000) tune(%s) { y[0] = 1.0; }\n"
                       "reference k() -> (y within X) { y[0] = 1.0; }\ntest t : k(y = poison[4]);\n" % (
                           ", ".join("A%d: const in [%s] = 1" % (i, ", ".join(map(str, range(1000)))) for i in range(20)),
                           ", ".join("A%d in [%s]" % (i, ", ".join(map(str, range(1000)))) for i in range(20))),
                       "RequirementBroken"),
    "programs": (with_test("k(x = randn[4])", grid="1 << 50"), ""),
    "inlined_calls": (call_chain(30, "@(a) + @(a)"), ""),
}

# The same through the passes.
PIPELINES = {
    "inlined_calls": (call_chain(30, "@(a) + @(a)"), ""),
}

# Beginnings of a good file.
for size in [1, 3, 20, 60, 70, 80, 100, 120]:
    PROGRAMS["first_%d_bytes" % size] = (with_body("y[0 +: 4] = exp(x[0 +: 4]);")[:size], "")


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_IN_BYTES, MEMORY_LIMIT_IN_BYTES))


def check(command, name, path, error, limits_memory):
    """What is wrong with the answer to one program; empty if nothing is."""
    try:
        result = subprocess.run(command + [path], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                timeout=TIME_LIMIT_IN_SECONDS, preexec_fn=limit_memory if limits_memory else None)
    except subprocess.TimeoutExpired:
        return "still runs after %d s" % TIME_LIMIT_IN_SECONDS
    if result.returncode != 1:
        return "exit code %d\n%s" % (result.returncode, result.stderr[:2000])
    errors = [line for line in result.stderr.splitlines() if " error: " in line]
    place = re.escape(os.path.basename(path)) + r":\d+:\d+: error: "
    if not errors or not all(re.search(place, line) for line in errors):
        return "no error with a place\n%s" % result.stderr[:2000]
    limit = 21 if error == "TooManyErrors" else 3
    if len(errors) > limit:
        return "%d errors for one mistake\n%s" % (len(errors), result.stderr[:2000])
    if error and not any("[%s]" % error in line for line in errors):
        return "no [%s]\n%s" % (error, result.stderr[:2000])
    if len(result.stderr) > 20000:
        return "%d bytes of messages" % len(result.stderr)
    return ""


def main():
    tools, scratch = sys.argv[1:3]
    limits_memory = "--no-memory-limit" not in sys.argv
    os.makedirs(scratch, exist_ok=True)
    tkc = [os.path.join(tools, "tkc"), "-o", os.devnull]
    tk_run = [os.path.join(tools, "tk-run"), "--device", "interp"]
    num_failed = 0
    for kind, programs, commands in [("program", PROGRAMS, [tkc + ["--emit=tk"], tk_run]), ("test", TESTS, [tk_run]),
                                     ("pipeline", PIPELINES, [tkc + ["--emit=tkg"]])]:
        for name, program in programs.items():
            text, error = program if isinstance(program, tuple) else (program, "")
            path = os.path.join(scratch, name + ".tk")
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
            for command in commands:
                wrong = check(command, name, path, error, limits_memory)
                if wrong:
                    num_failed += 1
                    print("%s %s, %s: %s" % (kind, name, os.path.basename(command[0]), wrong))
    print("%d wrong answers" % num_failed)
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
