"""Mistakes with the shape of flows, with routes and with names."""

from flow_text import closing
from mutant import lines_of, operator, replaced, without
from slot_operators import straight_steps


def answers(flow):
    """The `return` at the end of a flow, when that is the only way in which it ends there."""
    last = flow.statements[-1] if flow.statements else None
    return last if last is not None and last.kind == "return" else None


@operator("shape")
def drop_return(file):
    """A flow does not answer."""
    for flow in file.flows:
        last = answers(flow)
        if flow.kind == "flow" and last is not None:
            yield without(file, last.begin, last.end), lines_of(file, flow.declaration.begin, flow.declaration.end), flow.name


@operator("shape")
def statement_behind_return(file):
    """A statement stands where control never comes."""
    for flow in file.flows:
        last = answers(flow)
        step = next((statement for statement, _ in straight_steps(file, flow)), None)
        if last is not None and step is not None:
            yield replaced(file, last.end, last.end, f" {step.name};"), [file.line(last.end)], f"{flow.name}: {step.name}"


@operator("shape")
def unbounded_each(file):
    """An `each` has no `max`."""
    for flow in file.flows:
        tokens = flow.declaration.tokens
        for index in range(len(tokens) - 2):
            if tokens[index].text == "max" and tokens[index + 1].kind == "number":
                text = without(file, tokens[index].begin, tokens[index + 1].end)
                yield text, [file.line(tokens[index].begin)], flow.name


@operator("shape")
def call_itself(file):
    """A flow calls itself."""
    for flow in file.flows:
        last = answers(flow)
        if flow.kind == "flow" and last is not None:
            text = replaced(file, last.begin, last.end, f"call {flow.name};")
            yield text, lines_of(file, flow.declaration.begin, flow.declaration.end), flow.name


@operator("shape")
def chain_in_itself(file):
    """A chain contains itself."""
    for chain in file.chains.values():
        if chain.uses:
            end = chain.declaration.tokens[-1].begin
            yield replaced(file, end, end, f", {chain.name}"), \
                lines_of(file, chain.declaration.begin, chain.declaration.end), chain.name


@operator("shape")
def answer_beside_others(file):
    """A branch of `parallel` answers."""
    for flow in file.flows:
        last = answers(flow)
        step = next((statement for statement, _ in straight_steps(file, flow)), None)
        if flow.kind == "flow" and last is not None and step is not None:
            begin = step.begin
            yield replaced(file, begin, begin, "parallel { return 204; } "), [file.line(begin)], flow.name


@operator("routes")
def renamed_parameter(file):
    """The parameter of a path has another name than the step that reads it expects."""
    for flow in file.flows:
        if flow.path is None:
            continue
        for _, step in straight_steps(file, flow):
            words = [token.text for token in step.body or []]
            if words[:4] != ["request", ".", "path", "."] or "{" + words[4] not in flow.path.text:
                continue
            name = flow.path.text.replace("{" + words[4], "{" + words[4] + "_of_it")
            yield replaced(file, flow.path.begin, flow.path.end, name), \
                {file.line(flow.path.begin), file.line(step.declaration.begin), file.line(step.body[0].begin)}, flow.name


@operator("routes")
def second_flow_for_a_route(file):
    """Two flows have the same route."""
    for flow in file.flows:
        if flow.path is None or "{" in flow.path.text:
            continue
        method = flow.head[flow.head.index(flow.path) - 1].text
        text = file.text.rstrip("\n") + "\n"
        more = f"flow one_more on {method} {flow.path.text} public {{ return 204; }}\n"
        lines = {file.line(flow.path.begin), text.count("\n") + 1}
        yield text + more, lines, flow.name


@operator("routes")
def duplicate_slug(file):
    """Two flows have the same slug."""
    for flow in file.flows:
        others = [other for other in file.flows if other.kind == "flow" and other.path is None and other is not flow]
        if flow.kind != "flow" or flow.path is not None or not others:
            continue
        begin = flow.declaration.tokens[flow.open].end
        slug = others[0].name.replace("_", "-")
        yield replaced(file, begin, begin, f' alias "{slug}";'), \
            {file.line(begin), file.line(others[0].declaration.tokens[others[0].declaration.head].begin)}, \
            f"{flow.name} is also called {slug}"


@operator("names")
def unknown_step(file):
    """A flow runs a step that does not exist."""
    for flow in file.flows:
        for statement in flow.straight():
            text = replaced(file, statement.begin, statement.end, f"{statement.name}_that_is_nowhere;")
            yield text, lines_of(file, statement.begin, statement.end), f"{flow.name}: {statement.name}"


@operator("names")
def unknown_slot(file):
    """A step writes a slot that does not exist."""
    for step in file.steps.values():
        if step.writes and step.writes[0].name.isidentifier():
            use = step.writes[0]
            yield replaced(file, use.begin, use.begin + len(use.name), use.name + "_nowhere"), [file.line(use.begin)], \
                step.name


@operator("names")
def slot_declared_twice(file):
    """A slot is declared twice."""
    for name, _, (begin, end) in file.slots():
        text = file.text[begin:end]
        yield replaced(file, end, end, " " + " ".join(text.split())), lines_of(file, begin, end), name


@operator("names")
def missing_import(file):
    """What is used is not imported."""
    for declaration in file.of("import"):
        name = declaration.tokens[-2].text
        lines = {file.line(token.begin) for token in file.tokens
                 if token.text == name or token.kind == "string" and "{" + name + "." in token.text}
        yield without(file, declaration.begin, declaration.end), lines, name


# Their next argument may be a number.
TAKES_ONE_MORE = {"increment", "increment_for", "claim"}


@operator("types", "names")
def one_argument_more(file):
    """An operation gets an argument that it does not take; one with defaults gets more than there are."""
    for step in file.steps.values():
        if step.is_effect:
            end = closing(step.body, 3)
            if end > 4:
                at = step.body[end].begin
                more = ", 1" * (8 if step.body[2].text in TAKES_ONE_MORE else 1)
                yield replaced(file, at, at, more), lines_of(file, step.body[0].begin, at), step.name


@operator("types", "names")
def no_arguments(file):
    """An operation does not get its arguments."""
    for step in file.steps.values():
        if step.is_effect:
            end = closing(step.body, 3)
            if end > 4:
                yield without(file, step.body[4].begin, step.body[end].begin), \
                    lines_of(file, step.body[0].begin, step.body[end].end), step.name


@operator("types", "names")
def swapped_slot_type(file):
    """A slot whose fields are used has a type without fields."""
    for name, kind, _ in file.slots():
        if len(kind) != 1:
            continue
        lines = set()
        for step in file.steps.values():
            for index, token in enumerate(step.body or []):
                is_path = token.text == name and index + 1 < len(step.body) and step.body[index + 1].text == "." and \
                    (index == 0 or step.body[index - 1].text != ".")
                if is_path or token.kind == "string" and not token.text.startswith("re") and "{" + name + "." in token.text:
                    lines |= set(lines_of(file, token.begin, token.end))
        if lines:
            yield replaced(file, kind[0].begin, kind[0].end, "bool"), lines, f"{name} is a bool"


@operator("types")
def wrong_setting(file):
    """A deadline is no duration."""
    for flow in file.flows:
        for setting in flow.settings("deadline"):
            token = setting.tokens[1]
            yield replaced(file, token.begin, token.end, '"soon"'), [file.line(token.begin)], flow.name


@operator("types", "syntax")
def wrong_status(file):
    """An answer has a status that HTTP does not have."""
    for flow in file.flows:
        last = answers(flow)
        if last is not None and len(last.tokens) > 1:
            token = last.tokens[1]
            yield replaced(file, token.begin, token.end, "999"), [file.line(token.begin)], flow.name
