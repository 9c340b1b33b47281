create table item (
  tags  text not null,
  id    integer primary key,
  price integer not null default 7,
  name  text not null
);
create table kind (
  id integer primary key, name text not null, state text not null, price text not null, at text not null, span text,
  key text not null, flag boolean not null, ratio real not null, big text not null, data blob not null, tags text, doc text not null
);
create table priced (id integer primary key, price numeric not null);
