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
  if (modifiers.accept("gpu") || modifiers.accept("gl"))
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

llvm::Error MemoryModifiers::parse(DecodeContext &context,
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
  // Cache operators, eviction priorities, prefetch sizes.
  modifiers.acceptOneOf({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  modifiers.accept("nc");
  bool isTaken = true;
  while (isTaken) {
    isTaken =
        modifiers
            .acceptOneOf({"L1::evict_normal", "L1::evict_unchanged",
                          "L1::evict_first", "L1::evict_last",
                          "L1::no_allocate", "L2::evict_normal",
                          "L2::evict_first", "L2::evict_last", "L2::64B",
                          "L2::128B", "L2::256B", "ca", "cg", "cs", "unified"})
            .has_value();
    if (modifiers.accept("L2::cache_hint"))
      isTaken = hasCacheHint = true;
  }
  return llvm::Error::success();
}
