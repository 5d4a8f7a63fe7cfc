import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { withSql } from '../plane-data.js';
import { type Secret, secretsIn } from './secrets-in.js';

/** Files whose purpose is to hold secrets, readable by their owner alone; and those of PostgreSQL, which SQL searches. */
const meantForSecrets = [
  /^(secrets|account|dev|operator|control)\.json$/,
  /^issued\.jsonl$/,
  /^nats\/nats\.conf$/,
  /^postgres\/(password|cluster\/)/,
  // The demo cluster represents a customer's: its etcd holds Secrets, and kubeconfigs give access to it.
  /^(kube|demo|cluster)[^/]*\//,
  /^agents?\//,
  /^(node|cluster)-agent[^/]*\//,
  /kubeconfig/,
];

/** The log-in, which `npm start` prints to the user on purpose. */
const expected = /^start\.log: (password|token) of the owner$/;

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

export interface SearchResult {
  /** Names of files, and columns of the database. */
  readonly places: readonly string[];
  /** `<where>: <name of the secret>` */
  readonly found: readonly string[];
}

/** Searches each secret in every file below `data` that is not meant for secrets: logs, refusals, streams of NATS. */
export function searchFiles(data: string, secrets: readonly Secret[]): SearchResult {
  const files = filesIn(data).filter((file) => !meantForSecrets.some((pattern) => pattern.test(relative(data, file))));
  const found = files.flatMap((file) =>
    secretsIn(readFileSync(file, 'latin1'), secrets)
      .map((name) => `${relative(data, file)}: ${name}`)
      .filter((what) => !expected.test(what)),
  );
  return { places: files.map((file) => basename(file)), found };
}

/** Searches each secret in every text and JSON column: jobs, outboxes, audit, idempotent replies. */
export const searchDatabase = (databaseUrl: string, secrets: readonly Secret[]): Promise<SearchResult> =>
  withSql(databaseUrl, async (sql) => {
    const { rows } = await sql.query<{ place: string; name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS place, quote_ident(column_name) AS name
       FROM information_schema.columns
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
         AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying', 'ARRAY')`,
    );
    const found: string[] = [];
    for (const { place, name } of rows) {
      const { rows: values } = await sql.query<{ text: string | null }>(`SELECT ${name}::text AS text FROM ${place}`);
      const text = values.map((value) => value.text ?? '').join('\n');
      found.push(...secretsIn(text, secrets).map((secret) => `${place}.${name}: ${secret}`));
    }
    return { places: rows.map(({ place, name }) => `${place}.${name}`), found };
  });
