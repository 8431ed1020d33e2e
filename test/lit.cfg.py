# lit.cfg.py - how the regression tests run.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import glob
import os
import shutil
import subprocess
import sys

import lit.formats
from lit.llvm import llvm_config

config.name = "TK"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".tk", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py", "check_commands.py", "__pycache__"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tk_obj_root, "test")

llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.tk_tools_dir, append_path=True)
llvm_config.add_tool_substitutions(
    ["FileCheck", "not", "count", "split-file", "llvm-as", "llvm-dwarfdump", "llvm-objdump", "llvm-readelf"],
    [config.llvm_tools_dir])
llvm_config.with_system_environment(["CUDA_PATH", "CUDA_HOME", "ROCM_PATH", "HIP_PATH"])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
config.substitutions.append(("%top", config.tk_source_root))
config.substitutions.append(("%tools", config.tk_tools_dir))
config.substitutions.append(("%obj", config.tk_obj_root))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%kernels", os.path.join(config.tk_source_root, "kernels")))


def find_below(roots, names):
    """The first of the files that exists, in the places where tkc looks."""
    for root in filter(None, roots):
        for name in names:
            if os.path.exists(os.path.join(root, name)):
                return os.path.join(root, name)
    return None


ptxas_on_path = shutil.which("ptxas")
cuda_roots = [
    os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"),
    os.path.dirname(os.path.dirname(os.path.realpath(ptxas_on_path)))
    if ptxas_on_path else None,
    "/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda",
    "/usr/lib/nvidia-cuda-toolkit", "/usr"]
ptxas = find_below(cuda_roots, ["bin/ptxas"])
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
if find_below(cuda_roots, [folder + "/libnvJitLink.so." + version
                           for version in ["13", "12"]
                           for folder in ["lib64", "lib"]]):
    config.available_features.add("nvjitlink")
if find_below(cuda_roots, ["nvvm/libdevice/libdevice.10.bc",
                           "libdevice/libdevice.10.bc"]):
    config.available_features.add("libdevice")
if find_below([os.environ.get("ROCM_PATH"), os.environ.get("HIP_PATH"),
               "/opt/rocm", "/usr/lib/x86_64-linux-gnu",
               "/usr/lib/aarch64-linux-gnu", "/usr"],
              ["amdgcn/bitcode/ocml.bc", "share/amdgcn/bitcode/ocml.bc"]):
    config.available_features.add("ocml")
# Every write to it fails.
if os.path.exists("/dev/full"):
    config.available_features.add("full-device")
# Whoever runs the tests may mount folders of their own.
if shutil.which("unshare") and subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
                                              capture_output=True).returncode == 0:
    config.available_features.add("namespaces")
if shutil.which("cmake"):
    config.available_features.add("cmake")
if config.tk_sanitize:
    config.available_features.add("sanitizers")
for name in ["cuda", "hip"]:
    library = os.path.join(config.tk_obj_root, "lib", "libTkFake%s.so" % name.capitalize())
    config.substitutions.append(("%fake-" + name, library))
    if os.path.exists(library):
        config.available_features.add("fake-drivers")
if glob.glob("/dev/nvidia[0-9]*"):
    config.available_features.add("gpu")
