//===- RunMemory.h - the memory of a run and who touched it ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_RUNMEMORY_H
#define TK_LIB_INTERPRETER_RUNMEMORY_H

#include "ShadowMemory.h"
#include "Values.h"
#include "tk/Interpreter/Interpreter.h"
#include <vector>

namespace mlir::tk {

/// Elements at equal distances in one allocation.
struct AccessRun {
  int64_t allocation;
  uint64_t address;
  int64_t strideInBytes;
  int64_t count;
  int64_t sizeInBytes;
};

/// A tensor or pointer argument in an allocation: what messages call it.
struct NamedTensor {
  std::string name;
  uint64_t address;
  int64_t sizeInBytes;
  /// Empty for a pointer.
  SmallVector<int64_t, 4> shape, strides;
};

/// RunMemory that arguments share because their ranges overlap; usually that of
/// one argument.
struct RunAllocation {
  uint64_t begin, end;
  bool isReadOnly = true;
  SmallVector<NamedTensor, 1> tensors;
  /// Which elements have been written, where the caller keeps count.
  struct WrittenMap {
    uint64_t begin, end;
    int64_t sizeInBytes;
    uint8_t *flags;
  };
  SmallVector<WrittenMap, 1> writtenMaps;
  /// Null if no program may write here, or races are not looked for.
  std::unique_ptr<ShadowMemory> shadow;

  /// "y[3, 5]"
  std::string describe(uint64_t address) const;
};

class RunMemory {
public:
  void add(const KernelArgument &argument, StringRef name, bool isReadOnly);
  /// Call after the last add: merges what overlaps and sets up shadows.
  void finish(bool detectRaces);

  /// A pointer to `address` that may reach the allocation around it.
  FatPointer makePointer(uint64_t address) const;

  const RunAllocation &getAllocation(int64_t number) const {
    return allocations[number];
  }

  /// Whether the run lies in its allocation. Otherwise reports the first
  /// element that does not.
  bool checkBounds(ProgramInstance &instance, Operation *op,
                   const AccessRun &run, bool isWrite) const;

  /// Notes plain accesses and checks them: that what is read has been written,
  /// that what is written may be, and that no other program races.
  void noteRead(ProgramInstance &instance, Operation *op,
                const AccessRun &run) const;
  bool noteWrite(ProgramInstance &instance, Operation *op,
                 const AccessRun &run) const;

  /// The same for one atomic access.
  bool noteAtomic(ProgramInstance &instance, Operation *op,
                  const AccessRun &run, AtomicAccess access) const;

  /// The shadow in which synchronisation through this element is noted, or
  /// null.
  ShadowMemory *getShadow(int64_t allocation) const {
    return allocations[allocation].shadow.get();
  }

private:
  bool checkWritable(ProgramInstance &instance, Operation *op,
                     const AccessRun &run) const;
  void checkWritten(ProgramInstance &instance, Operation *op,
                    const AccessRun &run) const;
  void markWritten(const AccessRun &run) const;

  std::vector<RunAllocation> allocations;
};

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_RUNMEMORY_H
