"""Writes a folder as an initramfs (cpio, "newc" format) to standard output, all of it root's.

    archive.py FOLDER

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""
import os
import sys

root = sys.argv[1]
output = sys.stdout.buffer


def entry(name, mode, data=b""):
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    output.write(header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4))


for path, folders, names in os.walk(root):
    folder = os.path.relpath(path, root)
    if folder != ".":
        entry(folder, 0o040755)
    for name in sorted(names):
        file = os.path.join(path, name)
        relative = os.path.normpath(os.path.join(folder, name))
        if os.path.islink(file):
            entry(relative, 0o120777, os.readlink(file).encode())
        else:
            entry(relative, 0o100755, open(file, "rb").read())
entry("TRAILER!!!", 0)
