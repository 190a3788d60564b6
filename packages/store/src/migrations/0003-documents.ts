/** Never edit a migration that was released: add the next one. */
export const DOCUMENTS = /* sql */ `
create table documents (
  id text primary key,
  kind text not null,
  model text,
  title text not null,
  created_at timestamptz(3) not null,
  summary json not null,
  document json not null
);
create index documents_kind on documents (kind, created_at desc, id);
`;
