"""Mistakes with slots: who writes them, who reads them, and in which order."""

from mutant import lines_of, operator, replaced, without


def straight_steps(file, flow):
    """(statement, step) of the steps that a flow runs one after the other, up to the first other statement."""
    for statement in flow.statements:
        if statement.kind != "use":
            if statement.kind in ("when", "each", "parallel", "saga", "tx", "rescue", "on", "call", "enqueue", "return"):
                return
            continue
        step = file.steps.get(statement.name)
        if step is not None and "may" not in step.clauses:
            yield statement, step


def handles_errors(flow):
    return any(token.text in ("rescue", "on") for token in flow.declaration.tokens[flow.open:])


def sole_writer(file, slot):
    steps, other = file.writers(slot)
    return steps[0] if len(steps) == 1 and not other else None


def reads_of(step):
    return [use.name for use in step.reads if not use.optional]


def runs_once(flow, statement):
    return sum(other.name == statement.name for other in flow.straight()) == 1


def dependent_pairs(file):
    """A statement that writes a slot which nobody else writes, and the first one behind it that has to read it."""
    for flow in file.flows:
        if handles_errors(flow):
            continue
        statements = list(straight_steps(file, flow))
        for at, (writer, step) in enumerate(statements):
            if not runs_once(flow, writer) or writer.name in flow.before or any(writer.name in (chain.uses or ()) for chain in file.chains.values()):
                continue
            for use in step.writes:
                if use.optional or sole_writer(file, use.name) != step.name:
                    continue
                reader = next((other for other, reading in statements[at + 1:] if use.name in reads_of(reading)), None)
                if reader is not None:
                    yield flow, writer, reader, use.name
                    break


@operator("slots")
def drop_write(file):
    """A step that another one depends on does not run."""
    for flow, writer, reader, slot in dependent_pairs(file):
        yield without(file, writer.begin, writer.end), [file.line(reader.begin)], f"{flow.name} runs no {writer.name}"


@operator("slots")
def read_before_its_writer(file):
    """A step runs before the one that it depends on."""
    for flow, writer, reader, slot in dependent_pairs(file):
        if not runs_once(flow, reader):
            continue
        text = without(file, reader.begin, reader.end)
        text = text[:writer.begin] + f"{reader.name}; " + text[writer.begin:]
        yield text, [file.line(writer.begin)], f"{flow.name} runs {reader.name} before {writer.name}"


@operator("slots")
def second_writer(file):
    """A step that writes a slot runs twice."""
    for flow in file.flows:
        if handles_errors(flow):
            continue
        for statement, step in straight_steps(file, flow):
            changed = {use.name for use in step.reads}
            if any(not use.optional and use.name not in changed for use in step.writes):
                text = replaced(file, statement.end, statement.end, f" {statement.name};")
                yield text, [file.line(statement.begin)], f"{flow.name} runs {statement.name} twice"


@operator("slots")
def same_slot_side_by_side(file):
    """A step that writes a slot runs twice, at the same time."""
    for flow in file.flows:
        for statement, step in straight_steps(file, flow):
            changed = {use.name for use in step.reads}
            if any(not use.optional and use.name not in changed for use in step.writes):
                text = replaced(file, statement.begin, statement.end,
                                f"parallel {{ {statement.name}; {statement.name}; }}")
                yield text, lines_of(file, statement.begin, statement.end), f"{flow.name}: two {statement.name}"


@operator("slots")
def forget_a_read(file):
    """What a step does mentions a slot that it does not say it reads."""
    for step in file.steps.values():
        if not step.body:
            continue
        for use in step.reads:
            word = use.name.split(".")
            for index, token in enumerate(step.body):
                mentions = [other.text for other in step.body[index:index + 2 * len(word) - 1:2]] == word and \
                    (index == 0 or step.body[index - 1].text in ("(", ",", "=", "+", "-", ":", "[")) and \
                    (index + 1 == len(step.body) or step.body[index + 1].text != ":")
                inside = token.kind == "string" and not token.text.startswith(("re", "raw")) and "{" + use.name in token.text
                if not mentions and not inside:
                    continue
                others = [other for other in step.reads if other is not use]
                view = ", ".join(other.name + ("?" if other.optional else "") for other in others)
                tokens = step.declaration.tokens
                begin = tokens[step.declaration.head + 2].begin
                end = next(other.end for other in tokens[step.declaration.head + 2:] if other.text == ")")
                text = replaced(file, begin, end, f"({view})" if view else "")
                yield text, lines_of(file, token.begin, token.end), f"{step.name} does not read {use.name}"
                break


@operator("slots")
def optional_read_as_required(file):
    """A C++ step reads what may be unset as if it were not."""
    for step in file.steps.values():
        if step.body or "then" in step.clauses:
            continue
        for use in step.reads:
            writers, other = file.writers(use.name)
            may_be_unset = writers and not other and all(
                write.optional for writer in writers for write in file.steps[writer].writes if write.name == use.name)
            runs = any(statement.name == step.name for flow in file.flows for statement, _ in straight_steps(file, flow))
            if use.optional and may_be_unset and runs:
                yield without(file, use.end - 1, use.end), [file.line(use.begin)], f"{step.name} needs {use.name}"


@operator("slots")
def private_slot(file):
    """A step reads the private slot of another package."""
    imports = [[token.text for token in declaration.tokens] for declaration in file.of("import")]
    if ["import", "zerver", ".", "auth", ";"] in imports:
        line = file.text.count("\n") + 1
        yield file.text.rstrip("\n") + "\nstep spy(auth.token);\n", [line], "reads auth.token"


@operator("slots")
def slot_that_nobody_writes(file):
    """A step reads a slot that is written nowhere."""
    for step in file.steps.values():
        if step.reads and not step.body:
            begin = step.reads[0].begin
            text = replaced(file, begin, begin, "nobodys, ").rstrip("\n")
            yield text + "\nslots { nobodys: i64; }\n", [text.count("\n") + 2], f"{step.name} reads it"
