import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type Target, withSql } from './target.js';

/** A secret, and what to call it without saying it. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Files that are there to hold secrets, each readable by its owner alone; and PostgreSQL's, which are read by SQL. */
const meantForSecrets = [
  /^(secrets|account|dev|operator)\.json$/,
  /^nats\/nats\.conf$/,
  /^postgres\/(password|cluster\/)/,
  // The demo cluster stands for a customer's: its etcd and keys hold what Secrets hold, and kubeconfigs open it.
  /^(kube|demo|cluster)[^/]*\//,
  /^agents?\//,
  /^(node|cluster)-agent\//,
  /kubeconfig/,
];

/** How to log in, which `npm start` tells whoever typed it; nothing else may say it, nor it anything else. */
const told = /^start\.log: (password|token) of the owner$/;

/** As it is, in base64 and in a URL. */
const forms = (value: string): string[] => [
  ...new Set([value, Buffer.from(value).toString('base64').replace(/=+$/, ''), encodeURIComponent(value)]),
];

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

export interface Searched {
  readonly files: readonly string[];
  /** `<where>: <name of the secret>` */
  readonly found: readonly string[];
}

/** Looks for each secret in every file below `data` but those meant for secrets: logs, traces, streams of NATS. */
export function grepSecrets(data: string, secrets: readonly Secret[]): Searched {
  const files = filesIn(data).filter((file) => !meantForSecrets.some((pattern) => pattern.test(relative(data, file))));
  const found = files.flatMap((file) => {
    const text = readFileSync(file, 'latin1');
    const said = secretsIn(text, secrets).map((name) => `${relative(data, file)}: ${name}`);
    return said.filter((what) => !told.test(what));
  });
  return { files: files.map((file) => basename(file)), found };
}

export const secretsIn = (text: string, secrets: readonly Secret[]): string[] =>
  secrets.filter(({ value }) => forms(value).some((form) => text.includes(form))).map(({ name }) => name);

/** The same in every text and JSON that the database holds: jobs, outboxes, audit, answers kept for repetition. */
export const grepDatabase = (target: Target, secrets: readonly Secret[]): Promise<Searched> =>
  withSql(target, async (sql) => {
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
    return { files: rows.map(({ place, name }) => `${place}.${name}`), found };
  });
