import { documentation } from '@runos/catalog-model';
import { VariableName, VariableValue } from '@runos/service-types';
import { z } from 'zod';

const maxNameLength = 253;

/** Variables by their names. */
const Variables = z.record(VariableName, VariableValue);

const variablesOf = (kind: string) =>
  Variables.clone().register(documentation, { description: `All variables ${kind}, by name.` });

const allowDrop = z.boolean().optional().register(documentation, {
  description: 'Whether variables that the request does not name are removed. Default: refused.',
});

/** Replaces all variables of one kind. */
export const SetVariables = z.strictObject({ envVars: variablesOf('of this kind'), allowDrop });

/** Variables as existing clients read them. */
export const ShownVariables = z.object({ envVars: z.record(z.string(), z.string()) });

/** A file name; it names the file in this API, whatever its path in the containers is. */
const FileName = z
  .string()
  .min(1)
  .max(maxNameLength)
  .regex(/^(?!\.{1,2}$)[^\p{Cc}/\\]+$/u, 'must be the name of a file, without / and \\');

/** Folders that the node or Kubernetes mounts. */
const reservedFolders = ['/proc', '/sys', '/dev', '/var/run/secrets/kubernetes.io', '/run/secrets/kubernetes.io'];
const isReserved = (path: string): boolean =>
  path === '/tmp' || reservedFolders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** `.` and `..` would lead somewhere else, and Kubernetes separates by `:`. */
const isFilePath = (path: string): boolean => {
  const [root, ...parts] = path.split('/');
  return root === '' && !parts.some((part) => ['', '.', '..'].includes(part)) && !/[\p{Cc}:]/u.test(path);
};

/** An absolute path of a file in the containers. */
const MountPath = z
  .string()
  .max(1024)
  .refine(isFilePath, 'must be an absolute path of a file, without . and .. in it')
  .refine((path) => !isReserved(path), `must not be /tmp itself, and not in ${reservedFolders.join(', ')}`);

/** In the only form that the API server returns: others would be changed on their way. */
const Base64 = z
  .base64()
  .refine(
    (text) => Buffer.from(text, 'base64').toString('base64') === text,
    'must be base64 with zero as its last bits',
  );

/** A secret file to write; an existing file of that name is replaced. */
const SecretFileContent = z.strictObject({
  filename: FileName.clone().register(documentation, { description: 'Name of the file, by which this API names it.' }),
  mountPath: MountPath.optional().register(documentation, {
    description: 'Absolute path of the file in the containers. Default: the file name in the root folder.',
  }),
  content: Base64.clone().register(documentation, { description: 'The bytes of the file in base64.' }),
});

const fileChanges = {
  add: z
    .array(SecretFileContent)
    .optional()
    .register(documentation, { description: 'Files to write; those with the same names are replaced.' }),
  remove: z.array(FileName).optional().register(documentation, { description: 'The names of files to remove.' }),
};

/** Adds, replaces and removes files; other files stay. */
export const ChangeSecretFiles = z.strictObject(fileChanges);

/** One change of variables and files together. An absent member is unchanged; `{}` removes all variables of its kind. */
export const ChangeEnvironment = z.strictObject({
  envVars: variablesOf('that are not secret').optional(),
  secretEnvVars: variablesOf('that are secret').optional(),
  allowDrop,
  ...fileChanges,
});

/** `md5`: of the raw bytes, in lower-case hexadecimal, as existing clients compare files. */
const SecretFileEntry = z.object({ filename: z.string(), mountPath: z.string(), md5: z.string() });

export const SecretFileList = z.object({ files: z.array(SecretFileEntry) });

/** `content`: base64. */
export const SecretFile = SecretFileEntry.extend({ content: z.string() });
