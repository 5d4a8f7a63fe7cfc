import { type Operation, type OperationId, type PathParam, pathParams } from '@runos/api';
import { type IdName, idNames, type Ids, missingIds } from './ids.js';
import { type Sample, samples, sampleType } from './samples.js';

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** @throws Error for an operation without a row */
export function sampleOf({ id }: Operation): Sample {
  const sample: Sample | undefined = samples[id as OperationId];
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
