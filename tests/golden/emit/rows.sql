create table item (
  id    integer primary key,
  name  text not null,
  tags  text not null,
  price integer not null,
  note  text
);
