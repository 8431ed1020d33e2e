//===- PtxLaunch.cpp - runs an entry of any PTX ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/PtxLaunch.h"
#include "PtxArguments.h"
#include "TestData.h"
#include "tk/Runtime/NpyFile.h"
#include "tk/Testing/Comparison.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

namespace {
/// A tensor with its place in device memory.
struct PlacedTensor {
  std::string name;
  HostTensor tensor;
  bool isInitialized;
  uint64_t address;
};

/// A tensor map and, once a parameter has asked for it, its place.
struct PlacedMap {
  std::string name;
  TensorMapBytes bytes;
  std::optional<uint64_t> address;
};

/// Makes the arguments of one launch and looks at what it wrote.
class LaunchBuilder {
public:
  LaunchBuilder(PtxDevice &device, const PtxLaunchText &text,
                const PtxFunction &entry)
      : device(device), text(text), entry(entry) {}

  Error build(EmulatorLaunch &launch);
  Error readOutputs();
  Error writeOutputs() const;
  /// "x f32[1000]  y f32[1000]".
  std::string describe() const;
  /// Compares with every expectation; appends what came of it.
  Expected<bool> compare(std::string &report) const;

private:
  Error parse();
  Error addTensor(const PtxBufferText &buffer, uint64_t stream);
  Error addMap(const PtxMapText &map);
  Error addReference(const PtxArgumentText &argument,
                     const PtxVariable &parameter, std::vector<uint8_t> &bytes);
  Error addArgument(unsigned index, EmulatorLaunch &launch);
  Error checkNames() const;
  const PlacedTensor *findTensor(StringRef name) const;
  Expected<const PlacedTensor *> getTensor(StringRef name,
                                           StringRef user) const;

  PtxDevice &device;
  const PtxLaunchText &text;
  const PtxFunction &entry;
  std::vector<PtxArgumentText> arguments;
  std::vector<PtxExpectationText> expectations;
  std::vector<PlacedTensor> tensors;
  std::vector<PlacedMap> maps;
};
} // namespace

static Error inOption(const Twine &option, Error error) {
  return createStringError(option + " " + toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

const PlacedTensor *LaunchBuilder::findTensor(StringRef name) const {
  auto found = find_if(
      tensors, [&](const PlacedTensor &tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Expected<const PlacedTensor *> LaunchBuilder::getTensor(StringRef name,
                                                        StringRef user) const {
  if (const PlacedTensor *tensor = findTensor(name))
    return tensor;
  SmallVector<StringRef> known;
  for (const PlacedTensor &tensor : tensors)
    known.push_back(tensor.name);
  return createStringError(
      user + ": no tensor is called '" + name + "'" +
      (known.empty() ? "" : ", only " + join(known, ", ")));
}

static Expected<HostTensor> makeTensor(const PtxBufferText &buffer,
                                       uint64_t stream) {
  if (buffer.data.kind == DataSource::Kind::File)
    return readNpyFile(buffer.data.path, buffer.dtype);
  Expected<HostTensor> tensor = HostTensor::create(buffer.dtype, buffer.dims);
  if (!tensor)
    return tensor.takeError();
  if (buffer.data.kind == DataSource::Kind::Unspecified)
    tensor->poison();
  else
    generate(*tensor, getGenerator(buffer.data), /*seed=*/0, stream);
  return tensor;
}

Error LaunchBuilder::addTensor(const PtxBufferText &buffer, uint64_t stream) {
  Expected<HostTensor> tensor = makeTensor(buffer, stream);
  if (!tensor)
    return createStringError("'" + buffer.name +
                             "': " + toString(tensor.takeError()));
  bool isInitialized = buffer.data.kind != DataSource::Kind::Unspecified;
  ArrayRef<uint8_t> memory = tensor->getMemory();
  Expected<uint64_t> address =
      device.allocate(std::max<size_t>(memory.size(), 1), buffer.name);
  if (!address)
    return address.takeError();
  if (Error error = device.write(*address, memory, isInitialized))
    return error;
  tensors.push_back({buffer.name, std::move(*tensor), isInitialized, *address});
  return Error::success();
}

static TensorMapType getTensorMapType(DType dtype) {
  switch (dtype) {
  case DType::Bool:
  case DType::I8:
  case DType::U8:
  case DType::F8E4M3:
  case DType::F8E5M2:
    return TensorMapType::U8;
  case DType::I16:
  case DType::U16:
    return TensorMapType::U16;
  case DType::I32:
    return TensorMapType::S32;
  case DType::U32:
    return TensorMapType::U32;
  case DType::I64:
    return TensorMapType::S64;
  case DType::U64:
    return TensorMapType::U64;
  case DType::F16:
    return TensorMapType::F16;
  case DType::BF16:
    return TensorMapType::BF16;
  case DType::F32:
    return TensorMapType::F32;
  case DType::F64:
    return TensorMapType::F64;
  }
  llvm_unreachable("all types are listed");
}

/// Copies `list`, if it was given, which must have `count` elements.
template <typename T>
static Error fill(const PtxMapText &map, StringRef key, ArrayRef<uint64_t> list,
                  size_t count, T &target) {
  if (list.empty())
    return Error::success();
  if (list.size() != count)
    return createStringError("tensor map '" + map.name + "': " + key +
                             " expects " + Twine(count) + " numbers, got " +
                             Twine(list.size()));
  copy(list, target.begin());
  return Error::success();
}

static Expected<TensorMap> makeTensorMap(const PtxMapText &map,
                                         const PlacedTensor &tensor) {
  TensorMap result;
  result.type = map.type.value_or(getTensorMapType(tensor.tensor.getDType()));
  result.address = tensor.address + map.offsetInBytes;
  result.swizzle = map.swizzle;
  result.fillsNaN = map.fillsNaN;
  // The first dimension of a map is the fastest.
  SmallVector<uint64_t, 5> extents = map.dims;
  if (extents.empty())
    append_range(extents, reverse(tensor.tensor.getShape()));
  if (extents.empty() || extents.size() > TensorMap::maxRank)
    return createStringError("tensor map '" + map.name +
                             "': has 1 to 5 dimensions, got " +
                             Twine(extents.size()));
  result.rank = extents.size();
  copy(extents, result.extents.begin());
  uint64_t pitch = extents[0] * getSizeInBytes(result.type);
  for (unsigned d = 1; d < result.rank; ++d) {
    result.strides[d - 1] = pitch;
    pitch *= extents[d];
  }
  if (map.box.empty())
    return createStringError("tensor map '" + map.name + "': 'box' is missing");
  if (Error error =
          fill(map, "strides", map.strides, result.rank - 1, result.strides))
    return std::move(error);
  if (Error error = fill(map, "box", map.box, result.rank, result.box))
    return std::move(error);
  if (Error error = fill(map, "element-strides", map.elementStrides,
                         result.rank, result.elementStrides))
    return std::move(error);
  return result;
}

Error LaunchBuilder::addMap(const PtxMapText &map) {
  Expected<const PlacedTensor *> tensor =
      getTensor(map.tensor, "tensor map '" + map.name + "'");
  if (!tensor)
    return tensor.takeError();
  Expected<TensorMap> made = makeTensorMap(map, **tensor);
  if (!made)
    return made.takeError();
  Expected<TensorMapBytes> bytes = device.encode(*made);
  if (!bytes)
    return createStringError("tensor map '" + map.name +
                             "': " + toString(bytes.takeError()));
  maps.push_back({map.name, *bytes, std::nullopt});
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Error LaunchBuilder::parse() {
  for (const std::string &argument : text.arguments) {
    Expected<PtxArgumentText> parsed = parsePtxArgument(argument);
    if (!parsed)
      return inOption("--arg", parsed.takeError());
    if (parsed->kind == PtxArgumentText::Kind::Buffer &&
        parsed->buffer.name.empty())
      parsed->buffer.name = "arg" + std::to_string(arguments.size());
    arguments.push_back(std::move(*parsed));
  }
  for (const std::string &expectation : text.expectations) {
    Expected<PtxExpectationText> parsed = parsePtxExpectation(expectation);
    if (!parsed)
      return inOption("--expect", parsed.takeError());
    expectations.push_back(std::move(*parsed));
  }
  if (arguments.size() != entry.parameters.size())
    return createStringError(
        "'" + entry.name + "' has " + Twine(entry.parameters.size()) +
        " parameters, but " + Twine(arguments.size()) + " are given by --arg");
  return Error::success();
}

/// A pointer to a tensor or a map, or a map itself.
Error LaunchBuilder::addReference(const PtxArgumentText &argument,
                                  const PtxVariable &parameter,
                                  std::vector<uint8_t> &bytes) {
  auto map = find_if(maps, [&](const PlacedMap &candidate) {
    return candidate.name == argument.reference;
  });
  uint64_t address;
  if (map == maps.end()) {
    Expected<const PlacedTensor *> tensor =
        getTensor(argument.reference, "--arg");
    if (!tensor)
      return tensor.takeError();
    address = (*tensor)->address;
  } else if (parameter.sizeInBytes == sizeof(TensorMapBytes)) {
    bytes.assign(map->bytes.begin(), map->bytes.end());
    return Error::success();
  } else {
    if (!map->address) {
      Expected<uint64_t> place =
          device.allocate(sizeof(TensorMapBytes), map->name);
      if (!place)
        return place.takeError();
      if (Error error = device.write(*place, map->bytes, true))
        return error;
      map->address = *place;
    }
    address = *map->address;
  }
  address += argument.offsetInBytes;
  const auto *raw = reinterpret_cast<const uint8_t *>(&address);
  bytes.assign(raw, raw + sizeof(address));
  return Error::success();
}

Error LaunchBuilder::addArgument(unsigned index, EmulatorLaunch &launch) {
  const PtxArgumentText &argument = arguments[index];
  const PtxVariable &parameter = entry.parameters[index];
  std::vector<uint8_t> bytes = argument.bytes;
  PtxArgumentText reference = argument;
  if (argument.kind == PtxArgumentText::Kind::Buffer)
    reference.reference = argument.buffer.name;
  if (argument.kind != PtxArgumentText::Kind::Bytes)
    if (Error error = addReference(reference, parameter, bytes))
      return error;
  if (bytes.size() != parameter.sizeInBytes)
    return createStringError(
        "parameter " + Twine(index) + " of '" + entry.name + "' has " +
        Twine(parameter.sizeInBytes) + " bytes, but '" + text.arguments[index] +
        "' has " + Twine(bytes.size()));
  launch.arguments.push_back(std::move(bytes));
  return Error::success();
}

Error LaunchBuilder::checkNames() const {
  llvm::StringSet<> names;
  auto add = [&](StringRef name) {
    return names.insert(name).second
               ? Error::success()
               : createStringError("'" + name + "' is declared twice");
  };
  for (const PlacedTensor &tensor : tensors)
    if (Error error = add(tensor.name))
      return error;
  for (const PlacedMap &map : maps)
    if (Error error = add(map.name))
      return error;
  for (const auto &[name, path] : text.outputs)
    if (Expected<const PlacedTensor *> found = getTensor(name, "--output");
        !found)
      return found.takeError();
  for (const PtxExpectationText &expectation : expectations)
    if (Expected<const PlacedTensor *> found =
            getTensor(expectation.name, "--expect");
        !found)
      return found.takeError();
  return Error::success();
}

Error LaunchBuilder::build(EmulatorLaunch &launch) {
  if (Error error = parse())
    return error;
  uint64_t stream = 0;
  for (const PtxArgumentText &argument : arguments) {
    ++stream;
    if (argument.kind == PtxArgumentText::Kind::Buffer)
      if (Error error = addTensor(argument.buffer, stream - 1))
        return error;
  }
  for (const std::string &buffer : text.buffers) {
    Expected<PtxBufferText> parsed = parsePtxBuffer(buffer);
    if (!parsed)
      return inOption("--buffer", parsed.takeError());
    if (Error error = addTensor(*parsed, stream++))
      return error;
  }
  std::vector<PtxMapText> mapTexts;
  if (!text.mapsFile.empty()) {
    Expected<std::vector<PtxMapText>> read = readPtxMaps(text.mapsFile);
    if (!read)
      return read.takeError();
    mapTexts = std::move(*read);
  }
  for (const std::string &map : text.maps) {
    Expected<PtxMapText> parsed = parsePtxMap(map);
    if (!parsed)
      return parsed.takeError();
    mapTexts.push_back(std::move(*parsed));
  }
  for (const PtxMapText &map : mapTexts)
    if (Error error = addMap(map))
      return error;
  if (Error error = checkNames())
    return error;
  launch.entry = text.entry;
  launch.grid = text.grid;
  launch.block = text.block;
  launch.cluster = text.cluster;
  launch.dynamicSharedBytes = text.sharedBytes;
  for (unsigned i = 0; i < arguments.size(); ++i)
    if (Error error = addArgument(i, launch))
      return error;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

Error LaunchBuilder::readOutputs() {
  for (PlacedTensor &tensor : tensors)
    if (Error error = device.read(tensor.address, tensor.tensor.getMemory()))
      return error;
  return Error::success();
}

Error LaunchBuilder::writeOutputs() const {
  for (const auto &[name, path] : text.outputs)
    if (Error error = writeNpyFile(path, findTensor(name)->tensor))
      return error;
  return Error::success();
}

std::string LaunchBuilder::describe() const {
  std::string result;
  for (const PlacedTensor &tensor : tensors)
    result += "  " + tensor.name + " " +
              getDTypeName(tensor.tensor.getDType()).str() +
              formatShape(tensor.tensor.getShape());
  return result;
}

static void describeComparison(std::string &report, StringRef name,
                               const PtxExpectationText &expectation,
                               const Comparison &comparison) {
  raw_string_ostream os(report);
  os << "  " << name << ": ";
  if (comparison.isExact)
    os << (comparison.passed ? "exact" : "not exact");
  else
    os << formatv("max err {0:F2} of the bound ({1})",
                  comparison.maxShareOfBound,
                  describeTolerance(expectation.check));
  if (!comparison.passed)
    os << "\n        " << name << formatShape(comparison.worstIndex) << " is "
       << comparison.found << ", expected " << comparison.expected << "; "
       << comparison.numFailures << " of " << comparison.numElements
       << " elements fail";
}

Expected<bool> LaunchBuilder::compare(std::string &report) const {
  bool passed = true;
  for (const PtxExpectationText &expectation : expectations) {
    const HostTensor &found = findTensor(expectation.name)->tensor;
    DType dtype = found.getDType();
    Expected<HostTensor> wanted = readNpyFile(expectation.path, dtype);
    if (!wanted)
      return wanted.takeError();
    if (wanted->getShape() != found.getShape())
      return createStringError(
          "'" + expectation.path + "': expects the shape " +
          formatShape(found.getShape()) + " of '" + expectation.name +
          "', got " + formatShape(wanted->getShape()));
    Expected<HostTensor> reference =
        wanted->convertTo(isFloat(dtype) ? DType::F64 : dtype);
    if (!reference)
      return reference.takeError();
    Comparison comparison =
        compareOutput(found, *reference, expectation.check, {});
    passed &= comparison.passed;
    describeComparison(report, expectation.name, expectation, comparison);
  }
  return passed;
}

static std::string formatDimensions(const PtxDimensions &dimensions) {
  return formatv("{0}x{1}x{2}", dimensions[0], dimensions[1], dimensions[2])
      .str();
}

/// The entry that is launched.
static Expected<const PtxFunction *> findEntry(const PtxModule &module,
                                               StringRef name) {
  SmallVector<StringRef> known;
  for (const PtxFunction &function : module.functions) {
    if (!function.isEntry || function.isDeclaration)
      continue;
    if (function.name == name)
      return &function;
    known.push_back(function.name);
  }
  return createStringError(
      "'" + module.fileName + "' has no entry '" + name +
      (known.empty() ? "', and no other" : "', only " + join(known, ", ")));
}

Expected<PtxLaunchOutcome> mlir::tk::runPtxLaunch(PtxDevice &device,
                                                  const PtxLaunchText &text,
                                                  StringRef ptx,
                                                  StringRef fileName) {
  Expected<std::unique_ptr<PtxModule>> module = parsePtx(ptx, fileName);
  if (!module)
    return module.takeError();
  Expected<const PtxFunction *> entry = findEntry(**module, text.entry);
  if (!entry)
    return entry.takeError();
  LaunchBuilder builder(device, text, **entry);
  EmulatorLaunch launch;
  if (Error error = builder.build(launch))
    return std::move(error);
  Expected<bool> ran = device.run(ptx, fileName, launch);
  if (!ran)
    return ran.takeError();
  if (Error error = builder.readOutputs())
    return std::move(error);
  if (Error error = builder.writeOutputs())
    return std::move(error);
  std::string report;
  Expected<bool> compared = builder.compare(report);
  if (!compared)
    return compared.takeError();
  PtxLaunchOutcome outcome;
  outcome.passed = *ran && *compared;
  std::string status = !*ran            ? "error"
                       : !*compared     ? "FAIL"
                       : report.empty() ? "runs   (nothing expected)"
                                        : "ok  ";
  outcome.text = "  entry " + text.entry + "  grid " +
                 formatDimensions(text.grid) + " block " +
                 formatDimensions(text.block) + builder.describe() + "   " +
                 status + report + "\n";
  return outcome;
}
