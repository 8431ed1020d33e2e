//===- TestContents.cpp - what the tensors of tests hold ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TestContents.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tk;

/// A generator by name. Numbers that are not given are `first` and `second`.
struct ContentsReader::Generator {
  StringRef name;
  DataSource::Kind kind;
  double first, second;
  size_t minNumbers, maxNumbers;
};

const TestArg *mlir::tk::findTestArg(const TestDecl &decl, StringRef name) {
  const auto *found = llvm::find_if(
      decl.args, [&](const TestArg &arg) { return arg.name.name == name; });
  return found == decl.args.end() ? nullptr : found;
}

std::optional<ContentsReader::Source>
ContentsReader::parseSource(const Expr &expr) {
  Source source;
  const Expr *inner = &expr;
  source.range = expr.range;
  if (auto *call = dyn_cast<CallExpr>(inner)) {
    source.numbers = call->args;
    inner = call->callee;
  }
  if (auto *index = dyn_cast<IndexExpr>(inner)) {
    source.shape = index->items;
    source.hasShape = true;
    inner = index->base;
  }
  if (auto *name = dyn_cast<NameExpr>(inner)) {
    source.name = name->name;
    return source;
  }
  diags.report(expr.range, DiagKind::ExpectedGenerator);
  return std::nullopt;
}

static bool isLike(const TestArg &arg) {
  auto *call = dyn_cast<CallExpr>(arg.value);
  auto *name = call ? dyn_cast<NameExpr>(call->callee) : nullptr;
  return name && name->name == "like";
}

std::optional<SmallVector<int64_t, 4>>
ContentsReader::readShape(const TestArg &arg) {
  std::optional<Source> source = parseSource(*arg.value);
  if (!source)
    return std::nullopt;
  SmallVector<int64_t, 4> shape;
  if (source->name == "like" && source->numbers.size() == 1) {
    auto *other = dyn_cast<NameExpr>(source->numbers[0].value);
    const TestArg *otherArg = other ? findTestArg(decl, other->name) : nullptr;
    if (!otherArg || otherArg == &arg || isLike(*otherArg)) {
      diags.report(source->numbers[0].range, DiagKind::ExpectedGenerator);
      return std::nullopt;
    }
    return readShape(*otherArg);
  }
  if (!source->hasShape) {
    auto message = diags.report(arg.value->range, DiagKind::ExpectedGenerator);
    if (isa<CallExpr>(arg.value))
      message.hint("the shape stands in brackets: '" + source->name + "[...]'");
    return std::nullopt;
  }
  for (const IndexItem &item : source->shape) {
    if (item.kind != IndexItem::Kind::Value) {
      diags.report(item.range, DiagKind::ExpectedGenerator);
      return std::nullopt;
    }
    std::optional<int64_t> extent =
        checker.evaluateInteger(*item.value, "a dimension");
    if (!extent)
      return std::nullopt;
    if (*extent < 0) {
      diags.report(item.range, DiagKind::NegativeExtent, *extent);
      return std::nullopt;
    }
    shape.push_back(*extent);
  }
  return shape;
}

std::optional<double> ContentsReader::readNumber(const Expr &expr) {
  ConstValue value = checker.evaluate(expr);
  if (!value)
    return std::nullopt;
  if (const Int128 *integer = value.getInteger())
    return static_cast<double>(*integer);
  if (const llvm::APFloat *number = value.getFloat())
    return roundTo(ScalarKind::F64, *number).convertToDouble();
  diags.report(expr.range, DiagKind::ExpectedNumber,
               value.getValueType().str());
  return std::nullopt;
}

const ContentsReader::Generator *
ContentsReader::findGenerator(const Source &source) {
  using Kind = DataSource::Kind;
  static const Generator kGenerators[] = {
      {"arange", Kind::Arange, 0, 1, 0, 2},
      {"full", Kind::Full, 0, 0, 1, 1},
      {"normal", Kind::Randn, 0, 1, 0, 2},
      {"npy", Kind::File, 0, 0, 1, 1},
      {"ones", Kind::Full, 1, 0, 0, 0},
      {"poison", Kind::Unspecified, 0, 0, 0, 0},
      {"randn", Kind::Randn, 0, 1, 0, 2},
      {"uniform", Kind::Uniform, 0, 1, 0, 2},
      {"zeros", Kind::Full, 0, 0, 0, 0},
  };
  const Generator *found =
      llvm::find_if(kGenerators, [&](const Generator &generator) {
        return generator.name == source.name;
      });
  if (found == std::end(kGenerators)) {
    SmallVector<StringRef> names;
    for (const Generator &known : kGenerators)
      names.push_back(known.name);
    auto message = diags.report(source.range, DiagKind::UnknownGenerator,
                                source.name, llvm::join(names, ", "));
    if (std::optional<StringRef> closest = findClosest(source.name, names))
      message.note(source.range, DiagKind::DidYouMean, *closest);
    return nullptr;
  }
  if (source.numbers.size() < found->minNumbers ||
      source.numbers.size() > found->maxNumbers) {
    diags.report(source.range, DiagKind::WrongArgumentCount, found->name,
                 formatCount(found->maxNumbers, "argument"),
                 source.numbers.size());
    return nullptr;
  }
  return found;
}

std::optional<DataSource> ContentsReader::readData(const TestArg &arg) {
  std::optional<Source> source = parseSource(*arg.value);
  if (!source)
    return std::nullopt;
  if (source->name == "like") {
    auto *other = cast<NameExpr>(source->numbers[0].value);
    return readData(*findTestArg(decl, other->name));
  }
  const Generator *generator = findGenerator(*source);
  if (!generator)
    return std::nullopt;
  DataSource data{generator->kind, generator->first, generator->second, {}};
  if (data.kind == DataSource::Kind::File) {
    ConstValue path = checker.evaluate(*source->numbers[0].value);
    if (!path)
      return std::nullopt;
    if (!path.getString()) {
      diags.report(source->numbers[0].range, DiagKind::ExpectedGenerator);
      return std::nullopt;
    }
    data.path = path.getString()->str();
    return data;
  }
  double *targets[] = {&data.first, &data.second};
  for (auto [number, target] : llvm::zip(source->numbers, targets)) {
    std::optional<double> value = readNumber(*number.value);
    if (!value)
      return std::nullopt;
    *target = *value;
  }
  return data;
}

bool ContentsReader::setStrides(const TestArg *arg, TestArgument &argument) {
  argument.strides.assign(argument.dims.size(), 1);
  if (!arg || !arg->strides) {
    int64_t stride = 1;
    for (size_t i = argument.dims.size(); i-- > 0;) {
      argument.strides[i] = stride;
      if (llvm::MulOverflow(stride, std::max<int64_t>(argument.dims[i], 1),
                            stride)) {
        diags.report(arg ? arg->range : decl.name.range,
                     DiagKind::TensorTooLarge, argument.name);
        return false;
      }
    }
    return true;
  }
  if (arg->strides->elements.size() != argument.dims.size()) {
    diags.report(arg->strides->range, DiagKind::StrideCount,
                 formatCount(argument.dims.size(), "stride"),
                 arg->strides->elements.size());
    return false;
  }
  for (auto [expr, stride] :
       llvm::zip_equal(arg->strides->elements, argument.strides)) {
    std::optional<int64_t> value = checker.evaluateInteger(*expr, "a stride");
    if (!value)
      return false;
    stride = *value;
  }
  return true;
}
