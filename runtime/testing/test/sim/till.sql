create table entry (
  id integer not null,
  part integer not null,
  primary key (id, part)
) strict;

create table minute (
  number integer primary key
) strict;
