#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the PTX beside each .cu again: update.sh [nvcc]
set -euo pipefail
cd "$(dirname "$0")"
nvcc=${1:-nvcc}
compile() {
  "$nvcc" -ptx "-arch=$2" -O3 -lineinfo -std=c++17 "$1.cu" -o "$1.ptx"
  # Names of files without their folders: those of this machine mean nothing.
  sed -i -E 's|(\.file[ \t]+[0-9]+ )"[^"]*/([^/"]+)"|\1"\2"|' "$1.ptx"
}
compile MatmulMma sm_80
compile MatmulWgmma sm_90a
