//===- BenchReportTest.cpp - tests of how benches are reported ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/BenchReport.h"
#include "tk/Testing/ProgressBar.h"
#include "tk/Testing/SweepPlot.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::tk;

static BenchDevice makeDevice() {
  BenchDevice device;
  device.name = "Some GPU";
  device.numProcessors = 132;
  device.driverVersion = 13000;
  device.mode = BenchMode::Burst;
  device.copySpeed = 2e12;
  return device;
}

/// 2 MB and 3 Mflop in 2 microseconds.
static BenchRow makeRow(StringRef name, int64_t size) {
  BenchRow row;
  row.file = "file.tk";
  row.name = name.str();
  row.instance = "kernel<bf16, \"B\" = 4>";
  row.dtype = "bf16";
  row.sweepPoint = {{"N", size}, {"B", 4}};
  row.median = 2e-3;
  row.minimum = 1.9e-3;
  row.lowQuantile = 1.95e-3;
  row.highQuantile = 2.15e-3;
  row.numLaunches = 10;
  row.clockMHz = 1500;
  row.powerWatts = 301.25;
  row.bytes = 2000000;
  row.flops = 3000000;
  row.check = "reference";
  row.maxShareOfBound = 0.25;
  return row;
}

TEST(BenchReportTest, RatesFollowFromTheMedian) {
  BenchRow row = makeRow("rows", 64);
  EXPECT_DOUBLE_EQ(row.getBytesPerSecond(), 1e12);
  EXPECT_DOUBLE_EQ(row.getFlopsPerSecond(), 1.5e12);
  EXPECT_DOUBLE_EQ(row.getRooflineShare(makeDevice()), 0.5);
  EXPECT_DOUBLE_EQ(row.getSpread(), 0.05);
  EXPECT_DOUBLE_EQ(row.getCycles(), 3000);
  EXPECT_EQ(row.format(makeDevice()),
            "  bench rows         N = 64, B = 4          2.00 us  +- 5.0 %    "
            "1000.0 GB/s ( 50.0 % of copy)      1.50 TFLOP/s        3000 "
            "cycles  1500 MHz  301 W  ok: reference\n");
  row.bytes = std::nullopt;
  row.clockMHz = 0;
  row.computeUnit = "mma bf16";
  row.computeSpeed = 2e12;
  EXPECT_EQ(row.format(makeDevice()),
            "  bench rows         N = 64, B = 4          2.00 us  +- 5.0 %    "
            "  1.50 TFLOP/s ( 75.0 % of mma bf16)  ok: reference\n");
  row.flops = std::nullopt;
  EXPECT_EQ(row.format(makeDevice()),
            "  bench rows         N = 64, B = 4          2.00 us  +- 5.0 %  "
            "ok: reference\n");
}

TEST(BenchReportTest, RowsTravelAsJSON) {
  BenchRow row = makeRow("rows", 64);
  row.computeUnit = "mma bf16";
  row.computeSpeed = 2e12;
  std::optional<BenchRow> back = BenchRow::fromJSON(row.toJSON(makeDevice()));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->format(makeDevice()), row.format(makeDevice()));
  EXPECT_EQ(back->toJSON(makeDevice()), row.toJSON(makeDevice()));
  EXPECT_EQ(back->sweepPoint, row.sweepPoint);
  EXPECT_FALSE(BenchRow::fromJSON({}).has_value());
  std::optional<BenchDevice> device =
      BenchDevice::fromJSON(makeDevice().toJSON());
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ(device->getHeading(),
            "Some GPU, 132 multiprocessors, mode burst, copies 2000 GB/s");
}

TEST(BenchReportTest, SpreadsheetsQuoteText) {
  BenchReport report;
  report.setDevice(makeDevice());
  report.add(makeRow("rows", 64));
  std::string text;
  llvm::raw_string_ostream os(text);
  report.writeCSV(os);
  EXPECT_EQ(text, "file,name,instance,sweep,median_ms,min_ms,p20_ms,p80_ms,"
                  "bytes_per_s,flop_per_s,share_of_copy_speed,"
                  "share_of_compute_speed,clock_mhz,power_w,check\n"
                  "\"file.tk\",\"rows\",\"kernel<bf16, \"\"B\"\" = 4>\","
                  "\"N = 64, B = 4\",0.002000,0.001900,0.001950,0.002150,"
                  "1000000000000,1500000000000,0.5000,0.0000,1500,301.2,"
                  "\"reference\"\n");
}

static std::string draw(const BenchReport &report) {
  std::string text;
  llvm::raw_string_ostream os(text);
  report.drawSVG(os);
  return text;
}

TEST(SweepPlotTest, EachBenchIsALine) {
  BenchReport report;
  report.setDevice(makeDevice());
  for (int64_t size : {64, 1024, 256}) {
    report.add(makeRow("rows", size));
    report.add(makeRow("a<b", size));
  }
  std::string text = draw(report);
  EXPECT_EQ(StringRef(text).count("<polyline"), 2u);
  EXPECT_EQ(StringRef(text).count("<circle"), 6u);
  EXPECT_EQ(StringRef(text).count(">TFLOP/s</text>"), 1u);
  EXPECT_EQ(StringRef(text).count(">N</text>"), 1u);
  EXPECT_EQ(StringRef(text).count(">kernel a&lt;b bf16</text>"), 1u);
  // The axis ends at 1.5 TFLOP/s. Sizes are in order, and 64, 256 and 1024 are
  // equally far apart.
  EXPECT_EQ(StringRef(text).count("points=\"90.0,46.0 355.0,46.0 620.0,46.0\""),
            2u);
}

TEST(SweepPlotTest, TheAxisIsLinearForNearSizes) {
  SweepPlot plot;
  plot.add("line", "N", 10, 1);
  plot.add("line", "N", 20, 2);
  plot.add("line", "N", 40, 4);
  std::string text;
  llvm::raw_string_ostream os(text);
  plot.draw(os);
  EXPECT_NE(text.find("points=\"90.0,311.5 266.7,223.0 620.0,46.0\""),
            std::string::npos)
      << text;
}

TEST(SweepPlotTest, NothingToDrawIsSaid) {
  BenchReport report;
  BenchRow row = makeRow("rows", 64);
  row.sweepPoint.clear();
  report.add(row);
  EXPECT_NE(draw(report).find("no bench has a sweep"), std::string::npos);
}

TEST(ProgressBarTest, OnlyWhatIsEnabledIsShown) {
  std::string text;
  llvm::raw_string_ostream os(text);
  {
    ProgressBar bar(os, /*isEnabled=*/false);
    bar.show(1, 2, "work");
  }
  EXPECT_EQ(text, "");
  ProgressBar bar(os, /*isEnabled=*/true);
  bar.clear();
  EXPECT_EQ(text, "");
  bar.show(1, 2, "work");
  EXPECT_EQ(text, "\r[############------------] 1/2 work\x1b[K");
  text.clear();
  bar.clear();
  bar.clear();
  EXPECT_EQ(text, "\r\x1b[K");
}
