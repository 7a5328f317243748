# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py IN OUT NAME: skeleton.nft as a C string, one line for each line of it: part 1
for both tables, then part 2, and each word that is filled in later as an argument of
printf."""
import re
import sys

TABLES = {"inet": "ct state related return", "bridge": ""}
WORDS = {"version": "%1$s", "lans": "%2$s", "gateways": "%3$s", "group": "%4$u"}

source, header, name = sys.argv[1:]
with open(source, encoding="ascii") as f:
    both, hooks = f.read().replace("%", "%%").split("\n# Part 2:")
text = ""
for family, related in TABLES.items():
    text += both.replace("$family", family).replace("$related", related)
text = re.sub(r"\$([a-z]+)", lambda m: WORDS[m[1]], text + "\n# Part 2:" + hooks)
with open(header, "w", encoding="ascii") as f:
    f.write(f"static const char {name}[] =\n")
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        f.write(f'\t"{escaped}\\n"\n')
    f.write("\t;\n")
