import type { Operation } from '../operation/operation.js';

/** Verbs of commands whose operations have another one. */
const verbs: Readonly<Record<string, string>> = { create: 'add', change: 'update', 'list-of-type': 'list' };

/** Collections of an account that command lines have below `account`. */
const accountCollections: readonly string[] = ['api-keys', 'config-sets', 'modules', 'registries'];

/** Existing clients name the placeholders of jobs so. */
const jobPlaceholders: Readonly<Record<string, string>> = { id: 'jobId', wid: 'workItemId' };

type Routed = Pick<Operation, 'id' | 'path' | 'command'>;

/** The segments of a path behind account and cluster. */
const scopedSegments = (path: string): string[] =>
  path
    .replace(/^\/:aid(\/:cid)?/, '')
    .split('/')
    .slice(1);

const verbOf = ({ id }: Routed): string => id.slice(id.lastIndexOf('.') + 1);

/**
 * `services/valkey/{id}/show` of an operation: the words of its path, then the verb of its id, unless the path ends with
 * it. Existing clients look for placeholders in commands of instances of services only, so that no other has any.
 */
export function commandPathOf(operation: Routed): string {
  const { path, command } = operation;
  if (typeof command === 'object' && command.path !== undefined) return command.path;
  const segments = scopedSegments(path);
  const isService = segments[0] === 'services';
  const words = segments.flatMap((segment) => {
    if (!segment.startsWith(':')) return [segment];
    return isService ? [`{${segment.slice(1)}}`] : [];
  });
  const verb = verbOf(operation);
  const group = accountCollections.includes(words[0] ?? '') ? ['account'] : [];
  return [...group, ...words, ...(segments.at(-1) === verb ? [] : [verbs[verb] ?? verb])].join('/');
}

/** The placeholder of a path parameter in the endpoint of a command. */
export const placeholderOf = ({ path }: Pick<Operation, 'path'>, name: string): string =>
  path.startsWith('/jobs/') ? (jobPlaceholders[name] ?? name) : name;

/** The path of an operation with the placeholders of its command. */
export const endpointOf = ({ path }: Pick<Operation, 'path'>): string =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => `:${placeholderOf({ path }, name)}`);

/**
 * Whether a path parameter is an argument. Account and cluster are those of the configuration. A command for a cluster
 * itself takes the cluster as its argument, because existing clients allow that where it is the only one.
 */
export function isArgument(operation: Routed, name: string): boolean {
  if (name !== 'cid') return name !== 'aid';
  const [, ...rest] = operation.path.split('/:cid');
  return operation.path.startsWith('/:aid/clusters/:cid') && ['', `/${verbOf(operation)}`].includes(rest.join(''));
}
