//===- HsacoResources.cpp - reads the metadata of an hsaco ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note NT_AMDGPU_METADATA is a MessagePack document; the LLVM manual
// "User Guide for AMDGPU Backend", "Code Object Metadata", lists its keys.

#include "tk/Target/ResourceUsage.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/BinaryFormat/MsgPackDocument.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace llvm;
using namespace mlir::tk;

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

static void readMetadata(StringRef blob,
                         SmallVectorImpl<ResourceUsage> &resources) {
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
    ResourceUsage &usage = resources.emplace_back();
    auto name = kernel.find(".name");
    if (name != kernel.end() && name->second.isString())
      usage.kernel = name->second.getString().str();
    usage.numRegisters = getNumber(kernel, ".vgpr_count");
    usage.stackBytes = getNumber(kernel, ".private_segment_fixed_size");
    usage.staticSharedBytes = getNumber(kernel, ".group_segment_fixed_size");
    // A spilled register is stored and loaded at least once, 4 bytes each.
    usage.spillStoreBytes = 4 * getNumber(kernel, ".vgpr_spill_count");
    usage.spillLoadBytes = usage.spillStoreBytes;
  }
}

SmallVector<ResourceUsage> mlir::tk::readHsacoResources(StringRef bytes) {
  SmallVector<ResourceUsage> resources;
  Expected<object::ELF64LEObjectFile> object =
      object::ELF64LEObjectFile::create(MemoryBufferRef(bytes, "hsaco"));
  if (!object) {
    consumeError(object.takeError());
    return resources;
  }
  const object::ELF64LEFile &file = object->getELFFile();
  Expected<ArrayRef<object::ELF64LE::Shdr>> sections = file.sections();
  if (!sections) {
    consumeError(sections.takeError());
    return resources;
  }
  for (const object::ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_NOTE)
      continue;
    Error error = Error::success();
    for (const object::ELF64LE::Note &note : file.notes(section, error))
      if (note.getName() == "AMDGPU" &&
          note.getType() == ELF::NT_AMDGPU_METADATA)
        readMetadata(note.getDescAsStringRef(section.sh_addralign), resources);
    consumeError(std::move(error));
  }
  return resources;
}
