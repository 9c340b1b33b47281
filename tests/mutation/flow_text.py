"""A .flow file as tokens and declarations with their places, so that operators can change its text."""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>(?:sql|re|raw)?")
  | (?P<number>[0-9][0-9_]*(?:\.[0-9][0-9_]*)?[A-Za-z%]*)
  | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
  | (?P<sign>->|=>|\.\.\.|\.\.|\?\?|\|\||&&|[=!<>]=|.)
""", re.VERBOSE | re.DOTALL)

OPENING = {"{": "}", "(": ")", "[": "]"}


@dataclasses.dataclass
class Token:
    kind: str  # string, number, name, sign
    text: str
    begin: int

    @property
    def end(self):
        return self.begin + len(self.text)


def end_of_string(text, begin, is_raw):
    """Behind the closing quote of the string whose opening one ends at `begin`; what stands in `{}` is skipped."""
    at = begin
    while text[at] != '"':
        if text[at] == "\\" and not is_raw:
            at += 1
        elif text[at] == "{" and not is_raw:
            at += 1
            while text[at] != "}":
                at = end_of_string(text, at + 1, False) if text[at] == '"' else at + 1
        at += 1
    return at + 1


def tokens_of(text):
    tokens = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        kind = match.lastgroup
        end = match.end()
        if kind == "string":
            end = end_of_string(text, end, match[0][:-1] in ("re", "raw"))
        if kind != "space":
            tokens.append(Token(kind, text[at:end], at))
        at = end
    return tokens


def closing(tokens, at):
    """The index of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].text in OPENING:
            depth += 1
        elif tokens[index].text in OPENING.values():
            depth -= 1
            if depth == 0:
                return index
    raise ValueError(f"the bracket at offset {tokens[at].begin} is never closed")


@dataclasses.dataclass
class Use:
    """A slot among the reads or writes of a step."""
    name: str
    optional: bool
    begin: int
    end: int  # with the `?`


@dataclasses.dataclass
class Declaration:
    kind: str  # its keyword
    name: str
    tokens: list  # all, traits first, the last `;` or `}` included
    traits: list  # names
    head: int     # index of the keyword

    @property
    def begin(self):
        return self.tokens[0].begin

    @property
    def end(self):
        return self.tokens[-1].end

    def find(self, *words):
        """Indices of tokens outside of inner brackets that are one of `words`."""
        depth = 0
        found = []
        for index, token in enumerate(self.tokens):
            if token.text in OPENING.values():
                depth -= 1
            if depth == 0 and token.text in words:
                found.append(index)
            if token.text in OPENING:
                depth += 1
        return found


@dataclasses.dataclass
class Statement:
    """Of a block. One whose kind is `use` runs a step or chain."""
    kind: str
    name: str
    begin: int
    end: int
    tokens: list
    blocks: list  # of lists of statements


EFFECT_CLAUSES = ("with", "timeout", "retry", "backoff", "hedge", "rate", "key")
STEP_CLAUSES = (*EFFECT_CLAUSES, "fails", "may", "then", "undo", "drops", "pivot")
BLOCK_STATEMENTS = ("parallel", "sequential", "saga", "tx", "when", "each", "rescue", "on", "else")


class Step:
    """A declaration of a step, taken apart."""

    def __init__(self, declaration):
        self.declaration = declaration
        self.name = declaration.name
        tokens = declaration.tokens
        at = declaration.head + 2
        self.reads, self.writes, self.body, self.clauses = [], [], None, {}
        if tokens[at].text == "(":
            end = closing(tokens, at)
            self.reads = uses_of(tokens[at + 1:end])
            at = end + 1
        if tokens[at].text == "->":
            end = at
            while tokens[end].text not in ("=", ";") and (tokens[end].text not in STEP_CLAUSES or
                                                         tokens[end - 1].text in (",", "->", ".")):
                end += 1
            self.writes = uses_of(tokens[at + 1:end])
            at = end
        starts = [index for index in declaration.find(*STEP_CLAUSES)
                  if index >= at and tokens[index - 1].text not in (".", "(", ",", "=", "on", "|")]
        # What stands behind `undo` is said about the effect that undoes.
        own = []
        for start in starts:
            if not (own and tokens[own[-1]].text == "undo" and tokens[start].text in EFFECT_CLAUSES):
                own.append(start)
        starts = own
        ends = starts[1:] + [len(tokens) - 1]
        if tokens[at].text == "=":
            self.body = tokens[at + 1:(starts[0] if starts else len(tokens) - 1)]
        for start, end in zip(starts, ends):
            self.clauses.setdefault(tokens[start].text, tokens[start:end])

    @property
    def is_effect(self):
        return bool(self.body) and len(self.body) > 3 and [token.text for token in self.body[1:2]] == ["."] and \
            self.body[0].text not in ("request",) and self.body[3].text == "("

    @property
    def target(self):
        return self.body[0].text if self.is_effect else None

    @property
    def operation(self):
        return self.body[2].text if self.is_effect else None

    def required(self, uses):
        return [use.name for use in uses if not use.optional]


def uses_of(tokens):
    uses = []
    at = 0
    while at < len(tokens):
        if tokens[at].text == ",":
            at += 1
            continue
        begin = at
        while at + 1 < len(tokens) and tokens[at + 1].text == ".":
            at += 2
        optional = at + 1 < len(tokens) and tokens[at + 1].text == "?"
        last = tokens[at + 1] if optional else tokens[at]
        uses.append(Use("".join(token.text for token in tokens[begin:at + 1]), optional, tokens[begin].begin, last.end))
        at += 2 if optional else 1
    return uses


# The setting of a job that has no value, and looks like a step therefore.
SETTING_ALONE = "durable"


def statements_of(tokens):
    """The statements and settings of a block, given without its braces."""
    statements = []
    at = 0
    while at < len(tokens):
        first = tokens[at]
        end = at
        blocks = []
        while True:
            text = tokens[end].text
            if text == "{":
                close = closing(tokens, end)
                is_block = first.text in BLOCK_STATEMENTS
                if is_block:
                    blocks.append(statements_of(tokens[end + 1:close]))
                end = close
                following = tokens[close + 1].text if close + 1 < len(tokens) else ""
                if is_block and following not in ("else", "->"):
                    break
            elif text in OPENING:
                end = closing(tokens, end)
            elif text == ";":
                break
            end += 1
        inside = tokens[at:end + 1]
        names = [token.text for token in inside[:-1]]
        is_use = all(token.kind == "name" or token.text == "." for token in inside[:-1]) and \
            all((text == ".") == (index % 2 == 1) for index, text in enumerate(names))
        kind = "use" if is_use and names[0] != "return" else first.text
        statements.append(Statement(kind, "".join(names) if is_use else "", first.begin, tokens[end].end, inside, blocks))
        at = end + 1
    return statements


class File:
    """A .flow file that is clean."""

    def __init__(self, path, text, include):
        self.path = path      # where it is said to be
        self.text = text
        self.include = include  # folders that imports are looked for in
        self.tokens = tokens_of(text)
        self.declarations = list(self.declarations_of())
        self.steps = {declaration.name: Step(declaration) for declaration in self.declarations
                      if declaration.kind == "step"}
        self.flows = [Flow(declaration) for declaration in self.declarations
                      if declaration.kind in ("flow", "job", "cron")]
        self.chains = {declaration.name: Chain(declaration) for declaration in self.declarations
                       if declaration.kind == "chain"}

    def declarations_of(self):
        at = 0
        while at < len(self.tokens):
            begin = at
            traits = []
            while self.tokens[at].text == "@":
                traits.append(self.tokens[at + 1].text)
                at += 2
                if self.tokens[at].text == "(":
                    at = closing(self.tokens, at) + 1
            head = at
            kind = self.tokens[at].text
            while self.tokens[at].text != ";":
                if self.tokens[at].text in OPENING:
                    is_end = self.tokens[at].text == "{" and not (kind == "step")
                    at = closing(self.tokens, at)
                    if is_end:
                        break
                at += 1
            name = self.tokens[head + 1].text if kind != "slots" else ""
            yield Declaration(kind, name, self.tokens[begin:at + 1], traits, head - begin)
            at += 1

    def of(self, *kinds):
        return [declaration for declaration in self.declarations if declaration.kind in kinds]

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def writers(self, slot):
        """Names of the steps that write the slot, and whether anything else does."""
        steps = [step.name for step in self.steps.values() if any(use.name == slot for use in step.writes)]
        words = [token.text for flow in self.flows for token in flow.declaration.tokens]
        other = any(words[index] in ("each",) and words[index + 1] == slot for index in range(len(words) - 1))
        other = other or any(slot in flow.parameters for flow in self.flows)
        other = other or any(words[index] == "->" and words[index + 1] == slot for index in range(len(words) - 1))
        other = other or any(token.text == "then" for step in self.steps.values() for token in step.declaration.tokens)
        return steps, other

    def slots(self):
        """Name, tokens of the type, index range of the whole field."""
        for declaration in self.of("slots"):
            tokens = declaration.tokens
            at = declaration.head + 2
            while at < len(tokens) - 1:
                begin = at
                while tokens[at].text == "@":
                    at += 2
                    if tokens[at].text == "(":
                        at = closing(tokens, at) + 1
                if tokens[at].text == "private" and tokens[at + 1].text != ":":
                    at += 1
                name = tokens[at]
                end = at
                while tokens[end].text != ";":
                    end += 1
                yield name.text, tokens[at + 2:end], (tokens[begin].begin, tokens[end].end)
                at = end + 1


class Flow:
    def __init__(self, declaration):
        self.declaration = declaration
        self.name = declaration.name
        self.kind = declaration.kind
        tokens = declaration.tokens
        self.open = declaration.find("{")[-1]
        self.head = tokens[declaration.head:self.open]
        words = [token.text for token in self.head]
        self.is_public = "public" in words
        self.parameters = []
        if self.kind == "job" and words[2:3] == ["("]:
            self.parameters = [use.name for use in uses_of(self.head[3:closing(self.head, 2)])]
        self.path = next((token for token in self.head if token.kind == "string"), None) if self.kind == "flow" else None
        self.before = []
        if "before" in words:
            at = words.index("before") + 1
            end = at
            while end < len(words) and words[end] not in ("public", "on"):
                end += 1
            self.before = [use.name for use in uses_of(self.head[at:end])]
        self.statements = statements_of(tokens[self.open + 1:-1])
        if self.kind == "job":
            for statement in self.statements:
                if statement.kind == "use" and statement.tokens[0].text == SETTING_ALONE:
                    statement.kind = SETTING_ALONE

    def settings(self, name):
        return [statement for statement in self.statements if statement.kind == name and statement.tokens[0].text == name]

    def straight(self):
        """The statements at the top that run steps and chains, up to the first that is anything else but a setting."""
        return [statement for statement in self.statements if statement.kind == "use"]


class Chain:
    def __init__(self, declaration):
        self.declaration = declaration
        self.name = declaration.name
        tokens = declaration.tokens
        if tokens[declaration.head + 2].text == "=":
            self.uses = [use.name for use in uses_of(tokens[declaration.head + 3:-1])]
        else:
            self.uses = None  # a block
