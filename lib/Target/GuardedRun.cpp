//===- GuardedRun.cpp - turns fatal errors of LLVM into diagnostics -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "GuardedRun.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"
#include <mutex>

using namespace mlir;

namespace {
/// What went wrong in the guarded action of this thread.
struct Failure {
  std::string message;
};
} // namespace

static thread_local Failure *currentFailure = nullptr;

static void handleFatalError(void *, const char *reason, bool) {
  llvm::CrashRecoveryContext *recovery =
      llvm::CrashRecoveryContext::GetCurrent();
  if (!currentFailure || !recovery) {
    llvm::errs() << "LLVM ERROR: " << reason << "\n";
    return;
  }
  currentFailure->message = reason;
  recovery->HandleExit(/*RetCode=*/1);
}

static void installHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::install_fatal_error_handler(handleFatalError);
    llvm::CrashRecoveryContext::Enable();
  });
}

static void handleDiagnostic(const llvm::DiagnosticInfo *info, void *failure) {
  if (info->getSeverity() != llvm::DS_Error)
    return;
  std::string &message = static_cast<Failure *>(failure)->message;
  // One mistake, one error: what follows from the first is noise.
  if (!message.empty())
    return;
  llvm::raw_string_ostream os(message);
  llvm::DiagnosticPrinterRawOStream printer(os);
  info->print(printer);
}

LogicalResult mlir::tk::runGuarded(Location loc, StringRef what,
                                   llvm::LLVMContext &context,
                                   function_ref<LogicalResult()> action) {
  installHandlers();
  Failure failure;
  context.setDiagnosticHandlerCallBack(handleDiagnostic, &failure);
  currentFailure = &failure;
  LogicalResult result = success();
  llvm::CrashRecoveryContext recovery;
  bool completed = recovery.RunSafely([&] { result = action(); });
  currentFailure = nullptr;
  context.setDiagnosticHandlerCallBack(nullptr);
  if (!completed && failure.message.empty())
    failure.message = "the back end crashed";
  if (failure.message.empty())
    return result;
  return emitError(loc) << what << ": " << StringRef(failure.message).trim();
}
