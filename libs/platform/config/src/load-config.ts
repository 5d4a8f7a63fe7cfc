import { z } from 'zod';
import { isSecret } from './setting.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variable of a setting: `natsUrl` → `RUNOS_NATS_URL`. The prefix avoids the variables that Kubernetes
 * sets for every Service (`NATS_PORT=tcp://…`).
 */
export const environmentName = (setting: string): string =>
  `RUNOS_${setting.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;

export type Setting = string | number | boolean | undefined;

/** The environment that `loadConfig` parses to these settings; used to start processes. */
export function toEnvironment(settings: Readonly<Record<string, Setting>>): Record<string, string> {
  const defined = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined.map(([name, value]) => [environmentName(name), String(value)]));
}

/** All invalid settings in one message without secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    super(`${count} invalid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Loads settings from the environment: each key of `schema` from its variable (`environmentName`); an empty variable
 * counts as absent.
 * @throws ConfigError with every invalid setting, its value (secrets hidden) and the allowed values
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment = process.env,
): z.output<z.ZodObject<Shape>> {
  const defined = Object.keys(schema.shape).flatMap((key) => {
    const text = env[environmentName(key)];
    return text === undefined || text === '' ? [] : [[key, text] as const];
  });
  const values: Record<string, string> = Object.fromEntries(defined);
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => problemOf(schema, values, issue)));
}

function problemOf(schema: z.ZodObject, values: Readonly<Record<string, string>>, issue: z.core.$ZodIssue): string {
  const key = String(issue.path[0] ?? '');
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  const field = shape[key];
  if (field === undefined) return issue.message;
  const name = environmentName(key);
  const value = values[key];
  if (value === undefined) return `${name} is not set: ${issue.message}`;
  return `${name}=${isSecret(field) ? '(hidden)' : JSON.stringify(value)}: ${issue.message}`;
}

/**
 * `loadConfig` for main programs: prints a ConfigError to standard error and exits with 78 (EX_CONFIG).
 * @throws Error that is no ConfigError
 */
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
