"""Copies kernel modules with all they depend on, and the order to load each in.

    modules.py FOLDER NAME... -- TREE...

Writes FOLDER/<name>.ko for every module, unpacked, and FOLDER/<wanted>.order. A name that is built into the kernel has an
empty order; one that is not there at all is left out, and who loads it finds out. Later trees win.
"""
import lzma
import os
import sys

folder, rest = sys.argv[1], sys.argv[2:]
cut = rest.index("--")
wanted, trees = [name.replace("-", "_") for name in rest[:cut]], rest[cut + 1:]

files, built_in = {}, set()
for tree in trees:
    for path, _, names in os.walk(tree):
        for name in names:
            if name.endswith((".ko", ".ko.xz")):
                files[name.split(".ko")[0].replace("-", "_")] = os.path.join(path, name)
            elif name == "modules.builtin":
                lines = open(os.path.join(path, name)).read().split()
                built_in |= {os.path.basename(line).split(".ko")[0].replace("-", "_") for line in lines}


def content(name):
    data = open(files[name], "rb").read()
    return lzma.decompress(data) if files[name].endswith(".xz") else data


def dependencies(name):
    """The `depends=` field of the module's .modinfo section: names between commas."""
    data = content(name)
    start = data.find(b"depends=") + len(b"depends=")
    names = data[start:data.index(b"\0", start)].decode().replace("-", "_").split(",")
    return [each for each in names if each]


def visit(name, order):
    if name in order or name not in files:
        return
    for each in dependencies(name):
        visit(each, order)
    order.append(name)


os.makedirs(folder, exist_ok=True)
for name in wanted:
    order = []
    if name not in built_in:
        if name not in files:
            continue
        visit(name, order)
    for each in order:
        with open(os.path.join(folder, each + ".ko"), "wb") as file:
            file.write(content(each))
    with open(os.path.join(folder, name + ".order"), "w") as file:
        file.write("".join(each + "\n" for each in order))
