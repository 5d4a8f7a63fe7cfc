import { parseArgs } from 'node:util';
import { type Environment, loadConfig, logLevels, secret, toEnvironment, wholeNumber } from '@runos/config';
import { Aid } from '@runos/osid';
import { z } from 'zod';

const portSetting = (standard: number) => wholeNumber(1, 65_535).default(standard);

/** Every setting is an option (`--ca-sha256`) and a variable (`RUNOS_CA_SHA256`); the option wins. */
export const nodeAgentConfig = z.object({
  server: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a DNS name or an IP address'),
  registerPort: portSetting(9191),
  streamPort: portSetting(9192),
  aid: z.string().refine(Aid.is, 'the five characters of an account'),
  token: secret().optional(),
  ca: z.string().optional(),
  caSha256: z
    .string()
    .regex(/^(sha256:)?[0-9a-fA-F]{64}$/, 'a SHA-256 in hexadecimal')
    .optional(),
  state: z.string().default('/var/lib/runos/node-agent'),
  machineId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, '1 to 128 letters, digits, dots, dashes or underscores')
    .optional(),
  logLevel: z.enum(logLevels, { error: `one of ${logLevels.join(', ')}` }).default('info'),
});

export type NodeAgentConfig = z.output<typeof nodeAgentConfig>;

const optionOf = (setting: string): string => setting.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/**
 * The settings of this process.
 * @throws ConfigError naming every wrong one; TypeError for an option that does not exist.
 */
export function readConfig(args: readonly string[], env: Environment): NodeAgentConfig {
  const names = Object.keys(nodeAgentConfig.shape);
  const options = Object.fromEntries(names.map((name) => [optionOf(name), { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const given = Object.fromEntries(names.map((name) => [name, values[optionOf(name)] as string | undefined]));
  return loadConfig(nodeAgentConfig, { ...env, ...toEnvironment(given) });
}
