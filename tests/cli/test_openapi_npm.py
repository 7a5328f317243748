# SPDX-License-Identifier: GPL-2.0-or-later
"""web/openapi.json, judged by an implementation of OpenAPI 3.1 that is not ours:
@apidevtools/swagger-parser, by node. tools/npm-modules fetches it; without node or the module
these tests are skipped."""

import json
import os
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODULES = os.path.join(ROOT, "build/npm")
SPEC = os.path.join(ROOT, "web/openapi.json")
pytestmark = [
    pytest.mark.skipif(not shutil.which("node"), reason="no node"),
    pytest.mark.skipif(not os.path.isdir(MODULES + "/node_modules/@apidevtools/swagger-parser"),
                       reason="no npm module @apidevtools/swagger-parser: tools/npm-modules "
                              "fetches it")]


def judged(path):
    done = subprocess.run(["node", HERE + "/npm/openapi.cjs", MODULES, str(path)], text=True,
                          capture_output=True, timeout=60)
    return json.loads(done.stdout)


def test_the_description_is_one():
    with open(SPEC, encoding="utf-8") as f:
        assert judged(SPEC) == {"paths": len(json.load(f)["paths"])}


@pytest.mark.parametrize("spoil", [
    lambda spec: spec["paths"]["/v1/status"]["get"]["responses"].update({"20": {}}),
    lambda spec: spec["paths"]["/v1/devices/{object}"]["get"]["parameters"][0].update({"required": "maybe"}),
    lambda spec: spec["components"]["schemas"].pop("Status"),
    lambda spec: spec.pop("info"),
    lambda spec: spec["components"]["parameters"]["IfMatch"].update({"in": "footer"}),
])
def test_the_judge_sees_what_is_wrong(tmp_path, spoil):
    with open(SPEC, encoding="utf-8") as f:
        spec = json.load(f)
    spoil(spec)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    assert "error" in judged(path)
