# SPDX-License-Identifier: GPL-2.0-or-later
"""check-floors finds each kind of planted violation, that one only, and where it is."""
import json
import os
import shutil
import subprocess

import pytest

NFT_LINES = 1700
TOOL = os.path.join(os.path.dirname(__file__), "../../tools/check-floors")
PROGRAMS = "cardead enforcer sensor resolver courier engine web cardea mud-crypto".split()

CLEAN = {
    "src/base/str.h": "int str_length(const char *s);\n",
    "src/base/str.c": '#include "base/str.h"\n#include <stdlib.h>\n'
                      "int str_length(const char *s) { return s ? 1 : 0; }\n",
    "src/base/pool.h": "void *pool_take(int n);\n",
    "src/wire/arp.h": '#include "base/str.h"\nint arp_parse(const char *s);\n',
    "src/wire/arp.c": '#include "wire/arp.h"\n#include <string.h>\n'
                      "int arp_parse(const char *s)\n"
                      "{\n\treturn str_length(s) + (int)strlen(s);\n}\n",
    "src/model/rule.h": "int rule_id(void);\n",
    "src/model/rule.c": '#include "model/rule.h"\n'
                        "/* system(3) is only spoken of here, and strcpy(a, b) */\n"
                        "int rule_id(void) { return 1; }\n",
    "src/policy/policy.h": '#include "model/rule.h"\nint policy_run(void);\n',
    "src/policy/policy.c": '#include "policy/policy.h"\n#include "policy/space_priv.h"\n'
                           'static const char *text = "do not system(x)";\n'
                           "int policy_run(void) { return text != 0; }\n",
    "src/policy/space_priv.h": "int policy_space(void);\n",
    "src/names/names.h": "int names_get(void);\n",
    "src/names/resolver.h": "int resolver_run(void);\n",
    "src/engine/engine.c": '#include "policy/policy.h"\n#include "names/resolver.h"\n'
                           "int engine_go(void);\n"
                           "int engine_go(void) { return policy_run(); }\n",
    "src/enforce/enforce.h": "int enforce_commit(void);\n",
    "src/proc/enforcer.c": '#include "enforce/enforce.h"\nint main(void) { return 0; }\n',
    "cli/main.c": '#include "policy/policy.h"\nint main(void) { return 0; }\n',
}


def write(root, path, text):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path):
    for path, text in CLEAN.items():
        write(tmp_path, path, text)
    return tmp_path


def check(root, *args):
    done = subprocess.run([TOOL, "--root", str(root), *args], check=False,
                          capture_output=True, text=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert done.returncode == (1 if lines else 0)
    return lines


def test_clean_tree_passes(tree):
    assert check(tree) == []


PLANTED = [
    ("src/base/str.c", '#include "wire/arp.h"\n',
     "src/base/str.c:1: base includes wire, a floor above it (floors)"),
    ("src/wire/arp.c", '\n#include "model/rule.h"\n',
     "src/wire/arp.c:2: wire includes model, a floor above it (floors)"),
    ("src/model/rule.h", '#include "policy/policy.h"\n',
     "src/model/rule.h:1: model includes policy, a floor above it (floors)"),
    ("src/policy/policy.c", '#include "engine/engine.h"\n',
     "src/policy/policy.c:1: policy includes engine, a floor above it (floors)"),
    ("src/engine/engine.c", '#include "proc/child.h"\n',
     "src/engine/engine.c:1: engine includes proc, a floor above it (floors)"),
    ("src/proc/enforcer.c", '#  include "cli/words.h"\n',
     "src/proc/enforcer.c:1: proc includes cli, a floor above it (floors)"),
    ("src/policy/policy.c", '#include "names/names.h"\n',
     "src/policy/policy.c:1: room policy includes room names (rooms)"),
    ("src/names/names.h", '#include "policy/space_priv.h"\n',
     "src/names/names.h:1: room names includes room policy (rooms)"),
    ("src/engine/engine.c", '#include "policy/space_priv.h"\n',
     'src/engine/engine.c:1: "policy/space_priv.h" is private to policy (private headers)'),
    ("src/wire/arp.c", '#include "base/str_priv.h"\n',
     'src/wire/arp.c:1: "base/str_priv.h" is private to base (private headers)'),
    ("cli/main.c", '#include "policy/space.h"\n',
     'cli/main.c:1: "policy/space.h" is not the public header of policy (public headers)'),
    ("src/wire/arp.c", '#include "arp.h"\n',
     'src/wire/arp.c:1: "arp.h" names no floor or room (includes)'),
    ("src/attic/old.c", '#include "base/str.h"\n',
     "src/attic/old.c:1: attic/ is no floor and no room (floors)"),
]


@pytest.mark.parametrize("path, plant, complaint", PLANTED)
def test_includes(tree, path, plant, complaint):
    write(tree, path, plant + CLEAN.get(path, ""))
    assert check(tree) == [complaint]


@pytest.mark.parametrize("name", "system popen sprintf vsprintf strcpy strcat strtok atoi "
                                 "gets".split())
def test_banned_calls(tree, name):
    write(tree, "src/names/bad.c", f"/* line\n{name}(1) */\nint x = {name} (y);\n")
    assert check(tree) == [f"src/names/bad.c:3: calls {name} (banned calls)"]


def test_words_that_only_look_banned(tree):
    write(tree, "src/names/good.c",
          'int a = snprintf(b, c, "system(x)"); // gets(x)\n'
          "int d = e->system(f) + g.gets(h) + my_atoi(i) + '\"' + strtok_r(j);\n"
          '/* #include "policy/policy.h" */\n'
          '/*\n#include "policy/policy.h"\n*/\n')
    assert check(tree) == []


def test_long_file(tree):
    write(tree, "src/names/long.c", "\n" * 900)
    assert check(tree) == []
    write(tree, "src/names/long.c", "\n" * 901)
    assert check(tree) == [
        "src/names/long.c:901: 901 lines, 900 are the limit (file length)"]


def test_enforcer_size(tree):
    write(tree, "src/enforce/nft/commit.c", "\n" * 800)
    write(tree, "src/enforce/nft/render.c", "\n" * (NFT_LINES - 803))
    write(tree, "src/enforce/conntrack.c", "\n" * 100)
    assert check(tree) == []
    write(tree, "src/enforce/nft/render.c", "\n" * (NFT_LINES - 802))
    write(tree, "src/enforce/conntrack.c", "\n" * 700)
    found = check(tree)
    assert len(found) == 2 and all("(enforcer size)" in line for line in found)
    write(tree, "src/enforce/bpf/datapath.bpf.c", "\n" * 800)
    assert len(check(tree)) == 2  # the kernel proves it
    write(tree, "src/enforce/bpf/load.c", "\n" * 800)
    write(tree, "src/enforce/bpf/txn.c", "\n" * 800)
    write(tree, "src/enforce/bpf/ports.c", "\n" * 800)
    write(tree, "src/enforce/bpf/names.c", "\n" * 800)
    write(tree, "src/enforce/bpf/keys.c", "\n" * 800)
    assert any("the loader of the BPF back end has" in line for line in check(tree))
    assert "has 701 lines" in found[0] and "have %d lines" % NFT_LINES in found[1]


def test_empty_tree_does_not_pass(tmp_path):
    assert check(tmp_path) == ["src:1: no source found (source)"]


# ---- what was built ----

def cc(*args):
    subprocess.run(["cc", *map(str, args)], check=True)


def compile_source(tree, path):
    """An object, and its entry in Meson's list."""
    build = tree / "build"
    name = path.replace("/", "_") + ".o"
    cc("-c", "-O0", "-w", "-D_GNU_SOURCE", "-I", tree / "src", tree / path,
       "-o", build / name)
    entries = json.loads((build / "compile_commands.json").read_text())
    entries.append({"directory": "/", "file": str(tree / path),
                    "output": str(build / name), "command": "cc"})
    write(tree, "build/compile_commands.json", json.dumps(entries))


def link_program(tree, program, *libraries):
    """A program, and stand-ins for the libraries that it needs."""
    made = []
    for library in libraries:
        made.append(tree / library)
        cc("-shared", f"-Wl,-soname,{library}", "-x", "c", "/dev/null", "-o", made[-1])
    cc(tree / "cli/main.c", "-I", tree / "src", "-Wl,--no-as-needed", *made,
       "-o", tree / "build" / program)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory):
    root = tmp_path_factory.mktemp("built")
    for path, text in CLEAN.items():
        write(root, path, text)
    write(root, "build/compile_commands.json", "[]")
    for path in CLEAN:
        if path.startswith("src/") and path.endswith(".c"):
            compile_source(root, path)
    link_program(root, PROGRAMS[0])
    for name in PROGRAMS[1:]:
        shutil.copy(root / "build" / PROGRAMS[0], root / "build" / name)
    return root


@pytest.fixture
def built(built_once, tmp_path):
    root = tmp_path / "tree"
    shutil.copytree(built_once, root)
    listed = (root / "build/compile_commands.json").read_text()
    write(root, "build/compile_commands.json",
          listed.replace(str(built_once), str(root)))
    return root


def check_built(root):
    return check(root, "--build", str(root / "build"))


def test_clean_build_passes(built):
    assert check_built(built) == []


SYMBOLS = [
    ("void *p = malloc(1);", "malloc: allocator"),
    ("char *volatile p = 0; free(p);", "free: allocator"),
    ("void *p = calloc(1, 1);", "calloc: allocator"),
    ("char *volatile p = 0; realloc(p, 1);", "realloc: allocator"),
    ("char *p = strdup(\"x\");", "strdup: allocator"),
    ("void *p = pool_take(1);", "pool_take: allocator"),
    ("time(0);", "time: clock"),
    ("struct timespec t; clock_gettime(0, &t);", "clock_gettime: clock"),
    ("clock_system();", "clock_system: clock"),
    ("open(\"x\", 0);", "open: I/O"),
    ("read(0, 0, 0);", "read: I/O"),
    ("socket(1, 1, 1);", "socket: I/O"),
    ("printf(\"%d\", 1);", "printf: I/O"),
    ("getrandom(0, 0, 0);", "getrandom: I/O"),
    ("log_info(\"x\", \"y\");", "log_info: log"),
    ("syslog(1, \"x\");", "syslog: log"),
    ("abort();", "abort: not on the list of pure functions"),
]


@pytest.mark.parametrize("floor", ["wire", "model"])
@pytest.mark.parametrize("call, complaint", SYMBOLS)
def test_symbols(built, floor, call, complaint):
    write(built, f"src/{floor}/bad.c",
          "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
          "#include <time.h>\n"
          "int bad(void);\nint bad(void)\n{\n\t" + call + "\n\treturn 0;\n}\n")
    compile_source(built, f"src/{floor}/bad.c")
    assert check_built(built) == [
        f"src/{floor}/bad.c:8: floor {floor} calls {complaint} (symbols)"]


def test_pure_calls_pass(built):
    write(built, "src/wire/good.c",
          "#include <arpa/inet.h>\n#include <stdio.h>\n#include <string.h>\n"
          "int rule_id(void);\nint good(char *a, char *b);\n"
          "int good(char *a, char *b)\n{\n"
          "\tmemmove(a, b, 3);\n\tmemset(a, (int)strnlen(b, 9), 4);\n"
          "\treturn snprintf(a, 9, \"%s\", b) + htons(3) + rule_id();\n}\n")
    compile_source(built, "src/wire/good.c")
    assert check_built(built) == []


def test_floors_that_were_not_built_do_not_pass(built):
    write(built, "build/compile_commands.json", "[]")
    assert check_built(built) == [
        "src/model:1: no object of floor model was built (symbols)",
        "src/wire:1: no object of floor wire was built (symbols)"]


LINKED = [
    ("libnftables.so.1", {"enforcer"}),
    ("libnftnl.so.11", {"enforcer"}),
    ("libmnl.so.0", {"enforcer"}),
    ("libbpf.so.1", {"enforcer"}),
    ("libcurl.so.4", {"courier"}),
    ("libcrypto.so.3", {"courier", "mud-crypto", "resolver", "web", "cardea",
                       "sensor", "engine"}),
    ("libssl.so.3", {"courier", "resolver", "web"}),
    ("libunbound.so.8", {"resolver"}),
    ("libsqlite3.so.0", {"engine"}),
    ("libjansson.so.4", {"engine", "courier", "cardea"}),
    ("libpsl.so.5", {"cardea", "engine"}),
    ("libyaml-0.so.2", {"cardea", "engine"}),
    ("libz.so.1", set()),
]


@pytest.mark.parametrize("library, rightful", LINKED)
def test_libraries(built, library, rightful):
    link_program(built, PROGRAMS[0], library)
    for name in PROGRAMS[1:]:
        shutil.copy(built / "build" / PROGRAMS[0], built / "build" / name)
    assert check_built(built) == [
        f"build/{name}:1: {name} links {library} (libraries)"
        for name in sorted(PROGRAMS) if name not in rightful]


def test_rightful_libraries_pass(built):
    link_program(built, "enforcer", "libnftables.so.1", "libmnl.so.0", "libnftnl.so.11")
    link_program(built, "courier", "libcurl.so.4", "libcrypto.so.3", "libjansson.so.4")
    link_program(built, "resolver", "libunbound.so.8", "libseccomp.so.2")
    link_program(built, "engine", "libsqlite3.so.0", "libjansson.so.4")
    assert check_built(built) == []


def test_names_of_installed_programs(built):
    os.rename(built / "build/sensor", built / "build/cardea-sensor")
    assert check_built(built) == []
    link_program(built, "cardea-sensor", "libcurl.so.4")
    assert check_built(built) == [
        "build/cardea-sensor:1: sensor links libcurl.so.4 (libraries)"]


def test_missing_program(built):
    os.remove(built / "build/courier")
    assert check_built(built) == ["build:1: program courier was not built (libraries)"]


def test_missing_build(tree):
    lines = check(tree, "--build", str(tree / "nowhere"))
    assert len(lines) == 1
    assert lines[0].startswith("nowhere:1: cannot be checked: ")
    assert lines[0].endswith("(build)")
