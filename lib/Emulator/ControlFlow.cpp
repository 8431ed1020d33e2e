//===- ControlFlow.cpp - branches, calls and exits ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.12 and 9.7.19 (trap, brkpt, pmevent, nanosleep).
//
//===----------------------------------------------------------------------===//

#include "Calls.h"
#include "Decoder.h"
#include "DeviceLibrary.h"
#include "ThreadBlock.h"
#include "Warp.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

static Step runBranch(Warp &warp, const Instruction &instruction) {
  return warp.jump(static_cast<uint32_t>(instruction.immediate));
}

static Step runIndexedBranch(Warp &warp, const Instruction &instruction) {
  const auto &table = *static_cast<const BranchTable *>(instruction.details);
  const uint32_t *index = warp.lanes<uint32_t>(instruction.operands[0]);
  uint32_t targets[numLanes];
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (index[lane] >= table.targets.size()) {
      warp.mask = LaneMask(1) << lane;
      return warp.fail(Rule::BadCall, instruction,
                       "the index " + llvm::Twine(index[lane]) +
                           " is not below the number of labels, " +
                           llvm::Twine(table.targets.size()));
    }
    targets[lane] = table.targets[index[lane]];
  }
  return warp.jumpEach(targets);
}

Step mlir::tk::emulator::runReturn(Warp &warp, const Instruction &instruction) {
  const Frame &frame = warp.currentFrame();
  if (frame.caller) {
    const Instruction &call = frame.caller->function->code[frame.callSite];
    const auto &details = *static_cast<const CallDetails *>(call.details);
    copyResults(warp, details, frame);
  }
  return warp.returnToCaller();
}

static Step runExit(Warp &warp, const Instruction &) { return warp.exit(); }

static Step runTrap(Warp &warp, const Instruction &instruction) {
  return warp.fail(Rule::Trap, instruction, "");
}

static Step runYield(Warp &, const Instruction &) { return Step::Yield; }

static Step callFunction(Warp &warp, const Instruction &instruction,
                         const DecodedFunction &callee) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  bool isUnsized =
      !callee.parameters.empty() &&
      callee.parameters.back().sizeInBytes == ParameterPlace::unsizedBytes;
  Frame *frame = warp.prepareCall(
      callee,
      isUnsized ? llvm::alignTo(details.arguments.back().sizeInBytes, 16) : 0);
  if (!frame)
    return warp.fail(Rule::CallDepth, instruction,
                     "the calls need more than " + llvm::Twine(maxLocalBytes) +
                         " bytes of local memory, or are nested too deeply");
  copyArguments(warp, details, *frame);
  return warp.call(*frame);
}

static Step runCall(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  return callFunction(warp, instruction, *details.callee);
}

/// Lanes with other callees stay in the group and run the instruction again.
static Step runIndirectCall(Warp &warp, const Instruction &instruction) {
  const auto &details = *static_cast<const CallDetails *>(instruction.details);
  const uint64_t *pointers = warp.lanes<uint64_t>(instruction.operands[0]);
  uint64_t pointer = pointers[__builtin_ctz(warp.mask)];
  LaneMask same = 0, others = 0;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    (pointers[lane] == pointer ? same : others) |= LaneMask(1) << lane;
  }
  warp.mask = same;
  const DecodedFunction *callee = warp.block.launch.program.functionAt(pointer);
  if (!callee || callee->syntax->isEntry)
    return warp.fail(Rule::BadCall, instruction,
                     "the address " + llvm::Twine(pointer) +
                         " is that of no function");
  if (callee->parameters.size() != details.arguments.size() ||
      callee->returns.size() != details.results.size())
    return warp.fail(Rule::BadCall, instruction,
                     "the function '" + callee->syntax->name +
                         "' does not fit the prototype of the call");
  if (others)
    warp.splitHere(others);
  return callFunction(warp, instruction, *callee);
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

static llvm::Error expectOperands(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  size_t least, size_t most) {
  size_t count = instruction.operands.size();
  if (count >= least && count <= most)
    return llvm::Error::success();
  return context.error(instruction, "expects " + llvm::Twine(least) +
                                        " operands, got " + llvm::Twine(count));
}

static llvm::Error decodeBra(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  modifiers.accept("uni");
  if (llvm::Error error = expectOperands(context, instruction, 1, 1))
    return error;
  result.handler = runBranch;
  return context.branchTo(instruction.operands[0]);
}

static llvm::Error decodeBrx(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("idx"))
    return context.error(instruction, "expects 'brx.idx'");
  modifiers.accept("uni");
  if (llvm::Error error = expectOperands(context, instruction, 2, 2))
    return error;
  llvm::Expected<Slot> index =
      context.source(instruction.operands[0], PtxType::U32);
  if (!index)
    return index.takeError();
  llvm::Expected<const BranchTable *> table =
      context.branchTable(instruction.operands[1]);
  if (!table)
    return table.takeError();
  result.operands[0] = *index;
  result.details = *table;
  result.handler = runIndexedBranch;
  return llvm::Error::success();
}

static llvm::Error decodeCall(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  modifiers.accept("uni");
  llvm::Expected<const CallDetails *> details =
      context.callDetails(instruction, result);
  if (!details)
    return details.takeError();
  result.details = *details;
  if (!result.handler)
    result.handler = (*details)->callee ? runCall : runIndirectCall;
  return llvm::Error::success();
}

static llvm::Error decodeRet(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  modifiers.accept("uni");
  result.handler = runReturn;
  return expectOperands(context, instruction, 0, 0);
}

/// Nothing but the opcode.
template <Handler handler>
static llvm::Error decodeBare(DecodeContext &context,
                              const PtxInstruction &instruction, Modifiers &,
                              Instruction &result) {
  result.handler = handler;
  return expectOperands(context, instruction, 0, 0);
}

/// Events for the profiler.
static llvm::Error decodePmevent(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  modifiers.accept("mask");
  result.handler = runNothing;
  return expectOperands(context, instruction, 1, 1);
}

/// Time is counted in instructions, so all sleeps are alike: others run.
static llvm::Error decodeNanosleep(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("u32"))
    return context.error(instruction, "expects 'nanosleep.u32'");
  if (llvm::Error error = expectOperands(context, instruction, 1, 1))
    return error;
  llvm::Expected<Slot> time =
      context.source(instruction.operands[0], PtxType::U32);
  if (!time)
    return time.takeError();
  result.handler = runYield;
  return llvm::Error::success();
}

void mlir::tk::emulator::registerControlFlow(DecoderTable &table) {
  table.add("bra", decodeBra);
  table.add("brx", decodeBrx);
  table.add("call", decodeCall);
  table.add("ret", decodeRet);
  table.add("exit", decodeBare<runExit>);
  table.add("trap", decodeBare<runTrap>);
  // A breakpoint without a debugger does nothing.
  table.add("brkpt", decodeBare<runNothing>);
  table.add("pmevent", decodePmevent);
  table.add("nanosleep", decodeNanosleep);
}
