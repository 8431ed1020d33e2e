#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the PTX beside each .cu again: update.sh [clang] [folder of CUDA]
set -euo pipefail
cd "$(dirname "$0")"
clang=${1:-clang-22}
cuda=${2:-/usr/local/cuda}
for source in *.cu; do
  "$clang" -S --cuda-device-only --cuda-gpu-arch=sm_90 --cuda-feature=+ptx80 -x cuda --cuda-path="$cuda" -nocudalib \
    -Wno-unknown-cuda-version -O2 -gline-tables-only -std=c++17 "$source" -o "${source%.cu}.ptx"
  # Names of files without their folders: those of this machine mean nothing.
  sed -i -E 's|(\.file[ \t]+[0-9]+ )("[^"]*" )?"[^"]*/([^/"]+)"|\1"\3"|' "${source%.cu}.ptx"
done
