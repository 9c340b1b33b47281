create table account (
  id    integer primary key,
  cents bigint not null
);
create table entry (
  source      bigint not null,
  destination bigint not null,
  cents       bigint not null check (cents <> 13)
);
