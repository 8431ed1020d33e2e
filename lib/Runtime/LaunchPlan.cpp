//===- LaunchPlan.cpp - what to launch for given arguments ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/LaunchPlan.h"
#include "tk/Runtime/HostTensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Checks of single arguments
//===----------------------------------------------------------------------===//

static Error failArgument(const ManifestParam &param, const Twine &problem) {
  return createStringError("argument '" + param.name + "': " + problem);
}

static Error checkTensor(const ManifestParam &param,
                         const LaunchArgument &argument) {
  // A tensor of pointers holds addresses, which are 64 bits.
  DType expected = param.isPointer ? DType::U64 : param.dtype;
  bool isCompatible = argument.dtype == expected ||
                      (param.isPointer && getSizeInBytes(argument.dtype) == 8);
  if (!isCompatible)
    return failArgument(param, "expects elements of " + getDTypeName(expected) +
                                   ", got " + getDTypeName(argument.dtype));
  if (argument.shape.size() != param.dims.size() ||
      argument.strides.size() != param.dims.size())
    return failArgument(param, "expects " + Twine(param.dims.size()) +
                                   " dimensions, got shape " +
                                   formatShape(argument.shape));
  for (int64_t extent : argument.shape)
    if (extent < 0)
      return failArgument(param,
                          "has the shape " + formatShape(argument.shape));
  bool isEmpty = is_contained(argument.shape, 0);
  if (!isEmpty && argument.address == 0)
    return failArgument(param, "is null");
  return Error::success();
}

static Error checkScalar(const ManifestParam &param,
                         const LaunchArgument &argument) {
  if (argument.isTensor)
    return failArgument(param, "expects a scalar, got a tensor");
  if (param.isPointer || isFloat(param.dtype))
    return Error::success();
  if (param.dtype == DType::Bool || argument.value.isBool()) {
    if (param.dtype == DType::Bool && argument.value.isBool())
      return Error::success();
    return failArgument(param, "expects " + getDTypeName(param.dtype));
  }
  int64_t value = argument.value.getInteger();
  unsigned width = 8 * getSizeInBytes(param.dtype);
  bool fits = isSignedInteger(param.dtype)
                  ? isIntN(width, value)
                  : value >= 0 && isUIntN(width, value);
  if (!argument.value.isInteger() || !fits)
    return failArgument(param,
                        "expects a value of " + getDTypeName(param.dtype));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

namespace {
/// Bytes from the address of a tensor to its first byte, and past its last.
struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;
};
} // namespace

/// Returns nothing if an offset overflows.
static std::optional<ByteRange> computeRange(const LaunchArgument &argument) {
  ByteRange range;
  if (is_contained(argument.shape, 0))
    return range;
  int64_t size = getSizeInBytes(argument.dtype);
  for (auto [extent, stride] : zip_equal(argument.shape, argument.strides)) {
    int64_t distance;
    if (MulOverflow(extent - 1, stride, distance) ||
        MulOverflow(distance, size, distance))
      return std::nullopt;
    int64_t &side = distance < 0 ? range.begin : range.end;
    if (AddOverflow(side, distance, side))
      return std::nullopt;
  }
  if (AddOverflow(range.end, size, range.end))
    return std::nullopt;
  return range;
}

static void bindFacts(const ManifestParam &param,
                      const LaunchArgument &argument, const ByteRange &range,
                      HostBindings &bindings) {
  auto bind = [&](const Twine &property, int64_t value) {
    bindings.values.insert_or_assign((param.name + "." + property).str(),
                                     HostValue::integer(value));
  };
  int64_t size = getSizeInBytes(argument.dtype);
  int64_t numElements = 1;
  for (auto [dim, extent] : enumerate(argument.shape)) {
    numElements = SaturatingMultiply<uint64_t>(numElements, extent);
    bind("stride" + Twine(dim), argument.strides[dim]);
  }
  bind("address", static_cast<int64_t>(argument.address));
  bind("bytes", SaturatingMultiply<uint64_t>(numElements, size));
  bind("span",
       range.end == range.begin ? 0 : (range.end - range.begin) / size - 1);
}

/// Gives a name its value, or checks that it has that value already.
static Error bindDim(const ManifestParam &param, unsigned dim, StringRef name,
                     int64_t extent, HostBindings &bindings,
                     StringMap<StringRef> &binders) {
  auto [it, isNew] =
      bindings.values.try_emplace(name, HostValue::integer(extent));
  if (isNew) {
    binders[name] = param.name;
    return Error::success();
  }
  if (it->second == HostValue::integer(extent))
    return Error::success();
  return failArgument(param, "dimension " + Twine(dim) + " is " +
                                 Twine(extent) + ", but '" + name + "' is " +
                                 Twine(it->second.getInteger()) + " in '" +
                                 binders.lookup(name) + "'");
}

/// Checks a dimension that is more than a name.
static Error checkDim(const ManifestParam &param, unsigned dim, int64_t extent,
                      const HostBindings &bindings) {
  Expected<int64_t> expected = param.dims[dim].evaluateInteger(bindings);
  if (!expected)
    return failArgument(param, "dimension " + Twine(dim) + ": " +
                                   toString(expected.takeError()));
  if (*expected == extent)
    return Error::success();
  return failArgument(
      param, "dimension " + Twine(dim) + " is " + Twine(extent) + ", but '" +
                 param.dims[dim].str() + "' is " + Twine(*expected));
}

Expected<HostBindings>
mlir::tk::bindArguments(const ManifestKernel &kernel,
                        ArrayRef<LaunchArgument> arguments, int64_t numSms) {
  if (arguments.size() != kernel.params.size())
    return createStringError("'" + kernel.instance + "' expects " +
                             Twine(kernel.params.size()) + " arguments, got " +
                             Twine(arguments.size()));
  HostBindings bindings;
  bindings.numSms = numSms;
  StringMap<StringRef> binders;
  for (auto [param, argument] : zip_equal(kernel.params, arguments)) {
    if (!param.isTensor) {
      if (Error error = checkScalar(param, argument))
        return std::move(error);
      bindings.values.insert_or_assign(param.name, argument.value);
      continue;
    }
    if (Error error = checkTensor(param, argument))
      return std::move(error);
    std::optional<ByteRange> range = computeRange(argument);
    if (!range)
      return failArgument(param, "its size overflows");
    bindFacts(param, argument, *range, bindings);
    for (auto [dim, expr] : enumerate(param.dims))
      if (expr.getKind() == HostExpr::Kind::Name)
        if (Error error = bindDim(param, dim, expr.getName(),
                                  argument.shape[dim], bindings, binders))
          return std::move(error);
  }
  for (auto [param, argument] : zip_equal(kernel.params, arguments))
    for (auto [dim, expr] : enumerate(param.dims))
      if (expr.getKind() != HostExpr::Kind::Name)
        if (Error error = checkDim(param, dim, argument.shape[dim], bindings))
          return std::move(error);
  return bindings;
}

//===----------------------------------------------------------------------===//
// Checks of all arguments together
//===----------------------------------------------------------------------===//

static bool isWritten(const ManifestParam &param) {
  return param.access != ParamAccess::Read;
}

static bool mayOverlap(const ManifestParam &lhs, const ManifestParam &rhs) {
  return is_contained(lhs.aliases, rhs.name) ||
         is_contained(rhs.aliases, lhs.name) ||
         (!isWritten(lhs) && !isWritten(rhs));
}

/// What is written overlaps nothing else, unless the kernel says so.
static Error checkOverlaps(ArrayRef<ManifestParam> params,
                           ArrayRef<LaunchArgument> arguments) {
  for (size_t i = 0; i < params.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!params[i].isTensor || !params[j].isTensor ||
          mayOverlap(params[i], params[j]))
        continue;
      // bindArguments() has found that the ranges exist.
      ByteRange lhs = *computeRange(arguments[i]);
      ByteRange rhs = *computeRange(arguments[j]);
      uint64_t lhsBegin = arguments[i].address + lhs.begin;
      uint64_t lhsEnd = arguments[i].address + lhs.end;
      uint64_t rhsBegin = arguments[j].address + rhs.begin;
      uint64_t rhsEnd = arguments[j].address + rhs.end;
      bool isEmpty = lhsBegin == lhsEnd || rhsBegin == rhsEnd;
      if (!isEmpty && lhsBegin < rhsEnd && rhsBegin < lhsEnd)
        return createStringError("the memory of arguments '" + params[j].name +
                                 "' and '" + params[i].name +
                                 "' overlaps, and one of them is written");
    }
  }
  return Error::success();
}

static Error checkRequirements(const ManifestKernel &kernel,
                               const HostBindings &bindings) {
  for (const HostExpr &requirement : kernel.requirements) {
    Expected<bool> holds = requirement.evaluateBool(bindings);
    if (!holds)
      return createStringError("require(" + requirement.str() +
                               "): " + toString(holds.takeError()));
    if (*holds)
      continue;
    std::string values;
    StringSet<> named;
    requirement.forEachName([&](StringRef name) {
      auto it = bindings.values.find(name);
      if (it == bindings.values.end() || !it->second.isInteger() ||
          !named.insert(name).second)
        return;
      values += (values.empty() ? "" : ", ") + name.str() + " = " +
                std::to_string(it->second.getInteger());
    });
    return createStringError("'" + kernel.instance + "' requires " +
                             requirement.str() +
                             (values.empty() ? "" : ", got " + values));
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Variant, grid and parameters
//===----------------------------------------------------------------------===//

/// The first precondition that does not hold; null if all do.
static const HostExpr *findBroken(const ManifestVariant &variant,
                                  const HostBindings &bindings) {
  for (const HostExpr &precondition : variant.preconditions) {
    Expected<bool> holds = precondition.evaluateBool(bindings);
    if (holds && *holds)
      continue;
    // What cannot be computed is not known to hold.
    if (!holds)
      consumeError(holds.takeError());
    return &precondition;
  }
  return nullptr;
}

static Expected<const ManifestVariant *>
chooseVariant(const ManifestKernel &kernel, const HostBindings &bindings,
              std::optional<StringRef> wanted) {
  const HostExpr *broken = nullptr;
  for (const ManifestVariant &variant : kernel.variants) {
    if (wanted && variant.name != *wanted)
      continue;
    broken = findBroken(variant, bindings);
    if (!broken)
      return &variant;
  }
  std::string which = wanted ? ("variant '" + *wanted + "' of '").str() : "'";
  if (!broken)
    return createStringError(which + kernel.instance + "' does not exist");
  return createStringError(which + kernel.instance + "' needs " +
                           broken->str());
}

/// Sets the grid of `plan`. Returns the extents as the kernel sees them, which
/// differ where the axes are launched as one.
static Expected<std::array<int64_t, 3>>
computeGrid(const ManifestKernel &kernel, const HostBindings &bindings,
            LaunchPlan &plan) {
  for (auto [axis, expr] : enumerate(kernel.grid)) {
    Expected<int64_t> extent = expr.evaluateInteger(bindings);
    if (!extent)
      return createStringError("grid(" + expr.str() +
                               "): " + toString(extent.takeError()));
    if (*extent < 0)
      return createStringError("grid extent " + expr.str() + " is " +
                               Twine(*extent));
    plan.grid[axis] = *extent;
  }
  std::array<int64_t, 3> extents = plan.grid;
  plan.isEmpty = is_contained(plan.grid, 0);
  if (plan.isEmpty)
    return extents;
  constexpr int64_t kMaxX = INT32_MAX, kMaxYZ = UINT16_MAX;
  std::array<int64_t, 3> limits = {kMaxX, kMaxYZ, kMaxYZ};
  if (plan.variant->hasLinearGrid) {
    int64_t product;
    if (MulOverflow(plan.grid[0], plan.grid[1], product) ||
        MulOverflow(product, plan.grid[2], product))
      product = INT64_MAX;
    plan.grid = {product, 1, 1};
  }
  for (auto [axis, extent] : enumerate(plan.grid))
    if (extent > limits[axis])
      return createStringError(
          "the grid needs " + Twine(extent) + " programs along axis " +
          Twine(axis) + ", but the device has at most " + Twine(limits[axis]));
  return extents;
}

static uint64_t packScalar(const ManifestParam &param,
                           const LaunchArgument &argument) {
  uint64_t cell = 0;
  if (param.isPointer)
    return argument.address;
  if (isFloat(param.dtype))
    writeDouble(param.dtype, &cell, argument.value.getFloat());
  else
    writeInteger(param.dtype, &cell, argument.value.getInteger());
  return cell;
}

static uint64_t packCell(const AbiSlot &slot, ArrayRef<ManifestParam> params,
                         ArrayRef<LaunchArgument> arguments,
                         const std::array<int64_t, 3> &gridExtents) {
  switch (slot.kind) {
  case AbiSlot::Kind::Address:
    return arguments[slot.param].address;
  case AbiSlot::Kind::Dim:
    return arguments[slot.param].shape[slot.dim];
  case AbiSlot::Kind::Stride:
    return arguments[slot.param].strides[slot.dim];
  case AbiSlot::Kind::Scalar:
    return packScalar(params[slot.param], arguments[slot.param]);
  case AbiSlot::Kind::GridExtent:
    return gridExtents[slot.dim];
  case AbiSlot::Kind::Workspace:
    return 0;
  }
  llvm_unreachable("all kinds of slots are listed");
}

void LaunchPlan::setWorkspace(uint64_t address) {
  for (auto [slot, cell] : zip_equal(variant->abi, cells))
    if (slot.kind == AbiSlot::Kind::Workspace)
      cell = address;
}

Expected<LaunchPlan>
mlir::tk::planLaunch(const ManifestKernel &kernel,
                     ArrayRef<LaunchArgument> arguments, int64_t numSms,
                     std::optional<StringRef> variantName) {
  Expected<HostBindings> bindings = bindArguments(kernel, arguments, numSms);
  if (!bindings)
    return bindings.takeError();
  if (Error error = checkOverlaps(kernel.params, arguments))
    return std::move(error);
  if (Error error = checkRequirements(kernel, *bindings))
    return std::move(error);
  LaunchPlan plan;
  Expected<const ManifestVariant *> variant =
      chooseVariant(kernel, *bindings, variantName);
  if (!variant)
    return variant.takeError();
  plan.variant = *variant;
  Expected<std::array<int64_t, 3>> gridExtents =
      computeGrid(kernel, *bindings, plan);
  if (!gridExtents)
    return gridExtents.takeError();
  Expected<int64_t> workspaceBytes =
      kernel.workspace.bytes.evaluateInteger(*bindings);
  if (!workspaceBytes)
    return createStringError("workspace: " +
                             toString(workspaceBytes.takeError()));
  plan.workspaceBytes = *workspaceBytes;
  for (const AbiSlot &slot : plan.variant->abi)
    plan.cells.push_back(
        packCell(slot, kernel.params, arguments, *gridExtents));
  return plan;
}
