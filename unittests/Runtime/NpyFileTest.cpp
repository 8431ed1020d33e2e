//===- NpyFileTest.cpp - tests of .npy files ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/NpyFile.h"
#include "tk/Runtime/Generators.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

/// A file of format version 1.0 with the given header and elements.
static std::string makeFile(std::string header, std::string elements,
                            char major = 1) {
  std::string file = "\x93NUMPY";
  file += major;
  file += '\0';
  file += static_cast<char>(header.size());
  file += '\0';
  if (major > 1)
    file.append(2, '\0');
  return file + header + elements;
}

static std::string getError(const std::string &file,
                            DType wanted = DType::F32) {
  llvm::Expected<HostTensor> tensor = parseNpy(file, "x.npy", wanted);
  return tensor ? "" : llvm::toString(tensor.takeError());
}

TEST(NpyFileTest, EveryTypeReadsBack) {
  for (DType dtype : getAllDTypes()) {
    for (const std::vector<int64_t> &shape :
         std::vector<std::vector<int64_t>>{{}, {7}, {0, 3}, {3, 5, 2}}) {
      HostTensor tensor = llvm::cantFail(HostTensor::create(dtype, shape));
      generate(tensor, Generator::arange(), 0, 0);
      std::string file = serializeNpy(tensor);
      llvm::Expected<HostTensor> back = parseNpy(file, "x.npy", dtype);
      ASSERT_TRUE(bool(back)) << llvm::toString(back.takeError());
      EXPECT_EQ(back->getShape(), llvm::ArrayRef(shape));
      EXPECT_EQ(back->getMemory(), tensor.getMemory());
    }
  }
}

// As NumPy 1.26 writes it: numpy.save of numpy.arange(3, dtype="i4").
TEST(NpyFileTest, HeaderIsWhatNumpyWrites) {
  HostTensor tensor = llvm::cantFail(HostTensor::create(DType::I32, {3}));
  std::string file = serializeNpy(tensor);
  std::string header =
      "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }";
  header.resize(128 - 10 - 1, ' ');
  EXPECT_EQ(file, std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" +
                      std::string(12, '\0'));
}

TEST(NpyFileTest, StridedTensorsAreWrittenInOrder) {
  HostTensor tensor =
      llvm::cantFail(HostTensor::create(DType::U8, {2, 2}, {1, 2}));
  for (int i = 0; i < 4; ++i)
    tensor.setInteger(i, 'a' + i);
  EXPECT_TRUE(llvm::StringRef(serializeNpy(tensor)).ends_with("abcd"));
}

TEST(NpyFileTest, FortranOrderIsTurned) {
  llvm::Expected<HostTensor> tensor = parseNpy(
      makeFile("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }",
               "adbecf"),
      "x.npy", DType::U8);
  ASSERT_TRUE(bool(tensor));
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(tensor->getInteger(i), 'a' + i);
}

TEST(NpyFileTest, BigEndianIsSwapped) {
  llvm::Expected<HostTensor> tensor = parseNpy(
      makeFile("{'descr': '>i2', 'fortran_order': False, 'shape': (1,)}",
               "\x01\x02"),
      "x.npy", DType::I16);
  ASSERT_TRUE(bool(tensor));
  EXPECT_EQ(tensor->getInteger(0), 0x102);
}

TEST(NpyFileTest, RawAndUnsignedElementsServeAsBf16) {
  for (const char *type : {"<V2", "<u2", "|V2"}) {
    std::string header = std::string("{\"descr\": \"") + type +
                         "\", 'fortran_order': False, 'shape': (1L,)}";
    for (char major : {1, 2, 3}) {
      llvm::Expected<HostTensor> tensor =
          parseNpy(makeFile(header, "\xc0\x3f", major), "x.npy", DType::BF16);
      ASSERT_TRUE(bool(tensor)) << llvm::toString(tensor.takeError());
      EXPECT_EQ(tensor->getDouble(0), 1.5);
    }
  }
}

TEST(NpyFileTest, BadFilesAreErrors) {
  auto header = [](const char *type, const char *shape) {
    return std::string("{'descr': '") + type +
           "', 'fortran_order': False, 'shape': " + shape + "}";
  };
  EXPECT_EQ(getError(""), "cannot read 'x.npy': not a .npy file");
  EXPECT_EQ(getError("PK\x03\x04 something else"),
            "cannot read 'x.npy': not a .npy file");
  EXPECT_EQ(getError(makeFile("{}", "", 4)),
            "cannot read 'x.npy': format version 4 is not supported (1, 2 and "
            "3 are)");
  EXPECT_EQ(getError("\x93NUMPY\x01"), "cannot read 'x.npy': not a .npy file");
  EXPECT_EQ(getError(std::string("\x93NUMPY\x01\x00\x76", 9)),
            "cannot read 'x.npy': the file ends inside its header");
  EXPECT_EQ(getError(std::string("\x93NUMPY\x01\x00\x76\x00{", 11)),
            "cannot read 'x.npy': the file ends inside its header");
  EXPECT_EQ(getError(makeFile("{}", "")),
            "cannot read 'x.npy': bad header: expects the keys 'descr', "
            "'fortran_order' and 'shape'");
  EXPECT_EQ(getError(makeFile("{1: '<f4'}", "")),
            "cannot read 'x.npy': bad header: expects a key and ':'");
  EXPECT_EQ(getError(makeFile("{'descr': '<f4' 'fortran_order': False}", "")),
            "cannot read 'x.npy': bad header: expects ',' or '}'");
  EXPECT_EQ(getError(makeFile("{'descr': [('a', '<f4')]}", "")),
            "cannot read 'x.npy': bad header: cannot read the value of "
            "'descr'");
  EXPECT_EQ(getError(makeFile(header("<f4", "(2, -1)"), "")),
            "cannot read 'x.npy': bad header: cannot read the value of "
            "'shape'");
  EXPECT_EQ(getError(makeFile(header("<f8", "(1,)"), "12345678")),
            "cannot read 'x.npy': expects elements of f32 ('f4'), got '<f8'");
  EXPECT_EQ(getError(makeFile(header("<f4", "(2,)"), "1234")),
            "cannot read 'x.npy': expects 8 bytes of elements for shape [2], "
            "got 4");
  EXPECT_NE(getError(makeFile(header("<f4", "(9223372036854775807, 9)"), "")),
            "");
}

TEST(NpyFileTest, FilesReadBack) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("tk-npy", "npy", path));
  HostTensor tensor = llvm::cantFail(HostTensor::create(DType::F16, {3}));
  generate(tensor, Generator::arange(), 0, 0);
  EXPECT_FALSE(bool(writeNpyFile(path, tensor)));
  llvm::Expected<HostTensor> back = readNpyFile(path, DType::F16);
  ASSERT_TRUE(bool(back)) << llvm::toString(back.takeError());
  EXPECT_EQ(back->getDouble(2), 2);
  llvm::sys::fs::remove(path);
  llvm::Expected<HostTensor> missing = readNpyFile(path, DType::F16);
  ASSERT_FALSE(bool(missing));
  EXPECT_EQ(llvm::toString(missing.takeError()),
            ("cannot read '" + path + "': No such file or directory").str());
  llvm::Error error = writeNpyFile("/nonexistent/x.npy", tensor);
  EXPECT_EQ(llvm::toString(std::move(error)),
            "cannot write '/nonexistent/x.npy': No such file or directory");
}
