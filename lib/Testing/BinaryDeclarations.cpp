//===- BinaryDeclarations.cpp - the kernels of a binary as .tk text -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/BinaryDeclarations.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace llvm;
using namespace mlir::tk;

static std::string join(ArrayRef<HostExpr> exprs) {
  std::string text;
  for (const HostExpr &expr : exprs)
    text += (text.empty() ? "" : ", ") + expr.str();
  return text;
}

static std::string getTypeText(const ManifestParam &param) {
  std::string element = getDTypeName(param.dtype).str();
  if (param.isPointer)
    element = "ptr<" + element + ">";
  if (!param.isTensor)
    return element;
  return "tensor<" + element + ">[" + join(param.dims) + "]";
}

/// "x: tensor<f16>[M, N], y: out tensor<f16>[M, N]".
static std::string getParams(ArrayRef<ManifestParam> params) {
  std::string text;
  for (const ManifestParam &param : params) {
    text += (text.empty() ? "" : ", ") + param.name + ": ";
    if (param.access != ParamAccess::Read)
      text += (stringifyParamAccess(param.access) + " ").str();
    text += getTypeText(param);
  }
  return text;
}

/// " alias(x, y) init(c = 0) require(N > 0)".
static std::string getClauses(ArrayRef<ManifestParam> params,
                              ArrayRef<HostExpr> requirements) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const ManifestParam &param : params)
    for (const std::string &alias : param.aliases)
      pairs.insert(std::minmax(alias, param.name));
  std::string text;
  for (const auto &[lhs, rhs] : pairs)
    text += " alias(" + lhs + ", " + rhs + ")";
  for (const ManifestParam &param : params)
    if (param.initialValue)
      text += " init(" + param.name + " = " +
              formatInitialValue(*param.initialValue) + ")";
  for (const HostExpr &requirement : requirements)
    text += " require(" + requirement.str() + ")";
  return text;
}

/// An identifier that no other entry has: "softmax_bf16_BLOCK_4096".
std::string BinaryDeclarations::makeName(StringRef name, StringRef instance) {
  std::string identifier;
  for (char c : instance)
    if (isAlnum(c) || c == '_')
      identifier += c;
    else if (!identifier.empty() && identifier.back() != '_')
      identifier += '_';
  while (StringRef(identifier).ends_with("_"))
    identifier.pop_back();
  while (any_of(entries,
                [&](const Entry &e) { return e.identifier == identifier; }))
    identifier += '_';
  entries.push_back({name.str(), instance.str(), identifier});
  instances[identifier] = instance.str();
  return identifier;
}

void BinaryDeclarations::addKernel(const ManifestKernel &kernel) {
  text += "kernel " + makeName(kernel.name, kernel.instance) + "(" +
          getParams(kernel.params) + ") grid(" + join(kernel.grid) + ")" +
          getClauses(kernel.params, kernel.requirements) + " { }\n";
}

StringRef BinaryDeclarations::findName(StringRef instance) const {
  return find_if(entries,
                 [&](const Entry &e) { return e.instance == instance; })
      ->identifier;
}

void BinaryDeclarations::addSequence(const ManifestSequence &sequence) {
  std::string body;
  for (const ManifestParam &temp : sequence.temps)
    body += "    temp " + temp.name + ": " + getTypeText(temp) +
            (temp.isZeroed ? " = 0" : "") + ";\n";
  for (const ManifestStep &step : sequence.steps) {
    std::string arguments;
    for (const ManifestStepArgument &argument : step.arguments) {
      arguments += arguments.empty() ? "" : ", ";
      if (argument.scalar)
        arguments += argument.scalar->str();
      else if (argument.strides.empty())
        arguments += argument.buffer;
      else
        arguments += "tensor(" + argument.buffer + ", [" + join(argument.dims) +
                     "], [" + join(argument.strides) + "])";
    }
    // The manifest was checked to have the kernel.
    body += "    " + findName(step.kernel).str() + "(" + arguments + ");\n";
  }
  text += "sequence " + makeName(sequence.name, sequence.instance) + "(" +
          getParams(sequence.params) + ")" +
          getClauses(sequence.params, sequence.requirements) + " {\n" + body +
          "}\n";
}

BinaryDeclarations::BinaryDeclarations(const Manifest &manifest) {
  for (const ManifestKernel &kernel : manifest.kernels)
    addKernel(kernel);
  for (const ManifestSequence &sequence : manifest.sequences)
    addSequence(sequence);
}

static std::string removeSpace(StringRef text) {
  std::string result;
  copy_if(text, std::back_inserter(result), [](char c) { return !isSpace(c); });
  return result;
}

/// "64" of "BLOCK=64", "bf16" of "bf16".
static StringRef getValue(StringRef argument) {
  return argument.contains('=') ? argument.split('=').second : argument;
}

/// Whether `wanted`, "softmax", "softmax<bf16>" or "softmax<bf16,BLOCK=64>",
/// contradicts nothing in `instance`. Neither has white space.
static bool fits(StringRef wanted, StringRef instance) {
  auto [wantedName, wantedList] = wanted.split('<');
  auto [name, list] = instance.split('<');
  if (wantedName != name ||
      (!wantedList.empty() && !wantedList.consume_back(">")))
    return false;
  list.consume_back(">");
  SmallVector<StringRef> wantedArguments, arguments;
  wantedList.split(wantedArguments, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  list.split(arguments, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (auto [i, argument] : enumerate(wantedArguments)) {
    if (argument.contains('=')
            ? is_contained(arguments, argument)
            : i < arguments.size() && argument == getValue(arguments[i]))
      continue;
    return false;
  }
  return true;
}

Expected<std::string>
BinaryDeclarations::translateLaunch(StringRef launch) const {
  auto [target, arguments] = launch.split('(');
  std::string wanted = removeSpace(target);
  const Entry *found = nullptr;
  for (const Entry &entry : entries) {
    std::string instance = removeSpace(entry.instance);
    if (instance == wanted) {
      found = &entry;
      break;
    }
    if (!fits(wanted, instance))
      continue;
    if (found)
      return createStringError("the binary has several instances of '" +
                               Twine(wanted) + "', among them '" +
                               found->instance + "' and '" + entry.instance +
                               "'; name one");
    found = &entry;
  }
  if (found)
    return found->identifier + "(" + arguments.str();
  SmallVector<StringRef> known;
  for (const Entry &entry : entries)
    known.push_back(entry.instance);
  return createStringError("the binary has no kernel '" + Twine(wanted) +
                           "', only " + llvm::join(known, ", "));
}
