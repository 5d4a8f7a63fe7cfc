import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { environmentName } from './environment-name.js';
import { isSecret } from './setting.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Loads settings from the environment: each key of `schema` from its variable (`environmentName`); an empty variable
 * counts as absent.
 * @throws ConfigError with every invalid setting, its value (secrets hidden) and the allowed values
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment = process.env,
): z.output<z.ZodObject<Shape>> {
  const given = Object.keys(schema.shape).flatMap((key) => {
    const text = env[environmentName(key)];
    return text === undefined || text === '' ? [] : [[key, text] as const];
  });
  const values: Record<string, string> = Object.fromEntries(given);
  const read = schema.safeParse(values);
  if (read.success) return read.data;
  throw new ConfigError(read.error.issues.map((issue) => problemOf(schema, values, issue)));
}

function problemOf(schema: z.ZodObject, values: Readonly<Record<string, string>>, issue: z.core.$ZodIssue): string {
  const key = String(issue.path[0] ?? '');
  const field: z.core.$ZodType | undefined = schema.shape[key];
  if (field === undefined) return issue.message;
  const name = environmentName(key);
  const value = values[key];
  if (value === undefined) return `${name} is not set: ${issue.message}`;
  return `${name}=${isSecret(field) ? '(hidden)' : JSON.stringify(value)}: ${issue.message}`;
}

/** `loadConfig` for main programs: prints a ConfigError to standard error and exits with 78 (EX_CONFIG). */
export function configOrExit<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment = process.env,
): z.output<z.ZodObject<Shape>> {
  try {
    return loadConfig(schema, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}
