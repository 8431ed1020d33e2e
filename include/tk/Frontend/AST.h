//===- AST.h - syntax tree of the tile language -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree says what was written and nothing more: names are not resolved,
// expressions carry no type (one generic body has many), and no node changes
// once the parser has returned it. Nodes live in the arena of an ASTContext,
// are never destroyed one by one, and point into the source buffer for names.
// Every node has the exact range of the text it was made from.
//
// A missing optional part is a null pointer or an empty array. After a syntax
// error the parser leaves ErrorExpr or ErrorTypeExpr where the operand would
// be: whoever meets one stays quiet, since the mistake has been reported.

#ifndef TK_FRONTEND_AST_H
#define TK_FRONTEND_AST_H

#include "tk/Support/ParamAccess.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SMLoc.h"
#include <cstdint>
#include <memory>
#include <type_traits>

namespace llvm {
class raw_ostream;
class SourceMgr;
} // namespace llvm

namespace mlir::tk {

/// Half-open range of source text.
using SourceRange = llvm::SMRange;

/// Owns the nodes of any number of source files.
class ASTContext {
public:
  template <typename NodeT> NodeT *create(SourceRange range) {
    static_assert(std::is_trivially_destructible_v<NodeT>,
                  "the arena never runs destructors");
    return new (allocator.Allocate<NodeT>()) NodeT(range);
  }

  template <typename T> llvm::ArrayRef<T> copy(llvm::ArrayRef<T> elements) {
    static_assert(std::is_trivially_destructible_v<T>,
                  "the arena never runs destructors");
    if (elements.empty())
      return {};
    T *storage = allocator.Allocate<T>(elements.size());
    std::uninitialized_copy(elements.begin(), elements.end(), storage);
    return llvm::ArrayRef<T>(storage, elements.size());
  }

  llvm::StringRef copy(llvm::StringRef text) {
    return text.empty() ? llvm::StringRef() : text.copy(allocator);
  }

private:
  llvm::BumpPtrAllocator allocator;
};

//===----------------------------------------------------------------------===//
// Node
//===----------------------------------------------------------------------===//

enum class NodeKind {
#define NODE(Name) Name,
#define NODE_RANGE(Category, Begin, End)                                       \
  First##Category = Begin, Last##Category = End,
#include "tk/Frontend/ASTNodes.def"
};

/// Spelling of the kind: "BinaryExpr".
llvm::StringRef stringifyNodeKind(NodeKind kind);

struct Node {
  const NodeKind kind;
  SourceRange range;

protected:
  Node(NodeKind kind, SourceRange range) : kind(kind), range(range) {}
};

// Expr, TypeExpr, Stmt and Decl: the categories of nodes.
#define NODE_RANGE(Category, Begin, End)                                       \
  struct Category : Node {                                                     \
    static bool classof(const Node *node) {                                    \
      return node->kind >= NodeKind::First##Category &&                        \
             node->kind <= NodeKind::Last##Category;                           \
    }                                                                          \
                                                                               \
  protected:                                                                   \
    using Node::Node;                                                          \
  };
#include "tk/Frontend/ASTNodes.def"

/// What every concrete node needs: its kind, classof and a constructor.
template <typename Category, NodeKind Kind> struct NodeBase : Category {
  explicit NodeBase(SourceRange range) : Category(Kind, range) {}
  static bool classof(const Node *node) { return node->kind == Kind; }
};

struct BlockStmt;
struct ListExpr;

//===----------------------------------------------------------------------===//
// Parts that are not nodes of their own
//===----------------------------------------------------------------------===//

/// A name where it is written. Empty when absent.
struct Identifier {
  llvm::StringRef name;
  SourceRange range;

  explicit operator bool() const { return !name.empty(); }
};

/// `value` or `name = value` between the angle brackets of a generic use. A
/// type that is not a plain name comes as a TypeValueExpr.
struct GenericArg {
  Identifier name;
  const Expr *value = nullptr;
  SourceRange range;
};

/// `value`, `name = value` or `mut value` between the parentheses of a call.
struct CallArg {
  Identifier name;
  bool isMut = false;
  const Expr *value = nullptr;
  SourceRange range;
};

/// One position of `x[...]`.
struct IndexItem {
  enum class Kind {
    Value,    ///< a scalar, or an integer tile that gathers
    Slice,    ///< `start +: extent`
    Whole,    ///< `:`
    Ellipsis, ///< `..`
    NewAxis,  ///< `none`
  };
  Kind kind = Kind::Value;
  /// The value of a Value, the start of a Slice.
  const Expr *value = nullptr;
  /// The extent of a Slice.
  const Expr *extent = nullptr;
  /// `inbounds` stands before this item: it is not tested against the bounds.
  bool isInbounds = false;
  SourceRange range;
};

/// `@name(args)` on a loop or a kernel: a wish about the schedule.
struct Annotation {
  Identifier name;
  llvm::ArrayRef<CallArg> args;
  SourceRange range;
};

/// The left side of `let` and `var`: a name, `_`, or a tuple of patterns.
struct BindingPattern {
  enum class Kind { Name, Ignore, Tuple };
  Kind kind = Kind::Name;
  Identifier name;
  llvm::ArrayRef<BindingPattern> elements;
  SourceRange range;
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

enum class BinaryOp {
  LogicalOr,
  LogicalAnd,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  BitOr,
  BitXor,
  BitAnd,
  ShiftLeft,
  ShiftRight,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
};

enum class UnaryOp { Negate, LogicalNot, BitNot };

/// Spelling in the source: "+".
llvm::StringRef stringifyBinaryOp(BinaryOp op);
llvm::StringRef stringifyUnaryOp(UnaryOp op);

/// `lhs op rhs`. Comparisons do not chain.
struct BinaryExpr : NodeBase<Expr, NodeKind::BinaryExpr> {
  using NodeBase::NodeBase;
  BinaryOp op = BinaryOp::Add;
  SourceRange opRange;
  const Expr *lhs = nullptr;
  const Expr *rhs = nullptr;
};

struct UnaryExpr : NodeBase<Expr, NodeKind::UnaryExpr> {
  using NodeBase::NodeBase;
  UnaryOp op = UnaryOp::Negate;
  const Expr *operand = nullptr;
};

/// An untyped integer. Its sign, if any, is a UnaryExpr around it.
struct IntegerLiteralExpr : NodeBase<Expr, NodeKind::IntegerLiteralExpr> {
  using NodeBase::NodeBase;
  uint64_t value = 0;
};

/// An untyped float, `inf` or `nan`. Kept as text, so that it is rounded once,
/// to the type that it turns out to have.
struct FloatLiteralExpr : NodeBase<Expr, NodeKind::FloatLiteralExpr> {
  using NodeBase::NodeBase;
  /// Without underscores.
  llvm::StringRef digits;

  llvm::APFloat getValue(const llvm::fltSemantics &semantics) const;
};

struct BoolLiteralExpr : NodeBase<Expr, NodeKind::BoolLiteralExpr> {
  using NodeBase::NodeBase;
  bool value = false;
};

struct StringLiteralExpr : NodeBase<Expr, NodeKind::StringLiteralExpr> {
  using NodeBase::NodeBase;
  /// With escapes resolved.
  llvm::StringRef value;
};

/// `none` outside an index: an optional argument that is absent.
struct NoneExpr : NodeBase<Expr, NodeKind::NoneExpr> {
  using NodeBase::NodeBase;
};

/// Stands for what could not be parsed; the error has been reported.
struct ErrorExpr : NodeBase<Expr, NodeKind::ErrorExpr> {
  using NodeBase::NodeBase;
};

/// A name: variable, parameter, dimension, function, enum or scalar type.
struct NameExpr : NodeBase<Expr, NodeKind::NameExpr> {
  using NodeBase::NodeBase;
  llvm::StringRef name;
};

/// `name<args>`: always the callee of a CallExpr or the base of a ShapedExpr.
struct GenericExpr : NodeBase<Expr, NodeKind::GenericExpr> {
  using NodeBase::NodeBase;
  Identifier name;
  llvm::ArrayRef<GenericArg> args;
};

/// `zeros<f32>[M, N]`: a generic builtin with the shape of its result. May be
/// called: `fill<f32>[M](0.0)`.
struct ShapedExpr : NodeBase<Expr, NodeKind::ShapedExpr> {
  using NodeBase::NodeBase;
  const GenericExpr *base = nullptr;
  llvm::ArrayRef<const Expr *> shape;
};

/// `.relu`: a case of the enum that the context asks for.
struct EnumCaseExpr : NodeBase<Expr, NodeKind::EnumCaseExpr> {
  using NodeBase::NodeBase;
  Identifier name;
};

/// A type in the place of an expression: `ptr<f32>` as a generic argument.
struct TypeValueExpr : NodeBase<Expr, NodeKind::TypeValueExpr> {
  using NodeBase::NodeBase;
  const TypeExpr *type = nullptr;
};

/// `callee(args)`. The callee is a NameExpr, GenericExpr, ShapedExpr,
/// MemberExpr, IndexExpr (`uniform[4, 8](0, 1)` in a test) or, wrongly,
/// anything else. Casts `f32(x)` are calls.
struct CallExpr : NodeBase<Expr, NodeKind::CallExpr> {
  using NodeBase::NodeBase;
  const Expr *callee = nullptr;
  llvm::ArrayRef<CallArg> args;
};

/// `base[items, pad = v, inbounds]`
struct IndexExpr : NodeBase<Expr, NodeKind::IndexExpr> {
  using NodeBase::NodeBase;
  const Expr *base = nullptr;
  llvm::ArrayRef<IndexItem> items;
  /// Named arguments: `pad = value`.
  llvm::ArrayRef<CallArg> namedArgs;
  /// `inbounds` stands alone among the items: none is tested.
  bool isInbounds = false;
};

/// `base.inside(items)`: the mask of what `base[items]` would read.
struct InsideExpr : NodeBase<Expr, NodeKind::InsideExpr> {
  using NodeBase::NodeBase;
  const Expr *base = nullptr;
  llvm::ArrayRef<IndexItem> items;
};

/// `base.member`
struct MemberExpr : NodeBase<Expr, NodeKind::MemberExpr> {
  using NodeBase::NodeBase;
  const Expr *base = nullptr;
  Identifier member;
};

/// `base.0`
struct TupleFieldExpr : NodeBase<Expr, NodeKind::TupleFieldExpr> {
  using NodeBase::NodeBase;
  const Expr *base = nullptr;
  unsigned index = 0;
  SourceRange indexRange;
};

/// `(a, b)`, `(a,)`. Parentheses around one expression leave no node.
struct TupleExpr : NodeBase<Expr, NodeKind::TupleExpr> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<const Expr *> elements;
};

/// `[a, b]`: a shape, strides, an axis order, or the values of a sweep.
struct ListExpr : NodeBase<Expr, NodeKind::ListExpr> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<const Expr *> elements;
};

/// `if condition { a } else { b }`: both arms end in a value. `else if` is an
/// else block whose only content is the inner if.
struct IfExpr : NodeBase<Expr, NodeKind::IfExpr> {
  using NodeBase::NodeBase;
  const Expr *condition = nullptr;
  const BlockStmt *thenBlock = nullptr;
  const BlockStmt *elseBlock = nullptr;
};

/// `|a, b| value` or `|a, b| { ... value }`. A bare value becomes a block that
/// has only a value.
struct LambdaExpr : NodeBase<Expr, NodeKind::LambdaExpr> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<Identifier> params;
  const BlockStmt *body = nullptr;
};

//===----------------------------------------------------------------------===//
// Types as written
//===----------------------------------------------------------------------===//

struct ErrorTypeExpr : NodeBase<TypeExpr, NodeKind::ErrorTypeExpr> {
  using NodeBase::NodeBase;
};

/// `f32`, `index`, a type parameter, an enum, or a type computed from others:
/// `acc_of<T>`.
struct NamedTypeExpr : NodeBase<TypeExpr, NodeKind::NamedTypeExpr> {
  using NodeBase::NodeBase;
  llvm::StringRef name;
  llvm::ArrayRef<GenericArg> args;
};

/// `ptr<element>`
struct PtrTypeExpr : NodeBase<TypeExpr, NodeKind::PtrTypeExpr> {
  using NodeBase::NodeBase;
  const TypeExpr *element = nullptr;
};

/// `tensor<element>[dims]`. A dimension that is a plain name not known
/// otherwise declares that name.
struct TensorTypeExpr : NodeBase<TypeExpr, NodeKind::TensorTypeExpr> {
  using NodeBase::NodeBase;
  const TypeExpr *element = nullptr;
  llvm::ArrayRef<const Expr *> dims;
};

/// `tile<element>[shape]`
struct TileTypeExpr : NodeBase<TypeExpr, NodeKind::TileTypeExpr> {
  using NodeBase::NodeBase;
  const TypeExpr *element = nullptr;
  llvm::ArrayRef<const Expr *> shape;
};

/// `(A, B)`
struct TupleTypeExpr : NodeBase<TypeExpr, NodeKind::TupleTypeExpr> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<const TypeExpr *> elements;
};

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// `{ statements value }`, where `value` is an expression without semicolon.
/// Only the arms of an IfExpr, lambdas and functions may have one.
struct BlockStmt : NodeBase<Stmt, NodeKind::BlockStmt> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<const Stmt *> stmts;
  const Expr *value = nullptr;
};

/// `let pattern: type = init;` and the same with `var`.
struct BindingStmt : NodeBase<Stmt, NodeKind::BindingStmt> {
  using NodeBase::NodeBase;
  bool isVar = false;
  BindingPattern pattern;
  /// Null when inferred.
  const TypeExpr *type = nullptr;
  const Expr *init = nullptr;
};

/// `temp name: tensor<T>[dims] = init;` in a sequence.
struct TempStmt : NodeBase<Stmt, NodeKind::TempStmt> {
  using NodeBase::NodeBase;
  Identifier name;
  const TypeExpr *type = nullptr;
  /// Null when the memory starts unspecified.
  const Expr *init = nullptr;
};

/// `target = value;` or `target op= value;`. The target is a NameExpr, an
/// IndexExpr or an ErrorExpr.
struct AssignStmt : NodeBase<Stmt, NodeKind::AssignStmt> {
  using NodeBase::NodeBase;
  const Expr *target = nullptr;
  /// True for `op=`.
  bool isCompound = false;
  BinaryOp op = BinaryOp::Add;
  SourceRange opRange;
  const Expr *value = nullptr;
};

/// A call whose result nobody uses.
struct ExprStmt : NodeBase<Stmt, NodeKind::ExprStmt> {
  using NodeBase::NodeBase;
  const Expr *expr = nullptr;
};

/// `for variable in range(args) @annotations { ... }`
struct ForStmt : NodeBase<Stmt, NodeKind::ForStmt> {
  using NodeBase::NodeBase;
  /// Named "_" when nobody needs it.
  Identifier variable;
  /// Null for range(end): zero.
  const Expr *begin = nullptr;
  const Expr *end = nullptr;
  /// Null unless range(begin, end, step): one.
  const Expr *step = nullptr;
  SourceRange rangeRange;
  llvm::ArrayRef<Annotation> annotations;
  const BlockStmt *body = nullptr;
};

struct WhileStmt : NodeBase<Stmt, NodeKind::WhileStmt> {
  using NodeBase::NodeBase;
  const Expr *condition = nullptr;
  const BlockStmt *body = nullptr;
};

/// An `if` whose arms are executed, not evaluated.
struct IfStmt : NodeBase<Stmt, NodeKind::IfStmt> {
  using NodeBase::NodeBase;
  const Expr *condition = nullptr;
  const BlockStmt *thenBlock = nullptr;
  /// Null when there is no else.
  const BlockStmt *elseBlock = nullptr;
};

struct ReturnStmt : NodeBase<Stmt, NodeKind::ReturnStmt> {
  using NodeBase::NodeBase;
  /// Null for `return;`.
  const Expr *value = nullptr;
};

/// `assert(condition, "message");`
struct AssertStmt : NodeBase<Stmt, NodeKind::AssertStmt> {
  using NodeBase::NodeBase;
  const Expr *condition = nullptr;
  /// Null when absent.
  const StringLiteralExpr *message = nullptr;
};

/// `static_assert(condition, "message");`
struct StaticAssertStmt : NodeBase<Stmt, NodeKind::StaticAssertStmt> {
  using NodeBase::NodeBase;
  const Expr *condition = nullptr;
  /// Null when absent.
  const StringLiteralExpr *message = nullptr;
};

/// `print("x =", x);`
struct PrintStmt : NodeBase<Stmt, NodeKind::PrintStmt> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<CallArg> args;
};

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

/// `T: float`, `N: const = 8`, `D: const in [64, 96]`, `C: const bool`,
/// `F: const fn`, `MODE: const Mode = .fast`
struct GenericParam {
  enum class Kind { Type, Int, Bool, Enum, Fn };
  Kind kind = Kind::Type;
  Identifier name;
  /// Type: the class of types (`float`). Enum: its name.
  Identifier constraint;
  /// Null when any value will do.
  const ListExpr *choices = nullptr;
  /// Null when there is no default.
  const Expr *defaultValue = nullptr;
  SourceRange range;
};

struct Param {
  Identifier name;
  ParamAccess access = ParamAccess::Read;
  SourceRange accessRange;
  /// Null when left out, as a sequence may.
  const TypeExpr *type = nullptr;
  /// `T?`
  bool isOptional = false;
  /// `= 0`: the initial contents of a `temp`, the default of a scalar.
  const Expr *init = nullptr;
  SourceRange range;
};

/// `BM in [64, 128]`
struct TuneEntry {
  Identifier name;
  const ListExpr *choices = nullptr;
  SourceRange range;
};

/// `alias(x, y)`
struct AliasClause {
  llvm::ArrayRef<Identifier> names;
  SourceRange range;
};

/// What stands between the parameters and the body of a kernel or sequence.
struct LaunchClauses {
  llvm::ArrayRef<const Expr *> grid;
  /// Invalid when there is no `grid(...)`.
  SourceRange gridRange;
  llvm::ArrayRef<const Expr *> requirements;
  llvm::ArrayRef<TuneEntry> tune;
  llvm::ArrayRef<AliasClause> aliases;
  /// `init(c = 0)`: contents of a `mut` parameter before the launch.
  llvm::ArrayRef<CallArg> inits;
  /// Empty unless `progress(name)`.
  Identifier progress;
  llvm::ArrayRef<Annotation> annotations;
};

/// A named thing with generic arguments: `matmul<f16, BN = 192>`.
struct InstanceRef {
  Identifier name;
  llvm::ArrayRef<GenericArg> args;
  SourceRange range;
};

/// `S`, `D(K)` or `(rel = 1e-3, abs = 1e-6)` after `within`.
struct Tolerance {
  /// Empty for the form in parentheses alone.
  Identifier className;
  llvm::ArrayRef<CallArg> args;
  /// Invalid when nothing was written.
  SourceRange range;
};

/// `import "path.tk";`
struct ImportDecl : NodeBase<Decl, NodeKind::ImportDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef path;
};

/// `enum Name { a, b }`
struct EnumDecl : NodeBase<Decl, NodeKind::EnumDecl> {
  using NodeBase::NodeBase;
  /// Text of the `///` lines above, without the slashes.
  llvm::StringRef doc;
  Identifier name;
  llvm::ArrayRef<Identifier> cases;
};

struct FnDecl : NodeBase<Decl, NodeKind::FnDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef doc;
  Identifier name;
  llvm::ArrayRef<GenericParam> genericParams;
  llvm::ArrayRef<Param> params;
  /// Null when nothing is returned.
  const TypeExpr *returnType = nullptr;
  const BlockStmt *body = nullptr;
};

struct KernelDecl : NodeBase<Decl, NodeKind::KernelDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef doc;
  Identifier name;
  llvm::ArrayRef<GenericParam> genericParams;
  llvm::ArrayRef<Param> params;
  LaunchClauses clauses;
  const BlockStmt *body = nullptr;
};

struct SequenceDecl : NodeBase<Decl, NodeKind::SequenceDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef doc;
  Identifier name;
  llvm::ArrayRef<GenericParam> genericParams;
  llvm::ArrayRef<Param> params;
  LaunchClauses clauses;
  const BlockStmt *body = nullptr;
};

/// `y within S`
struct ReferenceResult {
  Identifier name;
  Tolerance tolerance;
};

/// `reference name(params) -> (results) ignore(names) { ... }`
struct ReferenceDecl : NodeBase<Decl, NodeKind::ReferenceDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef doc;
  /// The kernel or sequence that it defines the meaning of.
  Identifier name;
  llvm::ArrayRef<Identifier> params;
  llvm::ArrayRef<ReferenceResult> results;
  llvm::ArrayRef<Identifier> ignored;
  const BlockStmt *body = nullptr;
};

/// `x = randn[37, 100] stride [256, 2]`
struct TestArg {
  Identifier name;
  const Expr *value = nullptr;
  /// Null for contiguous.
  const ListExpr *strides = nullptr;
  SourceRange range;
};

/// `for N in [1, 2]`, `for (M, N) in [(1, 2), (3, 4)]`
struct Sweep {
  BindingPattern pattern;
  const ListExpr *values = nullptr;
  SourceRange range;
};

/// `test name : instance(args) ...;` or `bench` in place of `test`.
struct TestDecl : NodeBase<Decl, NodeKind::TestDecl> {
  using NodeBase::NodeBase;
  llvm::StringRef doc;
  bool isBench = false;
  Identifier name;
  InstanceRef target;
  llvm::ArrayRef<TestArg> args;
  llvm::ArrayRef<Sweep> sweeps;
  /// Null when absent; the ranges are of the whole clauses.
  const Expr *flops = nullptr;
  SourceRange flopsRange;
  const Expr *bytes = nullptr;
  SourceRange bytesRange;
  Tolerance tolerance;
};

/// `export a<f16>, b;`
struct ExportDecl : NodeBase<Decl, NodeKind::ExportDecl> {
  using NodeBase::NodeBase;
  llvm::ArrayRef<InstanceRef> instances;
};

/// One `.tk` file.
struct SourceFile {
  /// Index of the text in the SourceMgr.
  unsigned bufferId = 0;
  /// Of the line `tk 1;`.
  unsigned languageVersion = 1;
  llvm::ArrayRef<const Decl *> decls;
};

/// Prints the tree in the stable form of `tkc --emit=ast`: one node per line,
/// children indented by two.
void dumpAST(const SourceFile &file, llvm::raw_ostream &os);
void dumpAST(const Node &node, llvm::raw_ostream &os);

} // namespace mlir::tk

#endif // TK_FRONTEND_AST_H
