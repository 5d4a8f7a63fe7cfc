import { documentation, PortNumber } from '@runos/catalog-model';
import { app, AppFields, AppSource, DeployType, PortMapping } from '@runos/service-types';
import { z } from 'zod';
import { Service, ServiceSummary, SizingNumbers } from '../services/service-shapes.js';

/** The type of all apps, as instances have it. */
export const appType = app.type;

/** The first mapped port of an app; null without any. */
const FirstPort = PortNumber.clone()
  .register(documentation, { description: 'First mapped TCP port.', unit: 'port', minimum: 1, maximum: 65_535 })
  .nullable();

/** A mapped port as the API shows it: every field has a value. */
const ShownPort = PortMapping.extend({
  standardHttps: z.boolean(),
  domains: z.array(z.object({ fqdn: z.string(), enableCloudflareProxy: z.boolean() })),
});

/**
 * One app: its desired spec, then its live state. A field that was not given is absent, so that a file that was read from
 * here equals it.
 */
export const App = Service.pick({
  id: true,
  osid: true,
  kind: true,
  type: true,
  name: true,
  driftPolicy: true,
  allowedWriters: true,
  autoRollback: true,
  status: true,
  lastKnownStatus: true,
  reason: true,
  message: true,
  conditions: true,
  generation: true,
  observedGeneration: true,
  hosts: true,
  createdAt: true,
  updatedAt: true,
  resourceRequirementClassId: true,
}).extend({
  deployType: DeployType,
  port: FirstPort,
  ...SizingNumbers.shape,
  ...AppFields.shape,
  ...AppSource.shape,
  servicePortMappings: z.array(ShownPort),
});
export type App = z.infer<typeof App>;

/** An app in a list. */
export const AppSummary = ServiceSummary.extend({
  deployType: DeployType,
  port: FirstPort,
});

/** `true` keeps absent fields. Otherwise absent health checks, metrics, strategy and tags are cleared. */
export const MergeFields = z.strictObject({
  merge: z.enum(['true', 'false']).optional().register(documentation, {
    description: '`true` keeps absent fields; else absent health checks, metrics, strategy and tags are cleared.',
  }),
});

/** The sources that clients have uploaded for an app, as existing clients read them. */
export const AppArchives = z.object({
  cid: z.string(),
  appId: z.string(),
  appName: z.string(),
  archives: z.array(z.never()).max(0),
});
