import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createAccount, type Operator } from './account/create-account.js';
import { defaultData } from './options.js';

/** `npm run account -- add EMAIL [--data DIR]`: prints `{aid, email, password, token}` on standard output. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { data: { type: 'string', default: defaultData } },
    allowPositionals: true,
  });
  const [verb, email] = positionals;
  if (verb !== 'add' || !email || positionals.length > 2) {
    throw new Error('Use: npm run account -- add EMAIL [--data DIR]');
  }
  const account = await createAccount(operatorOf(resolve(values.data)), email);
  process.stdout.write(`${JSON.stringify(account)}\n`);
}

function operatorOf(data: string): Operator {
  const file = join(data, 'operator.json');
  if (!existsSync(file)) throw new Error(`No plane has run on ${data}: start one with npm start.`);
  return JSON.parse(readFileSync(file, 'utf8')) as Operator;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
