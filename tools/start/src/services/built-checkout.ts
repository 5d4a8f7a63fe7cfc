import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services } from './services.js';

/** A compiled program of an app in a checkout. */
export const programOf = (checkout: string, app: string, program: 'main' | 'migrate'): string =>
  join(checkout, 'apps', app, 'dist', `${program}.js`);

/** The module that creates spans for SQL statements when traces are exported (RUNOS_OTLP_ENDPOINT). */
export const sqlSpansOf = (checkout: string): string =>
  pathToFileURL(createRequire(join(checkout, 'package.json')).resolve('@runos/observability/register')).href;

/**
 * The folder that an option names, after a check that every program of a plane can be started from there.
 * @throws Error with one sentence for the user
 */
export function builtCheckout(option: string, text: string): string {
  const checkout = resolve(text);
  const refuse = (why: string): never => {
    throw new Error(`${option} ${text}: ${why}`);
  };
  if (text === '' || !existsSync(checkout)) refuse('there is no such folder.');
  if (!existsSync(join(checkout, 'apps'))) refuse('this is not a checkout of RunOS, it has no apps.');
  const programs = [...services.map(({ name }) => name), 'cluster-agent', 'node-agent'].map((app) =>
    programOf(checkout, app, 'main'),
  );
  const migrations = services
    .filter(({ database }) => database)
    .map(({ name }) => programOf(checkout, name, 'migrate'));
  const missing = [...programs, ...migrations].find((program) => !existsSync(program));
  if (missing)
    refuse(
      `this checkout is not built, it has no ${missing.slice(checkout.length + 1)}: run npm ci and npm run build there.`,
    );
  if (!existsSync(join(checkout, 'node_modules'))) refuse('this checkout has no libraries: run npm ci there.');
  return checkout;
}
