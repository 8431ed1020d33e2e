# check_examples.py - the examples of operations and types are tested IR.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   check_examples.py <ops.mlir> <file.td>...
#
# Every operation, type and attribute with a mnemonic must have a summary, a description and an example, and each
# statement of the example must stand in ops.mlir, which is parsed and printed back; names may differ.

import re
import sys

DEFINITION = re.compile(r"^def \w+\s*:\s*(\w+)<\s*(?:\w+,\s*)?\"([\w.]+)\"(.*?)^}", re.S | re.M)
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.S)


def normalize(text):
    """Without comments, white space that means nothing, and names of values and attributes."""
    lines = [line.split("//")[0] for line in text.splitlines()]
    text = re.sub(r"%[\w]+(?::\d+|#\d+)?", "%", " ".join(lines))
    text = re.sub(r"#(?!tkg?\.)\w+", "#", text)
    return re.sub(r"\s+", "", text)


def split_statements(example):
    """Statements start at the indentation of the first line and go on in lines that are deeper, or close a brace."""
    statements = []
    for line in example.splitlines():
        if not line.strip() or line.strip().startswith("//"):
            continue
        depth = len(line) - len(line.lstrip())
        if not statements:
            outer = depth
        if statements and (depth > outer or line.strip().startswith(("}", ":"))):
            statements[-1] += "\n" + line
        else:
            statements.append(line)
    return statements


def main():
    with open(sys.argv[1]) as file:
        tested = normalize(file.read())
    num_definitions = num_missing = 0

    def complain(what):
        nonlocal num_missing
        num_missing += 1
        print(what)

    for path in sys.argv[2:]:
        with open(path) as file:
            text = file.read()
        for base, mnemonic, body in DEFINITION.findall(text):
            if not re.search(r"_(Op|Type|Attr)$|^(Tkg?)_", base) or "Enum" in base:
                continue
            num_definitions += 1
            for field in ["summary", "description"]:
                if "let %s" % field not in body:
                    complain("%s: no %s" % (mnemonic, field))
            examples = EXAMPLE.findall(body)
            if not examples:
                complain("%s: no example" % mnemonic)
            for example in examples:
                for statement in split_statements(example):
                    if normalize(statement) not in tested:
                        complain("%s: not in ops.mlir: %s" % (mnemonic, " ".join(statement.split())))
    print("%d definitions, %d complaints" % (num_definitions, num_missing))
    return 1 if num_missing else 0


if __name__ == "__main__":
    sys.exit(main())
