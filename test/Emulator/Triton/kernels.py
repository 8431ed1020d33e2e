# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ordinary Triton kernels whose PTX the emulator runs (unittests/Emulator).

    python3 kernels.py      writes <name>.<target>.ptx beside this file

Needs Triton 3.6 and no GPU. The facts that a launch needs (warps, shared bytes)
are kept in the first lines of each file.
"""

import os
import re
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out + i, tl.load(x + i, mask) + tl.load(y + i, mask), mask)


@triton.jit
def softmax(x, out, columns, stride, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    v = tl.load(x + row * stride + i, i < columns, other=-float("inf")).to(tl.float32)
    e = tl.exp(v - tl.max(v, 0))
    tl.store(out + row * stride + i, (e / tl.sum(e, 0)).to(out.dtype.element_ty), i < columns)


@triton.jit
def layernorm(x, weight, bias, out, columns, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    mask = i < columns
    v = tl.load(x + row * columns + i, mask, other=0).to(tl.float32)
    mean = tl.sum(v, 0) / columns
    centred = tl.where(mask, v - mean, 0)
    r = tl.rsqrt(tl.sum(centred * centred, 0) / columns + eps)
    w = tl.load(weight + i, mask, other=0).to(tl.float32)
    b = tl.load(bias + i, mask, other=0).to(tl.float32)
    tl.store(out + row * columns + i, (centred * r * w + b).to(out.dtype.element_ty), mask)


@triton.jit
def column_sum(x, out, rows, columns, BLOCK_R: tl.constexpr, BLOCK_C: tl.constexpr):
    c = tl.program_id(0) * BLOCK_C + tl.arange(0, BLOCK_C)
    total = tl.zeros((BLOCK_C,), tl.float32)
    for r0 in range(0, rows, BLOCK_R):
        r = r0 + tl.arange(0, BLOCK_R)
        mask = (r[:, None] < rows) & (c[None, :] < columns)
        total += tl.sum(tl.load(x + r[:, None] * columns + c[None, :], mask, other=0), 0)
    tl.store(out + c, total, c < columns)


@triton.jit
def transpose(x, out, rows, columns, BLOCK: tl.constexpr):
    r = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + r[:, None] * columns + c[None, :], (r[:, None] < rows) & (c[None, :] < columns))
    tl.store(out + c[:, None] * rows + r[None, :], tl.trans(v), (c[:, None] < columns) & (r[None, :] < rows))


@triton.jit
def dropout(x, out, n, p, seed, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    keep = tl.rand(seed, i) > p
    tl.store(out + i, tl.where(keep, tl.load(x + i, i < n) / (1 - p), 0.0), i < n)


@triton.jit
def histogram(x, bins, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(bins + tl.load(x + i, i < n, other=0), 1, i < n)


@triton.jit
def prefix_sum(x, out, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, tl.cumsum(tl.load(x + i, i < n, other=0), 0), i < n)


@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    for k0 in range(0, K, BK):
        rk = k0 + tl.arange(0, BK)
        at = tl.load(a + rm[:, None] * K + rk[None, :], (rm[:, None] < M) & (rk[None, :] < K), other=0)
        bt = tl.load(b + rk[:, None] * N + rn[None, :], (rk[:, None] < K) & (rn[None, :] < N), other=0)
        acc = tl.dot(at, bt, acc)
    tl.store(c + rm[:, None] * N + rn[None, :], acc.to(c.dtype.element_ty), (rm[:, None] < M) & (rn[None, :] < N))


@triton.jit
def matmul_descriptors(a, b, c, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM
    n = tl.program_id(1) * BN
    acc = tl.zeros((BM, BN), tl.float32)
    for k in range(0, K, BK):
        acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
    c.store([m, n], acc.to(tl.bfloat16))


@triton.jit
def matmul_fp8(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    for k0 in range(0, K, BK):
        rk = k0 + tl.arange(0, BK)
        at = tl.load(a + rm[:, None] * K + rk[None, :])
        bt = tl.load(b + rn[None, :] * K + rk[:, None])
        acc = tl.dot(at, bt, acc)
    tl.store(c + rm[:, None] * N + rn[None, :], acc)


@triton.jit
def attention(q, k, v, out, n, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    head = tl.program_id(1) * n * D
    d = tl.arange(0, D)
    qt = tl.load(q + head + rows[:, None] * D + d[None, :], rows[:, None] < n, other=0)
    m = tl.full((BM,), -float("inf"), tl.float32)
    l = tl.zeros((BM,), tl.float32)
    acc = tl.zeros((BM, D), tl.float32)
    for j0 in range(0, n, BN):
        cols = j0 + tl.arange(0, BN)
        kt = tl.load(k + head + cols[None, :] * D + d[:, None], cols[None, :] < n, other=0)
        s = tl.dot(qt, kt) * (scale * 1.44269504)
        s = tl.where(cols[None, :] < n, s, -float("inf"))
        m_new = tl.maximum(m, tl.max(s, 1))
        p = tl.exp2(s - m_new[:, None])
        alpha = tl.exp2(m - m_new)
        l = l * alpha + tl.sum(p, 1)
        vt = tl.load(v + head + cols[:, None] * D + d[None, :], cols[:, None] < n, other=0)
        acc = tl.dot(p.to(vt.dtype), vt, acc * alpha[:, None])
        m = m_new
    tl.store(out + head + rows[:, None] * D + d[None, :], (acc / l[:, None]).to(out.dtype.element_ty), rows[:, None] < n)


I, F = "i32", "fp32"
MM = {"BM": 64, "BN": 64, "BK": 32}
KERNELS = [
    # kernel, signature of the run-time arguments, constants, warps, stages, targets
    (add, ["*fp32"] * 3 + [I], {"BLOCK": 256}, 4, 1, (80, 90)),
    (softmax, ["*bf16"] * 2 + [I, I], {"BLOCK": 1024}, 4, 1, (80, 90)),
    (layernorm, ["*fp16"] * 4 + [I, F], {"BLOCK": 1024}, 4, 1, (90,)),
    (column_sum, ["*fp32"] * 2 + [I, I], {"BLOCK_R": 16, "BLOCK_C": 64}, 4, 3, (80, 90)),
    (transpose, ["*bf16"] * 2 + [I, I], {"BLOCK": 64}, 4, 1, (90,)),
    (dropout, ["*fp32"] * 2 + [I, F, I], {"BLOCK": 256}, 4, 1, (90,)),
    (histogram, ["*i32"] * 2 + [I], {"BLOCK": 256}, 4, 1, (90,)),
    (prefix_sum, ["*i32"] * 2 + [I], {"BLOCK": 512}, 4, 1, (90,)),
    (matmul, ["*bf16"] * 3 + [I] * 3, MM, 4, 3, (80, 90)),
    (matmul_descriptors, ["tensordesc<bf16[64, 64]>", "tensordesc<bf16[64, 128]>", "tensordesc<bf16[64, 128]>", I],
     {"BM": 64, "BN": 128, "BK": 64}, 4, 3, (90,)),
    (matmul_fp8, ["*fp8e4nv"] * 2 + ["*fp32"] + [I] * 3, {"BM": 64, "BN": 64, "BK": 64}, 4, 2, (90,)),
    (attention, ["*fp16"] * 4 + [I, F], {"BM": 64, "BN": 32, "D": 64}, 4, 2, (80, 90)),
]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for kernel, types, constants, warps, stages, targets in KERNELS:
        names = kernel.arg_names
        signature = dict(zip(names, types)) | {name: "constexpr" for name in constants}
        # Pointers are multiples of 16 bytes, as from an allocation.
        attributes = {(i,): [["tt.divisibility", 16]] for i, t in enumerate(types) if t.startswith("*")}
        for target in targets:
            source = ASTSource(kernel, signature, {(names.index(n),): c for n, c in constants.items()}, attributes)
            compiled = triton.compile(source, target=GPUTarget("cuda", target, 32),
                                      options={"num_warps": warps, "num_stages": stages})
            # Names of files without their folders: those of this machine mean nothing.
            ptx = re.sub(r'(\.file\s+\d+ )"[^"]*/([^/"]+)"', r'\1"\2"', compiled.asm["ptx"])
            path = os.path.join(here, f"{kernel.__name__}.sm_{target}.ptx")
            with open(path, "w") as file:
                file.write(f"// Triton {triton.__version__}, kernels.py\n")
                file.write(f"// warps {compiled.metadata.num_warps}, shared {compiled.metadata.shared}, "
                           f"global scratch {compiled.metadata.global_scratch_size}\n")
                file.write(ptx)
            print(os.path.basename(path), len(ptx.splitlines()), "lines", compiled.metadata.shared, "shared bytes")


main()
