import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from './secrets-in.js';

const fileOfSecrets = 'issued.jsonl';
/** Not among the files that may hold secrets. */
const fileOfRefusals = 'refusals.log';

/** What a plane's clients are told, kept in its data folder until it ends: secrets to seek, and refusals to seek them in. */
export class AnswerBook {
  constructor(private readonly data: string) {}

  note(path: string, status: number, text: string, body: Readonly<Record<string, unknown>>): void {
    if (status >= 400) appendFileSync(join(this.data, fileOfRefusals), `${status} ${path} ${text}\n`);
    for (const name of ['token', 'password'] as const) {
      const value = body[name];
      if (status >= 300 || typeof value !== 'string') continue;
      const secret: Secret = { name: `${name} of ${path}`, value };
      appendFileSync(join(this.data, fileOfSecrets), `${JSON.stringify(secret)}\n`, { mode: 0o600 });
    }
  }
}

/** The secrets that clients of this plane were told. */
export function issuedTo(data: string): Secret[] {
  const file = join(data, fileOfSecrets);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Secret);
}
