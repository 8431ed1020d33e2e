//===- Decoder.cpp - modifiers, and all decoders by opcode ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Decoder.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

Modifiers::Modifiers(const PtxInstruction &instruction)
    : modifiers(instruction.modifiers) {}

llvm::StringRef Modifiers::peek() const {
  return atEnd() ? llvm::StringRef() : modifiers[position];
}

llvm::StringRef Modifiers::take() {
  return atEnd() ? llvm::StringRef() : modifiers[position++];
}

bool Modifiers::accept(llvm::StringRef name) {
  if (atEnd() || modifiers[position] != name)
    return false;
  ++position;
  return true;
}

std::optional<unsigned>
Modifiers::acceptOneOf(llvm::ArrayRef<llvm::StringRef> names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (accept(names[i]))
      return static_cast<unsigned>(i);
  return std::nullopt;
}

std::optional<PtxType> Modifiers::acceptType() {
  std::optional<PtxType> type = parsePtxType(peek());
  if (type)
    ++position;
  return type;
}

std::optional<unsigned> Modifiers::acceptVector() {
  if (std::optional<unsigned> which = acceptOneOf({"v2", "v4", "v8"}))
    return 2u << *which;
  return std::nullopt;
}

std::optional<PtxSpace> Modifiers::acceptSpace() {
  std::optional<PtxSpace> space = parsePtxSpace(peek());
  if (space)
    ++position;
  return space;
}

DecodeContext::~DecodeContext() = default;

const DecoderTable::Entry *DecoderTable::lookup(llvm::StringRef opcode) const {
  auto found = entries.find(opcode);
  return found == entries.end() ? nullptr : &found->second;
}

llvm::Error emulator::expectTarget(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   unsigned architecture, bool isSpecific) {
  unsigned target = context.architecture();
  bool isKnown = context.module().isArchitectureSpecific;
  if (target >= architecture && (isKnown || !isSpecific))
    return llvm::Error::success();
  return context.error(instruction,
                       "needs the target sm_" + llvm::Twine(architecture) +
                           (isSpecific ? "a" : "") + ", got sm_" +
                           llvm::Twine(target) + (isKnown ? "a" : ""));
}

llvm::StringRef emulator::findReasonAgainst(llvm::StringRef opcode) {
  constexpr llvm::StringLiteral later("it needs sm_100"),
      images("textures and surfaces are not supported"),
      videos("video instructions other than vabsdiff2 and vabsdiff4 are not "
             "supported"),
      multicast("memory of several GPUs is not supported");
  return llvm::StringSwitch<llvm::StringRef>(opcode)
      .Cases({"tcgen05", "clusterlaunchcontrol"}, later)
      .Cases({"tex", "tld4", "txq", "istypep"}, images)
      .Cases({"suld", "sust", "sured", "suq"}, images)
      .Cases({"vadd", "vsub", "vabsdiff", "vmin", "vmax"}, videos)
      .Cases({"vshl", "vshr", "vmad", "vset"}, videos)
      .Cases({"vadd2", "vsub2", "vavrg2", "vmin2"}, videos)
      .Cases({"vmax2", "vset2", "vadd4", "vsub4", "vavrg4"}, videos)
      .Cases({"vmin4", "vmax4", "vset4"}, videos)
      .Case("multimem", multicast)
      .Default("");
}

Step emulator::runNothing(Warp &, const Instruction &) { return Step::Next; }

static DecoderTable makeTable() {
  DecoderTable table;
  registerIntegerArithmetic(table);
  registerFloatArithmetic(table);
  registerConversions(table);
  registerLogicAndMoves(table);
  registerComparisons(table);
  registerControlFlow(table);
  registerMemory(table);
  registerCacheHints(table);
  registerLocalStack(table);
  registerMbarriers(table);
  registerAsyncCopies(table);
  registerClusters(table);
  registerTensorMapChanges(table);
  registerMatrixLoads(table);
  registerMatrixMultiply(table);
  registerWarpgroupMultiply(table);
  registerAtomics(table);
  registerWarpOperations(table);
  registerBarriers(table);
  return table;
}

const DecoderTable &DecoderTable::get() {
  static const DecoderTable table = makeTable();
  return table;
}
