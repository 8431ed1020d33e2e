//===- BinaryFile.cpp - reads what a binary says about itself -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/BinaryFile.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/BinaryFormat/MsgPackDocument.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace mlir::tk;
using object::ELF64LE;
using object::ELF64LEFile;

std::optional<BinaryKind> mlir::tk::identifyBinary(StringRef contents) {
  if (!contents.starts_with(ELF::ElfMagic)) {
    // PTX begins with comments and then says its version.
    while (contents.ltrim().starts_with("//"))
      contents = contents.ltrim().split('\n').second;
    return contents.ltrim().starts_with(".version")
               ? std::optional(BinaryKind::PTX)
               : std::nullopt;
  }
  constexpr size_t kMachineOffset = 18;
  if (contents.size() < kMachineOffset + 2)
    return std::nullopt;
  uint16_t machine =
      support::endian::read16le(contents.data() + kMachineOffset);
  if (machine == ELF::EM_CUDA)
    return BinaryKind::Cubin;
  if (machine == ELF::EM_AMDGPU)
    return BinaryKind::Hsaco;
  return std::nullopt;
}

StringRef mlir::tk::stringifyBinaryKind(BinaryKind kind) {
  switch (kind) {
  case BinaryKind::Cubin:
    return "cubin";
  case BinaryKind::Hsaco:
    return "hsaco";
  case BinaryKind::PTX:
    return "PTX";
  }
  llvm_unreachable("all kinds of binaries are listed");
}

//===----------------------------------------------------------------------===//
// Manifest
//===----------------------------------------------------------------------===//

/// The contents of the object that `symbol` names.
static Expected<StringRef> getSymbolContents(const ELF64LEFile &file,
                                             const ELF64LE::Sym &symbol) {
  Expected<const ELF64LE::Shdr *> section = file.getSection(symbol.st_shndx);
  if (!section)
    return section.takeError();
  Expected<ArrayRef<uint8_t>> contents = file.getSectionContents(**section);
  if (!contents)
    return contents.takeError();
  // Values are offsets into the section until addresses are given.
  uint64_t offset = symbol.st_value - (*section)->sh_addr;
  if (offset > contents->size() || symbol.st_size > contents->size() - offset)
    return createStringError("a symbol lies outside its section");
  return toStringRef(contents->slice(offset, symbol.st_size));
}

/// Finds the symbol in the tables of the file, dynamic or not.
static Expected<StringRef> findSymbolContents(const ELF64LEFile &file,
                                              StringRef name) {
  Expected<ArrayRef<ELF64LE::Shdr>> sections = file.sections();
  if (!sections)
    return sections.takeError();
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB &&
        section.sh_type != ELF::SHT_DYNSYM)
      continue;
    Expected<ArrayRef<ELF64LE::Sym>> symbols = file.symbols(&section);
    Expected<StringRef> strings = file.getStringTableForSymtab(section);
    if (!symbols || !strings)
      return joinErrors(symbols.takeError(), strings.takeError());
    for (const ELF64LE::Sym &symbol : *symbols) {
      Expected<StringRef> symbolName = symbol.getName(*strings);
      if (!symbolName)
        return symbolName.takeError();
      if (*symbolName == name && symbol.st_shndx != ELF::SHN_UNDEF)
        return getSymbolContents(file, symbol);
    }
  }
  return createStringError("it has no symbol '" + name + "'");
}

/// Reads the bytes of `.b8 name[42] = {123, 34, ...};`.
static Expected<std::string> findPtxBytes(StringRef ptx, StringRef name) {
  size_t at = ptx.find((name + "[").str());
  if (at == StringRef::npos)
    return createStringError("it has no symbol '" + name + "'");
  StringRef list = ptx.substr(at).split('{').second.split('}').first;
  std::string bytes;
  for (StringRef item : split(list, ',')) {
    uint8_t byte;
    if (item.trim().getAsInteger(0, byte))
      return createStringError("'" + name + "' is not a list of bytes");
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

static Expected<std::string> findManifestText(StringRef contents,
                                              BinaryKind kind) {
  if (kind == BinaryKind::PTX)
    return findPtxBytes(contents, Manifest::kSymbolName);
  Expected<ELF64LEFile> file = ELF64LEFile::create(contents);
  if (!file)
    return file.takeError();
  Expected<StringRef> bytes = findSymbolContents(*file, Manifest::kSymbolName);
  if (!bytes)
    return bytes.takeError();
  return bytes->str();
}

Expected<Manifest> mlir::tk::readManifest(StringRef contents) {
  std::optional<BinaryKind> kind = identifyBinary(contents);
  if (!kind)
    return createStringError("neither a cubin, nor an hsaco, nor PTX");
  Expected<std::string> text = findManifestText(contents, *kind);
  if (!text)
    return createStringError("the " + stringifyBinaryKind(*kind) +
                             " has no manifest: " + toString(text.takeError()));
  Expected<Manifest> manifest =
      Manifest::fromJSON(StringRef(*text).rtrim('\0'));
  if (!manifest)
    return manifest.takeError();
  if (Error error = manifest->checkSequences())
    return std::move(error);
  return manifest;
}

//===----------------------------------------------------------------------===//
// Resources of a cubin
//===----------------------------------------------------------------------===//

/// Names of the functions, by the index of their symbol.
using FunctionNames = DenseMap<uint32_t, StringRef>;

/// Reads the attributes in the section `.nv.info`: a format byte, an attribute
/// byte and 16 bits, which are the size of what follows if the format is 4.
/// Those of interest hold the index of a symbol and a number.
static void readCubinAttributes(ArrayRef<uint8_t> section,
                                const FunctionNames &names,
                                MapVector<StringRef, DeviceFunction> &result) {
  constexpr uint8_t kSizedFormat = 4;
  constexpr uint8_t kRegisterCount = 0x2f, kMinStackSize = 0x12;
  while (section.size() >= 4) {
    uint8_t format = section[0], attribute = section[1];
    uint16_t size = support::endian::read16le(section.data() + 2);
    section = section.drop_front(4);
    if (format != kSizedFormat)
      continue;
    if (size > section.size())
      return;
    ArrayRef<uint8_t> value = section.take_front(size);
    section = section.drop_front(size);
    if (size != 8 ||
        (attribute != kRegisterCount && attribute != kMinStackSize))
      continue;
    auto name = names.find(support::endian::read32le(value.data()));
    if (name == names.end())
      continue;
    uint32_t number = support::endian::read32le(value.data() + 4);
    DeviceFunction &function = result[name->second];
    function.symbol = name->second.str();
    (attribute == kRegisterCount ? function.numRegisters
                                 : function.stackBytes) = number;
  }
}

/// Global functions of the symbol table: the kernels.
static Expected<FunctionNames> readFunctionNames(const ELF64LEFile &file,
                                                 const ELF64LE::Shdr &section) {
  Expected<ArrayRef<ELF64LE::Sym>> symbols = file.symbols(&section);
  Expected<StringRef> strings = file.getStringTableForSymtab(section);
  if (!symbols || !strings)
    return joinErrors(symbols.takeError(), strings.takeError());
  FunctionNames names;
  for (auto [index, symbol] : enumerate(*symbols)) {
    if (symbol.getType() != ELF::STT_FUNC ||
        symbol.getBinding() != ELF::STB_GLOBAL)
      continue;
    Expected<StringRef> name = symbol.getName(*strings);
    if (!name)
      return name.takeError();
    names[index] = *name;
  }
  return names;
}

static Error readCubin(const ELF64LEFile &file,
                       SmallVectorImpl<DeviceFunction> &functions) {
  Expected<ArrayRef<ELF64LE::Shdr>> sections = file.sections();
  if (!sections)
    return sections.takeError();
  FunctionNames names;
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    Expected<FunctionNames> read = readFunctionNames(file, section);
    if (!read)
      return read.takeError();
    names = std::move(*read);
  }
  MapVector<StringRef, DeviceFunction> found;
  StringMap<int64_t> sharedBytes;
  int64_t reservedSharedBytes = 0;
  for (const ELF64LE::Shdr &section : *sections) {
    Expected<StringRef> name = file.getSectionName(section);
    if (!name)
      return name.takeError();
    StringRef kernel = *name;
    if (*name == ".nv.info") {
      Expected<ArrayRef<uint8_t>> contents = file.getSectionContents(section);
      if (!contents)
        return contents.takeError();
      readCubinAttributes(*contents, names, found);
    } else if (kernel.consume_front(".nv.shared.reserved")) {
      // From sm_90 on, the first kilobyte belongs to the driver, and sections
      // of kernels that use shared memory count it.
      reservedSharedBytes = 1024;
    } else if (kernel.consume_front(".nv.shared.")) {
      sharedBytes[kernel] = section.sh_size;
    }
  }
  for (auto &[name, function] : found) {
    function.staticSharedBytes =
        std::max<int64_t>(0, sharedBytes.lookup(name) - reservedSharedBytes);
    functions.push_back(function);
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Resources of an hsaco
//===----------------------------------------------------------------------===//

/// The number at `key`, or 0.
static int64_t getNumber(msgpack::MapDocNode &map, StringRef key) {
  auto it = map.find(key);
  if (it == map.end())
    return 0;
  if (it->second.getKind() == msgpack::Type::UInt)
    return it->second.getUInt();
  if (it->second.getKind() == msgpack::Type::Int)
    return it->second.getInt();
  return 0;
}

/// Reads the note NT_AMDGPU_METADATA, a MessagePack document (User Guide for
/// AMDGPU Backend, "Code Object Metadata").
static void readHsacoMetadata(StringRef blob,
                              SmallVectorImpl<DeviceFunction> &functions) {
  msgpack::Document document;
  if (!document.readFromBlob(blob, /*Multi=*/false) ||
      document.getRoot().getKind() != msgpack::Type::Map)
    return;
  msgpack::MapDocNode root = document.getRoot().getMap();
  auto kernels = root.find("amdhsa.kernels");
  if (kernels == root.end() ||
      kernels->second.getKind() != msgpack::Type::Array)
    return;
  for (msgpack::DocNode &node : kernels->second.getArray()) {
    if (node.getKind() != msgpack::Type::Map)
      continue;
    msgpack::MapDocNode kernel = node.getMap();
    DeviceFunction &function = functions.emplace_back();
    auto name = kernel.find(".name");
    if (name != kernel.end() && name->second.isString())
      function.symbol = name->second.getString().str();
    function.numRegisters = getNumber(kernel, ".vgpr_count");
    function.stackBytes = getNumber(kernel, ".private_segment_fixed_size");
    function.staticSharedBytes = getNumber(kernel, ".group_segment_fixed_size");
    function.numSpilledRegisters = getNumber(kernel, ".vgpr_spill_count");
  }
}

static Error readHsaco(const ELF64LEFile &file,
                       SmallVectorImpl<DeviceFunction> &functions) {
  Expected<ArrayRef<ELF64LE::Shdr>> sections = file.sections();
  if (!sections)
    return sections.takeError();
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_NOTE)
      continue;
    Error error = Error::success();
    for (const ELF64LE::Note &note : file.notes(section, error))
      if (note.getName() == "AMDGPU" &&
          note.getType() == ELF::NT_AMDGPU_METADATA)
        readHsacoMetadata(note.getDescAsStringRef(section.sh_addralign),
                          functions);
    if (error)
      return error;
  }
  return Error::success();
}

SmallVector<DeviceFunction> mlir::tk::readDeviceFunctions(StringRef contents) {
  SmallVector<DeviceFunction> functions;
  std::optional<BinaryKind> kind = identifyBinary(contents);
  if (!kind || *kind == BinaryKind::PTX)
    return functions;
  Expected<ELF64LEFile> file = ELF64LEFile::create(contents);
  if (!file) {
    consumeError(file.takeError());
    return functions;
  }
  Error error = *kind == BinaryKind::Cubin ? readCubin(*file, functions)
                                           : readHsaco(*file, functions);
  // A damaged file tells what it told before the damage.
  consumeError(std::move(error));
  return functions;
}
