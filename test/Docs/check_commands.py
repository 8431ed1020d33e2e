#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_commands.py - runs the commands that a Markdown page shows.

Usage: check_commands.py PAGE TOP TOOLS

A block ```tk NAME.tk is written to a scratch folder under that name. In a block
```console, lines that start with '$ ' are commands, run in that folder, where the
tools are on PATH and `kernels`, `utils` are those of the repository; the lines below
a command are its expected output. In an expected line '...' stands for any text;
a line that is only '...' stands for any number of lines. A command must succeed,
unless its block is marked ```console fails.
"""
import os
import re
import subprocess
import sys
import tempfile


def blocks(text):
    for match in re.finditer(r"^```(\S+)[ ]?([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield match.group(1), match.group(2).strip(), match.group(3)


def sessions(body):
    command, expected = None, []
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line[2:], []
        else:
            expected.append(line)
    if command:
        yield command, expected


def to_pattern(expected):
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r".*?".join(re.escape(re.sub(r"\s+", " ", part)) for part in line.split("...")) + r"\s*\n"
    return pattern


def main():
    page, top, tools = sys.argv[1:]
    env = dict(os.environ, PATH=tools + os.pathsep + os.environ["PATH"])
    num_commands = num_failed = 0
    with tempfile.TemporaryDirectory() as scratch, open(page) as file:
        for name in ("kernels", "utils", "bench"):
            os.symlink(os.path.join(top, name), os.path.join(scratch, name))
        for kind, argument, body in blocks(file.read()):
            if kind == "tk" and argument:
                with open(os.path.join(scratch, argument), "w") as out:
                    out.write(body)
            if kind != "console":
                continue
            for command, expected in sessions(body):
                num_commands += 1
                result = subprocess.run(command, shell=True, cwd=scratch, env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                found = "".join(re.sub(r"\s+", " ", line).rstrip() + "\n" for line in result.stdout.splitlines())
                failed = (result.returncode != 0) != (argument == "fails")
                if failed or (expected and not re.fullmatch(to_pattern(expected), found)):
                    num_failed += 1
                    print(f"$ {command}\n{result.stdout}(exit code {result.returncode})")
                    print("expected:\n" + "\n".join(expected))
    print(f"{num_commands} commands, {num_failed} failed")
    return 1 if num_failed or not num_commands else 0


if __name__ == "__main__":
    sys.exit(main())
