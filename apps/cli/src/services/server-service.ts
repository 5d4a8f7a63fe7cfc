import { type ServiceFile, serviceFileTypes, serviceFromServer, type SizeFields } from '@runos/manifest';
import { CliError, usageError } from '../failure/cli-error.js';
import type { FilePlace } from '../files/file-place.js';
import type { ApiClient } from '../http/api-client.js';
import { generationIn } from '../http/generation.js';
import { isDocument } from '../output/document.js';

/** What the server has of a service. */
export interface ServerService {
  readonly file: ServiceFile;
  /** Class and all numbers: the file of a class has no CPU and memory. */
  readonly size: SizeFields;
  readonly name: string;
  /** Of the desired state; undefined when the server shows none. */
  readonly generation?: number | undefined;
}

/** The path of a service in the API. */
export const servicePathOf = ({ aid, cid, type, id }: FilePlace & { readonly type: string }): string =>
  `/${[aid, cid, 'services', type, id].map(encodeURIComponent).join('/')}`;

/** @throws CliError for an unknown type or service */
export async function readServerService(
  client: ApiClient,
  place: FilePlace & { readonly type: string },
): Promise<ServerService> {
  const { type, id } = place;
  if (!serviceFileTypes.includes(type))
    throw usageError(`There is no service type "${type}".`, {
      field: 'type',
      remedy: `choose one of ${serviceFileTypes.join(', ')}`,
    });
  const { body, headers } = await client.send({ method: 'GET', path: servicePathOf(place) });
  if (!isDocument(body)) throw new CliError(`The server shows nothing of ${type} ${id}.`);
  return {
    file: serviceFromServer(place, body),
    size: body,
    name: String(body['name'] ?? id),
    generation: generationIn(headers),
  };
}
