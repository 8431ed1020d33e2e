#!/usr/bin/env bash
# install-dependencies.sh - installs what building and testing tk needs.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# For Debian and Ubuntu. Installs nothing that is already there, and asks for
# root only if something is missing. CUDA is optional and never installed here.
set -euo pipefail

llvm_packages=(clang-22 liblld-22-dev libmlir-22-dev lld-22 llvm-22-dev llvm-22-tools mlir-22-tools)
packages=(ccache cmake g++ git libgtest-dev libzstd-dev ninja-build python3 xz-utils zlib1g-dev "${llvm_packages[@]}")
# Device functions of AMD GPUs; only needed for hsaco of kernels that call exp and the like.
optional_packages=(rocm-device-libs)

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_available() {
  [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)')" ]
}

if ! command -v apt-get >/dev/null; then
  echo "install-dependencies.sh: this system has no apt-get. Install by hand: cmake, ninja, ccache," \
       "GoogleTest, zlib, zstd, and LLVM, MLIR, clang and lld of version 22." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
wanted=()
for package in "${optional_packages[@]}"; do
  is_installed "$package" || wanted+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  # What is only of use is no reason to ask for a password.
  [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] || exit 0
fi

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-dependencies.sh: run it as root, or install: ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi

all=("${missing[@]}" "${wanted[@]}")
echo "Installing: ${all[*]}"
if ! "${root[@]}" apt-get update -qq; then
  [ ${#missing[@]} -eq 0 ] || exit 1
  echo "Going on without: ${wanted[*]}"
  exit 0
fi
for package in "${llvm_packages[@]}"; do
  if ! is_available "$package"; then
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-RELEASE}")
    cat >&2 <<MESSAGE
install-dependencies.sh: the package sources of this system have no '$package'.
LLVM 22 is in Debian 12's security updates, in Debian 13 and in Ubuntu 26.04. For other
systems the LLVM project keeps a package source. As root:
  apt-get install ca-certificates wget
  wget -O /etc/apt/trusted.gpg.d/apt.llvm.org.asc https://apt.llvm.org/llvm-snapshot.gpg.key
  echo 'deb https://apt.llvm.org/$codename/ llvm-toolchain-$codename-22 main' >/etc/apt/sources.list.d/llvm-22.list
Then run this again.
MESSAGE
    exit 1
  fi
done
for package in "${wanted[@]}"; do
  if is_available "$package"; then
    missing+=("$package")
  else
    echo "Not available here, going on without: $package"
  fi
done
[ ${#missing[@]} -eq 0 ] ||
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
