# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gateway's C sources say to people: each text with where it stands, as the
template that web/src/i18n/gateway.de.txt has of it ("%s took %u" is "{1} took {2#}")."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*|\'(?:[^\'\\]|\\.)+\''
                   r'|[A-Za-z_]\w*|\s+|.', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#[^\n]*(?:\\\n[^\n]*)*$', re.M)
CONVERSION = re.compile(r'%(?:%|[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?([a-zA-Z]))')
ESCAPE = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "r": "\r"}


def calls(source):
    """(line, function that is called with it, text) of each string, neighbours joined."""
    source = DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), source)
    stack, last, line, group, found = [], "", 1, None, []
    for token in (m.group(0) for m in TOKEN.finditer(source)):
        here, line = line, line + token.count("\n")
        if token[0] == '"':
            if not group:
                group = [here, next((s for s in reversed(stack) if s), ""), ""]
            group[2] += token[1:-1]
            continue
        if token.isspace() or token[:2] in ("/*", "//"):
            continue
        if token[0].isalpha() or token[0] == "_":
            if group and re.fullmatch(r"PRI[a-z]+\d+", token):
                group[2] += token[3]
                continue
            if group and re.fullmatch(r"[A-Z][A-Z_0-9]{3,}", token):
                group[2] += "%s"  # a constant's text
                continue
        if group:
            found.append(tuple(group))
            group = None
        if token == "(":
            stack.append(last)
        elif token == ")" and stack:
            stack.pop()
        elif token == ";":
            stack.clear()
        last = token if token[0].isalpha() or token[0] == "_" else ""
    return found


def template(text):
    """A format as a template."""
    text = re.sub(r"\\(.)", lambda m: ESCAPE.get(m.group(1), m.group(0)), text)
    n = 0

    def hole(m):
        nonlocal n
        if m.group(0) == "%%":
            return "%"
        n += 1
        return "{%d%s}" % (n, "#" if m.group(1) in "diuxX" else "")

    return CONVERSION.sub(hole, text)


def chunks(said):
    """What stands between the holes."""
    return re.split(r"\{\d+#?\}", said)
