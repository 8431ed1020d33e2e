//===- RunEvents.cpp - what a worker tells its supervisor -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RunEvents.h"
#include <fcntl.h>

using namespace mlir;
using namespace mlir::tk;

EventWriter::EventWriter(int descriptor)
    : os(descriptor, /*shouldClose=*/true) {
  // The symbolizer that a crash starts is a process of its own. If it inherited
  // the pipe, the supervisor would not notice that this process has ended.
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

void EventWriter::write(llvm::json::Object event) {
  os << llvm::json::Value(std::move(event)) << "\n";
  os.flush();
}

void EventWriter::onDevice(const BenchDevice &device) {
  write(llvm::json::Object{{"device", device.toJSON()}});
}

void EventWriter::onBegin(int64_t item, StringRef name) {
  write(llvm::json::Object{{"begin", item}, {"name", name}});
}

void EventWriter::onRow(const BenchRow &row, const BenchDevice &device) {
  write(llvm::json::Object{{"row", row.toJSON(device)}});
}

void EventWriter::onEnd(int64_t item, bool passed) {
  write(llvm::json::Object{{"end", item}, {"passed", passed}});
}

void EventWriter::onDone(bool passed) {
  write(llvm::json::Object{{"done", passed}});
}

bool mlir::tk::readEvent(StringRef line, RunEvents &events) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(line);
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const llvm::json::Object *event = value->getAsObject();
  if (!event)
    return false;
  if (const llvm::json::Object *object = event->getObject("device")) {
    std::optional<BenchDevice> device = BenchDevice::fromJSON(*object);
    if (device)
      events.onDevice(*device);
    return device.has_value();
  }
  if (const llvm::json::Object *object = event->getObject("row")) {
    std::optional<BenchRow> row = BenchRow::fromJSON(*object);
    if (row)
      events.onRow(*row, BenchDevice());
    return row.has_value();
  }
  if (std::optional<int64_t> item = event->getInteger("begin")) {
    events.onBegin(*item, event->getString("name").value_or(""));
    return true;
  }
  if (std::optional<int64_t> item = event->getInteger("end")) {
    events.onEnd(*item, event->getBoolean("passed").value_or(false));
    return true;
  }
  if (std::optional<bool> passed = event->getBoolean("done")) {
    events.onDone(*passed);
    return true;
  }
  return false;
}

void EventCollector::onDevice(const BenchDevice &device) {
  report.setDevice(device);
}

void EventCollector::onBegin(int64_t item, StringRef name) {
  currentItem = item;
  currentName = name.str();
  nextItem = item + 1;
}

void EventCollector::onRow(const BenchRow &row, const BenchDevice &) {
  report.add(row);
}

void EventCollector::onEnd(int64_t item, bool itemPassed) {
  currentItem.reset();
  passed &= itemPassed;
}

void EventCollector::onDone(bool allPassed) {
  isDone = true;
  passed &= allPassed;
}
