import { type Operation, type OperationId, type PathParam, pathParams, type PlanId } from '@runos/api';

/** Path parameters that belong to no account: names of the catalog and its topics, and the first revision of any instance. */
const commonNames = { type: 'postgresql', addonName: 'cloudnative-pg', revision: '1', topicKey: 'jobs' } as const;

/** The names of ids in paths. */
export type IdName = Exclude<keyof typeof pathParams, keyof typeof commonNames>;

/** One resource of every kind, all of one account. */
export type Ids = Readonly<Record<IdName, string>>;

/** Every kind of id in paths. */
export const idNames = Object.keys(pathParams).filter((name): name is IdName => !(name in commonNames));

/** Well-formed ids of missing resources. */
export const missingIds: Ids = {
  aid: 'zzzz0',
  ownAid: 'zzzz0',
  cid: 'nosuchcluster',
  nid: 'zzzz1',
  serviceId: 'zzzz2',
  appId: 'zzzz9',
  filename: 'missing.pem',
  overrideId: '01890000-0000-4000-8000-000000000010',
  keyId: 'zzzzzzzzzzz3',
  registrationTokenId: 'zzzzzzzzzzz8',
  setId: '01890000-0000-4000-8000-000000000004',
  jobId: '01890000-0000-7000-8000-000000000005',
  workItemId: '01890000-0000-7000-8000-000000000006',
  registryId: '01890000-0000-7000-8000-000000000011',
  upgradeId: '01890000-0000-7000-8000-000000000007',
};

/** The expected status, and the code of a refusal. */
export interface Expected {
  readonly status: number;
  readonly code?: string;
}

/** The input of an operation: it would have an effect if it were accepted. */
export interface Sample {
  readonly query?: (ids: Ids) => Readonly<Record<string, string>>;
  readonly body?: (ids: Ids) => unknown;
  /** The response to callers who may, where it is no success: the matrix has no connected agent. */
  readonly passed?: Expected;
  /** The response for an id outside the path that is missing, or foreign to the caller. */
  readonly foreign?: Partial<Readonly<Record<IdName, Expected>>>;
}

/** The service type of the instances and config sets in the matrix. */
export const sampleType = commonNames.type;

export const osidOf = ({ serviceId }: Ids): string => `${sampleType}-${serviceId}`;

const plain: Sample = {};
const paged: Sample = { query: () => ({ limit: '1' }) };
const logs: Sample = { query: () => ({ tail: '10' }), passed: { status: 503, code: 'unavailable' } };
const nothingFound: Expected = { status: 200 };
const stolenWriter = { manager: 'stolen', kind: 'Cluster', fields: ['spec.instances'] };
/** The search for secrets finds a password wherever it is stored in the clear, so that it is no common word. */
const stolenCredentials = { username: 'stolen', password: 'stolen-Kd83z-password' };
/** `spec: {replicas: 2}` */
const stolenOverride = { name: 'stolen', enabled: true, data: 'c3BlYzoge3JlcGxpY2FzOiAyfQo=' };

/** One row per operation, but for plans; an operation without one does not compile, and fails the spec beside this file. */
export const samples: Readonly<Record<Exclude<OperationId, PlanId>, Sample>> = {
  'session.login': { body: () => ({ email: 'unknown@example.com', password: 'wrong' }) },
  'session.logout': plain,
  'account.list': plain,
  'account.profile': plain,
  'account.modules': plain,
  'account.system-config': {
    query: () => ({ key: 'CLI_VERSION' }),
    passed: { status: 404, code: 'setting.not_found' },
  },
  'cli.manifest-version': plain,
  'cli.manifest': plain,
  'cli.whole-manifest-version': plain,
  'cli.whole-manifest': plain,
  'cli.toolsets': plain,
  'mcp.bootstrap': plain,
  'mcp.topics.search': { query: () => ({ keywords: 'jobs' }) },
  'mcp.topics.show': plain,
  'apikey.list': plain,
  'apikey.create': { body: () => ({ name: 'stolen', role: 'viewer' }) },
  'apikey.show': plain,
  'apikey.revoke': plain,
  'cluster.list': plain,
  'cluster.create': { body: () => ({ name: 'stolen' }) },
  'cluster.show': plain,
  'cluster.update': { body: () => ({ allowedWriters: [stolenWriter] }) },
  'cluster.delete': plain,
  'cluster.accept': { body: () => ({ kubernetesUid: 'stolen' }) },
  'cluster.registration-token.create': { body: () => ({ purpose: 'node' }) },
  'cluster.registration-token.list': plain,
  'cluster.registration-token.revoke': plain,
  'addon.list': plain,
  'addon.install': plain,
  'addon.remove': plain,
  'node.list': plain,
  'node.show': plain,
  'node.update': { body: () => ({ tags: ['stolen'] }) },
  'node.delete': plain,
  'app.list': paged,
  'app.create': { body: () => ({ name: 'stolen', image: 'docker.io/library/stolen:1' }) },
  'app.show': plain,
  'app.update': { query: () => ({ merge: 'true' }), body: () => ({ image: 'docker.io/library/stolen:2' }) },
  'app.delete': plain,
  'app.restart': plain,
  'app.accept': { body: () => ({ desired: 'plane' }) },
  'app.status': plain,
  'app.events': paged,
  'app.cli-archives': plain,
  'app.requires': plain,
  'app.dependencies': plain,
  'app.dependents': plain,
  'service.dependencies': plain,
  'service.dependents': plain,
  'app.revision.list': paged,
  'app.revision.show': plain,
  'app.revision.diff': plain,
  'app.rollback': { body: () => ({ revision: 1 }) },
  'app.logs': logs,
  'app.env.show': plain,
  'app.env.set': { body: () => ({ envVars: { STOLEN: 'yes' } }) },
  'app.secret-env.show': plain,
  'app.secret-env.set': { body: () => ({ envVars: { STOLEN: 'yes' }, allowDrop: true }) },
  'app.secrets.change': { body: () => ({ envVars: { STOLEN: 'yes' } }) },
  'app.secret-file.list': plain,
  'app.secret-file.show': plain,
  'app.secret-file.change': { body: () => ({ add: [{ filename: 'stolen.pem', content: 'AAEC' }] }) },
  'app.override.list': plain,
  'app.override.create': { body: () => stolenOverride },
  'app.override.update': { body: () => stolenOverride },
  'app.override.delete': plain,
  'service.list': paged,
  'service.list-of-type': paged,
  'service.create': {
    body: ({ setId }) => ({ name: 'stolen', configType: 'config_set', configSetId: setId }),
    foreign: { setId: { status: 404, code: 'configset.not_found' } },
  },
  'service.show': plain,
  'service.update': { body: () => ({ cpuLimitMc: 1_500, allowedWriters: [stolenWriter] }) },
  'service.delete': plain,
  'service.restart': plain,
  'service.upgrade': plain,
  'service.set-advanced-configs': { body: () => ({ work_mem: '8MB' }) },
  'service.convert-to-custom': plain,
  'service.upgrade-config-set': { body: () => ({ version: 'v1' }) },
  'service.accept': { body: () => ({ desired: 'plane' }) },
  'service.upgrade.plan': plain,
  'service.revision.list': paged,
  'service.revision.show': plain,
  'service.revision.diff': { query: () => ({ to: '1' }) },
  'service.rollback': { body: () => ({ revision: 1 }) },
  'service.override.list': plain,
  'service.override.create': { body: () => stolenOverride },
  'service.override.update': { body: () => stolenOverride },
  'service.override.delete': plain,
  'service.status': plain,
  'service.credentials': plain,
  'service.events': paged,
  'service.logs': logs,
  'registry.list': plain,
  'registry.create': { body: () => ({ host: 'stolen.invalid', ...stolenCredentials }) },
  'registry.show': plain,
  'registry.update': { body: () => stolenCredentials },
  'registry.delete': plain,
  'upgrade.plan': { body: () => ({ type: sampleType }) },
  'upgrade.create': { body: () => ({ type: sampleType }) },
  'upgrade.list': paged,
  'upgrade.show': paged,
  'upgrade.cancel': plain,
  'upgrade.resume': plain,
  'service-info.rrc': plain,
  'service-info.versions': plain,
  'configset.list': plain,
  'configset.create': { body: () => ({ name: 'stolen', type: sampleType, values: { shared_buffers: '256MB' } }) },
  'configset.show': plain,
  'configset.update': { body: () => ({ values: { shared_buffers: '512MB' } }) },
  'configset.delete': plain,
  'configset.versions': plain,
  'job.list': {
    query: (ids) => ({ cid: ids.cid, osid: osidOf(ids) }),
    foreign: { cid: nothingFound, serviceId: nothingFound },
  },
  'job.show': plain,
  'job.workitems': plain,
  'job.logs': plain,
  'job.stream': plain,
  'job.cancel': plain,
};

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A plan has the sample of its write. @throws Error for an operation without a row */
export function sampleOf({ id, plans }: Operation): Sample {
  const sample: Sample | undefined = samples[(plans ?? id) as keyof typeof samples];
  if (sample === undefined) throw new Error(`${id} has no row in the table of samples`);
  return sample;
}

/** The operation's sample input with these ids. */
export function requestOf(operation: Operation, ids: Ids): SampleRequest {
  const { query, body } = sampleOf(operation);
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name: string) => valueOf(operation.params[name], ids));
  const search = query === undefined ? '' : `?${new URLSearchParams(query(ids)).toString()}`;
  return { method: operation.method, path: path + search, body: body?.(ids) };
}

function valueOf(param: PathParam | undefined, ids: Ids): string {
  if (param === pathParams.type) return sampleType;
  if (param === pathParams.addonName) return commonNames.addonName;
  if (param === pathParams.revision) return commonNames.revision;
  if (param === pathParams.topicKey) return commonNames.topicKey;
  const name = idNames.find((each) => pathParams[each] === param);
  if (name === undefined) throw new Error('a path has a parameter of a kind that the matrix does not know');
  return ids[name];
}

/** The ids in the path, with the error code of each for a missing resource. */
export const pathIdsOf = ({ params }: Operation): ReadonlyMap<IdName, string> =>
  new Map(
    Object.values(params).flatMap((param) =>
      idNames.filter((name) => pathParams[name] === param).map((name) => [name, param.notFound] as const),
    ),
  );

/** The ids in path, query and body of a request. */
export const idsIn = (operation: Operation, ids: Ids): IdName[] => {
  const written = JSON.stringify(requestOf(operation, ids));
  return idNames.filter(
    (name) => JSON.stringify(requestOf(operation, { ...ids, [name]: missingIds[name] })) !== written,
  );
};
