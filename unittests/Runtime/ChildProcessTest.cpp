//===- ChildProcessTest.cpp - tests of processes that send lines ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/ChildProcess.h"
#include "gtest/gtest.h"
#include <sys/resource.h>

using namespace llvm;
using namespace mlir::tk;

using Kind = ChildProcess::Line::Kind;

static ChildProcess startShell(StringRef script) {
  return cantFail(ChildProcess::start("/bin/sh", {"sh", "-c", script.str()}));
}

static constexpr std::chrono::seconds kLong(60);

TEST(ChildProcessTest, LinesComeOneByOne) {
  ChildProcess child =
      startShell("printf 'one\\ntw' >&3; printf 'o\\nrest' >&3; exit 7");
  EXPECT_EQ(child.readLine(kLong).text, "one");
  EXPECT_EQ(child.readLine(kLong).text, "two");
  // What does not end in a new line was not finished.
  EXPECT_EQ(child.readLine(kLong).kind, Kind::End);
  int exitCode = 0;
  EXPECT_EQ(child.wait(exitCode), "");
  EXPECT_EQ(exitCode, 7);
}

TEST(ChildProcessTest, SignalsHaveNames) {
  ChildProcess child = startShell("kill -SEGV $$");
  EXPECT_EQ(child.readLine(kLong).kind, Kind::End);
  int exitCode = 0;
  EXPECT_EQ(child.wait(exitCode), "Segmentation fault");
  EXPECT_EQ(exitCode, 1);
}

TEST(ChildProcessTest, SilenceIsNotTheEnd) {
  ChildProcess child = startShell("echo first >&3; exec sleep 1000");
  EXPECT_EQ(child.readLine(kLong).text, "first");
  EXPECT_EQ(child.readLine(std::chrono::milliseconds(50)).kind, Kind::Timeout);
  child.kill();
  int exitCode = 0;
  EXPECT_EQ(child.wait(exitCode), "Killed");
}

TEST(ChildProcessTest, TheDestructorEndsIt) {
  // Would wait for the sleep otherwise.
  ChildProcess child = startShell("exec sleep 1000");
}

TEST(ChildProcessTest, WithoutFileHandlesThereIsNoPipe) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Expected<ChildProcess> child = ChildProcess::start("/bin/sh", {"sh"});
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_FALSE(bool(child));
  EXPECT_EQ(toString(child.takeError()),
            "cannot make a pipe: Too many open files");
}

TEST(ChildProcessTest, MissingProgramsAreErrors) {
  Expected<ChildProcess> child = ChildProcess::start("/nonexistent", {"x"});
  ASSERT_FALSE(bool(child));
  EXPECT_EQ(toString(child.takeError()),
            "cannot start '/nonexistent': No such file or directory");
}
