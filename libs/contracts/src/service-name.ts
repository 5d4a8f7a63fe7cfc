/** The processes of the control plane, and `operator`: the people's tools that run beside it (accounts, checks). */
export const serviceNames = [
  'gateway',
  'identity',
  'catalog',
  'config-sets',
  'jobs',
  'reconciler',
  'agent-gateway',
  'operator',
] as const;

export type ServiceName = (typeof serviceNames)[number];
