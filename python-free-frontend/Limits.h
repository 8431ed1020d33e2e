//===- Limits.h - how large a program may be --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No program that a person writes comes near these. What is larger gets an
// error, so that time, memory and stack stay bounded whatever the input. The
// limits of tokens and of the syntax tree are in Lexer.h and Parser.h.

#ifndef TK_FRONTEND_LIMITS_H
#define TK_FRONTEND_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace mlir::tk {

/// Parameters, or generic parameters, of one declaration.
constexpr size_t kMaxParams = 256;

/// Dimensions of a tensor in memory: what TMA can address.
constexpr size_t kMaxTensorRank = 5;

/// Dimensions of a tile.
constexpr size_t kMaxTileRank = 8;

/// Tiles of a kernel live on chip; more elements than this are a mistake.
constexpr int64_t kMaxTileElements = int64_t(1) << 20;

/// References compute on whole tensors: 2 GB of f64.
constexpr int64_t kMaxReferenceElements = int64_t(1) << 28;

/// Values in a tuple, with all the tuples in it.
constexpr size_t kMaxTupleParts = 256;

/// Returns of one body: each may nest what follows one deeper.
constexpr unsigned kMaxReturns = 256;

/// Instances of functions in one module.
constexpr size_t kMaxFunctionInstances = 4096;

/// Expressions and blocks around the one being checked, through all functions
/// that are being instantiated. One body alone stays below, by the limits of
/// the parser.
constexpr unsigned kMaxCheckDepth = 5000;

/// After so many of these levels checking goes on on another stack: callers may
/// have little of theirs, as threads have.
constexpr unsigned kLevelsPerStack = 250;
constexpr unsigned kBytesPerStack = 8 << 20;

/// What one call adds to that depth: its share of the stack.
constexpr unsigned kCallDepth = 8;

/// Points of all sweeps of one test.
constexpr size_t kMaxSweepPoints = 4096;

/// Configurations of a tune space that are tried in search of a legal one, and
/// values compared on the way.
constexpr size_t kMaxConfigurations = 65536;
constexpr size_t kMaxComparedChoices = size_t(1) << 22;

} // namespace mlir::tk

#endif // TK_FRONTEND_LIMITS_H
