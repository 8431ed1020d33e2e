# save_arrays.py - writes what launches of PTX are compared with.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import struct
def save(name, descr, shape, data):
    header = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)).encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)
def bf16(values):
    return b"".join(struct.pack("<f", value)[2:] for value in values)
save("sum.npy", "<f4", "(1000,)", struct.pack("<1000f", *[3 * i + 0.5 for i in range(1000)]))
save("b.npy", "<V2", "(64, 256)", bf16([n % 7 for k in range(64) for n in range(256)]))
save("product.npy", "<V2", "(128, 256)", bf16([32 * (n % 7) for m in range(128) for n in range(256)]))
save("counted.npy", "<f4", "(37, 76)", struct.pack("<2812f", *range(1, 2813)))
save("fields.npy", "<i8", "(6,)", struct.pack("<6q", 0, 1, -2, 65535, -3, 0))
save("shape.npy", "<i4", "(2,)", struct.pack("<2i", 2, 4096))
save("tickets.npy", "<i4", "(64,)", struct.pack("<64i", *range(64)))
