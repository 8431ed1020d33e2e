# default_instances.py - the instances of the kernels in a file that leave every tile at its default.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re

# Integers are only moved and added: the narrowest and the widest stand for all of them.
CLASSES = {
    "half": ["f16", "bf16"],
    "float": ["f16", "bf16", "f32", "f64"],
    "int": ["i8", "i64"],
    "number": ["i8", "i64", "f16", "f32"],
    "any": ["i8", "i64", "f16", "f32"],
}
# A dot takes no other integers.
ONLY = {"matmul_bytes": ["i8"]}


def get_choices(kernel, parameter, enums):
    """The spellings of one generic parameter. None if it has a default, which is left alone."""
    name, kind = (part.strip() for part in parameter.split(":", 1))
    enum = re.match(r"const (\w+)(?: *= *(\.\w+))?$", kind)
    if enum and enum.group(1) in enums:
        return ["%s = .%s" % (name, value) for value in enums[enum.group(1)]]
    if "=" in kind:
        return None
    return ONLY.get(kernel, CLASSES[kind])


def list_instances(text):
    """'softmax<f16>', ...: for every kernel each type of its classes and each value of its enums."""
    enums = {name: [value.strip() for value in values.split(",")]
             for name, values in re.findall(r"^enum (\w+) *\{([^}]*)\}", text, re.M)}
    for name, parameters in re.findall(r"^kernel (\w+)(?:<([^>]*)>)?", text, re.M):
        chosen = [[]]
        for parameter in filter(None, parameters.split(",")):
            choices = get_choices(name, parameter, enums)
            if choices is not None:
                chosen = [before + [choice] for before in chosen for choice in choices]
        for arguments in chosen:
            yield name + ("<%s>" % ", ".join(arguments) if arguments else "")
