#!/usr/bin/env python3
"""Writes a .flow file with one flow for each operation of a list of routes.

usage: github_flow.py ROUTES.tsv OUT.flow

A line of ROUTES is method, pattern and name, separated by tabs: tests/data/routes/github.tsv holds all of GitHub's REST
API. Each flow answers with its own name and the parameters of its path, so that a test can tell a wrong route.
"""

import re
import sys

HEAD = """/// All operations of GitHub's REST API: what the router is tested and measured with.
package github;

service github { owner "tests"; }

"""


def identifier(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        routes = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    parameters = sorted({name for _, pattern, _ in routes for name in re.findall(r"\{([^}]+)\}", pattern)})
    text = [HEAD, "slots {\n"]
    text += [f"  {identifier(name)}: string;\n" for name in parameters]
    text.append("}\n\n")
    text += [f"step read_{identifier(name)} -> {identifier(name)} = request.path.{identifier(name)};\n" for name in parameters]
    for method, pattern, name in routes:
        names = [identifier(each) for each in re.findall(r"\{([^}]+)\}", pattern)]
        path = re.sub(r"\{([^}]+)\}", lambda match: "{" + identifier(match[1]) + "}", pattern)
        steps = "".join(f"  read_{each};\n" for each in names)
        fields = "".join(f", {each}: {each}" for each in names)
        text.append(f'\nflow {identifier(name)} on {method} "{path}" public {{\n{steps}  return 200 {{ flow: "{name}"{fields} }};\n}}\n')
    with open(target, "w", encoding="utf-8") as file:
        file.write("".join(text))


if __name__ == "__main__":
    main()
