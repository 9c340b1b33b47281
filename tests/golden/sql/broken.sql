-- A word too many, and a table that is there already. What follows from the first is not reported.
create table todo (
  id    integer primary key,
  title text not nul  -- // error: schema-error
);
create index todo_by_title on todo (title);
create table user (id integer primary key);
create table user (id integer primary key);  -- // error: schema-error
