//===- Emulator.cpp - modules, memory and launches ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Emulator.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <set>
#include <thread>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

static constexpr uint32_t maxThreads = 1024;
static constexpr PtxDimensions maxGrid = {0x7FFFFFFF, 65535, 65535};
static constexpr PtxDimensions maxBlock = {1024, 1024, 64};
static constexpr uint32_t maxBlocksPerCluster = 16;

class mlir::tk::EmulatorModule {
public:
  EmulatorModule(std::unique_ptr<Program> program, const DeviceMemory &memory)
      : program(std::move(program)), memory(&memory) {}
  std::unique_ptr<Program> program;
  /// Where its variables are.
  const DeviceMemory *memory;
};

struct Emulator::State {
  DeviceMemory memory;
  std::vector<std::unique_ptr<EmulatorModule>> modules;
  /// What the host asked for, as opposed to variables of modules.
  std::set<uint64_t> allocations;
  uint64_t numLaunches = 0;
};

Emulator::Emulator() : state(std::make_unique<State>()) {}
Emulator::~Emulator() = default;

const PtxModule &mlir::tk::getPtx(const EmulatorModule &module) {
  return *module.program->ptx;
}

llvm::Expected<EmulatorModule *> Emulator::load(llvm::StringRef text,
                                                llvm::StringRef fileName) {
  llvm::Expected<std::unique_ptr<PtxModule>> ptx = parsePtx(text, fileName);
  if (!ptx)
    return ptx.takeError();
  llvm::Expected<std::unique_ptr<Program>> program =
      loadProgram(std::move(*ptx), state->memory);
  if (!program)
    return program.takeError();
  state->modules.push_back(
      std::make_unique<EmulatorModule>(std::move(*program), state->memory));
  return state->modules.back().get();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

uint64_t Emulator::allocate(uint64_t sizeInBytes, llvm::StringRef name) {
  uint64_t address =
      state->memory.allocate(sizeInBytes, name, PtxSpace::Global);
  if (address)
    state->allocations.insert(address);
  return address;
}

llvm::Error Emulator::free(uint64_t address) {
  if (state->allocations.erase(address)) {
    state->memory.free(address);
    return llvm::Error::success();
  }
  return llvm::createStringError("no allocation begins at address %llu",
                                 static_cast<unsigned long long>(address));
}

static llvm::Expected<std::byte *> findBytes(DeviceMemory &memory,
                                             uint64_t address, uint64_t size) {
  Allocation *allocation = memory.lookup(address, size);
  if (!allocation)
    return llvm::createStringError(
        "no allocation holds the %llu bytes at address %llu",
        static_cast<unsigned long long>(size),
        static_cast<unsigned long long>(address));
  return allocation->bytes.get() + (address - allocation->address);
}

llvm::Error Emulator::write(uint64_t address, llvm::ArrayRef<uint8_t> bytes,
                            bool isContents) {
  llvm::Expected<std::byte *> to =
      findBytes(state->memory, address, bytes.size());
  if (!to)
    return to.takeError();
  if (!bytes.empty())
    std::memcpy(*to, bytes.data(), bytes.size());
  if (!isContents)
    return llvm::Error::success();
  Allocation &allocation = *state->memory.lookup(address, bytes.size());
  allocation.setWritten(address - allocation.address, bytes.size());
  return llvm::Error::success();
}

llvm::Error Emulator::read(uint64_t address,
                           llvm::MutableArrayRef<uint8_t> bytes) {
  llvm::Expected<std::byte *> from =
      findBytes(state->memory, address, bytes.size());
  if (!from)
    return from.takeError();
  if (!bytes.empty())
    std::memcpy(bytes.data(), *from, bytes.size());
  return llvm::Error::success();
}

std::optional<uint64_t> Emulator::lookupVariable(const EmulatorModule &module,
                                                 llvm::StringRef name) const {
  auto found = module.program->addresses.find(name);
  if (found == module.program->addresses.end() ||
      module.memory != &state->memory)
    return std::nullopt;
  return found->second;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The functions that an entry can reach.
static std::vector<const DecodedFunction *>
findReachable(const Program &program, const DecodedFunction &entry) {
  std::vector<const DecodedFunction *> reachable = {&entry};
  auto add = [&](const DecodedFunction *function) {
    if (function && !llvm::is_contained(reachable, function))
      reachable.push_back(function);
  };
  for (size_t i = 0; i < reachable.size(); ++i) {
    const DecodedFunction &function = *reachable[i];
    for (uint32_t callee : function.callees)
      add(program.functions[callee].get());
    for (uint32_t j = 0;
         function.hasIndirectCalls && j < program.functions.size(); ++j)
      if (program.isAddressTaken[j])
        add(program.functions[j].get());
  }
  return reachable;
}

/// Static variables, then the dynamic ones, which all begin where the static
/// ones end.
static void
layOutSharedMemory(LaunchFacts &launch, const Program &program,
                   llvm::ArrayRef<const DecodedFunction *> reachable) {
  const std::vector<SharedVariable> &variables = program.sharedVariables;
  launch.sharedOffsets.resize(variables.size());
  std::vector<bool> isUsed(variables.size());
  for (const DecodedFunction *function : reachable) {
    for (uint32_t variable : function->sharedVariables)
      isUsed[variable] = true;
    if (function->usesReservedShared)
      launch.sharedBegin = 0;
  }
  uint64_t end = firstSharedOffset;
  uint64_t dynamicAlignment = 16;
  for (size_t i = 0; i < variables.size(); ++i) {
    const PtxVariable &variable = *variables[i].syntax;
    if (!isUsed[i])
      continue;
    if (variable.isUnsized || variable.linkage == PtxLinkage::Extern) {
      dynamicAlignment =
          std::max<uint64_t>(dynamicAlignment, variable.alignment);
      continue;
    }
    end = llvm::alignTo(end, variable.alignment);
    launch.sharedOffsets[i] = end;
    end += variable.sizeInBytes;
    if (end > blockWindowSize)
      end = blockWindowSize;
  }
  launch.staticSharedBytes = end - firstSharedOffset;
  uint64_t dynamicBegin = llvm::alignTo(end, dynamicAlignment);
  for (size_t i = 0; i < variables.size(); ++i) {
    const PtxVariable &variable = *variables[i].syntax;
    if (isUsed[i] &&
        (variable.isUnsized || variable.linkage == PtxLinkage::Extern))
      launch.sharedOffsets[i] = dynamicBegin;
  }
  launch.sharedEnd = launch.dynamicSharedBytes
                         ? dynamicBegin + launch.dynamicSharedBytes
                         : end;
}

static llvm::Error layOutArguments(const EmulatorLaunch &launch,
                                   const PtxFunction &entry,
                                   std::vector<std::byte> &bytes) {
  if (launch.arguments.size() != entry.parameters.size())
    return llvm::createStringError(
        "'" + entry.name + "' has " + llvm::Twine(entry.parameters.size()) +
        " parameters, got " + llvm::Twine(launch.arguments.size()) +
        " arguments");
  std::vector<uint64_t> offsets = layOutParameters(entry.parameters);
  bytes.resize(offsets.back());
  for (size_t i = 0; i < launch.arguments.size(); ++i) {
    const std::vector<uint8_t> &argument = launch.arguments[i];
    if (argument.size() != entry.parameters[i].sizeInBytes)
      return llvm::createStringError(
          "parameter '" + entry.parameters[i].name + "' has " +
          llvm::Twine(entry.parameters[i].sizeInBytes) + " bytes, got " +
          llvm::Twine(argument.size()));
    if (!argument.empty())
      std::memcpy(bytes.data() + offsets[i], argument.data(), argument.size());
  }
  return llvm::Error::success();
}

static std::string print(const PtxDimensions &d) {
  return "(" + std::to_string(d[0]) + ", " + std::to_string(d[1]) + ", " +
         std::to_string(d[2]) + ")";
}

/// The grid in blocks.
static PtxDimensions findGrid(const EmulatorLaunch &launch,
                              const PtxFunction &entry,
                              const PtxDimensions &cluster) {
  PtxDimensions grid = launch.grid;
  for (unsigned i = 0; i < 3 && entry.isGridOfClusters; ++i)
    grid[i] = llvm::SaturatingMultiply(grid[i], cluster[i]);
  return grid;
}

static llvm::Error checkShape(const EmulatorLaunch &launch,
                              const PtxFunction &entry,
                              const PtxDimensions &grid,
                              const PtxDimensions &cluster) {
  for (unsigned i = 0; i < 3; ++i) {
    if (!grid[i] || grid[i] > maxGrid[i])
      return llvm::createStringError("a grid of " + print(grid) +
                                     " blocks cannot be launched");
    if (!launch.block[i] || launch.block[i] > maxBlock[i])
      return llvm::createStringError("a block of " + print(launch.block) +
                                     " threads cannot be launched");
    if (!cluster[i] || grid[i] % cluster[i])
      return llvm::createStringError(
          "a grid of " + print(grid) +
          " blocks is not a multiple of a cluster of " + print(cluster));
  }
  uint64_t threads =
      uint64_t(launch.block[0]) * launch.block[1] * launch.block[2];
  if (threads > maxThreads)
    return llvm::createStringError("a block has at most " +
                                   llvm::Twine(maxThreads) + " threads, got " +
                                   llvm::Twine(threads));
  if (uint64_t(cluster[0]) * cluster[1] * cluster[2] > maxBlocksPerCluster)
    return llvm::createStringError("a cluster has at most " +
                                   llvm::Twine(maxBlocksPerCluster) +
                                   " blocks, got " + print(cluster));
  if (entry.reqNtid && *entry.reqNtid != launch.block)
    return llvm::createStringError("'" + entry.name + "' requires blocks of " +
                                   print(*entry.reqNtid) + " threads, got " +
                                   print(launch.block));
  if (entry.maxNtid) {
    const PtxDimensions &most = *entry.maxNtid;
    if (threads > uint64_t(most[0]) * most[1] * most[2])
      return llvm::createStringError("'" + entry.name + "' allows blocks of " +
                                     print(most) + " threads, got " +
                                     print(launch.block));
  }
  if (entry.reqNctaPerCluster && *entry.reqNctaPerCluster != cluster)
    return llvm::createStringError(
        "'" + entry.name + "' requires clusters of " +
        print(*entry.reqNctaPerCluster) + " blocks, got " + print(cluster));
  return llvm::Error::success();
}

/// Host threads for a launch, whose blocks depend on their order if that is
/// visible to them.
static unsigned chooseHostThreads(const LaunchFacts &launch,
                                  const EmulatorOptions &options,
                                  bool isOrderVisible) {
  if (isOrderVisible)
    return 1;
  unsigned wanted = options.numHostThreads
                        ? options.numHostThreads
                        : std::max(1u, std::thread::hardware_concurrency());
  return std::min<uint64_t>(wanted, launch.numClusters());
}

/// Runs all clusters: one after the other, on each of the host threads, or all
/// interleaved if they can see their order.
static void runClusters(Launch &launch, bool isOrderVisible,
                        unsigned numThreads, EmulatorResult &result) {
  uint64_t numClusters = launch.numClusters();
  launch.isParallel = numThreads > 1;
  std::vector<std::unique_ptr<Scheduler>> schedulers;
  for (unsigned i = 0; i < numThreads; ++i)
    schedulers.push_back(
        std::make_unique<Scheduler>(launch, launch.options.stepLimit));
  if (isOrderVisible) {
    schedulers.front()->runInterleaved();
  } else {
    std::atomic<uint64_t> next{0};
    auto work = [&](Scheduler &scheduler) {
      while (!launch.isStopped) {
        uint64_t index = next++;
        if (index >= numClusters)
          return;
        scheduler.runCluster(index);
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < numThreads; ++i)
      threads.emplace_back(work, std::ref(*schedulers[i]));
    work(*schedulers.front());
    for (std::thread &thread : threads)
      thread.join();
  }
  size_t count = launch.program.ptx->instructions.size();
  result.executions.resize(count);
  result.laneExecutions.resize(count);
  for (std::unique_ptr<Scheduler> &scheduler : schedulers) {
    result.numSteps += scheduler->numSteps;
    for (size_t i = 0; i < count; ++i) {
      result.executions[i] += scheduler->executions[i];
      result.laneExecutions[i] +=
          numLanes * scheduler->executions[i] - scheduler->idleLanes[i];
    }
    if (scheduler != schedulers.front() && scheduler->counters)
      schedulers.front()->counters->add(*scheduler->counters);
  }
  if (schedulers.front()->counters)
    result.measurements = schedulers.front()->counters->finish();
}

static llvm::Error checkRules(const EmulatorChecks &checks) {
  std::vector<llvm::StringRef> rules = getEmulatorRules();
  for (const auto &rule : checks.disabledRules)
    if (!llvm::is_contained(rules, rule.getKey()))
      return llvm::createStringError("no rule is called '" + rule.getKey() +
                                     "'");
  return llvm::Error::success();
}

llvm::Expected<EmulatorResult>
Emulator::launch(const EmulatorModule &module, const EmulatorLaunch &request,
                 const EmulatorOptions &options) {
  const Program &program = *module.program;
  if (module.memory != &state->memory)
    return llvm::createStringError("'" + program.ptx->fileName +
                                   "' was loaded by another emulator");
  if (llvm::Error error = checkRules(options.checks))
    return std::move(error);
  auto found = program.functionsByName.find(request.entry);
  const DecodedFunction *entry = nullptr;
  if (found != program.functionsByName.end())
    entry = program.functions[found->second].get();
  if (!entry || !entry->syntax->isEntry)
    return llvm::createStringError("'" + program.ptx->fileName +
                                   "' has no entry '" + request.entry + "'");
  const PtxFunction &syntax = *entry->syntax;
  PtxDimensions cluster = request.cluster.value_or(
      syntax.reqNctaPerCluster.value_or(PtxDimensions{1, 1, 1}));
  PtxDimensions grid = findGrid(request, syntax, cluster);
  if (llvm::Error error = checkShape(request, syntax, grid, cluster))
    return std::move(error);

  LaunchFacts facts;
  facts.grid = grid;
  facts.block = request.block;
  facts.cluster = cluster;
  facts.isExplicitCluster =
      request.cluster || syntax.reqNctaPerCluster || syntax.isExplicitCluster;
  facts.gridId = ++state->numLaunches;
  facts.dynamicSharedBytes = request.dynamicSharedBytes;
  if (llvm::Error error = layOutArguments(request, syntax, facts.parameters))
    return std::move(error);
  std::vector<const DecodedFunction *> reachable =
      findReachable(program, *entry);
  layOutSharedMemory(facts, program, reachable);
  if (uint64_t(facts.staticSharedBytes) + facts.dynamicSharedBytes >
      maxSharedBytes)
    return llvm::createStringError(
        "'" + syntax.name + "' needs " + llvm::Twine(facts.staticSharedBytes) +
        " bytes of shared memory, and " +
        llvm::Twine(facts.dynamicSharedBytes) + " of the launch; a block has " +
        llvm::Twine(maxSharedBytes));
  bool isOrderVisible =
      llvm::any_of(reachable, [](const DecodedFunction *function) {
        return function->isOrderVisible;
      });

  auto deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(options.timeLimitInSeconds));
  bool isFirstOverBudget = false, isFirstOutOfTime = false;
  auto runOnce = [&](unsigned numThreads) {
    CheckerSetup setup{
        *program.ptx, options.checks,           facts.grid,
        facts.block,  facts.blocksPerCluster(), firstSharedOffset};
    std::unique_ptr<Checker> checker;
    if (options.checks.isOn)
      checker = createChecker(setup);
    if (checker)
      for (auto &[address, allocation] : state->memory.allocations())
        checker->addAllocation(address, allocation.size,
                               allocation.writtenBytes.get());
    Launch launch(facts, program, state->memory, options, *entry, checker.get(),
                  setup);
    launch.deadline = deadline;
    EmulatorResult result;
    runClusters(launch, isOrderVisible, numThreads, result);
    uint64_t estimate =
        std::max<uint64_t>(launch.numEstimatedSteps, result.numSteps);
    isFirstOverBudget = launch.isOverBudget(launch.numEstimatedSteps);
    isFirstOutOfTime = launch.isOutOfTime;
    if (launch.isOverBudget(estimate)) {
      result.overBudget = estimate;
      return result;
    }
    result.output = std::move(launch.output);
    if (checker)
      checker->finish(result);
    for (EmulatorReport &report : launch.failures)
      result.reports.push_back(std::move(report));
    return result;
  };
  unsigned numThreads = chooseHostThreads(facts, options, isOrderVisible);
  if (numThreads == 1)
    return runOnce(1);
  // Only blocks that make no mistake are the same in any order. What is said of
  // the others is what one thread sees.
  DeviceMemory::Snapshot before = state->memory.save();
  EmulatorResult result = runOnce(numThreads);
  bool isClean = result.reports.empty() && !result.overBudget &&
                 result.numSteps <= options.stepLimit;
  if (isClean || isFirstOverBudget || isFirstOutOfTime)
    return std::move(result);
  state->memory.restore(before);
  return runOnce(1);
}
