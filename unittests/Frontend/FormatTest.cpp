//===- FormatTest.cpp - the canonical layout of .tk sources ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Format.h"
#include "ParsedText.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir::tk;
using llvm::StringRef;

/// The formatted text, or what is wrong with it.
static std::string formatted(StringRef source) {
  ReportedText text(source);
  std::optional<std::string> result =
      formatSource(text.sourceMgr, 1, text.diags);
  return result ? *result : text.getErrors();
}

/// The body of a kernel, formatted, without the lines around it.
static std::string formattedBody(StringRef body) {
  std::string text =
      formatted("tk 1;\n\nkernel k() grid(1) {\n" + body.str() + "\n}\n");
  StringRef rest(text);
  rest.consume_front("tk 1;\n\nkernel k() grid(1) {\n");
  rest.consume_back("}\n");
  return rest.str();
}

//===----------------------------------------------------------------------===//
// Blanks
//===----------------------------------------------------------------------===//

TEST(FormatTest, OperatorsHaveBlanks) {
  EXPECT_EQ(formattedBody("let x=a+b*-c<d&&!e||f%2==~g;"),
            "    let x = a + b * -c < d && !e || f % 2 == ~g;\n");
  EXPECT_EQ(formattedBody("x+=1;y>>=2;"), "    x += 1;\n    y >>= 2;\n");
}

TEST(FormatTest, ProductsAreTightInsideIndicesAndShapes) {
  EXPECT_EQ(formattedBody("let x = a[i * BM+:BM, k / 2, j % 3] * b[f(m * n)];"),
            "    let x = a[i*BM +: BM, k/2, j % 3] * b[f(m * n)];\n");
  EXPECT_EQ(formattedBody("let x = zeros<f32>[2 * M, (K / 2)];"),
            "    let x = zeros<f32>[2*M, (K / 2)];\n");
  EXPECT_EQ(formattedBody("let x = a[h / (H / K)];"),
            "    let x = a[h/(H / K)];\n");
  // A list is neither.
  EXPECT_EQ(formattedBody("let x = reshape(t, [B * C]);"),
            "    let x = reshape(t, [B * C]);\n");
}

TEST(FormatTest, IndexItems) {
  EXPECT_EQ(formattedBody("y[ : ,.. , none,inbounds i+:4,pad=-inf]=x[:];"),
            "    y[:, .., none, inbounds i +: 4, pad = -inf] = x[:];\n");
}

TEST(FormatTest, GenericsHugTheirNames) {
  EXPECT_EQ(formattedBody("let x = cast < i8 > ( a ) + zeros< ptr<f32> >[4];"),
            "    let x = cast<i8>(a) + zeros<ptr<f32>>[4];\n");
  EXPECT_EQ(formattedBody("let x = a<b;"), "    let x = a < b;\n");
}

TEST(FormatTest, FieldsMembersAndCases) {
  EXPECT_EQ(
      formattedBody("let x = t . 0 . 1 + x . bytes + f( .relu , .none );"),
      "    let x = t.0.1 + x.bytes + f(.relu, .none);\n");
}

TEST(FormatTest, LambdasAndTuples) {
  EXPECT_EQ(formattedBody("let ( a,_ ) = reduce( x ,|p ,q|( p.0|q.0 , 1 ) );"),
            "    let (a, _) = reduce(x, |p, q| (p.0 | q.0, 1));\n");
}

TEST(FormatTest, Annotations) {
  EXPECT_EQ(formattedBody("for i in range( 0,4 )@stages( 4 )  @unroll{f();}"),
            "    for i in range(0, 4) @stages(4) @unroll { f(); }\n");
}

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

TEST(FormatTest, EachStatementHasItsLine) {
  EXPECT_EQ(formattedBody("let a = 1; let b = 2;"),
            "    let a = 1;\n    let b = 2;\n");
}

TEST(FormatTest, OneBlankLineStays) {
  EXPECT_EQ(formattedBody("\n\nlet a = 1;\n\n\n\nlet b = 2;\n\n"),
            "    let a = 1;\n\n    let b = 2;\n");
}

TEST(FormatTest, BreaksInsideBracketsStay) {
  EXPECT_EQ(formattedBody("let a = f(x,\ny,\n  g(\n1\n),\n[2,\n3]);"),
            "    let a = f(x,\n"
            "        y,\n"
            "        g(\n"
            "            1\n"
            "        ),\n"
            "        [2,\n"
            "            3]);\n");
  EXPECT_EQ(formattedBody("let a = b +\nc\n* d;"),
            "    let a = b +\n        c\n        * d;\n");
}

TEST(FormatTest, BreaksElsewhereGo) {
  EXPECT_EQ(formattedBody("let\na\n= f\n(x\n)\n;"),
            "    let a = f(x\n    );\n");
}

TEST(FormatTest, ShortBlocksMayStayOnTheirLine) {
  EXPECT_EQ(formattedBody("if a { f(); }\nwhile b {}"),
            "    if a { f(); }\n    while b {}\n");
  EXPECT_EQ(formattedBody("if a { f(); g(); }"),
            "    if a {\n        f();\n        g();\n    }\n");
  EXPECT_EQ(formattedBody("if a {\nf(); }"),
            "    if a {\n        f();\n    }\n");
}

TEST(FormatTest, ArmsOfOneIfLookAlike) {
  EXPECT_EQ(formattedBody("if a { f(); } else if b { g(); }\nelse { h(); }"),
            "    if a { f(); } else if b { g(); } else { h(); }\n");
  EXPECT_EQ(formattedBody("if a { f(); } else if b { g(); } else {\nh();\n}"),
            "    if a {\n        f();\n    } else if b {\n        g();\n"
            "    } else {\n        h();\n    }\n");
}

TEST(FormatTest, BlocksInExpressions) {
  EXPECT_EQ(formattedBody("let x = if a {1} else {2};"),
            "    let x = if a { 1 } else { 2 };\n");
  EXPECT_EQ(formattedBody("let x = map(y,\n|a| {let b = a;b});"),
            "    let x = map(y,\n"
            "        |a| {\n"
            "            let b = a;\n"
            "            b\n"
            "        });\n");
}

//===----------------------------------------------------------------------===//
// Comments
//===----------------------------------------------------------------------===//

TEST(FormatTest, CommentsStayWhereTheyAre) {
  EXPECT_EQ(formattedBody("// above\nlet a = 1;// behind\n\n\n// alone\n\n"
                          "let b = /* inside */ 2;\n// last"),
            "    // above\n"
            "    let a = 1;  // behind\n"
            "\n"
            "    // alone\n"
            "\n"
            "    let b = /* inside */ 2;\n"
            "    // last\n");
}

TEST(FormatTest, CommentsOnNeighbouringLinesAreAligned) {
  EXPECT_EQ(formattedBody("let a = 1; // one\nlet long = 2; // two\n"
                          "f();\nlet b = 3; // three"),
            "    let a = 1;     // one\n"
            "    let long = 2;  // two\n"
            "    f();\n"
            "    let b = 3;  // three\n");
}

TEST(FormatTest, CommentsInsideBracketsEndTheirLine) {
  EXPECT_EQ(formattedBody("let a = f(x, // first\n// second\ny);"),
            "    let a = f(x,  // first\n"
            "        // second\n"
            "        y);\n");
}

TEST(FormatTest, CommentBehindABrace) {
  EXPECT_EQ(formattedBody("if a { // why\nf(); } // end"),
            "    if a {  // why\n        f();\n    }  // end\n");
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

TEST(FormatTest, HeaderOnOneLine) {
  EXPECT_EQ(formatted("tk 1;\nkernel  k<T:float>( x:tensor<T>[M,K / 2]? ,y : "
                      "out tensor<T>[M] )grid( M )require(M>0){\nf();}"),
            "tk 1;\n\n"
            "kernel k<T: float>(x: tensor<T>[M, K/2]?, y: out tensor<T>[M]) "
            "grid(M) require(M > 0) {\n"
            "    f();\n"
            "}\n");
}

TEST(FormatTest, HeaderOnSeveralLines) {
  EXPECT_EQ(formatted("tk 1;\nkernel k<T: float>(\nx: tensor<T>[M],\n"
                      "y: f32) grid(M,\n2) @warps(4) require(M > 0) {\nf(); }"),
            "tk 1;\n\n"
            "kernel k<T: float>(\n"
            "        x: tensor<T>[M],\n"
            "        y: f32)\n"
            "    grid(M,\n"
            "        2)\n"
            "    @warps(4)\n"
            "    require(M > 0)\n"
            "{\n"
            "    f();\n"
            "}\n");
  EXPECT_EQ(formatted("tk 1; fn f(a: i32,\nb: i32) -> i32 { a }"),
            "tk 1;\n\nfn f(a: i32,\n        b: i32) -> i32\n{ a }\n");
}

TEST(FormatTest, LongDeclarationsStandApart) {
  EXPECT_EQ(formatted("tk 1;\nimport \"a.tk\";\nenum A { a }\n// c\n/// d\n"
                      "fn f() {\ng();\n}\nexport f;\nexport g;"),
            "tk 1;\n\nimport \"a.tk\";\nenum A { a }\n\n// c\n/// d\n"
            "fn f() {\n    g();\n}\n\nexport f;\nexport g;\n");
}

TEST(FormatTest, TestsAreAligned) {
  EXPECT_EQ(formatted("tk 1;\ntest a:f<f32>(x=randn[3] stride [2]);\n"
                      "bench long : f() for N in [1,2]\nflops(N)bytes(4);\n\n"
                      "test b : f() within(rel=1);"),
            "tk 1;\n\n"
            "test  a    : f<f32>(x = randn[3] stride [2]);\n"
            "bench long : f() for N in [1, 2]\n"
            "    flops(N) bytes(4);\n\n"
            "test b : f() within (rel = 1);\n");
  // A comment that gets a line of its own ends the group, as it will then.
  EXPECT_EQ(formatted("tk 1;\ntest a:f();\n/* c */test bc:f();"),
            "tk 1;\n\ntest a : f();\n/* c */\ntest bc : f();\n");
  EXPECT_EQ(formatted("tk 1;\ntest a:f();/* c */test bc:f();"),
            "tk 1;\n\ntest a  : f();  /* c */\ntest bc : f();\n");
}

TEST(FormatTest, References) {
  EXPECT_EQ(formatted("tk 1;\nreference f( x )->( y within S,z within (rel=1) )"
                      "ignore( w ){y=x;}"),
            "tk 1;\n\nreference f(x) -> (y within S, z within (rel = 1)) "
            "ignore(w) { y = x; }\n");
}

TEST(FormatTest, FilesWithoutDeclarations) {
  EXPECT_EQ(formatted("// a\n\n\ntk  1 ; // b\n// c"),
            "// a\n\ntk 1;  // b\n\n// c\n");
}

TEST(FormatTest, LineEndsAndByteOrderMark) {
  EXPECT_EQ(formatted("\xEF\xBB\xBFtk 1;\r\n\tenum A { a }\r\n"),
            "tk 1;\n\nenum A { a }\n");
}

TEST(FormatTest, ImportedGenericsAreNotNeeded) {
  EXPECT_EQ(formatted("tk 1; import \"no.tk\"; export a;\n"
                      "fn f() { g(scale < 2 >(x)); }"),
            "tk 1;\n\nimport \"no.tk\";\nexport a;\n"
            "fn f() { g(scale<2>(x)); }\n");
}

TEST(FormatTest, SyntaxErrorsAreReported) {
  EXPECT_EQ(formatted("tk 1; fn f( {}"),
            "1:13 '{' expected a parameter name, got '{' [ExpectedToken]\n");
}

//===----------------------------------------------------------------------===//
// Properties
//===----------------------------------------------------------------------===//

struct Source {
  std::string path;
  std::string text;
};

/// Every .tk file below a directory of the source tree.
static std::vector<Source> readSources(StringRef directory) {
  std::vector<Source> sources;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator
           it(llvm::Twine(TK_SOURCE_DIR) + "/" + directory, error),
       end;
       it != end && !error; it.increment(error)) {
    if (llvm::sys::path::extension(it->path()) != ".tk")
      continue;
    if (auto buffer = llvm::MemoryBuffer::getFile(it->path()))
      sources.push_back({it->path(), (*buffer)->getBuffer().str()});
  }
  return sources;
}

/// The comments of a text, one per line.
static std::string commentsOf(StringRef source) {
  ReportedText text(source);
  std::string result;
  for (const Token &comment : lex(text.getText(), text.diags).comments)
    result += comment.text.str() + "\n";
  return result;
}

/// The text with other white space between its tokens: breaks or blanks by
/// chance, none where tokens may touch.
static std::string shuffleSpace(StringRef source, std::mt19937 &random) {
  ReportedText text(source);
  TokenStream stream = lex(text.getText(), text.diags);
  std::vector<Token> items = stream.tokens;
  items.insert(items.end(), stream.comments.begin(), stream.comments.end());
  std::sort(items.begin(), items.end(), [](const Token &a, const Token &b) {
    return a.text.begin() < b.text.begin();
  });
  std::string result;
  for (const Token &token : items) {
    result += token.text;
    bool needsBreak = token.text.starts_with("//");
    static const StringRef kSpaces[] = {" ", "\n", "  ", "\n\n\n", "\t"};
    result += needsBreak ? "\n" : kSpaces[random() % 5];
  }
  return result;
}

/// The tree without the doc comments, which depend on white space.
static std::string treeWithoutDocs(StringRef source) {
  std::string tree = treeOf(source);
  std::string result;
  llvm::SmallVector<StringRef> lines;
  StringRef(tree).split(lines, '\n');
  for (StringRef line : lines)
    if (!line.ltrim().starts_with("Doc "))
      result += line.str() + "\n";
  return result;
}

TEST(FormatPropertyTest, FormattingKeepsTheMeaningAndIsIdempotent) {
  std::mt19937 random(42);
  std::vector<Source> sources = readSources("kernels");
  llvm::append_range(sources, readSources("test"));
  size_t numChecked = 0;
  for (const auto &[path, original] : sources) {
    if (!errorsOf(original).empty())
      continue;
    for (int round = 0; round < 4; ++round) {
      std::string source =
          round == 0 ? original : shuffleSpace(original, random);
      std::string once = formatted(source);
      ASSERT_EQ(treeWithoutDocs(source), treeWithoutDocs(once)) << source;
      ASSERT_EQ(commentsOf(source), commentsOf(once)) << source;
      ASSERT_EQ(formatted(once), once) << source;
      ++numChecked;
    }
    EXPECT_EQ(treeOf(original), treeOf(formatted(original))) << path;
  }
  EXPECT_GT(numChecked, 0u);
}

TEST(FormatPropertyTest, KernelsAreFormatted) {
  for (const auto &[path, text] : readSources("kernels"))
    EXPECT_EQ(formatted(text), text)
        << "run: tkc --format " << path << " -o " << path;
}
