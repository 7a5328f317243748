# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of JSON Schema (draft-07) as the schemas of CACAO 2.0 use; a keyword that is not
known here is an error, not a yes."""

import json
import os
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
SILENT = {"$id", "$schema", "title", "description", "$defs", "default", "contentEncoding",
          "examples", "then", "else", "format", "minLength"}


class Schemas:
    def __init__(self, folder):
        self.folder, self.files = folder, {}

    def load(self, path):
        path = os.path.normpath(path)
        if path not in self.files:
            with open(os.path.join(self.folder, path), encoding="utf-8") as f:
                self.files[path] = json.load(f)
        return self.files[path]

    def follow(self, path, ref):
        name, _, inside = ref.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        schema = self.load(path)
        for part in filter(None, inside.split("/")):
            schema = schema[part]
        return path, schema

    def errors(self, value, path, schema=None, at="$"):
        """What is wrong with value, a line each."""
        if schema is None:
            schema = self.load(path)
        if schema is True:
            return []
        if schema is False:
            return [at + ": not allowed"]
        if "$ref" in schema:
            return self.errors(value, *self.follow(path, schema["$ref"]), at)
        found = []
        for key, wanted in schema.items():
            if key in SILENT:
                continue
            check = getattr(self, "check_" + key, None)
            assert check, f"{path}: {key} is not known here"
            found += check(value, wanted, schema, path, at)
        return found

    def check_type(self, value, wanted, *rest):
        at = rest[-1]
        for name in [wanted] if isinstance(wanted, str) else wanted:
            if name == "integer":
                if isinstance(value, int) and not isinstance(value, bool):
                    return []
            elif name == "number":
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    return []
            elif isinstance(value, TYPES[name]):
                return []
        return [f"{at}: not of type {wanted}"]

    def check_enum(self, value, wanted, *rest):
        return [] if value in wanted else [f"{rest[-1]}: {value!r} is none of {wanted}"]

    def check_const(self, value, wanted, *rest):
        return self.check_enum(value, [wanted], *rest)

    def check_pattern(self, value, wanted, *rest):
        good = not isinstance(value, str) or re.search(wanted, value)
        return [] if good else [f"{rest[-1]}: {value!r} does not match {wanted}"]

    def check_minimum(self, value, wanted, *rest):
        return [f"{rest[-1]}: too small"] if isinstance(value, int) and value < wanted else []

    def check_maximum(self, value, wanted, *rest):
        return [f"{rest[-1]}: too big"] if isinstance(value, int) and value > wanted else []

    def check_minItems(self, value, wanted, *rest):
        return [f"{rest[-1]}: too few"] if isinstance(value, list) and len(value) < wanted else []

    def check_minProperties(self, value, wanted, *rest):
        return [f"{rest[-1]}: too few"] if isinstance(value, dict) and len(value) < wanted else []

    def check_required(self, value, wanted, *rest):
        return [f"{rest[-1]}: no {k}" for k in wanted if isinstance(value, dict) and k not in value]

    def check_items(self, value, wanted, _, path, at):
        if not isinstance(value, list):
            return []
        return [e for i, v in enumerate(value) for e in self.errors(v, path, wanted, f"{at}[{i}]")]

    def check_properties(self, value, wanted, _, path, at):
        if not isinstance(value, dict):
            return []
        return [e for k, s in wanted.items() if k in value
                for e in self.errors(value[k], path, s, f"{at}.{k}")]

    def check_patternProperties(self, value, wanted, _, path, at):
        if not isinstance(value, dict):
            return []
        return [e for k, v in value.items() for p, s in wanted.items() if re.search(p, k)
                for e in self.errors(v, path, s, f"{at}.{k}")]

    def check_additionalProperties(self, value, wanted, schema, path, at):
        if not isinstance(value, dict):
            return []
        known = set(schema.get("properties", {}))
        patterns = schema.get("patternProperties", {})
        rest = [k for k in value if k not in known and not any(re.search(p, k) for p in patterns)]
        return [e for k in rest for e in self.errors(value[k], path, wanted, f"{at}.{k}")]

    def check_allOf(self, value, wanted, _, path, at):
        return [e for s in wanted for e in self.errors(value, path, s, at)]

    def check_anyOf(self, value, wanted, _, path, at):
        found = [self.errors(value, path, s, at) for s in wanted]
        return [] if any(not f for f in found) else [f"{at}: none of {len(wanted)} fits: {found}"]

    def check_oneOf(self, value, wanted, _, path, at):
        good = sum(not self.errors(value, path, s, at) for s in wanted)
        return [] if good == 1 else [f"{at}: {good} of {len(wanted)} fit"]

    def check_not(self, value, wanted, _, path, at):
        return [] if self.errors(value, path, wanted, at) else [f"{at}: fits what it must not"]

    def check_if(self, value, wanted, schema, path, at):
        branch = "else" if self.errors(value, path, wanted, at) else "then"
        return self.errors(value, path, schema.get(branch, True), at)
