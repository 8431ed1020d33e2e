#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the PTX beside each .cu again: update.sh [nvcc]
set -euo pipefail
cd "$(dirname "$0")"
nvcc=${1:-nvcc}
for source in *.cu; do
  "$nvcc" -ptx -arch=sm_90a -O3 -lineinfo -std=c++17 "$source" -o "${source%.cu}.ptx"
  # Names of files without their folders: those of this machine mean nothing.
  sed -i -E 's|(\.file[ \t]+[0-9]+ )"[^"]*/([^/"]+)"|\1"\2"|' "${source%.cu}.ptx"
done
