/** Never edit a migration that was released: add the next one. */
export const PAUSE_DETAILS_LABELS = /* sql */ `
alter table jobs drop constraint jobs_state_check;
alter table jobs add constraint jobs_state_check
  check (state in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled'));
alter table jobs add column details json;
drop index jobs_content_key;
create unique index jobs_content_key on jobs (content_key) where state in ('queued', 'running', 'paused');

create table unit_labels (
  model_hash text not null,
  source text not null,
  unit integer not null,
  label text not null,
  updated_at timestamptz(3) not null,
  primary key (model_hash, source, unit)
);
`;
