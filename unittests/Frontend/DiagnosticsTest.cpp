//===- DiagnosticsTest.cpp - rendering and checking of messages -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

/// The range of the first `what` in `text`, or of `what` itself if it lies
/// there.
static SourceRange rangeOf(const ReportedText &text, StringRef what) {
  const char *begin = text.getText().data() + text.getText().find(what);
  if (what.begin() >= text.getText().begin() &&
      what.end() <= text.getText().end())
    begin = what.begin();
  return {llvm::SMLoc::getFromPointer(begin),
          llvm::SMLoc::getFromPointer(begin + what.size())};
}

/// What the user sees of one message about `what` in `source`.
static std::string render(StringRef source, StringRef what) {
  ReportedText text(source);
  text.diags.report(rangeOf(text, what), DiagKind::UnknownClause, what);
  std::string result;
  llvm::raw_string_ostream os(result);
  printDiagnostic(text.sourceMgr, text.reported.front(), os);
  return result;
}

TEST(DiagnosticsTest, UnderlinesTheRange) {
  EXPECT_EQ(render("tk 1;\nlet row = BLOK;\n", "BLOK"),
            "k.tk:2:11: error: unknown clause 'BLOK' [UnknownClause]\n"
            "let row = BLOK;\n"
            "          ^~~~\n");
}

TEST(DiagnosticsTest, EmptyRangeGetsOneCaret) {
  EXPECT_EQ(render("ab\n", ""), "k.tk:1:1: error: unknown clause '' "
                                "[UnknownClause]\nab\n^\n");
}

TEST(DiagnosticsTest, EndOfFileWithoutNewlineIsShown) {
  ReportedText text("tk 1");
  llvm::SMLoc end = llvm::SMLoc::getFromPointer(text.getText().end());
  text.diags.report({end, end}, DiagKind::MissingVersion);
  std::string result;
  llvm::raw_string_ostream os(result);
  printDiagnostic(text.sourceMgr, text.reported.front(), os);
  EXPECT_EQ(result, "k.tk:1:5: error: a file starts with its language version "
                    "[MissingVersion]\ntk 1\n    ^\n");
}

TEST(DiagnosticsTest, TabsAreExpanded) {
  EXPECT_EQ(render("\tx\ty;", "y"),
            "k.tk:1:4: error: unknown clause 'y' [UnknownClause]\n"
            "        x       y;\n"
            "                ^\n");
}

TEST(DiagnosticsTest, ColumnsCountCharactersAndUnderlinesCountCells) {
  // é is one cell in two bytes, 日 two cells in three bytes.
  EXPECT_EQ(render("é日 bad", "bad"),
            "k.tk:1:4: error: unknown clause 'bad' [UnknownClause]\n"
            "é日 bad\n"
            "    ^~~\n");
  EXPECT_EQ(render("x 日本 y", "日本"),
            "k.tk:1:3: error: unknown clause '日本' [UnknownClause]\n"
            "x 日本 y\n"
            "  ^~~~\n");
}

TEST(DiagnosticsTest, UnprintableBytesBecomeQuestionMarks) {
  EXPECT_EQ(render("a\x01\xFF b", "b"),
            "k.tk:1:5: error: unknown clause 'b' [UnknownClause]\n"
            "a?? b\n"
            "    ^\n");
}

TEST(DiagnosticsTest, CarriageReturnIsNotShown) {
  EXPECT_EQ(render("ab\r\ncd\r\n", "cd"),
            "k.tk:2:1: error: unknown clause 'cd' [UnknownClause]\n"
            "cd\n^~\n");
}

TEST(DiagnosticsTest, RangeOverLinesIsUnderlinedToTheEndOfTheFirst) {
  EXPECT_EQ(render("f(a,\n  b)", "a,\n  b"),
            "k.tk:1:3: error: unknown clause 'a,\n  b' [UnknownClause]\n"
            "f(a,\n"
            "  ^~\n");
}

TEST(DiagnosticsTest, VeryLongLineIsCutAroundTheRange) {
  std::string line(1000, 'a');
  line += " bad ";
  line += std::string(1000, 'z');
  std::string result = render(line, "bad");
  EXPECT_EQ(result,
            "k.tk:1:1002: error: unknown clause 'bad' [UnknownClause]\n..." +
                std::string(39, 'a') + " bad " + std::string(116, 'z') +
                "...\n" + std::string(43, ' ') + "^~~\n");
}

TEST(DiagnosticsTest, NotesAreShownWithTheirOwnPlace) {
  ReportedText text("one\ntwo\n");
  text.diags.report(rangeOf(text, "two"), DiagKind::UnknownClause, "two")
      .note(rangeOf(text, "two"), DiagKind::DidYouMean, "tow")
      .note(rangeOf(text, "one"), DiagKind::OpenedHere, "one");
  std::string result;
  llvm::raw_string_ostream os(result);
  printDiagnostic(text.sourceMgr, text.reported.front(), os);
  EXPECT_EQ(result, "k.tk:2:1: error: unknown clause 'two' [UnknownClause]\n"
                    "two\n^~~\n"
                    "k.tk:2:1: note: did you mean 'tow'?\n"
                    "k.tk:1:1: note: to match this 'one'\n"
                    "one\n^~~\n");
}

TEST(DiagnosticsTest, LongArgumentsAreCutBetweenCharacters) {
  ReportedText text("x");
  std::string name(119, 'n');
  name += "é and more";
  text.diags.report(rangeOf(text, "x"), DiagKind::UnknownClause, name);
  EXPECT_EQ(text.reported.front().text,
            "unknown clause '" + std::string(119, 'n') + "...'");
}

TEST(DiagnosticsTest, StopsAtTheLimit) {
  ReportedText text("x");
  text.diags.setErrorLimit(2);
  for (int i = 0; i < 5; ++i)
    text.diags.report(rangeOf(text, "x"), DiagKind::UnknownClause, i);
  EXPECT_EQ(text.getErrors(),
            "1:1 'x' unknown clause '0' [UnknownClause]\n"
            "1:1 'x' unknown clause '1' [UnknownClause]\n"
            "1:1 'x' more than 2 errors, stopping here [TooManyErrors]\n");
  EXPECT_EQ(text.diags.getNumErrors(), 5u);
  EXPECT_TRUE(text.diags.isOverLimit());
}

TEST(DiagnosticsTest, NoLimitShowsAll) {
  ReportedText text("x");
  text.diags.setErrorLimit(0);
  for (int i = 0; i < 50; ++i)
    text.diags.report(rangeOf(text, "x"), DiagKind::UnknownClause, i);
  EXPECT_EQ(text.reported.size(), 50u);
  EXPECT_FALSE(text.diags.isOverLimit());
}

//===----------------------------------------------------------------------===//
// verifyDiagnostics
//===----------------------------------------------------------------------===//

/// Complaints about `source`, in which `bad` is an unknown clause, with a note
/// at `other`.
static std::string verify(StringRef source) {
  ReportedText text(source);
  // The last one: expectations quote it.
  size_t at = source.rfind("bad");
  if (at != StringRef::npos && source.contains("other"))
    text.diags
        .report(rangeOf(text, text.getText().substr(at, 3)),
                DiagKind::UnknownClause, "bad")
        .note(rangeOf(text, "other"), DiagKind::DidYouMean, "good");
  std::string result;
  llvm::raw_string_ostream os(result);
  bool isGood = verifyDiagnostics(text.sourceMgr, text.reported, os);
  EXPECT_EQ(isGood, result.empty());
  return result;
}

TEST(VerifyDiagnosticsTest, ExpectationsAreMetByPlaceAndText) {
  EXPECT_EQ(verify("other\n// expected-error @below {{unknown clause 'bad'}}\n"
                   "// expected-note @-2 {{did you mean}}\nbad"),
            "");
  EXPECT_EQ(verify("other bad // expected-error {{[UnknownClause]}}\n"), "");
  EXPECT_EQ(verify("other bad\n// expected-error @above {{clause}}\n"), "");
  EXPECT_EQ(verify("// expected-error@+2 {{clause}}\n\nother bad\n"), "");
  EXPECT_EQ(verify("other\n"), "");
}

TEST(VerifyDiagnosticsTest, WhatIsNotExpectedIsReported) {
  EXPECT_EQ(verify("other bad"),
            "k.tk:1: unexpected error: unknown clause 'bad' "
            "[UnknownClause]\n");
}

TEST(VerifyDiagnosticsTest, WhatDoesNotComeIsReported) {
  EXPECT_EQ(verify("// expected-error @below {{gone}}\n\n"),
            "k.tk:1: expected error 'gone' was not reported\n");
  EXPECT_EQ(verify("other // expected-warning {{gone}}\n"),
            "k.tk:1: expected warning 'gone' was not reported\n");
}

TEST(VerifyDiagnosticsTest, WrongLineAndWrongSeverityDoNotCount) {
  EXPECT_EQ(verify("// expected-error @+2 {{bad}}\nother bad\n\n"),
            "k.tk:2: unexpected error: unknown clause 'bad' [UnknownClause]\n"
            "k.tk:1: expected error 'bad' was not reported\n");
  EXPECT_EQ(verify("other bad // expected-warning {{bad}}\n"),
            "k.tk:1: unexpected error: unknown clause 'bad' [UnknownClause]\n"
            "k.tk:1: expected warning 'bad' was not reported\n");
}

TEST(VerifyDiagnosticsTest, OneExpectationMeetsOneMessage) {
  ReportedText text("bad // expected-error {{bad}}\n");
  // Of two messages, the one that comes first.
  text.diags.report(rangeOf(text, "bad"), DiagKind::UnknownName, "bad");
  text.diags.report(rangeOf(text, "bad"), DiagKind::UnknownClause, "bad");
  std::string result;
  llvm::raw_string_ostream os(result);
  EXPECT_FALSE(verifyDiagnostics(text.sourceMgr, text.reported, os));
  EXPECT_EQ(result,
            "k.tk:1: unexpected error: unknown clause 'bad' [UnknownClause]\n");
}

TEST(VerifyDiagnosticsTest, UnreadableExpectationIsAnError) {
  StringRef message = "expectation cannot be read, write 'expected-error "
                      "@below {{text}}'\n";
  EXPECT_EQ(verify("// expected-error {{open\n"), "k.tk:1: " + message.str());
  EXPECT_EQ(verify("\n// expected-note @beside {{x}}\n"),
            "k.tk:2: " + message.str());
  EXPECT_EQ(verify("// expected-error @+ {{x}}\n"), "k.tk:1: " + message.str());
}
