# count_facts.py - counts in the output of tkc what makes kernels fast or slow.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   count_facts.py tkg kernels                    runs tkc on each file of the folder
#   tkc softmax.tk --emit=ptx | count_facts.py ptx
#   tkc matmul.tk --emit=ptx | count_facts.py products
#   count_facts.py banks softmax.json             what tk-run --device emu --json wrote
#
# One line for each kernel that relies on aligned arguments, or has no variants:
#
#   softmax_bf16_BLOCK4096  conversions 0 + 0  barriers 0 + 0
#   softmax_bf16_BLOCK4096  global 16B: 4
#   matmul_bf16_BM128_BN256_BK64_GROUP8  64-bit products in 764 lines of loops: 0
#   softmax_bf16_BLOCK4096  ways 1 of 64 requests
#
# Two numbers are those outside of loops and those in the bodies of loops.
# Accesses to global memory are counted by their width in bytes; those to shared
# memory by the most words that lanes wanted from one bank at once.
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

# ld.global.nc.v4.b32, st.global.b16, red.relaxed.gpu.global.add.f32, ...
ACCESS = re.compile(r"\b(?:ld|st|red|atom)\.[\w.:]*\bglobal\.(?:[\w:]+\.)*?(?:v(\d)\.)?[bfsu](\d+)\b")
COPY = re.compile(r"\bcp\.async\S* \[[^]]*\], \[[^]]*\], (\d+)")


def split_kernels(text, head):
    """The name and the lines of each kernel, `head` being how one begins."""
    starts = list(re.finditer(head, text, re.M))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends):
        yield start.group(1), text[start.start():end].splitlines()


def count_ops(lines, name):
    """How many ops `name` are outside of loops, and inside."""
    counts, loops = [0, 0], []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if loops and indent <= loops[-1] and line.lstrip().startswith("}"):
            loops.pop()
        if re.search(name + r"\b", line):
            counts[bool(loops)] += 1
        if re.search(r"\bscf\.(for|while)\b", line):
            loops.append(indent)
    return "%d + %d" % tuple(counts)


def describe_tkg(text):
    for name, lines in split_kernels(text, r"^ *tk\.kernel @\"?(\w+)"):
        if "tkg.fallback" not in lines[0]:
            yield name, "conversions %s  barriers %s" % (
                count_ops(lines, r"tkg\.convert_layout"), count_ops(lines, r"tkg\.barrier"))


def count_widths(lines):
    widths = collections.Counter()
    for line in lines:
        access, copy = ACCESS.search(line), COPY.search(line)
        if access:
            widths[int(access.group(1) or 1) * int(access.group(2)) // 8] += 1
        elif copy:
            widths[int(copy.group(1))] += 1
        elif re.search(r"\b(ld|st|red|atom|cp)\.\S*global", line):
            sys.exit("count_facts.py does not understand: " + line)
    return widths


def describe_ptx(text):
    kernels = list(split_kernels(text, r"^\.visible \.entry (\w+)"))
    names = [name for name, _ in kernels]
    for name, lines in kernels:
        if name + "__vector" not in names:
            widths = sorted(count_widths(lines).items(), reverse=True)
            yield name, "global " + "  ".join("%dB: %d" % width for width in widths)


def find_loops(lines):
    """The numbers of the lines that are in loops: from a label to a branch back to it."""
    labels = {line.rstrip(":"): number for number, line in enumerate(lines) if line.startswith("$L")}
    inside = set()
    for number, line in enumerate(lines):
        branch = re.search(r"\bbra(?:\.uni)?\s+(\$\w+);", line)
        if branch and labels[branch.group(1)] <= number:
            inside.update(range(labels[branch.group(1)], number))
    return inside


def describe_products(text):
    kernels = list(split_kernels(text, r"^\.visible \.entry (\w+)"))
    names = [name for name, _ in kernels]
    for name, lines in kernels:
        if name + "__vector" not in names:
            loops = find_loops(lines)
            products = [number for number in loops if re.search(r"\b(mul|mad)\.(lo|hi)\.[su]64\b", lines[number])]
            yield name, "64-bit products in %d lines of loops: %d" % (len(loops), len(products))


def describe_banks(path):
    """One line for each kernel; of its launches, the worst."""
    with open(path) as file:
        launches = json.load(file)["launches"]
    worst, requests = {}, collections.Counter()
    for launch in launches:
        shared = launch["measurements"]["totals"].get("shared", {"worst_ways": 0, "requests": 0})
        name = launch["entry"]
        worst[name] = max(worst.get(name, 0), shared["worst_ways"])
        requests[name] += shared["requests"]
    for name, ways in worst.items():
        yield name, "ways %d of %d requests" % (ways, requests[name])


def compile_all(path):
    """All that tests and benches name, as tkg: what a file exports is less."""
    with open(path) as file, tempfile.NamedTemporaryFile("w", suffix=".tk") as whole:
        whole.write("".join(line for line in file if not line.startswith("export ")))
        whole.flush()
        return subprocess.run(["tkc", whole.name, "--emit=tkg", "-o", "-"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout


def show(facts):
    for name, fact in facts:
        print(name.replace("__vector", ""), "", fact)


if sys.argv[1] == "ptx":
    show(describe_ptx(sys.stdin.read()))
elif sys.argv[1] == "products":
    show(describe_products(sys.stdin.read()))
elif sys.argv[1] == "banks":
    for path in sys.argv[2:]:
        show(describe_banks(path))
else:
    for name in sorted(os.listdir(sys.argv[2])):
        if name.endswith(".tk"):
            show(describe_tkg(compile_all(os.path.join(sys.argv[2], name))))
