//===- ImportsTest.cpp - files that import files --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
#include "tk/Support/Manifest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

namespace {

class ImportsTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tk-imports", directory));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string pathOf(StringRef name) const {
    llvm::SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  void write(StringRef name, StringRef text) {
    std::string path = pathOf(name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    ASSERT_FALSE(error);
    os << text;
  }

  /// Parses `text` as main.tk in the directory; returns the names of the files
  /// that were read, then the errors.
  std::string load(StringRef text, std::vector<std::string> includes = {}) {
    ReportedText main(text, pathOf("main.tk"));
    main.sourceMgr.setIncludeDirs(includes);
    ASTContext context;
    ParsedProgram program = parseProgram(main.sourceMgr, context, main.diags);
    std::string result;
    for (const SourceFile &file : program.files)
      result += llvm::sys::path::filename(
                    main.sourceMgr.getMemoryBuffer(file.bufferId)
                        ->getBufferIdentifier())
                    .str() +
                " ";
    return result + main.getErrors();
  }

  /// The same, with nothing but `embedded` to import.
  std::string loadEmbedded(StringRef text,
                           const std::vector<EmbeddedFile> &embedded) {
    ReportedText main(text, pathOf("main.tk"));
    ASTContext context;
    ParsedProgram program =
        parseProgram(main.sourceMgr, context, main.diags, &embedded);
    std::string result;
    for (const SourceFile &file : llvm::drop_begin(program.files))
      result += main.sourceMgr.getMemoryBuffer(file.bufferId)
                    ->getBufferIdentifier()
                    .str() +
                " ";
    return result + main.getErrors();
  }

  llvm::SmallString<128> directory;
};

} // namespace

TEST_F(ImportsTest, EachFileIsReadOnceAndTheMainFileComesFirst) {
  write("a.tk", "tk 1; import \"b.tk\";");
  write("b.tk", "tk 1; enum B { b }");
  EXPECT_EQ(load("tk 1; import \"a.tk\"; import \"b.tk\"; import \"./a.tk\";"),
            "main.tk a.tk b.tk ");
}

TEST_F(ImportsTest, PathsStartAtTheImportingFile) {
  write("lib/a.tk", "tk 1; import \"b.tk\"; import \"../c.tk\";");
  write("lib/b.tk", "tk 1;");
  write("c.tk", "tk 1;");
  EXPECT_EQ(load("tk 1; import \"lib/a.tk\";"), "main.tk a.tk b.tk c.tk ");
}

TEST_F(ImportsTest, IncludeDirectoriesComeSecond) {
  write("inc/a.tk", "tk 1;");
  EXPECT_EQ(load("tk 1; import \"a.tk\";", {pathOf("inc")}), "main.tk a.tk ");
}

TEST_F(ImportsTest, ImportedGenericsTakeAngleBrackets) {
  write("a.tk", "tk 1; fn scale<N: const>(x: f32) -> f32 { x }");
  // Without the import this would be two comparisons, which do not chain.
  EXPECT_EQ(load("tk 1; import \"a.tk\"; fn f(x: f32) { g(scale<2>(x)); }"),
            "main.tk a.tk ");
}

TEST_F(ImportsTest, MissingFile) {
  EXPECT_EQ(load("tk 1;\nimport \"no.tk\";"),
            "main.tk 2:8 '\"no.tk\"' cannot read 'no.tk': No such file or "
            "directory [ImportNotFound]\n");
}

TEST_F(ImportsTest, DirectoriesAreNotFiles) {
  write("d/a.tk", "tk 1;");
  EXPECT_EQ(load("tk 1;\nimport \"d\";"),
            "main.tk 2:8 '\"d\"' cannot read 'd': not a regular file "
            "[ImportNotFound]\n");
}

TEST_F(ImportsTest, CycleIsReportedWhereItCloses) {
  write("a.tk", "tk 1;\nimport \"main.tk\";");
  write("main.tk", "");
  EXPECT_EQ(load("tk 1; import \"a.tk\";"),
            "main.tk a.tk 2:8 '\"main.tk\"' 'main.tk' imports itself, directly "
            "or through other files [ImportCycle]\n");
}

TEST_F(ImportsTest, WhatIsEmbeddedIsFoundByItsImporter) {
  // Two files are called a.tk; which one is meant depends on who asks.
  std::vector<EmbeddedFile> embedded = {
      {"lib/b.tk", "tk 1; import \"a.tk\";", {{0, "lib/b.tk"}}},
      {"lib/a.tk", "tk 1; enum Inner { x }", {{1, "a.tk"}}},
      {"a.tk", "tk 1; enum Outer { x }", {{0, "a.tk"}}}};
  EXPECT_EQ(
      loadEmbedded("tk 1; import \"lib/b.tk\"; import \"a.tk\";", embedded),
      "lib/b.tk lib/a.tk a.tk ");
}

TEST_F(ImportsTest, WhatIsNotEmbeddedIsNotReadFromDisk) {
  write("a.tk", "tk 1;");
  const std::string missing = "1:14 '\"a.tk\"' cannot read 'a.tk': it was not "
                              "embedded with the source [ImportNotFound]\n";
  EXPECT_EQ(loadEmbedded("tk 1; import \"a.tk\";", {}), missing);
  // Only the main file may import it under this name.
  EXPECT_EQ(loadEmbedded("tk 1; import \"a.tk\";",
                         {{"a.tk", "tk 1; import \"a.tk\";", {{0, "a.tk"}}}}),
            "a.tk " + missing);
}

TEST_F(ImportsTest, EmbeddedFilesMayFormNoCycle) {
  std::vector<EmbeddedFile> embedded = {
      {"a.tk", "tk 1; import \"b.tk\";", {{0, "a.tk"}, {2, "a.tk"}}},
      {"b.tk", "tk 1; import \"a.tk\";", {{1, "b.tk"}}}};
  EXPECT_EQ(
      loadEmbedded("tk 1; import \"a.tk\";", embedded),
      "a.tk b.tk 1:14 '\"a.tk\"' 'a.tk' imports itself, directly or through "
      "other files [ImportCycle]\n");
}
