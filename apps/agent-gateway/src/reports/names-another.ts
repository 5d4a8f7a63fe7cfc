import type { AgentIdentity } from '@runos/agent-protocol';

const names = { aid: 'account', cid: 'cluster', nid: 'node' } as const;

/** Who an agent is, its certificate says. What of that a message says otherwise; undefined when nothing is. */
export function namesAnother(identity: AgentIdentity, said: unknown): string | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const claims = said as Readonly<Record<string, unknown>>;
  const isOther = (name: keyof AgentIdentity): boolean => {
    const claim = claims[name] ?? '';
    return claim !== '' && claim !== identity[name];
  };
  const other = (Object.keys(names) as (keyof AgentIdentity)[]).find(isOther);
  return other && names[other];
}
