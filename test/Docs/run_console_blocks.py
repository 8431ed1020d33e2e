# run_console_blocks.py - runs the commands of a Markdown file and compares.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: run_console_blocks.py FILE

A block that starts with ```console holds "$ command" and what it prints. Exits
with 1 if a command fails or prints something else.
"""
import re
import subprocess
import sys


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S)
    if not blocks:
        sys.exit(f"{sys.argv[1]}: no console block")
    failures = 0
    for block in blocks:
        first, _, expected = block.partition("\n")
        command = first.removeprefix("$ ")
        result = subprocess.run(["bash", "-o", "pipefail", "-c", command],
                                capture_output=True, text=True)
        # `head` closes the pipe early, which is no failure of the command.
        is_failure = result.returncode not in (0, 141)
        if is_failure or result.stdout != expected:
            failures += 1
            print(f"$ {command}\nexpected:\n{expected}\ngot:\n{result.stdout}"
                  f"{result.stderr}")
    sys.exit(1 if failures else 0)


main()
