/**
 * The variable of a setting: `natsUrl` → `RUNOS_NATS_URL`. The prefix avoids the variables that Kubernetes
 * sets for every Service (`NATS_PORT=tcp://…`).
 */
export const environmentName = (setting: string): string =>
  `RUNOS_${setting.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;

export type Setting = string | number | boolean | undefined;

/** The environment that `loadConfig` parses to these settings; used to start processes. */
export function toEnvironment(settings: Readonly<Record<string, Setting>>): Record<string, string> {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [environmentName(name), String(value)]));
}
