create table copy (
  id   bigint primary key,
  name text not null
);
