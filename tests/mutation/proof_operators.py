"""Mistakes against what is proven: effects, time, errors, sagas, data, SQL and governance."""

import re

from flow_text import closing
from mutant import lines_of, operator, replaced, without
from slot_operators import handles_errors, straight_steps

UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}
# Operations of the standard adapters that a second attempt repeats.
NOT_IDEMPOTENT = {"post", "patch", "push"}


def nanoseconds(text):
    match = re.fullmatch(r"([0-9_]+)(ns|us|ms|s|m|h)", text)
    return int(match[1].replace("_", "")) * UNITS[match[2]] if match else 0


def policies(file):
    """Name of each policy that sets a timeout, and how long it is."""
    found = {}
    for declaration in file.of("policy"):
        words = [token.text for token in declaration.tokens]
        if "timeout" in words:
            found[declaration.name] = nanoseconds(words[words.index("timeout") + 1])
    return found


def timeout_of(file, step):
    """Of one attempt of a single effect."""
    if "timeout" in step.clauses:
        return nanoseconds(step.clauses["timeout"][1].text)
    if "with" in step.clauses:
        return policies(file).get(step.clauses["with"][1].text, 0)
    return 0


def writes_anew(step):
    """Whether each attempt of an effect changes something once more."""
    if not step.is_effect or "key" in step.clauses:
        return False
    if step.operation in NOT_IDEMPOTENT:
        return True
    return any(token.kind == "string" and re.match(r'sql"\s*insert\b', token.text, re.IGNORECASE)
               for token in step.body)


def step_lines(file, step):
    return lines_of(file, step.declaration.tokens[step.declaration.head].begin, step.declaration.end)


def used_policy(file, step):
    name = step.clauses["with"][1].text if "with" in step.clauses else None
    return next((policy for policy in file.of("policy") if policy.name == name), None)


@operator("effects")
def drop_key(file):
    """A write that is retried has no key."""
    for step in file.steps.values():
        policy = used_policy(file, step)
        retries = policy is not None and any(token.text == "retry" for token in policy.tokens)
        if not step.is_effect or "key" not in step.clauses or not (retries or "retry" in step.clauses):
            continue
        is_insert = any(token.kind == "string" and re.match(r'sql"\s*insert\b', token.text, re.IGNORECASE)
                        for token in step.body)
        if step.operation in NOT_IDEMPOTENT or is_insert:
            key = step.clauses["key"]
            yield without(file, key[0].begin, key[-1].end), step_lines(file, step), step.name


@operator("effects")
def retry_a_write(file):
    """A write that may not be repeated is retried."""
    for step in file.steps.values():
        if writes_anew(step) and "retry" not in step.clauses and "with" in step.clauses and "fails" not in step.clauses:
            end = step.clauses["with"][-1].end
            yield replaced(file, end, end, " retry 2 backoff 5ms"), step_lines(file, step), step.name


@operator("effects")
def hedge_a_write(file):
    """A write that may not be repeated is hedged."""
    for step in file.steps.values():
        if writes_anew(step) and "hedge" not in step.clauses and "with" in step.clauses:
            end = step.clauses["with"][-1].end
            yield replaced(file, end, end, " hedge 1 after 5ms"), step_lines(file, step), step.name


@operator("time")
def shorten_deadline(file):
    """A flow has less time than one of its effects may take."""
    for flow in file.flows:
        slow = [step for _, step in straight_steps(file, flow) if step.is_effect and
                timeout_of(file, step) > UNITS["ms"]]
        for setting in flow.settings("deadline"):
            if slow:
                token = setting.tokens[1]
                yield replaced(file, token.begin, token.end, "1ms"), [file.line(token.begin)], f"{flow.name} takes longer"


@operator("time")
def lengthen_timeout(file):
    """An effect may take longer than its flow."""
    for flow in file.flows:
        for setting in flow.settings("deadline"):
            step = next((step for _, step in straight_steps(file, flow) if step.is_effect and "with" in step.clauses and
                         "timeout" not in step.clauses and step.clauses["with"][-1].kind == "name"), None)
            if step is not None:
                end = step.clauses["with"][-1].end
                lines = set(step_lines(file, step)) | {file.line(setting.begin)}
                yield replaced(file, end, end, " timeout 30m"), lines, f"{step.name} in {flow.name}"


def escaping_errors(file):
    """Errors of this file that a flow on a route certainly lets through, with the steps that raise them."""
    for flow in file.flows:
        if flow.path is None or handles_errors(flow):
            continue
        for statement, step in straight_steps(file, flow):
            for index, token in enumerate(step.clauses.get("fails", [])):
                if step.clauses["fails"][index - 1].text in ("fails", ","):
                    yield flow, statement, step, token.text


@operator("errors")
def unmapped_error(file):
    """An error that clients see has no status."""
    for declaration in file.of("error"):
        uses = [(flow, statement, step) for flow, statement, step, name in escaping_errors(file)
                if name == declaration.name]
        tokens = declaration.tokens
        at = next((index for index in range(declaration.head - 1)
                   if tokens[index].text == "@" and tokens[index + 1].text == "http"), None)
        if uses and at is not None:
            lines = set(lines_of(file, declaration.begin, declaration.end))
            for flow, statement, step in uses:
                lines |= set(step_lines(file, step)) | {file.line(statement.begin)}
            yield without(file, tokens[at].begin, tokens[closing(tokens, at + 2)].end), lines, declaration.name


@operator("errors")
def uncovered_kind(file):
    """A way in which an effect fails becomes no error."""
    for step in file.steps.values():
        fails = step.clauses.get("fails", [])
        commas = [index for index, token in enumerate(fails) if token.text == ","]
        if step.is_effect and commas:
            yield without(file, fails[commas[-1]].begin, fails[-1].end), step_lines(file, step), step.name


@operator("errors")
def covered_twice(file):
    """A way in which an effect fails becomes two errors."""
    for step in file.steps.values():
        fails = step.clauses.get("fails", [])
        names = [token.text for token in fails]
        if step.is_effect and "Timeout" in names and "timeout" not in names and "Unavailable" in names:
            end = fails[-1].end
            yield replaced(file, end, end, ", Rejected on timeout"), step_lines(file, step), step.name


@operator("errors")
def rescue_of_nothing(file):
    """A `rescue` stands where nothing has failed."""
    for flow in file.flows:
        first = next((statement for statement in flow.statements if statement.kind in ("use", "return")), None)
        if first is not None and not flow.before:
            yield replaced(file, first.begin, first.begin, "rescue Conflict { } "), [file.line(first.begin)], flow.name


def stands_for_statuses(step, error):
    """Whether the step raises the error for statuses alone, whose answers may have fields of any name."""
    words = [token.text for token in step.clauses["fails"]]
    begin = words.index(error) + 1
    end = words.index(",", begin) if "," in words[begin:] else len(words)
    values = [word for word in words[begin:end] if word not in ("on", "|")]
    return bool(values) and all(value.isdigit() for value in values)


@operator("errors")
def unfillable_error(file):
    """An error has a field that nothing fills."""
    for declaration in file.of("error"):
        steps = [step for step in file.steps.values()
                 if step.is_effect and declaration.name in [token.text for token in step.clauses.get("fails", [])]]
        if steps and not any(stands_for_statuses(step, declaration.name) for step in steps):
            tokens = declaration.tokens
            field = "nobodys_field: i64;"
            if tokens[-1].text == "}":
                text = replaced(file, tokens[-1].begin, tokens[-1].begin, f" {field} ")
            else:
                text = replaced(file, tokens[-1].begin, tokens[-1].end, f" {{ {field} }}")
            lines = set()
            for step in steps:
                lines |= set(step_lines(file, step))
            yield text, lines, declaration.name


def sagas(file):
    """The steps of each `saga`, as far as they stand one after the other."""
    for flow in file.flows:
        for statement in flow.statements:
            if statement.kind == "saga":
                yield flow, statement, [(inner, file.steps[inner.name]) for inner in statement.blocks[0]
                                        if inner.kind == "use" and inner.name in file.steps]


@operator("sagas")
def drop_undo(file):
    """A write in a saga cannot be undone when what follows it fails."""
    for flow, saga, steps in sagas(file):
        for at, (statement, step) in enumerate(steps):
            fails_later = any(other.is_effect for _, other in steps[at + 1:])
            if "undo" not in step.clauses or not fails_later:
                continue
            undo = step.clauses["undo"]
            lines = set(step_lines(file, step)) | {file.line(statement.begin)}
            yield without(file, undo[0].begin, undo[-1].end), lines, f"{step.name} in {flow.name}"


@operator("data")
def refuse_personal_data(file):
    """Personal data goes to a target that does not accept it."""
    for declaration in file.of("target"):
        tokens = declaration.tokens
        at = next((index for index, token in enumerate(tokens) if token.text == "accepts"), None)
        if at is not None:
            name = declaration.name
            lines = set()
            for step in file.steps.values():
                if any(token.text == name and step.declaration.tokens[index + 1].text == "."
                       for index, token in enumerate(step.declaration.tokens)):
                    lines |= set(step_lines(file, step))
            end = next(token for token in tokens[at:] if token.text == ";").end
            yield without(file, tokens[at].begin, end), lines, name


@operator("data")
def reveal_nothing(file):
    """Personal data is answered without a word."""
    for flow in file.flows:
        tokens = flow.declaration.tokens
        for index, token in enumerate(tokens):
            if token.text == "reveal" and tokens[index + 1].text in ("pii", "secret"):
                begin = max(other.begin for other in tokens[:index] if other.text == "return")
                yield without(file, token.begin, tokens[index + 1].end), lines_of(file, begin, token.end), flow.name


@operator("data")
def new_label(file):
    """The answer of a flow gets a personal field."""
    for declaration in file.of("struct"):
        slots = [name for name, kind, _ in file.slots() if [token.text for token in kind] == [declaration.name]]
        returns = set()
        for flow in file.flows:
            last = flow.statements[-1] if flow.statements else None
            words = [token.text for token in last.tokens] if last is not None and last.kind == "return" else []
            if len(words) == 4 and words[2] in slots:
                returns.add(file.line(last.begin))
        tokens = declaration.tokens
        if returns and "@" not in [token.text for token in tokens] and tokens[declaration.head + 3].text != "}":
            begin = tokens[declaration.head + 3].begin
            yield replaced(file, begin, begin, "@pii "), returns, declaration.name


def sql_strings(file):
    for step in file.steps.values():
        for token in step.body or []:
            if token.kind == "string" and token.text.startswith("sql"):
                yield step, token


@operator("sql")
def unknown_column(file):
    """A statement mentions a column that its table does not have."""
    if not file.of("schema"):
        return
    for step, token in sql_strings(file):
        match = re.search(r"\b(?:where|set|and)\s+([a-z_]+)\s*(?:=|<|>)", token.text)
        # SQLite does not look at a `do update` that its insert cannot come to.
        if match and "on conflict" not in token.text[:match.start()]:
            begin = token.begin + match.start(1)
            text = replaced(file, begin, begin + len(match[1]), match[1] + "_nowhere")
            yield text, [file.line(begin)], f"{step.name}: {match[1]}"


@operator("sql")
def unknown_table(file):
    """A statement mentions a table that the schema does not have."""
    if not file.of("schema"):
        return
    for step, token in sql_strings(file):
        match = re.search(r"\b(?:from|into|update)\s+([a-z_]+)", token.text)
        if match:
            begin = token.begin + match.start(1)
            text = replaced(file, begin, begin + len(match[1]), match[1] + "_nowhere")
            yield text, [file.line(begin)], f"{step.name}: {match[1]}"


@operator("sql")
def broken_statement(file):
    """A statement is no SQL."""
    for step, token in sql_strings(file):
        match = re.search(r"\b(where|values|set)\b", token.text)
        if match:
            begin = token.begin + match.start(1)
            text = replaced(file, begin, begin + len(match[1]), match[1] + " " + match[1])
            yield text, lines_of(file, token.begin, token.end), step.name


@operator("governance")
def not_public(file):
    """A flow is for everybody and does not say so."""
    authenticates = any("auth" in declaration.traits for declaration in file.declarations) or file.of("import") or \
        any(token.text == "allow" for declaration in file.of("service") for token in declaration.tokens)
    for flow in file.flows:
        if flow.is_public and not authenticates:
            token = next(token for token in flow.head if token.text == "public")
            yield without(file, token.begin, token.end), lines_of(file, flow.declaration.begin, token.end), flow.name


@operator("governance")
def nobodys_service(file):
    """A service belongs to nobody."""
    own = any(flow.settings("owner") for flow in file.flows)
    for declaration in file.of("service"):
        words = [token.text for token in declaration.tokens]
        clients = any(flow.kind == "flow" for flow in file.flows)
        if "owner" in words and not own and clients:
            at = words.index("owner")
            begin, end = declaration.tokens[at].begin, declaration.tokens[at + 2].end
            lines = set(lines_of(file, declaration.begin, declaration.end))
            for flow in file.flows:
                lines |= {file.line(flow.declaration.tokens[flow.declaration.head].begin)}
            yield without(file, begin, end), lines, declaration.name


@operator("governance")
def shouted_slug(file):
    """A slug is not written as slugs are."""
    for flow in file.flows:
        if flow.kind == "flow":
            begin = flow.declaration.tokens[flow.open].end
            yield replaced(file, begin, begin, ' alias "Shout_It";'), [file.line(begin)], flow.name
