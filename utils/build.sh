#!/usr/bin/env bash
# build.sh - installs what is missing and builds the tools in build/dev/bin.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   utils/build.sh [target...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

utils/install-dependencies.sh
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
log=build/configure.log
mkdir -p build
if ! cmake --preset dev >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
ninja --quiet -C build/dev "${@:-tk}"
