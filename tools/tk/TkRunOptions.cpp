//===- TkRunOptions.cpp - the command line of tk-run ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TkRunOptions.h"
#include "ToolOptions.h"
#include "tk/Support/MachineDefinitions.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"

using namespace mlir;
using namespace mlir::tk;
// The generated tables name DefaultVis and the kinds of options.
using namespace llvm::opt;
using llvm::createStringError;

namespace {
enum OptionId {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "TkRunOptions.inc"
#undef OPTION
};
} // namespace

#define OPTTABLE_STR_TABLE_CODE
#include "TkRunOptions.inc"
#undef OPTTABLE_STR_TABLE_CODE

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "TkRunOptions.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

static constexpr OptTable::Info kOptions[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "TkRunOptions.inc"
#undef OPTION
};

namespace {
class TkRunOptTable : public GenericOptTable {
public:
  TkRunOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, kOptions) {}
};
} // namespace

/// Reads a number that is at least 0, if the option is given.
template <typename T>
static llvm::Error readNumber(const InputArgList &arguments, OptionId id,
                              StringRef name, T &number) {
  const Arg *argument = arguments.getLastArg(id);
  if (!argument)
    return llvm::Error::success();
  StringRef text = argument->getValue();
  bool isWrong;
  if constexpr (std::is_floating_point_v<T>)
    isWrong = text.getAsDouble(number);
  else
    isWrong = text.getAsInteger(10, number);
  // Not the same as `number < 0`: there is a number that is none.
  if (isWrong || !(number >= 0))
    return createStringError("--" + name + " expects a number, got '" + text +
                             "'");
  return llvm::Error::success();
}

/// A device runs what is compiled for chips of its vendor.
static llvm::Error readTarget(StringRef name, StringRef device, Vendor vendor,
                              const TargetInfo *&target) {
  if (name.empty())
    return llvm::Error::success();
  llvm::Expected<const TargetInfo *> found = TargetInfo::find(name);
  if (!found)
    return found.takeError();
  target = *found;
  if (target->getVendor() == vendor)
    return llvm::Error::success();
  SmallVector<StringRef> fitting;
  for (StringRef known : TargetInfo::getKnownTargets())
    if (TargetInfo::lookup(known)->getVendor() == vendor)
      fitting.push_back(known);
  return createStringError("the device '" + device + "' runs no code for '" +
                           name + "', expects one of " +
                           llvm::join(fitting, ", "));
}

/// Refuses options that would change nothing on the device.
static llvm::Error checkOptionsOfDevice(const InputArgList &arguments,
                                        StringRef device) {
  SmallVector<OptionId> useless;
  if (device == "interp")
    useless = {OPT_variant, OPT_gpu,       OPT_driver,
               OPT_target,  OPT_cuda_path, OPT_rocm_path};
  else if (device == "emu")
    useless = {OPT_gpu, OPT_driver, OPT_rocm_path};
  else if (device == "cuda")
    useless = {OPT_rocm_path};
  else if (device == "hip")
    useless = {OPT_cuda_path};
  for (OptionId id : useless)
    if (const Arg *argument = arguments.getLastArg(id))
      return createStringError("'" + argument->getAsString(arguments) +
                               "' has no effect with --device=" + device);
  return llvm::Error::success();
}

static llvm::Error readDevice(const InputArgList &arguments,
                              SessionOptions &options) {
  using Choice = SessionOptions::DeviceChoice;
  StringRef name = arguments.getLastArgValue(OPT_device);
  std::optional<Choice> choice = llvm::StringSwitch<std::optional<Choice>>(name)
                                     .Case("", Choice::Automatic)
                                     .Case("interp", Choice::Interpreter)
                                     .Case("emu", Choice::Emulator)
                                     .Case("cuda", Choice::Cuda)
                                     .Case("hip", Choice::Hip)
                                     .Default(std::nullopt);
  if (!choice)
    return createStringError("no device is called '" + name +
                             "', expects interp, emu, cuda or hip");
  if (llvm::Error error = checkOptionsOfDevice(arguments, name))
    return error;
  options.device = *choice;
  // A GPU given by number must exist: the interpreter is no substitute for it.
  if (*choice == Choice::Automatic && arguments.hasArg(OPT_gpu))
    options.device = Choice::Cuda;
  if (*choice == Choice::Hip)
    options.gpu.vendor = Vendor::AMD;
  options.gpu.driverPath = arguments.getLastArgValue(OPT_driver).str();
  options.staysInProcess = arguments.hasArg(OPT_in_process);
  TargetOptions &target = options.gpu.compiler.target;
  target.cudaPath = arguments.getLastArgValue(OPT_cuda_path).str();
  target.rocmPath = arguments.getLastArgValue(OPT_rocm_path).str();
  options.gpu.variant = arguments.getLastArgValue(OPT_variant).str();
  if (llvm::Error error = readTarget(arguments.getLastArgValue(OPT_target),
                                     name.empty() ? "cuda" : name,
                                     options.gpu.vendor, target.target))
    return error;
  return readNumber(arguments, OPT_gpu, "gpu", options.gpu.index);
}

static llvm::Error readBenches(const InputArgList &arguments,
                               SessionOptions &options) {
  options.runsBenches = arguments.hasArg(OPT_bench);
  options.onlyChecksBenches = arguments.hasArg(OPT_check_only);
  options.bench.flushL2 = !arguments.hasArg(OPT_no_flush);
  options.jsonFile = arguments.getLastArgValue(OPT_json).str();
  options.csvFile = arguments.getLastArgValue(OPT_csv).str();
  options.plotFile = arguments.getLastArgValue(OPT_plot).str();
  if (!options.runsBenches)
    for (OptionId id :
         {OPT_only, OPT_check_only, OPT_mode, OPT_no_flush, OPT_csv, OPT_plot})
      if (const Arg *argument = arguments.getLastArg(id))
        return createStringError("'" + argument->getAsString(arguments) +
                                 "' requires --bench");
  if (const Arg *test = arguments.getLastArg(OPT_test);
      test && options.runsBenches)
    return createStringError("'" + test->getAsString(arguments) +
                             "' has no effect with --bench");
  if (options.onlyChecksBenches)
    for (OptionId id : {OPT_mode, OPT_no_flush, OPT_json, OPT_csv, OPT_plot})
      if (const Arg *argument = arguments.getLastArg(id))
        return createStringError("'" + argument->getAsString(arguments) +
                                 "' has no effect with --check-only");
  StringRef mode = arguments.getLastArgValue(OPT_mode, "bench");
  std::optional<BenchMode> parsed = parseBenchMode(mode);
  if (!parsed)
    return createStringError("no mode is called '" + mode +
                             "', expects burst, bench or steady");
  options.bench.mode = *parsed;
  return llvm::Error::success();
}

static llvm::Error readSelection(const InputArgList &arguments,
                                 SessionOptions &options) {
  options.selection.kernel = arguments.getLastArgValue(OPT_kernel).str();
  options.launches = arguments.getAllArgValues(OPT_run);
  for (const std::string &text : arguments.getAllArgValues(OPT_define)) {
    auto pair = readPair(text, "-D", "<name>=<value>");
    if (!pair)
      return pair.takeError();
    bool isForCompiler = isMachineDefinition(pair->first);
    if (isForCompiler &&
        options.device == SessionOptions::DeviceChoice::Interpreter)
      return createStringError("'-D " + text +
                               "' has no effect with --device=interp");
    (isForCompiler ? options.gpu.compiler.definitions
                   : options.selection.definitions)
        .push_back({pair->first, pair->second});
  }
  for (const std::string &text : arguments.getAllArgValues(OPT_output)) {
    auto pair = readPair(text, "--output=", "<name>=<file>");
    if (!pair)
      return pair.takeError();
    options.outputs.push_back({pair->first, pair->second});
  }
  if (!options.outputs.empty() && options.files.size() > 1)
    return createStringError("--output expects one input file, got " +
                             llvm::Twine(options.files.size()));
  options.name =
      arguments.getLastArgValue(options.runsBenches ? OPT_only : OPT_test)
          .str();
  return llvm::Error::success();
}

/// What a binary says does not depend on how it would run.
static llvm::Error checkDescribe(const InputArgList &arguments) {
  if (!arguments.hasArg(OPT_describe))
    return llvm::Error::success();
  for (const Arg *argument : arguments)
    if (!argument->getOption().matches(OPT_INPUT) &&
        !argument->getOption().matches(OPT_describe))
      return createStringError("'" + argument->getAsString(arguments) +
                               "' has no effect with --describe");
  return llvm::Error::success();
}

/// Names of rules, separated by commas.
static llvm::Error readDisabledRules(StringRef text, EmulatorChecks &checks) {
  SmallVector<StringRef> names;
  text.split(names, ',');
  std::vector<StringRef> known = getEmulatorRules();
  for (StringRef name : names) {
    if (!llvm::is_contained(known, name)) {
      std::optional<StringRef> closest = findClosest(name, known);
      return createStringError(
          "no rule is called '" + name + "'" +
          (closest ? "; did you mean '" + *closest + "'?"
                   : ", expects one of " + llvm::join(known, ", ")));
    }
    checks.disabledRules.insert(name);
  }
  return llvm::Error::success();
}

static llvm::Error readEmulator(const InputArgList &arguments,
                                SessionOptions &options) {
  bool isEmulator = options.device == SessionOptions::DeviceChoice::Emulator;
  for (OptionId id : {OPT_no_check, OPT_no_checks, OPT_no_war_proxy, OPT_seed,
                      OPT_step_limit, OPT_measure, OPT_budget})
    if (const Arg *argument = arguments.getLastArg(id); argument && !isEmulator)
      return createStringError("'" + argument->getAsString(arguments) +
                               "' requires --device=emu");
  const Arg *json = arguments.getLastArg(OPT_json);
  if (json && !options.runsBenches && !isEmulator)
    return createStringError("'" + json->getAsString(arguments) +
                             "' requires --bench or --device=emu");
  EmulatorOptions &emulator = options.emulator;
  emulator.checks.isOn = !arguments.hasArg(OPT_no_checks);
  if (arguments.hasArg(OPT_no_war_proxy))
    emulator.checks.disabledRules.insert("war-proxy");
  for (const std::string &text : arguments.getAllArgValues(OPT_no_check))
    if (llvm::Error error = readDisabledRules(text, emulator.checks))
      return error;
  options.printsMeasurements = arguments.hasArg(OPT_measure);
  emulator.isMeasured = options.printsMeasurements || json;
  if (llvm::Error error =
          readNumber(arguments, OPT_seed, "seed", emulator.seed))
    return error;
  if (const Arg *budget = arguments.getLastArg(OPT_budget);
      budget && options.runsBenches)
    return createStringError("'" + budget->getAsString(arguments) +
                             "' has no effect with --bench");
  if (llvm::Error error = readNumber(arguments, OPT_budget, "budget",
                                     emulator.instructionBudget))
    return error;
  return readNumber(arguments, OPT_step_limit, "step-limit",
                    emulator.stepLimit);
}

static llvm::Error readDimensions(const InputArgList &arguments, OptionId id,
                                  StringRef name, PtxDimensions &dimensions) {
  StringRef text = arguments.getLastArgValue(id, "1");
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  bool isWrong = parts.size() > 3;
  dimensions = {1, 1, 1};
  for (auto [part, dimension] : llvm::zip(parts, dimensions))
    isWrong |= part.trim().getAsInteger(10, dimension) || dimension == 0;
  if (isWrong)
    return createStringError("--" + name +
                             " expects one to three positive numbers such as "
                             "4,2,1, got '" +
                             text + "'");
  return llvm::Error::success();
}

/// The launch of an entry, which stands for everything else that could be run.
static llvm::Error readPtxLaunch(const InputArgList &arguments,
                                 SessionOptions &options) {
  PtxLaunchText &launch = options.ptx;
  launch.entry = arguments.getLastArgValue(OPT_entry).str();
  bool isPtx = !launch.entry.empty();
  std::initializer_list<OptionId> ofLaunch = {
      OPT_grid,   OPT_block, OPT_cluster, OPT_shared, OPT_arg,
      OPT_buffer, OPT_map,   OPT_maps,    OPT_expect};
  std::initializer_list<OptionId> ofTests = {
      OPT_test,  OPT_run,     OPT_kernel, OPT_define, OPT_seeds,
      OPT_bench, OPT_variant, OPT_budget, OPT_target};
  for (OptionId id : isPtx ? ofTests : ofLaunch)
    if (const Arg *argument = arguments.getLastArg(id))
      return createStringError(
          "'" + argument->getAsString(arguments) +
          (isPtx ? "' has no effect with --entry" : "' requires --entry"));
  if (isPtx && options.files.size() > 1)
    return createStringError("--entry expects one input file, got " +
                             llvm::Twine(options.files.size()));
  launch.arguments = arguments.getAllArgValues(OPT_arg);
  launch.buffers = arguments.getAllArgValues(OPT_buffer);
  launch.maps = arguments.getAllArgValues(OPT_map);
  launch.mapsFile = arguments.getLastArgValue(OPT_maps).str();
  launch.expectations = arguments.getAllArgValues(OPT_expect);
  for (const OutputFile &file : options.outputs)
    launch.outputs.push_back({file.output, file.path});
  if (llvm::Error error =
          readDimensions(arguments, OPT_grid, "grid", launch.grid))
    return error;
  if (llvm::Error error =
          readDimensions(arguments, OPT_block, "block", launch.block))
    return error;
  if (arguments.hasArg(OPT_cluster))
    if (llvm::Error error = readDimensions(arguments, OPT_cluster, "cluster",
                                           launch.cluster.emplace()))
      return error;
  return readNumber(arguments, OPT_shared, "shared", launch.sharedBytes);
}

llvm::Expected<TkRunOptions>
mlir::tk::parseTkRunOptions(ArrayRef<const char *> argv) {
  TkRunOptTable table;
  unsigned missingIndex, missingCount;
  InputArgList arguments = table.ParseArgs(argv, missingIndex, missingCount);
  TkRunOptions options;
  if (arguments.hasArg(OPT_help)) {
    options.action = TkRunOptions::Action::PrintHelp;
    return options;
  }
  if (arguments.hasArg(OPT_version)) {
    options.action = TkRunOptions::Action::PrintVersion;
    return options;
  }
  if (arguments.hasArg(OPT_describe))
    options.action = TkRunOptions::Action::Describe;
  SessionOptions &session = options.session;
  session.files = arguments.getAllArgValues(OPT_INPUT);
  session.tests.timeLimitInSeconds = 300;
  session.isWorker = arguments.hasArg(OPT_worker);
  llvm::Error error =
      checkArguments(table, arguments, OPT_UNKNOWN, missingIndex, missingCount);
  if (!error)
    error = checkDescribe(arguments);
  if (!error)
    error = readDevice(arguments, session);
  if (!error)
    error = readBenches(arguments, session);
  if (!error)
    error = readSelection(arguments, session);
  if (!error)
    error = readEmulator(arguments, session);
  if (!error)
    error = readPtxLaunch(arguments, session);
  if (!error)
    error = readNumber(arguments, OPT_seeds, "seeds", session.tests.numSeeds);
  if (!error && session.tests.numSeeds == 0)
    error = createStringError("--seeds expects a number from 1 on, got '0'");
  if (!error)
    error = readNumber(arguments, OPT_timeout, "timeout",
                       session.tests.timeLimitInSeconds);
  if (!error)
    error = readNumber(arguments, OPT_worker, "worker", session.firstItem);
  if (!error && arguments.hasArg(OPT_silence))
    error = readNumber(arguments, OPT_silence, "silence",
                       session.silenceInSeconds.emplace());
  if (error)
    return std::move(error);
  // More is for ever, and clocks could not count it.
  constexpr double kMaxTimeLimitInSeconds = 1e9;
  session.tests.timeLimitInSeconds =
      std::min(session.tests.timeLimitInSeconds, kMaxTimeLimitInSeconds);
  session.gpu.timeoutInSeconds = session.tests.timeLimitInSeconds;
  session.emulator.timeLimitInSeconds = session.tests.timeLimitInSeconds;
  if (session.files.empty())
    return createStringError("no input file");
  return options;
}

void mlir::tk::printTkRunHelp(raw_ostream &os) {
  TkRunOptTable().printHelp(
      os, "tk-run [options] <file.tk, .cubin, .hsaco or .ptx>...",
      "runs the tests and benches of .tk files and the kernels of binaries");
}
