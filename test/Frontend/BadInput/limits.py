# limits.py - every limit of docs/Language.md holds what it says, and one more is refused.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   limits.py <folder> <tkc>

import os
import subprocess
import sys

KERNEL = "kernel k(y: out tensor<f32>[N]%s) grid(1) { %s }\nexport k;\n"


def kernel(body, params=""):
    return KERNEL % (params, body)


def repeat(count, text="%d", separator=", "):
    return separator.join(text % i if "%" in text else text for i in range(count))


# Name of the error, what is allowed, what is not any more, and a program of that size.
LIMITS = [
    ("TooManyParams", 256, 257, lambda n: kernel("y[0] = 1.0;", repeat(n - 1, ", p%d: i32", ""))),
    ("TooManyParams", 256, 257, lambda n: "kernel k<%s>(y: out tensor<f32>[N]) grid(1) { y[0] = 1.0; }\nexport k;\n" %
     repeat(n, "A%d: const = 1")),
    ("RankTooLarge", 5, 6, lambda n: kernel("y[0] = 1.0;", ", x: tensor<f32>[%s]" % repeat(n, "D%d"))),
    ("RankTooLarge", 8, 9, lambda n: kernel("let t = zeros<f32>[%s]; y[0] = sum(t);" % repeat(n, "2"))),
    ("TileTooLarge", 2**20, 2**20 + 1, lambda n: kernel("y[0 +: %d] = zeros<f32>[%d];" % (n, n))),
    ("TupleTooLarge", 256, 257, lambda n: kernel("let t = (%s); y[0] = f32(t.0);" % repeat(n, "1"))),
    ("TooManyReturns", 256, 257, lambda n: "fn f(a: i32) -> i32 { %s return 0; }\n" %
     repeat(n - 1, "if a == %d { return 1; }", " ") + kernel("y[0] = f32(f(3));")),
    ("NameTooLong", 255, 256, lambda n: kernel("let %s = 1.0; y[0] = %s;" % ("a" * n, "a" * n))),
    ("NumberTooLong", 255, 256, lambda n: kernel("y[0] = 1.%s;" % ("0" * (n - 2)))),
    # The kernel and its statement are two levels.
    ("NestingTooDeep", 254, 255, lambda n: kernel("y[0] = %s1.0%s;" % ("(" * n, ")" * n))),
    ("ExpressionTooLong", 4094, 4098, lambda n: kernel("let a = f32(program_id(0)); y[0] = a%s;" % (" + a" * n))),
    ("SweepTooLong", 4096, 4097, lambda n: "kernel k(y: out tensor<f32>[N]) grid(1) { y[0] = 1.0; }\n"
     "test t : k(y = poison[N]) for N in [%s];\n" % repeat(n, "1%d")),
]


def compile(folder, tkc, program):
    path = os.path.join(folder, "limit.tk")
    with open(path, "w") as file:
        file.write("tk 1;\n" + program)
    result = subprocess.run([tkc, path, "--emit=tk", "-o", os.devnull], capture_output=True, text=True, timeout=60)
    return result.returncode, result.stderr


def main():
    folder, tkc = sys.argv[1:]
    num_wrong = 0
    for name, allowed, refused, program in LIMITS:
        code, messages = compile(folder, tkc, program(allowed))
        if code != 0:
            num_wrong += 1
            print("%s: %d is refused: %s" % (name, allowed, messages[:200]))
        code, messages = compile(folder, tkc, program(refused))
        if code != 1 or "[%s]" % name not in messages:
            num_wrong += 1
            print("%s: %d gives exit code %d: %s" % (name, refused, code, messages[:200]))
    print("%d limits, %d wrong" % (len(LIMITS), num_wrong))
    return 1 if num_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
