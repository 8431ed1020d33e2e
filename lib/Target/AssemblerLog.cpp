//===- AssemblerLog.cpp - reads what ptxas and nvJitLink say --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lines of interest, with -v:
//
//   ptxas info    : Compiling entry function 'k' for 'sm_90a'
//   ptxas info    : Function properties for k
//       736 bytes stack frame, 468 bytes spill stores, 772 bytes spill loads
//   ptxas info    : Used 32 registers, used 1 barriers, 400 bytes smem
//   ptxas info    : (C7510) Potential Performance Loss: ...
//   ptxas k.ptx, line 819; error   : Unknown modifier '.globall'
//   ptxas fatal   : Ptx assembly aborted due to errors
//
// nvJitLink writes the same lines with 'info :' in front.

#include "tk/Target/ResourceUsage.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::tk;

/// Stores the number before `unit` where an item of the list has that unit:
/// "used 1 barriers" has the number 1 and the unit "barriers".
static void readItem(StringRef item, StringRef unit, int64_t &number) {
  item = item.trim();
  if (!item.consume_back(unit))
    return;
  item = item.rtrim();
  item.substr(item.rfind(' ') + 1).getAsInteger(10, number);
}

static void readItems(StringRef list, ResourceUsage &usage) {
  for (StringRef item : split(list, ',')) {
    readItem(item, "registers", usage.numRegisters);
    readItem(item, "barriers", usage.numBarriers);
    readItem(item, "bytes smem", usage.staticSharedBytes);
    readItem(item, "bytes stack frame", usage.stackBytes);
    readItem(item, "bytes cumulative stack size", usage.stackBytes);
    readItem(item, "bytes spill stores", usage.spillStoreBytes);
    readItem(item, "bytes spill loads", usage.spillLoadBytes);
  }
}

/// The text between the first pair of single quotes.
static StringRef getQuoted(StringRef line) {
  return line.split('\'').second.split('\'').first;
}

AssemblerLog mlir::tk::parseAssemblerLog(StringRef log) {
  AssemblerLog result;
  ResourceUsage *kernel = nullptr;
  // Functions that were not inlined have properties too, but are no kernels.
  StringRef function;
  for (StringRef line : split(log, '\n')) {
    line = line.trim("\r\n\t \0");
    if (line.empty())
      continue;
    if (line.contains("Compiling entry function")) {
      kernel = &result.resources.emplace_back();
      kernel->kernel = getQuoted(line).str();
      continue;
    }
    if (line.contains("Function properties for ")) {
      function = line.rsplit(' ').second.trim("'");
      continue;
    }
    if (line.contains("Used ") && line.contains(" registers")) {
      if (kernel)
        readItems(line.split("Used ").second, *kernel);
      continue;
    }
    if (line.contains("bytes stack frame")) {
      if (kernel && function == kernel->kernel)
        readItems(line, *kernel);
      continue;
    }
    if (line.contains("(C75") || line.contains("Potential Performance Loss"))
      result.performanceWarnings.push_back(
          line.substr(line.contains("(C75") ? line.find("(C75") : 0).str());
    else if (line.contains("error") || line.contains("fatal") ||
             line.contains("warning"))
      result.messages.push_back(line.str());
  }
  return result;
}
