//===- SharedAccess.h - instructions between registers and shared memory --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Given the layout of a tile in registers and its layout in shared memory,
// chooses the widest instruction that moves it and says how each lane computes
// its addresses. An instruction is legal where it divides the map from
// (register, lane) to offset.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_SHAREDACCESS_H
#define TK_SUPPORT_SHAREDACCESS_H

#include "tk/Support/Layout.h"
#include "tk/Support/TargetInfo.h"

namespace mlir::tk {

enum class SharedInstruction : uint8_t {
  /// ld.shared, st.shared of `vectorSize` elements per lane (AMD: ds_read).
  Vector,
  /// ldmatrix, stmatrix: 8x8 matrices of 16 bits, a row is 16 bytes.
  Matrix,
  /// ldmatrix.trans, stmatrix.trans.
  TransposedMatrix,
};

/// What the planner may use.
struct SharedAccessOptions {
  bool hasMatrix = false;
  unsigned maxVectorBits = 128;
  unsigned numBanks = 32;

  static SharedAccessOptions forLoad(const TargetInfo &target);
  /// Of the lanes that hold an element of `registers` one stores it; a matrix
  /// instruction, in which all lanes take part, is none for copies.
  static SharedAccessOptions forStore(const TargetInfo &target,
                                      const Layout &registers);
  /// `cp.async`, which takes 4, 8 or 16 bytes: a plan whose vector is narrower
  /// needs another way.
  static SharedAccessOptions forAsyncCopy(const TargetInfo &target);
};

/// How all registers of all threads are read from or written to shared memory.
///
/// The offset, in elements, at which a lane starts one access is
///   (thread ^ access.xorOffset) + access.addOffset
/// where `thread` is the coordinate of `address` at (lane, warp). It is
/// computed once; without swizzle every `xorOffset` is zero and `addOffset`
/// folds into the instruction.
///
/// For matrix instructions `address` already says which row a lane points at
/// (lane 9 at row 1 of the second matrix, and so on), and an access moves the
/// 32-bit words of its matrices in order.
struct SharedAccessPlan {
  struct Access {
    /// The registers in the order of the instruction: element by element; for
    /// matrices word by word, the lower elements of a word first.
    llvm::SmallVector<unsigned> registers;
    int64_t xorOffset = 0;
    int64_t addOffset = 0;
  };
  /// A register that a load fills by copying another one.
  struct Copy {
    unsigned to;
    unsigned from;
  };

  SharedInstruction instruction = SharedInstruction::Vector;
  /// Elements that a lane moves by one access.
  unsigned vectorSize = 1;
  /// 1, 2 or 4 for matrix instructions.
  unsigned numMatrices = 0;
  /// A map from lane and warp to offset: take `getCoordinateTerms(address, 0)`.
  Layout address;
  llvm::SmallVector<Access> accesses;
  /// Registers that hold the same element as one that is loaded. Stores leave
  /// them out.
  llvm::SmallVector<Copy> copies;
  /// Trips to the banks by one access, and the fewest possible. More means
  /// bank conflicts.
  unsigned wavefronts = 1;
  unsigned idealWavefronts = 1;

  bool hasConflicts() const { return wavefronts > idealWavefronts; }
  int64_t getTotalWavefronts() const {
    return int64_t(accesses.size()) * wavefronts;
  }
};

/// Plans the access to a tile of layout `registers` that lies in shared memory
/// as `shared`. The memory may be larger than the tile (its allocation shape);
/// the tile is the corner at coordinate 0 then. Nullopt if the digit lists do
/// not fit (a lane or warp digit lies above the first difference), if elements
/// belong to other blocks, or if a swizzle crosses an odd digit; then compute
/// each address from the coordinates.
///
///   registers {64, 176}: columns [16, 11], 11 in registers
///   shared {64, 192}: columns [64, 3], three panels of 128 bytes
///     -> eleven blocks of 16 columns at offsets 0, 16, 32, 48, 4096, ...
std::optional<SharedAccessPlan>
planSharedAccess(const Layout &registers, const Layout &shared,
                 unsigned elementBitWidth, const SharedAccessOptions &options);

/// The trips to the banks that one warp needs when its lanes access
/// `sizeInBytes` (1 to 16) each at these byte addresses. Lanes go in groups
/// that fill all banks once; within a group, different words of one bank
/// conflict and equal words are one access.
unsigned countWavefronts(llvm::ArrayRef<int64_t> addresses,
                         unsigned sizeInBytes, unsigned numBanks = 32);

} // namespace mlir::tk

#endif // TK_SUPPORT_SHAREDACCESS_H
