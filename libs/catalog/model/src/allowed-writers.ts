import {
  canonicalJson,
  fieldManager,
  type FieldWriter,
  maxPatternLength,
  ownerLabels,
  parseFieldPattern,
} from '@runos/kube-objects';
import { z } from 'zod';
import { documentation } from './field-documentation.js';

const maxWriters = 16;
const maxFields = 32;
/** Each instance that is read has the list of its cluster, and a page has thousands of them. Bytes of canonical JSON. */
const maxClusterBytes = 16 * 1024;

/** Labels by which RunOS and its admission policies recognise its objects, and the prefixes of such labels. */
const ownLabels: readonly string[] = Object.values(ownerLabels);
const ownPrefixes: readonly string[] = ['runos.com/', 'pod-security.kubernetes.io/'];
const writableMetadata: readonly string[] = ['labels', 'annotations'];
const notWritable: readonly string[] = ['apiVersion', 'kind', 'status'];

/** Why a field cannot be left to others; undefined: it can. */
function fieldProblem(field: string): string | undefined {
  const pattern = parseFieldPattern(field);
  if (pattern === undefined) {
    return 'is no field: write it as events print it, such as spec.template.spec.containers[name=web].resources';
  }
  const [first, second, third] = pattern.map((step) => ('name' in step ? step.name : undefined));
  if (notWritable.includes(first ?? '')) return 'cannot be left to others: it identifies the object, or is its status';
  if (first !== 'metadata') return undefined;
  if (!writableMetadata.includes(second ?? '')) return 'cannot be left to others: only labels and annotations can';
  if (second === 'annotations') return undefined;
  const isOwn =
    third === undefined || ownLabels.includes(third) || ownPrefixes.some((prefix) => third.startsWith(prefix));
  return isOwn
    ? 'cannot be left to others: RunOS recognises its objects by their labels; name another label'
    : undefined;
}

const Field = z
  .string()
  .min(1)
  .max(maxPatternLength)
  .superRefine((field, context) => {
    const problem = fieldProblem(field);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `"${field}" ${problem}` });
  });

const Writer: z.ZodType<FieldWriter> = z.strictObject({
  manager: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be the name of a field manager, as managedFields and events show it')
    .refine((manager) => manager !== fieldManager, `must not be "${fieldManager}", the field manager of RunOS itself`),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'must be a kind of Kubernetes, such as StatefulSet'),
  fields: z.array(Field).min(1).max(maxFields),
});

/** Other field managers, each with the fields of a kind that are left to it. */
export const AllowedWriters = z.array(Writer).max(maxWriters).register(documentation, {
  description:
    'Field managers that may write fields of the objects of an instance. The list of a cluster applies to all of its instances. Such a field is set when the object is created, and never again; its changes are no drift. A list replaces the list before it. Default: none.',
});
export type AllowedWriters = z.infer<typeof AllowedWriters>;

/** The list of a cluster. */
export const ClusterWriters = AllowedWriters.superRefine((writers, context) => {
  const bytes = Buffer.byteLength(canonicalJson(writers));
  if (bytes <= maxClusterBytes) return;
  context.addIssue({
    code: 'custom',
    message: `has ${bytes} bytes as JSON; at most ${maxClusterBytes} are allowed`,
  });
}).register(documentation, {
  description: `Field managers that may write fields of the objects of all instances of the cluster, beside the list of each instance. At most ${maxClusterBytes / 1024} KiB of JSON. A list replaces the list before it. Default: none.`,
});
