# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documents, the manual pages, the page and the program itself say to type exists:
each command with its flags and operands, each setting with its default, each route of the
API, each target of make, each file, link and anchor."""

import json
import os
import re
import shlex
import subprocess
import tomllib
from glob import glob

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ALL = sorted(os.path.relpath(p, ROOT) for p in [
    *glob(ROOT + "/*.md"), *glob(ROOT + "/docs/**/*.md", recursive=True), *glob(ROOT + "/lab/*.md"),
    *glob(ROOT + "/web/*.md")])
MANUALS = sorted(os.path.relpath(p, ROOT) for p in glob(ROOT + "/man/*.[1-8]"))
# Decisions are of their day: what they name may have another name now.
DOCUMENTS = [p for p in ALL if not p.startswith("docs/adr/")]
MADE = {"docs/api.md"}  # of the table of routes, by a tool with its own check


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


@pytest.fixture(scope="module")
def told(program):
    """The table of commands, by "noun verb"."""
    answer = json.loads(subprocess.run([program, "help", "--json"], check=True,
                                       capture_output=True).stdout)
    return {"flags": answer["flags"], "commands": {
        c["noun"] + (" " + c["verb"] if c["verb"] else ""): c for c in answer["commands"]}}


@pytest.fixture(scope="module")
def settings(program):
    answer = json.loads(subprocess.run([program, "config", "schema", "--json"], check=True,
                                       capture_output=True).stdout)
    return {(i["section"], i["key"]): i for i in answer["settings"]}


# ---- commands ----

def words_of(line):
    """Of a line as a document has it: no prompt, no comment, no explanation behind a gap, no
    redirection; None when it goes on where we cannot see."""
    line = re.sub(r"\s#\s.*", "", line.strip())
    line = re.split(r"\s{3,}", line)[0].replace("…", "...")
    if line.endswith("..."):  # shortened
        return None
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|>&;")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return None
    cut = [i for i, w in enumerate(words) if set(w) <= set("|>&;") and w]
    return words[:cut[0]] if cut else words


def problem_of(words, told, whole):
    """What is wrong with these words behind "cardea"; whole: operands have to be there."""
    noun, rest = (words[0], words[1:]) if words else ("status", [])
    commands = told["commands"]
    if noun.startswith("-"):
        noun, rest = "status", words
    verbs = [c["verb"] for c in commands.values() if c["noun"] == noun]
    if not verbs:
        return "there is no such command"
    name = noun
    if None not in verbs:
        if not rest:
            return "which verb?" if whole else None
        name, rest = noun + " " + rest[0], rest[1:]
        if name not in commands:
            # "a|b|c": each of them; in text a noun stands for all its verbs
            bad = [v for v in name[len(noun) + 1:].split("|") if v not in verbs]
            return "there is no such verb: %s" % bad[0] if bad else None
    known = {f["name"]: f for f in [*commands[name]["flags"], *told["flags"]]}
    given = 0
    while rest:
        word, rest = rest[0], rest[1:]
        if word in ("-q", "-v", "-h", "-V"):
            continue
        if not word.startswith("--"):
            given += 1
            continue
        flag, equals, _ = word[2:].partition("=")
        if flag not in known:
            return "there is no flag --%s" % flag
        if known[flag]["value"] is None:
            if equals:
                return "--%s takes no value" % flag
        elif not equals:
            if not rest:
                return "--%s wants a value" % flag if whole else None
            rest = rest[1:]
            while known[flag]["value"].endswith("...") and rest and rest[0][:1] != "-":
                rest = rest[1:]
    least, most = commands[name]["least"], commands[name]["most"]
    if whole and given < least:
        return "something is missing"
    if most is not None and given > most:
        return "that is too much"
    return None


def markdown_commands(text):
    """(line, words, whole): what stands on a line of its own, and what stands in a sentence."""
    fenced = joined = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if joined:
            line, joined = joined + line.strip(), ""
        if (fenced or line.startswith("    ")) and line.endswith("\\"):
            joined = line[:-1]
            continue
        if fenced or line.startswith(("    ", "\t")):
            found = re.match(r"\s*(?:[│]\s*)?(?:[$#]\s+)?(cardea(?:\s+[a-z-].*)?)$", line)
            if found:
                yield number, words_of(found[1]), True
            continue
    plain = re.sub(r"^(```.*?^```|(?:    |\t)[^\n]*$)", lambda m: "\n" * m[0].count("\n"), text,
                   flags=re.S | re.M)
    for found in re.finditer(r"`(cardea\s[^`]+)`", plain):
        yield plain[:found.start()].count("\n") + 1, words_of(" ".join(found[1].split())), False


def complaints(path, commands, told):
    for number, words, whole in commands:
        if words is None or words[0] != "cardea":
            continue
        problem = problem_of(words[1:], told, whole)
        if problem:
            yield "%s:%d: %s: %s" % (path, number, " ".join(words), problem)


def test_the_check_can_fail(told):
    for line, whole, what in (
            ("cardea house list", False, "no such command"), ("cardea device class", False, "no such verb"),
            ("cardea decide", True, "which verb"), ("cardea device rename a", True, "missing"),
            ("cardea device show a b", False, "too much"), ("cardea device show a --now", False, "no flag"),
            ("cardea case show 3 --device=x", False, "no flag"), ("cardea status --wait=3", True, "no value"),
            ("cardea why a b --port", True, "wants a value")):
        assert what in (problem_of(words_of(line)[1:], told, whole) or ""), line
    for line in ("cardea", "cardea config set dns.upstream a b c --dry-run", "cardea -V",
                 "cardea learn a.pcap --test b.pcap c.pcap --out x | less",
                 "cardea undo --list     what was changed", "cardea web   # where"):
        assert problem_of(words_of(line)[1:], told, True) is None, line


@pytest.mark.parametrize("path", ALL)
def test_commands_of_documents_are_commands(path, told):
    assert list(complaints(path, markdown_commands(read(path)), told)) == []


def plain_mdoc(line):
    """Arguments of a macro as they are shown."""
    out = []
    for word in line.split():
        if word in ("Fl", "Ar", "Cm", "Op", "Oo", "Oc", "Ns", "Pc", "Po", "Ic", "Li"):
            continue
        out.append(re.sub(r"^-(?=[a-z])", "--", word) if out and word.startswith("-") and
                   not word.startswith("--") else word)
    return " ".join(out).replace("\\(dq", '"').replace("\\e", "\\")


def manual_commands(text):
    literal = False
    for number, line in enumerate(text.split("\n"), 1):
        literal = (literal or line.startswith(".Bd -literal")) and not line.startswith(".Ed")
        if line.startswith(".Dl cardea") or (literal and line.startswith("cardea ")):
            yield number, words_of(plain_mdoc(line.removeprefix(".Dl "))), True
        elif line.startswith(".Cm cardea "):
            line = re.sub(r"( [.,;:)])+$", "", line.removeprefix(".Cm "))
            yield number, words_of(plain_mdoc(line)), False


@pytest.mark.parametrize("path", MANUALS)
def test_commands_of_manuals_are_commands(path, told):
    assert list(complaints(path, manual_commands(read(path)), told)) == []


def source_commands(text):
    """What the program tells people to type: in backticks, or behind "undo with: "."""
    text = re.sub(r"^\s*(/?\*|//).*$", "", text, flags=re.M)
    text = re.sub(r'"\s*\n\s*"', "", text)
    for found in re.finditer(r'`(cardea(?: [^`"]*)?)`|(?:undo with|next): (cardea [^"\\,(]*)', text):
        line = re.sub(r"%(?:ll|z)?[sdu]$", "", found[1] or found[2])  # flags that may follow
        line = re.sub(r"'?%(?:ll|z)?[sdu]'?", "X", line)
        if "X" in line.split()[1:3] or "X X" in line:  # made of what was typed
            continue
        yield text[:found.start()].count("\n") + 1, words_of(line), False


def test_commands_in_what_the_program_says_are_commands(told):
    paths = [p for d in ("src", "cli", "web/src") for e in ("c", "h", "ts", "tsx")
             for p in glob("%s/%s/**/*.%s" % (ROOT, d, e), recursive=True)]
    bad, seen = [], 0
    for path in sorted(paths):
        found = list(source_commands(read(path)))
        seen += len(found)
        bad += complaints(os.path.relpath(path, ROOT), found, told)
        # a hint that one cannot type is none
        bad += ["%s:%d: %s: which verb?" % (os.path.relpath(path, ROOT), n, " ".join(w))
                for n, w, _ in found if w and len(w) == 2 and w[1].isalpha() and w[1] not in told["commands"]
                and any(c.startswith(w[1] + " ") for c in told["commands"])]
    assert not bad, "\n".join(bad)
    assert seen > 100


def test_every_command_is_told_in_a_document(told):
    """cardea(1) has all of them by its own check; a noun stands in a document, too."""
    text = "".join(map(read, DOCUMENTS))
    silent = {c["noun"] for c in told["commands"].values() if not c["hidden"]
              and not re.search(r"cardea %s\b" % c["noun"], text)}
    assert silent <= {"help", "status"}


# ---- settings ----

def test_settings_in_text_are_settings(settings):
    sections = {s for s, _ in settings}
    bad = []
    for path in [*DOCUMENTS, *MANUALS]:
        text = read(path)
        named = re.findall(r"`\[(\w+)\]\s(\w+)", text)
        named += re.findall(r"`(%s)\.([a-z_]+)[`\s=]" % "|".join(sections), text)
        named += re.findall(r"\.(?:Va|Ql) (?:%s)\.([a-z_]+)" % "|".join(sections), text) and [
            tuple(n.split(".")) for n in re.findall(r"\.(?:Va|Ql) (\w+\.[a-z_]+)", text)]
        bad += ["%s: [%s] %s" % (path, s, k) for s, k in named
                if (s, k) not in settings and s in sections and k not in ("c", "h", "toml")]
    assert bad == []


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if "```toml" in read(p)])
def test_settings_in_examples_load(path, settings):
    for block in re.findall(r"^\s*```toml\n(.*?)```", read(path), re.S | re.M):
        for section, keys in tomllib.loads(block).items():
            for key, value in keys.items():
                item = settings.get((section, key))
                assert item, (path, section, key)
                kind = {"list": list, "bool": bool, "int": int, "text": str}[item["type"]]
                assert isinstance(value, kind), (path, section, key)


def test_the_manual_has_every_setting_with_its_default(settings):
    section, has = None, {}  # as TOML has them
    for line in read("man/cardea.toml.5").split("\n"):
        found = re.match(r"\.Ss \[(\w+)\]", line)
        section = found[1] if found else section
        found = re.match(r"\.It Va (\w+) No = (.*)", line)
        if found:
            has[section, found[1]] = "[]" if found[2] == "Bq" else re.sub(
                r"^Qq ?(.*)", r'"\1"', found[2])
    assert has == {k: i["default"] for k, i in settings.items()}


# ---- routes, targets, files, links ----

def test_routes_in_text_are_routes():
    api = json.loads(read("web/openapi.json"))["paths"]
    shapes = {(m.upper(), re.sub(r"\{\w+\}", "*", p)) for p, ms in api.items() for m in ms}
    bad = []
    for path in set(DOCUMENTS) - MADE | {*MANUALS}:
        for methods, route in re.findall(
                r"`((?:GET|POST|PUT|DELETE)(?: and (?:GET|POST))?) (/v1/[^`\s?]*)", read(path)):
            wild = re.sub(r"/([A-Z-]+|…|__\S+)(?=/|$)", "/*", route.rstrip(".,"))
            bad += ["%s: %s %s" % (path, m, route) for m in methods.split(" and ")
                    if not any(m == a and (wild == b or wild in b) for a, b in shapes)]
    # that a device asks for what is the owner's to do is an example of what is refused
    assert [b for b in bad if "portal.md" not in b and "cases.md" not in b] == []


def test_targets_of_make_are_targets():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M)) 
    for path in DOCUMENTS:
        for found in re.findall(r"(?:`|^\t|^    |&& )make ([a-z-]+)", read(path), re.M):
            assert found in targets, (path, found)


def test_files_in_text_are_there():
    tops = "bench cli completions docs lab man src tests tools web".split()
    bad = []
    for path in DOCUMENTS:
        for name in re.findall(r"`((?:%s)/[\w./*-]+)`" % "|".join(tops), read(path)):
            if re.search(r"[A-Z]{3,}|\*", name) or name == "bench/results.json":  # NAME: any
                continue
            if not any(os.path.exists(os.path.join(ROOT, d, name))
                       for d in ("", "src", os.path.dirname(path))):
                bad.append("%s: %s" % (path, name))
        # floors are named without src/
        for name in re.findall(r"`((?:base|engine|inventory|model|names|policy|profiles|proc|"
                               r"lifecycle|store|enforce|observe|sensors|attest|report)/[\w./-]+\.[ch])`",
                               read(path)):
            if not os.path.exists(os.path.join(ROOT, "src", name)):
                bad.append("%s: %s" % (path, name))
    assert bad == []


def anchors(text):
    """As GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-")
            for h in re.findall(r"^#+ (.*)", text, re.M)}


def test_links_lead_somewhere():
    bad, seen = [], 0
    for path in ALL:
        text = re.sub(r"^```.*?^```", "", read(path), flags=re.S | re.M)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            seen += 1
            name, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(ROOT, os.path.dirname(path), name)) if name \
                else os.path.join(ROOT, path)
            if not os.path.exists(target) or (
                    anchor and target.endswith(".md")
                    and anchor not in anchors(read(os.path.relpath(target, ROOT)))):
                bad.append("%s: %s" % (path, link))
    assert bad == []
    assert seen > 50
