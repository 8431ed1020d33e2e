// PrecompiledHeader.cpp - the unit whose flags the precompiled header is built with.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
