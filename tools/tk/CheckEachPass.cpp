//===- CheckEachPass.cpp - the options of tk-opt that check passes --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckEachPass.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace mlir::tk;

static cl::OptionCategory &getCategory() {
  static cl::OptionCategory category(
      "Checking passes", "Find the pass that changes what a kernel computes");
  return category;
}

struct CheckEachPassOptions::Options {
  cl::opt<bool> isOn{
      "check-each-pass", cl::cat(getCategory()),
      cl::desc("Run the kernels in the interpreter before the first and after "
               "every pass, and name the pass that changes a result")};
  cl::opt<std::string> tests{
      "check-tests", cl::cat(getCategory()), cl::value_desc("file"),
      cl::desc("Take inputs from the tests of this .tk file (default: the "
               "input, if it is a .tk file)")};
  cl::list<std::string> sizes{
      "check-size", cl::cat(getCategory()), cl::value_desc("name=value"),
      cl::desc("A dimension or integer argument of generated inputs")};
  cl::opt<std::string> dumpDirectory{
      "dump-dir", cl::cat(getCategory()), cl::value_desc("folder"),
      cl::desc("Write the program before a pass that --check-each-pass names "
               "to this folder")};
};

CheckEachPassOptions::CheckEachPassOptions() : options(new Options) {}
CheckEachPassOptions::~CheckEachPassOptions() = default;

Expected<std::optional<PassCheckOptions>>
CheckEachPassOptions::get(StringRef inputFile) const {
  auto isAlone = [&](const cl::Option &option) {
    return !options->isOn && option.getNumOccurrences() > 0;
  };
  if (isAlone(options->tests) || isAlone(options->sizes) ||
      isAlone(options->dumpDirectory))
    return createStringError("--check-tests, --check-size and --dump-dir need "
                             "--check-each-pass");
  if (!options->isOn)
    return std::nullopt;
  PassCheckOptions result;
  result.testFile = options->tests;
  if (result.testFile.empty() && inputFile.ends_with(".tk"))
    result.testFile = inputFile.str();
  result.dumpDirectory = options->dumpDirectory;
  for (StringRef text : options->sizes) {
    auto [name, value] = text.split('=');
    int64_t size;
    if (name.empty() || value.getAsInteger(10, size) || size < 0)
      return createStringError("--" + options->sizes.ArgStr +
                               ": expects a name and a size such as M=100, "
                               "got '" +
                               text + "'");
    result.sizes[name] = size;
  }
  return result;
}
