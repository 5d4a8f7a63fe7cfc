import { serviceTypeFields } from '@runos/service-types/fields';
import type { z } from 'zod';
import { AppFile } from './app-file.js';
import { fileIssues } from './file-issues.js';
import { isMap } from './is-map.js';
import { type FileIssue, manifestFault } from './manifest-fault.js';
import { serviceFileOf, type ServiceFile } from './service-file.js';
import { YamlSource } from './yaml-source.js';

/** What a file describes: one app or one service. Its header has the kind. */
export type Manifest =
  { readonly kind: 'app'; readonly file: AppFile } | { readonly kind: 'service'; readonly file: ServiceFile };

/**
 * The content of a file. Its short forms are resolved.
 * @param fileName for the message
 * @throws Fault `manifest.invalid` with all issues, each with line, column and field
 */
export function readManifest(fileName: string, text: string): Manifest {
  const source = YamlSource.parse(fileName, text);
  const refuse = (path: string, message: string): never => {
    const issue: FileIssue = { path, message, ...source.placeOf(path === '' ? [] : [path]) };
    throw manifestFault(fileName, [issue]);
  };
  if (!isMap(source.value)) return refuse('', 'must have fields: `app` for an app, or `type` for a service');
  if ('app' in source.value) {
    return { kind: 'app', file: withoutShortForms(check(fileName, source, AppFile)) };
  }
  const { type } = source.value;
  if (type === undefined) return refuse('', 'needs `app` for an app, or `type` for a service');
  const serviceType = serviceTypeFields.find((each) => each.type === type);
  if (serviceType === undefined) {
    return refuse('type', `is no service type: choose one of ${serviceTypeFields.map((each) => each.type).join(', ')}`);
  }
  return { kind: 'service', file: check(fileName, source, serviceFileOf(serviceType)) as ServiceFile };
}

function check<Schema extends z.ZodType>(fileName: string, source: YamlSource, schema: Schema): z.output<Schema> {
  const { data, error } = schema.safeParse(source.value);
  if (error !== undefined) throw manifestFault(fileName, fileIssues(source, schema, error));
  return data;
}

/** `port`, `standardHttps` and `domain` as what they abbreviate: the first port mapping. */
function withoutShortForms({ port, standardHttps, domain, ...file }: AppFile): AppFile {
  const [first, ...others] =
    file.servicePortMappings ??
    (port === undefined ? [] : [{ port, standardHttps: standardHttps ?? true, domains: [] }]);
  if (first === undefined) return file;
  const named = [domain ?? []].flat().map((fqdn) => ({ fqdn, enableCloudflareProxy: false }));
  return { ...file, servicePortMappings: [{ ...first, domains: [...first.domains, ...named] }, ...others] };
}
