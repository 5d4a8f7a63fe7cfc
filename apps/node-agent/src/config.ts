import { parseArgs } from 'node:util';
import { agentSettings } from '@runos/agent-session';
import { type Environment, loadConfig, toEnvironment } from '@runos/config';
import { z } from 'zod';

/** Every setting is an option (`--ca-sha256`) and a variable (`RUNOS_CA_SHA256`). The option takes precedence. */
export const nodeAgentConfig = z.object({
  ...agentSettings,
  state: z.string().default('/var/lib/runos/node-agent'),
  machineId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, '1 to 128 letters, digits, dots, dashes or underscores')
    .optional(),
});

export type NodeAgentConfig = z.output<typeof nodeAgentConfig>;

const optionOf = (setting: string): string => setting.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/**
 * The settings of this process.
 * @throws ConfigError with every wrong setting; TypeError for an unknown option.
 */
export function readConfig(args: readonly string[], env: Environment): NodeAgentConfig {
  const names = Object.keys(nodeAgentConfig.shape);
  const options = Object.fromEntries(names.map((name) => [optionOf(name), { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const fromOptions = Object.fromEntries(names.map((name) => [name, values[optionOf(name)] as string | undefined]));
  return loadConfig(nodeAgentConfig, { ...env, ...toEnvironment(fromOptions) });
}
