"""The table of the control API as Python sees it: routes.def, replies.txt, and the small
language of both (src/engine/api/schema.h)."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROUTES = "src/engine/api/routes.def"
REPLIES = "src/engine/api/replies.txt"
CLASSES = "src/model/device_class.c"
NUMBER_MAX = 2 ** 53 - 1
RANGED = {"text": 1, "lines": 1, "hex": 1, "int": -NUMBER_MAX}
PLAIN = {"number", "bool", "true", "flag", "null", "any", "device", "class", "mac", "time"}


class Fault(Exception):
    pass


def source(path, root=None):
    with open(os.path.join(root or ROOT, path), encoding="utf-8") as f:
        return f.read()


class Atom:
    """One alternative of a type: kind is "word", one of the language's, "list", "object" or
    "ref"."""

    def __init__(self, kind, word=None, low=None, high=None, inside=None):
        self.kind, self.word, self.low, self.high = kind, word, low, high
        self.inside = inside


class Member:
    def __init__(self, name, optional, type_):
        self.name, self.optional, self.type = name, optional, type_


class Spread:
    def __init__(self, name):
        self.name = name


TOKEN = re.compile(r"\s+|'[^']*'|\.\.\.@[A-Za-z0-9_./-]+|@[A-Za-z0-9_./-]+|-?\d+(?=\.\.|\))"
                   r"|\.\.|[A-Za-z0-9_.-]+|[][(){}|,:?*/]")


class Reader:
    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise Fault(f"{text[at:at + 20]!r} is nothing of the language")
            at = found.end()
            if not found[0].isspace():
                self.tokens.append(found[0])
        self.at, self.text = 0, text

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted=None):
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Fault(f"{wanted or 'more'} is missing at {token!r} in {self.text!r}")
        self.at += 1
        return token

    def took(self, token):
        if self.peek() != token:
            return False
        self.at += 1
        return True

    def forms(self, end=""):
        """A list of forms, each a list of members; an empty text is one without any."""
        if self.peek() == end:
            return [[]]
        forms = [self.members()]
        while self.took("/"):
            forms.append(self.members())
        return forms

    def members(self):
        members = [self.member()]
        while self.took(","):
            members.append(self.member())
        return members

    def member(self):
        if self.peek().startswith("...@"):
            return Spread(self.take()[4:])
        name = self.take()
        optional = self.took("?") or name == "*"
        self.take(":")
        return Member(name, optional, self.type())

    def type(self):
        atoms = [self.atom()]
        while self.took("|"):
            atoms.append(self.atom())
        return atoms

    def range(self, low):
        high = NUMBER_MAX
        if not self.took("("):
            return low, high
        first = int(self.take())
        if self.took(")"):
            return low if low != -NUMBER_MAX else 0, first
        self.take("..")
        if self.peek() != ")":
            high = int(self.take())
        self.take(")")
        return first, high

    def atom(self):
        token = self.take()
        if token == "[":
            inside = self.type()
            self.take("]")
            low, high = self.range(0)
            return Atom("list", low=low, high=high, inside=inside)
        if token == "{":
            inside = self.forms("}")
            self.take("}")
            return Atom("object", inside=inside)
        if token[0] == "'":
            return Atom("word", token[1:-1])
        if token[0] == "@":
            return Atom("ref", token[1:])
        if token in RANGED:
            return Atom(token, None, *self.range(RANGED[token]))
        if token in PLAIN:
            return Atom(token)
        return Atom("word", token)

    def whole(self, read):
        result = read()
        if self.peek():
            raise Fault(f"{self.peek()!r} is too much in {self.text!r}")
        return result


def read_forms(text):
    reader = Reader(text)
    return reader.whole(reader.forms)


def read_type(text):
    reader = Reader(text)
    return reader.whole(reader.type)


class Route:
    def __init__(self, method, path, has_object, view, large, roles, query, takes, gives, help_):
        self.method, self.path, self.has_object, self.view = method, path, has_object, view
        self.large, self.roles = large, roles
        self.query_text, self.takes_text = query, takes
        self.query, self.takes = read_forms(query), read_forms(takes)
        self.gives = [g.strip() for g in gives.split("|")]
        self.help = help_

    @property
    def url(self):
        return self.path + ("/{object}" if self.has_object else "")


ROW = re.compile(r'^ROUTE\((\w+), ("[^"]*"), (WHOLE|OBJECT), (\w+), (SMALL|LARGE),\s*'
                 r'((?:API_\w+)(?:\s*\|\s*API_\w+)*),((?:\s*"(?:[^"\\]|\\.)*"|\s*,)*)\)$', re.M)


def literal(text):
    """Adjacent C literals, as one string."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", r"\1", "".join(parts))


def arguments(text):
    """The text behind the roles, cut at the commas between literals."""
    out, now = [], ""
    for piece in re.findall(r'"(?:[^"\\]|\\.)*"|,', text):
        if piece == ",":
            out.append(now)
            now = ""
        else:
            now += piece
    return [literal(part) for part in out + [now]]


def routes(root=None):
    text = source(ROUTES, root)
    rows = []
    for row in ROW.finditer(text):
        method, path, whole, view, large, roles, rest = row.groups()
        last = arguments(rest)
        if len(last) != 4:
            raise Fault(f"{ROUTES}: {method} {path} has {len(last)} texts, not 4")
        rows.append(Route(method, literal(path), whole == "OBJECT", view, large == "LARGE",
                          [r.strip()[4:].lower() for r in roles.split("|")], *last))
    if len(rows) != len(re.findall(r"^ROUTE\(", text, re.M)):
        raise Fault(f"{ROUTES}: {len(rows)} rows can be read of "
                    f"{len(re.findall('^ROUTE', text, re.M))}")
    return rows


class Reply:
    """An entry of replies.txt: kind is "reply", "part" or "type"."""

    def __init__(self, name, kind, text, help_):
        self.name, self.kind, self.text, self.help = name, kind, text, help_
        self.type = read_type(text) if kind == "type" else None
        self.forms = None if kind == "type" else read_forms(text)


def replies(root=None):
    """Name -> Reply, in the order of the file; parts without their @."""
    found, name, kind, text, help_ = {}, None, None, "", []

    def end():
        if name:
            if name in found:
                raise Fault(f"{REPLIES}: {name} is there twice")
            found[name] = Reply(name, kind, " ".join(text.split()), " ".join(said))

    said = []
    for line in source(REPLIES, root).splitlines() + [""]:
        head = re.match(r"^(@?[a-z][A-Za-z0-9_./-]*)( =|:)(.*)$", line)
        if line.startswith(";"):
            help_.append(line[1:].strip())
        elif head:
            end()
            name = head[1].lstrip("@")
            kind = "type" if head[2] == " =" else "part" if head[1][0] == "@" else "reply"
            text, said, help_ = head[3], help_, []
        elif line.startswith("\t"):
            text += " " + line
        elif not line.strip():
            end()
            name, help_ = None, []
        else:
            raise Fault(f"{REPLIES}: {line!r} is nothing that can stand there")
    return found


def classes(root=None):
    """The words of "class"."""
    words = re.findall(r'\[DEVICE_CLASS_\w+\] = "([^"]+)"', source(CLASSES, root))
    return [word for word in words if word != "unknown"]


def spread(members, known):
    """The members, with those of parts in place of them."""
    out = []
    for member in members:
        if isinstance(member, Spread):
            if member.name not in known:
                raise Fault(f"{REPLIES}: there is no @{member.name}")
            out += spread(known[member.name].forms[0], known)
        else:
            out.append(member)
    return out
