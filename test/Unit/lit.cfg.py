# lit.cfg.py - runs every GoogleTest case as one lit test.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os

import lit.formats

config.name = "TK-Unit"
config.suffixes = []
config.test_source_root = os.path.join(config.tk_obj_root, "unittests")
config.test_exec_root = config.test_source_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
