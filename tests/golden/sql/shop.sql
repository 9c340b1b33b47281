-- What the tests of this folder are checked against.
create table user (
  id   integer primary key,
  name text not null
);

create table todo (
  id         integer primary key,
  title      text not null,
  due        text,
  done       boolean not null default false,
  price      numeric,
  owner      integer not null references user (id),
  created_at text not null
);

create view open_todo as select id, title, due from todo where not done;
