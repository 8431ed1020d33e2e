//===- HostExprBuilder.cpp - syntax to host expressions -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builtins.h"
#include "ProgramImpl.h"
#include "tk/Frontend/ASTVisitor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;
using Kind = HostExpr::Kind;

/// True if no name in `expr` waits for a launch to get its value.
bool HostExprBuilder::isConstant(const Expr &expr) const {
  bool result = true;
  walk(expr, [&](const Node &node) {
    if (auto *name = dyn_cast<NameExpr>(&node))
      result &= !names.contains(name->name) && !memory.contains(name->name) &&
                name->name != "num_sms";
    if (isa<MemberExpr>(node))
      result = false;
    return result;
  });
  return result;
}

std::optional<HostExpr> HostExprBuilder::buildConstant(const Expr &expr) {
  ConstValue value = constants.evaluate(expr);
  if (!value)
    return std::nullopt;
  if (const bool *truth = value.getBool())
    return HostExpr::boolean(*truth);
  if (const llvm::APFloat *number = value.getFloat())
    return HostExpr::floating(
        roundTo(ScalarKind::F64, *number).convertToDouble());
  const Int128 *integer = value.getInteger();
  if (integer && isRepresentable(*integer, ScalarKind::I64))
    return HostExpr::integer(static_cast<int64_t>(*integer));
  if (integer)
    diags.report(expr.range, DiagKind::NotRepresentable,
                 formatInteger(*integer), "i64");
  else
    diags.report(expr.range, DiagKind::NotAHostExpr);
  return std::nullopt;
}

std::optional<HostExpr>
HostExprBuilder::buildAll(Kind kind, ArrayRef<const Expr *> operands) {
  SmallVector<HostExpr, 3> built;
  for (const Expr *operand : operands) {
    std::optional<HostExpr> value = build(*operand);
    if (!value)
      return std::nullopt;
    built.push_back(*value);
  }
  return HostExpr::make(kind, built);
}

static std::optional<Kind> getKind(BinaryOp op) {
  switch (op) {
  case BinaryOp::LogicalOr:
    return Kind::Or;
  case BinaryOp::LogicalAnd:
    return Kind::And;
  case BinaryOp::Equal:
    return Kind::Equal;
  case BinaryOp::NotEqual:
    return Kind::NotEqual;
  case BinaryOp::Less:
    return Kind::Less;
  case BinaryOp::LessEqual:
    return Kind::LessEqual;
  case BinaryOp::Greater:
    return Kind::Greater;
  case BinaryOp::GreaterEqual:
    return Kind::GreaterEqual;
  case BinaryOp::Add:
    return Kind::Add;
  case BinaryOp::Subtract:
    return Kind::Subtract;
  case BinaryOp::Multiply:
    return Kind::Multiply;
  case BinaryOp::Divide:
    return Kind::Divide;
  case BinaryOp::Remainder:
    return Kind::Remainder;
  default:
    return std::nullopt;
  }
}

std::optional<HostExpr> HostExprBuilder::buildCall(const CallExpr &call) {
  auto *callee = dyn_cast<NameExpr>(call.callee);
  StringRef name = callee ? callee->name : "";
  SmallVector<const Expr *> args;
  for (const CallArg &arg : call.args)
    args.push_back(arg.value);
  if (name == "num_sms" && args.empty())
    return HostExpr::numSms();
  if (name == "clamp" && args.size() == 3) {
    std::optional<HostExpr> low = buildAll(Kind::Max, {args[0], args[1]});
    std::optional<HostExpr> high = build(*args[2]);
    if (!low || !high)
      return std::nullopt;
    return HostExpr::make(Kind::Min, {*low, *high});
  }
  // A cast to index changes nothing here.
  if (name == "index" && args.size() == 1)
    return build(*args[0]);
  for (auto [spelling, kind, count] :
       {std::make_tuple("cdiv", Kind::CeilDivide, 2),
        std::make_tuple("min", Kind::Min, 2),
        std::make_tuple("max", Kind::Max, 2),
        std::make_tuple("abs", Kind::Abs, 1)}) {
    if (name != spelling)
      continue;
    if (static_cast<int>(args.size()) == count)
      return buildAll(kind, args);
    diags.report(call.range, DiagKind::WrongArgumentCount, name,
                 formatCount(count, "argument"), args.size());
    return std::nullopt;
  }
  diags.report(call.range, DiagKind::NotAHostExpr)
      .hint("its functions are cdiv, min, max, clamp, abs and num_sms; '/' on "
            "integers rounds down");
  return std::nullopt;
}

std::optional<HostExpr> HostExprBuilder::build(const Expr &expr) {
  if (isConstant(expr))
    return buildConstant(expr);
  switch (expr.kind) {
  case NodeKind::NameExpr:
    if (auto found = names.find(cast<NameExpr>(expr).name);
        found != names.end())
      return found->second;
    break;
  case NodeKind::BinaryExpr: {
    auto &binary = cast<BinaryExpr>(expr);
    if (std::optional<Kind> kind = getKind(binary.op))
      return buildAll(*kind, {binary.lhs, binary.rhs});
    break;
  }
  case NodeKind::UnaryExpr: {
    auto &unary = cast<UnaryExpr>(expr);
    if (unary.op == UnaryOp::Negate)
      return buildAll(Kind::Negate, {unary.operand});
    if (unary.op == UnaryOp::LogicalNot)
      return buildAll(Kind::Not, {unary.operand});
    break;
  }
  case NodeKind::IfExpr: {
    auto &ifExpr = cast<IfExpr>(expr);
    if (ifExpr.thenBlock->stmts.empty() && ifExpr.elseBlock->stmts.empty())
      return buildAll(Kind::If, {ifExpr.condition, ifExpr.thenBlock->value,
                                 ifExpr.elseBlock->value});
    break;
  }
  case NodeKind::MemberExpr: {
    auto &member = cast<MemberExpr>(expr);
    auto *base = dyn_cast<NameExpr>(member.base);
    if (base && memory.lookup(base->name) && member.member.name == "bytes")
      return HostExpr::name((base->name + ".bytes").str());
    break;
  }
  case NodeKind::CallExpr:
    return buildCall(cast<CallExpr>(expr));
  case NodeKind::ErrorExpr:
    return std::nullopt;
  default:
    break;
  }
  diags.report(expr.range, DiagKind::NotAHostExpr);
  return std::nullopt;
}
