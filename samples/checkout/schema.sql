create table product (
  sku text primary key,
  title text not null,
  cents integer not null check (cents > 0),
  stock integer not null check (stock >= 0)
) strict;

-- One row for each Idempotency-Key. `attempt` is of the request that owns it.
create table orders (
  id text primary key,
  attempt text not null,
  customer text not null,
  sku text not null references product (sku),
  quantity integer not null check (quantity > 0),
  cents integer not null,
  state text not null check (state in ('open', 'paid', 'closed', 'cancelled'))
) strict;

-- What is taken out of the stock. Deleting a row twice puts nothing back twice.
create table reservation (
  order_id text primary key references orders (id),
  sku text not null references product (sku),
  quantity integer not null
) strict;

-- The last number that was drawn, of each kind.
create table counter (
  name text primary key,
  last integer not null
) strict;

create table receipt (
  order_id text primary key references orders (id),
  number integer not null unique,
  customer text not null,
  cents integer not null
) strict;

insert into counter values ('receipt', 0);
insert into product values ('tea', 'Green tea, 100 g', 690, 1000), ('pot', 'Teapot', 2450, 40), ('cup', 'Cup', 900, 3);
