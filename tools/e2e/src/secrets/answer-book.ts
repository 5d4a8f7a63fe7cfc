import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withSql } from '../database.js';
import type { Dev } from '../dev.js';
import type { Secret } from './secrets-in.js';

const fileOfSecrets = 'issued.jsonl';
/** Not among the files that may hold secrets, like the next one: what it holds is sealed. */
const fileOfRefusals = 'refusals.log';
const fileOfSealed = 'sealed.jsonl';

/** What an instance was made with, as the database keeps it. */
export interface Sealed {
  readonly osid: string;
  readonly sealed: string;
}

/**
 * What a plane's clients are told, kept in its data folder until it ends: secrets to seek, and refusals to seek them in.
 * And what nobody was told before it was deleted.
 */
class AnswerBook {
  readonly #kept = new Set<string>();

  constructor(
    private readonly data: string,
    private readonly databaseUrl: string,
  ) {}

  /** Before a request that may delete instances: nobody can say afterwards what their secrets were. */
  async before(method: string, path: string): Promise<void> {
    if (method !== 'DELETE' && !path.endsWith('/cancel')) return;
    try {
      for (const each of await withSql(this.databaseUrl, (sql) => sealedIn(sql, [...this.#kept]))) {
        this.#kept.add(each.osid);
        this.#append(fileOfSealed, each);
      }
    } catch {
      // Without its database the plane deletes nothing either: it is asked again.
    }
  }

  note(path: string, status: number, text: string): void {
    if (status >= 400) appendFileSync(join(this.data, fileOfRefusals), `${status} ${path} ${text}\n`);
    if (status >= 300) return;
    const body = objectIn(text);
    for (const name of ['token', 'password']) {
      const value = body[name];
      if (typeof value === 'string')
        this.#append(fileOfSecrets, { name: `${name} of ${path}`, value } satisfies Secret);
    }
  }

  #append(file: string, line: Secret | Sealed): void {
    appendFileSync(join(this.data, file), `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

/** What a text says of an object; nothing when it is none, or cut off. */
function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const books = new Map<string, AnswerBook>();

/** Whoever speaks to one of this plane's addresses from now on, in this process, does so by its book. */
export function openBook(data: string, { apiUrl, replicas, databaseUrl }: Dev): void {
  const book = new AnswerBook(data, databaseUrl);
  for (const url of [apiUrl, ...replicas.map((each) => each.apiUrl)]) books.set(url, book);
}

/** The book of the plane that answers there, if it is one of ours. */
export const bookOf = (apiUrl: string): AnswerBook | undefined => books.get(apiUrl);

type Sql = Parameters<Parameters<typeof withSql>[1]>[0];

/** What instances there are, but those known already, were made with. */
export const sealedIn = async (sql: Sql, known: readonly string[] = []): Promise<Sealed[]> =>
  (
    await sql.query<Sealed>(
      'SELECT osid, secrets_sealed AS sealed FROM reconciler.instance WHERE osid <> ALL ($1::text[])',
      [known],
    )
  ).rows;

/** The secrets that clients of this plane were told. */
export const issuedTo = (data: string): Secret[] => linesOf<Secret>(data, fileOfSecrets);

/** What the instances were made with that were there before something was deleted. */
export const sealedBefore = (data: string): Sealed[] => linesOf<Sealed>(data, fileOfSealed);

function linesOf<T>(data: string, name: string): T[] {
  const file = join(data, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
