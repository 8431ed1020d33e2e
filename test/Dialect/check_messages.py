# check_messages.py - every message of dialects and passes is tested.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   check_messages.py <folder of sources>... -- <folder of tests>...
#
# Each piece of text in a statement that reports an error, a warning or a remark must stand in an expected diagnostic or
# in a CHECK line of a test, or between quotes in a GoogleTest. What a program computes (numbers, names, types) stands
# between pieces and is free.

import os
import re
import sys

REPORT = re.compile(r"\b(?:emitOpError|emitError|emitWarning|emitRemark|remarkMissed|remark::\w+|attachNote|"
                    r"append(?:Op)?Error|reason\s*=)(?=\W)|"
                    r"\b(?:createStringError|makeError|fail|failArgument|expects|report|check|errors\.report)(?=\()")
LITERAL = re.compile(r'(?<!\')"((?:[^"\\\n]|\\.)*)"')
EXPECTED = re.compile(r"(?:expected-(?:error|warning|remark|note)(?:-re)?|[A-Z-]+(?:-NEXT|-SAME|-DAG|-NOT)?:|^says:)(.*)",
                      re.M)


def get_files(folders, suffixes):
    for folder in folders:
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.join(path, name)


def get_literals(text):
    """The texts between quotes; those that only white space parts are one."""
    literals, end = [], None
    for literal in LITERAL.finditer(text):
        if end is not None and not text[end:literal.start()].strip():
            literals[-1] += literal.group(1)
        else:
            literals.append(literal.group(1))
        end = literal.end()
    return [literal.replace('\\"', '"').replace("\\n", " ") for literal in literals]


def get_statement(text, start):
    """Up to the semicolon that ends the statement, without those in literals."""
    end = start
    while end < len(text) and text[end] != ";":
        literal = LITERAL.match(text, end)
        end = literal.end() if literal else end + 1
    return text[start:end]


def get_pieces(statement):
    """The texts of a statement: adjacent literals are one, placeholders of formatv cut."""
    for literal in get_literals(statement):
        for piece in re.split(r"\{\d+[^}]*\}", literal):
            piece = piece.strip()
            # Single words are keywords and names as often as texts.
            if len(re.findall(r"[A-Za-z]{2,}", piece)) >= 2:
                yield re.sub(r"\s+", " ", piece)


def main():
    middle = sys.argv.index("--")
    expected = []
    for path in get_files(sys.argv[middle + 1:], (".mlir", ".tk", ".test", ".txt")):
        with open(path, errors="replace") as file:
            expected += [match.group(1) for match in EXPECTED.finditer(file.read())]
    for path in get_files(sys.argv[middle + 1:], (".cpp",)):
        with open(path) as file:
            expected += get_literals(file.read())
    tested = re.sub(r"\s+", " ", "\n".join(expected))
    num_pieces = num_missing = 0
    for path in get_files(sys.argv[1:middle], (".cpp", ".h")):
        with open(path) as file:
            text = file.read()
        for match in REPORT.finditer(text):
            for piece in get_pieces(get_statement(text, match.start())):
                num_pieces += 1
                if piece not in tested:
                    num_missing += 1
                    line = text.count("\n", 0, match.start()) + 1
                    print("%s:%d: no test expects '%s'" % (os.path.basename(path), line, piece))
    print("%d pieces of messages, %d without a test" % (num_pieces, num_missing))
    return 1 if num_missing else 0


if __name__ == "__main__":
    sys.exit(main())
