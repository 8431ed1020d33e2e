//===- ASTDump.cpp - the text form of the syntax tree ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One node per line: its role in the parent where that is not plain, its kind,
// what it holds itself; children below it, indented by two.
//
//   AssignStmt +=
//     target: NameExpr acc
//     value: CallExpr
//       callee: NameExpr dot

#include "tk/Frontend/AST.h"
#include "tk/Frontend/ASTVisitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::ArrayRef;
using llvm::StringRef;

namespace {

class Dumper : public ASTVisitor<Dumper> {
public:
  explicit Dumper(llvm::raw_ostream &os) : os(os) {}

  void dump(const Node *node, StringRef role = "") {
    if (!node)
      return;
    line(role) << stringifyNodeKind(node->kind);
    ++depth;
    if (const auto *expr = llvm::dyn_cast<Expr>(node))
      visit(*expr);
    else if (const auto *type = llvm::dyn_cast<TypeExpr>(node))
      visit(*type);
    else if (const auto *stmt = llvm::dyn_cast<Stmt>(node))
      visit(*stmt);
    else
      visit(llvm::cast<Decl>(*node));
    --depth;
  }

  // Each method ends the line that holds the kind, then prints the children.

  // Expressions.
  void visitBinaryExpr(const BinaryExpr &expr) {
    os << ' ' << stringifyBinaryOp(expr.op) << '\n';
    dump(expr.lhs);
    dump(expr.rhs);
  }
  void visitBoolLiteralExpr(const BoolLiteralExpr &expr) {
    os << (expr.value ? " true\n" : " false\n");
  }
  void visitCallExpr(const CallExpr &expr) {
    os << '\n';
    dump(expr.callee, "callee");
    dumpArgs(expr.args);
  }
  void visitEnumCaseExpr(const EnumCaseExpr &expr) {
    os << " ." << expr.name.name << '\n';
  }
  void visitErrorExpr(const ErrorExpr &) { os << '\n'; }
  void visitFloatLiteralExpr(const FloatLiteralExpr &expr) {
    os << ' ' << expr.digits << '\n';
  }
  void visitGenericExpr(const GenericExpr &expr) {
    os << ' ' << expr.name.name << '\n';
    dumpArgs(expr.args);
  }
  void visitIfExpr(const IfExpr &expr) { dumpIf(expr); }
  void visitIndexExpr(const IndexExpr &expr) {
    os << (expr.isInbounds ? " inbounds\n" : "\n");
    dump(expr.base, "base");
    dumpItems(expr.items);
    dumpArgs(expr.namedArgs);
  }
  void visitInsideExpr(const InsideExpr &expr) {
    os << '\n';
    dump(expr.base, "base");
    dumpItems(expr.items);
  }
  void visitIntegerLiteralExpr(const IntegerLiteralExpr &expr) {
    os << ' ' << expr.value << '\n';
  }
  void visitLambdaExpr(const LambdaExpr &expr) {
    os << ' ' << joinNames(expr.params) << '\n';
    dump(expr.body);
  }
  void visitListExpr(const ListExpr &expr) { dumpAll(expr.elements); }
  void visitMemberExpr(const MemberExpr &expr) {
    os << " ." << expr.member.name << '\n';
    dump(expr.base);
  }
  void visitNameExpr(const NameExpr &expr) { os << ' ' << expr.name << '\n'; }
  void visitNoneExpr(const NoneExpr &) { os << '\n'; }
  void visitShapedExpr(const ShapedExpr &expr) {
    os << '\n';
    dump(expr.base, "base");
    for (const Expr *extent : expr.shape)
      dump(extent);
  }
  void visitStringLiteralExpr(const StringLiteralExpr &expr) {
    os << " \"";
    llvm::printEscapedString(expr.value, os);
    os << "\"\n";
  }
  void visitTupleExpr(const TupleExpr &expr) { dumpAll(expr.elements); }
  void visitTupleFieldExpr(const TupleFieldExpr &expr) {
    os << " ." << expr.index << '\n';
    dump(expr.base);
  }
  void visitTypeValueExpr(const TypeValueExpr &expr) {
    os << '\n';
    dump(expr.type);
  }
  void visitUnaryExpr(const UnaryExpr &expr) {
    os << ' ' << stringifyUnaryOp(expr.op) << '\n';
    dump(expr.operand);
  }

  // Types.
  void visitErrorTypeExpr(const ErrorTypeExpr &) { os << '\n'; }
  void visitNamedTypeExpr(const NamedTypeExpr &type) {
    os << ' ' << type.name << '\n';
    dumpArgs(type.args);
  }
  void visitPtrTypeExpr(const PtrTypeExpr &type) {
    os << '\n';
    dump(type.element);
  }
  void visitTensorTypeExpr(const TensorTypeExpr &type) {
    os << '\n';
    dump(type.element, "element");
    for (const Expr *dim : type.dims)
      dump(dim);
  }
  void visitTileTypeExpr(const TileTypeExpr &type) {
    os << '\n';
    dump(type.element, "element");
    for (const Expr *extent : type.shape)
      dump(extent);
  }
  void visitTupleTypeExpr(const TupleTypeExpr &type) { dumpAll(type.elements); }

  // Statements.
  void visitAssertStmt(const AssertStmt &stmt) {
    os << '\n';
    dump(stmt.condition);
    dump(stmt.message, "message");
  }
  void visitAssignStmt(const AssignStmt &stmt) {
    os << ' ' << (stmt.isCompound ? stringifyBinaryOp(stmt.op) : "") << "=\n";
    dump(stmt.target, "target");
    dump(stmt.value, "value");
  }
  void visitBindingStmt(const BindingStmt &stmt) {
    os << (stmt.isVar ? " var " : " let ") << toString(stmt.pattern) << '\n';
    dump(stmt.type, "type");
    dump(stmt.init);
  }
  void visitBlockStmt(const BlockStmt &stmt) {
    dumpAll(stmt.stmts);
    dump(stmt.value, "value");
  }
  void visitExprStmt(const ExprStmt &stmt) {
    os << '\n';
    dump(stmt.expr);
  }
  void visitForStmt(const ForStmt &stmt) {
    os << ' ' << stmt.variable.name << '\n';
    dump(stmt.begin, "begin");
    dump(stmt.end, "end");
    dump(stmt.step, "step");
    dumpAnnotations(stmt.annotations);
    dump(stmt.body);
  }
  void visitIfStmt(const IfStmt &stmt) { dumpIf(stmt); }
  void visitPrintStmt(const PrintStmt &stmt) {
    os << '\n';
    dumpArgs(stmt.args);
  }
  void visitReturnStmt(const ReturnStmt &stmt) {
    os << '\n';
    dump(stmt.value);
  }
  void visitStaticAssertStmt(const StaticAssertStmt &stmt) {
    os << '\n';
    dump(stmt.condition);
    dump(stmt.message, "message");
  }
  void visitTempStmt(const TempStmt &stmt) {
    os << ' ' << stmt.name.name << '\n';
    dump(stmt.type, "type");
    dump(stmt.init, "init");
  }
  void visitWhileStmt(const WhileStmt &stmt) {
    os << '\n';
    dump(stmt.condition, "condition");
    dump(stmt.body);
  }

  // Declarations.
  void visitEnumDecl(const EnumDecl &decl) {
    os << ' ' << decl.name.name << " { " << joinNames(decl.cases) << " }\n";
    dumpDoc(decl.doc);
  }
  void visitExportDecl(const ExportDecl &decl) {
    os << '\n';
    for (const InstanceRef &instance : decl.instances)
      dumpInstance(instance);
  }
  void visitFnDecl(const FnDecl &decl) {
    os << ' ' << decl.name.name << '\n';
    dumpDoc(decl.doc);
    dumpGenericParams(decl.genericParams);
    dumpParams(decl.params);
    dump(decl.returnType, "returns");
    dump(decl.body);
  }
  void visitImportDecl(const ImportDecl &decl) {
    os << " \"";
    llvm::printEscapedString(decl.path, os);
    os << "\"\n";
  }
  void visitKernelDecl(const KernelDecl &decl) { dumpLaunchable(decl); }
  void visitReferenceDecl(const ReferenceDecl &decl) {
    os << ' ' << decl.name.name << " (" << joinNames(decl.params) << ")\n";
    dumpDoc(decl.doc);
    for (const ReferenceResult &result : decl.results) {
      line() << "Result " << result.name.name << '\n';
      ++depth;
      dumpTolerance(result.tolerance);
      --depth;
    }
    for (const Identifier &name : decl.ignored)
      line() << "Ignore " << name.name << '\n';
    dump(decl.body);
  }
  void visitSequenceDecl(const SequenceDecl &decl) { dumpLaunchable(decl); }
  void visitTestDecl(const TestDecl &decl) {
    os << (decl.isBench ? " bench " : " test ") << decl.name.name << '\n';
    dumpDoc(decl.doc);
    dumpInstance(decl.target);
    for (const TestArg &arg : decl.args) {
      dump(arg.value, arg.name.name);
      ++depth;
      dump(arg.strides, "stride");
      --depth;
    }
    for (const Sweep &sweep : decl.sweeps) {
      line() << "For " << toString(sweep.pattern) << '\n';
      ++depth;
      dump(sweep.values);
      --depth;
    }
    dump(decl.flops, "flops");
    dump(decl.bytes, "bytes");
    dumpTolerance(decl.tolerance);
  }

private:
  llvm::raw_ostream &line(StringRef role = "") {
    os.indent(2 * depth);
    if (!role.empty())
      os << role << ": ";
    return os;
  }

  template <typename NodeT> void dumpAll(ArrayRef<const NodeT *> nodes) {
    os << '\n';
    for (const NodeT *node : nodes)
      dump(node);
  }

  void dumpDoc(StringRef doc) {
    if (doc.empty())
      return;
    line() << "Doc \"";
    llvm::printEscapedString(doc, os);
    os << "\"\n";
  }

  static std::string joinNames(ArrayRef<Identifier> names) {
    return llvm::join(
        llvm::map_range(names, [](const Identifier &id) { return id.name; }),
        ", ");
  }

  static std::string toString(const BindingPattern &pattern) {
    switch (pattern.kind) {
    case BindingPattern::Kind::Name:
      return pattern.name.name.str();
    case BindingPattern::Kind::Ignore:
      return "_";
    case BindingPattern::Kind::Tuple:
      return "(" +
             llvm::join(llvm::map_range(pattern.elements, toString), ", ") +
             ")";
    }
    llvm_unreachable("all patterns handled");
  }

  static std::string withMut(const CallArg &arg) {
    return arg.isMut ? "mut" : arg.name.name.str();
  }
  static std::string withMut(const GenericArg &arg) {
    return arg.name.name.str();
  }

  template <typename ArgT> void dumpArgs(ArrayRef<ArgT> args) {
    for (const ArgT &arg : args)
      dump(arg.value, withMut(arg));
  }

  void dumpItems(ArrayRef<IndexItem> items) {
    for (const IndexItem &item : items) {
      line() << "Item" << (item.isInbounds ? " inbounds" : "")
             << describe(item.kind) << '\n';
      ++depth;
      dump(item.value);
      dump(item.extent, "extent");
      --depth;
    }
  }

  static StringRef describe(IndexItem::Kind kind) {
    switch (kind) {
    case IndexItem::Kind::Value:
      return "";
    case IndexItem::Kind::Slice:
      return " +:";
    case IndexItem::Kind::Whole:
      return " :";
    case IndexItem::Kind::Ellipsis:
      return " ..";
    case IndexItem::Kind::NewAxis:
      return " none";
    }
    llvm_unreachable("all kinds handled");
  }

  template <typename IfT> void dumpIf(const IfT &node) {
    os << '\n';
    dump(node.condition, "condition");
    dump(node.thenBlock, "then");
    dump(node.elseBlock, "else");
  }

  void dumpAnnotations(ArrayRef<Annotation> annotations) {
    for (const Annotation &annotation : annotations) {
      line() << '@' << annotation.name.name << '\n';
      ++depth;
      dumpArgs(annotation.args);
      --depth;
    }
  }

  static StringRef describe(GenericParam::Kind kind) {
    switch (kind) {
    case GenericParam::Kind::Type:
      return ": ";
    case GenericParam::Kind::Int:
      return ": const";
    case GenericParam::Kind::Bool:
      return ": const bool";
    case GenericParam::Kind::Enum:
      return ": const ";
    case GenericParam::Kind::Fn:
      return ": const fn";
    }
    llvm_unreachable("all kinds handled");
  }

  void dumpGenericParams(ArrayRef<GenericParam> params) {
    for (const GenericParam &param : params) {
      line() << "GenericParam " << param.name.name << describe(param.kind)
             << param.constraint.name << '\n';
      ++depth;
      dump(param.choices, "in");
      dump(param.defaultValue, "default");
      --depth;
    }
  }

  void dumpParams(ArrayRef<Param> params) {
    for (const Param &param : params) {
      line() << "Param " << param.name.name;
      if (param.access != ParamAccess::Read)
        os << ' ' << stringifyParamAccess(param.access);
      os << (param.isOptional ? " optional\n" : "\n");
      ++depth;
      dump(param.type);
      dump(param.init, "init");
      --depth;
    }
  }

  void dumpClauses(const LaunchClauses &clauses) {
    for (const Expr *extent : clauses.grid)
      dump(extent, "grid");
    for (const Expr *requirement : clauses.requirements)
      dump(requirement, "require");
    for (const TuneEntry &entry : clauses.tune) {
      line() << "Tune " << entry.name.name << '\n';
      ++depth;
      dump(entry.choices);
      --depth;
    }
    for (const AliasClause &alias : clauses.aliases)
      line() << "Alias " << joinNames(alias.names) << '\n';
    for (const CallArg &init : clauses.inits) {
      line() << "Init " << init.name.name << '\n';
      ++depth;
      dump(init.value);
      --depth;
    }
    if (clauses.progress)
      line() << "Progress " << clauses.progress.name << '\n';
    dumpAnnotations(clauses.annotations);
  }

  template <typename DeclT> void dumpLaunchable(const DeclT &decl) {
    os << ' ' << decl.name.name << '\n';
    dumpDoc(decl.doc);
    dumpGenericParams(decl.genericParams);
    dumpParams(decl.params);
    dumpClauses(decl.clauses);
    dump(decl.body);
  }

  void dumpInstance(const InstanceRef &instance) {
    line() << "Instance " << instance.name.name << '\n';
    ++depth;
    dumpArgs(instance.args);
    --depth;
  }

  void dumpTolerance(const Tolerance &tolerance) {
    if (!tolerance.range.isValid())
      return;
    line() << "Within";
    if (tolerance.className)
      os << ' ' << tolerance.className.name;
    os << '\n';
    ++depth;
    dumpArgs(tolerance.args);
    --depth;
  }

  llvm::raw_ostream &os;
  unsigned depth = 0;
};

} // namespace

void mlir::tk::dumpAST(const SourceFile &file, llvm::raw_ostream &os) {
  os << "SourceFile version " << file.languageVersion << '\n';
  for (const Decl *decl : file.decls)
    Dumper(os).dump(decl);
}

void mlir::tk::dumpAST(const Node &node, llvm::raw_ostream &os) {
  Dumper(os).dump(&node);
}
