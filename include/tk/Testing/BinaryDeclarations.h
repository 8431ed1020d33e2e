//===- BinaryDeclarations.h - the kernels of a binary as .tk text ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_BINARYDECLARATIONS_H
#define TK_TESTING_BINARYDECLARATIONS_H

#include "tk/Support/Manifest.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::tk {

/// What a manifest says, as declarations without bodies: enough for the front
/// end to read a launch, check its arguments and make its inputs. Every
/// instance becomes a kernel of its own without generic parameters.
class BinaryDeclarations {
public:
  explicit BinaryDeclarations(const Manifest &manifest);

  llvm::StringRef getText() const { return text; }

  /// From the names in the text to instances of the manifest.
  const llvm::StringMap<std::string> &getInstances() const { return instances; }

  /// Replaces the instance at the start of `softmax<f16>(x = randn[2, 2])` by
  /// its name in the text. What tells it from the other instances in the binary
  /// is enough.
  llvm::Expected<std::string> translateLaunch(llvm::StringRef launch) const;

private:
  void addKernel(const ManifestKernel &kernel);
  void addSequence(const ManifestSequence &sequence);
  std::string makeName(llvm::StringRef name, llvm::StringRef instance);
  llvm::StringRef findName(llvm::StringRef instance) const;

  std::string text = "tk 1;\n";
  llvm::StringMap<std::string> instances;
  /// Of kernels and sequences: name, instance, name in the text.
  struct Entry {
    std::string name, instance, identifier;
  };
  std::vector<Entry> entries;
};

} // namespace mlir::tk

#endif // TK_TESTING_BINARYDECLARATIONS_H
