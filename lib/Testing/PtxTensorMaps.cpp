//===- PtxTensorMaps.cpp - tensor maps as text and as JSON ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both spellings become a list of keys and values:
//
//   --map m=x,box=64x16,swizzle=128B
//   {"m": {"tensor": "x", "box": [64, 16], "swizzle": "128B"}}

#include "PtxArguments.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

static constexpr std::pair<StringLiteral, TensorMapType> kTypes[] = {
    {"u8", TensorMapType::U8},           {"u16", TensorMapType::U16},
    {"u32", TensorMapType::U32},         {"i32", TensorMapType::S32},
    {"u64", TensorMapType::U64},         {"i64", TensorMapType::S64},
    {"f16", TensorMapType::F16},         {"f32", TensorMapType::F32},
    {"f64", TensorMapType::F64},         {"bf16", TensorMapType::BF16},
    {"f32.ftz", TensorMapType::F32Ftz},  {"tf32", TensorMapType::TF32},
    {"tf32.ftz", TensorMapType::TF32Ftz}};

static constexpr StringLiteral kKeys[] = {
    "dims",    "strides", "box",        "element-strides", "type",
    "swizzle", "fill",    "interleave", "offset"};

static Error failMap(StringRef map, const Twine &message) {
  return createStringError("tensor map '" + map + "': " + message);
}

static Error setType(PtxMapText &map, StringRef value) {
  SmallVector<StringRef> known;
  for (auto &[name, type] : kTypes) {
    if (name == value)
      map.type = type;
    known.push_back(name);
  }
  if (map.type)
    return Error::success();
  return failMap(map.name, "no type is called '" + value +
                               "', expects one of " + join(known, ", "));
}

static Error setSwizzle(PtxMapText &map, StringRef value) {
  auto swizzle = llvm::StringSwitch<std::optional<TensorMapSwizzle>>(value)
                     .Case("none", TensorMapSwizzle::None)
                     .Case("32B", TensorMapSwizzle::Bytes32)
                     .Case("64B", TensorMapSwizzle::Bytes64)
                     .Case("128B", TensorMapSwizzle::Bytes128)
                     .Default(std::nullopt);
  if (!swizzle)
    return failMap(map.name, "no swizzle is called '" + value +
                                 "', expects none, 32B, 64B or 128B");
  map.swizzle = *swizzle;
  return Error::success();
}

static Error setWord(PtxMapText &map, StringRef key, StringRef value) {
  if (key == "type")
    return setType(map, value);
  if (key == "swizzle")
    return setSwizzle(map, value);
  if (key == "fill") {
    map.fillsNaN = value == "nan";
    if (value == "zero" || value == "nan")
      return Error::success();
    return failMap(map.name,
                   "no fill is called '" + value + "', expects zero or nan");
  }
  if (key == "interleave") {
    if (value == "none")
      return Error::success();
    return failMap(map.name,
                   "interleave '" + value + "' is not supported, expects none");
  }
  assert(key == "offset" && "all keys of words are listed");
  if (value.getAsInteger(0, map.offsetInBytes))
    return failMap(map.name, "offset '" + value + "' is not a number of bytes");
  return Error::success();
}

/// The list that a key sets, or null if it sets a word.
static SmallVector<uint64_t, 5> *getList(PtxMapText &map, StringRef key) {
  return llvm::StringSwitch<SmallVector<uint64_t, 5> *>(key)
      .Case("dims", &map.dims)
      .Case("strides", &map.strides)
      .Case("box", &map.box)
      .Case("element-strides", &map.elementStrides)
      .Default(nullptr);
}

static Error checkKey(const PtxMapText &map, StringRef key) {
  if (is_contained(kKeys, key))
    return Error::success();
  SmallVector<StringRef> known(std::begin(kKeys), std::end(kKeys));
  return failMap(map.name, "nothing is called '" + key + "', expects one of " +
                               join(known, ", "));
}

static Error setList(PtxMapText &map, StringRef key,
                     ArrayRef<StringRef> items) {
  SmallVector<uint64_t, 5> &list = *getList(map, key);
  list.clear();
  for (StringRef item : items) {
    uint64_t number;
    if (item.trim().getAsInteger(0, number))
      return failMap(map.name, key + ": '" + item + "' is not a number");
    list.push_back(number);
  }
  return Error::success();
}

Expected<PtxMapText> mlir::tk::parsePtxMap(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  PtxMapText map;
  auto [name, tensor] = parts.front().split('=');
  map.name = name.trim().str();
  map.tensor = tensor.trim().str();
  if (map.name.empty() || map.tensor.empty())
    return createStringError("--map '" + text +
                             "': expects <name>=<tensor>,box=<extents>,...");
  for (StringRef part : ArrayRef(parts).drop_front()) {
    auto [key, value] = part.split('=');
    key = key.trim();
    value = value.trim();
    if (Error error = checkKey(map, key))
      return std::move(error);
    SmallVector<StringRef> items;
    value.split(items, 'x');
    Error error =
        getList(map, key) ? setList(map, key, items) : setWord(map, key, value);
    if (error)
      return std::move(error);
  }
  return map;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static Error setFromJSON(PtxMapText &map, StringRef key,
                         const json::Value &value) {
  if (key == "tensor") {
    std::optional<StringRef> tensor = value.getAsString();
    if (!tensor)
      return failMap(map.name, "'tensor' expects a name");
    map.tensor = tensor->str();
    return Error::success();
  }
  if (Error error = checkKey(map, key))
    return error;
  if (!getList(map, key)) {
    if (std::optional<StringRef> word = value.getAsString())
      return setWord(map, key, *word);
    if (std::optional<int64_t> number = value.getAsInteger())
      return setWord(map, key, std::to_string(*number));
    return failMap(map.name, "'" + key + "' expects a word or a number");
  }
  const json::Array *array = value.getAsArray();
  if (!array)
    return failMap(map.name, "'" + key + "' expects a list of numbers");
  std::vector<std::string> numbers;
  for (const json::Value &item : *array) {
    std::optional<int64_t> number = item.getAsInteger();
    if (!number || *number < 0)
      return failMap(map.name, "'" + key + "' expects a list of numbers");
    numbers.push_back(std::to_string(*number));
  }
  return setList(map, key,
                 SmallVector<StringRef>(numbers.begin(), numbers.end()));
}

/// An order that does not depend on hashes.
static SmallVector<StringRef> getSortedKeys(const json::Object &object) {
  SmallVector<StringRef> keys;
  for (const auto &entry : object)
    keys.push_back(entry.first);
  llvm::sort(keys);
  return keys;
}

Expected<std::vector<PtxMapText>> mlir::tk::readPtxMaps(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  Expected<json::Value> document = json::parse((*buffer)->getBuffer());
  if (!document)
    return createStringError("'" + path +
                             "': " + toString(document.takeError()));
  const json::Object *object = document->getAsObject();
  if (!object)
    return createStringError("'" + path +
                             "': expects an object with the maps by name");
  std::vector<PtxMapText> maps;
  for (StringRef name : getSortedKeys(*object)) {
    PtxMapText &map = maps.emplace_back();
    map.name = name.str();
    const json::Object *fields = object->getObject(name);
    if (!fields)
      return failMap(map.name, "expects an object");
    for (StringRef key : getSortedKeys(*fields))
      if (Error error = setFromJSON(map, key, *fields->get(key)))
        return std::move(error);
    if (map.tensor.empty())
      return failMap(map.name, "'tensor' is missing");
  }
  return maps;
}
