//===- ShowLayout.cpp - the options of tk-opt that draw layouts -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ShowLayout.h"
#include "tk/Support/LayoutPrinter.h"
#include "tk/Support/OutputFile.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace mlir::tk;

static cl::OptionCategory &getCategory() {
  static cl::OptionCategory category(
      "Layout pictures", "Show which thread holds each element of a tile");
  return category;
}

struct ShowLayoutOptions::Options {
  enum class Format { Text, SVG };

  cl::opt<std::string> layout{
      "show-layout", cl::cat(getCategory()), cl::value_desc("layout"),
      cl::desc("Print the tile of this layout, as written between the angle "
               "brackets of #tkg.layout or #tkg.shared")};
  cl::opt<Format> format{
      "layout-format", cl::cat(getCategory()), cl::init(Format::Text),
      cl::desc("Form of the picture"),
      cl::values(clEnumValN(Format::Text, "text", "a grid of characters"),
                 clEnumValN(Format::SVG, "svg", "a drawing"))};
  cl::opt<std::string> tile{
      "layout-tile", cl::cat(getCategory()), cl::value_desc("extents"),
      cl::desc("Extents of the tile (200x64) where the layout is larger: the "
               "rest is padding")};
  cl::opt<std::string> shared{
      "show-banks", cl::cat(getCategory()), cl::value_desc("layout"),
      cl::desc("Print how the tile of --show-layout is loaded from and stored "
               "to shared memory of this layout, and who meets in each bank")};
  cl::opt<unsigned> elementBits{
      "layout-element-bits", cl::cat(getCategory()), cl::init(32),
      cl::desc("Width of an element for --show-banks: 8, 16, 32 or 64")};
  cl::opt<std::string> target{"layout-target", cl::cat(getCategory()),
                              cl::init("sm_90a"), cl::value_desc("chip"),
                              cl::desc("Chip for --show-banks")};
};

ShowLayoutOptions::ShowLayoutOptions() : options(new Options) {}
ShowLayoutOptions::~ShowLayoutOptions() = default;

bool ShowLayoutOptions::isRequested() const {
  return options->layout.getNumOccurrences() > 0;
}

Error ShowLayoutOptions::checkAlone() const {
  for (const cl::Option &option :
       std::initializer_list<std::reference_wrapper<const cl::Option>>{
           options->format, options->tile, options->shared,
           options->elementBits, options->target})
    if (!isRequested() && option.getNumOccurrences() > 0)
      return createStringError("--" + option.ArgStr + " needs --show-layout");
  return Error::success();
}

/// The layout that an option's value spells.
static Expected<Layout> parseLayout(const cl::opt<std::string> &option) {
  std::string error;
  std::optional<Layout> layout = Layout::parse(option, error);
  if (!layout)
    return createStringError("--" + option.ArgStr + ": " + error);
  return *layout;
}

/// "200x64" as extents, which the layout must hold.
static Expected<SmallVector<int64_t>>
parseTile(const cl::opt<std::string> &option, const Layout &layout) {
  SmallVector<int64_t> extents;
  if (option.empty())
    return extents;
  SmallVector<StringRef> parts;
  StringRef(option).split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent;
    if (part.getAsInteger(10, extent) || extent < 1)
      return createStringError("--" + option.ArgStr +
                               ": expects extents such as 200x64, got '" +
                               option + "'");
    extents.push_back(extent);
  }
  if (extents.size() != layout.getRank())
    return createStringError("--" + option.ArgStr + ": expects " +
                             Twine(layout.getRank()) + " extents, got " +
                             Twine(extents.size()));
  for (auto [extent, held] : zip_equal(extents, layout.getExtents()))
    if (extent > held)
      return createStringError("--" + option.ArgStr +
                               ": expects extents that the layout holds, at "
                               "most " +
                               Twine(held) + ", got " + Twine(extent));
  return extents;
}

static Error checkBanks(const Layout &registers, const Layout &shared,
                        const cl::opt<std::string> &option,
                        const cl::opt<unsigned> &elementBits) {
  if (elementBits != 8 && elementBits != 16 && elementBits != 32 &&
      elementBits != 64)
    return createStringError("--" + elementBits.ArgStr +
                             ": expects 8, 16, 32 or 64, got " +
                             Twine(elementBits));
  if (shared.getRank() != registers.getRank())
    return createStringError(
        "--" + option.ArgStr + ": expects a tile of rank " +
        Twine(registers.getRank()) + ", got " + Twine(shared.getRank()));
  if (shared.getNumThreads() != 1 || !shared.isSurjective())
    return createStringError("--" + option.ArgStr +
                             ": expects a layout of 'offset' that holds every "
                             "element");
  return Error::success();
}

/// Refuses options that would change nothing.
static Error checkUse(bool showsBanks, ArrayRef<const cl::Option *> ofPicture,
                      ArrayRef<const cl::Option *> ofBanks) {
  for (const cl::Option *option : showsBanks ? ofPicture : ofBanks)
    if (option->getNumOccurrences() > 0)
      return createStringError("--" + option->ArgStr +
                               (showsBanks ? " has no effect with --show-banks"
                                           : " requires --show-banks"));
  return Error::success();
}

int ShowLayoutOptions::run(const char *outputFile) const {
  ExitOnError exitOnError("tk-opt: error: ");
  bool showsBanks = options->shared.getNumOccurrences() > 0;
  exitOnError(checkUse(showsBanks, {&options->format, &options->tile},
                       {&options->elementBits, &options->target}));
  Layout layout = exitOnError(parseLayout(options->layout));
  if (!layout.isSurjective())
    exitOnError(createStringError(
        "--show-layout: some elements of the tile live nowhere"));
  LayoutPrintOptions printOptions;
  printOptions.extents = exitOnError(parseTile(options->tile, layout));

  std::optional<Layout> shared;
  const TargetInfo *target = nullptr;
  if (showsBanks) {
    shared = exitOnError(parseLayout(options->shared));
    exitOnError(
        checkBanks(layout, *shared, options->shared, options->elementBits));
    target = exitOnError(TargetInfo::find(options->target));
  }
  exitOnError(writeOutputFile(outputFile, [&](raw_ostream &os) {
    if (shared)
      printSharedAccess(os, layout, *shared, options->elementBits, *target);
    else if (options->format == Options::Format::SVG)
      drawLayout(os, layout, printOptions);
    else
      printLayout(os, layout, printOptions);
  }));
  return 0;
}
