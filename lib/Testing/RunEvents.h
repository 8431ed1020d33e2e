//===- RunEvents.h - what a worker tells its supervisor -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The work of a session is a list of items, numbered over all files: opening a
// file, then each of its tests or benches. A worker does them from some item on
// and writes one line of JSON for each event. When it dies, the supervisor
// knows which item did it, and starts another worker after that item.
//
//   {"device": {...}}                  before the benches
//   {"begin": 3, "name": "softmax.tk: bench rows"}
//   {"row": {...}}                     what a bench measured
//   {"end": 3, "passed": true}
//   {"done": true}                     all items are through, and passed

#ifndef TK_LIB_TESTING_RUNEVENTS_H
#define TK_LIB_TESTING_RUNEVENTS_H

#include "tk/Testing/BenchReport.h"

namespace mlir::tk {

/// Gets the events: writes them to a pipe, or keeps what benches measured.
class RunEvents {
public:
  virtual ~RunEvents() = default;
  virtual void onDevice(const BenchDevice &device) = 0;
  virtual void onBegin(int64_t item, StringRef name) = 0;
  virtual void onRow(const BenchRow &row, const BenchDevice &device) = 0;
  virtual void onEnd(int64_t item, bool passed) = 0;
  virtual void onDone(bool passed) = 0;
};

/// Writes events as lines to a file descriptor.
class EventWriter : public RunEvents {
public:
  explicit EventWriter(int descriptor);
  void onDevice(const BenchDevice &device) override;
  void onBegin(int64_t item, StringRef name) override;
  void onRow(const BenchRow &row, const BenchDevice &device) override;
  void onEnd(int64_t item, bool passed) override;
  void onDone(bool passed) override;

private:
  void write(llvm::json::Object event);
  llvm::raw_fd_ostream os;
};

/// Calls `events` for one line. False if it is not an event.
bool readEvent(StringRef line, RunEvents &events);

/// Keeps what benches measured.
class EventCollector : public RunEvents {
public:
  void onDevice(const BenchDevice &device) override;
  void onBegin(int64_t item, StringRef name) override;
  void onRow(const BenchRow &row, const BenchDevice &device) override;
  void onEnd(int64_t item, bool passed) override;
  void onDone(bool passed) override;

  const BenchReport &getReport() const { return report; }

protected:
  BenchReport report;
  bool passed = true;
  bool isDone = false;
  /// The item that is being worked on, if any, and the first not begun.
  std::optional<int64_t> currentItem;
  std::string currentName;
  int64_t nextItem = 0;
};

} // namespace mlir::tk

#endif // TK_LIB_TESTING_RUNEVENTS_H
