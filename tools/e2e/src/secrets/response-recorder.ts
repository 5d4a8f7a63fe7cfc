import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlaneInfo, withSql } from '../plane-data.js';
import type { Secret } from './search.js';

const issuedFile = 'issued.jsonl';
/** This file and the next may not contain secrets in clear: the search covers them. */
const refusalsFile = 'refusals.log';
const sealedFile = 'sealed.jsonl';

/** The secrets of an instance, encrypted as in the database. */
export interface SealedSecrets {
  readonly osid: string;
  readonly sealed: string;
}

/**
 * Records in a plane's data folder what its clients received: secrets to search for, and refusals to search in. Also
 * records the encrypted secrets of instances before their deletion.
 */
class ResponseRecorder {
  readonly #recorded = new Set<string>();

  constructor(
    private readonly data: string,
    private readonly databaseUrl: string,
  ) {}

  /** Called before each request: one that may delete instances would delete their secrets too. */
  async beforeRequest(method: string, path: string): Promise<void> {
    if (method !== 'DELETE' && !path.endsWith('/cancel')) return;
    try {
      for (const each of await withSql(this.databaseUrl, (sql) => readSealedSecrets(sql, [...this.#recorded]))) {
        this.#recorded.add(each.osid);
        this.#append(sealedFile, each);
      }
    } catch {
      // Without its database the plane deletes nothing either, and the client retries.
    }
  }

  record(path: string, status: number, text: string): void {
    if (status >= 400) appendFileSync(join(this.data, refusalsFile), `${status} ${path} ${text}\n`);
    if (status >= 300) return;
    const body = objectIn(text);
    for (const name of ['token', 'password']) {
      const value = body[name];
      if (typeof value === 'string') this.#append(issuedFile, { name: `${name} of ${path}`, value } satisfies Secret);
    }
  }

  #append(file: string, line: Secret | SealedSecrets): void {
    appendFileSync(join(this.data, file), `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

/** The object in a JSON text; an empty one when the text is no complete JSON. */
function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const recorders = new Map<string, ResponseRecorder>();

/** Records the responses of all addresses of this plane to clients in this process. */
export function recordResponses(data: string, { apiUrl, replicas, databaseUrl }: PlaneInfo): void {
  const recorder = new ResponseRecorder(data, databaseUrl);
  for (const url of [apiUrl, ...replicas.map((each) => each.apiUrl)]) recorders.set(url, recorder);
}

/** The recorder of the plane at this address, if any. */
export const recorderOf = (apiUrl: string): ResponseRecorder | undefined => recorders.get(apiUrl);

type Sql = Parameters<Parameters<typeof withSql>[1]>[0];

/** The encrypted secrets of all instances except the known ones. */
export const readSealedSecrets = async (sql: Sql, known: readonly string[] = []): Promise<SealedSecrets[]> =>
  (
    await sql.query<SealedSecrets>(
      'SELECT osid, secrets_sealed AS sealed FROM reconciler.instance WHERE osid <> ALL ($1::text[])',
      [known],
    )
  ).rows;

/** Records a secret that a client is about to send to this plane. */
export const recordSecret = (data: string, secret: Secret): void =>
  appendFileSync(join(data, issuedFile), `${JSON.stringify(secret)}\n`, { mode: 0o600 });

/** The secrets that clients of this plane received or sent. */
export const issuedTo = (data: string): Secret[] => linesOf<Secret>(data, issuedFile);

/** The encrypted secrets of instances that existed before a deletion. */
export const sealedBefore = (data: string): SealedSecrets[] => linesOf<SealedSecrets>(data, sealedFile);

function linesOf<T>(data: string, name: string): T[] {
  const file = join(data, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
