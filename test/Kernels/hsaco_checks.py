# hsaco_checks.py - compares the parts of an hsaco with each other.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What the manifest says (tkc --describe), what the loader reads (the notes) and
# what runs (the code) come from different stages of the compiler.
import collections
import re

Kernel = collections.namedtuple("Kernel", "symbol is_fast num_arguments num_threads shared_bytes")

LANES = {"gfx90a": 64, "gfx942": 64, "gfx950": 64, "gfx1100": 32}
SHARED_BYTES = {"gfx90a": 65536, "gfx942": 65536, "gfx950": 163840, "gfx1100": 65536}


def read_description(text):
    """The kernels, as the manifest describes them. The general variant beside one for aligned arguments is not fast."""
    kernels = []
    for line in text.splitlines():
        variant = re.match(r"  variant (\w+): (\w+)\((.*)\)$", line)
        launch = re.match(r"    block (\d+) x 1 x 1, shared memory (\d+) bytes", line)
        if line.startswith("kernel "):
            has_vector = False
        elif variant:
            kind, symbol, arguments = variant.groups()
            has_vector |= kind == "vector"
        elif launch:
            kernels.append(Kernel(symbol, kind == "vector" or not has_vector, len(re.findall(r"[^, ]+", arguments)),
                                  int(launch.group(1)), int(launch.group(2))))
    return kernels


def read_notes(text):
    """The metadata of each kernel by its symbol: numbers, and the offsets and sizes of the arguments."""
    notes = {}
    kernels = text.split("amdhsa.kernels:")[1].split("\namdhsa.")[0]
    for part in kernels.split("\n  - ")[1:]:
        part = "    " + part
        fields = dict(re.findall(r"^    \.(\w+): +(\S+)$", part, flags=re.M))
        offsets, sizes = ([int(value) for value in re.findall(r"^      .*\.%s: +(\d+)$" % name, part, flags=re.M)]
                          for name in ("offset", "size"))
        fields["arguments"] = list(zip(offsets, sizes))
        notes[fields["name"]] = fields
    return notes


def read_code(text):
    """The instructions of each function."""
    code, current = {}, None
    for line in text.splitlines():
        label = re.match(r"[0-9a-f]+ <(\w+)>:$", line)
        if label:
            current = code.setdefault(label.group(1), [])
        elif current is not None and line.startswith("\t"):
            current.append(line.split("//")[0].strip())
    return code


def compare(kernel, what, got, wanted):
    return [] if got == wanted else ["%s: %s is %s, expected %s" % (kernel.symbol, what, got, wanted)]


def check_notes(kernel, notes, target):
    arguments = notes["arguments"]
    mistakes = compare(kernel, "wavefront size", int(notes["wavefront_size"]), LANES[target])
    mistakes += compare(kernel, "threads", int(notes["max_flat_workgroup_size"]), kernel.num_threads)
    # The launch says how much shared memory there is.
    mistakes += compare(kernel, "static shared memory", int(notes["group_segment_fixed_size"]), 0)
    # No hidden argument, which a launch without the HIP runtime would have to guess.
    mistakes += compare(kernel, "number of arguments", len(arguments), kernel.num_arguments)
    mistakes += compare(kernel, "size of the arguments", int(notes["kernarg_segment_size"]),
                        sum(arguments[-1]) if arguments else 0)
    if kernel.shared_bytes > SHARED_BYTES[target]:
        mistakes.append("%s: %d bytes of shared memory" % (kernel.symbol, kernel.shared_bytes))
    if kernel.is_fast:
        mistakes += compare(kernel, "spilled vector registers", int(notes["vgpr_spill_count"]), 0)
        mistakes += compare(kernel, "stack", int(notes["private_segment_fixed_size"]), 0)
    return mistakes


def check_code(kernel, code, target):
    mistakes = ["%s: %s" % (kernel.symbol, text) for text in code if "<unknown>" in text]
    mistakes += compare(kernel, "an end", any(text.startswith("s_endpgm") for text in code), True)
    mistakes += compare(kernel, "use of shared memory",
                        any(re.match(r"ds_(read|write|load|store)", text) for text in code), kernel.shared_bytes > 0)
    if kernel.shared_bytes > 0 and kernel.num_threads > LANES[target]:
        mistakes += compare(kernel, "a barrier", any(text.startswith("s_barrier") for text in code), True)
    return mistakes


def check(description, notes_text, code_text, target):
    """What is wrong with an hsaco, as texts."""
    kernels, notes, code = read_description(description), read_notes(notes_text), read_code(code_text)
    if not kernels:
        return ["no kernel is described"]
    mistakes = []
    if set(notes) != {kernel.symbol for kernel in kernels}:
        mistakes.append("the notes name %s" % sorted(notes))
    for kernel in kernels:
        if kernel.symbol not in code:
            mistakes.append(kernel.symbol + ": no code")
        elif kernel.symbol in notes:
            mistakes += check_notes(kernel, notes[kernel.symbol], target)
            mistakes += check_code(kernel, code[kernel.symbol], target)
    return mistakes
