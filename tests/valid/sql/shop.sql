create table product (
  id integer primary key,
  name text not null,
  label text,
  stock integer not null default 0,
  price text not null,
  added_at text not null
);
create table review (
  id integer primary key,
  product integer not null references product(id),
  stars integer not null,
  comment text
);
