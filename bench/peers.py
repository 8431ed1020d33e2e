#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""peers.py - measures PyTorch and Triton beside tk in one run on one GPU.

Usage: peers.py TK_RUN KERNELS_DIR [--only NAME] [--json OUT]

For each workload it times PyTorch, tuned Triton and `tk-run --bench`, all with CUDA events
around each launch after an L2 flush, and prints medians side by side. Needs torch and triton;
nothing else of the project does.
"""
import argparse
import json
import subprocess
import sys
import tempfile

import torch
import triton
import triton.language as tl


def time_ms(fn):
    return triton.testing.do_bench(fn, warmup=50, rep=200, return_mode="median")


# ---------------------------------------------------------------- Triton

@triton.autotune(
    configs=[triton.Config({"BLOCK": b}, num_warps=w) for b in (512, 1024, 2048, 4096) for w in (4, 8)],
    key=["n"])
@triton.jit
def add_kernel(x, y, z, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    tl.store(z + i, tl.load(x + i, mask=m) + tl.load(y + i, mask=m), mask=m)


@triton.autotune(
    configs=[triton.Config({"BLOCK": b}, num_warps=w) for b in (512, 1024, 2048, 4096) for w in (4, 8)],
    key=["n"])
@triton.jit
def copy_kernel(x, y, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    tl.store(y + i, tl.load(x + i, mask=m), mask=m)


ROW_CONFIGS = [triton.Config({}, num_warps=w) for w in (1, 2, 4, 8, 16, 32)]


@triton.autotune(configs=ROW_CONFIGS, key=["n"])
@triton.jit
def softmax_kernel(x, y, stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    v = tl.load(x + row * stride + c, mask=c < n, other=-float("inf")).to(tl.float32)
    e = tl.exp(v - tl.max(v, 0))
    tl.store(y + row * stride + c, (e / tl.sum(e, 0)).to(y.dtype.element_ty), mask=c < n)


@triton.autotune(configs=ROW_CONFIGS, key=["n"])
@triton.jit
def rmsnorm_kernel(x, w, y, stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    m = c < n
    v = tl.load(x + row * stride + c, mask=m, other=0).to(tl.float32)
    r = tl.rsqrt(tl.sum(v * v, 0) / n + eps)
    o = (v * r).to(y.dtype.element_ty) * tl.load(w + c, mask=m)
    tl.store(y + row * stride + c, o, mask=m)


@triton.autotune(configs=ROW_CONFIGS, key=["n"])
@triton.jit
def layernorm_kernel(x, w, b, y, mean, rstd, stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    m = c < n
    v = tl.load(x + row * stride + c, mask=m, other=0).to(tl.float32)
    mu = tl.sum(v, 0) / n
    d = tl.where(m, v - mu, 0)
    r = tl.rsqrt(tl.sum(d * d, 0) / n + eps)
    tl.store(mean + row, mu)
    tl.store(rstd + row, r)
    o = d * r * tl.load(w + c, mask=m).to(tl.float32) + tl.load(b + c, mask=m).to(tl.float32)
    tl.store(y + row * stride + c, o.to(y.dtype.element_ty), mask=m)


@triton.autotune(
    configs=[triton.Config({"BM": bm, "BN": bn}, num_warps=w)
             for bm in (32, 64, 128) for bn in (32, 64, 128) for w in (4, 8)],
    key=["m", "n"])
@triton.jit
def transpose_kernel(x, y, m, n, BM: tl.constexpr, BN: tl.constexpr):
    i = tl.program_id(1) * BM + tl.arange(0, BM)
    j = tl.program_id(0) * BN + tl.arange(0, BN)
    mask = (i[:, None] < m) & (j[None, :] < n)
    t = tl.load(x + i[:, None].to(tl.int64) * n + j[None, :], mask=mask)
    tl.store(y + j[:, None].to(tl.int64) * m + i[None, :], tl.trans(t), mask=tl.trans(mask))


# ---------------------------------------------------------------- workloads

def randn(*shape, dtype):
    return torch.randn(*shape, device="cuda", dtype=torch.float32).to(dtype)


def row_block(n):
    return triton.next_power_of_2(n)


def elementwise_workloads():
    n = 1 << 27
    x, y = randn(n, dtype=torch.float32), randn(n, dtype=torch.float32)
    z = torch.empty_like(x)
    grid = lambda meta: (triton.cdiv(n, meta["BLOCK"]),)
    yield ("add f32 2^27", "add.tk", "rows", {"N": n}, 12 * n,
           lambda: torch.add(x, y, out=z), lambda: add_kernel[grid](x, y, z, n))
    yield ("copy f32 2^27", "copy.tk", "flat", {}, 8 * n,
           lambda: z.copy_(x), lambda: copy_kernel[grid](x, z, n))


def row_workloads():
    m = 8192
    for n in (1024, 4096, 5000, 8192):
        x = randn(m, n, dtype=torch.bfloat16)
        y = torch.empty_like(x)
        yield (f"softmax bf16 {m}x{n}", "softmax.tk", "rows", {"N": n}, 4 * m * n,
               lambda: torch.softmax(x, 1),
               lambda: softmax_kernel[(m,)](x, y, n, n, BLOCK=row_block(n)))
    for n in (4096, 8192):
        x = randn(m, n, dtype=torch.bfloat16)
        y = torch.empty_like(x)
        w, b = randn(n, dtype=torch.bfloat16), randn(n, dtype=torch.bfloat16)
        mean = torch.empty(m, device="cuda")
        rstd = torch.empty(m, device="cuda")
        yield (f"rmsnorm bf16 {m}x{n}", "rmsnorm.tk", "rows", {"N": n}, 4 * m * n,
               lambda: torch.nn.functional.rms_norm(x, (n,), w, 1e-6),
               lambda: rmsnorm_kernel[(m,)](x, w, y, n, n, 1e-6, BLOCK=row_block(n)))
        yield (f"layernorm bf16 {m}x{n}", "layernorm.tk", "rows", {"N": n}, 4 * m * n,
               lambda: torch.nn.functional.layer_norm(x, (n,), w, b, 1e-5),
               lambda: layernorm_kernel[(m,)](x, w, b, y, mean, rstd, n, n, 1e-5, BLOCK=row_block(n)))


def transpose_workloads():
    n = 8192
    x = randn(n, n, dtype=torch.bfloat16)
    y = torch.empty_like(x)
    grid = lambda meta: (triton.cdiv(n, meta["BN"]), triton.cdiv(n, meta["BM"]))
    yield ("transpose bf16 8192^2", "transpose.tk", "square", {}, 4 * n * n,
           lambda: y.copy_(x.t()), lambda: transpose_kernel[grid](x, y, n, n))
    yield ("copy bf16 8192^2", "copy.tk", "rows", {}, 4 * n * n, lambda: y.copy_(x), None)


def matmul_workloads():
    for n in (2048, 4096, 8192):
        a, b = randn(n, n, dtype=torch.bfloat16), randn(n, n, dtype=torch.bfloat16)
        c = torch.empty_like(a)
        yield (f"matmul bf16 {n}^3", "matmul.tk", "square", {"N": n}, None,
               lambda: torch.matmul(a, b, out=c), None, 2 * n ** 3)


# ---------------------------------------------------------------- tk

def measure_tk(tk_run, path, bench, sweep):
    """Returns the median in ms of one point of one bench, or None."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [tk_run, path, "--device", "cuda", "--bench", f"--only={bench}", f"--json={out.name}"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            print(result.stderr.strip(), file=sys.stderr)
            return None
        for row in json.load(out)["results"]:
            point = dict(item.split(" = ") for item in row.get("sweep", "").split(", ") if item)
            if all(point.get(name) == str(value) for name, value in sweep.items()):
                return row["median_ms"]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tk_run")
    parser.add_argument("kernels")
    parser.add_argument("--only", default="", help="run workloads whose name contains this")
    parser.add_argument("--json", help="write the table to this file")
    args = parser.parse_args()

    print(torch.cuda.get_device_name(), "torch", torch.__version__, "triton", triton.__version__)
    header = f"{'workload':28}{'torch':>10}{'Triton':>10}{'tk':>10}   unit     tk/best  tk/Triton"
    print(header)
    table = []
    for group in (elementwise_workloads, row_workloads, transpose_workloads, matmul_workloads):
        for name, path, bench, sweep, num_bytes, torch_fn, triton_fn, *flops in group():
            if args.only not in name:
                continue
            work, unit = (flops[0] / 1e9, "TFLOP/s") if flops else (num_bytes / 1e6, "GB/s")
            times = {"torch": time_ms(torch_fn), "triton": time_ms(triton_fn) if triton_fn else None,
                     "tk": measure_tk(args.tk_run, f"{args.kernels}/{path}", bench, sweep)}
            rates = {k: work / t if t else None for k, t in times.items()}
            table.append({"workload": name, "unit": unit, "ms": times, "rate": rates})
            peers = [rates[k] for k in ("torch", "triton") if rates[k]]
            show = lambda r: f"{r:10.1f}" if r else f"{'-':>10}"
            ratio = lambda r: f"{rates['tk'] / r:9.3f}" if r and rates["tk"] else f"{'-':>9}"
            print(f"{name:28}{show(rates['torch'])}{show(rates['triton'])}{show(rates['tk'])}   {unit:8}"
                  f"{ratio(max(peers))} {ratio(rates['triton'])}", flush=True)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(table, out, indent=1)


if __name__ == "__main__":
    main()
