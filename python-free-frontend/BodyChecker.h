//===- BodyChecker.h - checks the types of one body -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns the syntax tree of a body, for one choice of generic arguments, into a
// typed tree. A mistake is reported once; what depends on it has the error type
// and stays quiet.

#ifndef TK_FRONTEND_BODYCHECKER_H
#define TK_FRONTEND_BODYCHECKER_H

#include "Declarations.h"
#include "Limits.h"
#include "Scope.h"
#include "TypedTree.h"
#include "ValueType.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::tk {

/// "an integer constant": what `param` can be bound to.
llvm::StringRef describeKind(const GenericParam &param);

/// Generic parameters by name, with the values they are bound to.
using GenericBindings = llvm::MapVector<llvm::StringRef, ConstValue>;

/// The instances of functions, made on demand and shared by all bodies of one
/// module.
struct FunctionInstances {
  /// By function, generic arguments and argument types.
  llvm::StringMap<TypedFunction *> instances;
  /// In the order in which they were finished: callees first.
  std::vector<TypedFunction *> functions;
  /// Being checked: meeting one again is a recursion.
  llvm::SmallVector<const FnDecl *> active;
  /// It has been said that there are too many.
  bool areTooMany = false;
  /// Expressions, blocks and calls around the one being checked.
  unsigned depth = 0;
  /// `depth` where the stack in use began.
  unsigned stackDepth = 0;
  llvm::StringSet<> symbolNames;
};

/// Where a body stands.
struct BodyContext {
  const Declarations *decls = nullptr;
  DiagnosticReporter *diags = nullptr;
  TypedArena *arena = nullptr;
  FunctionInstances *functions = nullptr;
  /// Floats are f64, tiles may be whole tensors and have extent 0.
  bool isReference = false;
  /// Of a lifted function (`map`): the tile that stands for a scalar.
  llvm::SmallVector<int64_t> liftedShape;
  /// Inside a combiner: scalars only, and neither memory nor loops.
  bool isCombiner = false;
};

class BodyChecker {
public:
  BodyChecker(BodyContext context, Scope &scope)
      : context(std::move(context)), scope(&scope) {}

  /// Statements and value of `block`; returns stay TypedReturns.
  TypedBlock *checkBody(const BlockStmt &block, const ValueType &resultType);

  /// The value of a constant expression; reports and returns nothing if it is
  /// none.
  ConstValue evaluate(const Expr &expr);
  /// A constant integer of 64 bits. `what` names it in the message.
  std::optional<int64_t> evaluateInteger(const Expr &expr,
                                         llvm::StringRef what);

  /// Error if the type cannot be resolved. Dimensions of a tensor that are not
  /// constant are dynamic.
  ValueType resolveType(const TypeExpr &type, bool isWritable = false);
  std::optional<ElementType> resolveElement(const TypeExpr &type);
  ValueType resolveNamedType(const NamedTypeExpr &type);
  ValueType resolveTensorType(const TensorTypeExpr &type, bool isWritable);

  /// Binds generic parameters from explicit arguments, which come in order or
  /// by name. False after a mistake.
  bool bindGenericArgs(llvm::ArrayRef<GenericParam> params,
                       llvm::ArrayRef<GenericArg> args, llvm::StringRef callee,
                       GenericBindings &bindings);
  /// Gives defaults to what is unbound and tests classes and choices; `use` is
  /// where a missing argument is reported.
  bool finishGenericArgs(llvm::ArrayRef<GenericParam> params, SourceRange use,
                         llvm::StringRef callee, GenericBindings &bindings);

  /// Checks `decl`, whose generic parameters all have defaults, as if it were
  /// called with every argument.
  void checkUncalled(const FnDecl &decl);

  /// Makes dims of `type`'s view that are plain names known as index
  /// variables, defined by statements in front of the body.
  void declareDims(const TensorTypeExpr &type, Variable *view);

  /// Statements that checkBody() puts in front of the body.
  std::vector<TypedStmt *> prologue;

private:
  //===--------------------------------------------------------------------===//
  // Expressions: BodyExpr.cpp
  //===--------------------------------------------------------------------===//

  TypedExpr *check(const Expr &expr);
  TypedExpr *checkKind(const Expr &expr);
  /// A scalar, tile or untyped constant; anything else is reported.
  TypedExpr *checkNumber(const Expr &expr);
  /// The same, where untyped constants take their own type.
  TypedExpr *checkTyped(const Expr &expr);
  TypedExpr *checkIndex(const Expr &expr, llvm::StringRef what);
  TypedExpr *checkCondition(const Expr &expr);
  /// `bias` alone asks whether an optional argument was given.
  bool isPresenceTest(const Expr &expr) const;
  /// A presence test or any value.
  TypedExpr *checkTruth(const Expr &expr);
  TypedExpr *checkName(const NameExpr &expr);
  TypedExpr *checkMember(const MemberExpr &expr);
  std::optional<unsigned> findEnumCase(const EnumDecl &decl,
                                       const Identifier &name);
  TypedExpr *checkUnary(const UnaryExpr &expr);
  TypedExpr *checkBinary(const BinaryExpr &expr);
  TypedExpr *checkLogical(const BinaryExpr &expr);
  TypedExpr *checkEnumComparison(const BinaryExpr &expr);
  TypedExpr *checkIf(const IfExpr &expr);
  TypedExpr *checkTuple(const TupleExpr &expr);
  TypedExpr *checkField(const TupleFieldExpr &expr);
  /// `expr` in a block of its own, if checking it leaves statements.
  TypedExpr *checkIsolated(const Expr &expr);
  TypedExpr *makeIfResult(TypedExpr *condition, TypedBlock *thenBlock,
                          TypedBlock *elseBlock, SourceRange range);
  TypedExpr *buildBinary(BinaryOp op, SourceRange opRange, TypedExpr *lhs,
                         TypedExpr *rhs, SourceRange range);
  TypedExpr *foldConstants(BinaryOp op, SourceRange opRange, TypedConstant *lhs,
                           TypedConstant *rhs, SourceRange range);
  bool reportConstError(ConstError error, SourceRange range,
                        llvm::StringRef what);
  bool checkOperands(BinaryOp op, SourceRange opRange, TypedExpr *lhs,
                     TypedExpr *rhs);

  //===--------------------------------------------------------------------===//
  // Conversions: BodyConvert.cpp
  //===--------------------------------------------------------------------===//

  /// Gives an untyped constant its own type, also inside tuples.
  TypedExpr *defaultType(TypedExpr *expr);
  /// `expr` with elements of `element`: constants adapt, i32 widens to index,
  /// anything else is an error that says so.
  TypedExpr *convertElement(TypedExpr *expr, ElementType element);
  TypedExpr *makeConstant(TypedConstant *constant, ElementType element);
  /// `expr` as a `type`: elements as above, scalars fill tiles.
  TypedExpr *convertTo(TypedExpr *expr, const ValueType &type,
                       llvm::StringRef what);
  /// Repeats a scalar or dimensions of extent 1.
  TypedExpr *broadcastTo(TypedExpr *expr, llvm::ArrayRef<int64_t> shape);
  /// Brings operands of an elementwise operation to one element and shape.
  bool unify(llvm::MutableArrayRef<TypedExpr *> exprs, SourceRange range);
  bool unifyElements(llvm::MutableArrayRef<TypedExpr *> exprs,
                     SourceRange range);
  bool unifyShapes(llvm::MutableArrayRef<TypedExpr *> exprs, SourceRange range);
  /// The type that both arms of an if can have; error if there is none.
  ValueType getCommonType(TypedExpr *lhs, TypedExpr *rhs, SourceRange range);
  TypedExpr *makeCast(TypedExpr *operand, ElementType element,
                      SourceRange range);
  /// The explicit cast `T(x)`.
  TypedExpr *castTo(TypedExpr *operand, ElementType element, SourceRange range);
  void reportMixed(TypedExpr *lhs, TypedExpr *rhs, SourceRange range);

  //===--------------------------------------------------------------------===//
  // Nodes
  //===--------------------------------------------------------------------===//

  TypedExpr *makeError(SourceRange range);
  TypedConstant *makeUntyped(ConstValue value, SourceRange range);
  TypedExpr *makeInteger(int64_t value, ElementType element, SourceRange range);
  TypedOperation *makeOp(TypedOp op, ValueType type,
                         llvm::ArrayRef<TypedExpr *> operands,
                         SourceRange range, llvm::ArrayRef<int64_t> axes = {});
  /// An elementwise operation on unified operands, with the type of the first.
  TypedExpr *makeElementwise(TypedOp op, llvm::ArrayRef<TypedExpr *> operands,
                             SourceRange range);
  TypedExpr *makeCompare(TypedOp op, TypedExpr *lhs, TypedExpr *rhs,
                         SourceRange range);
  TypedExpr *makeVariable(Variable *variable, SourceRange range);
  TypedExpr *makeField(TypedExpr *tuple, unsigned index, SourceRange range);
  TypedExpr *makeTuple(llvm::ArrayRef<TypedExpr *> elements, SourceRange range);
  /// The type of a tuple; reports if it has too many parts.
  ValueType checkedTuple(llvm::ArrayRef<ValueType> elements, SourceRange range);
  TypedExpr *makeFill(TypedExpr *scalar, llvm::ArrayRef<int64_t> shape,
                      SourceRange range);
  /// Computes `expr` once: the variable that holds it.
  Variable *bind(TypedExpr *expr, llvm::StringRef name = "");
  TypedExpr *bindOnce(TypedExpr *&expr);
  void append(TypedStmt *stmt) { stmts->push_back(stmt); }
  template <typename StmtT> StmtT *appendStmt(SourceRange range) {
    auto *stmt = context.arena->create<StmtT>(range);
    append(stmt);
    return stmt;
  }

  //===--------------------------------------------------------------------===//
  // Indexing: BodyAccess.cpp
  //===--------------------------------------------------------------------===//

  TypedExpr *checkIndexing(const IndexExpr &expr);
  TypedExpr *checkViewAccess(const IndexExpr &expr, TypedExpr *view);
  TypedExpr *checkInside(const InsideExpr &expr);
  /// `x[items]` as a place that is written.
  TypedAccess *checkPlace(const IndexExpr &expr);
  bool expandItems(llvm::ArrayRef<IndexItem> items, int64_t rank,
                   SourceRange range, llvm::SmallVectorImpl<IndexItem> &result);
  bool checkItem(const IndexItem &item, bool isInbounds, TypedItem &result);
  bool checkItems(llvm::ArrayRef<IndexItem> items, const ValueType &view,
                  bool isInbounds, SourceRange range,
                  std::vector<TypedItem> &result);
  TypedAccess *makeAccess(TypedAccess::Access access, TypedExpr *view,
                          std::vector<TypedItem> items, SourceRange range);
  TypedExpr *makeSubview(const IndexExpr &expr, TypedExpr *view,
                         llvm::ArrayRef<IndexItem> items);
  TypedExpr *insertAxes(TypedExpr *tile, llvm::ArrayRef<IndexItem> items,
                        llvm::ArrayRef<int64_t> dimsOfItems, SourceRange range);
  bool checkInsideTile(const TypedItem &item, int64_t extent,
                       SourceRange range);
  TypedExpr *checkTileIndexing(const IndexExpr &expr, TypedExpr *tile);
  TypedExpr *makeOutsideIfOutside(TypedExpr *index, TypedExpr *coordinate,
                                  int64_t extent, SourceRange range);
  TypedExpr *gatherPaired(TypedExpr *tile, int64_t axis,
                          llvm::ArrayRef<TypedExpr *> indices,
                          SourceRange range);
  TypedExpr *checkSub(const CallExpr &call, TypedExpr *view);
  TypedExpr *checkMakeView(const CallExpr &call);
  bool checkTileShape(llvm::ArrayRef<int64_t> shape, SourceRange range);
  /// Reports an extent below 1, once for each constant that it is made of.
  void reportExtent(const Expr &expr, int64_t extent);
  bool checkTensorRank(size_t rank, SourceRange range);
  std::optional<llvm::SmallVector<int64_t>>
  evaluateShape(llvm::ArrayRef<const Expr *> extents, SourceRange range);

  //===--------------------------------------------------------------------===//
  // Calls: BodyCall.cpp, BodyFunction.cpp and BodyBuiltins.cpp
  //===--------------------------------------------------------------------===//

  /// The arguments of a builtin, taken by position or name.
  class Args;

  TypedExpr *checkCall(const CallExpr &call);
  TypedExpr *checkNamedCall(const CallExpr &call, const NameExpr &callee);
  TypedExpr *checkGenericCall(const CallExpr &call, const GenericExpr &callee);
  TypedExpr *checkShaped(const ShapedExpr &expr, const CallExpr *call);
  TypedExpr *checkMethod(const CallExpr &call, const MemberExpr &callee);
  TypedExpr *checkCastCall(const CallExpr &call, ElementType element);
  TypedExpr *checkBuiltin(const CallExpr &call, llvm::StringRef name,
                          SourceRange nameRange);
  TypedExpr *checkFunctionCall(const CallExpr &call, const FnDecl &decl,
                               llvm::ArrayRef<GenericArg> genericArgs);
  TypedExpr *callFunction(const FnDecl &decl, GenericBindings bindings,
                          llvm::MutableArrayRef<TypedExpr *> args,
                          SourceRange range,
                          llvm::ArrayRef<int64_t> liftedShape);
  TypedExpr *checkDefault(const Param &param);
  ValueType resolveParamType(const Param &param);
  bool inferGenericArgs(const FnDecl &decl, const TypeExpr &type,
                        TypedExpr *arg, const ValueType &argType,
                        GenericBindings &bindings);
  TypedFunction *instantiate(const FnDecl &decl, GenericBindings &bindings,
                             llvm::MutableArrayRef<TypedExpr *> args,
                             SourceRange range,
                             llvm::ArrayRef<int64_t> liftedShape);
  bool reportMismatch(const FnDecl &decl, llvm::ArrayRef<TypedExpr *> args);
  bool finishBindings(const FnDecl &decl, llvm::ArrayRef<TypedExpr *> args,
                      SourceRange range, GenericBindings &bindings);
  ValueType fitArgument(const Param &param, ValueType type, bool isLifted,
                        llvm::StringRef function, TypedExpr *&arg);
  TypedFunction *checkFunction(const FnDecl &decl,
                               const GenericBindings &bindings,
                               llvm::ArrayRef<ValueType> paramTypes,
                               llvm::ArrayRef<int64_t> liftedShape);
  /// Makes early returns ifs and flags; reports where that is not possible.
  bool structureBodyReturns(TypedBlock &body, const ValueType &result);
  const FnDecl *findFunction(const Expr &expr);

  // One group of builtins each; null if `name` is none of the group.
  TypedExpr *checkMath(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkCombining(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkReduction(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkShaping(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkMemory(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkGrid(const CallExpr &call, llvm::StringRef name);

  TypedExpr *checkFast(const CallExpr &call, const Identifier &name);
  TypedExpr *makeMath(TypedOp op, TypedExpr *operand, SourceRange range);
  TypedExpr *checkMinMax(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkSelect(const CallExpr &call);
  TypedExpr *checkMap(const CallExpr &call);
  TypedExpr *makeLambdaWithoutValue(const LambdaExpr &lambda);
  TypedExpr *applyLambda(const LambdaExpr &lambda,
                         llvm::ArrayRef<TypedExpr *> args,
                         llvm::ArrayRef<int64_t> shape);
  TypedExpr *checkReduce(const CallExpr &call);
  TypedExpr *checkCombiner(const Expr &combine, TypedReduce &reduce);
  TypedExpr *checkSimpleReduction(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkArgExtremum(const CallExpr &call, bool isMax);
  TypedExpr *chooseExtremum(const TypedReduce &reduce, bool isMax);
  TypedExpr *checkLogSumExp(const CallExpr &call);
  TypedExpr *reduceAxes(TypedExpr *tile, llvm::ArrayRef<int64_t> axes,
                        TypedOp op, bool keepsAxes, SourceRange range);
  TypedExpr *makeReduce(TypedExpr *operand, int64_t axis, TypedOp op,
                        SourceRange range);
  bool checkAxis(const Expr &expr, int64_t rank, int64_t &axis);
  bool checkAxes(const Args &args, const ValueType &tile,
                 llvm::SmallVectorImpl<int64_t> &axes);
  TypedExpr *keepAxis(TypedExpr *reduced, int64_t axis, SourceRange range);
  TypedExpr *checkDot(const CallExpr &call, TypedExpr *accumulator);
  bool checkDotOperands(TypedExpr *lhs, TypedExpr *rhs, SourceRange range);
  TypedExpr *checkArange(SourceRange range, ElementType element,
                         const Args &args);
  TypedExpr *checkConcat(const CallExpr &call);
  std::optional<llvm::SmallVector<int64_t>>
  getConcatShape(llvm::ArrayRef<TypedExpr *> tiles, int64_t axis,
                 SourceRange range);
  TypedExpr *concatenate(llvm::ArrayRef<TypedExpr *> tiles, int64_t axis,
                         llvm::ArrayRef<int64_t> shape, SourceRange range);
  TypedExpr *checkAxisShaping(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkNewShape(const CallExpr &call, llvm::StringRef name);
  TypedExpr *checkRepeat(const CallExpr &call);
  TypedExpr *checkTrans(const CallExpr &call);
  TypedExpr *checkPointerLoad(const CallExpr &call);
  TypedExpr *checkPointerStore(const CallExpr &call);
  TypedExpr *checkAtomic(const CallExpr &call, llvm::StringRef name);
  bool checkAtomicPlace(const Args &args, TypedAtomic *atomic);
  TypedExpr *checkGrouped(const CallExpr &call);
  TypedExpr *checkMask(const Expr &expr, const ValueType &beside);

  //===--------------------------------------------------------------------===//
  // Statements: BodyStmt.cpp; constants and types: BodyType.cpp
  //===--------------------------------------------------------------------===//

  TypedBlock *checkBlock(const BlockStmt &block);
  void checkStmts(const BlockStmt &block);
  void checkStmt(const Stmt &stmt);
  void checkBinding(const BindingStmt &stmt);
  void declarePattern(const BindingPattern &pattern, TypedExpr *value,
                      bool isVar);
  void declareName(const Identifier &name, Symbol symbol);
  void checkAssign(const AssignStmt &stmt);
  void checkVariableAssign(const AssignStmt &stmt, const NameExpr &target);
  void checkIndexAssign(const AssignStmt &stmt, const IndexExpr &target);
  void checkTileAssign(const AssignStmt &stmt, const IndexExpr &target,
                       Variable *variable);
  TypedExpr *checkAssignedValue(const AssignStmt &stmt, TypedExpr *current);
  void checkExprStmt(const ExprStmt &stmt);
  void checkFor(const ForStmt &stmt);
  void checkWhile(const WhileStmt &stmt);
  void checkIfStmt(const IfStmt &stmt);
  void checkReturn(const ReturnStmt &stmt);
  void checkAssert(const AssertStmt &stmt);
  void checkStaticAssert(const StaticAssertStmt &stmt);
  void checkPrint(const PrintStmt &stmt);
  bool isPure(const TypedBlock &block) const;
  bool onlyNamesValues(const TypedBlock &block) const;

  template <typename... ArgTs>
  DiagnosticReporter::Builder report(SourceRange range, DiagKind kind,
                                     const ArgTs &...args) {
    return context.diags->report(range, kind, args...);
  }
  template <typename... ArgTs>
  TypedExpr *fail(SourceRange range, DiagKind kind, const ArgTs &...args) {
    report(range, kind, args...);
    return makeError(range);
  }

  BodyContext context;
  Scope *scope;
  /// Where statements go.
  std::vector<TypedStmt *> *stmts = nullptr;
  ValueType resultType = ValueType::makeVoid();
  unsigned numReturns = 0;
  /// Constants that an extent below 1 was reported for.
  llvm::StringSet<> blamedConstants;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_BODYCHECKER_H
