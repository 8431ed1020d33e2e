//===- MapFileNames.cpp - file names that do not tell the machine ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Pipelines/Passes.h"

namespace mlir::tk {
#define GEN_PASS_DEF_MAPFILENAMESPASS
#include "tk/Pipelines/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;

namespace {
struct MapFileNames : tk::impl::MapFileNamesPassBase<MapFileNames> {
  using MapFileNamesPassBase::MapFileNamesPassBase;

  void runOnOperation() override {
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](FileLineColRange range) -> Attribute {
      return FileLineColRange::get(mapName(range.getFilename()),
                                   range.getStartLine(), range.getStartColumn(),
                                   range.getEndLine(), range.getEndColumn());
    });
    replacer.recursivelyReplaceElementsIn(getOperation(),
                                          /*replaceAttrs=*/false,
                                          /*replaceLocs=*/true);
  }

private:
  StringAttr mapName(StringAttr name) {
    for (StringRef prefix : llvm::reverse(prefixes)) {
      auto [from, to] = prefix.split('=');
      StringRef rest = name.getValue();
      if (rest.consume_front(from))
        return StringAttr::get(&getContext(), to + rest);
    }
    return name;
  }
};
} // namespace
