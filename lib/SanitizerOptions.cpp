//===- SanitizerOptions.cpp - how sanitizers treat our executables --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Part of every executable that is built with TK_SANITIZE.

/// LLVM's allocators poison the memory that they have not given out yet. Their
/// code is in headers, so that our half of it poisons, and the half in the
/// distribution's LLVM, which knows no sanitizer, does not unpoison.
/// Running out of memory is an error that we report ourselves.
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:allocator_may_return_null=1";
}
extern "C" const char *__tsan_default_options();
extern "C" const char *__tsan_default_options() {
  return "allocator_may_return_null=1";
}

/// A test whose program did something undefined has failed.
extern "C" const char *__ubsan_default_options();
extern "C" const char *__ubsan_default_options() {
  return "halt_on_error=1:print_stacktrace=1";
}
