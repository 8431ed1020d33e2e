//===- Packs.cpp - files of cases and of what a GPU computed --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cases.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace measure;

static constexpr const char *magic = "tkptx001";

namespace {

FILE *openPack(const std::string &path, const char *mode) {
  FILE *file = fopen(path.c_str(), mode);
  if (file)
    return file;
  fprintf(stderr, "measure-ptx: cannot open %s\n", path.c_str());
  exit(1);
}

class Reader {
public:
  explicit Reader(FILE *file) : file(file) {}
  uint32_t word() {
    uint32_t value = 0;
    read(&value, 4);
    return value;
  }
  std::string text() {
    std::string value(word(), 0);
    read(value.data(), value.size());
    return value;
  }
  Words words() {
    Words value(word());
    read(value.data(), value.size() * 4);
    return value;
  }
  void read(void *bytes, size_t size) {
    if (fread(bytes, 1, size, file) != size)
      fail("the pack ends early");
  }
  void fail(const char *message) {
    fprintf(stderr, "measure-ptx: %s\n", message);
    exit(1);
  }

private:
  FILE *file;
};

void write32(FILE *file, uint32_t value) { fwrite(&value, 4, 1, file); }

void writeText(FILE *file, const std::string &text) {
  write32(file, text.size());
  fwrite(text.data(), 1, text.size(), file);
}

void writeWords(FILE *file, const Words &words) {
  write32(file, words.size());
  fwrite(words.data(), 4, words.size(), file);
}

} // namespace

Pack measure::readPack(const std::string &path) {
  FILE *file = openPack(path, "rb");
  Reader reader(file);
  char start[8];
  reader.read(start, sizeof(start));
  if (memcmp(start, magic, sizeof(start)) != 0)
    reader.fail("no pack");
  Pack pack;
  pack.inputs.resize(reader.word());
  for (Words &words : pack.inputs)
    words = reader.words();
  pack.cases.resize(reader.word());
  for (Case &test : pack.cases) {
    test.name = reader.text();
    test.ptx = reader.text();
    test.grid = reader.word();
    test.block = reader.word();
    test.input = reader.word();
    test.outputWords = reader.word();
    test.output = reader.words();
  }
  fclose(file);
  return pack;
}

void measure::writePack(const std::string &path, const Pack &pack) {
  FILE *file = openPack(path, "wb");
  fwrite(magic, 1, 8, file);
  write32(file, pack.inputs.size());
  for (const Words &words : pack.inputs)
    writeWords(file, words);
  write32(file, pack.cases.size());
  for (const Case &test : pack.cases) {
    writeText(file, test.name);
    writeText(file, test.ptx);
    write32(file, test.grid);
    write32(file, test.block);
    write32(file, test.input);
    write32(file, test.outputWords);
    writeWords(file, test.output);
  }
  fclose(file);
}
