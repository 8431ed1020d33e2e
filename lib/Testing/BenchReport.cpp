//===- BenchReport.cpp - the results of benches ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/BenchReport.h"
#include "tk/Testing/SweepPlot.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::formatv;

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

std::string BenchDevice::getHeading() const {
  std::string text = formatv("{0}, {1} multiprocessors, mode {2}", name,
                             numProcessors, stringifyBenchMode(mode))
                         .str();
  if (copySpeed > 0)
    text += formatv(", copies {0:F0} GB/s", copySpeed / 1e9).str();
  return text;
}

llvm::json::Object BenchDevice::toJSON() const {
  return llvm::json::Object{{"device", name},
                            {"multiprocessors", numProcessors},
                            {"driver", driverVersion},
                            {"mode", stringifyBenchMode(mode)},
                            {"copy_bytes_per_s", copySpeed}};
}

std::optional<BenchDevice>
BenchDevice::fromJSON(const llvm::json::Object &object) {
  std::optional<BenchMode> mode =
      parseBenchMode(object.getString("mode").value_or(""));
  if (!mode)
    return std::nullopt;
  BenchDevice device;
  device.name = object.getString("device").value_or("").str();
  device.numProcessors = object.getInteger("multiprocessors").value_or(0);
  device.driverVersion = object.getInteger("driver").value_or(0);
  device.mode = *mode;
  device.copySpeed = object.getNumber("copy_bytes_per_s").value_or(0);
  return device;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static std::string getDTypeText(const TestCase &bench) {
  for (const InstanceBinding &binding : bench.instance.bindings)
    if (parseDTypeName(binding.value))
      return binding.value;
  for (const TestArgument &argument : bench.arguments)
    if (argument.isBuffer())
      return getDTypeName(argument.dtype).str();
  return "";
}

BenchRow::BenchRow(StringRef file, const TestCase &bench,
                   const Measurement &measurement)
    : file(file), name(bench.name), instance(bench.instance.str()),
      dtype(getDTypeText(bench)), sweepPoint(bench.sweepPoint),
      median(measurement.median), minimum(measurement.minimum),
      lowQuantile(measurement.lowQuantile),
      highQuantile(measurement.highQuantile),
      numLaunches(measurement.times.size()), clockMHz(measurement.clockMHz),
      powerWatts(measurement.powerWatts), bytes(bench.bytes),
      flops(bench.flops) {}

std::string BenchRow::getSweepText() const {
  std::string text;
  for (const auto &[variable, value] : sweepPoint)
    text +=
        (text.empty() ? "" : ", ") + variable + " = " + std::to_string(value);
  return text;
}

static double getPerSecond(std::optional<int64_t> amount, double milliseconds) {
  if (!amount || milliseconds <= 0)
    return 0;
  return static_cast<double>(*amount) / (milliseconds * 1e-3);
}

double BenchRow::getBytesPerSecond() const {
  return getPerSecond(bytes, median);
}

double BenchRow::getFlopsPerSecond() const {
  return getPerSecond(flops, median);
}

double BenchRow::getSpread() const {
  return median > 0 ? (highQuantile - lowQuantile) / (2 * median) : 0;
}

double BenchRow::getCycles() const {
  return median * 1e-3 * static_cast<double>(clockMHz) * 1e6;
}

double BenchRow::getRooflineShare(const BenchDevice &device) const {
  return device.copySpeed > 0 ? getBytesPerSecond() / device.copySpeed : 0;
}

double BenchRow::getComputeShare() const {
  return computeSpeed > 0 ? getFlopsPerSecond() / computeSpeed : 0;
}

std::string BenchRow::format(const BenchDevice &device) const {
  std::string line =
      formatv("  bench {0,-12} {1,-16} {2,10:F2} us  +-{3,4:F1} %", name,
              getSweepText(), median * 1e3, getSpread() * 100)
          .str();
  if (double speed = getBytesPerSecond(); speed > 0)
    line += formatv("  {0,8:F1} GB/s", speed / 1e9).str();
  if (double share = getRooflineShare(device); share > 0)
    line += formatv(" ({0,5:F1} % of copy)", 100 * share).str();
  if (double speed = getFlopsPerSecond(); speed > 0)
    line += formatv("  {0,8:F2} TFLOP/s", speed / 1e12).str();
  if (double share = getComputeShare(); share > 0)
    line += formatv(" ({0,5:F1} % of {1})", 100 * share, computeUnit).str();
  if (clockMHz > 0)
    line += formatv("  {0,10:F0} cycles  {1} MHz  {2,3:F0} W", getCycles(),
                    clockMHz, powerWatts)
                .str();
  return line + "  ok: " + check + "\n";
}

llvm::json::Object BenchRow::toJSON(const BenchDevice &device) const {
  llvm::json::Array sweepValues;
  for (const auto &[variable, value] : sweepPoint)
    sweepValues.push_back(llvm::json::Array{variable, value});
  llvm::json::Object object{
      {"file", file},
      {"name", name},
      {"instance", instance},
      {"dtype", dtype},
      {"sweep", getSweepText()},
      {"sweep_values", std::move(sweepValues)},
      {"median_ms", median},
      {"min_ms", minimum},
      {"p20_ms", lowQuantile},
      {"p80_ms", highQuantile},
      {"launches", numLaunches},
      {"clock_mhz", clockMHz},
      {"power_w", powerWatts},
      {"check", check},
      {"max_err_of_bound", maxShareOfBound},
      {"compute_unit", computeUnit},
  };
  if (bytes) {
    object["bytes"] = *bytes;
    object["bytes_per_s"] = getBytesPerSecond();
    object["share_of_copy_speed"] = getRooflineShare(device);
  }
  if (flops) {
    object["flops"] = *flops;
    object["flop_per_s"] = getFlopsPerSecond();
  }
  if (computeSpeed > 0) {
    object["compute_flop_per_s"] = computeSpeed;
    object["share_of_compute_speed"] = getComputeShare();
  }
  return object;
}

std::optional<BenchRow> BenchRow::fromJSON(const llvm::json::Object &object) {
  BenchRow row;
  for (auto [key, text] :
       {std::make_pair("file", &row.file), std::make_pair("name", &row.name),
        std::make_pair("instance", &row.instance),
        std::make_pair("dtype", &row.dtype),
        std::make_pair("check", &row.check),
        std::make_pair("compute_unit", &row.computeUnit)}) {
    std::optional<StringRef> value = object.getString(key);
    if (!value)
      return std::nullopt;
    *text = value->str();
  }
  for (auto [key, number] :
       {std::make_pair("median_ms", &row.median),
        std::make_pair("min_ms", &row.minimum),
        std::make_pair("p20_ms", &row.lowQuantile),
        std::make_pair("p80_ms", &row.highQuantile),
        std::make_pair("power_w", &row.powerWatts),
        std::make_pair("max_err_of_bound", &row.maxShareOfBound),
        std::make_pair("compute_flop_per_s", &row.computeSpeed)})
    *number = object.getNumber(key).value_or(0);
  row.numLaunches = object.getInteger("launches").value_or(0);
  row.clockMHz = object.getInteger("clock_mhz").value_or(0);
  row.bytes = object.getInteger("bytes");
  row.flops = object.getInteger("flops");
  if (const llvm::json::Array *values = object.getArray("sweep_values"))
    for (const llvm::json::Value &value : *values)
      if (const llvm::json::Array *pair = value.getAsArray();
          pair && pair->size() == 2)
        row.sweepPoint.emplace_back((*pair)[0].getAsString().value_or("").str(),
                                    (*pair)[1].getAsInteger().value_or(0));
  return row;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

void BenchReport::writeJSON(raw_ostream &os) const {
  llvm::json::Array results;
  for (const BenchRow &row : rows)
    results.push_back(row.toJSON(device));
  llvm::json::Object document = device.toJSON();
  document["results"] = std::move(results);
  os << formatv("{0:2}", llvm::json::Value(std::move(document))) << "\n";
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
        "flop_per_s,share_of_copy_speed,share_of_compute_speed,clock_mhz,"
        "power_w,check\n";
  for (const BenchRow &row : rows)
    os << quote(row.file) << "," << quote(row.name) << ","
       << quote(row.instance) << "," << quote(row.getSweepText()) << ","
       << formatv("{0:F6},{1:F6},{2:F6},{3:F6},{4:F0},{5:F0},{6:F4},{7:F4},{8},"
                  "{9:F1}",
                  row.median, row.minimum, row.lowQuantile, row.highQuantile,
                  row.getBytesPerSecond(), row.getFlopsPerSecond(),
                  row.getRooflineShare(device), row.getComputeShare(),
                  row.clockMHz, row.powerWatts)
       << "," << quote(row.check) << "\n";
}

//===----------------------------------------------------------------------===//
// Picture
//===----------------------------------------------------------------------===//

/// What all benches tell: the more telling first.
static PlotQuantity choosePlotQuantity(ArrayRef<BenchRow> rows) {
  if (llvm::all_of(rows, [](const BenchRow &row) { return row.flops > 0; }))
    return PlotQuantity::Flops;
  if (llvm::all_of(rows, [](const BenchRow &row) { return row.bytes > 0; }))
    return PlotQuantity::Bytes;
  return PlotQuantity::Time;
}

static double getQuantity(const BenchRow &row, PlotQuantity quantity) {
  switch (quantity) {
  case PlotQuantity::Flops:
    return row.getFlopsPerSecond() / 1e12;
  case PlotQuantity::Bytes:
    return row.getBytesPerSecond() / 1e9;
  case PlotQuantity::Time:
    return row.median * 1e3;
  }
  llvm_unreachable("all quantities are listed");
}

void BenchReport::drawSVG(raw_ostream &os) const {
  SweepPlot plot;
  plot.title = device.getHeading();
  plot.quantity = choosePlotQuantity(rows);
  for (const BenchRow &row : rows) {
    // The first variable goes along the axis; the others follow it.
    if (row.sweepPoint.empty())
      continue;
    std::string label = StringRef(row.instance).split('<').first.str() + " " +
                        row.name + " " + row.dtype;
    plot.add(label, row.sweepPoint.front().first,
             static_cast<double>(row.sweepPoint.front().second),
             getQuantity(row, plot.quantity));
  }
  plot.draw(os);
}
