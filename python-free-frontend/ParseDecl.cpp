//===- ParseDecl.cpp - files and declarations -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ForeignNames.h"
#include "ParserImpl.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

/// The version of the language that this compiler reads.
constexpr unsigned kLanguageVersion = 1;

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

SourceFile Parser::parseFile(unsigned bufferId) {
  SourceFile file;
  file.bufferId = bufferId;
  parseVersion(file);
  SmallVector<const Decl *> decls;
  while (!at(TokenKind::EndOfFile) && !diags.isOverLimit()) {
    size_t start = position;
    if (atDeclarationOnNewLine())
      enterDeclaration();
    if (const Decl *decl = parseDecl()) {
      decls.push_back(decl);
      continue;
    }
    if (position == start)
      consume();
    skipToDeclaration();
  }
  file.decls = context.copy<const Decl *>(decls);
  return file;
}

/// `tk 1;`
void Parser::parseVersion(SourceFile &file) {
  if (!atWord("tk") || !peek(1).is(TokenKind::Integer)) {
    SourceRange start = {here(), here()};
    if (auto message = report(start, DiagKind::MissingVersion))
      message->hint("write 'tk 1;'");
    // Where there is none, the first declaration is still worth reading.
    if (!atDeclaration())
      skipToDeclaration();
    lastErrorPosition = ~size_t(0);
    return;
  }
  consume();
  Token version = consume();
  if (version.text.getAsInteger(10, file.languageVersion) ||
      file.languageVersion != kLanguageVersion)
    report(version.getRange(), DiagKind::UnsupportedVersion, version.text,
           kLanguageVersion);
  if (!expectSemicolon())
    skipToDeclaration();
}

StringRef Parser::findDoc(llvm::SMLoc loc) {
  const char *below = loc.getPointer();
  auto end = llvm::partition_point(comments, [&](const Token &comment) {
    return comment.text.end() <= below;
  });
  SmallVector<StringRef> lines;
  while (end != comments.begin()) {
    StringRef comment = std::prev(end)->text;
    StringRef gap(comment.end(), below - comment.end());
    if (!comment.consume_front("///") || !gap.trim().empty() ||
        gap.count('\n') != 1)
      break;
    comment.consume_front(" ");
    lines.push_back(comment);
    below = (--end)->text.begin();
  }
  std::string doc;
  for (StringRef line : llvm::reverse(lines)) {
    if (!doc.empty())
      doc += '\n';
    doc += line;
  }
  return context.copy(StringRef(doc));
}

const Decl *Parser::parseDecl() {
  switch (peek().kind) {
  case TokenKind::Enum:
    return parseEnum();
  case TokenKind::Export:
    return parseExport();
  case TokenKind::Fn:
    return parseFn();
  case TokenKind::Import:
    return parseImport();
  case TokenKind::Kernel:
    return parseLaunchable<KernelDecl>();
  case TokenKind::Reference:
    return parseReference();
  case TokenKind::Sequence:
    return parseLaunchable<SequenceDecl>();
  case TokenKind::Bench:
  case TokenKind::Test:
    return parseTest();
  default:
    break;
  }
  SourceRange range = peek().getRange();
  auto message =
      report(range, DiagKind::ExpectedDeclaration, describeCurrent());
  if (!message)
    return nullptr;
  StringRef hint = at(TokenKind::At)
                       ? "nothing stands in front of 'kernel': 'tune' and "
                         "'grid' follow the parameters"
                       : getForeignDeclarationHint(peek().text);
  if (!hint.empty()) {
    message->hint(hint);
    return nullptr;
  }
  if (at(TokenKind::Identifier))
    if (auto closest = findClosest(
            peek().text, {"kernel", "fn", "enum", "sequence", "reference",
                          "test", "bench", "export", "import"}))
      message->note(range, DiagKind::DidYouMean, *closest);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// import, export, enum
//===----------------------------------------------------------------------===//

const Decl *Parser::parseImport() {
  llvm::SMLoc start = consume().getRange().Start;
  if (!at(TokenKind::String)) {
    reportUnexpected("a file name in double quotes");
    return nullptr;
  }
  const StringLiteralExpr *path = parseString();
  if (!expectSemicolon())
    return nullptr;
  auto *decl = make<ImportDecl>(start);
  decl->path = path->value;
  return decl;
}

std::optional<InstanceRef> Parser::parseInstance() {
  llvm::SMLoc start = here();
  InstanceRef instance;
  std::optional<Identifier> name =
      expectName("the name of a kernel or sequence");
  if (!name)
    return std::nullopt;
  instance.name = *name;
  if (at(TokenKind::Less) && !parseGenericArgs(instance.args))
    return std::nullopt;
  instance.range = rangeFrom(start);
  return instance;
}

const Decl *Parser::parseExport() {
  llvm::SMLoc start = consume().getRange().Start;
  SmallVector<InstanceRef> instances;
  do {
    std::optional<InstanceRef> instance = parseInstance();
    if (!instance)
      return nullptr;
    instances.push_back(*instance);
  } while (consumeIf(TokenKind::Comma));
  if (!expectSemicolon())
    return nullptr;
  auto *decl = make<ExportDecl>(start);
  decl->instances = context.copy<InstanceRef>(instances);
  return decl;
}

const Decl *Parser::parseEnum() {
  llvm::SMLoc start = consume().getRange().Start;
  std::optional<Identifier> name = expectName("the name of an enum");
  if (!name)
    return nullptr;
  Token opening = peek();
  if (!expect(TokenKind::LeftBrace))
    return nullptr;
  SmallVector<Identifier> cases;
  bool isGood = parseList(opening, TokenKind::RightBrace, [&] {
    std::optional<Identifier> enumCase = expectWord("the name of an enum case");
    if (enumCase)
      cases.push_back(*enumCase);
    return enumCase.has_value();
  });
  if (!isGood)
    return nullptr;
  auto *decl = make<EnumDecl>(start);
  decl->doc = findDoc(start);
  decl->name = *name;
  decl->cases = context.copy<Identifier>(cases);
  return decl;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

bool Parser::parseGenericParams(ArrayRef<GenericParam> &params) {
  if (!at(TokenKind::Less))
    return true;
  Token opening = consume();
  llvm::SaveAndRestore greater(isGreaterClosing, true);
  SmallVector<GenericParam> parsed;
  while (!at(TokenKind::Greater)) {
    std::optional<GenericParam> param = parseGenericParam();
    if (!param)
      return false;
    parsed.push_back(*param);
    if (!consumeIf(TokenKind::Comma))
      break;
  }
  params = context.copy<GenericParam>(parsed);
  return expectClosingAngle(opening);
}

std::optional<GenericParam> Parser::parseGenericParam() {
  llvm::SMLoc start = here();
  GenericParam param;
  std::optional<Identifier> name = expectName("a parameter name");
  if (!name || !expect(TokenKind::Colon) || !parseGenericParamKind(param))
    return std::nullopt;
  param.name = *name;
  if (consumeIf(TokenKind::In)) {
    param.choices = parseChoices();
    if (!param.choices)
      return std::nullopt;
  }
  if (consumeIf(TokenKind::Equal)) {
    param.defaultValue = parseExpr();
    if (!param.defaultValue)
      return std::nullopt;
  }
  param.range = rangeFrom(start);
  return param;
}

/// `float`, or `const` with nothing, `bool`, `int`, `fn` or the name of an
/// enum.
bool Parser::parseGenericParamKind(GenericParam &param) {
  if (!consumeIf(TokenKind::Const)) {
    param.kind = GenericParam::Kind::Type;
    std::optional<Identifier> constraint =
        expectName("a class of types or 'const'");
    if (constraint)
      param.constraint = *constraint;
    return constraint.has_value();
  }
  param.kind = GenericParam::Kind::Int;
  if (consumeIf(TokenKind::Fn)) {
    param.kind = GenericParam::Kind::Fn;
  } else if (at(TokenKind::Identifier)) {
    Token name = consume();
    if (name.text == "bool") {
      param.kind = GenericParam::Kind::Bool;
    } else if (name.text != "int") {
      param.kind = GenericParam::Kind::Enum;
      param.constraint = {name.text, name.getRange()};
    }
  }
  return true;
}

bool Parser::parseParams(ArrayRef<Param> &params) {
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return false;
  SmallVector<Param> parsed;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    std::optional<Param> param = parseParam();
    if (param)
      parsed.push_back(*param);
    return param.has_value();
  });
  params = context.copy<Param>(parsed);
  return isGood;
}

static std::optional<ParamAccess> getParamAccess(TokenKind kind) {
  switch (kind) {
  case TokenKind::Mut:
    return ParamAccess::Mut;
  case TokenKind::Out:
    return ParamAccess::Out;
  case TokenKind::Temp:
    return ParamAccess::Temp;
  default:
    return std::nullopt;
  }
}

std::optional<Param> Parser::parseParam() {
  llvm::SMLoc start = here();
  Param param;
  std::optional<Identifier> name = expectName("a parameter name");
  if (!name)
    return std::nullopt;
  param.name = *name;
  if (consumeIf(TokenKind::Colon)) {
    if (std::optional<ParamAccess> access = getParamAccess(peek().kind)) {
      param.access = *access;
      param.accessRange = consume().getRange();
    }
    // `dx: out` in a sequence takes its type from the launches.
    bool hasType = param.access == ParamAccess::Read ||
                   !peek().isOneOf(TokenKind::Comma, TokenKind::RightParen);
    if (hasType) {
      param.type = parseType();
      if (!param.type)
        return std::nullopt;
      param.isOptional = consumeIf(TokenKind::Question);
    }
  }
  if (consumeIf(TokenKind::Equal)) {
    param.init = parseExpr();
    if (!param.init)
      return std::nullopt;
  }
  param.range = rangeFrom(start);
  return param;
}

//===----------------------------------------------------------------------===//
// fn, kernel, sequence
//===----------------------------------------------------------------------===//

const Decl *Parser::parseFn() {
  llvm::SMLoc start = consume().getRange().Start;
  std::optional<Identifier> name = expectName("the name of a function");
  ArrayRef<GenericParam> genericParams;
  ArrayRef<Param> params;
  if (!name || !parseGenericParams(genericParams) || !parseParams(params))
    return nullptr;
  const TypeExpr *returnType = nullptr;
  if (consumeIf(TokenKind::Arrow)) {
    returnType = parseType();
    if (!returnType)
      return nullptr;
  }
  const BlockStmt *body = parseBlock(/*mayHaveValue=*/true);
  if (!body)
    return nullptr;
  auto *decl = make<FnDecl>(start);
  decl->doc = findDoc(start);
  decl->name = *name;
  decl->genericParams = genericParams;
  decl->params = params;
  decl->returnType = returnType;
  decl->body = body;
  return decl;
}

/// A kernel or a sequence: they differ in what the body may hold.
template <typename DeclT> const Decl *Parser::parseLaunchable() {
  llvm::SMLoc start = consume().getRange().Start;
  bool isKernel = std::is_same_v<DeclT, KernelDecl>;
  std::optional<Identifier> name =
      expectName(isKernel ? "the name of a kernel" : "the name of a sequence");
  ArrayRef<GenericParam> genericParams;
  ArrayRef<Param> params;
  LaunchClauses clauses;
  if (!name || !parseGenericParams(genericParams) || !parseParams(params) ||
      !parseLaunchClauses(clauses))
    return nullptr;
  const BlockStmt *body = parseBlock(/*mayHaveValue=*/false);
  if (!body)
    return nullptr;
  auto *decl = make<DeclT>(start);
  decl->doc = findDoc(start);
  decl->name = *name;
  decl->genericParams = genericParams;
  decl->params = params;
  decl->clauses = clauses;
  decl->body = body;
  return decl;
}

//===----------------------------------------------------------------------===//
// Clauses of kernels and sequences
//===----------------------------------------------------------------------===//

static const StringRef kLaunchClauses[] = {"grid",  "require", "tune",
                                           "alias", "init",    "progress"};

bool Parser::parseLaunchClauses(LaunchClauses &clauses) {
  // Those of a kind are collected here until all have been seen.
  SmallVector<const Expr *> requirements;
  SmallVector<TuneEntry> tune;
  SmallVector<AliasClause> aliases;
  SmallVector<CallArg> inits;
  SmallVector<Annotation> annotations;
  while (true) {
    LaunchClauses one;
    if (at(TokenKind::At)) {
      if (!parseAnnotations(one.annotations))
        return false;
    } else if (at(TokenKind::Identifier)) {
      Token word = peek();
      if (!parseLaunchClause(one))
        return false;
      if (one.gridRange.isValid() && clauses.gridRange.isValid()) {
        diags.report(word.getRange(), DiagKind::DuplicateClause, word.text);
        continue;
      }
    } else {
      break;
    }
    if (one.gridRange.isValid()) {
      clauses.grid = one.grid;
      clauses.gridRange = one.gridRange;
    }
    if (one.progress)
      clauses.progress = one.progress;
    llvm::append_range(requirements, one.requirements);
    llvm::append_range(tune, one.tune);
    llvm::append_range(aliases, one.aliases);
    llvm::append_range(inits, one.inits);
    llvm::append_range(annotations, one.annotations);
  }
  clauses.requirements = context.copy<const Expr *>(requirements);
  clauses.tune = context.copy<TuneEntry>(tune);
  clauses.aliases = context.copy<AliasClause>(aliases);
  clauses.inits = context.copy<CallArg>(inits);
  clauses.annotations = context.copy<Annotation>(annotations);
  return true;
}

bool Parser::parseLaunchClause(LaunchClauses &clauses) {
  Token word = peek();
  if (!llvm::is_contained(kLaunchClauses, word.text)) {
    if (auto message =
            report(word.getRange(), DiagKind::UnknownClause, word.text))
      if (auto closest = findClosest(word.text, kLaunchClauses))
        message->note(word.getRange(), DiagKind::DidYouMean, *closest);
    return false;
  }
  consume();
  if (word.text == "init")
    return parseCallArgs(clauses.inits);
  if (word.text == "alias") {
    SmallVector<Identifier> names;
    if (!parseNames(names, "a parameter name"))
      return false;
    AliasClause alias;
    alias.names = context.copy<Identifier>(names);
    alias.range = rangeFrom(word.getRange().Start);
    clauses.aliases = context.copy<AliasClause>({alias});
    return true;
  }
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return false;
  if (word.text == "require")
    return parseExprs(opening, TokenKind::RightParen, clauses.requirements);
  if (word.text == "grid") {
    if (!parseExprs(opening, TokenKind::RightParen, clauses.grid))
      return false;
    clauses.gridRange = rangeFrom(word.getRange().Start);
    return true;
  }
  if (word.text == "progress") {
    std::optional<Identifier> kind = expectName("'resident'");
    if (kind)
      clauses.progress = *kind;
    return kind && expectClosing(TokenKind::RightParen, opening);
  }
  SmallVector<TuneEntry> entries;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    std::optional<TuneEntry> entry = parseTuneEntry();
    if (entry)
      entries.push_back(*entry);
    return entry.has_value();
  });
  clauses.tune = context.copy<TuneEntry>(entries);
  return isGood;
}

std::optional<TuneEntry> Parser::parseTuneEntry() {
  llvm::SMLoc start = here();
  TuneEntry entry;
  std::optional<Identifier> name = expectName("the name of a constant");
  if (!name || !expect(TokenKind::In))
    return std::nullopt;
  entry.name = *name;
  entry.choices = parseChoices();
  if (!entry.choices)
    return std::nullopt;
  entry.range = rangeFrom(start);
  return entry;
}

bool Parser::parseAnnotations(ArrayRef<Annotation> &annotations) {
  SmallVector<Annotation> parsed;
  while (at(TokenKind::At)) {
    std::optional<Annotation> annotation = parseAnnotation();
    if (!annotation)
      return false;
    parsed.push_back(*annotation);
  }
  annotations = context.copy<Annotation>(parsed);
  return true;
}

std::optional<Annotation> Parser::parseAnnotation() {
  llvm::SMLoc start = consume().getRange().Start;
  Annotation annotation;
  std::optional<Identifier> name = expectName("the name of an annotation");
  if (!name)
    return std::nullopt;
  annotation.name = *name;
  if (at(TokenKind::LeftParen) && !parseCallArgs(annotation.args))
    return std::nullopt;
  annotation.range = rangeFrom(start);
  return annotation;
}

//===----------------------------------------------------------------------===//
// reference
//===----------------------------------------------------------------------===//

const Decl *Parser::parseReference() {
  llvm::SMLoc start = consume().getRange().Start;
  std::optional<Identifier> name =
      expectName("the name of a kernel or sequence");
  SmallVector<Identifier> params;
  if (!name || !parseNames(params, "a parameter name") ||
      !expect(TokenKind::Arrow))
    return nullptr;
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return nullptr;
  SmallVector<ReferenceResult> results;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    std::optional<ReferenceResult> result = parseReferenceResult();
    if (result)
      results.push_back(*result);
    return result.has_value();
  });
  if (!isGood)
    return nullptr;
  SmallVector<Identifier> ignored;
  if (atWord("ignore")) {
    consume();
    if (!parseNames(ignored, "a parameter name"))
      return nullptr;
  }
  const BlockStmt *body = parseBlock(/*mayHaveValue=*/false);
  if (!body)
    return nullptr;
  auto *decl = make<ReferenceDecl>(start);
  decl->doc = findDoc(start);
  decl->name = *name;
  decl->params = context.copy<Identifier>(params);
  decl->results = context.copy<ReferenceResult>(results);
  decl->ignored = context.copy<Identifier>(ignored);
  decl->body = body;
  return decl;
}

std::optional<ReferenceResult> Parser::parseReferenceResult() {
  ReferenceResult result;
  std::optional<Identifier> name = expectName("a parameter name");
  if (!name)
    return std::nullopt;
  result.name = *name;
  if (atWord("within")) {
    std::optional<Tolerance> tolerance = parseTolerance();
    if (!tolerance)
      return std::nullopt;
    result.tolerance = *tolerance;
  }
  return result;
}

/// `within S`, `within D(K)` or `within (rel = 1e-3, abs = 1e-6)`
std::optional<Tolerance> Parser::parseTolerance() {
  llvm::SMLoc start = consume().getRange().Start;
  Tolerance tolerance;
  if (!at(TokenKind::LeftParen)) {
    std::optional<Identifier> name = expectName("a tolerance class or '('");
    if (!name)
      return std::nullopt;
    tolerance.className = *name;
  }
  if (at(TokenKind::LeftParen) && !parseCallArgs(tolerance.args))
    return std::nullopt;
  tolerance.range = rangeFrom(start);
  return tolerance;
}

//===----------------------------------------------------------------------===//
// test, bench
//===----------------------------------------------------------------------===//

const Decl *Parser::parseTest() {
  Token keyword = consume();
  std::optional<Identifier> name = expectName("the name of the test");
  if (!name || !expect(TokenKind::Colon))
    return nullptr;
  std::optional<InstanceRef> target = parseInstance();
  if (!target)
    return nullptr;
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return nullptr;
  SmallVector<TestArg> args;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    std::optional<TestArg> arg = parseTestArg();
    if (arg)
      args.push_back(*arg);
    return arg.has_value();
  });
  if (!isGood)
    return nullptr;

  auto *decl = make<TestDecl>(keyword.getRange().Start);
  decl->doc = findDoc(keyword.getRange().Start);
  decl->isBench = keyword.is(TokenKind::Bench);
  decl->name = *name;
  decl->target = *target;
  decl->args = context.copy<TestArg>(args);
  SmallVector<Sweep> sweeps;
  while (!at(TokenKind::Semicolon))
    if (!parseTestClause(*decl, sweeps))
      return nullptr;
  consume();
  decl->sweeps = context.copy<Sweep>(sweeps);
  decl->range = rangeFrom(keyword.getRange().Start);
  return decl;
}

std::optional<TestArg> Parser::parseTestArg() {
  llvm::SMLoc start = here();
  TestArg arg;
  std::optional<Identifier> name = expectName("an argument name");
  if (!name)
    return std::nullopt;
  if (!consumeIf(TokenKind::Equal)) {
    if (auto message = reportUnexpected("'='"))
      message->hint("arguments have names here, as in 'x = randn[100]'");
    return std::nullopt;
  }
  arg.name = *name;
  arg.value = parseExpr();
  if (!arg.value)
    return std::nullopt;
  if (atWord("stride")) {
    consume();
    arg.strides = parseListExpr();
    if (!arg.strides)
      return std::nullopt;
  }
  arg.range = rangeFrom(start);
  return arg;
}

bool Parser::parseTestClause(TestDecl &test,
                             llvm::SmallVectorImpl<Sweep> &sweeps) {
  if (at(TokenKind::For)) {
    std::optional<Sweep> sweep = parseSweep();
    if (sweep)
      sweeps.push_back(*sweep);
    return sweep.has_value();
  }
  Token word = peek();
  bool isFlops = atWord("flops");
  if (isFlops || atWord("bytes")) {
    consume();
    Token opening = peek();
    const Expr *&value = isFlops ? test.flops : test.bytes;
    if (value)
      diags.report(word.getRange(), DiagKind::DuplicateClause, word.text);
    if (!expect(TokenKind::LeftParen))
      return false;
    value = parseExpr();
    if (!value || !expectClosing(TokenKind::RightParen, opening))
      return false;
    (isFlops ? test.flopsRange : test.bytesRange) =
        rangeFrom(word.getRange().Start);
    return true;
  }
  if (atWord("within")) {
    if (test.tolerance.range.isValid())
      diags.report(word.getRange(), DiagKind::DuplicateClause, word.text);
    std::optional<Tolerance> tolerance = parseTolerance();
    if (tolerance)
      test.tolerance = *tolerance;
    return tolerance.has_value();
  }
  if (at(TokenKind::Identifier)) {
    if (auto message =
            report(word.getRange(), DiagKind::UnknownClause, word.text))
      if (auto closest = findClosest(word.text, {"flops", "bytes", "within"}))
        message->note(word.getRange(), DiagKind::DidYouMean, *closest);
    return false;
  }
  expectSemicolon();
  return false;
}

std::optional<Sweep> Parser::parseSweep() {
  llvm::SMLoc start = consume().getRange().Start;
  Sweep sweep;
  std::optional<BindingPattern> pattern = parsePattern();
  if (!pattern || !expect(TokenKind::In))
    return std::nullopt;
  sweep.pattern = *pattern;
  sweep.values = parseChoices();
  if (!sweep.values)
    return std::nullopt;
  sweep.range = rangeFrom(start);
  return sweep;
}
