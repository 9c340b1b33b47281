-- What fuzzed inputs may name with `schema`.
create table todo (
  id integer primary key,
  title text not null,
  owner text not null,
  done integer not null
);
create table orders (
  id integer primary key,
  total integer not null,
  hold text
);
