//===- ImportsTest.cpp - files that import files --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
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
