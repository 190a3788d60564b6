/** Never edit a migration that was released: add the next one. */
export const SNAPSHOTS_AND_JOBS = /* sql */ `
create table snapshots (
  id text primary key,
  created_at timestamptz(3) not null,
  summary json not null,
  document json not null
);
create index snapshots_created_at on snapshots (created_at desc, id);

create table jobs (
  id text primary key,
  kind text not null,
  content_key text not null,
  request json not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  priority integer not null,
  progress double precision not null,
  message text not null,
  created_at timestamptz(3) not null,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  lease_until timestamptz(3),
  result json,
  problem json
);
create index jobs_state on jobs (state, priority, created_at);
create unique index jobs_content_key on jobs (content_key) where state in ('queued', 'running');
`;
