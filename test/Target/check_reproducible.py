# check_reproducible.py - the same kernels give the same bytes, wherever and however they are compiled.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   check_reproducible.py kernels folder softmax.tk --target=gfx90a
#
# One line for the file and these options of tkc; ends with an error at the first difference.
import os
import shutil
import subprocess
import sys

kernels, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
name, options = sys.argv[3], sys.argv[4:]
shutil.rmtree(folder, ignore_errors=True)
elsewhere = os.path.join(folder, "some where else", "ünïcode")
os.makedirs(elsewhere)
shutil.copy(os.path.join(kernels, name), elsewhere)


def use_one_core():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def compile(path, options, cwd, environment=None, **arguments):
    output = os.path.join(folder, "output")
    result = subprocess.run(["tkc", path, "-o", output] + options, cwd=cwd, stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.STDOUT, env=dict(os.environ, **(environment or {})), **arguments)
    if result.returncode != 0:
        sys.exit("%s: %s" % (path, result.stdout))
    with open(output, "rb") as file:
        return file.read()


def compile_otherwise(name, options, expected):
    """Yields how, and the bytes. The name of the file is part of the line information, as it was given or mapped."""
    other_user = {"HOME": elsewhere, "TMPDIR": elsewhere, "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "TZ": "Asia/Kathmandu",
                  "USER": "somebody", "SOURCE_DATE_EPOCH": "1"}
    yield "again", compile(name, options, kernels)
    mapped = options + ["--file-prefix-map=%s/=" % elsewhere]
    yield "through a mapped path", compile(os.path.join(elsewhere, name), mapped, folder)
    all_at_once = compile(name, options, elsewhere, other_user, preexec_fn=use_one_core)
    if all_at_once != expected:
        yield "in another folder", compile(name, options, elsewhere)
        yield "in another environment", compile(name, options, kernels, other_user)
        yield "on one core", compile(name, options, kernels, preexec_fn=use_one_core)
    yield "in another folder and environment, on one core", all_at_once


expected = compile(name, options, kernels)
for how, got in compile_otherwise(name, options, expected):
    if got != expected:
        sys.exit("%s %s: other bytes %s" % (name, " ".join(options), how))
print("%s %s: %d bytes" % (name, " ".join(options), len(expected)))
