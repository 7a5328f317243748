# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py IN OUT NAME: a file as an array of bytes in C, aligned as ELF wants it."""
import sys

source, code, name = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
with open(code, "w", encoding="ascii") as f:
    f.write("#include <stddef.h>\n"
            f"extern const unsigned char {name}[];\nextern const size_t {name}_len;\n"
            f"const size_t {name}_len = {len(data)};\n"
            f"const unsigned char {name}[] __attribute__((aligned(8))) = {{\n")
    for at in range(0, len(data), 24):
        f.write("".join(f"{byte}," for byte in data[at:at + 24]) + "\n")
    f.write("};\n")
