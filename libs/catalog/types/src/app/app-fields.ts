import { documentation, PortNumber } from '@runos/catalog-model';
import { DnsName } from '@runos/naming';
import { z } from 'zod';
import { AppSource } from './app-source.js';
import { ClusterDomainId } from './cluster-domain-id.js';
import { DeployType } from './deploy-type.js';
import { ImageReference } from './image-reference.js';

/** Ports of an app; each has a host of its own. */
const maxPorts = 20;
export const maxNodeTags = 20;
const maxDomains = 20;

const portOf = (description: string) =>
  PortNumber.clone().register(documentation, { description, unit: 'port', minimum: 1, maximum: 65_535 });

/** An absolute path of HTTP, with its query. */
const HttpPath = z
  .string()
  .max(1024)
  .regex(/^\/[\x21-\x7e]{0,1023}$/, 'must begin with / and have no blanks');

/** `key` or `key:value`; both are parts of a node label. */
export const NodeTag = z
  .string()
  .regex(
    /^[a-zA-Z0-9](?:[\w.-]{0,48}[a-zA-Z0-9])?(?::[a-zA-Z0-9](?:[\w.-]{0,61}[a-zA-Z0-9])?)?$/,
    'must be key or key:value of letters, digits, dots, dashes and underscores',
  );

export const deploymentStrategyNames = [
  'rolling',
  'zero-downtime',
  'resource-constrained',
  'fast',
  'recreate',
] as const;

const fqdn = z
  .string()
  .refine((text): boolean => DnsName.is(text), 'must be a host name in lower case, such as shop.example.com');

/** A host of the user's own. Existing clients also write it as a bare name. */
const Domain = z.preprocess(
  (value) => (typeof value === 'string' ? { fqdn: value } : value),
  z.strictObject({ fqdn, enableCloudflareProxy: z.boolean().default(false) }),
);

/** A port of the app's containers. `standardHttps` false: it is never reached from outside the cluster. */
export const PortMapping = z.strictObject({
  port: portOf('TCP port on which the containers listen.'),
  standardHttps: z.boolean().default(true).register(documentation, {
    description: 'Whether the port gets a public HTTPS host, where the cluster has a gateway.',
    default: true,
  }),
  domains: z.array(Domain).max(maxDomains).default([]).register(documentation, {
    description: 'Hosts of your own for the port, where the cluster has a gateway. Default: none.',
  }),
});

const PortMappings = z
  .array(PortMapping)
  .max(maxPorts)
  .refine((mappings) => new Set(mappings.map(({ port }) => port)).size === mappings.length, 'names a port twice')
  .superRefine((mappings, context) => {
    const known = new Set<string>();
    mappings.forEach(({ domains }, port) => {
      domains.forEach(({ fqdn: host }, index) => {
        if (known.has(host)) {
          const path = [port, 'domains', index, 'fqdn'];
          context.addIssue({ code: 'custom', path, message: `names the host "${host}" twice` });
        }
        known.add(host);
      });
    });
  })
  .register(documentation, { description: 'The ports of the app, in their order. Default: none.' });

/** The fields that only apps have. An absent one has no default here: it is returned absent. */
const optionalFields = {
  healthCheck: z.enum(['standard', 'tcp', 'none']).register(documentation, {
    description: 'HTTP GET on port and path, a connection to the port, or nothing. Absent: `tcp`.',
  }),
  healthCheckPort: portOf('TCP port of the health check. Absent: the first mapped one.'),
  healthCheckPath: HttpPath.clone().register(documentation, { description: 'Path of the check. Absent: `/`.' }),
  metricsPort: portOf('TCP port on which the containers serve metrics of Prometheus. Absent: none.'),
  metricsPath: HttpPath.clone().register(documentation, { description: 'Path of the metrics. Absent: `/metrics`.' }),
  deploymentStrategy: z.enum(deploymentStrategyNames).register(documentation, {
    description: 'How pods are replaced. Absent: `rolling`.',
  }),
  nodeAffinityTags: z.array(NodeTag).max(maxNodeTags).register(documentation, {
    description: 'Tags of nodes, each `key` or `key:value`; pods run on nodes that have all. Absent: any node.',
  }),
  readOnlyRootFilesystem: z.boolean().register(documentation, {
    description: 'Whether the containers can write to `/tmp` and their volumes only. Absent: false.',
  }),
};

/** What a revision of an app stores of its own fields. */
export const AppFields = z.strictObject({
  image: ImageReference,
  servicePortMappings: PortMappings,
  ...z.strictObject(optionalFields).partial().shape,
});
export type AppFields = z.output<typeof AppFields>;
export type DeploymentStrategy = (typeof deploymentStrategyNames)[number];

/** What existing clients also send, and has one value here. Nothing of it is stored. */
const onlyDefaults = { deployType: DeployType.optional(), clusterDomainId: ClusterDomainId.optional() };

/** The own fields in a create: all but the image may be absent. */
export const ownCreateFields = {
  ...AppFields.shape,
  servicePortMappings: PortMappings.optional(),
  ...AppSource.shape,
  ...onlyDefaults,
};

/** The own fields in an update: any may be absent, and null clears one that may be absent. */
export const ownUpdateFields = {
  image: ImageReference.optional(),
  servicePortMappings: PortMappings.optional(),
  ...AppSource.shape,
  ...onlyDefaults,
  ...Object.fromEntries(Object.entries(optionalFields).map(([name, field]) => [name, field.nullable().optional()])),
};

/**
 * Fields that files of existing clients never have. They stay when an update does not name them.
 */
const additiveFields: readonly string[] = ['readOnlyRootFilesystem'];

/** The fields that an update clears when it does not name them: a file that lacks them has none. */
export const clearableFields = (Object.keys(optionalFields) as (keyof typeof optionalFields)[]).filter(
  (name) => !additiveFields.includes(name),
);

const isClearable = (name: string): boolean => clearableFields.some((each) => each === name);

/**
 * The own fields of an app after a request: those that it names, without those that it names as null, else the current
 * ones. With `clearsAbsent`, fields that may be absent and that it does not name are cleared.
 */
export function resolveAppFields(
  fields: Readonly<Record<string, unknown>>,
  current: AppFields | undefined,
  clearsAbsent = false,
): AppFields {
  const kept = Object.entries(current ?? { servicePortMappings: [] }).filter(
    ([name]) => !clearsAbsent || !isClearable(name),
  );
  const named = Object.keys(AppFields.shape).map((name) => [name, fields[name]] as const);
  const given = named.filter(([, value]) => value !== undefined);
  const all = Object.entries(Object.fromEntries<unknown>([...kept, ...given]));
  return AppFields.parse(Object.fromEntries(all.filter(([, value]) => value !== null)));
}
