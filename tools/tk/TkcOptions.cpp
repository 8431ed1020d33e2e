//===- TkcOptions.cpp - the command line of tkc ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TkcOptions.h"
#include "ToolOptions.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::tk;
// The generated tables name DefaultVis and the kinds of options.
using namespace llvm::opt;

namespace {
enum OptionId {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "TkcOptions.inc"
#undef OPTION
};
} // namespace

#define OPTTABLE_STR_TABLE_CODE
#include "TkcOptions.inc"
#undef OPTTABLE_STR_TABLE_CODE

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "TkcOptions.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

static constexpr OptTable::Info kOptions[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "TkcOptions.inc"
#undef OPTION
};

namespace {
class TkcOptTable : public GenericOptTable {
public:
  TkcOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, kOptions) {}
};
} // namespace

using llvm::createStringError;

/// The stage that a file's name suggests. MLIR files tell themselves.
static std::optional<Stage> guessStage(StringRef file) {
  StringRef extension = llvm::sys::path::extension(file);
  if (extension == ".tk")
    return Stage::Source;
  if (extension == ".ll" || extension == ".bc")
    return Stage::LLVMIR;
  if (extension == ".ptx")
    return Stage::PTX;
  return std::nullopt;
}

/// The stage that the extension of the output's name stands for; empty if none.
static StringRef guessLastStage(StringRef file) {
  return llvm::StringSwitch<StringRef>(llvm::sys::path::extension(file))
      .Case(".ll", "llvmir")
      .Case(".ptx", "ptx")
      .Case(".cubin", "cubin")
      .Case(".hsaco", "hsaco")
      .Default("");
}

static bool isMlirFile(StringRef file) {
  return llvm::sys::path::extension(file) == ".mlir" || file == "-";
}

/// The vendor whose targets alone have this stage.
static std::optional<Vendor> getVendorOfStage(StringRef name) {
  if (name == "ptx" || name == "cubin")
    return Vendor::NVIDIA;
  if (name == "hsaco")
    return Vendor::AMD;
  return std::nullopt;
}

/// `vendor`: that of the target, if it is known yet.
static llvm::Expected<Stage>
findStage(StringRef name, std::optional<Vendor> vendor, bool isInput) {
  SmallVector<StringRef> known;
  if (isInput)
    known.push_back("source");
  for (StringRef candidate :
       {"tk", "tkg", "llvm", "llvmir", "ptx", "cubin", "hsaco"})
    if (!vendor || getVendorOfStage(candidate).value_or(*vendor) == *vendor)
      known.push_back(candidate);
  if (llvm::is_contained(known, name))
    return *parseStageName(name);
  std::optional<StringRef> closest = findClosest(name, known);
  return createStringError(
      "the target has no stage '" + name + "', expects one of " +
      llvm::join(known, ", ") +
      (closest ? "; did you mean '" + *closest + "'?" : ""));
}

/// Sets the stages between which to compile.
static llvm::Error readStages(const InputArgList &arguments,
                              TkcOptions &options) {
  // What was compiled for some target tells which when it is read.
  std::optional<Vendor> vendor;
  if (!options.compiler.isTargetImplied ||
      guessStage(options.input) == Stage::Source)
    vendor = options.compiler.target.target->getVendor();
  if (const Arg *argument = arguments.getLastArg(OPT_start_at)) {
    llvm::Expected<Stage> stage =
        findStage(argument->getValue(), vendor, /*isInput=*/true);
    if (!stage)
      return stage.takeError();
    if (*stage == Stage::Binary)
      return createStringError("nothing is left to do from stage '" +
                               StringRef(argument->getValue()) + "'");
    options.compiler.startAt = *stage;
  } else if (std::optional<Stage> stage = guessStage(options.input)) {
    options.compiler.startAt = *stage;
  } else if (!isMlirFile(options.input)) {
    return createStringError("cannot tell the stage of '" + options.input +
                             "' from its name; pass --start-at");
  }
  const Arg *emit = arguments.getLastArg(OPT_emit);
  StringRef name = emit ? emit->getValue() : guessLastStage(options.output);
  if (!emit && name.empty())
    return llvm::Error::success();
  llvm::Expected<Stage> stage = findStage(name, vendor, /*isInput=*/false);
  if (!stage)
    return stage.takeError();
  options.compiler.stopAfter = *stage;
  options.compiler.stageVendor = getVendorOfStage(name);
  if (options.compiler.startAt && *stage < *options.compiler.startAt)
    return createStringError(
        "cannot go back from stage '" +
        getStageName(*options.compiler.startAt, Vendor::NVIDIA) + "' to '" +
        name + "'");
  return llvm::Error::success();
}

std::string TkcOptions::getOutput(Vendor vendor) const {
  if (!output.empty())
    return output;
  if (action != Action::Compile || compiler.stopAfter != Stage::Binary ||
      verifyDiagnostics)
    return "-";
  StringRef stem =
      input == "-" ? StringRef("kernel") : llvm::sys::path::stem(input);
  return (stem + "." + getStageName(Stage::Binary, vendor)).str();
}

/// Refuses options that would change nothing.
static llvm::Error checkUse(const InputArgList &arguments, StringRef action,
                            ArrayRef<OptionId> useless) {
  for (OptionId id : useless)
    if (const Arg *argument = arguments.getLastArg(id))
      return createStringError("'" + argument->getAsString(arguments) +
                               "' has no effect with " + action);
  return llvm::Error::success();
}

static llvm::Error checkUseOfOptions(const InputArgList &arguments) {
  SmallVector<OptionId> ofCompiling = {
      OPT_target,        OPT_start_at,     OPT_define,
      OPT_kernel,        OPT_embed_source, OPT_dump_dir,
      OPT_cuda_path,     OPT_rocm_path,    OPT_use_ptxas,
      OPT_use_nvjitlink, OPT_no_line_info, OPT_file_prefix_map,
      OPT_remarks,       OPT_warning,      OPT_time};
  if (arguments.getLastArgValue(OPT_emit) == "ast")
    return checkUse(arguments, "--emit=ast", ofCompiling);
  ofCompiling.push_back(OPT_emit);
  if (arguments.hasArg(OPT_format))
    return checkUse(arguments, "--format", ofCompiling);
  if (!arguments.hasArg(OPT_describe))
    return llvm::Error::success();
  ofCompiling.append(
      {OPT_output, OPT_verify_diagnostics, OPT_split_input_file});
  return checkUse(arguments, "--describe", ofCompiling);
}

/// What the table alone does not tell.
static llvm::Error checkCombinations(const InputArgList &arguments) {
  for (const Arg *argument : arguments.filtered(OPT_warning))
    if (StringRef(argument->getValue()) != "error=missed")
      return createStringError("unknown option '" +
                               argument->getAsString(arguments) +
                               "', expects -Werror=missed");
  if (arguments.hasArg(OPT_use_ptxas) && arguments.hasArg(OPT_use_nvjitlink))
    return createStringError(
        "--use-ptxas and --use-nvjitlink exclude each other");
  if (arguments.hasArg(OPT_format) && arguments.hasArg(OPT_describe))
    return createStringError("--format and --describe exclude each other");
  const Arg *folder = arguments.getLastArg(OPT_dump_dir);
  if (folder && StringRef(folder->getValue()).empty())
    return createStringError("--dump-dir expects a folder, got ''");
  const Arg *file = arguments.getLastArg(OPT_output);
  if (file && StringRef(file->getValue()).empty())
    return createStringError("-o expects a file or '-', got ''");
  return checkUseOfOptions(arguments);
}

/// Texts may follow each other in one output, binaries may not.
static llvm::Error checkSplitting(const TkcOptions &options) {
  if (options.splitInputFile && !options.verifyDiagnostics &&
      options.action == TkcOptions::Action::Compile &&
      options.compiler.stopAfter == Stage::Binary)
    return createStringError(
        "the parts of --split-input-file cannot share a binary; pass "
        "--emit=<stage> or --verify-diagnostics");
  return llvm::Error::success();
}

static llvm::Error readDefinitions(const InputArgList &arguments,
                                   std::vector<InstanceBinding> &definitions) {
  for (const std::string &text : arguments.getAllArgValues(OPT_define)) {
    auto pair = readPair(text, "-D", "<name>=<value>");
    if (!pair)
      return pair.takeError();
    definitions.push_back({pair->first, pair->second});
  }
  return llvm::Error::success();
}

static llvm::Error readFilePrefixes(const InputArgList &arguments,
                                    std::vector<std::string> &prefixes) {
  prefixes = arguments.getAllArgValues(OPT_file_prefix_map);
  for (StringRef text : prefixes)
    if (!text.contains('='))
      return createStringError("expects --file-prefix-map=<old>=<new>, got '" +
                               text + "'");
  return llvm::Error::success();
}

static void readTargetOptions(const InputArgList &arguments,
                              TargetOptions &options) {
  options.cudaPath = arguments.getLastArgValue(OPT_cuda_path).str();
  options.rocmPath = arguments.getLastArgValue(OPT_rocm_path).str();
  options.emitLineInfo = !arguments.hasArg(OPT_no_line_info);
  if (arguments.hasArg(OPT_use_ptxas))
    options.assembler = CubinAssembler::Ptxas;
  if (arguments.hasArg(OPT_use_nvjitlink))
    options.assembler = CubinAssembler::NvJitLink;
}

llvm::Expected<TkcOptions>
mlir::tk::parseTkcOptions(ArrayRef<const char *> argv) {
  TkcOptTable table;
  unsigned missingIndex, missingCount;
  InputArgList arguments = table.ParseArgs(argv, missingIndex, missingCount);
  TkcOptions options;
  if (arguments.hasArg(OPT_help)) {
    options.action = TkcOptions::Action::PrintHelp;
    return options;
  }
  if (arguments.hasArg(OPT_version)) {
    options.action = TkcOptions::Action::PrintVersion;
    return options;
  }
  if (llvm::Error error = checkArguments(table, arguments, OPT_UNKNOWN,
                                         missingIndex, missingCount))
    return std::move(error);
  if (llvm::Error error = checkCombinations(arguments))
    return std::move(error);

  std::vector<std::string> inputs = arguments.getAllArgValues(OPT_INPUT);
  if (inputs.size() != 1)
    return createStringError(inputs.empty()
                                 ? "no input file"
                                 : "expects one input file, got '" + inputs[0] +
                                       "' and '" + inputs[1] + "'");
  options.input = inputs.front();
  if (arguments.hasArg(OPT_describe)) {
    options.action = TkcOptions::Action::Describe;
    return options;
  }
  llvm::Expected<const TargetInfo *> target =
      TargetInfo::find(arguments.getLastArgValue(OPT_target, "sm_90a"));
  if (!target)
    return target.takeError();
  options.compiler.target.target = *target;
  options.compiler.isTargetImplied = !arguments.hasArg(OPT_target);
  readTargetOptions(arguments, options.compiler.target);
  options.compiler.instances = arguments.getAllArgValues(OPT_kernel);
  options.compiler.embedsSource = arguments.hasArg(OPT_embed_source);
  if (llvm::Error error =
          readDefinitions(arguments, options.compiler.definitions))
    return std::move(error);
  if (llvm::Error error =
          readFilePrefixes(arguments, options.compiler.filePrefixes))
    return std::move(error);
  options.compiler.dumpDirectory =
      arguments.getLastArgValue(OPT_dump_dir).str();
  options.remarks.print = arguments.hasArg(OPT_remarks);
  options.remarks.missedIsError = arguments.hasArg(OPT_warning);
  options.printTimes = arguments.hasArg(OPT_time);
  options.verifyDiagnostics = arguments.hasArg(OPT_verify_diagnostics);
  options.splitInputFile = arguments.hasArg(OPT_split_input_file);
  options.output = arguments.getLastArgValue(OPT_output).str();
  if (arguments.hasArg(OPT_format))
    options.action = TkcOptions::Action::Format;
  else if (arguments.getLastArgValue(OPT_emit) == "ast")
    options.action = TkcOptions::Action::PrintAST;
  else if (llvm::Error error = readStages(arguments, options))
    return std::move(error);
  if (llvm::Error error = checkSplitting(options))
    return std::move(error);
  return options;
}

void mlir::tk::printTkcHelp(raw_ostream &os) {
  TkcOptTable().printHelp(os, "tkc [options] <file>",
                          "compiles tiled GPU kernels to cubin and hsaco");
  os << "\nTARGETS: " << llvm::join(TargetInfo::getKnownTargets(), " ") << "\n";
}
