# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py SKELETON DNS OUT: both as C strings, one line for each line of them: part 1
of the skeleton for both tables, then part 2, and each word that is filled in later as an
argument of printf."""
import re
import sys

TABLES = {
    "inet": {"related": "ct state related return",
             "answer": "meta oif 0 meta l4proto tcp update @reset_f "
                       "{ ether saddr limit rate 10/second burst 40 packets } "
                       "reject with tcp reset"},
    "bridge": {"related": "", "answer": ""}}
WORDS = {"version": "%1$s", "lans": "%2$s", "gateways": "%3$s", "group": "%4$u"}


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read().replace("%", "%%")


def write(out, name, text):
    text = re.sub(r"\$([a-z]+)", lambda m: WORDS[m[1]], text)
    out.write(f"static const char {name}[] =\n")
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        out.write(f'\t"{escaped}\\n"\n')
    out.write("\t;\n")


skeleton, dns, header = sys.argv[1:]
both, hooks = read(skeleton).split("\n# Part 2:")
tables = "".join(both.replace("$family", family).replace("$related", words["related"])
                 .replace("$answer", words["answer"]) for family, words in TABLES.items())
with open(header, "w", encoding="ascii") as f:
    write(f, "skeleton_text", tables + "\n# Part 2:" + hooks)
    write(f, "dns_text", read(dns))
