//===- LexerTest.cpp - text to tokens -------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Lexer.h"
#include "ParsedText.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

/// The tokens of `source`, then what was reported.
static std::string lexed(StringRef source) {
  ReportedText text(source);
  TokenStream stream = lex(text.getText(), text.diags);
  EXPECT_TRUE(stream.tokens.back().is(TokenKind::EndOfFile));
  stream.tokens.pop_back();
  std::string result =
      llvm::join(llvm::map_range(stream.tokens,
                                 [](const Token &token) {
                                   std::string prefix;
                                   if (token.is(TokenKind::Integer))
                                     prefix = "int:";
                                   else if (token.is(TokenKind::Float))
                                     prefix = "float:";
                                   else if (token.is(TokenKind::Error))
                                     prefix = "error:";
                                   return prefix + token.text.str();
                                 }),
                 " ");
  std::string errors = text.getErrors();
  return errors.empty() ? result : result + "\n" + errors;
}

TEST(LexerTest, LongestSpellingWins) {
  EXPECT_EQ(lexed("a>>=b>>c>=d>e"), "a >>= b >> c >= d > e");
  EXPECT_EQ(lexed("k+:B+=-1->x"), "k +: B += - int:1 -> x");
  EXPECT_EQ(lexed("x[..,:]||&&|&"), "x [ .. , : ] || && | &");
}

TEST(LexerTest, EverySpellingIsItsOwnToken) {
  auto check = [](StringRef spelling, TokenKind kind) {
    ReportedText text(spelling);
    TokenStream stream = lex(text.getText(), text.diags);
    ASSERT_EQ(stream.tokens.size(), 2u) << spelling.str();
    EXPECT_EQ(stream.tokens[0].kind, kind) << spelling.str();
    EXPECT_EQ(getSpelling(kind), spelling);
  };
#define PUNCTUATION(Name, Spelling) check(Spelling, TokenKind::Name);
#define KEYWORD(Name, Spelling) check(Spelling, TokenKind::Name);
#include "tk/Frontend/Tokens.def"
}

TEST(LexerTest, KeywordsAreWholeWords) {
  ReportedText text("let letter in_ inf info");
  TokenStream stream = lex(text.getText(), text.diags);
  std::vector<bool> areKeywords;
  for (const Token &token : stream.tokens)
    areKeywords.push_back(isKeyword(token.kind));
  EXPECT_EQ(areKeywords,
            (std::vector<bool>{true, false, false, true, false, false}));
}

TEST(LexerTest, Numbers) {
  EXPECT_EQ(lexed("0 42 1_000 0xFF_ff 0b10"),
            "int:0 int:42 int:1_000 int:0xFF_ff int:0b10");
  EXPECT_EQ(lexed("0.5 1e10 1.5E-3 2e+1 0x1.8p-3 0x2p1 1_0.2_5"),
            "float:0.5 float:1e10 float:1.5E-3 float:2e+1 float:0x1.8p-3 "
            "float:0x2p1 float:1_0.2_5");
}

TEST(LexerTest, FieldsOfTuplesAreNotFloats) {
  EXPECT_EQ(lexed("t.0.1"), "t . int:0 . int:1");
  EXPECT_EQ(lexed("x.0 + 0.1"), "x . int:0 + float:0.1");
}

TEST(LexerTest, WrongNumbersAreOneError) {
  EXPECT_EQ(lexed("12ab"),
            "error:12ab\n"
            "1:1 '12ab' '12ab' is not a number [InvalidNumber]\n"
            "  1:1 '12ab' literals have no suffix and take the type of the "
            "other operand; to force one, write 'f32(1)'\n");
  EXPECT_EQ(lexed("007"), "error:007\n"
                          "1:1 '007' '007' is not a number [InvalidNumber]\n"
                          "  1:1 '007' there are no octal literals: write "
                          "'7'\n");
  EXPECT_EQ(lexed("00"), "error:00\n"
                         "1:1 '00' '00' is not a number [InvalidNumber]\n"
                         "  1:1 '00' there are no octal literals: write '0'\n");
  for (StringRef wrong : {"0x", "0b", "0b12", "0xg", "0x1.8", "1.5f", "1e5x"})
    EXPECT_TRUE(StringRef(lexed(wrong)).contains("[InvalidNumber]"))
        << wrong.str();
}

TEST(LexerTest, CommentsAreKeptApart) {
  ReportedText text("a // one\r\n/* two\n */ b /// three");
  TokenStream stream = lex(text.getText(), text.diags);
  EXPECT_EQ(stream.tokens.size(), 3u);
  ASSERT_EQ(stream.comments.size(), 3u);
  EXPECT_EQ(stream.comments[0].text, "// one");
  EXPECT_EQ(stream.comments[1].text, "/* two\n */");
  EXPECT_EQ(stream.comments[2].text, "/// three");
}

TEST(LexerTest, UnterminatedComment) {
  EXPECT_EQ(lexed("a /* b"), "a\n1:3 '/*' comment has no closing '*/' "
                             "[UnterminatedComment]\n");
  // The slash of the opening does not close it.
  EXPECT_EQ(lexed("/*/"), "\n1:1 '/*' comment has no closing '*/' "
                          "[UnterminatedComment]\n");
}

TEST(LexerTest, Strings) {
  EXPECT_EQ(lexed(R"("a\"b" "")"), R"("a\"b" "")");
  EXPECT_EQ(
      lexed("\"abc\nd"),
      "error:\"abc d\n1:1 '\"abc' string has no closing quote on its line "
      "[UnterminatedString]\n");
  EXPECT_EQ(lexed("\"ab\\"),
            "error:\"ab\\\n1:1 '\"ab\\' string has no closing quote "
            "on its line [UnterminatedString]\n");
}

TEST(LexerTest, StrayCharactersAreReportedOnce) {
  EXPECT_EQ(lexed("a $ b"),
            "a error:$ b\n"
            "1:3 '$' unexpected character '$' [UnexpectedCharacter]\n");
  EXPECT_EQ(lexed("a \xE2\x80\x9Cq b"),
            "a error:\xE2\x80\x9C q b\n"
            "1:3 '\xE2\x80\x9C' unexpected character '\xE2\x80\x9C' "
            "[UnexpectedCharacter]\n");
}

TEST(LexerTest, UnicodeIsWelcomeInCommentsAndStrings) {
  EXPECT_EQ(lexed("\"\xE6\x97\xA5\" // \xC3\xA9"), "\"\xE6\x97\xA5\"");
}

TEST(LexerTest, ByteOrderMarkOfUTF8IsSkipped) {
  EXPECT_EQ(lexed("\xEF\xBB\xBFtk 1;"), "tk int:1 ;");
}

TEST(LexerTest, OtherEncodingsAreOneError) {
  StringRef message = "file looks like UTF-16, expected UTF-8 [NotUTF8]\n";
  EXPECT_EQ(lexed(StringRef("\xFF\xFEt\0k\0", 6)), "\n1:1 '' " + message.str());
  EXPECT_EQ(lexed(StringRef("t\0k\0 \0", 6)), "\n1:1 '' " + message.str());
  EXPECT_EQ(lexed(StringRef("\0t\0k", 4)), "\n1:1 '' " + message.str());
  // Latin-1, twice.
  EXPECT_EQ(lexed("// \xE9t\xE9"),
            "\n1:4 '\xE9' byte 0xE9 is not UTF-8; the file must be UTF-8 "
            "throughout [InvalidUTF8]\n");
  EXPECT_EQ(lexed("a \xE9 b"),
            "a error:\xE9 b\n1:3 '\xE9' byte 0xE9 is not UTF-8; the file must "
            "be UTF-8 throughout [InvalidUTF8]\n");
}

TEST(LexerTest, ZeroBytesAreReportedOnce) {
  EXPECT_EQ(lexed(StringRef("abc \0\0\0 d", 9)),
            std::string("abc error:\0\0\0 d\n"
                        "1:5 '\0\0\0' unexpected zero byte [UnexpectedNul]\n",
                        17 + 46));
}

TEST(LexerTest, NamesHaveALimit) {
  EXPECT_EQ(lexed(std::string(255, 'n')), std::string(255, 'n'));
  std::string result = lexed(std::string(1 << 20, 'n'));
  EXPECT_TRUE(StringRef(result).ends_with(
      "' name has 1048576 letters, at most 255 are supported "
      "[NameTooLong]\n"));
}

TEST(LexerTest, FilesHaveALimit) {
  EXPECT_EQ(lexed(std::string(kMaxSourceSize + 1, ' ')),
            "\n1:1 '' file has 67108865 bytes, at most 67108864 are supported "
            "[FileTooLarge]\n");
}
