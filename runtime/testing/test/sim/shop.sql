create table booking (id text primary key, receipt text not null) strict;
