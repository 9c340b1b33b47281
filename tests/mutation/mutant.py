"""What operators make: changed files, and what the compiler has to say about them."""

import dataclasses


@dataclasses.dataclass
class Mutant:
    operator: str
    file: object
    text: str
    lines: set      # on one of them the diagnostic stands
    families: set
    what: str


OPERATORS = []


def operator(*families):
    """Registers a function from a clean file to (text, lines, what was done): each is wrong by construction."""
    def register(function):
        def mutants(file):
            for text, lines, what in function(file):
                yield Mutant(function.__name__, file, text, set(lines), set(families), what)
        mutants.name = function.__name__
        mutants.families = families
        OPERATORS.append(mutants)
        return function
    return register


def replaced(file, begin, end, text):
    """The file's text with another one from `begin` to `end`, which keeps the number of lines."""
    missing = file.text.count("\n", begin, end) - text.count("\n")
    return file.text[:begin] + text + "\n" * max(missing, 0) + file.text[end:]


def without(file, begin, end):
    return replaced(file, begin, end, "")


def lines_of(file, begin, end):
    return range(file.line(begin), file.line(end) + 1)
