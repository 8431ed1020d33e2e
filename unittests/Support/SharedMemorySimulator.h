//===- SharedMemorySimulator.h - executing access plans in tests ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_SUPPORT_SHAREDMEMORYSIMULATOR_H
#define TK_UNITTESTS_SUPPORT_SHAREDMEMORYSIMULATOR_H

#include "LayoutTestUtils.h"
#include "tk/Support/SharedAccess.h"
#include <map>
#include <set>
#include <tuple>

namespace mlir::tk {

/// Executes the instructions of a plan as the PTX ISA describes them, and
/// counts bank conflicts independently of the planner.
class SharedMemorySimulator {
public:
  /// The element that each (register, lane, warp) holds.
  using Registers = std::map<std::tuple<int64_t, int64_t, int64_t>, int64_t>;

  std::map<int64_t, int64_t> memory;
  /// The most trips to the banks that one instruction took.
  unsigned maxWavefronts = 0;

  /// Calls `visit(register, lane, offset)` for every element that one access
  /// of a warp moves.
  static void
  forEachElement(const SharedAccessPlan &plan,
                 const SharedAccessPlan::Access &access,
                 unsigned elementBitWidth, int64_t numLanes, int64_t warp,
                 llvm::function_ref<void(unsigned, int64_t, int64_t)> visit) {
    CoordinateTerms terms = getCoordinateTerms(plan.address, 0);
    auto getAddress = [&](int64_t lane) {
      int64_t thread = evaluate(terms, 0, lane, warp);
      return (thread ^ access.xorOffset) + access.addOffset;
    };
    unsigned perWord = std::max(1u, 32 / elementBitWidth);
    for (int64_t lane = 0; lane < numLanes; ++lane)
      for (unsigned i = 0; i < access.registers.size(); ++i) {
        int64_t matrix = i / perWord, part = i % perWord;
        int64_t offset = 0;
        switch (plan.instruction) {
        case SharedInstruction::Vector:
          offset = getAddress(lane) + i;
          break;
        case SharedInstruction::Matrix:
          offset =
              getAddress(8 * matrix + lane / 4) + lane % 4 * perWord + part;
          break;
        case SharedInstruction::TransposedMatrix:
          offset = getAddress(8 * matrix + lane % 4 * 2 + part) + lane / 4;
          break;
        }
        visit(access.registers[i], lane, offset);
      }
  }

  void store(const SharedAccessPlan &plan, const Layout &layout,
             unsigned elementBitWidth, const Registers &registers) {
    for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
      for (const SharedAccessPlan::Access &access : plan.accesses) {
        forEachElement(plan, access, elementBitWidth, layout.getNumLanes(),
                       warp, [&](unsigned r, int64_t lane, int64_t offset) {
                         memory[offset] = registers.at({r, lane, warp});
                       });
        countBanks(plan, access, elementBitWidth, layout.getNumLanes(), warp);
      }
  }

  Registers load(const SharedAccessPlan &plan, const Layout &layout,
                 unsigned elementBitWidth) {
    Registers registers;
    for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp) {
      for (const SharedAccessPlan::Access &access : plan.accesses) {
        forEachElement(plan, access, elementBitWidth, layout.getNumLanes(),
                       warp, [&](unsigned r, int64_t lane, int64_t offset) {
                         auto it = memory.find(offset);
                         registers[{r, lane, warp}] =
                             it == memory.end() ? -1 : it->second;
                       });
        countBanks(plan, access, elementBitWidth, layout.getNumLanes(), warp);
      }
      for (const SharedAccessPlan::Copy &copy : plan.copies)
        for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane)
          registers[{copy.to, lane, warp}] =
              registers.at({copy.from, lane, warp});
    }
    return registers;
  }

  /// What `layout` says each register holds: row-major indices.
  static Registers getElements(const Layout &layout) {
    Registers registers;
    forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
      int64_t index = 0;
      for (auto [coordinate, extent] :
           llvm::zip_equal(layout.apply(r, lane, warp), layout.getExtents()))
        index = index * extent + coordinate;
      registers[{r, lane, warp}] = index;
    });
    return registers;
  }

  /// Fills memory with the tile as `shared` lays it out.
  void fill(const Layout &shared) {
    for (int64_t offset = 0, e = shared.getSize(HardwareDim::Offset);
         offset < e; ++offset) {
      int64_t index = 0;
      for (auto [coordinate, extent] :
           llvm::zip_equal(shared.applyOffset(offset), shared.getExtents()))
        index = index * extent + coordinate;
      memory[offset] = index;
    }
  }

private:
  /// Lanes are served in groups whose accesses fill 128 bytes; words of one
  /// bank beyond the first take another trip each.
  void countBanks(const SharedAccessPlan &plan,
                  const SharedAccessPlan::Access &access,
                  unsigned elementBitWidth, int64_t numLanes, int64_t warp) {
    bool isVector = plan.instruction == SharedInstruction::Vector;
    unsigned elementSize = elementBitWidth / 8;
    unsigned size = isVector ? plan.vectorSize * elementSize : 16;
    int64_t numRows = isVector ? numLanes : 8 * plan.numMatrices;
    int64_t groupSize = 128 / std::max(size, 4u);
    CoordinateTerms terms = getCoordinateTerms(plan.address, 0);
    std::map<std::pair<int64_t, int64_t>, std::set<int64_t>> wordsOfBank;
    for (int64_t lane = 0; lane < numRows; ++lane) {
      int64_t address = ((evaluate(terms, 0, lane, warp) ^ access.xorOffset) +
                         access.addOffset) *
                        elementSize;
      ASSERT_EQ(address % size, 0) << "misaligned";
      for (unsigned byte = 0; byte < size; ++byte)
        wordsOfBank[{lane / groupSize, (address + byte) / 4 % 32}].insert(
            (address + byte) / 4);
    }
    std::map<int64_t, size_t> tripsOfGroup;
    for (const auto &[key, words] : wordsOfBank)
      tripsOfGroup[key.first] = std::max(tripsOfGroup[key.first], words.size());
    unsigned trips = 0;
    for (const auto &[group, count] : tripsOfGroup)
      trips += count;
    maxWavefronts = std::max(maxWavefronts, trips);
  }
};

} // namespace mlir::tk

#endif // TK_UNITTESTS_SUPPORT_SHAREDMEMORYSIMULATOR_H
