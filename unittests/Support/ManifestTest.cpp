//===- ManifestTest.cpp - tests of manifests ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Manifest.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

static HostExpr parse(StringRef text) {
  return cantFail(HostExpr::parse(text));
}

static Manifest makeManifest() {
  ManifestKernel kernel;
  kernel.name = "axpy";
  kernel.instance = "axpy<f16>";
  ManifestParam x;
  x.name = "x";
  x.isTensor = true;
  x.dtype = DType::F16;
  x.dims = {HostExpr::name("M"), parse("N / 2")};
  ManifestParam alpha;
  alpha.name = "alpha";
  ManifestParam y = x;
  y.name = "y";
  y.access = ParamAccess::Mut;
  y.aliases = {"x"};
  y.initialValue = 0.1;
  kernel.params = {x, alpha, y};
  kernel.grid = {parse("cdiv(M, 64)"), parse("min(num_sms(), N)")};
  kernel.requirements = {parse("N % 2 == 0")};
  kernel.workspace.bytes = parse("4 * M");
  kernel.workspace.isZeroed = true;
  ManifestVariant vector;
  vector.name = "vector";
  vector.symbol = "axpy_f16_vector";
  vector.preconditions = {parse("x.address % 16 == 0"),
                          parse("x.stride1 == 1 && x.span < 2147483648")};
  vector.abi = {
      {AbiSlot::Kind::Address, 0},   {AbiSlot::Kind::Dim, 0, 1},
      {AbiSlot::Kind::Stride, 0, 0}, {AbiSlot::Kind::Scalar, 1},
      {AbiSlot::Kind::Address, 2},   {AbiSlot::Kind::GridExtent, 0, 1},
      {AbiSlot::Kind::Workspace}};
  vector.blockSize = {128, 1, 1};
  vector.dynamicSharedBytes = 49152;
  ManifestVariant general = vector;
  general.name = "general";
  general.symbol = "axpy_f16_general";
  general.preconditions.clear();
  general.hasLinearGrid = true;
  kernel.variants = {vector, general};
  ManifestSequence sequence;
  sequence.name = "twice";
  sequence.instance = "twice<f16>";
  sequence.params = {x, y};
  ManifestParam temp = x;
  temp.name = "t";
  temp.access = ParamAccess::Temp;
  temp.isZeroed = true;
  sequence.temps = {temp};
  sequence.requirements = {parse("M > 0")};
  ManifestStep first, second;
  first.kernel = second.kernel = kernel.instance;
  first.arguments = {{"x", {}, {}, {}},
                     {"", {}, {}, parse("2 * M")},
                     {"t", {parse("M * N / 2")}, {parse("1")}, {}}};
  second.arguments = {
      {"t", {}, {}, {}}, {"", {}, {}, parse("1")}, {"y", {}, {}, {}}};
  sequence.steps = {first, second};
  Manifest manifest;
  manifest.target = "sm_90a";
  manifest.kernels = {kernel};
  manifest.sequences = {sequence};
  manifest.source = "kernel axpy // \"µ\"\n";
  manifest.imports = {{"lib/a.tk", "tk 1;\n", {{0, "lib/a.tk"}, {2, "a.tk"}}},
                      {"lib/b.tk", "tk 1; // \"µ\"\n", {{1, "b.tk"}}}};
  manifest.sourceHash = hashSource(manifest.source, manifest.imports);
  return manifest;
}

static std::string getError(StringRef text) {
  Expected<Manifest> manifest = Manifest::fromJSON(text);
  return manifest ? "" : toString(manifest.takeError());
}

TEST(ManifestTest, EverythingReadsBack) {
  Manifest manifest = makeManifest();
  Expected<Manifest> back = Manifest::fromJSON(manifest.toJSON());
  ASSERT_TRUE(bool(back)) << toString(back.takeError());
  EXPECT_EQ(*back, manifest);
  EXPECT_EQ(back->toJSON(), manifest.toJSON());
}

TEST(ManifestTest, TheHashIsOfAllThatWasCompiled) {
  Manifest manifest = makeManifest();
  EXPECT_EQ(hashSource(manifest.source), hashSource(manifest.source, {}));
  EXPECT_NE(hashSource(manifest.source), manifest.sourceHash);
  manifest.imports[1].text += " ";
  EXPECT_NE(hashSource(manifest.source, manifest.imports), manifest.sourceHash);
}

TEST(ManifestTest, SequencesLaunchWhatIsThere) {
  Manifest manifest = makeManifest();
  EXPECT_FALSE(bool(manifest.checkSequences()));
  manifest.sequences[0].steps[1].arguments.pop_back();
  EXPECT_EQ(toString(manifest.checkSequences()),
            "bad manifest: the sequence 'twice<f16>' gives 'axpy<f16>' 2 "
            "arguments, but it has 3");
  manifest.sequences[0].steps[0].kernel = "axpy<f32>";
  EXPECT_EQ(toString(manifest.checkSequences()),
            "bad manifest: the sequence 'twice<f16>' launches 'axpy<f32>', "
            "which is not there");
}

TEST(ManifestTest, InstancesAreFoundByName) {
  Manifest manifest = makeManifest();
  EXPECT_EQ(manifest.findInstance("axpy<f16>"), &manifest.kernels[0]);
  EXPECT_EQ(manifest.findInstance("axpy"), nullptr);
}

TEST(ManifestTest, AbiSlotsAreText) {
  Manifest manifest = makeManifest();
  ArrayRef<ManifestParam> params = manifest.kernels[0].params;
  const char *expected[] = {"x.address", "x.dim1", "x.stride0", "alpha",
                            "y.address", "grid.1", "workspace"};
  for (auto [slot, text] : zip(manifest.kernels[0].variants[0].abi, expected)) {
    EXPECT_EQ(formatAbiSlot(slot, params), text);
    EXPECT_EQ(parseAbiSlot(text, params), slot);
  }
  for (const char *wrong : {"z.address", "x", "x.dim2", "x.stride", "x.size",
                            "alpha.dim0", "grid.3", ""})
    EXPECT_EQ(parseAbiSlot(wrong, params), std::nullopt) << wrong;
}

TEST(ManifestTest, MistakesAreNamed) {
  EXPECT_NE(getError("{").find("bad manifest: "), std::string::npos);
  EXPECT_EQ(getError("[]"), "bad manifest: expects an object");
  EXPECT_EQ(getError(R"({"schema": 2})"),
            "the manifest has schema version 2, but this program knows 1");
  EXPECT_EQ(getError(R"({"target": "sm_80", "kernels": []})"),
            "bad manifest: 'schema' is missing or is not an integer");
  EXPECT_EQ(getError(R"({"schema": 1, "target": "sm_80", "kernels": [1]})"),
            "bad manifest: 'kernels[0].' is missing or is not an object");
}

/// Replaces one piece of a good manifest.
static std::string getErrorWith(StringRef from, StringRef to) {
  std::string text = makeManifest().toJSON();
  size_t at = text.find(from.str());
  EXPECT_NE(at, std::string::npos);
  return getError(text.replace(at, from.size(), to.str()));
}

TEST(ManifestTest, WrongFieldsAreNamedByPath) {
  EXPECT_EQ(getErrorWith(R"("block":[128,1,1])", R"("block":[128,0,1])"),
            "bad manifest: 'kernels[0].variants[0].block' is missing or is not "
            "an array of three integers from 1 to 1024");
  // The product would be 0.
  EXPECT_EQ(getErrorWith(R"("block":[128,1,1])",
                         R"("block":[4294967296,4294967296,1])"),
            "bad manifest: 'kernels[0].variants[0].block' is missing or is not "
            "an array of three integers from 1 to 1024");
  EXPECT_EQ(getErrorWith(R"("x.stride0")", R"("x.stride7")"),
            "bad manifest: 'kernels[0].variants[0].abi' is missing or is not "
            "made of parameters such as \"x.stride0\"");
  EXPECT_EQ(getErrorWith(R"("dtype":"f16")", R"("dtype":"f17")"),
            "bad manifest: 'kernels[0].params[0].dtype' is missing or is not "
            "an element type");
  EXPECT_EQ(getErrorWith(R"("access":"read")", R"("access":"rad")"),
            "bad manifest: 'kernels[0].params[0].access' is missing or is not "
            "read, mut, out or temp");
  EXPECT_EQ(getErrorWith(R"("init":"0.)", R"("init":"o.)"),
            "bad manifest: 'kernels[0].params[2].init' is missing or is not a "
            "number as text");
  EXPECT_EQ(getErrorWith(R"([["cdiv","M",64],["min",["num_sms"],"N"]])", "[]"),
            "bad manifest: 'kernels[0].grid' is missing or is not an array of "
            "one to three expressions");
  EXPECT_EQ(getErrorWith(R"("strides":[1])", R"("strides":[])"),
            "bad manifest: 'sequences[0].steps[0].arguments[2].strides' is "
            "missing or is not as long as 'dims'");
  EXPECT_EQ(getErrorWith(R"(["cdiv","M",64])", R"(["cdiv","M"])"),
            "bad manifest: 'kernels[0].grid' is missing or is not made of host "
            "expressions");
}

TEST(ManifestTest, HashesAreStable) {
  // Binaries made elsewhere are compared by it. XXH3_64bits("").
  EXPECT_EQ(hashSource(""), "2d06800538d394c2");
}

TEST(ManifestTest, InitialValuesAreWrittenAsTheLanguageWritesThem) {
  EXPECT_EQ(formatInitialValue(0), "0");
  EXPECT_EQ(formatInitialValue(-0.0), "-0");
  EXPECT_EQ(formatInitialValue(-5), "-5");
  EXPECT_EQ(formatInitialValue(123456789012345), "123456789012345");
  EXPECT_EQ(formatInitialValue(0.5), "0.5");
  EXPECT_EQ(formatInitialValue(-HUGE_VAL), "-inf");
  for (double value : {0.1, 1e300, -HUGE_VAL, 0.0}) {
    Manifest manifest = makeManifest();
    manifest.kernels[0].params[2].initialValue = value;
    EXPECT_EQ(cantFail(Manifest::fromJSON(manifest.toJSON())), manifest);
  }
}
