#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a .tk file of random kernels with tests, for comparing levels.

    utils/random-kernels.py --seed 7 --count 20 > random.tk
    tk-opt random.tk --tk-pipeline --tkg-pipeline --check-each-pass -o /dev/null

There are no references: what the kernels mean is what the interpreter makes of
them before the first pass. One seed always prints the same file. Kernels read
and write what they may, divide by no zero, and race with nobody, so that every
complaint is a mistake of the compiler or of the interpreter.

    utils/random-kernels.py --exact --seed 7 --count 20 > random.tk
    test/tools/compare_devices.py tk-run random.tk interp emu

With --exact the devices agree on every bit of the outputs y0, y1, ..: there are
no approximations, and what depends on the order of additions of floats goes to
an output t0, t1, .. of its own at once.
"""
import argparse
import random
from collections import namedtuple

# A value of the program: `shape` is a tuple, () for a scalar.
Value = namedtuple("Value", "name dtype shape")

FLOATS = ["f16", "bf16", "f32", "f64"]
INTEGERS = ["i8", "i16", "i32", "i64", "u8", "u32"]
# Casts that keep every value.
WIDER = {"i8": ["i16", "i32", "i64"], "i16": ["i32", "i64"], "i32": ["i64"],
         "u8": ["i16", "i32", "u32", "i64"], "u32": ["i64"], "i64": [],
         "f16": ["f32", "f64"], "bf16": ["f32", "f64"], "f32": ["f64"], "f64": []}
EXTENTS = [1, 2, 3, 4, 5, 7, 8, 11, 12, 16, 24, 31, 32, 48, 64, 96]
MAX_ELEMENTS = 4096


def count(shape):
    product = 1
    for extent in shape:
        product *= extent
    return product


def is_float(dtype):
    return dtype in FLOATS


class Kernel:
    def __init__(self, rng, name, is_exact=False):
        self.rng = rng
        self.is_exact = is_exact
        self.name = name
        self.inputs = []
        self.lines = []
        self.outputs = []
        self.values = []
        self.indent = 1

    # Text ------------------------------------------------------------------

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def fresh(self):
        return "v%d" % len(self.lines)

    def let(self, text, dtype, shape):
        value = Value(self.fresh(), dtype, shape)
        self.emit("let %s = %s;" % (value.name, text))
        self.values.append(value)
        return value

    def let_summed(self, text, dtype, shape):
        """As `let`, for what depends on the order of additions."""
        value = Value(self.fresh(), dtype, shape)
        self.emit("let %s = %s;" % (value.name, text))
        self.add_summed(value, True)

    def add_summed(self, value, is_summed):
        """Offers a value to the statements that follow, unless it depends on the order of additions."""
        if is_summed and self.is_exact and is_float(value.dtype):
            self.store(value, "t")
        else:
            self.values.append(value)

    # Choices ---------------------------------------------------------------

    def pick(self, wanted):
        """A recent value for which `wanted` holds, or None."""
        found = [value for value in self.values if wanted(value)]
        # Long chains find more than many short ones.
        return self.rng.choice(found[-6:]) if found else None

    def pick_tile(self, dtype=None):
        return self.pick(lambda v: v.shape and v.dtype != "bool" and dtype in (None, v.dtype))

    def add_input(self, dtype, dims, data):
        name = "x%d" % len(self.inputs)
        # Columns side by side, gaps between rows, gaps everywhere.
        stride = self.rng.choice([None] * 5 + ["[1, {0} + 1]", "[{1} + 3, 1]", "[2 * {1}, 2]"])
        self.inputs.append((name, dtype, dims, data, stride if ", " in dims else None))
        return name

    def make_data(self, dtype):
        if dtype == "bool":
            return "uniform[%s](0, 2)"
        if is_float(dtype):
            return self.rng.choice(["randn[%s]", "uniform[%s](-4, 4)"])
        low = 0 if dtype.startswith("u") else -100
        return "uniform[%%s](%d, 100)" % low

    # Statements ------------------------------------------------------------

    def load(self):
        dtype = self.rng.choice(FLOATS + INTEGERS)
        pad = self.rng.choice(["", "", ", pad = 1"])
        kind = self.rng.randrange(5)
        if kind == 0:
            name = self.add_input(dtype, "N", self.make_data(dtype))
            return self.let("%s[j +: %d%s]" % (name, self.bn, pad), dtype, (self.bn,))
        if kind == 1:
            name = self.add_input(dtype, "M", self.make_data(dtype))
            return self.let("%s[i +: %d%s]" % (name, self.bm, pad), dtype, (self.bm,))
        name = self.add_input(dtype, "M, N", self.make_data(dtype))
        # Some tiles start before the tensor.
        offset = self.rng.choice(["", "", "", " - 3", " + 2"])
        if kind == 3 and self.rng.randrange(2):
            # Through pointers, and through a part of the tensor.
            items = "i +: %d, j +: %d" % (self.bm, self.bn)
            if self.rng.randrange(2):
                return self.let("load(addresses(%s[%s]), %s.inside(%s), 3)" % (name, items, name, items),
                                dtype, (self.bm, self.bn))
            return self.let("%s.sub(1, j, %d)[i +: %d, 0 +: %d]" % (name, max(self.bn - 1, 1), self.bm, self.bn),
                            dtype, (self.bm, self.bn))
        if kind == 2:
            # Coordinates in any order, some of them outside.
            rows = self.let("(arange<i32>(%d) * 7) %% %d" % (self.bm, self.bm + 3), "i32", (self.bm,))
            return self.let("%s[%s, j%s +: %d%s]" % (name, rows.name, offset, self.bn, pad),
                            dtype, (self.bm, self.bn))
        return self.let("%s[i%s +: %d, j +: %d%s]" % (name, offset, self.bm, self.bn, pad),
                        dtype, (self.bm, self.bn))

    def constant(self, dtype):
        if is_float(dtype):
            return self.rng.choice(["0.5", "1.0", "-2.0", "3.25"])
        return self.rng.choice(["1", "2", "5", "17"])

    def partner(self, value):
        """Text of an operand for an operation with `value`."""
        if self.rng.randrange(4) == 0:
            return self.constant(value.dtype)
        other = self.pick(lambda v: v.dtype == value.dtype and v.shape == value.shape)
        shape = value.shape
        if len(shape) == 2 and self.rng.randrange(2):
            row = self.pick(lambda v: v.dtype == value.dtype and v.shape == shape[1:])
            column = self.pick(lambda v: v.dtype == value.dtype and v.shape == shape[:1])
            if row:
                return row.name + "[none, :]"
            if column:
                return column.name + "[:, none]"
        scalar = self.pick(lambda v: v.dtype == value.dtype and v.shape == ())
        if scalar and self.rng.randrange(3) == 0:
            return scalar.name
        return other.name

    def binary(self):
        value = self.pick_tile()
        other = self.partner(value)
        if is_float(value.dtype):
            form = self.rng.choice(["{} + {}", "{} - {}", "{} * {}", "{} / {}", "max({}, {})", "min({}, {})"])
        else:
            form = self.rng.choice(["{} + {}", "{} - {}", "{} * {}", "{} & {}", "{} | {}", "{} ^ {}",
                                    "max({}, {})", "min({}, {})"])
        self.let(form.format(value.name, other), value.dtype, value.shape)

    def unary(self):
        value = self.pick_tile()
        forms = ["-{}"]
        if is_float(value.dtype):
            forms += ["abs({})", "floor({})", "exp(min({}, 2.0))", "sqrt(abs({}))", "tanh({})",
                      "fma({0}, {0}, {0})", "where(isnan({0}), 0.0, {0})", "clamp({}, -1.0, 8.0)"]
        else:
            forms = ["~{}", "{} << 2", "{} >> 1", "{} / 3", "{} % 5", "{0} * {0}", "clamp({}, 1, 50)"]
        if self.is_exact:
            forms = [form for form in forms if not form.startswith(("exp", "tanh"))]
        self.let(self.rng.choice(forms).format(value.name), value.dtype, value.shape)

    def convert(self):
        value = self.pick_tile()
        choices = list(WIDER[value.dtype])
        if is_float(value.dtype):
            choices += FLOATS + ["i32", "i8"]
        else:
            choices += ["f32", "f16", "bf16"]
        dtype = self.rng.choice(choices)
        how = ""
        if is_float(dtype) or is_float(value.dtype):
            how = self.rng.choice(["", "", ", round = rtz", ", round = rtp", ", round = rtn"])
        if is_float(dtype):
            how += self.rng.choice(["", "", "", ", saturate = true"])
        self.let(("cast<%s>(%s%s)" if how else "%s(%s%s)") % (dtype, value.name, how), dtype, value.shape)

    def select(self):
        value = self.pick_tile()
        compare = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        other = self.pick(lambda v: v.dtype == value.dtype and v.shape == value.shape)
        self.let("where(%s %s %s, %s, %s)" % (value.name, compare, self.partner(value), value.name, other.name),
                 value.dtype, value.shape)

    def reduce(self):
        value = self.pick_tile()
        axis = self.rng.randrange(len(value.shape))
        kind = self.rng.choice(["sum", "max", "min", "argmax", "lambda", "pair"])
        if kind == "pair" and is_float(value.dtype):
            kind = "max"
        if kind == "lambda" and self.is_exact and is_float(value.dtype):
            kind = "max"  # of NaN and a number, the lambda takes the second
        keep = kind not in ("lambda", "pair") and self.rng.randrange(3) == 0 and len(value.shape) > 1
        shape = list(value.shape)
        if keep:
            shape[axis] = 1
        else:
            del shape[axis]
        dtype = "i64" if kind == "argmax" else value.dtype
        arguments = "%s, axis = %d%s" % (value.name, axis, ", keep = true" if keep else "")
        if kind == "pair":
            # Two results at once: the smallest element, and the parity.
            arguments = ("(%s, %s & 1), axis = %d, |a, b| (min(a.0, b.0), a.1 ^ b.1)"
                         % (value.name, value.name, axis))
            self.emit("let %sp = reduce(%s);" % (self.fresh(), arguments))
            name = "v%dp" % (len(self.lines) - 1)
            return self.let("%s.0 + %s.1" % (name, name), dtype, tuple(shape))
        if kind == "lambda":
            # A lambda that the compiler does not know as a maximum.
            arguments = "%s, axis = %d, |a, b| where(a < b, b, a)" % (value.name, axis)
            kind = "reduce"
        let = self.let_summed if kind == "sum" else self.let
        let("%s(%s)" % (kind, arguments), dtype, tuple(shape))

    def reshape(self):
        value = self.pick(lambda v: len(v.shape) > 1)
        if not value:
            return
        rank = len(value.shape)
        kind = self.rng.randrange(4)
        if kind == 0:
            order = list(range(rank))
            self.rng.shuffle(order)
            shape = tuple(value.shape[dim] for dim in order)
            self.let("trans(%s, %s)" % (value.name, order), value.dtype, shape)
        elif kind == 1 and 2 * count(value.shape) <= MAX_ELEMENTS:
            axis = self.rng.randrange(rank)
            other = self.pick(lambda v: v.dtype == value.dtype and v.shape == value.shape)
            shape = list(value.shape)
            shape[axis] *= 2
            self.let("concat(%s, %s, axis = %d)" % (value.name, other.name, axis), value.dtype, tuple(shape))
        elif kind == 2:
            size = count(value.shape)
            first = self.rng.choice([n for n in range(1, size + 1) if size % n == 0])
            self.let("reshape(%s, [%d, %d])" % (value.name, first, size // first), value.dtype, (first, size // first))
        else:
            axis = self.rng.randrange(rank)
            extent = value.shape[axis]
            length = self.rng.randint(1, extent)
            start = self.rng.randint(0, extent - length)
            items = [":"] * rank
            items[axis] = "%d +: %d" % (start, length)
            shape = list(value.shape)
            shape[axis] = length
            self.let("%s[%s]" % (value.name, ", ".join(items)), value.dtype, tuple(shape))

    def outer(self):
        """A tile of three dimensions, reduced or transposed."""
        value = self.pick(lambda v: len(v.shape) == 2 and v.dtype != "bool" and count(v.shape) <= 1024)
        if not value:
            return
        m, n = value.shape
        cube = self.let("%s[:, :, none] + broadcast(%s[:, none, :], [%d, %d, %d])" %
                        (value.name, value.name, m, n, n), value.dtype, (m, n, n)) if m * n * n <= MAX_ELEMENTS else None
        if not cube:
            return
        axis = self.rng.randrange(3)
        shape = list(cube.shape)
        del shape[axis]
        kind = self.rng.choice(["max", "sum"])
        let = self.let_summed if kind == "sum" else self.let
        let("%s(%s, axis = %d)" % (kind, cube.name, axis), cube.dtype, tuple(shape))

    def branch(self):
        value = self.pick_tile()
        name = self.fresh()
        self.emit("var %s = %s;" % (name, value.name))
        self.emit("if program_id(0) %% 2 == %d {" % self.rng.randrange(2))
        self.emit("    %s = %s + %s;" % (name, name, self.partner(value)))
        self.emit("}")
        self.values.append(Value(name, value.dtype, value.shape))

    def loop(self):
        """Accumulates over slices of a tensor along its second dimension."""
        dtype = self.rng.choice(["f32", "f64", "i32"])
        source = self.rng.choice([dtype, dtype, "f16" if is_float(dtype) else "i8"])
        step = self.rng.choice(EXTENTS[4:])
        if self.bm * step > MAX_ELEMENTS:
            return
        tensor = self.add_input(source, "M, K", self.make_data(source))
        name = self.fresh()
        reduces = self.rng.randrange(2)
        shape = (self.bm,) if reduces else (self.bm, step)
        self.emit("var %s = zeros<%s>[%s];" % (name, dtype, ", ".join(map(str, shape))))
        self.emit("for k in range(0, K, %d) {" % step)
        self.emit("    let t = %s(%s[i +: %d, k +: %d]);" % (dtype, tensor, self.bm, step))
        self.emit("    %s += %s;" % (name, "sum(t, axis = 1)" if reduces else "t"))
        if self.rng.randrange(2):
            self.emit("    %s = max(%s, t%s);" % (name, name, "[:, 0]" if reduces else " * t"))
        self.emit("}")
        self.add_summed(Value(name, dtype, shape), reduces)

    def product(self):
        """A sum of products in a loop, with something done to an operand."""
        dtype = self.rng.choice(["f16", "bf16", "f32"])
        step = self.rng.choice([8, 12, 16, 24, 32, 48, 64])
        if max(self.bm, self.bn) * step > MAX_ELEMENTS:
            return
        a = self.add_input(dtype, "M, K", self.make_data(dtype))
        is_transposed = self.rng.randrange(3) == 0
        b = self.add_input(dtype, "N, K" if is_transposed else "K, N", self.make_data(dtype))
        name = self.fresh()
        self.emit("var %s = zeros<f32>[%d, %d];" % (name, self.bm, self.bn))
        self.emit("for k in range(0, K, %d) {" % step)
        left = "%s[i +: %d, k +: %d]" % (a, self.bm, step)
        right = "%s[k +: %d, j +: %d]" % (b, step, self.bn)
        if is_transposed:
            right = "trans(%s[j +: %d, k +: %d])" % (b, self.bn, step)
        self.emit("    let l = %s;" % left)
        self.emit("    let r = %s;" % right)
        left = self.rng.choice(["l", "l", "l", "max(l, 0.0)", "l * 0.5"])
        self.emit("    %s += dot(%s, r%s);" % (name, left, ", precision = tf32"
                                               if dtype == "f32" and self.rng.randrange(2) else ""))
        if self.rng.randrange(4) == 0:
            self.emit("    %s = %s * 0.5;" % (name, name))
        self.emit("}")
        self.add_summed(Value(name, "f32", (self.bm, self.bn)), True)

    def store(self, value, prefix="y"):
        name = "%s%d" % (prefix, len(self.outputs))
        if value.shape == (self.bm, self.bn) and self.rng.randrange(2):
            self.outputs.append((name, value.dtype, "M, N"))
            return self.store_tile(name, value.name)
        dims = ["cdiv(M, %d) * cdiv(N, %d)" % (self.bm, self.bn)] + [str(extent) for extent in value.shape]
        items = ["p"] + ["0 +: %d" % extent for extent in value.shape]
        self.outputs.append((name, value.dtype, ", ".join(dims)))
        self.emit("%s[%s] = %s;" % (name, ", ".join(items), value.name))

    def store_tile(self, name, value):
        rows, columns = "i +: %d" % self.bm, "j +: %d" % self.bn
        kind = self.rng.randrange(6)
        # Two integer tiles of one shape would pair up.
        if kind == 0 and self.bm != self.bn:
            rows = "i + arange(%d)" % self.bm
        if kind in (0, 1):
            columns = "j + arange(%d)" % self.bn
        if kind == 2:
            items = "%s, %s" % (rows, columns)
            return self.emit("store(addresses(%s[%s]), %s, %s.inside(%s));" % (name, items, value, name, items))
        self.emit("%s[%s, %s] = %s;" % (name, rows, columns, value))

    # Whole kernels ---------------------------------------------------------

    def generate(self):
        rng = self.rng
        while True:
            self.bm, self.bn = rng.choice(EXTENTS), rng.choice(EXTENTS)
            if 4 <= self.bm * self.bn <= MAX_ELEMENTS:
                break
        self.emit("let i = program_id(0) * %d;" % self.bm)
        self.emit("let j = program_id(1) * %d;" % self.bn)
        self.emit("let p = program_id(0) * num_programs(1) + program_id(1);")
        for _ in range(rng.randint(1, 3)):
            self.load()
        statements = ([self.binary] * 5 + [self.unary] * 3 + [self.convert] * 2 + [self.select] * 2 +
                      [self.reduce] * 2 + [self.reshape] * 3 + [self.branch, self.loop, self.product, self.load, self.outer])
        for _ in range(rng.randint(4, 14)):
            rng.choice(statements)()
        stored = [v for v in self.values if v.dtype != "bool"][-3:]
        for value in stored:
            self.store(value)

    def print(self):
        rng = self.rng
        sizes = {"M": rng.randint(1, 3 * self.bm), "N": rng.randint(1, 3 * self.bn),
                 "K": rng.choice([0, 1, 16, 63, 64, 100, 160])}
        # Multiples of 16 take the variants that copy vectors.
        if rng.randrange(2):
            sizes = {name: -(-size // 16) * 16 for name, size in sizes.items()}
        params = ["%s: tensor<%s>[%s]" % (name, dtype, dims) for name, dtype, dims, _, _ in self.inputs]
        params += ["%s: out tensor<%s>[%s]" % output for output in self.outputs]
        # Every dimension has a name that some tensor binds.
        params.append("m: tensor<i8>[M, N]")
        print("kernel %s(%s)" % (self.name, ", ".join(params)))
        print("    grid(cdiv(M, %d), cdiv(N, %d))" % (self.bm, self.bn))
        print("{")
        print("\n".join(self.lines))
        print("}\n")
        arguments = []
        for name, _, dims, data, stride in self.inputs:
            extents = [str(sizes[dim]) for dim in dims.split(", ")]
            text = "%s = %s" % (name, data % ", ".join(extents))
            if stride:
                text += " stride " + stride.format(*extents)
            arguments.append(text)
        arguments.append("m = zeros[%d, %d]" % (sizes["M"], sizes["N"]))
        print("test %s : %s(%s);\n" % (self.name, self.name, ", ".join(arguments)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of the first kernel; each has its own")
    parser.add_argument("--count", type=int, default=10, help="number of kernels")
    parser.add_argument("--exact", action="store_true", help="write what all devices compute alike")
    options = parser.parse_args()
    print("tk 1;\n")
    for seed in range(options.seed, options.seed + options.count):
        kernel = Kernel(random.Random(seed), "random%d" % seed, options.exact)
        kernel.generate()
        kernel.print()


if __name__ == "__main__":
    main()
