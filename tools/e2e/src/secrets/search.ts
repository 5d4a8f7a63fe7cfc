import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { withSql } from '../plane-data.js';

/** A secret, and a name for it in messages. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Secrets that are recognized by their form: every RunOS token, every private key. */
const forms = [
  { name: 'some token', form: /runos_(?:pat|ses|reg|notify)_[a-z0-9]{12}\.[A-Za-z0-9_-]{43}/g },
  { name: 'some private key', form: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g },
];

/** The base64 of a text inside a longer one, at each offset, without the characters that depend on its neighbours. */
const withinBase64 = (text: string): string[] =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('.'.repeat(offset) + text).toString('base64');
    return encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + text.length) * 4) / 3));
  });

const packed = [
  {
    name: 'some token, in base64',
    parts: ['pat', 'ses', 'reg', 'notify'].flatMap((kind) => withinBase64(`runos_${kind}_`)),
  },
  { name: 'some private key, in base64', parts: withinBase64('PRIVATE KEY-----') },
];

/** A value in clear, in base64, URL-encoded and in hexadecimal. */
const encodingsOf = (value: string): string[] => [
  ...new Set([value, encodeURIComponent(value), Buffer.from(value).toString('hex'), ...withinBase64(value)]),
];

/** The names of the secrets that a text contains. */
export function secretsIn(text: string, secrets: readonly Secret[]): string[] {
  const known = new Set(secrets.map(({ value }) => value));
  return [
    ...secrets
      .filter(({ value }) => encodingsOf(value).some((encoded) => text.includes(encoded)))
      .map(({ name }) => name),
    ...forms
      .filter(({ form }) => [...text.matchAll(form)].some(([match]) => !known.has(match)))
      .map(({ name }) => name),
    ...packed.filter(({ parts }) => parts.some((part) => text.includes(part))).map(({ name }) => name),
  ];
}

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
