//===- Manifest.cpp - how a binary describes its kernels ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Manifest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Equality
//===----------------------------------------------------------------------===//

static bool areEqual(ArrayRef<HostExpr> lhs, ArrayRef<HostExpr> rhs) {
  return equal(lhs, rhs, [](const HostExpr &a, const HostExpr &b) {
    return a.str() == b.str();
  });
}

bool ManifestParam::operator==(const ManifestParam &other) const {
  return name == other.name && isTensor == other.isTensor &&
         isPointer == other.isPointer && dtype == other.dtype &&
         access == other.access && areEqual(dims, other.dims) &&
         aliases == other.aliases && isZeroed == other.isZeroed &&
         initialValue == other.initialValue;
}

bool ManifestVariant::operator==(const ManifestVariant &other) const {
  return name == other.name && symbol == other.symbol &&
         areEqual(preconditions, other.preconditions) && abi == other.abi &&
         blockSize == other.blockSize && clusterSize == other.clusterSize &&
         dynamicSharedBytes == other.dynamicSharedBytes &&
         hasLinearGrid == other.hasLinearGrid;
}

bool ManifestWorkspace::operator==(const ManifestWorkspace &other) const {
  return bytes.str() == other.bytes.str() && alignment == other.alignment &&
         isZeroed == other.isZeroed;
}

bool ManifestKernel::operator==(const ManifestKernel &other) const {
  return name == other.name && instance == other.instance &&
         params == other.params && areEqual(grid, other.grid) &&
         areEqual(requirements, other.requirements) &&
         workspace == other.workspace && variants == other.variants;
}

bool ManifestStepArgument::operator==(const ManifestStepArgument &other) const {
  auto getText = [](const std::optional<HostExpr> &expr) {
    return expr ? expr->str() : "";
  };
  return buffer == other.buffer && areEqual(dims, other.dims) &&
         areEqual(strides, other.strides) &&
         getText(scalar) == getText(other.scalar);
}

bool ManifestSequence::operator==(const ManifestSequence &other) const {
  return name == other.name && instance == other.instance &&
         params == other.params && temps == other.temps &&
         areEqual(requirements, other.requirements) && steps == other.steps;
}

bool Manifest::operator==(const Manifest &other) const {
  return target == other.target && kernels == other.kernels &&
         sequences == other.sequences && sourceHash == other.sourceHash &&
         source == other.source && imports == other.imports;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::string mlir::tk::formatAbiSlot(const AbiSlot &slot,
                                    ArrayRef<ManifestParam> params) {
  switch (slot.kind) {
  case AbiSlot::Kind::Address:
    return params[slot.param].name + ".address";
  case AbiSlot::Kind::Dim:
    return params[slot.param].name + ".dim" + std::to_string(slot.dim);
  case AbiSlot::Kind::Stride:
    return params[slot.param].name + ".stride" + std::to_string(slot.dim);
  case AbiSlot::Kind::Scalar:
    return params[slot.param].name;
  case AbiSlot::Kind::GridExtent:
    return "grid." + std::to_string(slot.dim);
  case AbiSlot::Kind::Workspace:
    return "workspace";
  }
  llvm_unreachable("all kinds of slots are listed");
}

std::optional<AbiSlot> mlir::tk::parseAbiSlot(StringRef text,
                                              ArrayRef<ManifestParam> params) {
  // A parameter named like the workspace comes first.
  StringRef name = text.split('.').first;
  StringRef property = text.split('.').second;
  const ManifestParam *param =
      find_if(params, [&](const ManifestParam &p) { return p.name == name; });
  if (param == params.end()) {
    if (text == "workspace")
      return AbiSlot{AbiSlot::Kind::Workspace};
    AbiSlot slot{AbiSlot::Kind::GridExtent};
    if (name == "grid" && !property.getAsInteger(10, slot.dim) && slot.dim < 3)
      return slot;
    return std::nullopt;
  }
  AbiSlot slot{AbiSlot::Kind::Scalar};
  slot.param = param - params.begin();
  if (property.empty())
    return param->isTensor ? std::nullopt : std::optional(slot);
  slot.kind = AbiSlot::Kind::Address;
  if (property == "address")
    return slot;
  if (property.consume_front("dim"))
    slot.kind = AbiSlot::Kind::Dim;
  else if (property.consume_front("stride"))
    slot.kind = AbiSlot::Kind::Stride;
  else
    return std::nullopt;
  if (property.getAsInteger(10, slot.dim) || slot.dim >= param->dims.size())
    return std::nullopt;
  return slot;
}

std::string mlir::tk::hashSource(StringRef source,
                                 ArrayRef<EmbeddedFile> imports) {
  std::string text = source.str();
  // A null between the files, as none contains one.
  for (const EmbeddedFile &file : imports)
    (text += '\0') += file.text;
  return utohexstr(xxh3_64bits(text), /*LowerCase=*/true, /*Width=*/16);
}

const ManifestKernel *Manifest::findInstance(StringRef instance) const {
  for (const ManifestKernel &kernel : kernels)
    if (kernel.instance == instance)
      return &kernel;
  return nullptr;
}

Error Manifest::checkSequences() const {
  for (const ManifestSequence &sequence : sequences)
    for (const ManifestStep &step : sequence.steps) {
      const ManifestKernel *kernel = findInstance(step.kernel);
      if (!kernel)
        return createStringError("bad manifest: the sequence '" +
                                 sequence.instance + "' launches '" +
                                 step.kernel + "', which is not there");
      if (kernel->params.size() != step.arguments.size())
        return createStringError(
            "bad manifest: the sequence '" + sequence.instance + "' gives '" +
            step.kernel + "' " + Twine(step.arguments.size()) +
            " arguments, but it has " + Twine(kernel->params.size()));
    }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static json::Array writeExprs(ArrayRef<HostExpr> exprs) {
  json::Array array;
  for (const HostExpr &expr : exprs)
    array.push_back(expr.toJSON());
  return array;
}

std::string mlir::tk::formatInitialValue(double value) {
  // Seventeen digits tell every number of 64 bits.
  std::string text;
  raw_string_ostream(text) << format("%.17g", value);
  return text;
}

static json::Value writeParam(const ManifestParam &param) {
  json::Object object{
      {"name", param.name},
      {"kind", param.isTensor ? "tensor" : "scalar"},
      {"dtype", getDTypeName(param.dtype)},
      {"access", stringifyParamAccess(param.access)},
  };
  if (param.isPointer)
    object["pointer"] = true;
  if (param.isTensor)
    object["dims"] = writeExprs(param.dims);
  if (param.isZeroed)
    object["zeroed"] = true;
  // JSON has no infinities.
  if (param.initialValue)
    object["init"] = formatInitialValue(*param.initialValue);
  if (!param.aliases.empty())
    object["aliases"] = json::Array(param.aliases);
  return object;
}

static json::Value writeVariant(const ManifestVariant &variant,
                                ArrayRef<ManifestParam> params) {
  json::Array abi;
  for (const AbiSlot &slot : variant.abi)
    abi.push_back(formatAbiSlot(slot, params));
  return json::Object{
      {"name", variant.name},
      {"symbol", variant.symbol},
      {"preconditions", writeExprs(variant.preconditions)},
      {"abi", std::move(abi)},
      {"block", json::Array(variant.blockSize)},
      {"cluster", json::Array(variant.clusterSize)},
      {"dynamic_shared_bytes", variant.dynamicSharedBytes},
      {"linear_grid", variant.hasLinearGrid},
  };
}

static json::Value writeKernel(const ManifestKernel &kernel) {
  json::Array params, variants;
  for (const ManifestParam &param : kernel.params)
    params.push_back(writeParam(param));
  for (const ManifestVariant &variant : kernel.variants)
    variants.push_back(writeVariant(variant, kernel.params));
  return json::Object{
      {"name", kernel.name},
      {"instance", kernel.instance},
      {"params", std::move(params)},
      {"grid", writeExprs(kernel.grid)},
      {"require", writeExprs(kernel.requirements)},
      {"workspace", json::Object{{"bytes", kernel.workspace.bytes.toJSON()},
                                 {"alignment", kernel.workspace.alignment},
                                 {"zeroed", kernel.workspace.isZeroed}}},
      {"variants", std::move(variants)},
  };
}

static json::Value writeStep(const ManifestStep &step) {
  json::Array arguments;
  for (const ManifestStepArgument &argument : step.arguments) {
    if (argument.scalar) {
      arguments.push_back(json::Object{{"scalar", argument.scalar->toJSON()}});
      continue;
    }
    json::Object object{{"buffer", argument.buffer}};
    if (!argument.strides.empty()) {
      object["dims"] = writeExprs(argument.dims);
      object["strides"] = writeExprs(argument.strides);
    }
    arguments.push_back(std::move(object));
  }
  return json::Object{{"kernel", step.kernel},
                      {"arguments", std::move(arguments)}};
}

static json::Value writeSequence(const ManifestSequence &sequence) {
  json::Array params, temps, steps;
  for (const ManifestParam &param : sequence.params)
    params.push_back(writeParam(param));
  for (const ManifestParam &temp : sequence.temps)
    temps.push_back(writeParam(temp));
  for (const ManifestStep &step : sequence.steps)
    steps.push_back(writeStep(step));
  return json::Object{
      {"name", sequence.name},
      {"instance", sequence.instance},
      {"params", std::move(params)},
      {"temps", std::move(temps)},
      {"require", writeExprs(sequence.requirements)},
      {"steps", std::move(steps)},
  };
}

static json::Array writeImports(ArrayRef<EmbeddedFile> imports) {
  json::Array files;
  for (const EmbeddedFile &file : imports) {
    json::Array importers;
    for (const EmbeddedFile::Importer &importer : file.importers)
      importers.push_back(
          json::Object{{"file", static_cast<int64_t>(importer.file)},
                       {"path", json::fixUTF8(importer.path)}});
    files.push_back(json::Object{{"name", json::fixUTF8(file.name)},
                                 {"text", json::fixUTF8(file.text)},
                                 {"importers", std::move(importers)}});
  }
  return files;
}

std::string Manifest::toJSON() const {
  json::Array kernelArray, sequenceArray;
  for (const ManifestKernel &kernel : kernels)
    kernelArray.push_back(writeKernel(kernel));
  for (const ManifestSequence &sequence : sequences)
    sequenceArray.push_back(writeSequence(sequence));
  json::Object object{
      {"schema", kSchemaVersion},
      {"target", target},
      {"kernels", std::move(kernelArray)},
  };
  if (!sequences.empty())
    object["sequences"] = std::move(sequenceArray);
  if (!sourceHash.empty())
    object["source_hash"] = sourceHash;
  // JSON is UTF-8, and so is what the front end accepts.
  if (!source.empty())
    object["source"] = json::fixUTF8(source);
  if (!imports.empty())
    object["imports"] = writeImports(imports);
  // Objects print their keys in order.
  std::string text;
  raw_string_ostream os(text);
  os << json::Value(std::move(object));
  return text;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// Reads fields of nested objects and remembers the first mistake, with the
/// path to it: "kernels[0].variants[1].block". After a mistake every answer is
/// empty.
class Reader {
public:
  Error takeError() {
    if (problem.empty())
      return Error::success();
    return createStringError("bad manifest: " + problem);
  }

  void fail(const Twine &path, const Twine &expectation) {
    if (problem.empty())
      problem = ("'" + path + "' is missing or is not " + expectation).str();
  }

  std::string getString(const json::Object &object, StringRef key,
                        const Twine &path) {
    if (std::optional<StringRef> value = object.getString(key))
      return value->str();
    fail(path + key, "a string");
    return "";
  }

  int64_t getInteger(const json::Object &object, StringRef key,
                     const Twine &path) {
    if (std::optional<int64_t> value = object.getInteger(key))
      return *value;
    fail(path + key, "an integer");
    return 0;
  }

  /// Absent means false.
  bool getFlag(const json::Object &object, StringRef key, const Twine &path) {
    const json::Value *value = object.get(key);
    if (!value)
      return false;
    if (std::optional<bool> flag = value->getAsBoolean())
      return *flag;
    fail(path + key, "a truth value");
    return false;
  }

  /// Calls `action` with each element that is an object, and its path.
  void forEachObject(
      const json::Object &object, StringRef key, const Twine &path,
      function_ref<void(const json::Object &, const Twine &)> action) {
    const json::Array *array = object.getArray(key);
    if (!array)
      return fail(path + key, "an array");
    for (auto [index, value] : enumerate(*array)) {
      std::string elementPath = (path + key + "[" + Twine(index) + "].").str();
      if (const json::Object *element = value.getAsObject())
        action(*element, elementPath);
      else
        fail(elementPath, "an object");
    }
  }

  std::vector<HostExpr> getExprs(const json::Object &object, StringRef key,
                                 const Twine &path) {
    std::vector<HostExpr> exprs;
    const json::Array *array = object.getArray(key);
    if (!array)
      fail(path + key, "an array");
    else
      for (const json::Value &value : *array)
        exprs.push_back(readExpr(value, path + key));
    return exprs;
  }

  HostExpr readExpr(const json::Value &value, const Twine &path) {
    Expected<HostExpr> expr = HostExpr::fromJSON(value);
    if (expr)
      return *expr;
    consumeError(expr.takeError());
    fail(path, "made of host expressions");
    return HostExpr::integer(0);
  }

  std::array<int64_t, 3> getExtents(const json::Object &object, StringRef key,
                                    const Twine &path) {
    std::array<int64_t, 3> extents = {1, 1, 1};
    const json::Array *array = object.getArray(key);
    if (!array || array->size() != 3) {
      fail(path + key, "an array of three integers");
      return extents;
    }
    for (auto [extent, value] : zip_equal(extents, *array)) {
      std::optional<int64_t> integer = value.getAsInteger();
      if (!integer || *integer < 1 || *integer > kMaxExtent)
        fail(path + key, "an array of three integers from 1 to 1024");
      extent = integer.value_or(1);
    }
    return extents;
  }

private:
  /// No chip has larger blocks or clusters.
  static constexpr int64_t kMaxExtent = 1024;

  std::string problem;
};
} // namespace

static ManifestParam readParam(Reader &reader, const json::Object &object,
                               const Twine &path) {
  ManifestParam param;
  param.name = reader.getString(object, "name", path);
  param.isTensor = reader.getString(object, "kind", path) == "tensor";
  param.isPointer = reader.getFlag(object, "pointer", path);
  param.isZeroed = reader.getFlag(object, "zeroed", path);
  if (object.get("init")) {
    std::string text = reader.getString(object, "init", path);
    if (StringRef(text).getAsDouble(param.initialValue.emplace()))
      reader.fail(path + "init", "a number as text");
  }
  if (auto dtype = parseDTypeName(reader.getString(object, "dtype", path)))
    param.dtype = *dtype;
  else
    reader.fail(path + "dtype", "an element type");
  if (auto access = parseParamAccess(reader.getString(object, "access", path)))
    param.access = *access;
  else
    reader.fail(path + "access", "read, mut, out or temp");
  if (param.isTensor)
    param.dims = reader.getExprs(object, "dims", path);
  if (const json::Array *aliases = object.getArray("aliases"))
    for (const json::Value &alias : *aliases)
      param.aliases.push_back(alias.getAsString().value_or("").str());
  return param;
}

static ManifestVariant readVariant(Reader &reader, const json::Object &object,
                                   const Twine &path,
                                   ArrayRef<ManifestParam> params) {
  ManifestVariant variant;
  variant.name = reader.getString(object, "name", path);
  variant.symbol = reader.getString(object, "symbol", path);
  variant.preconditions = reader.getExprs(object, "preconditions", path);
  variant.blockSize = reader.getExtents(object, "block", path);
  variant.clusterSize = reader.getExtents(object, "cluster", path);
  variant.dynamicSharedBytes =
      reader.getInteger(object, "dynamic_shared_bytes", path);
  variant.hasLinearGrid = reader.getFlag(object, "linear_grid", path);
  const json::Array *abi = object.getArray("abi");
  if (!abi) {
    reader.fail(path + "abi", "an array");
    return variant;
  }
  for (const json::Value &value : *abi) {
    if (auto slot = parseAbiSlot(value.getAsString().value_or(""), params))
      variant.abi.push_back(*slot);
    else
      reader.fail(path + "abi", "made of parameters such as \"x.stride0\"");
  }
  return variant;
}

static ManifestKernel readKernel(Reader &reader, const json::Object &object,
                                 const Twine &path) {
  ManifestKernel kernel;
  kernel.name = reader.getString(object, "name", path);
  kernel.instance = reader.getString(object, "instance", path);
  reader.forEachObject(object, "params", path,
                       [&](const json::Object &param, const Twine &p) {
                         kernel.params.push_back(readParam(reader, param, p));
                       });
  kernel.grid = reader.getExprs(object, "grid", path);
  if (kernel.grid.empty() || kernel.grid.size() > 3)
    reader.fail(path + "grid", "an array of one to three expressions");
  kernel.requirements = reader.getExprs(object, "require", path);
  if (const json::Object *workspace = object.getObject("workspace")) {
    std::string workspacePath = (path + "workspace.").str();
    if (const json::Value *bytes = workspace->get("bytes"))
      kernel.workspace.bytes = reader.readExpr(*bytes, workspacePath + "bytes");
    kernel.workspace.alignment =
        reader.getInteger(*workspace, "alignment", workspacePath);
    kernel.workspace.isZeroed =
        reader.getFlag(*workspace, "zeroed", workspacePath);
  } else {
    reader.fail(path + "workspace", "an object");
  }
  reader.forEachObject(object, "variants", path,
                       [&](const json::Object &variant, const Twine &p) {
                         kernel.variants.push_back(
                             readVariant(reader, variant, p, kernel.params));
                       });
  return kernel;
}

static ManifestStep readStep(Reader &reader, const json::Object &object,
                             const Twine &path) {
  ManifestStep step;
  step.kernel = reader.getString(object, "kernel", path);
  reader.forEachObject(
      object, "arguments", path,
      [&](const json::Object &entry, const Twine &entryPath) {
        ManifestStepArgument &argument = step.arguments.emplace_back();
        if (const json::Value *scalar = entry.get("scalar")) {
          argument.scalar = reader.readExpr(*scalar, entryPath + "scalar");
          return;
        }
        argument.buffer = reader.getString(entry, "buffer", entryPath);
        if (!entry.get("dims"))
          return;
        argument.dims = reader.getExprs(entry, "dims", entryPath);
        argument.strides = reader.getExprs(entry, "strides", entryPath);
        if (argument.dims.size() != argument.strides.size())
          reader.fail(entryPath + "strides", "as long as 'dims'");
      });
  return step;
}

static ManifestSequence readSequence(Reader &reader, const json::Object &object,
                                     const Twine &path) {
  ManifestSequence sequence;
  sequence.name = reader.getString(object, "name", path);
  sequence.instance = reader.getString(object, "instance", path);
  for (auto [key, params] : {std::make_pair("params", &sequence.params),
                             std::make_pair("temps", &sequence.temps)})
    reader.forEachObject(
        object, key, path,
        [&, params = params](const json::Object &param, const Twine &p) {
          params->push_back(readParam(reader, param, p));
        });
  sequence.requirements = reader.getExprs(object, "require", path);
  reader.forEachObject(object, "steps", path,
                       [&](const json::Object &step, const Twine &p) {
                         sequence.steps.push_back(readStep(reader, step, p));
                       });
  return sequence;
}

static EmbeddedFile readImport(Reader &reader, const json::Object &object,
                               const Twine &path) {
  EmbeddedFile file;
  file.name = reader.getString(object, "name", path);
  file.text = reader.getString(object, "text", path);
  reader.forEachObject(
      object, "importers", path,
      [&](const json::Object &importer, const Twine &p) {
        file.importers.push_back(
            {static_cast<size_t>(reader.getInteger(importer, "file", p)),
             reader.getString(importer, "path", p)});
      });
  return file;
}

Expected<Manifest> Manifest::fromJSON(StringRef text) {
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return createStringError("bad manifest: " + toString(value.takeError()));
  const json::Object *object = value->getAsObject();
  if (!object)
    return createStringError("bad manifest: expects an object");
  // Fields of another version may have another meaning: look at nothing else.
  std::optional<int64_t> schema = object->getInteger("schema");
  if (schema && *schema != kSchemaVersion)
    return createStringError("the manifest has schema version " +
                             Twine(*schema) + ", but this program knows " +
                             Twine(kSchemaVersion));
  Reader reader;
  Manifest manifest;
  reader.getInteger(*object, "schema", "");
  manifest.target = reader.getString(*object, "target", "");
  reader.forEachObject(*object, "kernels", "",
                       [&](const json::Object &kernel, const Twine &path) {
                         manifest.kernels.push_back(
                             readKernel(reader, kernel, path));
                       });
  if (object->get("sequences"))
    reader.forEachObject(*object, "sequences", "",
                         [&](const json::Object &sequence, const Twine &path) {
                           manifest.sequences.push_back(
                               readSequence(reader, sequence, path));
                         });
  manifest.sourceHash = object->getString("source_hash").value_or("").str();
  manifest.source = object->getString("source").value_or("").str();
  if (object->get("imports"))
    reader.forEachObject(*object, "imports", "",
                         [&](const json::Object &file, const Twine &path) {
                           manifest.imports.push_back(
                               readImport(reader, file, path));
                         });
  if (Error error = reader.takeError())
    return std::move(error);
  return manifest;
}
