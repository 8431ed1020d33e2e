#!/usr/bin/env bash
# measure-ptx.sh - what a GPU computes, for the emulator to be compared with.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   utils/measure-ptx.sh build        builds out/measure-ptx; needs no CUDA
#   utils/measure-ptx.sh check        builds, and lets ptxas accept every case
#   utils/measure-ptx.sh run FOLDER   there, with a GPU: writes FOLDER/*.pack.gz
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

do_build() {
  mkdir -p out
  "${CXX:-clang++-22}" -std=c++17 -O1 -Wall -Wextra -Werror -static-libstdc++ -static-libgcc \
    -o out/measure-ptx utils/measure-ptx/{Main,Cases,Packs,MatrixCases,WarpgroupCases,ArithmeticCases,BoundaryCases,RandomCases}.cpp -ldl
}

do_check() {
  do_build
  local failures=0
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  out/measure-ptx list "$folder" "$@"
  for file in "$folder"/*.ptx; do
    "${PTXAS:-/usr/local/cuda/bin/ptxas}" -O0 -arch=sm_90a -o /dev/null "$file" 2>"$folder/log" || {
      failures=$((failures + 1))
      echo "$(basename "$file"): $(grep -m1 error "$folder/log" || head -1 "$folder/log")"
    }
  done
  echo "$(ls "$folder" | grep -c ptx$) cases, $failures refused by ptxas"
  [ "$failures" = 0 ]
}

do_run() {
  mkdir -p "$1"
  out/measure-ptx run "$@"
  gzip -9f "$1"/*.pack
}

command=$1
shift
case $command in
build | check | run) "do_$command" "$@" ;;
*) echo "measure-ptx.sh: unknown command '$command'" >&2; exit 2 ;;
esac
