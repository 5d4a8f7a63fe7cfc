import { z } from 'zod';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid, type, serviceId, appId } = pathParams;
const app = '/:aid/:cid/apps/:id';
const service = '/:aid/:cid/services/:type/:id';

/** The links of an app by alias, as an update takes them. */
export const ShownLinks = z.record(
  z.string(),
  z.object({
    id: z.string(),
    type: z.string(),
    config: z.object({}),
    env: z.record(z.string(), z.string()),
  }),
);

const LinkedInstance = z.object({ type: z.string(), id: z.string(), osid: z.string(), name: z.string() });
export const Dependencies = z.object({ dependencies: z.array(LinkedInstance) });
export const Dependents = z.object({ dependents: z.array(LinkedInstance) });

/** `{}` without any. */
export const showLinks = operation({
  id: 'app.requires',
  method: 'GET',
  path: `${app}/requires`,
  access: 'read',
  summary: 'Show the instances that an app requires, by alias.',
  params: { aid, cid, id: appId },
  output: ShownLinks,
  versioned: true,
});

export const listAppDependencies = operation({
  id: 'app.dependencies',
  method: 'GET',
  path: `${app}/dependencies`,
  access: 'read',
  summary: 'List the instances that an app requires.',
  params: { aid, cid, id: appId },
  output: Dependencies,
});

/** At most 1,000. */
export const listAppDependents = operation({
  id: 'app.dependents',
  method: 'GET',
  path: `${app}/dependents`,
  access: 'read',
  summary: 'List the instances that require an app.',
  params: { aid, cid, id: appId },
  output: Dependents,
});

export const listServiceDependencies = operation({
  ...listAppDependencies,
  id: 'service.dependencies',
  path: `${service}/dependencies`,
  summary: 'List the instances that a service requires.',
  params: { aid, cid, type, id: serviceId },
});

/** At most 1,000. */
export const listServiceDependents = operation({
  ...listAppDependents,
  id: 'service.dependents',
  path: `${service}/dependents`,
  summary: 'List the instances that require a service.',
  params: { aid, cid, type, id: serviceId },
});
