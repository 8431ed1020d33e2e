//===- SweepPlot.h - a picture of how speed depends on size ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_SWEEPPLOT_H
#define TK_TESTING_SWEEPPLOT_H

#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace mlir::tk {

/// What the vertical axis shows: TFLOP/s, GB/s or microseconds.
enum class PlotQuantity { Flops, Bytes, Time };

/// One line for each label over a variable of a sweep. The horizontal axis is
/// logarithmic if its values span more than a factor of 4; the vertical one
/// begins at 0.
struct SweepPlot {
  struct Point {
    double x, y;
  };
  struct Line {
    std::string label;
    std::vector<Point> points;
  };

  std::string title;
  PlotQuantity quantity = PlotQuantity::Time;
  std::string variable;
  std::vector<Line> lines;

  void add(llvm::StringRef label, llvm::StringRef variableName, double x,
           double y);
  /// Writes a drawing that stands for itself (SVG 1.1).
  void draw(llvm::raw_ostream &os) const;
};

} // namespace mlir::tk

#endif // TK_TESTING_SWEEPPLOT_H
