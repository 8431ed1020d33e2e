//===- NpyFile.cpp - tensors in NumPy's .npy files ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The format: "\x93NUMPY", major and minor version, the length of the header as
// 16 bits (version 1) or 32 bits, the header as the text of a Python dictionary
// with the keys 'descr', 'fortran_order' and 'shape', then the elements.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#include "tk/Runtime/NpyFile.h"
#include "tk/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>

using namespace llvm;
using namespace mlir::tk;

static constexpr StringLiteral kMagic = "\x93NUMPY";

namespace {
struct NpyHeader {
  std::string descr;
  bool isFortranOrder = false;
  SmallVector<int64_t> shape;
};

/// Parses the dictionary in the header: only the literals that NumPy writes.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  Expected<NpyHeader> parse() {
    if (!consume("{"))
      return fail("expects '{'");
    unsigned seen = 0;
    while (!consume("}")) {
      std::string key;
      if (!parseString(key) || !consume(":"))
        return fail("expects a key and ':'");
      if (key == "descr" && parseString(header.descr))
        seen |= 1;
      else if (key == "fortran_order" && parseBool(header.isFortranOrder))
        seen |= 2;
      else if (key == "shape" && parseShape(header.shape))
        seen |= 4;
      else
        return fail("cannot read the value of '" + key + "'");
      if (!consume(",") && !rest.ltrim().starts_with("}"))
        return fail("expects ',' or '}'");
    }
    if (seen != 7)
      return fail("expects the keys 'descr', 'fortran_order' and 'shape'");
    return std::move(header);
  }

private:
  Error fail(const Twine &reason) { return createStringError(reason); }

  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  bool parseString(std::string &value) {
    StringRef quote = consume("'") ? "'" : consume("\"") ? "\"" : "";
    size_t end = quote.empty() ? StringRef::npos : rest.find(quote);
    if (end == StringRef::npos)
      return false;
    value = rest.take_front(end).str();
    rest = rest.drop_front(end + 1);
    return true;
  }

  bool parseBool(bool &value) {
    value = consume("True");
    return value || consume("False");
  }

  bool parseShape(SmallVectorImpl<int64_t> &shape) {
    if (!consume("("))
      return false;
    while (!consume(")")) {
      int64_t extent;
      rest = rest.ltrim();
      if (rest.consumeInteger(10, extent) || extent < 0)
        return false;
      // Python 2 wrote long integers with a suffix.
      consume("L");
      shape.push_back(extent);
      if (!consume(",") && !rest.ltrim().starts_with(")"))
        return false;
    }
    return true;
  }

  StringRef rest;
  NpyHeader header;
};
} // namespace

/// The letter and size of NumPy's type string, without the byte order.
static std::string getTypeString(DType dtype) {
  std::string size = std::to_string(getSizeInBytes(dtype));
  if (dtype == DType::Bool)
    return "b1";
  if (dtype == DType::BF16 || dtype == DType::F8E4M3 || dtype == DType::F8E5M2)
    return "V" + size;
  if (isFloat(dtype))
    return "f" + size;
  return (isSignedInteger(dtype) ? "i" : "u") + size;
}

/// True if elements described by `type` may be taken as `wanted`.
static bool isCompatible(StringRef type, DType wanted) {
  std::string expected = getTypeString(wanted);
  return type == expected ||
         (expected.front() == 'V' && type.front() == 'u' &&
          type.drop_front() == StringRef(expected).drop_front());
}

static void reverseBytes(uint8_t *element, int64_t size) {
  std::reverse(element, element + size);
}

/// Copies elements from the file into a row-major tensor.
static void copyElements(HostTensor &tensor, const char *source,
                         bool isFortranOrder, bool isBigEndian) {
  int64_t size = getSizeInBytes(tensor.getDType());
  ArrayRef<int64_t> shape = tensor.getShape();
  tensor.forEachRun(
      [&](int64_t first, int64_t count, uint8_t *element, int64_t stride) {
        for (int64_t i = 0; i < count; ++i, element += stride) {
          int64_t position = first + i;
          if (isFortranOrder) {
            // The first dimension varies fastest in the file.
            int64_t linear = first + i, offset = 0;
            int64_t scale = tensor.getNumElements();
            for (int64_t dim = tensor.getRank() - 1; dim >= 0; --dim) {
              scale /= shape[dim];
              offset += linear % shape[dim] * scale;
              linear /= shape[dim];
            }
            position = offset;
          }
          std::memcpy(element, source + position * size, size);
          if (isBigEndian)
            reverseBytes(element, size);
        }
      });
}

/// Splits the file into header text and elements.
static Error splitFile(StringRef contents, StringRef &header, StringRef &data) {
  if (!contents.consume_front(kMagic) || contents.size() < 2)
    return createStringError("not a .npy file");
  unsigned major = static_cast<uint8_t>(contents[0]);
  if (major < 1 || major > 3)
    return createStringError("format version " + Twine(major) +
                             " is not supported (1, 2 and 3 are)");
  contents = contents.drop_front(2);
  size_t lengthSize = major == 1 ? 2 : 4;
  if (contents.size() < lengthSize)
    return createStringError("the file ends inside its header");
  size_t length = major == 1 ? support::endian::read16le(contents.data())
                             : support::endian::read32le(contents.data());
  contents = contents.drop_front(lengthSize);
  if (contents.size() < length)
    return createStringError("the file ends inside its header");
  header = contents.take_front(length);
  data = contents.drop_front(length);
  return Error::success();
}

static Expected<HostTensor> parseContents(StringRef contents, DType wanted) {
  StringRef headerText, data;
  if (Error error = splitFile(contents, headerText, data))
    return std::move(error);
  Expected<NpyHeader> header = HeaderParser(headerText).parse();
  if (!header)
    return createStringError("bad header: " + toString(header.takeError()));
  StringRef descr = header->descr;
  bool isBigEndian = descr.consume_front(">");
  if (!isBigEndian && !descr.consume_front("<") && !descr.consume_front("="))
    descr.consume_front("|");
  if (descr.empty() || !isCompatible(descr, wanted))
    return createStringError("expects elements of " + getDTypeName(wanted) +
                             " ('" + getTypeString(wanted) + "'), got '" +
                             header->descr + "'");
  Expected<HostTensor> tensor = HostTensor::create(wanted, header->shape);
  if (!tensor)
    return tensor.takeError();
  uint64_t expectedSize = tensor->getMemory().size();
  if (data.size() != expectedSize)
    return createStringError(
        "expects " + Twine(expectedSize) + " bytes of elements for shape " +
        formatShape(header->shape) + ", got " + Twine(data.size()));
  copyElements(*tensor, data.data(), header->isFortranOrder, isBigEndian);
  return tensor;
}

Expected<HostTensor> mlir::tk::parseNpy(StringRef contents, StringRef name,
                                        DType wanted) {
  Expected<HostTensor> tensor = parseContents(contents, wanted);
  if (!tensor)
    return createStringError("cannot read '" + name +
                             "': " + toString(tensor.takeError()));
  return tensor;
}

Expected<HostTensor> mlir::tk::readNpyFile(StringRef path, DType wanted) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  return parseNpy((*buffer)->getBuffer(), path, wanted);
}

std::string mlir::tk::serializeNpy(const HostTensor &tensor) {
  DType dtype = tensor.getDType();
  int64_t size = getSizeInBytes(dtype);
  std::string shape;
  for (int64_t extent : tensor.getShape())
    shape += std::to_string(extent) + ", ";
  // A tuple of one element keeps its comma.
  if (tensor.getRank() != 1)
    shape = StringRef(shape).drop_back(shape.empty() ? 0 : 2).str();
  else
    shape.pop_back();
  std::string header =
      ("{'descr': '" + Twine(size == 1 ? "|" : "<") + getTypeString(dtype) +
       "', 'fortran_order': False, 'shape': (" + shape + "), }")
          .str();
  // Elements start at a multiple of 64 bytes; a new line ends the header.
  constexpr size_t kAlignment = 64;
  size_t prefix = kMagic.size() + 4;
  header.append(alignTo(prefix + header.size() + 1, kAlignment) - prefix -
                    header.size() - 1,
                ' ');
  header += '\n';

  std::string result = kMagic.str() + std::string("\x01\x00", 2);
  result += static_cast<char>(header.size() & 0xff);
  result += static_cast<char>(header.size() >> 8);
  result += header;
  size_t start = result.size();
  result.resize(start + tensor.getNumElements() * size);
  for (int64_t i = 0; i < tensor.getNumElements(); ++i)
    std::memcpy(result.data() + start + i * size, tensor.getElement(i), size);
  return result;
}

Error mlir::tk::writeNpyFile(StringRef path, const HostTensor &tensor) {
  return writeOutputFile(path,
                         [&](raw_ostream &os) { os << serializeNpy(tensor); });
}
