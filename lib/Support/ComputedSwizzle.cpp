//===- ComputedSwizzle.cpp - scratch tiles without bank conflicts ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The offset bits of a scratch tile are, from low to high, a basis
//
//   vector | bank | segment
//
// of the tile's radix-2 digits (arXiv 2505.23819, section 5.4). `vector` is
// what one lane moves at once. Lanes that are served together differ by the
// vectors of a span: S for the store, L for the load. Two of them conflict
// where their difference, words aside, lies in the span of `segment`. So a
// segment is chosen that meets neither S nor L: of S = I + S' and L = I + L',
// with I what both share and E what neither has, it is
//
//   E and the diagonals s'_i + l'_i;
//
// bank is any complement. For the transposition of a 32 x 32 tile of f32 (store
// lanes = columns, load lanes = rows) that is segment = row_i + column_i,
// bank = column_i: the bank is row xor column.
//
//===----------------------------------------------------------------------===//

#include "F2Span.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/LayoutConversion.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>
#include <tuple>

using namespace llvm;
using namespace mlir::tk;

using Vectors = SmallVector<uint64_t, 8>;

namespace {
/// The bases of one side, copies left out.
struct Side {
  Vectors registers;
  Vectors lanes;
  bool hasMatrix;
  unsigned numBanks;

  Side(const Layout &layout, const SharedAccessOptions &options);
};

class SwizzleSearch {
public:
  SwizzleSearch(const Layout &source, const Layout &destination,
                unsigned elementBitWidth,
                const SharedAccessOptions &storeOptions,
                const SharedAccessOptions &loadOptions, unsigned numPinned);
  Layout run();

private:
  void addVectorCandidates();
  void addMatrixCandidates(const Side &side);
  void addCandidate(ArrayRef<uint64_t> wanted);
  SmallVector<Vectors> getSpans(const Side &side, ArrayRef<uint64_t> low) const;
  void tryLayout(ArrayRef<uint64_t> low, ArrayRef<uint64_t> storeSpan,
                 ArrayRef<uint64_t> loadSpan);
  Layout buildLayout(ArrayRef<uint64_t> vector, ArrayRef<uint64_t> storeSpan,
                     ArrayRef<uint64_t> loadSpan) const;
  unsigned getMaxVectorDigits() const { return Log2_32(128 / elementBitWidth); }
  unsigned getWordDigits() const {
    return elementBitWidth < 32 ? Log2_32(32 / elementBitWidth) : 0;
  }

  const Layout &source, &destination;
  unsigned elementBitWidth;
  const SharedAccessOptions &storeOptions, &loadOptions;
  Side store, load;
  /// Vectors that must be the lowest offset bits.
  Vectors pinned;
  std::optional<Layout> best;
  std::tuple<int64_t, int64_t> bestCost;
};
} // namespace

Side::Side(const Layout &layout, const SharedAccessOptions &options)
    : hasMatrix(options.hasMatrix), numBanks(options.numBanks) {
  uint64_t free = layout.getFreeDigits(HardwareDim::Register);
  for (auto [i, digit] : enumerate(layout.getDigits(HardwareDim::Register)))
    if (digit.radix == 2 && !(free >> i & 1))
      registers.push_back(digit.bits);
  for (const HardwareDigit &digit : layout.getDigits(HardwareDim::Lane))
    lanes.push_back(digit.bits);
}

SwizzleSearch::SwizzleSearch(const Layout &source, const Layout &destination,
                             unsigned elementBitWidth,
                             const SharedAccessOptions &storeOptions,
                             const SharedAccessOptions &loadOptions,
                             unsigned numPinned)
    : source(source), destination(destination),
      elementBitWidth(elementBitWidth), storeOptions(storeOptions),
      loadOptions(loadOptions), store(source, storeOptions),
      load(destination, loadOptions),
      pinned(ArrayRef(store.registers).take_front(numPinned)) {
  assert(pinned.size() == numPinned && pinned.size() <= getMaxVectorDigits() &&
         "more digits pinned than a vector has");
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// Lowest digits that registers of both sides count, then those of one side.
void SwizzleSearch::addVectorCandidates() {
  Vectors common, storeOnly, loadOnly;
  for (uint64_t vector : store.registers)
    (is_contained(load.registers, vector) ? common : storeOnly)
        .push_back(vector);
  for (uint64_t vector : load.registers)
    if (!is_contained(common, vector))
      loadOnly.push_back(vector);
  addCandidate(common);
  for (const Vectors &extra : {storeOnly, loadOnly}) {
    Vectors low = common;
    append_range(low, extra);
    if (!extra.empty() && common.size() < getMaxVectorDigits())
      addCandidate(low);
  }
}

/// The 16 bytes that a matrix instruction spreads over lanes.
void SwizzleSearch::addMatrixCandidates(const Side &side) {
  if (!side.hasMatrix || side.lanes.size() != 5 || elementBitWidth > 32)
    return;
  if (side.registers.size() >= getWordDigits()) {
    const Vectors &others = &side == &store ? load.registers : store.registers;
    Vectors low;
    // Halves of a word that both sides keep in registers stay together.
    for (bool isCommon : {true, false})
      for (uint64_t vector : side.registers)
        if (low.size() < getWordDigits() &&
            is_contained(others, vector) == isCommon)
          low.push_back(vector);
    low.append({side.lanes[0], side.lanes[1]});
    addCandidate(low);
  }
  if (elementBitWidth == 16)
    addCandidate({side.lanes[2], side.lanes[3], side.lanes[4]});
}

void SwizzleSearch::addCandidate(ArrayRef<uint64_t> wanted) {
  Vectors low = pinned;
  for (uint64_t vector : wanted)
    if (!is_contained(pinned, vector))
      low.push_back(vector);
  low.resize(std::min<size_t>(low.size(), getMaxVectorDigits()));
  F2Span span;
  for (uint64_t vector : low)
    if (!span.add(vector))
      return;
  for (const Vectors &storeSpan : getSpans(store, low))
    for (const Vectors &loadSpan : getSpans(load, low))
      tryLayout(low, storeSpan, loadSpan);
}

/// For each instruction that `side` could use: how the lanes served together
/// differ.
SmallVector<Vectors> SwizzleSearch::getSpans(const Side &side,
                                             ArrayRef<uint64_t> low) const {
  SmallVector<Vectors> spans(1);
  Vectors &vector = spans.front();
  for (uint64_t basis : low) {
    if (!is_contained(side.registers, basis))
      break;
    vector.push_back(basis);
  }
  unsigned sizeInBytes = std::max(4u, elementBitWidth / 8 << vector.size());
  unsigned numLaneDigits = Log2_32(side.numBanks * 4 / sizeInBytes);
  append_range(vector, ArrayRef(side.lanes).take_front(numLaneDigits));
  if (!side.hasMatrix || side.lanes.size() != 5)
    return spans;

  ArrayRef<uint64_t> lanes = side.lanes;
  unsigned numWordDigits = getWordDigits();
  bool isRow = low.size() == numWordDigits + 2 &&
               low.drop_front(numWordDigits) == lanes.take_front(2) &&
               all_of(low.take_front(numWordDigits), [&](uint64_t basis) {
                 return is_contained(side.registers, basis);
               });
  if (isRow) {
    spans.emplace_back(low);
    append_range(spans.back(), lanes.drop_front(2));
  }
  bool isTransposed = elementBitWidth == 16 && low == lanes.drop_front(2) &&
                      !side.registers.empty();
  if (isTransposed) {
    spans.emplace_back(low);
    spans.back().append({side.registers[0], lanes[0], lanes[1]});
  }
  return spans;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// Appends to `result` the vectors of `candidates` that `span` does not hold,
/// and adds them to it.
static void extend(F2Span &span, ArrayRef<uint64_t> candidates,
                   Vectors &result) {
  for (uint64_t vector : candidates)
    if (span.add(vector))
      result.push_back(vector);
}

namespace {
/// The spans S and L, modulo the digits inside a word, as what both share and
/// a rest of each.
struct SplitSpans {
  Vectors shared, restS, restL;
};
} // namespace

/// A basis of the intersection of S and L modulo `words`, as vectors of S.
static Vectors intersect(ArrayRef<uint64_t> words, ArrayRef<uint64_t> s,
                         ArrayRef<uint64_t> l) {
  F2Span span;
  Vectors added;
  extend(span, words, added);
  unsigned numWords = added.size();
  extend(span, s, added);
  unsigned numOther = added.size();
  Vectors shared;
  for (uint64_t vector : l) {
    if (span.add(vector)) {
      added.push_back(vector);
      continue;
    }
    // vector = words + S + L so far: its part in S is shared.
    uint64_t part = 0;
    for (uint64_t todo = span.express(vector); todo; todo &= todo - 1) {
      unsigned index = countr_zero(todo);
      if (index >= numWords && index < numOther)
        part ^= added[index];
    }
    shared.push_back(part);
  }
  // Parts may vanish or repeat where L holds words.
  F2Span held;
  Vectors ignored, result;
  extend(held, words, ignored);
  extend(held, shared, result);
  return result;
}

/// What `side` has beyond `words` and `shared`; vectors of `low` come last.
static Vectors getRest(ArrayRef<uint64_t> words, ArrayRef<uint64_t> shared,
                       ArrayRef<uint64_t> side, ArrayRef<uint64_t> low) {
  F2Span held;
  Vectors ignored, rest;
  extend(held, words, ignored);
  extend(held, shared, ignored);
  for (bool isLow : {false, true})
    for (uint64_t vector : side)
      if (is_contained(low, vector) == isLow && held.add(vector))
        rest.push_back(vector);
  return rest;
}

static SplitSpans splitSpans(ArrayRef<uint64_t> words, ArrayRef<uint64_t> s,
                             ArrayRef<uint64_t> l, ArrayRef<uint64_t> low) {
  Vectors shared = intersect(words, s, l);
  return {shared, getRest(words, shared, s, low),
          getRest(words, shared, l, low)};
}

/// `low` filled up to a whole word, with something that one side needs.
static Vectors fillWord(ArrayRef<uint64_t> low, unsigned numWordDigits,
                        ArrayRef<ArrayRef<uint64_t>> candidates) {
  F2Span span;
  Vectors filled;
  extend(span, low, filled);
  for (ArrayRef<uint64_t> list : candidates)
    for (uint64_t vector : list)
      if (filled.size() < numWordDigits && span.add(vector))
        filled.push_back(vector);
  return filled;
}

Layout SwizzleSearch::buildLayout(ArrayRef<uint64_t> vector,
                                  ArrayRef<uint64_t> storeSpan,
                                  ArrayRef<uint64_t> loadSpan) const {
  const DigitShape &shape = source.getShape();
  Vectors units;
  for (unsigned bit = 0; bit < shape.getNumBits(); ++bit)
    units.push_back(uint64_t(1) << bit);
  Vectors low = fillWord(vector, getWordDigits(), {storeSpan, loadSpan, units});
  ArrayRef<uint64_t> words = ArrayRef(low).take_front(getWordDigits());
  SplitSpans spans = splitSpans(words, storeSpan, loadSpan, low);

  // Segment: diagonals, then what neither side has.
  Vectors segment, ignored;
  for (auto [s, l] : zip(spans.restS, spans.restL))
    segment.push_back(s ^ l);
  F2Span inside;
  for (const Vectors &part : {spans.shared, spans.restS, spans.restL, low})
    extend(inside, part, ignored);
  extend(inside, units, segment);

  // Bank: a complement of the segment.
  Vectors order = low, upper;
  F2Span all;
  extend(all, low, ignored);
  extend(all, segment, upper);
  for (const Vectors &part : {spans.shared, spans.restS, spans.restL, units})
    extend(all, part, order);
  append_range(order, upper);

  Layout layout(shape);
  for (uint64_t basis : order)
    layout.addBit(HardwareDim::Offset, basis);
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd)
    layout.addOdd(HardwareDim::Offset, odd);
  return layout;
}

void SwizzleSearch::tryLayout(ArrayRef<uint64_t> low,
                              ArrayRef<uint64_t> storeSpan,
                              ArrayRef<uint64_t> loadSpan) {
  Layout layout = buildLayout(low, storeSpan, loadSpan);
  std::optional<SharedAccessPlan> storePlan =
      planSharedAccess(source, layout, elementBitWidth, storeOptions);
  std::optional<SharedAccessPlan> loadPlan =
      planSharedAccess(destination, layout, elementBitWidth, loadOptions);
  assert(storePlan && loadPlan && "odd digits are outermost");
  std::tuple<int64_t, int64_t> cost = {
      storePlan->getTotalWavefronts() + loadPlan->getTotalWavefronts(),
      storePlan->accesses.size() + loadPlan->accesses.size()};
  if (best && bestCost <= cost)
    return;
  best = std::move(layout);
  bestCost = cost;
}

Layout SwizzleSearch::run() {
  addVectorCandidates();
  addMatrixCandidates(store);
  addMatrixCandidates(load);
  return *best;
}

Layout mlir::tk::computeSwizzle(const Layout &source, const Layout &destination,
                                unsigned elementBitWidth,
                                const SharedAccessOptions &store,
                                const SharedAccessOptions &load,
                                unsigned numPinned) {
  assert(source.getShape() == destination.getShape() &&
         "digit lists must be equal");
  return SwizzleSearch(source, destination, elementBitWidth, store, load,
                       numPinned)
      .run();
}
