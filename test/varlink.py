# SPDX-License-Identifier: GPL-2.0-only
"""Varlink for tests: a parser of interface descriptions, a check of values against their types,
and a client."""

import json
import re
import socket

TOKEN = re.compile(
    r"(?P<blank>[ \t]+)|(?P<line>\r?\n)|(?P<comment>#[^\n]*)|(?P<arrow>->)"
    r"|(?P<array>\[\])|(?P<map>\[string\])|(?P<mark>[(),:?])|(?P<word>[A-Za-z][A-Za-z0-9_.-]*)")
INTERFACE = re.compile(
    r"[A-Za-z](-*[A-Za-z0-9])*(\.[A-Za-z0-9](-*[A-Za-z0-9])*)+")
NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
FIELD = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
SIMPLE = ("bool", "int", "float", "string", "object")


class DescriptionError(Exception):
    pass


class Struct:
    def __init__(self, fields):
        self.fields = fields  # name -> type


class Enum:
    def __init__(self, words):
        self.words = words


class Of:
    """Something of a type: kind is maybe, array or map."""

    def __init__(self, kind, type):
        self.kind, self.type = kind, type


class Reference:
    def __init__(self, name, line):
        self.name, self.line = name, line


class Interface:
    """types: name -> Struct or Enum; methods: name -> (Struct in, Struct out, comment);
    errors: name -> Struct."""

    def __init__(self, text):
        self.types, self.methods, self.errors = {}, {}, {}
        self.tokens, self.at = list(tokens(text)), 0
        self.references = []
        comment = self.comments()
        self.keyword("interface")
        self.name = self.word(INTERFACE, "an interface's name")
        self.comment = comment
        while True:
            comment = self.comments()
            if self.peek() is None:
                break
            self.member(comment)
        for reference in self.references:
            if reference.name not in self.types:
                raise DescriptionError(
                    f"line {reference.line}: there is no type {reference.name}")

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def line(self):
        return self.tokens[min(self.at, len(self.tokens) - 1)][2] if self.tokens else 1

    def fail(self, expected):
        raise DescriptionError(f"line {self.line()}: expected {expected}, got {self.peek()!r}")

    def comments(self):
        """Skips comments; those in the lines right before what comes next belong to it."""
        found = []
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "comment":
            found.append(self.tokens[self.at])
            self.at += 1
        line, text = self.line(), []
        for _, comment, at in reversed(found):
            if at != line - 1:
                break
            text.insert(0, comment[1:].strip())
            line = at
        return " ".join(text)

    def take(self, text):
        self.comments()
        if self.peek() != text:
            return False
        self.at += 1
        return True

    def expect(self, text):
        if not self.take(text):
            self.fail(repr(text))

    def word(self, pattern, what):
        self.comments()
        if self.at >= len(self.tokens) or not pattern.fullmatch(self.peek()):
            self.fail(what)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def keyword(self, word):
        self.expect(word)

    def member(self, comment):
        table = {"type": self.types, "method": self.methods, "error": self.errors}.get(self.peek())
        if table is None:
            self.fail("type, method or error")
        kind = self.peek()
        self.at += 1
        name = self.word(NAME, "a name")
        if any(name in other for other in (self.types, self.methods, self.errors)):
            self.fail(f"a name that is not taken, not {name}")
        if kind == "method":
            taken = self.struct()
            self.expect("->")
            table[name] = (taken, self.struct(), comment)
        elif kind == "type":
            table[name] = self.struct_or_enum()
        else:
            table[name] = self.struct()

    def struct_or_enum(self):
        """One "(…)"; a member with a colon makes it a struct. "()" is an empty struct."""
        self.expect("(")
        fields, words = {}, []
        if self.take(")"):
            return Struct(fields)
        while True:
            name = self.word(FIELD, "a field's name")
            if name in fields or name in words:
                self.fail(f"a field once, not {name} again")
            if self.take(":"):
                fields[name] = self.type()
            else:
                words.append(name)
            if fields and words:
                self.fail("a struct or an enum, not both")
            if self.take(")"):
                return Struct(fields) if fields else Enum(words)
            self.expect(",")

    def struct(self):
        found = self.struct_or_enum()
        if not isinstance(found, Struct):
            self.fail("a struct")
        return found

    def type(self):
        if self.take("?"):
            inner = self.type()
            if isinstance(inner, Of) and inner.kind == "maybe":
                self.fail("one ?")
            return Of("maybe", inner)
        if self.take("[]"):
            return Of("array", self.type())
        if self.take("[string]"):
            return Of("map", self.type())
        if self.peek() == "(":
            return self.struct_or_enum()
        line = self.line()
        word = self.word(re.compile(r"[A-Za-z][A-Za-z0-9]*"), "a type")
        if word in SIMPLE:
            return word
        if not NAME.fullmatch(word):
            raise DescriptionError(f"line {line}: there is no type {word}")
        self.references.append(Reference(word, line))
        return self.references[-1]

    def check(self, value, type, place):
        """Yields what is wrong with a JSON value of this type."""
        if isinstance(type, Reference):
            type = self.types[type.name]
        if isinstance(type, Of) and type.kind == "maybe":
            if value is not None:
                yield from self.check(value, type.type, place)
        elif isinstance(type, Of):
            items = value.items() if isinstance(value, dict) else enumerate(value or ())
            if not isinstance(value, dict if type.kind == "map" else list):
                yield f"{place}: expected {type.kind}, got {value!r}"
                return
            for key, item in items:
                yield from self.check(item, type.type, f"{place}[{key}]")
        elif isinstance(type, Enum):
            if value not in type.words:
                yield f"{place}: expected one of {type.words}, got {value!r}"
        elif isinstance(type, Struct):
            yield from self.check_struct(value, type, place)
        else:
            python = {"bool": bool, "int": int, "float": (int, float), "string": str,
                      "object": object}[type]
            if not isinstance(value, python) or (type != "bool" and isinstance(value, bool)):
                yield f"{place}: expected {type}, got {value!r}"

    def check_struct(self, value, type, place):
        if not isinstance(value, dict):
            yield f"{place}: expected an object, got {value!r}"
            return
        for name in value.keys() - type.fields.keys():
            yield f"{place}.{name}: not described"
        for name, inner in type.fields.items():
            if name in value:
                yield from self.check(value[name], inner, f"{place}.{name}")
            elif not (isinstance(inner, Of) and inner.kind == "maybe"):
                yield f"{place}.{name}: missing"


def tokens(text):
    """(kind, text, line)"""
    at, line = 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise DescriptionError(f"line {line}: unexpected {text[at]!r}")
        kind = match.lastgroup
        if kind == "line":
            line += 1
        elif kind != "blank":
            yield kind, match.group(), line
        at = match.end()


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.rest = b""

    def send(self, method, parameters=None, more=False):
        message = {"method": method, "parameters": parameters or {}, "more": more}
        self.socket.sendall(json.dumps(message).encode() + b"\0")

    def receive(self):
        while b"\0" not in self.rest:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the daemon has closed the connection")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, parameters=None, more=False):
        """All replies."""
        self.send(method, parameters, more)
        replies = [self.receive()]
        while replies[-1].get("continues"):
            replies.append(self.receive())
        return replies
