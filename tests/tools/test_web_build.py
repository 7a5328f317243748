# SPDX-License-Identifier: GPL-2.0-or-later
"""web/prebuilt is what web/ builds: whoever has no node gets the same page. The build itself
fails when the page is heavier than its budget."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
VITE = WEB / "node_modules" / ".bin" / "vite"

pytestmark = [
    pytest.mark.skipif(not shutil.which("node"), reason="no node"),
    pytest.mark.skipif(not VITE.exists(), reason="no modules of web: tools/npm-modules")]


def built(folder):
    return {str(p.relative_to(folder)): p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def build(folder, *args, web=WEB):
    return subprocess.run([VITE, "build", "--outDir", folder, "--emptyOutDir", *args], cwd=web,
                          capture_output=True, text=True, timeout=240, check=False)


def test_prebuilt_is_fresh(tmp_path):
    done = build(tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    new, old = built(tmp_path / "out"), built(WEB / "prebuilt")
    assert sorted(new) == sorted(old), "cd web && npm run prebuilt"
    stale = [name for name in new if new[name] != old[name]]
    assert not stale, f"{stale}: cd web && npm run prebuilt"


def test_nothing_is_fetched_from_elsewhere_or_inline():
    """The policy is default-src 'self': what is inline would not even run."""
    html = (WEB / "prebuilt" / "index.html").read_text()
    assert "<style" not in html and " style=" not in html and " onload=" not in html
    for part in html.split("<script")[1:]:
        assert " src=" in part.split(">")[0]
    for name, text in built(WEB / "prebuilt").items():
        if name.endswith((".css", ".html")):
            assert b"url(http" not in text and b"//" not in text.replace(b"http://www.w3.org/", b""), name
            assert b"data:" not in text, name


def test_over_budget_fails(tmp_path):
    """A page that became too heavy is no page: 100 KB that cannot be compressed."""
    web = tmp_path / "web"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules", "prebuilt", "dist"))
    os.symlink(WEB / "node_modules", web / "node_modules")
    noise = os.urandom(100 * 1024).hex()
    main = web / "src" / "main.tsx"
    main.write_text(main.read_text() + f'\n(globalThis as any).noise = "{noise}";\n')
    done = build(tmp_path / "out", web=web)
    assert done.returncode != 0
    assert "over the budget: js, all" in done.stdout + done.stderr
