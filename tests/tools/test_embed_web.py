# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/embed-web: what is in the table is what was in the folder, the same each time."""

import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "embed-web"
DUMP = r'''
#include <stdio.h>
#include "proc/web_files.h"
int main(void)
{
	const struct web_files *f = &web_files_embedded;
	for (uint32_t i = 0; i < f->count; i++) {
		const struct web_file *e = &f->files[i];
		printf("%s\n%s\n%s\n%d %d %u\n", web_files_text(f, e->path),
			web_files_text(f, e->media), web_files_text(f, e->tag), e->gzip,
			e->immutable, e->length);
		fwrite(f->octets + e->at, 1, e->length, stdout);
		printf("\n%d\n", web_files_find(f, str_untrusted(web_files_text(f, e->path))) == e);
	}
	return 0;
}
'''
FILES = {
    "index.html": b"<!doctype html>" + b" " * 500,
    "assets/app-D3yT54nb.js": b"let a=1;" * 300,
    "assets/app.js": b"let b=2;" * 300,
    "assets/app-short.js": b"let c=3;" * 300,
    "icon.png": bytes(range(256)),  # grows when it is compressed
    "empty.txt": b"",
}


def embed(folder, out, *more, check=True):
    return subprocess.run([TOOL, *more, folder, out], check=check, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "pages"


def entries(tmp_path, source):
    (tmp_path / "dump.c").write_text(DUMP)
    program = tmp_path / "dump"
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-I", ROOT / "src", "-o", program,
                    tmp_path / "dump.c", source, ROOT / "src/proc/web_files.c",
                    ROOT / "src/base/str.c"], check=True)
    said = subprocess.run([program], check=True, capture_output=True).stdout
    found = {}
    while said:
        path, media, tag, numbers, said = said.split(b"\n", 4)
        packed, immutable, length = map(int, numbers.split())
        content, said = said[:length], said[length:]
        assert said.startswith(b"\n1\n"), path
        said = said[3:]
        found[path.decode()] = (media.decode(), tag.decode(),
                                gzip.decompress(content) if packed else content, packed, immutable)
    return found


def test_what_comes_out_is_what_went_in(tmp_path, folder):
    extra = tmp_path / "there.json"
    extra.write_text(json.dumps([{"a": "ä"}] * 50, indent=2, ensure_ascii=False))
    embed(folder, tmp_path / "out.c", "--depfile", tmp_path / "out.d", "--add",
          f"api/x.json={extra}")
    found = entries(tmp_path, tmp_path / "out.c")
    assert set(found) == {"/" + n for n in FILES} | {"/api/x.json"}
    bare = re.sub(rb"\s", b"", extra.read_bytes())  # for programs: without its blanks
    for name, content in {**FILES, "api/x.json": bare}.items():
        media, tag, octets, packed, immutable = found["/" + name]
        assert octets == content and tag == '"%s"' % hashlib.sha256(content).hexdigest()[:32]
        assert immutable == (name == "assets/app-D3yT54nb.js")
        assert packed == (name not in ("icon.png", "empty.txt"))
    assert found["/index.html"][0] == "text/html; charset=utf-8"
    needed = (tmp_path / "out.d").read_text()
    for path in (folder / "index.html", folder / "assets", extra):
        assert str(path) in needed


def test_it_is_the_same_each_time(tmp_path, folder):
    embed(folder, tmp_path / "a.c")
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    for path in again.rglob("*"):
        os.utime(path, (1, 1))
    embed(again, tmp_path / "b.c")
    assert (tmp_path / "a.c").read_bytes() == (tmp_path / "b.c").read_bytes()


@pytest.mark.parametrize("name, size, said", [
    ("assets/big.js", 100 << 10, ".js"), ("a.css", 13 << 10, ".css"),
    ("big.png", 160 << 10, "153600"), ("strange.exe", 1, "media type"),
    (".hidden.js", 1, "name"), ("a b.js", 1, "name"), ("\u00e4.js", 1, "name")])
def test_what_is_no_page(tmp_path, folder, name, size, said):
    (folder / name).write_bytes(os.urandom(size))
    done = embed(folder, tmp_path / "out.c", check=False)
    assert done.returncode == 1 and said in done.stderr and not (tmp_path / "out.c").exists()


def test_without_a_first_page(tmp_path, folder):
    (folder / "index.html").unlink()
    done = embed(folder, tmp_path / "out.c", check=False)
    assert done.returncode == 1 and "index.html" in done.stderr


@pytest.mark.skipif(not shutil.which("meson"), reason="no meson")
def test_a_gateway_without_pages_is_made_on_purpose_alone(tmp_path):
    """-Dweb=prebuilt without what was built: no build, and a word of what to do."""
    source = tmp_path / "source"
    (source / "web").mkdir(parents=True)
    for name in os.listdir(ROOT):
        if name != "web" and not name.startswith((".git", "build")):
            os.symlink(ROOT / name, source / name)
    os.symlink(ROOT / "web" / "openapi.json", source / "web" / "openapi.json")
    done = subprocess.run(["meson", "setup", "-Dweb=prebuilt", tmp_path / "build", source],
                          capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode != 0
    for word in ("web/prebuilt/index.html is missing", "-Dweb=build", "-Dweb=none"):
        assert word in done.stdout, done.stdout[-2000:]
