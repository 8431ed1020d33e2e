//===- LayoutPrinter.cpp - pictures of layouts ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutPrinter.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Where elements live
//===----------------------------------------------------------------------===//

namespace {
/// One place of an element, and in how many places it lives altogether.
struct Holder {
  int64_t registerIndex = 0, lane = 0, warp = 0, block = 0, offset = 0;
  int64_t numPlaces = 1;
};

/// Finds the place of each element and prints grids of a tile.
class TileView {
public:
  TileView(const Layout &layout, const LayoutPrintOptions &options);

  bool isShared() const { return shared; }
  bool hasBlocks() const { return layout.getNumBlocks() > 1; }
  Holder getHolder(ArrayRef<int64_t> coordinates) const;
  bool isPadding(ArrayRef<int64_t> coordinates) const;
  std::string getLabel(ArrayRef<int64_t> coordinates) const;

  /// The grid: the last two dimensions, as far as they are shown.
  int64_t getNumRows() const { return std::min(rows, options.maxRows); }
  int64_t getNumColumns() const {
    return std::min(columns, options.maxColumns);
  }
  /// What the limits leave out, as a sentence; empty if nothing.
  std::string describeOmitted() const;
  /// Calls `visit` with the leading coordinates of each grid.
  void forEachGrid(function_ref<void(ArrayRef<int64_t>)> visit) const;
  SmallVector<int64_t> getCoordinates(ArrayRef<int64_t> leading, int64_t row,
                                      int64_t column) const;

private:
  const Layout &layout;
  const LayoutPrintOptions &options;
  Layout inverse;
  bool shared;
  int64_t numPlaces = 1;
  SmallVector<int64_t> physicalExtents;
  int64_t rows = 1, columns = 1;
};
} // namespace

TileView::TileView(const Layout &layout, const LayoutPrintOptions &options)
    : layout(layout), options(options), inverse(pseudoInvert(layout)),
      shared(!layout.getDigits(HardwareDim::Offset).empty()),
      physicalExtents(layout.getExtents()) {
  // Every copy adds a free digit.
  for (HardwareDim dim : kHardwareDims)
    for (auto [i, digit] : enumerate(layout.getDigits(dim)))
      if (layout.getFreeDigits(dim) >> i & 1)
        numPlaces *= digit.radix;
  unsigned rank = layout.getRank();
  if (rank >= 1)
    columns = physicalExtents[rank - 1];
  if (rank >= 2)
    rows = physicalExtents[rank - 2];
}

Holder TileView::getHolder(ArrayRef<int64_t> coordinates) const {
  int64_t index = 0;
  for (auto [coordinate, extent] : zip_equal(coordinates, physicalExtents))
    index = index * extent + coordinate;
  SmallVector<int64_t> place = inverse.applyOffset(index);
  Holder holder;
  holder.numPlaces = numPlaces;
  if (shared) {
    holder.offset = place.front();
    return holder;
  }
  holder.registerIndex = place[getPlaceDim(HardwareDim::Register)];
  holder.lane = place[getPlaceDim(HardwareDim::Lane)];
  holder.warp = place[getPlaceDim(HardwareDim::Warp)];
  holder.block = place[getPlaceDim(HardwareDim::Block)];
  return holder;
}

bool TileView::isPadding(ArrayRef<int64_t> coordinates) const {
  return !options.extents.empty() &&
         any_of(zip_equal(coordinates, options.extents), [](auto pair) {
           return std::get<0>(pair) >= std::get<1>(pair);
         });
}

std::string TileView::getLabel(ArrayRef<int64_t> coordinates) const {
  if (isPadding(coordinates))
    return "-";
  Holder holder = getHolder(coordinates);
  std::string label;
  raw_string_ostream os(label);
  if (shared) {
    os << '@' << holder.offset;
  } else {
    if (hasBlocks())
      os << 'b' << holder.block << ' ';
    os << 'w' << holder.warp << " t" << holder.lane << " r"
       << holder.registerIndex;
  }
  if (holder.numPlaces > 1)
    os << '+' << holder.numPlaces - 1;
  return label;
}

std::string TileView::describeOmitted() const {
  if (rows == getNumRows() && columns == getNumColumns())
    return "";
  return "not shown: " + std::to_string(rows - getNumRows()) + " of " +
         std::to_string(rows) + " rows, " +
         std::to_string(columns - getNumColumns()) + " of " +
         std::to_string(columns) + " columns";
}

void TileView::forEachGrid(function_ref<void(ArrayRef<int64_t>)> visit) const {
  unsigned numLeading = std::max(2u, layout.getRank()) - 2;
  ArrayRef<int64_t> extents = ArrayRef(physicalExtents).take_front(numLeading);
  SmallVector<int64_t> leading(numLeading, 0);
  while (true) {
    visit(leading);
    unsigned dim = numLeading;
    while (dim > 0 && ++leading[dim - 1] == extents[dim - 1])
      leading[--dim] = 0;
    if (dim == 0)
      return;
  }
}

SmallVector<int64_t> TileView::getCoordinates(ArrayRef<int64_t> leading,
                                              int64_t row,
                                              int64_t column) const {
  SmallVector<int64_t> coordinates(leading);
  if (layout.getRank() >= 2)
    coordinates.push_back(row);
  if (layout.getRank() >= 1)
    coordinates.push_back(column);
  return coordinates;
}

/// "[2, 0, :, :]", the title of a grid of a tile of higher rank.
static std::string getTitle(ArrayRef<int64_t> leading) {
  std::string title = "[";
  for (int64_t coordinate : leading)
    title += std::to_string(coordinate) + ", ";
  return title + ":, :]";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printGrid(raw_ostream &os, const TileView &view,
                      ArrayRef<int64_t> leading) {
  int64_t numRows = view.getNumRows(), numColumns = view.getNumColumns();
  std::vector<std::string> labels;
  size_t width = std::to_string(numColumns - 1).size();
  for (int64_t row = 0; row < numRows; ++row)
    for (int64_t column = 0; column < numColumns; ++column) {
      labels.push_back(
          view.getLabel(view.getCoordinates(leading, row, column)));
      width = std::max(width, labels.back().size());
    }
  size_t margin = std::to_string(numRows - 1).size();
  os << std::string(margin, ' ');
  for (int64_t column = 0; column < numColumns; ++column)
    os << "  " << right_justify(std::to_string(column), width);
  os << '\n';
  for (int64_t row = 0; row < numRows; ++row) {
    os << right_justify(std::to_string(row), margin);
    for (int64_t column = 0; column < numColumns; ++column)
      os << "  " << right_justify(labels[row * numColumns + column], width);
    os << '\n';
  }
}

void mlir::tk::printLayout(raw_ostream &os, const Layout &layout,
                           const LayoutPrintOptions &options) {
  TileView view(layout, options);
  view.forEachGrid([&](ArrayRef<int64_t> leading) {
    if (!leading.empty())
      os << getTitle(leading) << '\n';
    printGrid(os, view, leading);
  });
  if (std::string omitted = view.describeOmitted(); !omitted.empty())
    os << omitted << '\n';
}

//===----------------------------------------------------------------------===//
// SVG
//===----------------------------------------------------------------------===//

namespace {
/// Sizes in pixels.
constexpr int64_t kCellHeight = 22;
constexpr int64_t kCellWidth = 78;
constexpr int64_t kMargin = 40;
constexpr int64_t kTitleHeight = 24;

class LayoutDrawing {
public:
  LayoutDrawing(raw_ostream &os, const Layout &layout, const TileView &view)
      : os(os), layout(layout), view(view) {}
  void draw();

private:
  std::string getColor(ArrayRef<int64_t> coordinates) const;
  void drawText(int64_t x, int64_t y, StringRef text, StringRef anchor);
  void drawGrid(ArrayRef<int64_t> leading, int64_t top);

  raw_ostream &os;
  const Layout &layout;
  const TileView &view;
};
} // namespace

/// Warps differ in hue, by the golden angle so that neighbours differ most;
/// lanes in lightness.
std::string LayoutDrawing::getColor(ArrayRef<int64_t> coordinates) const {
  if (view.isPadding(coordinates))
    return "hsl(0,0%,85%)";
  Holder holder = view.getHolder(coordinates);
  constexpr int64_t kGoldenAngle = 137;
  constexpr int64_t kNumBanks = 32;
  int64_t numShades = view.isShared() ? kNumBanks : layout.getNumLanes();
  int64_t shade = view.isShared() ? holder.offset % kNumBanks : holder.lane;
  int64_t hue = (210 + kGoldenAngle * holder.warp) % 360;
  int64_t lightness = 92 - 40 * shade / std::max<int64_t>(1, numShades);
  return "hsl(" + std::to_string(hue) + ",70%," + std::to_string(lightness) +
         "%)";
}

void LayoutDrawing::drawText(int64_t x, int64_t y, StringRef text,
                             StringRef anchor) {
  os << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor
     << "\">" << text << "</text>\n";
}

void LayoutDrawing::drawGrid(ArrayRef<int64_t> leading, int64_t top) {
  if (!leading.empty())
    drawText(kMargin, top - kCellHeight, getTitle(leading), "start");
  for (int64_t column = 0; column < view.getNumColumns(); ++column)
    drawText(kMargin + column * kCellWidth + kCellWidth / 2, top - 6,
             std::to_string(column), "middle");
  for (int64_t row = 0; row < view.getNumRows(); ++row) {
    int64_t y = top + row * kCellHeight;
    drawText(kMargin - 6, y + 15, std::to_string(row), "end");
    for (int64_t column = 0; column < view.getNumColumns(); ++column) {
      SmallVector<int64_t> coordinates =
          view.getCoordinates(leading, row, column);
      int64_t x = kMargin + column * kCellWidth;
      os << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << kCellWidth
         << "\" height=\"" << kCellHeight << "\" fill=\""
         << getColor(coordinates) << "\"/>\n";
      drawText(x + kCellWidth / 2, y + 15, view.getLabel(coordinates),
               "middle");
    }
  }
}

void LayoutDrawing::draw() {
  int64_t numGrids = 0;
  view.forEachGrid([&](ArrayRef<int64_t>) { ++numGrids; });
  int64_t gridHeight = kMargin + kTitleHeight + view.getNumRows() * kCellHeight;
  std::string omitted = view.describeOmitted();
  int64_t width = 2 * kMargin + view.getNumColumns() * kCellWidth;
  int64_t height = numGrids * gridHeight + kMargin;
  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width
     << "\" height=\"" << height << "\" font-family=\"monospace\" "
     << "font-size=\"11\">\n"
     << "<style>rect { stroke: white }</style>\n";
  int64_t top = kMargin + kTitleHeight;
  view.forEachGrid([&](ArrayRef<int64_t> leading) {
    drawGrid(leading, top);
    top += gridHeight;
  });
  if (!omitted.empty())
    drawText(kMargin, height - 12, omitted, "start");
  os << "</svg>\n";
}

void mlir::tk::drawLayout(raw_ostream &os, const Layout &layout,
                          const LayoutPrintOptions &options) {
  TileView view(layout, options);
  LayoutDrawing(os, layout, view).draw();
}

//===----------------------------------------------------------------------===//
// Banks
//===----------------------------------------------------------------------===//

/// The byte addresses of the lanes of warp 0 in the first access; of the rows
/// for matrix instructions.
static SmallVector<int64_t> getFirstAddresses(const SharedAccessPlan &plan,
                                              unsigned elementBitWidth) {
  bool isVector = plan.instruction == SharedInstruction::Vector;
  int64_t count = isVector ? plan.address.getNumLanes() : 8 * plan.numMatrices;
  SmallVector<int64_t> addresses;
  for (int64_t lane = 0; lane < count; ++lane)
    addresses.push_back(plan.address.apply(0, lane).front() * elementBitWidth /
                        8);
  return addresses;
}

/// "ld.shared.v4" has a name per vendor; here the shape of the access counts.
static void describeInstruction(raw_ostream &os, const SharedAccessPlan &plan,
                                unsigned elementBitWidth) {
  os << plan.accesses.size() << " x ";
  switch (plan.instruction) {
  case SharedInstruction::Vector:
    os << "vector of " << plan.vectorSize << " ("
       << plan.vectorSize * elementBitWidth / 8 << " bytes)";
    return;
  case SharedInstruction::Matrix:
    os << plan.numMatrices << " matrices of 8 x 16 bytes";
    return;
  case SharedInstruction::TransposedMatrix:
    os << plan.numMatrices << " transposed matrices of 8 x 16 bytes";
    return;
  }
}

/// For the lanes that are served together first: who touches which bank.
static void printBanks(raw_ostream &os, ArrayRef<int64_t> addresses,
                       unsigned sizeInBytes, unsigned numBanks) {
  constexpr unsigned kBankWidthInBytes = 4;
  size_t groupSize =
      numBanks * kBankWidthInBytes / std::max(sizeInBytes, kBankWidthInBytes);
  addresses = addresses.take_front(std::min(groupSize, addresses.size()));
  for (unsigned bank = 0; bank < numBanks; ++bank) {
    SmallVector<std::string> lanes;
    for (auto [lane, address] : enumerate(addresses))
      for (int64_t word = address / kBankWidthInBytes;
           word * kBankWidthInBytes < address + sizeInBytes; ++word)
        if (word % numBanks == bank)
          lanes.push_back("t" + std::to_string(lane) + "@" +
                          std::to_string(word * kBankWidthInBytes));
    os << "bank " << right_justify(std::to_string(bank), 2) << ": "
       << join(lanes, " ") << '\n';
  }
}

static void printPlan(raw_ostream &os, StringRef name,
                      const SharedAccessPlan &plan, unsigned elementBitWidth,
                      unsigned numBanks) {
  os << name << ": ";
  describeInstruction(os, plan, elementBitWidth);
  os << "\n  wavefronts: " << plan.wavefronts << " each, "
     << plan.idealWavefronts << " at best: "
     << (plan.hasConflicts() ? "bank conflicts" : "no bank conflicts") << '\n';
  bool isVector = plan.instruction == SharedInstruction::Vector;
  unsigned sizeInBytes = isVector ? plan.vectorSize * elementBitWidth / 8 : 16;
  printBanks(os, getFirstAddresses(plan, elementBitWidth), sizeInBytes,
             numBanks);
}

void mlir::tk::printSharedAccess(raw_ostream &os, const Layout &registers,
                                 const Layout &shared, unsigned elementBitWidth,
                                 const TargetInfo &target) {
  struct Direction {
    StringRef name;
    SharedAccessOptions options;
  };
  for (const Direction &direction :
       {Direction{"load", SharedAccessOptions::forLoad(target)},
        Direction{"store", SharedAccessOptions::forStore(target, registers)}}) {
    std::optional<SharedAccessPlan> plan =
        planSharedAccess(registers, shared, elementBitWidth, direction.options);
    if (!plan) {
      os << direction.name
         << ": no address by exclusive or: takes the general route\n";
      continue;
    }
    printPlan(os, direction.name, *plan, elementBitWidth, target.getNumBanks());
  }
}
