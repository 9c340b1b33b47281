#!/usr/bin/env python3
"""Writes a large, correct .flow file: resources with types, errors, slots, steps, and flows, like a real service has."""

import argparse
import sys

HEAD = """\
/// A generated service of {count} resources.
package bench.generated;

service generated {{ owner "bench"; }}

target db = sql(env.DATABASE_URL ?? "sqlite:bench.db") {{ in_flight 64; }}

policy reading {{ timeout 250ms; retry 1 backoff 5ms..20ms on Unavailable; }}
policy writing {{ timeout 500ms; }}

"""

RESOURCE = """\
/// There is no item{n} of this id.
@http(404) @kind(missing) error Missing{n} {{ id{n}: Id{n}; }}

/// What item{n} is known by.
scalar Id{n}: i64;

/// What a client sends to create an item{n}.
struct Draft{n} {{
  @length(1..200) title: string;
  @range(0..100) weight: i32 = 1;
  tags: list<string>;
  due: timestamp?;
}}

/// As it is stored.
struct Item{n} {{
  id: Id{n};
  title: string;
  weight: i32;
  tags: json;
  due: timestamp?;
  created_at: timestamp;
}}

slots {{
  id{n}: Id{n};
  draft{n}: Draft{n};
  item{n}: Item{n};
  page{n}: list<Item{n}>;
  after{n}: Id{n};
  now{n}: timestamp;
}}

step read_id{n}    -> id{n}    = request.path.id;
step read_draft{n} -> draft{n} = request.json;
step read_after{n} -> after{n} = request.query.after ?? 0;
step read_now{n}   -> now{n}   = clock.now();

// Steps with effects on the database.
step insert{n}(draft{n}, now{n}) -> item{n} =
     db.one(sql"insert into item{n} (title, weight, due, created_at)
                values ({{draft{n}.title}}, {{draft{n}.weight}}, {{draft{n}.due}}, {{now{n}}})
                returning *")
     with writing;

step load{n}(id{n}) -> item{n} = db.one(sql"select * from item{n} where id = {{id{n}}}")
     with reading fails Missing{n}, Unavailable, Timeout;

step select{n}(after{n}) -> page{n} =
     db.many(sql"select * from item{n} where id > {{after{n}}} order by id limit 20")
     with reading;

/// A rule of the business, in C++.
step review{n}(item{n}) fails Missing{n};

flow create{n} on POST "/v1/items{n}" public {{
  deadline 2s;
  read_draft{n};
  read_now{n};
  insert{n};
  return 201 item{n} header location "/v1/items{n}/{{item{n}.id}}";
}}

flow show{n} on GET "/v1/items{n}/{{id}}" public {{
  deadline 2s;
  read_id{n};
  load{n};
  when item{n}.weight > 50 {{
    review{n};
  }}
  return 200 item{n};
}}

flow index{n} on GET "/v1/items{n}" public {{
  deadline 1s;
  read_after{n};
  select{n};
  return 200 page{n};
}}

"""


def generate(lines):
    """The text of a file of at least `lines` lines, the smallest number of whole resources."""
    head = HEAD.count("\n")
    each = RESOURCE.count("\n")
    count = max(1, -(-(lines - head) // each))
    return HEAD.format(count=count) + "".join(RESOURCE.format(n=n) for n in range(count))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="how long the file is, at least (%(default)s)")
    sys.stdout.write(generate(parser.parse_args().lines))


if __name__ == "__main__":
    main()
