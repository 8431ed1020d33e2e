//===- Cases.cpp - the kernel around an instruction -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cases.h"

using namespace measure;

std::string measure::buildKernel(unsigned inputWords, unsigned outputWords,
                                 const std::string &declarations,
                                 const std::string &body,
                                 const std::string &version, bool isStored) {
  auto number = [](unsigned value) { return std::to_string(value); };
  std::string text =
      ".version " + version +
      "\n.target sm_90a\n.address_size 64\n"
      ".visible .entry case(.param .u64 input, .param .u64 "
      "output)\n{\n"
      "  .reg .b32 %w<" +
      number(inputWords + 1) + ">, %o<" + number(outputWords + 1) +
      ">, %thread<4>;\n  .reg .b64 %at<4>;\n" + declarations +
      "  mov.u32 %thread0, %ctaid.x;\n"
      "  mov.u32 %thread1, %ntid.x;\n"
      "  mov.u32 %thread2, %tid.x;\n"
      "  mad.lo.u32 %thread3, %thread0, %thread1, %thread2;\n"
      "  ld.param.u64 %at0, [input];\n"
      "  ld.param.u64 %at1, [output];\n"
      "  mul.wide.u32 %at2, %thread3, " +
      number(inputWords * 4) +
      ";\n  add.u64 %at0, %at0, %at2;\n"
      "  mul.wide.u32 %at3, %thread3, " +
      number(outputWords * 4) + ";\n  add.u64 %at1, %at1, %at3;\n";
  for (unsigned i = 0; i < inputWords; ++i)
    text +=
        "  ld.global.b32 %w" + number(i) + ", [%at0+" + number(4 * i) + "];\n";
  text += body;
  for (unsigned i = 0; !isStored && i < outputWords; ++i)
    text +=
        "  st.global.b32 [%at1+" + number(4 * i) + "], %o" + number(i) + ";\n";
  return text + "  ret;\n}\n";
}
