//===- BenchReport.h - the results of benches -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_BENCHREPORT_H
#define TK_TESTING_BENCHREPORT_H

#include "tk/Frontend/Program.h"
#include "tk/Runtime/Benchmark.h"
#include "tk/Runtime/GpuDevice.h"

namespace mlir::tk {

/// Collects what benches measured, for people, spreadsheets and programs.
class BenchReport {
public:
  /// `copySpeed` in bytes per second is the roof of what moves data; 0 if it
  /// was not measured.
  BenchReport(const DeviceFacts &facts, BenchMode mode, double copySpeed)
      : facts(facts), mode(mode), copySpeed(copySpeed) {}

  /// Adds a result and returns its line.
  std::string add(StringRef file, const TestCase &bench,
                  const Measurement &measurement);

  /// The line above all others: the device and how it was measured.
  std::string getHeading() const;

  void writeJSON(raw_ostream &os) const;
  void writeCSV(raw_ostream &os) const;

private:
  struct Row {
    std::string file, name, instance, sweep;
    Measurement measurement;
    std::optional<int64_t> bytes, flops;

    /// 0 if the bench does not say.
    double getBytesPerSecond() const;
    double getFlopsPerSecond() const;
  };

  DeviceFacts facts;
  BenchMode mode;
  double copySpeed;
  std::vector<Row> rows;
};

} // namespace mlir::tk

#endif // TK_TESTING_BENCHREPORT_H
