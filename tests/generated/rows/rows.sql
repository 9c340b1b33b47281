create table item (
  tags  text not null,
  id    integer primary key,
  price integer not null default 7,
  name  text not null
);
