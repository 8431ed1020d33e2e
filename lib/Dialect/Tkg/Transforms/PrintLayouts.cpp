//===- PrintLayouts.cpp - draw the layouts of a program -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/BuiltinOps.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/LayoutPrinter.h"
#include "tk/Support/OutputFile.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_PRINTLAYOUTSPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// A tile as far as its drawing depends on it.
struct DrawnTile {
  Attribute layout;
  SmallVector<int64_t> extents;

  bool operator==(const DrawnTile &other) const {
    return layout == other.layout && extents == other.extents;
  }
};

struct PrintLayoutsPass
    : public tkg::impl::PrintLayoutsPassBase<PrintLayoutsPass> {
  using PrintLayoutsPassBase::PrintLayoutsPassBase;

  void runOnOperation() override {
    drawn.clear();
    WalkResult result =
        getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
          for (Type type : op->getResultTypes())
            if (failed(visit(op, type)))
              return WalkResult::interrupt();
          return WalkResult::advance();
        });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult visit(Operation *op, Type type);
  LogicalResult writeDrawing(Operation *op, const tk::Layout &layout,
                             const tk::LayoutPrintOptions &options);

  SmallVector<DrawnTile> drawn;
};
} // namespace

LogicalResult PrintLayoutsPass::visit(Operation *op, Type type) {
  DrawnTile tile;
  tk::Layout layout;
  if (LayoutAttr attr = getLayout(type)) {
    tile = {attr,
            SmallVector<int64_t>(cast<RankedTensorType>(type).getShape())};
    layout = attr.getLayout();
  } else if (auto memory = dyn_cast<MemDescType>(type)) {
    tile = {memory.getLayout(), SmallVector<int64_t>(memory.getShape())};
    layout = memory.getLayout().getLayout();
  } else {
    return success();
  }
  if (llvm::is_contained(drawn, tile))
    return success();
  tk::LayoutPrintOptions options;
  options.extents = tile.extents;
  options.maxRows = options.maxColumns = maxExtent;
  llvm::outs() << "// layout " << drawn.size() << ": '" << op->getName()
               << "' at " << op->getLoc() << ", " << type << '\n';
  tk::printLayout(llvm::outs(), layout, options);
  llvm::outs() << '\n';
  if (!svg.empty() && failed(writeDrawing(op, layout, options)))
    return failure();
  drawn.push_back(std::move(tile));
  return success();
}

LogicalResult
PrintLayoutsPass::writeDrawing(Operation *op, const tk::Layout &layout,
                               const tk::LayoutPrintOptions &options) {
  SmallString<128> path(svg);
  // Where that fails, so does the writing.
  (void)llvm::sys::fs::create_directories(path);
  llvm::sys::path::append(path, "layout" + Twine(drawn.size()) + ".svg");
  if (llvm::Error error = tk::writeOutputFile(
          path, [&](raw_ostream &os) { tk::drawLayout(os, layout, options); }))
    return op->emitError() << llvm::toString(std::move(error));
  return success();
}
