import type { Registry } from '@runos/api';
import type { z } from 'zod';

const at = '2030-02-11T09:30:00.000Z';
export const registryId = '00000000-0000-7000-8000-000000000005';

const registry: z.input<typeof Registry> = {
  id: registryId,
  name: 'ours',
  host: 'ghcr.io',
  username: 'acme',
  check: { status: 'verified', at },
  createdAt: at,
  updatedAt: at,
};

/** The replies of the reconciler about pull credentials. */
export const registryReplies: Readonly<Record<string, unknown>> = {
  'reconciler.v1.registry-list': { registries: [registry] },
  'reconciler.v1.registry-show': registry,
  'reconciler.v1.registry-create': { ...registry, affectedApps: 2 },
  'reconciler.v1.registry-update': { ...registry, affectedApps: 2 },
  'reconciler.v1.registry-delete': { id: registryId, host: 'ghcr.io', affectedApps: 2 },
};
