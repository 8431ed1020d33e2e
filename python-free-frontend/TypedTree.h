//===- TypedTree.h - checked bodies, before they become IR ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The result of checking one body for one choice of generic arguments. Every
// conversion, broadcast and default is explicit, constant ifs are decided,
// and names are gone, so that generation is a walk without decisions.

#ifndef TK_FRONTEND_TYPEDTREE_H
#define TK_FRONTEND_TYPEDTREE_H

#include "ConstEval.h"
#include "ValueType.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Frontend/AST.h"
#include <memory>
#include <vector>

namespace mlir::tk {

struct TypedFunction;

/// What a local, parameter or loop variable is while a body is checked.
struct Variable {
  llvm::StringRef name;
  ValueType type;
  bool isMutable = false;
  /// A parameter `T?` that is present in this instance.
  bool isOptional = false;
  SourceRange range;
};

/// Operations whose meaning is told by operands, result type and `axes` alone.
enum class TypedOp {
  // One operand, element by element.
  Abs,
  BitNot,
  Ceil,
  Cos,
  Erf,
  Exp,
  Exp2,
  Floor,
  IsFinite,
  IsInf,
  IsNan,
  Log,
  Log2,
  LogicalNot,
  Negate,
  Round,
  Rsqrt,
  Sin,
  Sqrt,
  Tanh,
  // Two operands of one type, element by element.
  Add,
  And,
  CeilDivide,
  Divide,
  Equal,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  Max,
  MaxNum,
  Min,
  MinNum,
  Multiply,
  NotEqual,
  Or,
  Remainder,
  ShiftLeft,
  ShiftRight,
  Subtract,
  Xor,
  // Three.
  Fma,
  Select,
  // Shapes.
  Arange,
  Broadcast,
  ExpandDims, ///< axes = {axis}
  Gather,     ///< tile, indices; axes = {axis}
  Reshape,
  Splat,
  Trans, ///< axes = the permutation
  // The grid, views and pointers.
  Dim,         ///< view; axes = {axis}
  MakeView,    ///< pointer, extents, strides
  NumPrograms, ///< axes = {axis}
  PointerAdd,
  PointerLoad, ///< pointer, mask?, other?
  ProgramId,   ///< axes = {axis}
  Stride,      ///< view; axes = {axis}
  // Casts without options.
  Bitcast,
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// Whether an expression may be left out, repeated or moved.
enum class Effect { None, Reads, Writes };

struct TypedNode {
  virtual ~TypedNode() = default;
};

struct TypedExpr : TypedNode {
  enum class Kind {
    Access,
    Atomic,
    Call,
    Cast,
    Constant,
    Dot,
    Error,
    Field,
    If,
    Op,
    Reduce,
    Subview,
    Tuple,
    Variable,
  };

  const Kind kind;
  ValueType type;
  SourceRange range;
  Effect effect = Effect::None;

protected:
  TypedExpr(Kind kind, ValueType type, SourceRange range)
      : kind(kind), type(std::move(type)), range(range) {}
};

template <TypedExpr::Kind ExprKind> struct TypedExprBase : TypedExpr {
  TypedExprBase(ValueType type, SourceRange range)
      : TypedExpr(ExprKind, std::move(type), range) {}
  static bool classof(const TypedExpr *expr) { return expr->kind == ExprKind; }
};

struct TypedBlock;

/// Reported; never reaches generation.
struct TypedError : TypedExprBase<TypedExpr::Kind::Error> {
  using TypedExprBase::TypedExprBase;
};

/// Untyped constants too, until their type is known.
struct TypedConstant : TypedExprBase<TypedExpr::Kind::Constant> {
  using TypedExprBase::TypedExprBase;
  ConstValue value;
};

struct TypedVariable : TypedExprBase<TypedExpr::Kind::Variable> {
  using TypedExprBase::TypedExprBase;
  Variable *variable = nullptr;
};

struct TypedOperation : TypedExprBase<TypedExpr::Kind::Op> {
  using TypedExprBase::TypedExprBase;
  TypedOp op = TypedOp::Add;
  /// From `fast.`: the target's approximation will do.
  bool isFast = false;
  std::vector<TypedExpr *> operands;
  llvm::SmallVector<int64_t, 4> axes;
};

struct TypedCast : TypedExprBase<TypedExpr::Kind::Cast> {
  using TypedExprBase::TypedExprBase;
  TypedExpr *operand = nullptr;
  std::optional<Rounding> rounding;
  bool saturates = false;
};

struct TypedItem {
  enum class Kind { Scalar, Slice, Gather, Whole };
  Kind kind = Kind::Scalar;
  /// Null for Whole.
  TypedExpr *value = nullptr;
  int64_t extent = 0;
  bool isInbounds = false;
};

/// Elements of a view that items pick: read, their addresses, or their mask.
/// As the target of an assignment, written.
struct TypedAccess : TypedExprBase<TypedExpr::Kind::Access> {
  using TypedExprBase::TypedExprBase;
  enum class Access { Load, Addresses, Inside };
  Access access = Access::Load;
  TypedExpr *view = nullptr;
  std::vector<TypedItem> items;
  /// Null for zero.
  TypedExpr *pad = nullptr;
};

/// `x[i, :]` and `x.sub(axis, start, length)`.
struct TypedSubview : TypedExprBase<TypedExpr::Kind::Subview> {
  using TypedExprBase::TypedExprBase;
  struct Item {
    SubviewOp::Kind kind;
    TypedExpr *offset = nullptr;
    TypedExpr *length = nullptr;
  };
  TypedExpr *view = nullptr;
  std::vector<Item> items;
};

struct TypedTuple : TypedExprBase<TypedExpr::Kind::Tuple> {
  using TypedExprBase::TypedExprBase;
  std::vector<TypedExpr *> elements;
};

struct TypedField : TypedExprBase<TypedExpr::Kind::Field> {
  using TypedExprBase::TypedExprBase;
  TypedExpr *tuple = nullptr;
  unsigned index = 0;
};

struct TypedIf : TypedExprBase<TypedExpr::Kind::If> {
  using TypedExprBase::TypedExprBase;
  TypedExpr *condition = nullptr;
  TypedBlock *thenBlock = nullptr;
  TypedBlock *elseBlock = nullptr;
};

struct TypedCall : TypedExprBase<TypedExpr::Kind::Call> {
  using TypedExprBase::TypedExprBase;
  TypedFunction *callee = nullptr;
  std::vector<TypedExpr *> args;
};

struct TypedDot : TypedExprBase<TypedExpr::Kind::Dot> {
  using TypedExprBase::TypedExprBase;
  TypedExpr *lhs = nullptr;
  TypedExpr *rhs = nullptr;
  TypedExpr *accumulator = nullptr;
  Precision precision = Precision::IEEE;
};

struct TypedReduce : TypedExprBase<TypedExpr::Kind::Reduce> {
  using TypedExprBase::TypedExprBase;
  /// One tile, or a tuple of tiles.
  TypedExpr *operand = nullptr;
  int64_t axis = 0;
  /// Two groups of scalars, one variable each for tile or tuple.
  Variable *lhs = nullptr;
  Variable *rhs = nullptr;
  TypedBlock *combiner = nullptr;
};

struct TypedAtomic : TypedExprBase<TypedExpr::Kind::Atomic> {
  using TypedExprBase::TypedExprBase;
  enum class Operation { ReadModifyWrite, CompareAndSwap, Load, Store };
  Operation operation = Operation::Load;
  AtomicKind rmwKind = AtomicKind::Add;
  MemoryOrder order = MemoryOrder::Relaxed;
  MemoryScope scope = MemoryScope::GPU;
  TypedExpr *pointer = nullptr;
  /// Null when absent.
  TypedExpr *mask = nullptr;
  TypedExpr *value = nullptr;
  TypedExpr *compare = nullptr;
};

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

struct TypedStmt : TypedNode {
  enum class Kind {
    Assert,
    Assign,
    Expr,
    For,
    If,
    PointerStore,
    Print,
    Return,
    ViewStore,
    While,
  };
  const Kind kind;
  SourceRange range;

protected:
  TypedStmt(Kind kind, SourceRange range) : kind(kind), range(range) {}
};

template <TypedStmt::Kind StmtKind> struct TypedStmtBase : TypedStmt {
  explicit TypedStmtBase(SourceRange range) : TypedStmt(StmtKind, range) {}
  static bool classof(const TypedStmt *stmt) { return stmt->kind == StmtKind; }
};

/// `value` is null unless the block yields one.
struct TypedBlock : TypedNode {
  std::vector<TypedStmt *> stmts;
  TypedExpr *value = nullptr;
};

/// Gives a variable its first or a new value.
struct TypedAssign : TypedStmtBase<TypedStmt::Kind::Assign> {
  using TypedStmtBase::TypedStmtBase;
  Variable *variable = nullptr;
  /// Null for a value of zeros that nobody reads: see StructuredReturns.
  TypedExpr *value = nullptr;
};

struct TypedViewStore : TypedStmtBase<TypedStmt::Kind::ViewStore> {
  using TypedStmtBase::TypedStmtBase;
  TypedAccess *target = nullptr;
  TypedExpr *value = nullptr;
};

struct TypedPointerStore : TypedStmtBase<TypedStmt::Kind::PointerStore> {
  using TypedStmtBase::TypedStmtBase;
  TypedExpr *pointer = nullptr;
  TypedExpr *value = nullptr;
  /// Null when absent.
  TypedExpr *mask = nullptr;
};

struct TypedExprStmt : TypedStmtBase<TypedStmt::Kind::Expr> {
  using TypedStmtBase::TypedStmtBase;
  TypedExpr *expr = nullptr;
};

struct TypedFor : TypedStmtBase<TypedStmt::Kind::For> {
  using TypedStmtBase::TypedStmtBase;
  Variable *variable = nullptr;
  TypedExpr *begin = nullptr;
  TypedExpr *end = nullptr;
  TypedExpr *step = nullptr;
  TypedBlock *body = nullptr;
};

struct TypedWhile : TypedStmtBase<TypedStmt::Kind::While> {
  using TypedStmtBase::TypedStmtBase;
  TypedExpr *condition = nullptr;
  TypedBlock *body = nullptr;
};

struct TypedIfStmt : TypedStmtBase<TypedStmt::Kind::If> {
  using TypedStmtBase::TypedStmtBase;
  TypedExpr *condition = nullptr;
  TypedBlock *thenBlock = nullptr;
  /// Null when there is none.
  TypedBlock *elseBlock = nullptr;
};

/// Gone after structureReturns().
struct TypedReturn : TypedStmtBase<TypedStmt::Kind::Return> {
  using TypedStmtBase::TypedStmtBase;
  /// Null in a kernel.
  TypedExpr *value = nullptr;
};

/// `assert` and, with `isPromise`, `assume`.
struct TypedAssert : TypedStmtBase<TypedStmt::Kind::Assert> {
  using TypedStmtBase::TypedStmtBase;
  TypedExpr *condition = nullptr;
  std::string message;
  bool isPromise = false;
};

struct TypedPrint : TypedStmtBase<TypedStmt::Kind::Print> {
  using TypedStmtBase::TypedStmtBase;
  std::string message;
  std::vector<TypedExpr *> values;
};

//===----------------------------------------------------------------------===//
// Functions and kernels
//===----------------------------------------------------------------------===//

/// One instance of an `fn`.
struct TypedFunction : TypedNode {
  const FnDecl *decl = nullptr;
  std::string symbolName;
  std::vector<Variable *> params;
  /// Void when nothing is returned.
  ValueType result = ValueType::makeVoid();
  /// Ends in its value.
  TypedBlock *body = nullptr;
};

/// Owns the nodes and variables of any number of bodies.
class TypedArena {
public:
  template <typename NodeT, typename... ArgTs> NodeT *create(ArgTs &&...args) {
    auto node = std::make_unique<NodeT>(std::forward<ArgTs>(args)...);
    NodeT *result = node.get();
    nodes.push_back(std::move(node));
    return result;
  }

  Variable *createVariable(llvm::StringRef name, ValueType type,
                           SourceRange range, bool isMutable = false) {
    variables.push_back(std::make_unique<Variable>());
    *variables.back() = {name, std::move(type), isMutable,
                         /*isOptional=*/false, range};
    return variables.back().get();
  }

private:
  std::vector<std::unique_ptr<TypedNode>> nodes;
  std::vector<std::unique_ptr<Variable>> variables;
};

/// True if `expr` may be undefined for some values of what it is made of, such
/// as a quotient, or lose a value that it should keep, such as a cast: it is
/// computed only where the program asks for it.
bool isPartial(const TypedExpr &expr);

/// Rewrites early returns into ifs, flags and results, so that a body runs to
/// its end: afterwards no TypedReturn is left and `body.value` is the result,
/// of type `result` unless that is void. Gives the first statement that needed
/// a flag, before which the result is a zero that nobody reads; else no range.
SourceRange structureReturns(TypedBlock &body, const ValueType &result,
                             TypedArena &arena);

} // namespace mlir::tk

#endif // TK_FRONTEND_TYPEDTREE_H
