# kernel_format.py - runs each kernel file in each way as one lit test.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A module of its own, because lit hands tests to other processes, and those can
# only find classes that they can import.
import os
import re
import resource
import subprocess

import default_instances
import hsaco_checks
import lit.formats
import lit.Test


def choose_instances(text, takes_all):
    """The file without exports, so that all that tests and benches name is compiled, or what the first test or bench of
    each kernel does."""
    text = re.sub(r"^export [^;]*;", "", text, flags=re.M)
    if takes_all:
        return text
    seen = set()

    def keep_first(match):
        is_new = match.group(1) not in seen
        seen.add(match.group(1))
        return match.group(0) if is_new else ""

    return re.sub(r"^(?:test|bench) +\w+ *: *(\w+)[^;]*;", keep_first, text, flags=re.M)


def list_f64_kernels(text):
    """The kernels and sequences with tests of which the type of elements may be f64."""
    names = re.findall(r"^(?:kernel|sequence) (\w+)<T: (?:float|number|any)\b", text, re.M)
    return [name for name in names if re.search(r"^test +\w+ *: *%s\b" % name, text, re.M)]


def get_processor_seconds():
    """What the processes that ended took, those that they started included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class KernelFormat(lit.formats.FileBasedTest):
    # Everything that tests and benches name is compiled for these chips ...
    CHIPS = ("sm_80", "sm_90a", "gfx90a", "gfx1100")
    # ... and for these, which are like one of the others, the instances of each kernel's first test or bench.
    OTHER_CHIPS = ("sm_86", "sm_89", "sm_100a", "sm_120a", "gfx942", "gfx950")
    KINDS = ("interp", "f64", "passes", "benches", "emu_sm_80", "emu_sm_90a", "spills") + CHIPS + OTHER_CHIPS + ("cuda",)

    # Runs of the assembler on one kernel that spills, to find the most blocks for which it does not: more would mean that it
    # spills with less than 40 registers.
    MAX_RUNS_FOR_A_KERNEL = 9

    # Seconds of processor time to compile a file. No measurement: it ends what has got out of hand. The slowest, matmul for
    # sm_90a, takes 13 beside other work, most of it in ptxas.
    TIME_LIMIT = 90

    # Benches of kernels that give nothing that could be compared.
    WITHOUT_RESULTS = {"noop": ["empty"]}

    # Benches whose reference must be evaluated whole, on 10^8 elements.
    LARGE_BENCHES = {"sum": ["total"]}

    # Warp-instructions of one launch in the emulator: about a minute. A test over it is slow, and skipped by name; TK_EMU_BUDGET
    # is another budget, or 'none'.
    BUDGET = "20000000"

    def getTestsInDirectory(self, suite, path_in_suite, lit_config, local_config):
        for name in sorted(os.listdir(self.kernels)):
            stem, ext = os.path.splitext(name)
            if ext == ".tk":
                for kind in self.KINDS:
                    yield lit.Test.Test(suite, path_in_suite + (stem + "." + kind,), local_config)

    # Device functions that a machine may lack: what provides the feature, by the name in the error.
    LIBRARIES = {"libdevice": "libdevice.10.bc", "ocml": "ocml.bc"}

    def execute(self, test, lit_config):
        code, shown = self.execute_kind(test)
        for feature, name in self.LIBRARIES.items():
            if (code is lit.Test.FAIL and feature not in test.config.available_features
                    and "of %s, which was not found" % name in shown):
                return lit.Test.UNSUPPORTED, "needs " + name
        return code, shown

    def execute_kind(self, test):
        stem, kind = test.path_in_suite[-1].rsplit(".", 1)
        source = os.path.join(self.kernels, stem + ".tk")
        if kind == "cuda" and "gpu" not in test.config.available_features:
            return lit.Test.UNSUPPORTED, "needs a GPU"
        if kind in self.CHIPS + self.OTHER_CHIPS:
            return self.compile(test, source, kind)
        if kind == "f64":
            return self.run_as_f64(source)
        if kind == "passes":
            return self.check_passes(source)
        if kind == "spills":
            return self.check_spills(test, source)
        if kind == "benches":
            return self.check_benches(stem, source)
        if kind.startswith("emu_"):
            return self.emulate(source, kind[len("emu_"):])
        return self.run_tests(source, "interp" if kind == "interp" else "cuda")

    def run(self, command):
        result = subprocess.run(command, capture_output=True, text=True, timeout=600)
        shown = "$ " + " ".join(command) + "\n" + result.stdout + result.stderr
        return result.returncode, result.stdout, shown

    def run_tests(self, source, device):
        with open(source) as file:
            text = file.read()
        has_tests = "\ntest " in text
        if re.search(r"^    for \w+ in range\(", text, re.MULTILINE) and not re.search(r"^test \w*trip", text, re.MULTILINE):
            return lit.Test.FAIL, ("a kernel has a loop, but no test is named after its trip counts: none, one, and up "
                                   "to one more than the deepest pipeline of 5 stages")
        code, out, shown = self.run([os.path.join(self.tools, "tk-run"), "--device", device, source])
        if code != 0:
            return lit.Test.FAIL, shown
        if has_tests and " ok " not in out:
            return lit.Test.FAIL, shown + "\nthe file has tests, but none was reported"
        return lit.Test.PASS, shown

    def run_as_f64(self, source):
        """A kernel that computes in f32 would miss its reference."""
        with open(source) as file:
            names = list_f64_kernels(file.read())
        if not names:
            return lit.Test.UNSUPPORTED, "no kernel with a test takes f64"
        all_shown = ""
        for name in names:
            code, _, shown = self.run([os.path.join(self.tools, "tk-run"), "--device", "interp", "--kernel", name,
                                       "-D", "T=f64", source])
            all_shown += shown
            if code != 0:
                return lit.Test.FAIL, all_shown
        return lit.Test.PASS, all_shown

    def emulate(self, source, target):
        budget = os.environ.get("TK_EMU_BUDGET", self.BUDGET)
        limit = [] if budget == "none" else ["--budget", budget]
        code, out, shown = self.run([os.path.join(self.tools, "tk-run"), "--device", "emu", "--target", target, *limit,
                                     source])
        with open(source) as file:
            has_tests = "\ntest " in file.read()
        if code == 0 and " ok " not in out and " slow, skipped: " in out:
            return lit.Test.UNSUPPORTED, shown
        passed = code == 0 and (" ok " in out or not has_tests)
        return (lit.Test.PASS if passed else lit.Test.FAIL), shown

    def check_benches(self, stem, source):
        with open(source) as file:
            names = re.findall(r"^bench (\w+)", file.read(), re.MULTILINE)
        all_shown = ""
        for name in names:
            if name in self.LARGE_BENCHES.get(stem, []):
                continue
            code, out, shown = self.run([os.path.join(self.tools, "tk-run"), "--device", "emu", "--bench",
                                         "--check-only", "--only", name, source])
            all_shown += shown
            has_results = name not in self.WITHOUT_RESULTS.get(stem, [])
            compared = "  ok: " if has_results else "  runs: nothing to compare"
            if code != 0 or compared not in out:
                return lit.Test.FAIL, all_shown
        return lit.Test.PASS, all_shown

    def check_passes(self, source):
        code, _, shown = self.run([os.path.join(self.tools, "tk-opt"), source, "--check-each-pass",
                                   "--tk-pipeline", "--tkg-pipeline", "-o", os.devnull])
        if code != 0:
            return lit.Test.FAIL, shown
        checked = re.search(r"checked (\d+) kernels on (\d+) launches in (\d+) runs", shown)
        if not checked or min(map(int, checked.groups())) == 0:
            return lit.Test.FAIL, shown + "\nno kernel was checked"
        return lit.Test.PASS, shown

    def get_output_stem(self, test):
        stem = os.path.join(test.suite.getExecPath(test.path_in_suite[:-1]), test.path_in_suite[-1])
        os.makedirs(os.path.dirname(stem), exist_ok=True)
        return stem

    def compile(self, test, source, target):
        is_nvidia = target.startswith("sm_")
        if is_nvidia and "ptxas" not in test.config.available_features:
            return lit.Test.UNSUPPORTED, "needs ptxas"
        stem = self.get_output_stem(test)
        output = stem + (".cubin" if is_nvidia else ".hsaco")
        with open(source) as file, open(stem + ".tk", "w") as chosen:
            chosen.write(choose_instances(file.read(), target in self.CHIPS))
        tkc = os.path.join(self.tools, "tkc")
        before = get_processor_seconds()
        code, _, shown = self.run([tkc, stem + ".tk", "--target=" + target, "--remarks", "-o", output])
        if code != 0 or not os.path.getsize(output):
            return lit.Test.FAIL, shown
        seconds = get_processor_seconds() - before
        if seconds > self.TIME_LIMIT:
            return lit.Test.FAIL, shown + "\n%d s are too long" % seconds
        code, described, shown_description = self.run([tkc, "--describe", output])
        shown += shown_description
        if is_nvidia:
            passed = code == 0 and " registers" in described and not self.list_spilling(shown)
            return (lit.Test.PASS if passed and self.runs_assembler_rarely(shown) else lit.Test.FAIL), shown
        _, notes, _ = self.run([os.path.join(self.llvm_tools, "llvm-readelf"), "--notes", output])
        _, instructions, _ = self.run([os.path.join(self.llvm_tools, "llvm-objdump"), "-d", output])
        mistakes = hsaco_checks.check(described, notes, instructions, target)
        return (lit.Test.FAIL if mistakes else lit.Test.PASS), shown + "\n".join(mistakes)

    def runs_assembler_rarely(self, shown):
        """Whether kernels that spill cost at most one more run on all kernels, and few on themselves."""
        found = re.findall(r"remark: ptxas ran (\d+) times on all kernels and (\d+) times on one that spilled", shown)
        num_relieved = len(re.findall(r"remark: applied: .*\[MoreRegisters\]", shown))
        if not found:
            return num_relieved == 0
        (num_whole, num_single), = found
        return int(num_whole) == 2 and int(num_single) <= self.MAX_RUNS_FOR_A_KERNEL * num_relieved

    def check_spills(self, test, source):
        """Every instance with default tiles, for every NVIDIA chip."""
        if "ptxas" not in test.config.available_features:
            return lit.Test.UNSUPPORTED, "needs ptxas"
        stem = self.get_output_stem(test)
        with open(source) as file:
            text = choose_instances(file.read(), takes_all=True)
        instances = list(default_instances.list_instances(text))
        with open(stem + ".tk", "w") as chosen:
            chosen.write(text + "\nexport " + ", ".join(instances) + ";\n")
        tkc = os.path.join(self.tools, "tkc")
        all_shown = ""
        for chip in self.CHIPS + self.OTHER_CHIPS:
            if not chip.startswith("sm_"):
                continue
            code, _, shown = self.run([tkc, stem + ".tk", "--target=" + chip, "--remarks", "-o", stem + ".cubin"])
            all_shown += shown
            described_code, described, _ = self.run([tkc, "--describe", stem + ".cubin"])
            if code != 0 or described_code != 0 or described.count("\nkernel ") < len(instances):
                return lit.Test.FAIL, all_shown + described + "\nnot all of %d instances are there" % len(instances)
            spilling = self.list_spilling(shown)
            if spilling:
                return lit.Test.FAIL, all_shown + "".join("\n%s spills on %s" % (name, chip) for name in spilling)
        return lit.Test.PASS, all_shown

    @staticmethod
    def list_spilling(shown):
        """The kernels that spill, by what --remarks says. General variants beside one for aligned arguments may, and are not
        remarked: they are there for arguments of which nothing is known."""
        return re.findall(r"remark: missed: '(\w+)' spills", shown)
