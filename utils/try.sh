#!/usr/bin/env bash
# try.sh - builds the tools, then compiles, runs and checks a kernel.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   utils/try.sh [file.tk] [options of tk-run]
#
# Runs on the GPU if there is one, otherwise in the interpreter; says which.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
"$top/utils/build.sh" tk
[ $# -gt 0 ] || set -- "$top/kernels/softmax.tk"
exec "$top/build/dev/bin/tk-run" "$@"
