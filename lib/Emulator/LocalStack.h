//===- LocalStack.h - local memory that alloca gives ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_LOCALSTACK_H
#define TK_LIB_EMULATOR_LOCALSTACK_H

#include "Instruction.h"
#include "Memory.h"
#include <optional>
#include <vector>

namespace mlir::tk::emulator {

/// Of the lanes of a warp: memory whose size is known when it is asked for. It
/// lies in the local window after all that functions declare, and grows to
/// larger addresses. PTX does not say which way a stack grows.
class LocalStack {
public:
  /// A multiple of the largest alignment, 2^23.
  static constexpr uint64_t begin = uint64_t(1) << 24;
  static_assert(begin >= firstLocalOffset + maxLocalBytes);

  /// What the lane has on the stack, in bytes from `begin`.
  uint32_t size(unsigned lane) const { return sizes[lane]; }
  /// Frees what lies after it.
  void shrink(unsigned lane, uint32_t size) { sizes[lane] = size; }
  /// The address of new memory; none if the lane has no more.
  std::optional<uint64_t> allocate(unsigned lane, uint64_t size,
                                   uint64_t alignment);
  /// Null if not all of [address, address + size) is on the stack.
  std::byte *find(unsigned lane, uint64_t address, uint64_t size);

private:
  std::array<uint32_t, numLanes> sizes = {};
  /// At least as many as are on the stack.
  std::array<std::vector<std::byte>, numLanes> bytes;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_LOCALSTACK_H
