//===- CheckedLaunch.cpp - launches on which a kernel is compared ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckedLaunch.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Runtime/Generators.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tk;

MemoryImage MemoryImage::clone() const {
  MemoryImage copy;
  for (const TestBuffer &buffer : buffers)
    copy.buffers.push_back(buffer.clone());
  copy.written = written;
  return copy;
}

//===----------------------------------------------------------------------===//
// Host expressions of a kernel
//===----------------------------------------------------------------------===//

/// Those of an attribute that a verifier has seen.
static std::vector<HostExpr> getHostExprs(ArrayAttr texts) {
  return llvm::cantFail(parseHostExprs(texts));
}

static std::vector<HostExpr> getDims(KernelOp kernel, unsigned argument) {
  return getHostExprs(kernel.getArgAttrOfType<ArrayAttr>(argument, kDimsAttr));
}

static bool holds(const HostExpr &condition, const HostBindings &bindings) {
  llvm::Expected<bool> value = condition.evaluateBool(bindings);
  if (value)
    return *value;
  llvm::consumeError(value.takeError());
  return false;
}

static std::optional<int64_t> evaluate(const HostExpr &expr,
                                       const HostBindings &bindings) {
  llvm::Expected<int64_t> value = expr.evaluateInteger(bindings);
  if (value)
    return *value;
  llvm::consumeError(value.takeError());
  return std::nullopt;
}

bool mlir::tk::holdPreconditions(KernelOp variant, const CheckedLaunch &launch,
                                 ArrayRef<TestBuffer> buffers) {
  auto conditions = variant->getAttrOfType<ArrayAttr>(tkg::kPreconditionsAttr);
  if (!conditions)
    return true;
  HostBindings bindings = launch.bindings;
  for (auto [i, argument] : llvm::enumerate(launch.arguments)) {
    if (!argument.buffer)
      continue;
    const HostTensor &tensor = buffers[*argument.buffer].tensor;
    bool hasOwnShape = argument.hasOwnShape();
    ArrayRef<int64_t> shape =
        hasOwnShape ? ArrayRef<int64_t>(argument.shape) : tensor.getShape();
    ArrayRef<int64_t> strides =
        hasOwnShape ? ArrayRef<int64_t>(argument.strides) : tensor.getStrides();
    StringRef name = variant.getArgName(i);
    auto bind = [&](const Twine &fact, int64_t value) {
      bindings.values.insert_or_assign((name + "." + fact).str(),
                                       HostValue::integer(value));
    };
    int64_t span = 0;
    for (auto [dim, extent] : llvm::enumerate(shape)) {
      bind("stride" + Twine(dim), strides[dim]);
      span += std::max<int64_t>(extent - 1, 0) * std::abs(strides[dim]);
    }
    bind("span", span);
    bind("address", reinterpret_cast<int64_t>(tensor.getData()));
  }
  return llvm::all_of(getHostExprs(conditions), [&](const HostExpr &condition) {
    return holds(condition, bindings);
  });
}

//===----------------------------------------------------------------------===//
// Choosing sizes
//===----------------------------------------------------------------------===//

namespace {
/// Makes one launch of a kernel.
class LaunchGenerator {
public:
  LaunchGenerator(KernelOp kernel, const llvm::StringMap<int64_t> &sizes)
      : kernel(kernel), sizes(sizes) {
    collectNames();
  }

  /// The extents are multiples of `divisor`, except where it is 1. They are
  /// halved until `require` holds and memory is small. Nullopt if that never
  /// happens.
  std::optional<CheckedLaunch> generate(int64_t divisor);

private:
  void collectNames();
  bool chooseSizes(int64_t divisor, int64_t size, CheckedLaunch &launch);
  bool addArguments(CheckedLaunch &launch);
  bool addTensor(unsigned argument, CheckedLaunch &launch);

  KernelOp kernel;
  const llvm::StringMap<int64_t> &sizes;
  /// Dimensions and integer scalars, in order.
  std::vector<std::string> names;
};
} // namespace

void LaunchGenerator::collectNames() {
  std::vector<HostExpr> exprs;
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
    llvm::append_range(exprs, getDims(kernel, i));
  llvm::append_range(exprs, getHostExprs(kernel.getGridAttr()));
  llvm::append_range(exprs, getHostExprs(kernel.getRequireAttr()));
  auto add = [&](StringRef name) {
    if (!llvm::is_contained(names, name))
      names.push_back(name.str());
  };
  for (const HostExpr &expr : exprs)
    expr.forEachName(add);
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
    if (kernel.getArgumentTypes()[i].isIntOrIndex())
      add(kernel.getArgName(i));
}

/// Gives every name a value and evaluates the grid. False where `require` does
/// not hold.
bool LaunchGenerator::chooseSizes(int64_t divisor, int64_t size,
                                  CheckedLaunch &launch) {
  launch.bindings = {};
  launch.bindings.numSms = 4;
  int64_t step = divisor == 1 ? 7 : divisor;
  int64_t next = size;
  llvm::raw_string_ostream text(launch.inputs);
  launch.inputs = "generated inputs";
  for (StringRef name : names) {
    auto given = sizes.find(name);
    int64_t value = given != sizes.end() ? given->second : next;
    // Different extents show where two were mixed up.
    if (next > 2 * step)
      next -= step;
    launch.bindings.values.insert({name, HostValue::integer(value)});
    text << (name == names.front() ? " " : ", ") << name << " = " << value;
  }
  for (const HostExpr &condition : getHostExprs(kernel.getRequireAttr()))
    if (!holds(condition, launch.bindings))
      return false;
  for (auto [axis, expr] :
       llvm::enumerate(getHostExprs(kernel.getGridAttr()))) {
    std::optional<int64_t> extent = evaluate(expr, launch.bindings);
    if (!extent)
      return false;
    launch.grid[axis] = *extent;
  }
  return true;
}

/// The type of the elements of a tensor or of a scalar.
static std::optional<DType> getDType(KernelOp kernel, unsigned argument) {
  if (auto name = kernel.getArgAttrOfType<StringAttr>(argument, kDtypeAttr))
    if (std::optional<DType> dtype = parseDTypeName(name.getValue()))
      return dtype;
  Type type = kernel.getArgumentTypes()[argument];
  if (auto view = dyn_cast<ViewType>(type))
    type = view.getElementType();
  if (auto pointer = dyn_cast<PtrType>(type))
    type = pointer.getElementType();
  if (type.isIndex())
    return DType::I64;
  if (type.isInteger(1))
    return DType::Bool;
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return parseDTypeName(text);
}

/// Fills an input: floats are normal, integers small enough to be coordinates.
static void fillInput(HostTensor &tensor, int64_t limit, uint64_t stream) {
  if (isFloat(tensor.getDType()))
    return generate(tensor, Generator::randn(), 0, stream);
  bool isBool = tensor.getDType() == DType::Bool;
  generate(tensor, Generator::uniform(0, isBool ? 2 : limit), 0, stream);
}

bool LaunchGenerator::addTensor(unsigned argument, CheckedLaunch &launch) {
  constexpr int64_t kElementsBehindPointer = 1 << 14;
  constexpr int64_t kMaxElements = 1 << 20;
  SmallVector<int64_t> shape;
  int64_t numElements = 1, smallest = 8;
  if (auto view = dyn_cast<ViewType>(kernel.getArgumentTypes()[argument])) {
    std::vector<HostExpr> dims = getDims(kernel, argument);
    for (auto [dim, extent] : llvm::enumerate(view.getShape())) {
      std::optional<int64_t> value = extent;
      if (ShapedType::isDynamic(extent))
        value = dim < dims.size() ? evaluate(dims[dim], launch.bindings)
                                  : std::optional<int64_t>(64);
      if (!value || *value < 0)
        return false;
      shape.push_back(*value);
      numElements *= *value;
      smallest = std::min(smallest, std::max<int64_t>(*value, 1));
      if (numElements > kMaxElements)
        return false;
    }
  } else {
    shape.push_back(kElementsBehindPointer);
  }
  std::optional<DType> dtype = getDType(kernel, argument);
  if (!dtype)
    return false;
  llvm::Expected<HostTensor> tensor = HostTensor::create(*dtype, shape);
  if (!tensor) {
    llvm::consumeError(tensor.takeError());
    return false;
  }
  ParamAccess access = kernel.getArgAccess(argument);
  bool isZeroed = kernel.getArgAttr(argument, kZeroedAttr) != nullptr;
  bool isInitialized = readsArgument(access) || isZeroed;
  if (!isInitialized)
    tensor->poison();
  else if (!isZeroed)
    fillInput(*tensor, smallest, argument);
  launch.arguments.push_back(
      {unsigned(launch.before.buffers.size()), HostValue::integer(0)});
  launch.before.buffers.push_back({kernel.getArgName(argument).str(), access,
                                   std::move(*tensor), isInitialized});
  return true;
}

bool LaunchGenerator::addArguments(CheckedLaunch &launch) {
  launch.arguments.clear();
  launch.before.buffers.clear();
  for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    if (isa<ViewType, PtrType>(type)) {
      if (!addTensor(i, launch))
        return false;
      continue;
    }
    HostValue value = isa<FloatType>(type)
                          ? HostValue::floating(0.75)
                          : launch.bindings.values.at(kernel.getArgName(i));
    launch.arguments.push_back({std::nullopt, value});
  }
  launch.before.written = makeWrittenFlags(launch.before.buffers);
  return true;
}

std::optional<CheckedLaunch> LaunchGenerator::generate(int64_t divisor) {
  int64_t largest = divisor == 1 ? 211 : 13 * divisor;
  for (int64_t size = largest; size > 0; size /= 2) {
    if (divisor > 1 && size % divisor != 0)
      size = std::max(size / divisor, int64_t(1)) * divisor;
    CheckedLaunch launch;
    if (chooseSizes(divisor, size, launch) && addArguments(launch))
      return launch;
    if (divisor > 1 && size == divisor)
      return std::nullopt;
  }
  return std::nullopt;
}

FailureOr<std::vector<CheckedLaunch>>
mlir::tk::generateLaunches(KernelOp kernel,
                           const llvm::StringMap<int64_t> &sizes) {
  for (Type type : kernel.getArgumentTypes())
    if (!isa<ViewType, PtrType>(type) && !type.isIntOrIndexOrFloat())
      return kernel.emitError("expects views, pointers and scalars as "
                              "arguments, got ")
             << type;
  constexpr int64_t kDivisor = 16;
  std::vector<CheckedLaunch> launches;
  LaunchGenerator generator(kernel, sizes);
  for (int64_t divisor : {int64_t(1), kDivisor})
    if (std::optional<CheckedLaunch> launch = generator.generate(divisor))
      if (launches.empty() || launches.front().inputs != launch->inputs)
        launches.push_back(std::move(*launch));
  if (launches.empty())
    return kernel.emitError("no inputs found for '")
           << kernel.getSymName() << "' for which 'require' holds";
  return std::move(launches);
}
