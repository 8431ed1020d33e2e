#!/usr/bin/env bash
# test.sh - builds everything and runs every test.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   utils/test.sh [options of lit]
#
# The last line is 'N passed, N failed, N skipped'. Skipped are tests that need
# what this machine lacks, such as a GPU. Before it, tests of kernels are named
# that are too slow for the emulator (test/Kernels/kernel_format.py).
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
"$top/utils/build.sh" tk TkUnitTests mlir-doc

results=$top/build/dev/test-results.json
lit=$(sed -n 's/^LLVM_EXTERNAL_LIT:[A-Z]*=//p' "$top/build/dev/CMakeCache.txt")
status=0
"$lit" -sv --output "$results" "$@" "$top/build/dev/test" || status=$?

count() { grep -c "\"code\": \"\\($1\\)\"" "$results" || true; }
passed=$(count 'PASS\|XFAIL')
failed=$(count 'FAIL\|XPASS\|UNRESOLVED\|TIMEOUT')
skipped=$(count 'UNSUPPORTED\|SKIPPED\|EXCLUDED')
# Outputs are strings of JSON.
grep -o 'skipped as slow: [^\\"]*' "$results" || true
echo "$passed passed, $failed failed, $skipped skipped"
if [ "$passed" -eq 0 ]; then
  echo "test.sh: no test ran" >&2
  exit 1
fi
exit "$status"
