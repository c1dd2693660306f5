-- What a Supabase project has and Debian's Postgres has not, as far as Model Desk can tell: run by the superuser in a
-- new database, whose owner stands for Supabase's `postgres`. Roles are of the whole cluster, so they may be there.
do $$
begin
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    create role authenticator login noinherit;
    grant anon, authenticated, service_role to authenticator;
  end if;
end $$;
grant anon, authenticated, service_role to desk_owner;
grant authenticated to desk_pages;
create schema auth;
grant usage on schema auth to anon, authenticated, service_role, desk_owner;
create table auth.users (id uuid primary key, email text);
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role desk_owner in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role desk_owner in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges for role desk_owner in schema public grant all on functions to anon, authenticated, service_role;
