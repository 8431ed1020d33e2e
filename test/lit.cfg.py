# lit.cfg.py - how the regression tests run.
import glob
import os
import shutil

import lit.formats
from lit.llvm import llvm_config

config.name = "TK"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".tk", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tk_obj_root, "test")

llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.tk_tools_dir, append_path=True)
llvm_config.add_tool_substitutions(
    ["FileCheck", "not", "count", "split-file", "llvm-objdump", "llvm-readelf"],
    [config.llvm_tools_dir])
llvm_config.with_system_environment(["CUDA_PATH", "CUDA_HOME"])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
config.substitutions.append(("%kernels", os.path.join(config.tk_source_root, "kernels")))


def find_cuda_tool(name):
    """The tool in the places where tkc looks for it."""
    for root in [os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"),
                 "/usr/local/cuda", "/opt/cuda"]:
        if root and os.path.exists(os.path.join(root, "bin", name)):
            return os.path.join(root, "bin", name)
    return shutil.which(name)


ptxas = find_cuda_tool("ptxas")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
if glob.glob("/dev/nvidia[0-9]*"):
    config.available_features.add("gpu")
