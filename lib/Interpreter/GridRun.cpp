//===- GridRun.cpp - errors and output of the programs of one run ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "GridRun.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// ErrorLog
//===----------------------------------------------------------------------===//

void ErrorLog::report(const ErrorOrigin &origin, Operation *op, ErrorKind kind,
                      llvm::function_ref<std::string()> makeMessage,
                      Operation *noteOp, StringRef note) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = entries.find({op, kind});
  int64_t numRepeats = 0;
  if (it != entries.end()) {
    numRepeats = ++it->second.error.numRepeats;
    if (it->second.origin.program <= origin.program)
      return;
    entries.erase(it);
  }
  RuntimeError error{op->getLoc(), makeMessage(), std::nullopt,
                     note.str(),   numRepeats,    origin.coordinates};
  if (noteOp)
    error.noteLoc = noteOp->getLoc();
  entries.insert({{op, kind}, {origin, std::move(error)}});
}

bool ErrorLog::empty() {
  std::lock_guard<std::mutex> lock(mutex);
  return entries.empty();
}

std::vector<RuntimeError> ErrorLog::take() {
  SmallVector<Entry *> sorted;
  for (auto &[key, entry] : entries)
    sorted.push_back(&entry);
  llvm::sort(sorted, [](const Entry *a, const Entry *b) {
    return std::make_tuple(a->origin.program, a->origin.instruction,
                           StringRef(a->error.message)) <
           std::make_tuple(b->origin.program, b->origin.instruction,
                           StringRef(b->error.message));
  });
  std::vector<RuntimeError> errors;
  for (Entry *entry : sorted)
    errors.push_back(std::move(entry->error));
  entries.clear();
  return errors;
}

//===----------------------------------------------------------------------===//
// OutputLog
//===----------------------------------------------------------------------===//

bool OutputLog::isFull() {
  std::lock_guard<std::mutex> lock(mutex);
  return numBytes > maxBytes;
}

void OutputLog::print(const ProgramInstance &instance, StringRef text) {
  std::lock_guard<std::mutex> lock(mutex);
  if (numBytes > maxBytes)
    return;
  numBytes += text.size();
  texts[instance.number] += text;
}

std::string OutputLog::take() {
  std::string all;
  for (auto &[program, text] : texts)
    all += text;
  if (all.size() <= maxBytes)
    return all;
  all.resize(all.rfind('\n', maxBytes) + 1);
  return all + "... further output is not shown\n";
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

std::array<int64_t, 3> mlir::tk::getCoordinates(const GridRun &run,
                                                uint32_t number) {
  return {number % run.grid[0], number / run.grid[0] % run.grid[1],
          number / run.grid[0] / run.grid[1]};
}

std::string mlir::tk::describeProgram(const GridRun &run, uint32_t number) {
  auto [x, y, z] = getCoordinates(run, number);
  std::string text = "program ";
  if (run.grid[1] == 1 && run.grid[2] == 1)
    return text + llvm::itostr(x);
  text += "(" + llvm::itostr(x) + ", " + llvm::itostr(y);
  if (run.grid[2] != 1)
    text += ", " + llvm::itostr(z);
  return text + ")";
}

/// The operator between the operands of index arithmetic.
static StringRef getOperator(Operation *op) {
  return TypeSwitch<Operation *, StringRef>(op)
      .Case<arith::AddIOp>([](auto) { return "+"; })
      .Case<arith::SubIOp>([](auto) { return "-"; })
      .Case<arith::MulIOp>([](auto) { return "*"; })
      .Case<arith::ShLIOp>([](auto) { return "<<"; })
      .Default([](Operation *) { return "?"; });
}

/// The value that the given operand of the op has in a lane.
static std::string formatOperand(Operation *op, unsigned operand, int64_t lane,
                                 char *const *slots) {
  Type type = op->getOperand(operand).getType();
  ElementKind kind = *getElementKind(type);
  bool isUniform = !isa<RankedTensorType>(type);
  const char *element = slots[op->getNumResults() + operand] +
                        (isUniform ? 0 : lane) * getFrameSize(kind);
  return llvm::itostr(readInteger(kind, element));
}

static std::string describeFault(Operation *op, const LoopFault &fault,
                                 char *const *slots) {
  auto operand = [&](unsigned i) {
    return formatOperand(op, i, fault.lane, slots);
  };
  switch (fault.kind) {
  case LoopFault::None:
    break;
  case LoopFault::DivisionByZero:
    return "divides " + operand(0) + " by zero";
  case LoopFault::DivisionOverflow:
    return "divides " + operand(0) + " by -1, which overflows";
  case LoopFault::ShiftOutOfRange: {
    Type type = getElementTypeOrSelf(op->getOperand(0).getType());
    unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    return "shifts " + std::to_string(width) + " bits by " + operand(1);
  }
  case LoopFault::IndexOverflow:
    if (isa<math::AbsIOp>(op))
      return "computes the index abs(" + operand(0) +
             "), which does not fit into 64 bits";
    return "computes the index " + operand(0) + " " + getOperator(op).str() +
           " " + operand(1) + ", which does not fit into 64 bits";
  case LoopFault::CastOutOfRange: {
    std::string type;
    llvm::raw_string_ostream(type)
        << getElementTypeOrSelf(op->getResult(0).getType());
    return "casts " + operand(0) + " to " + type + ", which does not hold it";
  }
  }
  llvm_unreachable("there is a fault");
}

void mlir::tk::reportFault(ProgramInstance &instance, Operation *op,
                           const LoopFault &fault, char *const *slots) {
  GridRun &gridRun = instance.run;
  gridRun.errors.report(instance, op, ErrorKind::Arithmetic, [&] {
    return describeProgram(gridRun, instance.number) + " " +
           describeFault(op, fault, slots);
  });
}
