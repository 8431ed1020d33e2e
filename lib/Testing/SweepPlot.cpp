//===- SweepPlot.cpp - a picture of how speed depends on size -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/SweepPlot.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <set>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

namespace {
/// Values to places on the page.
struct Axis {
  double first, last;
  double begin, end;
  bool isLogarithmic;

  double place(double value) const {
    auto scale = [&](double v) { return isLogarithmic ? std::log2(v) : v; };
    double length = scale(last) - scale(first);
    double part = length == 0 ? 0.5 : (scale(value) - scale(first)) / length;
    return begin + part * (end - begin);
  }
};
} // namespace

/// 1, 2 or 5 times a power of ten, so that at most six steps reach `maximum`.
static double chooseStep(double maximum) {
  double power = std::pow(10, std::floor(std::log10(maximum / 6)));
  for (double factor : {1.0, 2.0, 5.0})
    if (power * factor * 6 >= maximum)
      return power * factor;
  return power * 10;
}

static StringRef getUnit(PlotQuantity quantity) {
  switch (quantity) {
  case PlotQuantity::Flops:
    return "TFLOP/s";
  case PlotQuantity::Bytes:
    return "GB/s";
  case PlotQuantity::Time:
    return "us";
  }
  llvm_unreachable("all quantities are listed");
}

//===----------------------------------------------------------------------===//
// Drawing
//===----------------------------------------------------------------------===//

// Pixels.
constexpr double kWidth = 860, kLeft = 70, kRight = 640, kTop = 46,
                 kBottom = 400, kLegend = 660, kRow = 18;

/// Dark enough on white, and told apart without colour vision (Okabe and Ito,
/// "Color Universal Design", 2008); further lines are dashed.
static constexpr const char *kColours[] = {"#0072b2", "#d55e00", "#009e73",
                                           "#cc79a7", "#e69f00", "#56b4e9",
                                           "#000000"};

static std::string escape(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '<'   ? "&lt;"
              : c == '>' ? "&gt;"
              : c == '&' ? "&amp;"
                         : std::string(1, c);
  return result;
}

static void drawText(raw_ostream &os, double x, double y, StringRef anchor,
                     StringRef text) {
  os << formatv(
            "<text x=\"{0:F1}\" y=\"{1:F1}\" text-anchor=\"{2}\">{3}</text>", x,
            y, anchor, escape(text))
     << "\n";
}

static void drawLine(raw_ostream &os, double x1, double y1, double x2,
                     double y2, StringRef colour) {
  os << formatv("<line x1=\"{0:F1}\" y1=\"{1:F1}\" x2=\"{2:F1}\" y2=\"{3:F1}\" "
                "stroke=\"{4}\"/>",
                x1, y1, x2, y2, colour)
     << "\n";
}

static std::string formatNumber(double value) {
  std::string text;
  raw_string_ostream(text) << llvm::format("%.10g", value);
  return text;
}

static void drawHorizontalAxis(raw_ostream &os, const Axis &axis,
                               const std::set<double> &values,
                               StringRef variable) {
  drawLine(os, kLeft, kBottom, kRight, kBottom, "#000");
  // Values that are measured are marked where there is room for their text.
  double freeFrom = 0;
  for (double value : values) {
    double x = axis.place(value);
    drawLine(os, x, kBottom, x, kBottom + 5, "#000");
    std::string text = formatNumber(value);
    double halfWidth = 4.0 * static_cast<double>(text.size());
    if (x - halfWidth < freeFrom)
      continue;
    drawText(os, x, kBottom + 20, "middle", text);
    freeFrom = x + halfWidth + 4;
  }
  drawText(os, (kLeft + kRight) / 2, kBottom + 42, "middle", variable);
}

static void drawVerticalAxis(raw_ostream &os, const Axis &axis, double step,
                             StringRef unit) {
  for (double value = 0; value <= axis.last * 1.0001; value += step) {
    double y = axis.place(value);
    drawLine(os, kLeft, y, kRight, y, value == 0 ? "#000" : "#ddd");
    drawText(os, kLeft - 8, y + 4, "end", formatNumber(value));
  }
  drawLine(os, kLeft, kTop, kLeft, kBottom, "#000");
  drawText(os, kLeft, kTop - 10, "middle", unit);
}

static void drawCurve(raw_ostream &os, SweepPlot::Line line, size_t number,
                      const Axis &xAxis, const Axis &yAxis) {
  StringRef colour = kColours[number % std::size(kColours)];
  llvm::sort(line.points, [](auto a, auto b) { return a.x < b.x; });
  std::string points;
  for (SweepPlot::Point point : line.points)
    points +=
        formatv("{0:F1},{1:F1} ", xAxis.place(point.x), yAxis.place(point.y))
            .str();
  StringRef dashes =
      number / std::size(kColours) % 2 ? " stroke-dasharray=\"6 4\"" : "";
  os << formatv("<polyline fill=\"none\" stroke=\"{0}\" stroke-width=\"2\"{1} "
                "points=\"{2}\"/>",
                colour, dashes, StringRef(points).rtrim())
     << "\n";
  for (SweepPlot::Point point : line.points)
    os << formatv("<circle cx=\"{0:F1}\" cy=\"{1:F1}\" r=\"3\" fill=\"{2}\">"
                  "<title>{3}: {4}</title></circle>",
                  xAxis.place(point.x), yAxis.place(point.y), colour,
                  formatNumber(point.x), llvm::format("%.4g", point.y))
       << "\n";
  double y = kTop + kRow * static_cast<double>(number);
  os << formatv("<line x1=\"{0}\" y1=\"{1:F1}\" x2=\"{2}\" y2=\"{1:F1}\" "
                "stroke=\"{3}\" stroke-width=\"2\"{4}/>",
                kLegend, y, kLegend + 22, colour, dashes)
     << "\n";
  drawText(os, kLegend + 28, y + 4, "start", line.label);
}

void SweepPlot::add(StringRef label, StringRef variableName, double x,
                    double y) {
  if (variable.empty())
    variable = variableName.str();
  else if (variable != variableName)
    variable = "size";
  auto line =
      find_if(lines, [&](const Line &known) { return known.label == label; });
  if (line == lines.end())
    line = lines.insert(line, {label.str(), {}});
  line->points.push_back({x, y});
}

void SweepPlot::draw(raw_ostream &os) const {
  std::set<double> values;
  double maximum = 0;
  for (const Line &line : lines)
    for (Point point : line.points) {
      values.insert(point.x);
      maximum = std::max(maximum, point.y);
    }
  double height =
      std::max(kBottom + 60, kTop + kRow * static_cast<double>(lines.size()));
  os << formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
                "height=\"{1:F0}\" font-family=\"sans-serif\" "
                "font-size=\"12\">",
                kWidth, height)
     << "\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  drawText(os, kLeft, 20, "start", title);
  if (values.empty() || maximum <= 0) {
    drawText(os, kLeft, kTop + 20, "start", "no bench has a sweep");
    os << "</svg>\n";
    return;
  }
  double step = chooseStep(maximum);
  bool isLogarithmic =
      *values.begin() > 0 && *values.rbegin() > 4 * *values.begin();
  Axis xAxis = {*values.begin(), *values.rbegin(), kLeft + 20, kRight - 20,
                isLogarithmic};
  Axis yAxis = {0, step * std::ceil(maximum / step), kBottom, kTop, false};
  drawVerticalAxis(os, yAxis, step, getUnit(quantity));
  drawHorizontalAxis(os, xAxis, values, variable);
  for (auto [number, line] : enumerate(lines))
    drawCurve(os, line, number, xAxis, yAxis);
  os << "</svg>\n";
}
