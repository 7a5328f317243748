# SPDX-License-Identifier: GPL-2.0-or-later
"""A USB stick: its file system has no hard links and no files without a name. What is written
there is new all the same, whole, and takes no other's place."""
import os
import shutil
import subprocess

import pytest

from test_backup import House, get, put
from test_learn import make, one
from homecap import Device
from test_offline import write

STICK = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

int link(const char *from, const char *to)
{
	(void)from, (void)to;
	errno = EPERM;
	return -1;
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
	(void)a, (void)b, (void)flags;
	return link(from, to);
}

static int named(const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? (mode_t)va_arg(ap, int) : 0;
	va_end(ap);
	return named(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
"""


@pytest.fixture(name="stick", scope="module")
def fixture_stick(tmp_path_factory):
    """What makes the file system of a program such a one."""
    cc = shutil.which("cc") or shutil.which("gcc")
    if not cc:
        pytest.skip("needs a compiler")
    folder = tmp_path_factory.mktemp("stick")
    source, made = folder / "stick.c", folder / "stick.so"
    source.write_text(STICK)
    subprocess.run([cc, "-shared", "-fPIC", "-o", str(made), str(source)], check=True)
    return {"LD_PRELOAD": str(made)}


@pytest.fixture(name="house")
def fixture_house(daemon, folder):
    write(folder, "pass", b"correct horse battery\n")
    return House(daemon)


def test_it_has_no_links(stick, tmp_path):
    (tmp_path / "a").write_text("a")
    assert subprocess.run(["ln", "a", "b"], cwd=tmp_path, env={**os.environ, **stick},
                          capture_output=True, check=False).returncode
    assert os.listdir(tmp_path) == ["a"]


def test_profiles(cli, folder, stick):
    week = make(folder, "week.pcap", Device().day(8))
    out = os.path.join(folder, "profiles")
    profile = one(cli, week, "--out", out, env=stick)["profile"]
    before = {name: os.stat(os.path.join(out, name)).st_ino for name in os.listdir(out)}
    assert os.path.basename(profile) in before
    done = cli("learn", week, "--out", out, env=stick, code=None)
    assert done.returncode and "exists already" in done.stderr
    assert before == {name: os.stat(os.path.join(out, name)).st_ino for name in os.listdir(out)}


def test_a_backup(cli, house, folder, stick):
    put(cli, env=stick)
    assert sorted(os.listdir(folder)) == ["control.sock", "house", "pass"]
    get(cli, "--dry-run")
    assert house.taken == house.octets
    with open(os.path.join(folder, "house"), "rb") as f:
        before = f.read()
    assert "exists already" in put(cli, env=stick, code=None).stderr
    with open(os.path.join(folder, "house"), "rb") as f:
        assert f.read() == before
    put(cli, "--force", env=stick)
    with open(os.path.join(folder, "house"), "rb") as f:
        assert f.read() != before  # another salt
    assert sorted(os.listdir(folder)) == ["control.sock", "house", "pass"]
