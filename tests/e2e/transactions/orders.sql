create table placed (id integer primary key);
create table shipped (id integer primary key);
