"""CBOR from its diagnostic notation (RFC 8949 8), as far as published examples use it:
numbers, h'', '', "", << >>, arrays, maps, tags, comments."""

import re
import struct

from attest_make import head

TOKEN = re.compile(
    r"""\s+ | /[^/]*/ | \#[^\n]*
      | (?P<hex>h'[0-9a-fA-F\s]*')
      | (?P<bytes>'(?:[^'\\]|\\.)*')
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<float>-?\d+\.\d+(?:[eE][-+]?\d+)?)
      | (?P<int>-?\d+)
      | (?P<word>true|false|null|nil|undefined)
      | (?P<mark><<|>>|[][{}(),:])""", re.VERBOSE)
SIMPLE = {"false": 20, "true": 21, "null": 22, "nil": 22, "undefined": 23}


def tokens(text):
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"no notation: {text[at:at + 30]!r}")
        at = match.end()
        if match.lastgroup:
            yield match.lastgroup, match.group()


class Reader:
    def __init__(self, text):
        self.list = list(tokens(text))
        self.at = 0

    def peek(self):
        return self.list[self.at][1] if self.at < len(self.list) else None

    def take(self, wanted=None):
        kind, text = self.list[self.at]
        if wanted and text != wanted:
            raise ValueError(f"{wanted} expected, not {text}")
        self.at += 1
        return kind, text

    def items(self, end, pairs=False):
        """The encoded items up to the end mark, and how many."""
        out, count = b"", 0
        while self.peek() != end:
            out += self.item()
            if pairs:
                self.take(":")
                out += self.item()
            count += 1
            if self.peek() == ",":
                self.take()
        self.take(end)
        return out, count

    def number(self, text):
        value = int(text)
        if self.peek() == "(":
            self.take()
            inner = self.item()
            self.take(")")
            return head(6, value) + inner
        return head(0, value) if value >= 0 else head(1, -1 - value)

    def item(self):
        kind, text = self.take()
        if kind == "hex":
            return self.string(2, bytes.fromhex("".join(text[2:-1].split())))
        if kind == "bytes":
            return self.string(2, text[1:-1].encode())
        if kind == "text":
            return self.string(3, text[1:-1].encode())
        if kind == "int":
            return self.number(text)
        if kind == "float":
            return b"\xfb" + struct.pack(">d", float(text))
        if kind == "word":
            return head(7, SIMPLE[text])
        if text == "[":
            out, count = self.items("]")
            return head(4, count) + out
        if text == "{":
            out, count = self.items("}", pairs=True)
            return head(5, count) + out
        if text == "<<":
            return self.string(2, self.items(">>")[0])
        raise ValueError(f"unexpected {text}")

    @staticmethod
    def string(major, content):
        return head(major, len(content)) + content


def encode(text):
    reader = Reader(text)
    out = reader.item()
    if reader.peek() is not None:
        raise ValueError(f"more than one item: {reader.peek()}")
    return out
