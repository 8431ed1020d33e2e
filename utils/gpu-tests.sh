#!/usr/bin/env bash
# gpu-tests.sh - runs the GPU tests on a machine that has a GPU but no LLVM.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#   utils/gpu-tests.sh pack            here: builds the release binary and packs
#                                      it with lit into out/gpu (about 21 MB)
#   utils/gpu-tests.sh run [options]   there: runs every test that needs a GPU;
#                                      options go to lit
#   utils/gpu-tests.sh unpack          there: only unpacks; prints the folder of
#                                      tkc, tk-opt and tk-run
#
# The other machine needs the repository, out/gpu, Python 3 for lit, and a CUDA
# toolkit (or libnvJitLink) for cubins.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
pack=out/gpu
unpacked=out/gpu-run

do_pack() {
  utils/install-dependencies.sh
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
  cmake --preset release >/dev/null
  ninja --quiet -C build/release tk
  local lit_library
  lit_library=$(dirname "$(readlink -f "$(sed -n 's/^LLVM_EXTERNAL_LIT:[A-Z]*=//p' build/release/CMakeCache.txt)")")/../utils/lit/lit
  rm -rf "$pack"
  mkdir -p "$pack"
  strip -o "$pack/tk" build/release/bin/tk
  xz -T0 -6 "$pack/tk"
  cp -r "$lit_library" "$pack/lit"
  find "$pack/lit" -name '__pycache__' -prune -exec rm -rf {} + -o -name tests -prune -exec rm -rf {} +
  # Device functions of AMD GPUs are not needed there; those of NVIDIA come with its toolkit.
  du -sh "$pack"
}

do_unpack() {
  [ -f "$pack/tk.xz" ] || { echo "gpu-tests.sh: $pack/tk.xz is missing; run 'utils/gpu-tests.sh pack' first" >&2; exit 1; }
  mkdir -p "$unpacked/bin" "$unpacked/test"
  if [ ! -x "$unpacked/bin/tk" ] || [ "$pack/tk.xz" -nt "$unpacked/bin/tk" ]; then
    xz -dc "$pack/tk.xz" >"$unpacked/bin/tk"
    chmod +x "$unpacked/bin/tk"
  fi
  for name in tkc tk-opt tk-run; do ln -sf tk "$unpacked/bin/$name"; done
}

do_run() {
  do_unpack
  local top
  top=$(pwd)
  cat >"$unpacked/test/lit.site.cfg.py" <<SITE
config.llvm_tools_dir = "$top/$unpacked/bin"
config.lit_tools_dir = ""
config.host_triple = config.target_triple = "x86_64-unknown-linux-gnu"
config.llvm_shlib_ext = ".so"
config.tk_source_root = "$top"
config.tk_obj_root = "$top/$unpacked"
config.tk_tools_dir = "$top/$unpacked/bin"
config.tk_sanitize = ""
import lit.llvm
lit.llvm.initialize(lit_config, config)
lit_config.load_config(config, "$top/test/lit.cfg.py")
SITE
  # The suite of the unit tests is found as well; there are none here.
  mkdir -p "$unpacked/test/Unit" "$unpacked/unittests"
  cat >"$unpacked/test/Unit/lit.site.cfg.py" <<SITE
config.tk_obj_root = "$top/$unpacked"
lit_config.load_config(config, "$top/test/Unit/lit.cfg.py")
SITE
  local results=$unpacked/results.json status=0
  PYTHONPATH=$pack python3 -c 'from lit.main import main; main()' -sv -j1 --output "$results" \
    --filter '\.cuda$|/GPU/|^GPU/| GPU/' "$@" "$unpacked/test" || status=$?
  local passed failed skipped
  passed=$(grep -c '"code": "PASS"' "$results" || true)
  failed=$(grep -c '"code": "\(FAIL\|TIMEOUT\|UNRESOLVED\)"' "$results" || true)
  skipped=$(grep -c '"code": "UNSUPPORTED"' "$results" || true)
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || true
  echo "GPU: $passed passed, $failed failed, $skipped skipped"
  return "$status"
}

case "${1:-}" in
pack) do_pack ;;
unpack) do_unpack && echo "$unpacked/bin" ;;
run) shift && do_run "$@" ;;
*) sed -n '5,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
