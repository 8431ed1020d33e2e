//===- BenchReport.cpp - the results of benches ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/BenchReport.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::tk;

double BenchReport::Row::getBytesPerSecond() const {
  if (!bytes || measurement.median <= 0)
    return 0;
  return static_cast<double>(*bytes) / (measurement.median * 1e-3);
}

double BenchReport::Row::getFlopsPerSecond() const {
  if (!flops || measurement.median <= 0)
    return 0;
  return static_cast<double>(*flops) / (measurement.median * 1e-3);
}

std::string BenchReport::getHeading() const {
  std::string text =
      llvm::formatv("{0}, {1} multiprocessors, mode {2}", facts.name,
                    facts.numProcessors, stringifyBenchMode(mode))
          .str();
  if (copySpeed > 0)
    text += llvm::formatv(", copies {0:F0} GB/s", copySpeed / 1e9).str();
  return text;
}

std::string BenchReport::add(StringRef file, const TestCase &bench,
                             const Measurement &measurement) {
  Row row{file.str(),  bench.name,  bench.instance.str(), "",
          measurement, bench.bytes, bench.flops};
  for (const auto &[name, value] : bench.sweepPoint)
    row.sweep +=
        (row.sweep.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  std::string line =
      llvm::formatv("  bench {0,-12} {1,-16} {2,10:F2} us  +-{3,4:F1} %",
                    row.name, row.sweep, measurement.median * 1e3,
                    measurement.getSpread() * 50)
          .str();
  if (double speed = row.getBytesPerSecond(); speed > 0) {
    line += llvm::formatv("  {0,8:F1} GB/s", speed / 1e9).str();
    if (copySpeed > 0)
      line +=
          llvm::formatv(" ({0,5:F1} % of copy)", 100 * speed / copySpeed).str();
  }
  if (double speed = row.getFlopsPerSecond(); speed > 0)
    line += llvm::formatv("  {0,8:F2} TFLOP/s", speed / 1e12).str();
  if (measurement.clockMHz > 0)
    line += llvm::formatv("  {0,10:F0} cycles  {1} MHz  {2,3:F0} W",
                          measurement.getCycles(), measurement.clockMHz,
                          measurement.powerWatts)
                .str();
  rows.push_back(std::move(row));
  return line + "\n";
}

void BenchReport::writeJSON(raw_ostream &os) const {
  llvm::json::Array results;
  for (const Row &row : rows) {
    llvm::json::Object object{
        {"file", row.file},
        {"name", row.name},
        {"instance", row.instance},
        {"sweep", row.sweep},
        {"median_ms", row.measurement.median},
        {"min_ms", row.measurement.minimum},
        {"p20_ms", row.measurement.lowQuantile},
        {"p80_ms", row.measurement.highQuantile},
        {"launches", static_cast<int64_t>(row.measurement.times.size())},
        {"clock_mhz", row.measurement.clockMHz},
        {"power_w", row.measurement.powerWatts},
    };
    if (row.bytes)
      object["bytes_per_s"] = row.getBytesPerSecond();
    if (row.flops)
      object["flop_per_s"] = row.getFlopsPerSecond();
    results.push_back(std::move(object));
  }
  llvm::json::Object document{
      {"device", facts.name},
      {"driver", facts.driverVersion},
      {"mode", stringifyBenchMode(mode)},
      {"copy_bytes_per_s", copySpeed},
      {"results", std::move(results)},
  };
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(document))) << "\n";
}

/// A field of a spreadsheet, with its quotes doubled.
static std::string quote(StringRef text) {
  std::string result = "\"";
  for (char c : text)
    result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

void BenchReport::writeCSV(raw_ostream &os) const {
  os << "file,name,instance,sweep,median_ms,min_ms,p20_ms,p80_ms,bytes_per_s,"
        "flop_per_s,clock_mhz,power_w\n";
  for (const Row &row : rows)
    os << quote(row.file) << "," << quote(row.name) << ","
       << quote(row.instance) << "," << quote(row.sweep) << ","
       << llvm::formatv("{0:F6},{1:F6},{2:F6},{3:F6},{4:F0},{5:F0},{6},{7:F1}",
                        row.measurement.median, row.measurement.minimum,
                        row.measurement.lowQuantile,
                        row.measurement.highQuantile, row.getBytesPerSecond(),
                        row.getFlopsPerSecond(), row.measurement.clockMHz,
                        row.measurement.powerWatts)
       << "\n";
}
