-- The database of the todos sample. Times are RFC 3339 text in UTC.
create table if not exists "user" (
  id   integer primary key,
  name text not null
);

create table if not exists session (
  token      text primary key,
  user_id    integer not null references "user" (id),
  expires_at text not null
);

create table if not exists todo (
  id         integer primary key,
  title      text not null,
  due        text,
  done       boolean not null default false,
  owner      integer not null references "user" (id),
  created_at text not null
);

create index if not exists todo_by_owner on todo (owner, id);
