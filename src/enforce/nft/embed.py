# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py IN OUT NAME: a text as a C string, one line for each line of it."""
import sys

source, header, name = sys.argv[1:]
with open(source, encoding="ascii") as f:
    lines = f.read().splitlines()
with open(header, "w", encoding="ascii") as f:
    f.write(f"static const char {name}[] =\n")
    for line in lines:
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        f.write(f'\t"{escaped}\\n"\n')
    f.write("\t;\n")
