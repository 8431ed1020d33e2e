// RUN: tk-opt %s --convert-tk-to-tkg | FileCheck %s --check-prefix=DEFAULT
// RUN: tk-opt %s --convert-tk-to-tkg=target=gfx942 | FileCheck %s --check-prefix=GFX942
// RUN: tk-opt %s --convert-tk-to-tkg="target=gfx1100 warps=2" | FileCheck %s --check-prefix=GFX1100
// RUN: not tk-opt %s --convert-tk-to-tkg=target=sm_99 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not tk-opt %s --convert-tk-to-tkg="target=gfx90a warps=17" 2>&1 | FileCheck %s --check-prefix=WARPS
// RUN: not tk-opt %s --convert-tk-to-tkg=target=sm_80 --convert-tk-to-tkg 2>&1 | FileCheck %s --check-prefix=TWICE

// DEFAULT: module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32}
// GFX942:  module attributes {tkg.target = "gfx942", tkg.threads_per_warp = 64 : i32}
// GFX1100: module attributes {tkg.target = "gfx1100", tkg.threads_per_warp = 32 : i32}
// UNKNOWN: error: unknown target 'sm_99', expects one of sm_80, sm_86, {{.*}}; did you mean 'sm_89'?
// TWICE: error: expects a module without a target, got one that is converted for 'sm_80'

// The kernel's own number of warps goes before the option.
// DEFAULT-LABEL: tk.kernel @fixed_warps()
// DEFAULT-SAME:    attributes {tkg.warps = 8 : i32}
// GFX1100-LABEL: tk.kernel @fixed_warps()
// GFX1100-SAME:    attributes {tkg.warps = 8 : i32}
tk.kernel @fixed_warps() attributes {warps = 8} {
  tk.return
}

// GFX1100-LABEL: tk.kernel @warps_of_option()
// GFX1100-SAME:    attributes {tkg.warps = 2 : i32}
// WARPS: error: expects 1 to 16 warps for gfx90a, got 17
tk.kernel @warps_of_option() {
  tk.return
}
