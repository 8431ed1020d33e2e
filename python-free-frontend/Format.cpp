//===- Format.cpp - the canonical layout of .tk sources -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formatter prints the tokens and comments of the file in their order and
// decides only about the white space between them. The tree tells where
// declarations, statements and blocks begin; FormatTokens tells the rest. As in
// gofmt, there is no limit on the length of a line: breaks inside brackets and
// around operators are the author's, only their indentation is ours.

#include "tk/Frontend/Format.h"
#include "FormatTokens.h"
#include "tk/Frontend/ASTVisitor.h"
#include "tk/Frontend/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/Unicode.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

constexpr unsigned kIndent = 4;

/// Of the parameters of a declaration, to set them off from its clauses.
constexpr unsigned kParameterIndent = 8;

/// Least distance of a comment from the code before it.
constexpr unsigned kCommentGap = 2;

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

namespace {

/// The lines of the result. Comments after code are kept apart until the end,
/// when those on neighbouring lines are aligned.
class Lines {
public:
  void start(unsigned indent) {
    lines.emplace_back();
    lines.back().code.assign(indent, ' ');
    lines.back().indent = indent;
  }
  void addBlank() { lines.emplace_back(); }
  void append(StringRef text) { lines.back().code += text; }
  void appendComment(StringRef text) {
    std::string &comment = lines.back().comment;
    if (!comment.empty())
      comment += ' ';
    comment += text;
  }
  unsigned getIndent() const { return lines.empty() ? 0 : lines.back().indent; }
  bool isEmpty() const { return lines.empty(); }

  std::string join() {
    std::string result;
    for (size_t begin = 0; begin < lines.size();) {
      size_t end = begin + 1;
      if (!lines[begin].comment.empty())
        while (end < lines.size() && !lines[end].comment.empty())
          ++end;
      joinGroup(begin, end, result);
      begin = end;
    }
    return result;
  }

private:
  struct Line {
    std::string code;
    std::string comment;
    unsigned indent = 0;
  };

  static unsigned getWidth(StringRef code) {
    // What is not printable, in a comment inside the line, counts as bytes.
    int width = llvm::sys::unicode::columnWidthUTF8(code);
    return width < 0 ? code.size() : width;
  }

  void joinGroup(size_t begin, size_t end, std::string &result) {
    unsigned column = 0;
    for (size_t i = begin; i < end; ++i)
      column = std::max(column, getWidth(lines[i].code));
    for (size_t i = begin; i < end; ++i) {
      result += StringRef(lines[i].code).rtrim(' ');
      if (!lines[i].comment.empty()) {
        unsigned gap = column - getWidth(lines[i].code) + kCommentGap;
        result.append(gap, ' ');
        result += lines[i].comment;
      }
      result += '\n';
    }
  }

  std::vector<Line> lines;
};

//===----------------------------------------------------------------------===//
// Formatter
//===----------------------------------------------------------------------===//

class Formatter {
public:
  Formatter(const SourceFile &file, TokenStream stream)
      : file(file), roles(file) {
    stream.tokens.pop_back();
    items = std::move(stream.tokens);
    llvm::append_range(items, stream.comments);
    llvm::sort(items, [](const Token &a, const Token &b) {
      return a.text.begin() < b.text.begin();
    });
  }

  std::string run() {
    printVersion();
    alignTests();
    findLongArms();
    for (const Decl *decl : file.decls)
      printDecl(*decl);
    printCommentLines(/*indent=*/0);
    return lines.join();
  }

private:
  struct OpenBracket {
    TokenKind kind;
    /// Of the line on which it stands.
    unsigned lineIndent;
    /// Of lines that start inside it.
    unsigned innerIndent;
    /// Of an index or a shape.
    bool isTight;
  };

  //===--------------------------------------------------------------------===//
  // Items: tokens and comments
  //===--------------------------------------------------------------------===//

  bool isAtEnd() const { return next >= items.size(); }
  const Token &peek() const { return items[next]; }
  bool isBefore(const char *end) const {
    return !isAtEnd() && peek().text.begin() < end;
  }

  /// Line breaks in the source between the last printed item and the next.
  unsigned countBreaks() const {
    if (next == 0 || isAtEnd())
      return 0;
    const char *begin = items[next - 1].text.end();
    return StringRef(begin, peek().text.begin() - begin).count('\n');
  }

  static bool isLineComment(const Token &token) {
    return token.is(TokenKind::Comment) && token.text.starts_with("//");
  }

  /// Starts the line of a statement, declaration or comment.
  void startItem(unsigned indent) {
    bool mayHaveBlank = !isFirstInBlock && !lines.isEmpty();
    if (mayHaveBlank && (needsBlank || countBreaks() > 1))
      lines.addBlank();
    needsBlank = false;
    isFirstInBlock = false;
    lines.start(indent);
    previous = std::nullopt;
  }

  void print(const Token &token) {
    if (token.is(TokenKind::Comment)) {
      if (previous)
        lines.append(" ");
      lines.append(token.text);
    } else {
      if (previous && needsBlankBetween(*previous, token))
        lines.append(" ");
      lines.append(token.text);
    }
    previous = token;
    ++next;
  }

  bool needsBlankBetween(const Token &before, const Token &after) const {
    if (before.is(TokenKind::Comment))
      return true;
    bool isTight = !brackets.empty() && brackets.back().isTight;
    return needsSpace(before, after, isTight, roles);
  }

  /// Prints the comments at hand: one that stands after code stays there, the
  /// others get their own lines.
  void printCommentLines(unsigned indent) {
    while (!isAtEnd() && peek().is(TokenKind::Comment)) {
      if (countBreaks() == 0 && next > 0 && !lines.isEmpty()) {
        lines.appendComment(peek().text);
        ++next;
        continue;
      }
      startItem(indent);
      print(peek());
    }
  }

  //===--------------------------------------------------------------------===//
  // Runs: everything between two statements
  //===--------------------------------------------------------------------===//

  /// Prints what starts before `end`. A line that continues the run outside
  /// of brackets is indented more than `base`.
  void printRun(const char *end, unsigned base) {
    bool mustBreak = false;
    while (isBefore(end)) {
      const Token &token = peek();
      if (token.is(TokenKind::Comment)) {
        mustBreak = printCommentInRun(base, mustBreak);
        continue;
      }
      bool isClause = clauseStarts.contains(token.text.begin());
      bool isOwnBrace = token.text.begin() == braceOnOwnLine;
      bool keepsBreak =
          previous && countBreaks() > 0 && mayBreak(*previous, token, roles);
      if (isOwnBrace)
        breakLine(base);
      else if (isClause)
        breakLine(base + kIndent);
      else if (mustBreak || keepsBreak)
        breakLine(getContinuationIndent(token, base));
      mustBreak = false;
      if (const BlockStmt *block = getBlock(token)) {
        printBlock(*block,
                   roles.isInExpression(*block) ? lines.getIndent() : base);
        continue;
      }
      printToken(token);
    }
  }

  const BlockStmt *getBlock(const Token &token) const {
    return token.is(TokenKind::LeftBrace) ? roles.getBlock(token) : nullptr;
  }

  void breakLine(unsigned indent) {
    lines.start(indent);
    previous = std::nullopt;
  }

  /// Returns true if the next token has to start a line.
  bool printCommentInRun(unsigned base, bool mustBreak) {
    const Token comment = peek();
    bool isOwnLine = countBreaks() > 0 || mustBreak;
    if (isOwnLine) {
      breakLine(getContinuationIndent(comment, base));
      print(comment);
      return true;
    }
    if (isLineComment(comment)) {
      lines.appendComment(comment.text);
      ++next;
      return true;
    }
    print(comment);
    return comment.text.contains('\n');
  }

  unsigned getContinuationIndent(const Token &token, unsigned base) const {
    if (brackets.empty())
      return token.is(TokenKind::Else) ? base : base + kIndent;
    bool closes = token.isOneOf(TokenKind::RightParen, TokenKind::RightBracket,
                                TokenKind::RightBrace) ||
                  (token.is(TokenKind::Greater) && roles.isAngle(token));
    return closes ? brackets.back().lineIndent : brackets.back().innerIndent;
  }

  void printToken(const Token &token) {
    int change = getDepthChange(token);
    for (; change < 0; ++change)
      close();
    print(token);
    if (change > 0)
      open(token);
    padTest(token);
  }

  void open(const Token &token) {
    unsigned lineIndent = lines.getIndent();
    bool isParameters = brackets.empty() && isInSignature;
    brackets.push_back(
        {token.kind, lineIndent,
         lineIndent + (isParameters ? kParameterIndent : kIndent),
         token.is(TokenKind::LeftBracket) && !roles.isListBracket(token)});
  }
  void close() {
    if (brackets.empty())
      return;
    bool isParen = brackets.pop_back_val().kind == TokenKind::LeftParen;
    if (brackets.empty() && isParen)
      isInSignature = false;
  }

  //===--------------------------------------------------------------------===//
  // Blocks
  //===--------------------------------------------------------------------===//

  /// A block stays on one line if it was written so, holds one thing, and so
  /// do all blocks inside it and the other arms of its if.
  bool isOneLine(const BlockStmt &block) const {
    return isShort(block) && !longArms.contains(&block);
  }

  static bool isShort(const BlockStmt &block) {
    StringRef text = getText(block);
    if (text.contains('\n') || text.contains("//"))
      return false;
    bool result = true;
    walk(block, [&](const Node &node) {
      if (const auto *inner = llvm::dyn_cast<BlockStmt>(&node))
        result &= inner->stmts.size() + (inner->value ? 1 : 0) <= 1;
      return result;
    });
    return result;
  }

  /// The arms of an if, down to the last else.
  static void collectArms(const Node &node,
                          llvm::SmallVectorImpl<const BlockStmt *> &arms) {
    forEachChild(node, [&](const Node &child) {
      const auto *block = llvm::dyn_cast<BlockStmt>(&child);
      if (!block)
        return;
      if (getText(*block).starts_with("{"))
        arms.push_back(block);
      else
        // `else if`: a block that is nothing but the inner if.
        collectArms(block->value ? static_cast<const Node &>(*block->value)
                                 : *block->stmts.front(),
                    arms);
    });
  }

  void findLongArms() {
    for (const Decl *decl : file.decls)
      walk(*decl, [&](const Node &node) {
        if (!llvm::isa<IfExpr, IfStmt>(node))
          return true;
        llvm::SmallVector<const BlockStmt *> arms;
        collectArms(node, arms);
        if (!llvm::all_of(arms, [](auto *arm) { return isShort(*arm); }))
          longArms.insert(arms.begin(), arms.end());
        return true;
      });
  }

  static StringRef getText(const Node &node) {
    return StringRef(node.range.Start.getPointer(),
                     node.range.End.getPointer() -
                         node.range.Start.getPointer());
  }

  void printBlock(const BlockStmt &block, unsigned indent) {
    // Brackets outside do not matter inside.
    llvm::SaveAndRestore saved(brackets, llvm::SmallVector<OpenBracket>());
    llvm::SaveAndRestore signature(isInSignature, false);
    print(peek());
    const char *closing = block.range.End.getPointer() - 1;
    if (isOneLine(block)) {
      bool isEmpty = peek().text.begin() == closing;
      printRun(closing, indent);
      if (isEmpty)
        previous = std::nullopt;
      print(peek());
      return;
    }
    isFirstInBlock = true;
    for (const Stmt *stmt : block.stmts)
      printItem(stmt->range.End.getPointer(), indent + kIndent);
    if (block.value)
      printItem(closing, indent + kIndent);
    printCommentLines(indent + kIndent);
    isFirstInBlock = false;
    breakLine(indent);
    print(peek());
  }

  void printItem(const char *end, unsigned indent) {
    printCommentLines(indent);
    startItem(indent);
    printRun(end, indent);
  }

  //===--------------------------------------------------------------------===//
  // Declarations
  //===--------------------------------------------------------------------===//

  /// `tk 1;` and the comments above it.
  void printVersion() {
    printCommentLines(/*indent=*/0);
    startItem(/*indent=*/0);
    auto semicolon = llvm::find_if(items, [](const Token &token) {
      return token.is(TokenKind::Semicolon);
    });
    printRun(semicolon->text.end(), /*base=*/0);
    needsBlank = true;
  }

  void printDecl(const Decl &decl) {
    bool isLong = isMultiLine(decl);
    needsBlank |= isLong;
    printCommentLines(/*indent=*/0);
    startItem(/*indent=*/0);
    findHeaderBreaks(decl);
    isInSignature = getBody(decl) != nullptr;
    printRun(decl.range.End.getPointer(), /*base=*/0);
    brackets.clear();
    needsBlank = isLong;
  }

  /// A declaration with a body that is not on one line.
  static bool isMultiLine(const Decl &decl) {
    return getBody(decl) && getText(decl).contains('\n');
  }

  static const BlockStmt *getBody(const Decl &decl) {
    if (const auto *fn = llvm::dyn_cast<FnDecl>(&decl))
      return fn->body;
    if (const auto *kernel = llvm::dyn_cast<KernelDecl>(&decl))
      return kernel->body;
    if (const auto *reference = llvm::dyn_cast<ReferenceDecl>(&decl))
      return reference->body;
    if (const auto *sequence = llvm::dyn_cast<SequenceDecl>(&decl))
      return sequence->body;
    return nullptr;
  }

  /// In a header of several lines the clauses stand on lines of their own, and
  /// so does the brace.
  void findHeaderBreaks(const Decl &decl) {
    clauseStarts.clear();
    braceOnOwnLine = nullptr;
    const BlockStmt *body = getBody(decl);
    if (!body)
      return;
    const char *begin = decl.range.Start.getPointer();
    const char *brace = body->range.Start.getPointer();
    if (!StringRef(begin, brace - begin).contains('\n'))
      return;
    braceOnOwnLine = brace;
    if (!llvm::isa<KernelDecl, SequenceDecl>(decl))
      return;
    // Behind the parameters, each word or `@` outside of brackets is a clause.
    int depth = 0;
    bool isBehindParameters = false;
    for (size_t i = next; items[i].text.begin() < brace; ++i) {
      const Token &token = items[i];
      depth += getDepthChange(token);
      isBehindParameters |= depth == 0 && token.is(TokenKind::RightParen);
      bool isWord =
          token.is(TokenKind::Identifier) && !items[i - 1].is(TokenKind::At);
      if (depth == 0 && isBehindParameters &&
          (isWord || token.is(TokenKind::At)))
        clauseStarts.insert(token.text.begin());
    }
  }

  /// How many brackets more are open after `token`.
  int getDepthChange(const Token &token) const {
    if (token.isOneOf(TokenKind::LeftBrace, TokenKind::LeftBracket,
                      TokenKind::LeftParen))
      return 1;
    if (token.isOneOf(TokenKind::RightBrace, TokenKind::RightBracket,
                      TokenKind::RightParen))
      return -1;
    if (!roles.isAngle(token))
      return 0;
    return token.is(TokenKind::Less) ? 1 : -static_cast<int>(token.text.size());
  }

  //===--------------------------------------------------------------------===//
  // Tests
  //===--------------------------------------------------------------------===//

  struct TestColumns {
    unsigned keyword = 0;
    unsigned name = 0;
  };

  /// In a run of tests without a blank line between them, names and colons
  /// stand below each other.
  void alignTests() {
    llvm::SmallVector<const TestDecl *> group;
    auto finish = [&] {
      TestColumns columns;
      for (const TestDecl *test : group) {
        columns.keyword =
            std::max<unsigned>(columns.keyword, test->isBench ? 5 : 4);
        columns.name = std::max<unsigned>(columns.name, test->name.name.size());
      }
      for (const TestDecl *test : group) {
        testKeywords[test->range.Start.getPointer()] = columns.keyword;
        testNames[test->name.name.begin()] = columns.name;
      }
      group.clear();
    };
    const Decl *last = nullptr;
    for (const Decl *decl : file.decls) {
      const auto *test = llvm::dyn_cast<TestDecl>(decl);
      if (!test || (last && !isNextLine(*last, *decl)))
        finish();
      if (test)
        group.push_back(test);
      last = decl;
    }
    finish();
  }

  /// Nothing but one line break, and perhaps a comment after the first, stands
  /// between two declarations. So it will in what is printed: a comment that
  /// stands or ends on a line of its own keeps that line.
  static bool isNextLine(const Decl &first, const Decl &second) {
    StringRef gap(first.range.End.getPointer(),
                  second.range.Start.getPointer() -
                      first.range.End.getPointer());
    StringRef behindBreak = gap.split('\n').second;
    return behindBreak.trim().empty() && !behindBreak.contains('\n');
  }

  /// Fills the column of a keyword or name of a test; prints the blank before
  /// its colon.
  void padTest(const Token &token) {
    unsigned width = testKeywords.lookup(token.text.begin());
    bool isName = width == 0;
    if (isName)
      width = testNames.lookup(token.text.begin());
    if (width == 0)
      return;
    lines.append(std::string(width - token.text.size() + isName, ' '));
  }

  const SourceFile &file;
  TokenRoles roles;
  std::vector<Token> items;
  size_t next = 0;

  Lines lines;
  /// The last item on the current line.
  std::optional<Token> previous;
  llvm::SmallVector<OpenBracket> brackets;
  bool isFirstInBlock = false;
  bool needsBlank = false;
  /// In a declaration, not yet after its parameters.
  bool isInSignature = false;
  llvm::DenseSet<const BlockStmt *> longArms;
  llvm::DenseSet<const char *> clauseStarts;
  const char *braceOnOwnLine = nullptr;
  llvm::DenseMap<const char *, unsigned> testKeywords;
  llvm::DenseMap<const char *, unsigned> testNames;
};

} // namespace

std::optional<std::string>
mlir::tk::formatSource(const llvm::SourceMgr &sourceMgr, unsigned bufferId,
                       DiagnosticReporter &diags) {
  StringRef text = sourceMgr.getMemoryBuffer(bufferId)->getBuffer();
  // What is imported is not read: any name may be an imported generic. If one
  // is not, blanks around its `<` are wrong and nothing else is.
  llvm::StringSet<> generics;
  DiagnosticReporter quiet([](const SourceDiagnostic &) {});
  TokenStream stream = lex(text, quiet);
  bool hasImports = llvm::any_of(stream.tokens, [](const Token &token) {
    return token.is(TokenKind::Import);
  });
  if (hasImports)
    for (size_t i = 0; i + 1 < stream.tokens.size(); ++i)
      if (stream.tokens[i + 1].is(TokenKind::Less))
        generics.insert(stream.tokens[i].text);

  ASTContext context;
  SourceFile file =
      parseSourceFile(sourceMgr, bufferId, generics, context, diags);
  if (diags.hasErrors())
    return std::nullopt;
  return Formatter(file, std::move(stream)).run();
}
