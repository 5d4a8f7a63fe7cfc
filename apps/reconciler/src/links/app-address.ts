import type { AppSpec } from '../revisions/desired-spec.js';

/** How other apps connect to an app, by the names of credentials. Without ports, it has a host only. */
export function addressOf(
  osid: string,
  { inputs }: AppSpec,
): Record<'host', string> & Partial<Record<'port' | 'url', string>> {
  const host = `${osid}.${osid}.svc`;
  const [first] = inputs.servicePortMappings;
  return first === undefined ? { host } : { host, port: String(first.port), url: `http://${host}:${first.port}` };
}
