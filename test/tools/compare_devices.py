#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs each test of a file that utils/random-kernels.py --exact printed on two
devices, and compares the outputs.

    compare_devices.py <tk-run> <file.tk> <device> <device> [option for the second ...]

Outputs y0, y1, .. must agree in every element, in which all NaN are equal and
both zeros are. Of outputs t0, t1, .. the difference may be a small part of the
largest element.
"""
import ast
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

# Of what depends on the order of additions, the part of the largest element that two orders may differ by.
TOLERANCES = {"f16": 2e-2, "bf16": 1e-1, "f32": 1e-4, "f64": 1e-12}
FORMATS = {"f16": "e", "f32": "f", "f64": "d", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "u8": "B", "u32": "I"}


def read_npy(path, dtype):
    with open(path, "rb") as file:
        data = file.read()
    (header_size,) = struct.unpack_from("<H", data, 8)
    shape = ast.literal_eval(data[10:10 + header_size].decode())["shape"]
    data = data[10 + header_size:]
    if dtype == "bf16":  # the upper half of an f32
        bits = struct.unpack("<%dH" % (len(data) // 2), data)
        values = struct.unpack("<%df" % len(bits), struct.pack("<%dI" % len(bits), *(b << 16 for b in bits)))
    else:
        values = [value for (value,) in struct.iter_unpack("<" + FORMATS[dtype], data)]
    return shape, values


def is_equal(a, b, tolerance):
    return a == b or (a != a and b != b) or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance)


def describe_difference(name, dtype, paths):
    """What differs first, or None."""
    (shape, first), (other_shape, second) = [read_npy(path, dtype) for path in paths]
    if shape != other_shape:
        return "%s has shape %s and %s" % (name, shape, other_shape)
    largest = max([abs(value) for value in first if math.isfinite(value)], default=0)
    tolerance = TOLERANCES[dtype] * largest if name.startswith("t") else 0
    for i, (a, b) in enumerate(zip(first, second)):
        if not is_equal(a, b, tolerance):
            return "%s %s: element %d of %s is %s and %s" % (dtype, name, i, list(shape), a, b)
    return None


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        sys.exit("error: %s\n%s%s" % (" ".join(command), result.stdout, result.stderr))


def main():
    tool, source, *devices = sys.argv[1:5]
    options = sys.argv[5:]
    with open(source) as file:
        text = file.read()
    kernels = re.findall(r"^kernel (\w+)\((.*)\)$", text, re.MULTILINE)
    num_outputs = 0
    with tempfile.TemporaryDirectory() as folder:
        for kernel, params in kernels:
            outputs = re.findall(r"(\w+): out tensor<(\w+)>", params)
            path = lambda name, device: os.path.join(folder, "%s.%s.npy" % (name, device))
            for device in devices:
                run([tool, source, "--device", device, "--test", kernel, "--seeds=1"] +
                    (options if device == devices[1] else []) +
                    ["--output=%s=%s" % (name, path(name, device)) for name, _ in outputs])
            for name, dtype in outputs:
                difference = describe_difference(name, dtype, [path(name, device) for device in devices])
                if difference:
                    sys.exit("error: %s: %s" % (kernel, difference))
                num_outputs += 1
    print("compared %d outputs of %d kernels" % (num_outputs, len(kernels)))


if __name__ == "__main__":
    main()
