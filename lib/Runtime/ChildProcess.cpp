//===- ChildProcess.cpp - runs this program again in another process ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/ChildProcess.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace llvm;
using namespace mlir::tk;

extern char **environ;

Expected<ChildProcess> ChildProcess::start(StringRef program,
                                           ArrayRef<std::string> arguments) {
  int ends[2];
  // Other children must not keep the pipe open.
  if (pipe2(ends, O_CLOEXEC) != 0)
    return createStringError("cannot make a pipe: " + Twine(strerror(errno)));
  // dup2 of a descriptor to itself would leave it closed on exec.
  if (ends[1] == kChannel) {
    int other = fcntl(ends[1], F_DUPFD_CLOEXEC, kChannel + 1);
    close(ends[1]);
    ends[1] = other;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kChannel);
  std::vector<char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  int error = posix_spawn(&pid, program.str().c_str(), &actions, nullptr,
                          argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error == 0)
    return ChildProcess(pid, ends[0]);
  close(ends[0]);
  return createStringError("cannot start '" + program +
                           "': " + strerror(error));
}

void ChildProcess::endWithParent() {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  // Nobody reads any more: the parent was faster.
  pollfd channel = {kChannel, POLLOUT, 0};
  if (poll(&channel, 1, 0) > 0 && (channel.revents & POLLERR))
    _exit(1);
}

ChildProcess::ChildProcess(ChildProcess &&other)
    : pid(std::exchange(other.pid, 0)), pipe(std::exchange(other.pipe, -1)),
      rest(std::move(other.rest)) {}

ChildProcess::~ChildProcess() {
  if (pid) {
    int exitCode;
    kill();
    wait(exitCode);
  }
  if (pipe >= 0)
    close(pipe);
}

ChildProcess::Line ChildProcess::readLine(std::chrono::milliseconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    size_t end = rest.find('\n');
    if (end != std::string::npos) {
      Line line{Line::Kind::Text, rest.substr(0, end)};
      rest.erase(0, end + 1);
      return line;
    }
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return {Line::Kind::Timeout, ""};
    pollfd wanted = {pipe, POLLIN, 0};
    int numReady =
        poll(&wanted, 1,
             static_cast<int>(std::min<int64_t>(left.count(), 1000 * 60 * 60)));
    if (numReady == 0 || (numReady < 0 && errno == EINTR))
      continue;
    char bytes[4096];
    ssize_t count = numReady < 0 ? -1 : read(pipe, bytes, sizeof(bytes));
    if (count <= 0)
      return {Line::Kind::End, ""};
    rest.append(bytes, count);
  }
}

void ChildProcess::kill() {
  if (pid)
    ::kill(pid, SIGKILL);
}

std::string ChildProcess::wait(int &exitCode) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  pid = 0;
  exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "";
}
