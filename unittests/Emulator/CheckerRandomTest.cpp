//===- CheckerRandomTest.cpp - the checks against a graph of all orders ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random small traces run through the Checker, and through a model that builds
// the graph of happens-before edges from the definitions and takes its
// transitive closure. The model keeps every access for ever; it shares no code
// with the checks.
//
//===----------------------------------------------------------------------===//

#include "CheckerScript.h"
#include "gtest/gtest.h"
#include <bitset>
#include <map>
#include <random>
#include <set>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

constexpr unsigned numBlocks = 3, warpsPerBlock = 2, maxLanesUsed = 8;
constexpr unsigned blocksPerCluster = 2;
constexpr unsigned numThreads = numBlocks * warpsPerBlock * maxLanesUsed;
constexpr unsigned maxNodes = 4096;
/// Wide accesses lie within so many bytes: two lines of the checks.
constexpr unsigned wideBytes = 256;

bool includes(Scope scope, unsigned block, unsigned other) {
  return block == other || scope >= Scope::Device ||
         (scope == Scope::Cluster &&
          block / blocksPerCluster == other / blocksPerCluster);
}

/// Happens-before as a graph. Edges lead from older to newer nodes, so the set
/// of what lies before a node is complete when the node gets its edges.
class Model {
public:
  using Node = unsigned;
  using Set = std::bitset<maxNodes>;

  Node addNode(unsigned thread) {
    Node node = before.size();
    before.emplace_back();
    before[node].set(node);
    if (last[thread])
      addEdge(*last[thread], node);
    last[thread] = node;
    return node;
  }
  /// A node outside of program order.
  Node addOperation(Node issue) {
    Node node = before.size();
    before.emplace_back();
    before[node].set(node);
    addEdge(issue, node);
    return node;
  }
  void addEdge(Node from, Node to) { before[to] |= before[from]; }
  bool isBefore(Node from, Node to) const { return before[to][from]; }

  /// What a release pattern publishes: the node of its first operation.
  struct Head {
    Node node;
    unsigned block;
    Scope scope;
  };
  struct Thread {
    /// The last fence.release or stronger of each scope.
    std::map<Scope, Node> fences;
    /// What relaxed reads saw.
    std::vector<Head> pending;
  };
  struct Location {
    std::vector<Head> heads;
    bool isStrong = false;
    unsigned block = 0;
    Scope scope = Scope::System;
    uint32_t size = 0;
  };
  struct Object {
    std::vector<Head> heads;
    /// Operations whose completion it holds, and all it ever held.
    std::vector<Node> completed, everCompleted;
  };
  /// One access of one thread or operation.
  struct Made {
    Node node;
    unsigned thread;
    uint32_t line;
    uint64_t address;
    uint32_t size;
    bool isWrite, isStrong, isAsync;
    Scope scope;
    bool isGlobal;
    /// Of cp.async: completed by these nodes, as far as a fence is concerned.
    int operation;
  };
  struct Operation {
    Node node;
    unsigned thread;
    bool isGeneric;
    /// Nodes of the issuing thread that waited for it.
    std::vector<Node> waits, readWaits;
    /// Nodes that learned of its completion from an object.
    std::vector<Node> acquirers;
    std::vector<unsigned> objects;
  };
  /// A fence.proxy.async by a thread.
  struct ProxyFence {
    Node node;
    unsigned thread;
    bool isShared, isGlobal;
  };

  std::vector<Set> before;
  std::map<unsigned, std::optional<Node>> last;
  std::array<Thread, numThreads> threads;
  std::map<std::pair<bool, uint64_t>, Location> locations;
  std::vector<Object> objects;
  std::vector<Made> accesses;
  std::vector<Operation> operations;
  std::vector<ProxyFence> proxyFences;

  static unsigned blockOf(unsigned thread) {
    return thread / (warpsPerBlock * maxLanesUsed);
  }

  void publish(unsigned thread, Node node, Order order, Scope scope,
               std::vector<Head> &heads) {
    if (order >= Order::Release)
      heads.push_back({node, blockOf(thread), scope});
    for (auto [fenceScope, fence] : threads[thread].fences)
      heads.push_back({fence, blockOf(thread), fenceScope});
  }
  void learn(unsigned thread, Node node, Order order, Scope scope,
             const std::vector<Head> &heads) {
    unsigned block = blockOf(thread);
    for (const Head &head : heads) {
      if (!includes(head.scope, head.block, block))
        continue;
      if ((order == Order::Acquire || order == Order::AcquireRelease) &&
          includes(scope, block, head.block))
        addEdge(head.node, node);
      else
        threads[thread].pending.push_back(head);
    }
  }

  bool isMorallyStrong(const Made &a, const Made &b) const {
    return a.isStrong && b.isStrong && a.isAsync == b.isAsync &&
           a.address == b.address && a.size == b.size &&
           includes(a.scope, blockOf(a.thread), blockOf(b.thread)) &&
           includes(b.scope, blockOf(b.thread), blockOf(a.thread));
  }
  /// Whether the node of an operation's access lies before `to`: its waits and
  /// acquirers stand for it.
  bool isOperationBefore(const Made &a, Node to) const {
    const Operation &operation = operations[a.operation];
    auto isBeforeTo = [&](Node node) { return isBefore(node, to); };
    return llvm::any_of(operation.waits, isBeforeTo) ||
           llvm::any_of(operation.acquirers, isBeforeTo) ||
           (!a.isWrite && llvm::any_of(operation.readWaits, isBeforeTo)) ||
           operation.node == to;
  }
  bool isOrdered(const Made &a, const Made &b) const {
    return a.operation >= 0 ? isOperationBefore(a, b.node)
                            : isBefore(a.node, b.node);
  }
  bool isFenced(const Made &a, const Made &b) const {
    return llvm::any_of(proxyFences, [&](const ProxyFence &fence) {
      if (!(a.isGlobal ? fence.isGlobal : fence.isShared) ||
          !isBefore(fence.node, b.node))
        return false;
      if (a.operation < 0)
        return fence.thread == a.thread && isBefore(a.node, fence.node);
      const Operation &operation = operations[a.operation];
      auto isBeforeFence = [&](Node node) {
        return isBefore(node, fence.node);
      };
      return (fence.thread == a.thread &&
              (llvm::any_of(operation.waits, isBeforeFence) ||
               (!a.isWrite &&
                llvm::any_of(operation.readWaits, isBeforeFence)))) ||
             llvm::any_of(operation.acquirers, isBeforeFence);
    });
  }

  /// Pairs of lines that race, and those that miss a proxy fence.
  std::set<std::pair<uint32_t, uint32_t>> races, unfenced;
  void add(const Made &access) {
    for (const Made &other : accesses) {
      if (other.isGlobal != access.isGlobal ||
          (!other.isWrite && !access.isWrite) ||
          other.address >= access.address + access.size ||
          access.address >= other.address + other.size)
        continue;
      std::pair<uint32_t, uint32_t> lines = {access.line, other.line};
      if (!isOrdered(other, access)) {
        if (!isMorallyStrong(other, access))
          races.insert(lines);
      } else if (!other.isAsync && access.isAsync && !isFenced(other, access)) {
        unfenced.insert(lines);
      }
    }
    accesses.push_back(access);
  }
};

struct Mixture {
  bool hasStrong = false;
  bool hasAsync = false;
  unsigned numEvents = 24;
  /// Of 8 bytes, in each space.
  unsigned numWords = 2;
  /// Per cent of events that are barriers besides.
  unsigned numBarriers = 0;
  unsigned lanesUsed = 3;
  /// Per cent of weak accesses that are of many words, alike or in order of
  /// lanes.
  unsigned numWide = 0;
};

/// Makes the same random trace in both.
class Trace {
public:
  Trace(uint64_t seed, Mixture mixture)
      : random(seed), mixture(mixture),
        script({numBlocks, warpsPerBlock, blocksPerCluster, false, true}) {}

  void run() {
    for (unsigned i = 0; i != 3; ++i) {
      objects.push_back(script.checker->createSyncObject());
      model.objects.emplace_back();
    }
    for (unsigned i = 0; i != mixture.numEvents; ++i)
      addEvent();
    script.finish();
  }

  /// Pairs of lines in the reports.
  std::set<std::pair<uint32_t, uint32_t>> found(bool isProxy) const {
    std::set<std::pair<uint32_t, uint32_t>> result;
    for (const EmulatorReport &report : script.result.reports)
      if ((report.rule == "missing-proxy-fence" ||
           report.rule == "war-proxy") == isProxy)
        result.insert({report.sites[1].ptxLine, report.sites[0].ptxLine});
    return result;
  }

  Model model;
  /// What happened, for the message of a failure.
  std::string log;

private:
  void note(const llvm::Twine &what) {
    log += (llvm::Twine(script.next) + ": " + what + "\n").str();
  }
  static std::string name(ScriptThread where) {
    return ("block " + llvm::Twine(where.block) + " warp " +
            llvm::Twine(where.warp) + " lanes " + llvm::Twine(where.lanes) +
            " ")
        .str();
  }
  std::string name(ScriptAddress at) const {
    return ((at.space == PtxSpace::Global ? "global " : "shared ") +
            llvm::Twine(modelAddress(at)) + " ")
        .str();
  }
  unsigned pick(unsigned n) { return random() % n; }
  unsigned threadOf(ScriptThread where, unsigned lane) const {
    return (where.block * warpsPerBlock + where.warp) * maxLanesUsed + lane;
  }
  ScriptThread pickLanes() {
    return {uint32_t(pick(numBlocks)), uint16_t(pick(warpsPerBlock)),
            LaneMask(1 + pick((1 << mixture.lanesUsed) - 1))};
  }
  ScriptThread pickLane() {
    ScriptThread where = pickLanes();
    where.lanes = 1u << pick(mixture.lanesUsed);
    return where;
  }
  Scope pickScope() { return Scope(pick(4)); }
  template <typename Body> void forLanes(ScriptThread where, Body body) {
    for (unsigned lane = 0; lane != mixture.lanesUsed; ++lane)
      if (where.lanes >> lane & 1)
        body(lane, threadOf(where, lane));
  }

  void addEvent() {
    if (pick(100) < mixture.numBarriers)
      return addBarrier();
    unsigned kind = pick(100);
    if (kind < 35)
      return addWeak();
    if (kind < 50)
      return addObject();
    if (kind < 54)
      return addSyncWarp();
    if (kind < 60)
      return addBarrier();
    if (mixture.hasStrong && kind < 80)
      return kind < 72 ? addStrong() : addFence();
    if (mixture.hasAsync)
      return addAsync();
    addWeak();
  }

  void addWeak() {
    if (pick(100) < mixture.numWide)
      return addWide();
    ScriptThread where = pickLanes();
    bool isGlobal = pick(2), isWrite = pick(2);
    uint32_t size = 1u << pick(4);
    uint64_t address = 8 * pick(mixture.numWords) + size * pick(8 / size);
    // Blocks share the global word, and the shared one within a cluster.
    ScriptAddress at =
        isGlobal ? global(address) : sharedAddress(where, address);
    // Lanes of one write would race with each other: a byte each.
    uint64_t stride = 0;
    if (isWrite && where.lanes & (where.lanes - 1)) {
      size = 1;
      stride = 1;
    }
    addWeak(where, isWrite, at, size, stride);
  }
  /// Some neighbouring lanes with as many bytes each, or one piece for all.
  void addWide() {
    ScriptThread where = pickLanes();
    bool isGlobal = pick(2), isWrite = pick(2), isInOrder = pick(4);
    uint32_t size = 4u << pick(3);
    if (isInOrder && pick(3))
      where.lanes = (1u << mixture.lanesUsed) - 1;
    if (isWrite && !isInOrder)
      where.lanes &= -where.lanes;
    // Most begin at a line.
    uint64_t address = 128 * pick(2) + (pick(3) ? 0 : size * pick(4));
    ScriptAddress at =
        isGlobal ? global(address) : sharedAddress(where, address);
    addWeak(where, isWrite, at, size, isInOrder ? size : 0);
  }
  void addWeak(ScriptThread where, bool isWrite, ScriptAddress at,
               uint32_t size, uint64_t stride) {
    bool isGlobal = at.space == PtxSpace::Global;
    note(name(where) + (isWrite ? "write " : "read ") + name(at) +
         llvm::Twine(size) + " a lane, stride " + llvm::Twine(stride));
    uint32_t line =
        script.access(where, isWrite ? AccessKind::Write : AccessKind::Read, at,
                      size, stride);
    forLanes(where, [&](unsigned lane, unsigned thread) {
      Model::Made made = {model.addNode(thread),
                          thread,
                          line,
                          modelAddress(at) + lane * stride,
                          size,
                          isWrite,
                          false,
                          false,
                          Scope::System,
                          isGlobal,
                          -1};
      model.add(made);
    });
    if (isWrite)
      forLanes(where, [&](unsigned lane, unsigned) {
        uint64_t first = modelAddress(at) + lane * stride;
        for (uint64_t word = first / 4; word <= (first + size - 1) / 4; ++word)
          model.locations.erase({isGlobal, word});
      });
  }
  ScriptAddress sharedAddress(ScriptThread where, uint64_t address) {
    uint32_t block = where.block / blocksPerCluster * blocksPerCluster;
    return sharedOf(block, address);
  }
  uint64_t modelAddress(ScriptAddress at) const {
    return at.at + (at.space == PtxSpace::Shared ? 4096 * *at.block : 0);
  }

  void addStrong() {
    ScriptThread where = pickLane();
    unsigned thread = threadOf(where, llvm::countr_zero(where.lanes));
    bool isGlobal = pick(2);
    auto kind = std::array{AccessKind::Read, AccessKind::Write,
                           AccessKind::Atomic}[pick(3)];
    static constexpr Order orders[] = {Order::Relaxed, Order::Volatile,
                                       Order::Acquire, Order::Release,
                                       Order::AcquireRelease};
    Order order = orders[pick(5)];
    if (kind == AccessKind::Read && order >= Order::Release)
      order = Order::Acquire;
    if (kind == AccessKind::Write && order >= Order::Acquire)
      order = Order::Release;
    Scope scope = pickScope();
    uint64_t address = 4 * pick(2);
    ScriptAddress at =
        isGlobal ? global(address) : sharedAddress(where, address);
    note(name(where) + "strong " + llvm::Twine(int(kind)) + " " + name(at) +
         "order " + llvm::Twine(int(order)) + " scope " +
         llvm::Twine(int(scope)));
    uint32_t line = script.access(where, kind, at, 4, 0, order, scope);
    if (order == Order::Volatile)
      scope = Scope::System;
    Model::Node node = model.addNode(thread);
    unsigned block = where.block;
    uint64_t key = modelAddress(at);
    Model::Location &location = model.locations[{isGlobal, key / 4}];
    bool sees = location.isStrong && includes(scope, block, location.block) &&
                includes(location.scope, location.block, block);
    if (kind != AccessKind::Write && sees)
      model.learn(thread, node, order, scope, location.heads);
    if (kind != AccessKind::Read) {
      if (kind == AccessKind::Write || !sees)
        location.heads.clear();
      location.isStrong = true;
      location.block = block;
      location.scope = scope;
      model.publish(thread, node, order, scope, location.heads);
    }
    model.add({node, thread, line, key, 4, kind != AccessKind::Read, true,
               false, scope, isGlobal, -1});
  }

  void addFence() {
    ScriptThread where = pickLanes();
    static constexpr Order orders[] = {Order::Acquire, Order::Release,
                                       Order::AcquireRelease,
                                       Order::SequentiallyConsistent};
    Order order = orders[pick(4)];
    Scope scope = pickScope();
    note(name(where) + "fence order " + llvm::Twine(int(order)) + " scope " +
         llvm::Twine(int(scope)));
    script.fence(where, scope, order);
    forLanes(where, [&](unsigned, unsigned thread) {
      Model::Node node = model.addNode(thread);
      Model::Thread &state = model.threads[thread];
      if (order != Order::Release)
        for (const Model::Head &head : state.pending)
          if (includes(scope, where.block, head.block))
            model.addEdge(head.node, node);
      if (order != Order::Acquire)
        state.fences[scope] = node;
    });
  }

  void addSyncWarp() {
    ScriptThread where = pickLanes();
    note(name(where) + "syncwarp");
    script.syncWarp(where);
    std::vector<Model::Node> in, out;
    forLanes(where, [&](unsigned, unsigned thread) {
      in.push_back(model.addNode(thread));
    });
    forLanes(where, [&](unsigned, unsigned thread) {
      out.push_back(model.addNode(thread));
    });
    for (Model::Node from : in)
      for (Model::Node to : out)
        model.addEdge(from, to);
  }

  /// All threads of all blocks, or of one.
  void addBarrier() {
    unsigned only = pick(numBlocks + 1);
    note("barrier of block " + llvm::Twine(only));
    std::vector<ScriptThread> warps;
    for (uint32_t block = 0; block != numBlocks; ++block)
      for (uint16_t index = 0; index != warpsPerBlock; ++index)
        if (only == block || only == numBlocks)
          warps.push_back({block, index, (1u << mixture.lanesUsed) - 1});
    script.barrier(warps, Scope::Device, Order::Release);
    std::vector<Model::Node> arrivals;
    for (ScriptThread where : warps)
      forLanes(where, [&](unsigned, unsigned thread) {
        arrivals.push_back(model.addNode(thread));
      });
    for (ScriptThread where : warps)
      forLanes(where, [&](unsigned, unsigned thread) {
        Model::Node node = model.addNode(thread);
        for (Model::Node arrival : arrivals)
          model.addEdge(arrival, node);
      });
  }

  void addObject() {
    ScriptThread where = pickLanes();
    unsigned number = pick(objects.size());
    SyncObject &object = *objects[number];
    Model::Object &modelled = model.objects[number];
    Scope scope = mixture.hasStrong ? pickScope() : Scope::Device;
    bool isRelaxed = mixture.hasStrong && pick(4) == 0;
    switch (pick(10)) {
    case 0:
      note("clear object " + llvm::Twine(number));
      script.checker->clear(object);
      modelled.heads.clear();
      modelled.completed.clear();
      return;
    case 1:
    case 2:
    case 3:
    case 4: {
      Order order = isRelaxed ? Order::Relaxed : Order::Release;
      note(name(where) + "release object " + llvm::Twine(number) + " order " +
           llvm::Twine(int(order)) + " scope " + llvm::Twine(int(scope)));
      script.checker->release(script.place(where), object, order, scope);
      forLanes(where, [&](unsigned, unsigned thread) {
        model.publish(thread, model.addNode(thread), order, scope,
                      modelled.heads);
      });
      return;
    }
    default: {
      Order order = isRelaxed ? Order::Relaxed : Order::Acquire;
      if (!modelled.completed.empty())
        order = Order::Acquire;
      note(name(where) + "acquire object " + llvm::Twine(number) + " order " +
           llvm::Twine(int(order)) + " scope " + llvm::Twine(int(scope)));
      script.checker->acquire(script.place(where), object, order, scope);
      forLanes(where, [&](unsigned, unsigned thread) {
        Model::Node node = model.addNode(thread);
        model.learn(thread, node, order, scope, modelled.heads);
        // Completions are known in order.
        if (!modelled.completed.empty())
          for (Model::Node operation : modelled.everCompleted)
            model.operations[operation].acquirers.push_back(node);
      });
      return;
    }
    }
  }

  void addAsync() {
    unsigned what = pick(10);
    if (what < 3 || agents.empty())
      return addIssue();
    if (what == 3)
      return addProxyFence();
    unsigned number = pick(agents.size());
    AsyncAgent &agent = *agents[number];
    Model::Operation &operation = model.operations[number];
    ScriptThread owner = issuers[number];
    if (what < 6) {
      bool isReadOnly = pick(3) == 0;
      note(name(owner) + "wait operation " + llvm::Twine(number) +
           (isReadOnly ? " reads" : ""));
      script.wait(owner, agent, isReadOnly);
      Model::Node node = model.addNode(operation.thread);
      (isReadOnly ? operation.readWaits : operation.waits).push_back(node);
      return;
    }
    if (what < 8) {
      unsigned object = pick(objects.size());
      note("complete operation " + llvm::Twine(number) + " object " +
           llvm::Twine(object));
      script.checker->complete(agent, *objects[object]);
      model.objects[object].completed.push_back(number);
      model.objects[object].everCompleted.push_back(number);
      return;
    }
    addAsyncAccess(number);
  }

  void addIssue() {
    ScriptThread where = pickLane();
    unsigned thread = threadOf(where, llvm::countr_zero(where.lanes));
    bool isGeneric = pick(2);
    note(name(where) + "issue operation " + llvm::Twine(agents.size()) +
         (isGeneric ? " generic" : " async"));
    issueLines.push_back(script.next);
    agents.push_back(
        script.issue(where, isGeneric ? AsyncKind::Copy : AsyncKind::BulkCopy));
    issuers.push_back(where);
    Model::Node issue = model.addNode(thread);
    model.operations.push_back(
        {model.addOperation(issue), thread, isGeneric, {}, {}, {}, {}});
    addAsyncAccess(agents.size() - 1);
  }

  void addAsyncAccess(unsigned number) {
    const Model::Operation &operation = model.operations[number];
    ScriptThread where = issuers[number];
    bool isGlobal = pick(2), isWrite = pick(2);
    uint32_t size = 4u << pick(3);
    uint64_t address = 0;
    if (pick(100) < mixture.numWide) {
      size = 16u << pick(5);
      address = 16 * pick(2) * pick(wideBytes / 16);
    }
    ScriptAddress at =
        isGlobal ? global(address) : sharedAddress(where, address);
    note("operation " + llvm::Twine(number) + (isWrite ? " write " : " read ") +
         name(at) + llvm::Twine(size));
    script.copy(*agents[number], isWrite ? AccessKind::Write : AccessKind::Read,
                at, size, operation.isGeneric ? Proxy::Generic : Proxy::Async,
                llvm::countr_zero(where.lanes), where.block);
    model.add({operation.node, operation.thread, issueLines[number],
               modelAddress(at), size, isWrite, false, !operation.isGeneric,
               Scope::System, isGlobal, int(number)});
  }

  void addProxyFence() {
    ScriptThread where = pickLanes();
    PtxSpace space = std::array{PtxSpace::Generic, PtxSpace::Shared,
                                PtxSpace::Global}[pick(3)];
    note(name(where) + "proxy fence " + llvm::Twine(int(space)));
    script.proxyFence(where, space);
    forLanes(where, [&](unsigned, unsigned thread) {
      model.proxyFences.push_back({model.addNode(thread), thread,
                                   space != PtxSpace::Global,
                                   space != PtxSpace::Shared});
    });
  }

  std::mt19937_64 random;
  Mixture mixture;
  Script script;
  std::vector<SyncObjectPtr> objects;
  std::vector<AsyncAgentPtr> agents;
  std::vector<ScriptThread> issuers;
  std::vector<uint32_t> issueLines;
};

/// The checks forget an access once another covers it, so of several races of
/// one access with older ones they may show some; but never one that is not,
/// and always the first access that races.
void compare(Mixture mixture, unsigned numTraces) {
  unsigned numRacy = 0, numClean = 0;
  for (unsigned seed = 0; seed != numTraces; ++seed) {
    Trace trace(seed, mixture);
    trace.run();
    auto races = trace.found(/*isProxy=*/false);
    const auto &expected = trace.model.races;
    for (auto lines : races)
      EXPECT_TRUE(expected.count(lines))
          << "false alarm: " << lines.second << " and " << lines.first
          << ", seed " << seed;
    EXPECT_EQ(races.empty(), expected.empty()) << "seed " << seed;
    if (!races.empty() && !expected.empty()) {
      EXPECT_EQ(races.begin()->first, expected.begin()->first)
          << "the first racing access, seed " << seed;
    }
    ++(expected.empty() ? numClean : numRacy);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << trace.log;
      return;
    }
  }
  // Or the traces say little.
  EXPECT_GT(numRacy, numTraces / 10);
  EXPECT_GT(numClean, numTraces / 50);
}

} // namespace

TEST(CheckerRandomTest, WeakAccessesAndBarriers) {
  compare({false, false, 8, 6}, 4000);
  compare({false, false, 24, 40}, 2000);
}

TEST(CheckerRandomTest, StrongAccessesAndFences) {
  compare({true, false, 10, 4}, 4000);
  compare({true, false, 30, 40}, 2000);
}

TEST(CheckerRandomTest, AsynchronousOperations) {
  compare({false, true, 10, 4}, 4000);
  compare({true, true, 24, 40}, 2000);
}

TEST(CheckerRandomTest, ManyWordsAtOnce) {
  // Lines and pieces of lines whose words are accessed alike, in between words
  // that are not.
  compare({false, true, 8, 4, 20, 8, 85}, 2000);
  compare({true, true, 24, 4, 50, 8, 85}, 2000);
  compare({true, true, 40, 4, 70, 8, 60}, 1000);
}

TEST(CheckerRandomTest, ProxyFences) {
  // An access that was overwritten, or whose read was followed by another, is
  // forgotten with its missing fence: some reports less, none more.
  unsigned numExpected = 0, numFound = 0;
  for (unsigned seed = 0; seed != 9000; ++seed) {
    Trace trace(seed, seed < 8000 ? Mixture{false, true, 40, 16, 60}
                                  : Mixture{false, true, 40, 4, 75, 8, 80});
    trace.run();
    if (!trace.model.races.empty())
      continue;
    auto found = trace.found(/*isProxy=*/true);
    for (auto lines : found)
      ASSERT_TRUE(trace.model.unfenced.count(lines))
          << "seed " << seed << ": " << lines.second << " and " << lines.first
          << "\n"
          << trace.log;
    numExpected += trace.model.unfenced.size();
    numFound += found.size();
  }
  EXPECT_GT(numExpected, 100u);
  EXPECT_GT(numFound, numExpected * 9 / 10)
      << numFound << " of " << numExpected;
}
