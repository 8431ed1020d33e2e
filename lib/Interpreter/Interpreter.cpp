//===- Interpreter.cpp - running tk kernels on the CPU --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Interpreter/Interpreter.h"
#include "Builder.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <chrono>
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// KernelArgument
//===----------------------------------------------------------------------===//

KernelArgument KernelArgument::tensor(DType dtype, void *data,
                                      ArrayRef<int64_t> shape,
                                      ArrayRef<int64_t> strides,
                                      MutableArrayRef<uint8_t> memory) {
  KernelArgument argument;
  argument.kind = Kind::Tensor;
  argument.dtype = dtype;
  argument.data = data;
  argument.shape.assign(shape.begin(), shape.end());
  argument.strides.assign(strides.begin(), strides.end());
  argument.memory = memory;
  return argument;
}

KernelArgument KernelArgument::pointer(DType dtype, void *data,
                                       MutableArrayRef<uint8_t> memory) {
  KernelArgument argument;
  argument.kind = Kind::Pointer;
  argument.dtype = dtype;
  argument.data = data;
  argument.memory = memory;
  return argument;
}

KernelArgument KernelArgument::integer(int64_t value) {
  KernelArgument argument;
  argument.kind = Kind::Scalar;
  argument.integerValue = value;
  argument.floatValue = static_cast<double>(value);
  return argument;
}

KernelArgument KernelArgument::number(double value) {
  KernelArgument argument;
  argument.kind = Kind::Scalar;
  argument.floatValue = value;
  return argument;
}

KernelArgument KernelArgument::absent() { return {}; }

//===----------------------------------------------------------------------===//
// Checking arguments
//===----------------------------------------------------------------------===//

/// Whether elements of `dtype` in memory are what the kernel sees as `kind`.
static bool isCompatible(DType dtype, ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
    return dtype == DType::Bool;
  case ElementKind::F16:
    return dtype == DType::F16;
  case ElementKind::BF16:
    return dtype == DType::BF16;
  case ElementKind::F32:
    return dtype == DType::F32;
  case ElementKind::F64:
    return dtype == DType::F64;
  case ElementKind::I8:
  case ElementKind::I16:
  case ElementKind::I32:
  case ElementKind::I64:
  case ElementKind::Pointer:
    return !isFloat(dtype) && dtype != DType::Bool &&
           getSizeInBytes(dtype) == getMemorySize(kind);
  }
  llvm_unreachable("all kinds are listed");
}

/// What does not fit about an argument; empty if all does.
static std::string checkArgument(const TileProgram::Parameter &parameter,
                                 const KernelArgument &argument) {
  using Kind = KernelArgument::Kind;
  std::string name = "'" + parameter.name + "'";
  if (argument.kind == Kind::Absent)
    return parameter.isOptional ? "" : name + " is not optional";
  auto view = dyn_cast<ViewType>(parameter.type);
  auto pointer = dyn_cast<PtrType>(parameter.type);
  if ((argument.kind == Kind::Tensor) != (view != nullptr) ||
      (argument.kind == Kind::Pointer) != (pointer != nullptr))
    return name + " expects a " +
           (view      ? "tensor"
            : pointer ? "pointer"
                      : "scalar");
  if (!view && !pointer)
    return "";
  Type element = view ? view.getElementType() : pointer.getElementType();
  ElementKind kind = *getElementKind(element);
  if (!isCompatible(argument.dtype, kind)) {
    std::string type;
    llvm::raw_string_ostream(type) << element;
    return name + " expects elements of type " + type + ", got " +
           getDTypeName(argument.dtype).str();
  }
  if (reinterpret_cast<uintptr_t>(argument.data) % getMemorySize(kind) != 0)
    return name + " is not aligned to its elements";
  if (!view)
    return "";
  if (static_cast<int64_t>(argument.shape.size()) != view.getRank())
    return name + " expects " + std::to_string(view.getRank()) +
           " dimensions, got " + std::to_string(argument.shape.size());
  for (auto [dim, extent] : llvm::enumerate(view.getShape()))
    if (!ShapedType::isDynamic(extent) && extent != argument.shape[dim])
      return name + " expects extent " + std::to_string(extent) +
             " in dimension " + std::to_string(dim) + ", got " +
             std::to_string(argument.shape[dim]);
  return "";
}

//===----------------------------------------------------------------------===//
// Frames
//===----------------------------------------------------------------------===//

/// Writes an argument into the prologue of the frames.
static void writeArgument(const RunMemory &memory,
                          const TileProgram::Parameter &parameter,
                          const KernelArgument &argument, char *prologue) {
  char *to = prologue + parameter.offset;
  uint64_t address = reinterpret_cast<uint64_t>(argument.data);
  FatPointer pointer = memory.makePointer(address);
  if (argument.kind == KernelArgument::Kind::Absent)
    pointer = {0, kAbsentArgument};
  if (isa<ViewType>(parameter.type)) {
    ViewValue view = {};
    view.base = pointer;
    llvm::copy(argument.shape, view.extents);
    llvm::copy(argument.strides, view.strides);
    std::memcpy(to, &view, sizeof(view));
    return;
  }
  if (isa<PtrType>(parameter.type)) {
    std::memcpy(to, &pointer, sizeof(pointer));
    return;
  }
  dispatchNumber(*getElementKind(parameter.type), [&](auto zero) {
    using T = decltype(zero);
    T value;
    if constexpr (isFloatType<T>)
      value = roundTo<T>(argument.floatValue);
    else if (parameter.type.isInteger(1))
      value = argument.integerValue != 0;
    else
      value = static_cast<T>(argument.integerValue);
    std::memcpy(to, &value, sizeof(value));
  });
}

//===----------------------------------------------------------------------===//
// CompiledKernel
//===----------------------------------------------------------------------===//

CompiledKernel::CompiledKernel(FunctionOpInterface kernel,
                               std::unique_ptr<TileProgram> program)
    : kernel(kernel), program(std::move(program)) {}
CompiledKernel::CompiledKernel(CompiledKernel &&) = default;
CompiledKernel &CompiledKernel::operator=(CompiledKernel &&) = default;
CompiledKernel::~CompiledKernel() = default;

FailureOr<CompiledKernel> CompiledKernel::compile(FunctionOpInterface kernel) {
  FailureOr<std::unique_ptr<TileProgram>> program =
      ProgramBuilder::build(kernel);
  if (failed(program))
    return failure();
  return CompiledKernel(kernel, std::move(*program));
}

/// The extent as the kernel spells it, "N - 5".
static std::string describeAxis(Operation &function, unsigned axis) {
  auto kernel = dyn_cast<KernelOp>(function);
  ArrayAttr exprs = kernel ? kernel.getGridAttr() : ArrayAttr();
  if (!exprs || axis >= exprs.size())
    return "of axis " + std::to_string(axis);
  return cast<StringAttr>(exprs[axis]).getValue().str();
}

RunResult CompiledKernel::run(ArrayRef<KernelArgument> arguments,
                              std::array<int64_t, 3> grid,
                              const RunOptions &options,
                              ArrayRef<KernelArgument> reachable) const {
  RunResult result;
  auto refuse = [&](const std::string &message) {
    result.errors.push_back(
        {kernel->getLoc(), message, std::nullopt, "", 0, {0, 0, 0}});
    return std::move(result);
  };
  if (arguments.size() != program->parameters.size())
    return refuse("expects " + std::to_string(program->parameters.size()) +
                  " arguments, got " + std::to_string(arguments.size()));
  for (auto [parameter, argument] :
       llvm::zip_equal(program->parameters, arguments))
    if (std::string message = checkArgument(parameter, argument);
        !message.empty())
      return refuse(message);

  uint64_t numPrograms = 1;
  for (auto [axis, extent] : llvm::enumerate(grid)) {
    if (extent < 0)
      return refuse("grid extent " + describeAxis(*kernel, axis) + " is " +
                    std::to_string(extent));
    numPrograms = llvm::SaturatingMultiply<uint64_t>(numPrograms, extent);
  }
  if (numPrograms == 0)
    return result;
  if (numPrograms > std::numeric_limits<uint32_t>::max())
    return refuse("the interpreter runs at most 2^32 - 1 programs");

  auto begin = std::chrono::steady_clock::now();
  GridRun gridRun(*program, grid, options);
  for (auto [parameter, argument] :
       llvm::zip_equal(program->parameters, arguments))
    if (!argument.memory.empty())
      gridRun.memory.add(argument, parameter.name,
                         parameter.access == ParamAccess::Read);
  for (const KernelArgument &argument : reachable)
    gridRun.memory.add(argument, "memory behind a pointer",
                       /*isReadOnly=*/false);
  gridRun.memory.finish(options.detectRaces);

  std::vector<char> prologue = program->prologue;
  for (auto [parameter, argument] :
       llvm::zip_equal(program->parameters, arguments))
    writeArgument(gridRun.memory, parameter, argument, prologue.data());

  result.numInstructions = runPrograms(gridRun, prologue);
  result.numPrograms = numPrograms;
  result.errors = gridRun.errors.take();
  result.output = gridRun.output.take();
  result.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count();
  return result;
}
