//===- Remarks.cpp - what was optimised, and what was not -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/Remarks.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::tk;

/// "text, key = value [Name]".
static std::string formatRemark(const remark::detail::Remark &remark) {
  std::string text;
  for (const remark::detail::Remark::Arg &argument : remark.getArgs()) {
    bool isText = argument.key == "Remark";
    if (!isText)
      text += (text.empty() ? "" : ", ") + argument.key + " = ";
    text += argument.val;
  }
  return text + " [" + remark.getRemarkName().str() + "]";
}

namespace {
/// Sends remarks the way of all other diagnostics, so that they are printed
/// with their source line and `--verify-diagnostics` sees them.
class DiagnosticStreamer : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit DiagnosticStreamer(const RemarkSettings &settings)
      : settings(settings) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    llvm::remarks::Type type = remark.getRemarkType();
    bool isMissed = type == llvm::remarks::Type::Missed ||
                    type == llvm::remarks::Type::Failure;
    std::string message = formatRemark(remark);
    if (isMissed && settings.missedIsError)
      emitError(remark.getLocation()) << "missed: " << message;
    else if (settings.print)
      emitRemark(remark.getLocation())
          << (isMissed                              ? "missed: "
              : type == llvm::remarks::Type::Passed ? "applied: "
                                                    : "")
          << message;
  }

private:
  RemarkSettings settings;
};
} // namespace

LogicalResult mlir::tk::enableRemarks(MLIRContext &context,
                                      const RemarkSettings &settings) {
  if (!settings.print && !settings.missedIsError)
    return success();
  remark::RemarkCategories categories;
  // A kind without a filter is never reported.
  categories.passed = categories.missed = categories.analysis =
      categories.failed = ".*";
  return remark::enableOptimizationRemarks(
      context, std::make_unique<DiagnosticStreamer>(settings),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
}
