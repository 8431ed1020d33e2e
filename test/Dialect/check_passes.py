# check_passes.py - every pass is tested alone, with each of its options.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   check_passes.py <Passes.td>... -- <folder of tests>...
#
# A pass needs a summary, a description that says what holds after it, a RUN line with no other pass of these files, and
# for each option a RUN line that sets it.

import os
import re
import sys

PASS = re.compile(r'^def \w+\s*:\s*Pass<\s*"([\w-]+)"(.*?)^}', re.S | re.M)
OPTION = re.compile(r'Option<\s*"\w+",\s*"([\w-]+)"', re.S)


def read_run_lines(folders):
    for folder in folders:
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith((".mlir", ".test", ".tk")):
                    with open(os.path.join(path, name), errors="replace") as file:
                        for line in re.sub(r"\\\n(?:// )?RUN:", " ", file.read()).splitlines():
                            if "RUN:" in line:
                                yield line


def main():
    middle = sys.argv.index("--")
    passes = []
    for path in sys.argv[1:middle]:
        with open(path) as file:
            passes += PASS.findall(file.read())
    flags = [flag for flag, _ in passes]
    names = re.compile(r"(?<![\w.-])(?:--)?(%s)(?![\w.-])" % "|".join(sorted(flags, key=len, reverse=True)))
    runs = [(set(names.findall(line)), line) for line in read_run_lines(sys.argv[middle + 1:])]
    complaints = []
    for flag, body in passes:
        for field in ["summary", "description"]:
            if "let %s" % field not in body:
                complaints.append("%s: no %s" % (flag, field))
        alone = [line for used, line in runs if used == {flag}]
        if not alone:
            complaints.append("%s: no test runs it alone" % flag)
        for option in OPTION.findall(body):
            if not any(re.search(r"(?<![\w-])%s\b" % option, line) for line in alone):
                complaints.append("%s: no test sets '%s'" % (flag, option))
    print("\n".join(complaints + ["%d passes, %d complaints" % (len(passes), len(complaints))]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
