# SPDX-License-Identifier: GPL-2.0-or-later
"""web/openapi.json as tests use it: what a request may say and must not, made at random, and
whether a reply is what is promised. The part of JSON Schema that tools/make-api writes."""

import copy
import json
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


class Broken(AssertionError):
    """What was found is not what is promised; where stands in front."""


def load():
    with open(os.path.join(ROOT, "web", "openapi.json"), encoding="utf-8") as f:
        return json.load(f)


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "null": type(None),
                              "array": list, "object": dict}[name])


class Schemas:
    """strict: an object has no members but those that are named."""

    def __init__(self, spec, strict=True):
        self.spec, self.strict = spec, strict

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.spec
            for part in schema["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema

    def fits(self, schema, value):
        try:
            self.check(schema, value)
            return True
        except Broken:
            return False

    def check(self, schema, value, where="$"):
        schema = self.resolve(schema)
        for several in ("oneOf", "anyOf"):
            if several in schema:
                self.check_several(schema[several], several, value, where)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(is_type(value, t) for t in types):
            raise Broken(f"{where} is {value!r}, not {' or '.join(types)}")
        if "const" in schema and (value != schema["const"] or
                                  isinstance(value, bool) != isinstance(schema["const"], bool)):
            raise Broken(f"{where} is {value!r}, not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            raise Broken(f"{where} is {value!r}, not one of {schema['enum']}")
        if isinstance(value, str):
            self.check_text(schema, value, where)
        elif isinstance(value, dict):
            self.check_object(schema, value, where)
        elif isinstance(value, list):
            self.check_list(schema, value, where)
        elif is_type(value, "number"):
            if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
                raise Broken(f"{where} is {value}, out of range")

    def check_several(self, schemas, several, value, where):
        faults = []
        for schema in schemas:
            try:
                self.check(schema, value, where)
            except Broken as fault:
                faults.append(str(fault))
        good = len(schemas) - len(faults)
        if not good or (several == "oneOf" and good > 1):
            raise Broken(f"{where} is {good} of the {len(schemas)}: " + "; ".join(faults))

    def check_text(self, schema, value, where):
        size = len(value.encode("utf-8", "surrogatepass"))
        if not schema.get("minLength", 0) <= size <= schema.get("maxLength", size):
            raise Broken(f"{where} has {size} octets")
        # JSON Schema's $ is the end; Python's is also before a last line's end
        if "pattern" in schema and not re.search(
                re.sub(r"\$$", r"\\Z", schema["pattern"]), value):
            raise Broken(f"{where} is {value!r}, not {schema['pattern']}")
        if schema.get("format") == "date-time" and not TIME.match(value):
            raise Broken(f"{where} is {value!r}, no time")

    def check_list(self, schema, value, where):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            raise Broken(f"{where} has {len(value)} entries")
        for i, item in enumerate(value):
            self.check(schema.get("items", {}), item, f"{where}[{i}]")

    def check_object(self, schema, value, where):
        if "oneOf" in schema or ("properties" not in schema and
                                 "additionalProperties" not in schema and
                                 schema.get("type") != "object"):
            return
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Broken(f"{where}.{name} is missing")
        rest = schema.get("additionalProperties", not self.strict)
        for name, member in value.items():
            if name in properties:
                self.check(properties[name], member, f"{where}.{name}")
            elif isinstance(rest, dict):
                self.check(rest, member, f"{where}.{name}")
            elif not rest:
                raise Broken(f"{where}.{name} is not promised")


# ---- at random ----

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .-_:/äß漢😀'\"\\<>&%"
WORDS = ("lamp", "bulb", "camera", "1", "cloud.maker.example", "203.0.113.10", "::1",
         "02:00:00:00:00:10", "tcp", "udp", "443", "198.51.100.0/24", "urn:example:hub",
         "my-controller", "https://mud.maker.example/bulb.json", "02:00-05:00",
         "<img src=x onerror=alert(1)>", "a\u202eb", "../../etc/passwd", "'; DROP TABLE x;--",
         "%s%n", "null", "-1", "{}", "names", "dns.rate", "10.0.0.0/33")


class Maker:
    """Values for schemas; known: words of this house that bring a request further."""

    def __init__(self, spec, rng, known=()):
        self.schemas, self.rng = Schemas(spec), rng
        self.known = list(known) or ["1"]

    def text(self, schema):
        low, high = schema.get("minLength", 0), schema.get("maxLength", 300)
        pattern = schema.get("pattern", "")
        if pattern.startswith("^([0-9a-f]{2})*"):
            size = self.rng.randint(low // 2, min(high // 2, max(low // 2, 40)))
            return self.rng.randbytes(size).hex()
        if pattern.startswith("^[0-9A-Fa-f]{2}"):
            return self.rng.choice(["02:00:00:00:00:10", "02-00-00-00-00-11"])
        if schema.get("format") == "date-time":
            return "2026-01-31T12:00:00Z"
        pick = self.rng.random()
        if pick < 0.35:
            text = self.rng.choice(self.known)
        elif pick < 0.65:
            text = self.rng.choice(WORDS)
        elif pick < 0.7:
            text = "x" * high if high <= 4096 else "x" * self.rng.randint(1, 4096)
        else:
            text = "".join(self.rng.choices(LETTERS, k=self.rng.randint(0, min(high, 40))))
        while len(text.encode()) > high:
            text = text[:-1]
        while len(text.encode()) < low:
            text += "x"
        return text

    def value(self, schema):
        schema = self.schemas.resolve(schema)
        for several in ("oneOf", "anyOf"):
            if several in schema:
                return self.value(self.rng.choice(schema[several]))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        name = schema.get("type", "object")
        if isinstance(name, list):
            name = self.rng.choice(name)
        if name == "string":
            return self.text(schema)
        if name == "integer":
            low, high = schema.get("minimum", -5), schema.get("maximum", 2 ** 53 - 1)
            return self.rng.choice([low, high, self.rng.randint(low, min(high, low + 100)),
                                    self.rng.randint(low, high)])
        return {"null": lambda: None, "boolean": lambda: self.rng.random() < 0.5,
                "number": lambda: self.rng.uniform(-10, 10),
                "array": lambda: self.list(schema),
                "object": lambda: self.object(schema)}[name]()

    def list(self, schema):
        low = schema.get("minItems", 0)
        size = self.rng.randint(low, max(low, min(schema.get("maxItems", 3), 3)))
        return [self.value(schema["items"]) for _ in range(size)]

    def object(self, schema):
        out = {name: self.value(member) for name, member in schema.get("properties", {}).items()
               if name in schema.get("required", []) or self.rng.random() < 0.5}
        rest = schema.get("additionalProperties")
        if isinstance(rest, dict):
            for _ in range(self.rng.randint(0, 3)):
                out[self.text({"minLength": 1, "maxLength": 40})] = self.value(rest)
        return out

    def wrong(self, schema):
        """A body that the schema does not have; None where nothing is wrong for it."""
        for _ in range(8):
            body = self.spoil(copy.deepcopy(self.value(schema)))
            if not self.schemas.fits(schema, body):
                return body
        return None

    def spoil(self, body):
        if not isinstance(body, dict) or self.rng.random() < 0.05:
            return self.rng.choice([[], "text", 7, None, True, [body]])
        pick = self.rng.random()
        if body and pick < 0.25:
            del body[self.rng.choice(list(body))]
        elif pick < 0.5:
            body[self.rng.choice(["x", "schema", "dry_run ", "__proto__", "", "ä" * 40])] = 1
        elif body:
            name = self.rng.choice(list(body))
            body[name] = self.strange(body[name])
        return body

    def strange(self, value):
        more = ["", "x" * 5000, "a\u0000b", "a\nb", "\u009b", 0, -1, 2 ** 53, 10 ** 30, 1.5, 1e300,
                True, False, None, [], {}, [value], {"a": value}, [[[[[[[[[[[[]]]]]]]]]]]]]
        if isinstance(value, str):
            more += [value + "\u0007", value * 300, value.upper() + "X"]
        return self.rng.choice(more)
