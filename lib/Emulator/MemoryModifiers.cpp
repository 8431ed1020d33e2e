//===- MemoryModifiers.cpp - order, scope, space and cache hints ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MemoryModifiers.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

std::optional<Scope> mlir::tk::emulator::acceptScope(Modifiers &modifiers) {
  if (modifiers.accept("cta"))
    return Scope::Block;
  if (modifiers.accept("cluster"))
    return Scope::Cluster;
  if (modifiers.accept("gpu"))
    return Scope::Device;
  if (modifiers.accept("sys"))
    return Scope::System;
  return std::nullopt;
}

std::optional<Order> mlir::tk::emulator::acceptOrder(Modifiers &modifiers) {
  if (modifiers.accept("relaxed"))
    return Order::Relaxed;
  if (modifiers.accept("acquire"))
    return Order::Acquire;
  if (modifiers.accept("release"))
    return Order::Release;
  if (modifiers.accept("acq_rel"))
    return Order::AcquireRelease;
  return std::nullopt;
}

/// `.volatile`, `.relaxed.gpu`, `.mmio.relaxed.sys`, ...
llvm::Error MemoryModifiers::parseOrder(DecodeContext &context,
                                        const PtxInstruction &instruction,
                                        Modifiers &modifiers, bool isLoad) {
  bool isMmio = modifiers.accept("mmio");
  if (modifiers.accept("volatile")) {
    order = Order::Volatile;
  } else if (!modifiers.accept("weak")) {
    if (std::optional<Order> given = acceptOrder(modifiers)) {
      order = *given;
      if (order == Order::AcquireRelease ||
          order == (isLoad ? Order::Release : Order::Acquire))
        return context.error(instruction,
                             isLoad ? "a load is relaxed or acquire"
                                    : "a store is relaxed or release");
      std::optional<Scope> givenScope = acceptScope(modifiers);
      if (!givenScope)
        return context.error(instruction,
                             "expects a scope: '.cta', '.cluster', '.gpu' or "
                             "'.sys'");
      scope = *givenScope;
    }
  }
  if (isMmio && order != Order::Relaxed)
    return context.error(instruction, "'.mmio' accesses are '.relaxed'");
  if (std::optional<PtxSpace> given = modifiers.acceptSpace())
    space = *given;
  bool isGlobal = space == PtxSpace::Global || space == PtxSpace::Generic;
  if (isMmio && (scope != Scope::System || !isGlobal))
    return context.error(instruction, "'.mmio' needs '.sys' and global memory");
  if (order != Order::Weak && !isGlobal && space != PtxSpace::Shared &&
      space != PtxSpace::SharedCluster)
    return context.error(instruction, "accesses of '." + getName(space) +
                                          "' memory are weak");
  return llvm::Error::success();
}

/// Cache operators, eviction priorities, prefetch sizes. They have no effect
/// here, but not every instruction may have them.
llvm::Error MemoryModifiers::parseCaching(DecodeContext &context,
                                          const PtxInstruction &instruction,
                                          Modifiers &modifiers, bool isLoad) {
  bool hasOperator =
      isLoad ? modifiers.acceptOneOf({"ca", "cg", "cs", "lu", "cv"}).has_value()
             : modifiers.acceptOneOf({"wb", "cg", "cs", "wt"}).has_value();
  bool isReadOnly = isLoad && modifiers.accept("nc");
  if (isReadOnly && space != PtxSpace::Global)
    return context.error(instruction, "'.nc' needs '.global'");
  if ((hasOperator || isReadOnly) && order != Order::Weak)
    return context.error(instruction,
                         "only weak accesses have a cache operator or '.nc'");
  bool hasPriority = false, isTaken = true;
  while (isTaken) {
    isTaken = modifiers
                  .acceptOneOf({"L1::evict_normal", "L1::evict_unchanged",
                                "L1::evict_first", "L1::evict_last",
                                "L1::no_allocate"})
                  .has_value();
    // They come with the accesses of 32 bytes of sm_100.
    if (context.architecture() >= 100)
      isTaken |= modifiers
                     .acceptOneOf({"L2::evict_normal", "L2::evict_first",
                                   "L2::evict_last"})
                     .has_value();
    if (modifiers.accept("L2::cache_hint"))
      isTaken = hasCacheHint = true;
    hasPriority |= isTaken;
    if (isLoad)
      isTaken |= modifiers.acceptOneOf({"L2::64B", "L2::128B", "L2::256B"})
                     .has_value();
    if (isTaken && space != PtxSpace::Global && space != PtxSpace::Generic)
      return context.error(instruction,
                           "only global memory has priorities in caches");
  }
  if (hasPriority && order == Order::Volatile)
    return context.error(instruction,
                         "a volatile access has no priority in caches");
  return llvm::Error::success();
}

llvm::Error MemoryModifiers::parse(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Modifiers &modifiers, bool isLoad) {
  if (llvm::Error error = parseOrder(context, instruction, modifiers, isLoad))
    return error;
  return parseCaching(context, instruction, modifiers, isLoad);
}
