//===- BenchReport.h - the results of benches -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_BENCHREPORT_H
#define TK_TESTING_BENCHREPORT_H

#include "tk/Frontend/Program.h"
#include "tk/Runtime/Benchmark.h"
#include "tk/Runtime/GpuDevice.h"
#include "llvm/Support/JSON.h"

namespace mlir::tk {

/// What was measured on a device besides the benches.
struct BenchDevice {
  std::string name;
  int64_t numProcessors = 0;
  int64_t driverVersion = 0;
  BenchMode mode = BenchMode::Bench;
  /// The roof of what moves data, in bytes per second.
  double copySpeed = 0;

  /// "NVIDIA H100, 132 multiprocessors, mode bench, copies 2950 GB/s".
  std::string getHeading() const;
  llvm::json::Object toJSON() const;
  static std::optional<BenchDevice> fromJSON(const llvm::json::Object &object);
};

/// The result of one bench at one point of its sweep.
struct BenchRow {
  std::string file, name, instance;
  /// Of the instance, else of its first tensor: "bf16".
  std::string dtype;
  std::vector<std::pair<std::string, int64_t>> sweepPoint;
  /// Milliseconds.
  double median = 0, minimum = 0, lowQuantile = 0, highQuantile = 0;
  int64_t numLaunches = 0;
  /// 0 if unknown.
  int64_t clockMHz = 0;
  double powerWatts = 0;
  std::optional<int64_t> bytes, flops;
  /// Of kernels that multiply matrices: the unit, "wgmma bf16", and its
  /// measured speed. Empty and 0 if there is none.
  std::string computeUnit;
  double computeSpeed = 0;
  /// What the outputs were compared with before, and the largest error as a
  /// share of its bound.
  std::string check;
  double maxShareOfBound = 0;

  BenchRow() = default;
  BenchRow(StringRef file, const TestCase &bench,
           const Measurement &measurement);

  /// "N = 4096, BLOCK = 512".
  std::string getSweepText() const;
  /// 0 if the bench does not say.
  double getBytesPerSecond() const;
  double getFlopsPerSecond() const;
  /// Of half the distance between the quantiles, relative to the median.
  double getSpread() const;
  double getCycles() const;
  /// How much of the copy speed is reached; 0 if unknown.
  double getRooflineShare(const BenchDevice &device) const;
  /// How much of the speed of the matrix unit; 0 if unknown.
  double getComputeShare() const;

  /// One line for people.
  std::string format(const BenchDevice &device) const;
  llvm::json::Object toJSON(const BenchDevice &device) const;
  static std::optional<BenchRow> fromJSON(const llvm::json::Object &object);
};

/// Collects what benches measured, for spreadsheets, programs and pictures.
class BenchReport {
public:
  void setDevice(const BenchDevice &newDevice) { device = newDevice; }
  void add(BenchRow row) { rows.push_back(std::move(row)); }

  void writeJSON(raw_ostream &os) const;
  void writeCSV(raw_ostream &os) const;
  /// Draws the sweeps: see SweepPlot.h.
  void drawSVG(raw_ostream &os) const;

private:
  BenchDevice device;
  std::vector<BenchRow> rows;
};

} // namespace mlir::tk

#endif // TK_TESTING_BENCHREPORT_H
