//===- AsyncCopiesTest.cpp - what copies write, and where they arrive -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.25. One thread copies; `in` holds 1, 2, 3, ...
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "tk/Emulator/TensorMap.h"
#include <numeric>

using namespace mlir::tk;

using Words = std::vector<uint32_t>;

namespace {

const char *const header =
    ".shared .align 128 .b8 tile[64]; .shared .align 8 .b64 bar;\n"
    ".reg .pred %p<4>; .reg .b32 %r<9>; .reg .b64 %in, %out, %l<4>;\n"
    "ld.param.u64 %out, [out]; ld.param.u64 %in, [in];\n";

/// What `code` left in the first four words of `tile`.
Words copyToTile(const std::string &code,
                 std::vector<std::string> *rules = {}) {
  PtxRun run(
      makeKernel(".param .u64 out, .param .u64 in",
                 header + code +
                     "\nld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [tile];\n"
                     "st.global.v4.u32 [%out], {%r4, %r5, %r6, %r7};\nret;"));
  EXPECT_EQ(run.error, "");
  Words values(64);
  std::iota(values.begin(), values.end(), 1);
  uint64_t out = run.buffer(Words(64)), in = run.buffer(values);
  run.launch.block = {1, 1, 1};
  run.launch.addArgument(out);
  run.launch.addArgument(in);
  if (rules)
    *rules = run.brokenRules();
  else
    run.runClean();
  return run.read<uint32_t>(out, 4);
}

const char *const waitAll = "cp.async.wait_all;\n";

} // namespace

TEST(AsyncCopiesTest, SmallCopies) {
  EXPECT_EQ(copyToTile("cp.async.ca.shared.global [tile], [%in+4], 4;\n"
                       "cp.async.ca.shared::cta.global.L2::128B [tile+8], "
                       "[%in], 8;\n"
                       "cp.async.ca.shared.global [tile+4], [%in+60], 4;\n" +
                       std::string(waitAll)),
            (Words{2, 16, 1, 2}));
}

// What the source has less is zeros.
TEST(AsyncCopiesTest, SourcesMayBeShorter) {
  EXPECT_EQ(copyToTile("mov.u32 %r0, 8;\ncp.async.cg.shared.global [tile], "
                       "[%in], 16, %r0;\n" +
                       std::string(waitAll)),
            (Words{1, 2, 0, 0}));
  // Of a source of no bytes, the address is not looked at.
  EXPECT_EQ(
      copyToTile("cp.async.cg.shared.global [tile], [%in+4096], 16, 0;\n" +
                 std::string(waitAll)),
      (Words{0, 0, 0, 0}));
}

TEST(AsyncCopiesTest, SourcesMayBeIgnored) {
  std::string code = "setp.eq.u32 %p0, %r0, %r0;\nsetp.ne.u32 %p1, %r0, %r0;\n"
                     "cp.async.ca.shared.global [tile], [%in], 8, %p1;\n"
                     "cp.async.ca.shared.global [tile+8], [%in], 8, %p0;\n";
  EXPECT_EQ(copyToTile(code + waitAll), (Words{1, 2, 0, 0}));
}

TEST(AsyncCopiesTest, PoliciesAreHints) {
  EXPECT_EQ(
      copyToTile("createpolicy.fractional.L2::evict_first.b64 %l0, 1.0;\n"
                 "cp.async.ca.shared.global.L2::cache_hint [tile], [%in], 8, "
                 "%l0;\n"
                 "mov.u32 %r0, 4;\n"
                 "cp.async.ca.shared.global.L2::cache_hint [tile+8], [%in], 8, "
                 "%r0, %l0;\n" +
                 std::string(waitAll)),
      (Words{1, 2, 1, 0}));
}

// The arrival of copies adds to what is pending, and takes it away; with
// .noinc it is one of those that the phase counts.
TEST(AsyncCopiesTest, ArrivalsOfCopies) {
  std::string wait = "again: mbarrier.try_wait.parity.shared.b64 %p0, [bar], 0;"
                     "\n@!%p0 bra again;\n";
  std::string copy = "cp.async.ca.shared.global [tile], [%in], 16;\n";
  EXPECT_EQ(copyToTile("mbarrier.init.shared.b64 [bar], 1;\n" + copy +
                       "cp.async.mbarrier.arrive.noinc.shared.b64 [bar];\n" +
                       wait),
            (Words{1, 2, 3, 4}));
  EXPECT_EQ(copyToTile("mbarrier.init.shared.b64 [bar], 1;\n" + copy +
                       "cp.async.mbarrier.arrive.shared::cta.b64 [bar];\n"
                       "mbarrier.arrive.shared.b64 _, [bar];\n" +
                       wait),
            (Words{1, 2, 3, 4}));
  std::vector<std::string> rules;
  copyToTile("mbarrier.init.shared.b64 [bar], 1;\n" + copy +
                 "cp.async.mbarrier.arrive.shared.b64 [bar];\n" + wait,
             &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 8), "deadlock");
}

TEST(AsyncCopiesTest, BulkCopiesOfABlock) {
  EXPECT_EQ(copyToTile(
                "mbarrier.init.shared.b64 [bar], 1;\n"
                "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 32;\n"
                "fence.proxy.async;\n"
                "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes "
                "[tile], [%in+16], 32, [bar];\n"
                "again: mbarrier.try_wait.parity.shared.b64 %p0, [bar], 0;\n"
                "@!%p0 bra again;\n"),
            (Words{5, 6, 7, 8}));
}

// Shared memory is added to global memory, to the shared memory of a block, ...
TEST(AsyncCopiesTest, BulkReductions) {
  PtxRun run(makeKernel(".param .u64 out, .param .u64 in", R"(
.shared .align 128 .b32 tile[8]; .reg .b32 %r<4>; .reg .b64 %out, %in;
ld.param.u64 %out, [out]; ld.param.u64 %in, [in];
st.shared.v4.u32 [tile], {100, 200, 300, 0xFFFFFFFF};
fence.proxy.async.shared::cta;
cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%out], [tile], 16;
cp.reduce.async.bulk.global.shared::cta.bulk_group.min.s32 [%out+16], [tile], 16;
cp.reduce.async.bulk.global.shared::cta.bulk_group.inc.u32 [%out+32], [tile], 16;
cp.reduce.async.bulk.global.shared::cta.bulk_group.xor.b64 [%out+48], [tile], 16;
cp.async.bulk.commit_group;
cp.async.bulk.wait_group 0;
ret;)"));
  ASSERT_EQ(run.error, "");
  Words values(16);
  std::iota(values.begin(), values.end(), 1);
  uint64_t out = run.buffer(values);
  run.launch.block = {1, 1, 1};
  run.launch.addArgument(out);
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 16),
            (Words{101, 202, 303, 3, 5, 6, 7, 0xFFFFFFFF, 10, 11, 12, 13,
                   13 ^ 100, 14 ^ 200, 15 ^ 300, 16 ^ 0xFFFFFFFF}));
}

// Each block gets the bytes, and its own mbarrier counts them.
TEST(AsyncCopiesTest, Multicast) {
  PtxRun run(makeKernel(".param .u64 out, .param .u64 in", R"(
.shared .align 128 .b32 tile[4]; .shared .align 8 .b64 bar;
.reg .pred %p<2>; .reg .b32 %r<8>; .reg .b16 %h; .reg .b64 %out, %in;
ld.param.u64 %out, [out]; ld.param.u64 %in, [in];
mov.u32 %r0, %cluster_ctarank;
mbarrier.init.shared.b64 [bar], 1;
mbarrier.arrive.expect_tx.shared.b64 _, [bar], 16;
fence.mbarrier_init.release.cluster;
barrier.cluster.arrive; barrier.cluster.wait;
setp.eq.u32 %p0, %r0, 2;
mov.b16 %h, 0xB;
@%p0 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [tile], [%in], 16, [bar], %h;
setp.eq.u32 %p0, %r0, 2;
@%p0 bra done;
again: mbarrier.try_wait.parity.shared.b64 %p1, [bar], 0;
@!%p1 bra again;
ld.shared.u32 %r1, [tile+8];
mad.wide.u32 %out, %r0, 4, %out;
st.global.u32 [%out], %r1;
done:
barrier.cluster.arrive; barrier.cluster.wait;
ret;)"));
  ASSERT_EQ(run.error, "");
  uint64_t out = run.buffer(Words(4)), in = run.buffer(Words{1, 2, 3, 4});
  run.launch.grid = {4, 1, 1};
  run.launch.block = {1, 1, 1};
  run.launch.cluster = PtxDimensions{4, 1, 1};
  run.launch.addArgument(out);
  run.launch.addArgument(in);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 4), (Words{3, 3, 0, 3}));
}

TEST(AsyncCopiesTest, StoresAndReductionsWithBytes) {
  EXPECT_EQ(
      copyToTile(
          "mbarrier.init.shared.b64 [bar], 1;\n"
          "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 16;\n"
          "mov.u32 %r0, tile; mov.u32 %r1, bar;\n"
          "st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%r0], "
          "{1, 2, 3, 4}, [%r1];\n"
          "first: mbarrier.try_wait.parity.shared.b64 %p0, [bar], 0;\n"
          "@!%p0 bra first;\n"
          "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 12;\n"
          "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::"
          "bytes.add.u32 [%r0], 10, [%r1];\n"
          "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::"
          "bytes.max.s32 [%r0+4], 7, [%r1];\n"
          "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::"
          "bytes.and.b32 [%r0+8], 1, [%r1];\n"
          "second: mbarrier.try_wait.parity.shared.b64 %p0, [bar], 1;\n"
          "@!%p0 bra second;\n"),
      (Words{11, 7, 1, 4}));
}

TEST(AsyncCopiesTest, ReportsTellStoresFromCopies) {
  PtxRun run(makeKernel("", R"(
.shared .align 8 .b8 bar[8]; .shared .align 4 .b8 word[4];
.reg .b32 %r<2>;
mbarrier.init.shared.b64 [bar], 1;
mov.u32 %r0, word; mov.u32 %r1, bar;
st.async.shared::cluster.mbarrier::complete_tx::bytes.b32 [%r0], 1, [%r1];
ret;)"));
  run.launch.block = {1, 1, 1};
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"async-at-exit:11"});
  EXPECT_EQ(run.result.reports.at(0).sites.at(0).role,
            "write by an asynchronous store");
}

TEST(AsyncCopiesTest, WrongFormsAreRefused) {
  auto isRefused = [](const std::string &code, const char *part) {
    std::string error = refusal(code);
    EXPECT_NE(error.find(part), std::string::npos) << error;
    return error.find(part) != std::string::npos;
  };
  EXPECT_TRUE(isRefused("cp.async.cg.shared.global [%r0], [%l0], 8;",
                        "'.cg' copies 16"));
  EXPECT_TRUE(
      isRefused("cp.async.ca.shared.global [%r0], [%l0], 12;", "4, 8 or 16"));
  EXPECT_TRUE(
      isRefused("cp.async.ca.shared.global [%r0], [%l0], %r1;", "constant"));
  EXPECT_TRUE(isRefused("cp.async.wait_group %r0;", "constant"));
  EXPECT_TRUE(isRefused("cp.async.commit_group 1;", "expects 0 operands"));
  EXPECT_TRUE(isRefused("cp.async.bulk.global.shared::cta [%l0], [%r0], 16;",
                        "'.bulk_group'"));
  EXPECT_TRUE(isRefused("cp.async.bulk.global.global.bulk_group [%l0], [%l1], "
                        "16;",
                        "no copy between"));
  EXPECT_TRUE(isRefused("cp.reduce.async.bulk.global.shared::cta.bulk_group."
                        "min.f32 [%l0], [%r0], 16;",
                        "type"));
  EXPECT_TRUE(isRefused("cp.async.bulk.tensor.2d.shared::cta.global.im2col."
                        "mbarrier::complete_tx::bytes [%r0], [%l0, {%r1, %r2}],"
                        " [%r3], {%h0};",
                        "im2col"));
}

// Lanes copy 0, 8 or 16 bytes by turns, and fill the rest with zeros.
TEST(AsyncCopiesTest, MeasurementsCountWhatIsRead) {
  PtxRun run(makeKernel(".param .u64 in", R"(
.shared .align 16 .b8 tile[512];
.reg .b32 %r<4>; .reg .b64 %a;
mov.u32 %r0, %tid.x;
ld.param.u64 %a, [in];
mad.wide.u32 %a, %r0, 16, %a;
mov.u32 %r1, tile;
mad.lo.u32 %r1, %r0, 16, %r1;
rem.u32 %r2, %r0, 3;
mul.lo.u32 %r2, %r2, 8;
cp.async.ca.shared.global [%r1], [%a], 16, %r2;
cp.async.wait_all;
ret;)"));
  run.options.isMeasured = true;
  run.launch.addArgument(run.buffer(std::vector<uint32_t>(128)));
  ASSERT_TRUE(run.runClean());
  InstructionMeasurement all;
  for (const InstructionMeasurement &one : run.result.measurements.instructions)
    all.add(one);
  EXPECT_EQ(all.globalRequests, 1u);
  EXPECT_EQ(all.globalBytesRead, 11u * 8 + 10 * 16);
  // Every sector of 32 bytes is of two lanes, and one of them reads.
  EXPECT_EQ(all.globalSectors, 16u);
  EXPECT_EQ(all.sharedBytesWritten, 512u);
}

namespace {
/// What is said of a copy of four words at `column` and `row` of a tensor of 4
/// rows of 16, to or from zeros in shared memory; `values` is the tensor
/// afterwards.
std::string copyTensor(bool isLoad, int32_t column, int32_t row,
                       Words &values) {
  std::string load =
      "mbarrier.init.shared.b64 [bar], 1;\nfence.proxy.async;\n"
      "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 16;\n"
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::"
      "complete_tx::bytes [tile], [%l0, {%r0, %r2}], [bar];\n"
      "wait: mbarrier.try_wait.parity.shared.b64 %p0, [bar], 0;\n"
      "@!%p0 bra wait;\n";
  std::string store =
      "mov.b32 %r1, 0; st.shared.v4.b32 [tile], {%r1, %r1, %r1, %r1};\n"
      "fence.proxy.async;\n"
      "cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group "
      "[%l0, {%r0, %r2}], [tile];\n"
      "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;\n";
  PtxRun run(makeKernel(
      ".param .align 64 .b8 map[128], .param .b32 at, .param .b32 row",
      ".shared .align 128 .b8 tile[64]; .shared .align 8 .b64 bar;\n"
      ".reg .pred %p0; .reg .b32 %r<3>; .reg .b64 %l0;\n"
      "mov.b64 %l0, map; cvta.param.u64 %l0, %l0; ld.param.b32 %r0, [at];\n"
      "ld.param.b32 %r2, [row];\n" +
          (isLoad ? load : store) + "ret;"));
  values.resize(64);
  std::iota(values.begin(), values.end(), 1);
  TensorMap map;
  map.type = TensorMapType::U32;
  map.address = run.buffer(values);
  map.rank = 2;
  map.extents = {16, 4, 1, 1, 1};
  map.strides[0] = 64;
  map.box[0] = 4;
  run.launch.block = {1, 1, 1};
  run.launch.addArgument(llvm::cantFail(encodeTensorMap(map)));
  run.launch.addArgument(column);
  run.launch.addArgument(row);
  std::string said;
  if (run.run() && !run.result.reports.empty())
    said = run.result.reports.front().rule + ": " +
           run.result.reports.front().detail;
  values = run.read<uint32_t>(map.address, 64);
  return said;
}
} // namespace

// As an H100 does: 16 bytes are the steps of the first coordinate, and stores
// do not begin before the tensor, where loads fill.
TEST(AsyncCopiesTest, WhereBoxesBegin) {
  Words values;
  for (bool isLoad : {true, false})
    EXPECT_EQ(copyTensor(isLoad, 2, 0, values),
              "tensor-map: the first coordinate 2 is 8 bytes from the "
              "beginning of a row, which is not a multiple of 16");
  EXPECT_EQ(copyTensor(true, -4, 0, values), "");
  EXPECT_EQ(copyTensor(true, 0, -1, values), "");
  EXPECT_EQ(copyTensor(false, -4, 0, values),
            "tensor-map: coordinate -4 of dimension 0: only loads may begin "
            "before the tensor");
  EXPECT_EQ(copyTensor(false, 0, -1, values),
            "tensor-map: coordinate -1 of dimension 1: only loads may begin "
            "before the tensor");
  EXPECT_EQ(values[0], 1u);
  EXPECT_EQ(copyTensor(false, 12, 3, values), "");
  EXPECT_EQ(values[59], 60u);
  EXPECT_EQ(values[60], 0u);
  EXPECT_EQ(values[63], 0u);
  EXPECT_EQ(copyTensor(false, 16, 3, values), "");
  EXPECT_EQ(copyTensor(false, 12, 4, values), "");
  EXPECT_EQ(values[63], 64u);
}
