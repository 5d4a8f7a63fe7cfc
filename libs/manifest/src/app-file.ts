import { documentation, Name, sizeFields } from '@runos/catalog-model';
import { Aid, Cid, InstanceId } from '@runos/osid';
import { AppFields, AppLinks, AppSource } from '@runos/service-types/fields';
import { z } from 'zod';
import { LocalPath } from './local-path.js';

const { image, servicePortMappings, ...settings } = AppFields.shape;
const { storageMb, ...numbers } = sizeFields;

function described<Schema extends z.ZodType>(schema: Schema, description: string): Schema {
  const field: z.ZodType = schema.clone();
  return field.register(documentation, { description }) as Schema;
}

const whole = (field: z.ZodNumber) => field.int('must be a whole number').optional();

/** A number of the size, within the range that the plane accepts. 0 is what existing clients write for none. */
function sizeNumber(field: z.ZodNumber) {
  const { minimum = 0, maximum = Infinity, unit = '' } = documentation.get(field) ?? {};
  const isAccepted = (value: number) => value === 0 || (value >= minimum && value <= maximum);
  const error = `must be ${minimum} to ${maximum} ${unit}`;
  return field.int('must be a whole number').refine(isAccepted, { error }).optional();
}

/** A repository that the app is built from. Clients show it and do not change it. */
const Integration = z.strictObject({
  id: z.string(),
  repoId: z.int(),
  repoName: z.string(),
  branchName: z.string(),
});

const Md5 = described(
  z.string().regex(/^[0-9a-f]{32}$/, 'must be an MD5 in lower-case hexadecimal'),
  'MD5 of the bytes of the file. It is information for people.',
);

const SecretFile = z.strictObject({
  filename: described(
    z
      .string()
      .regex(/^[^/\\\p{Cc}]{1,253}$/u, 'must be a file name without a folder')
      .optional(),
    'Name of the file. Default: the last part of `local`.',
  ),
  mountPath: described(
    z.string().max(1024).startsWith('/', 'must be an absolute path').optional(),
    'Path of the file in the containers. Default: the file name in the root folder.',
  ),
  local: described(LocalPath, 'Path of the file, relative to the folder of this one.'),
  md5: Md5.optional(),
});

const OverrideFile = z.strictObject({
  id: described(z.string().max(64).optional(), 'Id of the override. Default: it is created.'),
  name: described(z.string().max(253).optional(), 'Name of the override. Default: its id.'),
  enabled: described(z.boolean().default(true), 'Whether the override is applied. Default: true.'),
  local: described(LocalPath, 'Path of the patch, relative to the folder of this file.'),
  md5: Md5.optional(),
});

/** A link as a file has it: `class` is for the creation of an instance that does not exist yet. */
const FileLink = AppLinks.valueType.extend({
  id: AppLinks.valueType.shape.id.optional(),
  class: described(z.string().max(80).optional(), 'Class of an instance that is created with the app.'),
});

const identifier = (pattern: RegExp, what: string) => z.string().regex(pattern, `must be ${what}`);

/**
 * The file of one app (`runos.yaml`), with the fields in the order in which it is written. `port`, `standardHttps` and
 * `domain` are short forms, and `storageMb` has no effect: files of existing clients may have them.
 */
export const AppFile = z
  .strictObject({
    app: described(Name, 'Display name of the app.'),
    deployType: described(
      z.enum(['image', 'cli', 'vcs']),
      'How the app gets its image: `image` names it, `cli` uploads sources, `vcs` builds a repository.',
    ),
    image: image.optional(),
    id: described(identifier(InstanceId.pattern, 'an app id').optional(), 'Id of the app. Default: it is created.'),
    cid: described(identifier(Cid.pattern, 'a cluster id'), 'Id of its cluster.'),
    aid: described(identifier(Aid.pattern, 'an account id'), 'Id of its account.'),
    secretEnv: described(LocalPath.optional(), 'Path of the file of secret variables.'),
    env: described(LocalPath.optional(), 'Path of the file of plain variables.'),
    sourceDir: AppSource.shape.sourceDir,
    dockerfile: AppSource.shape.dockerfile,
    configPath: AppSource.shape.configPath,
    replicas: sizeNumber(numbers.replicas),
    clusterDomainId: described(z.string().max(64).optional(), 'Id of the domain of its hosts. Default: the cluster’s.'),
    resourceRequirementClassId: described(z.string().max(80).optional(), 'Class of the app, or `custom`.'),
    cpuRequestMc: sizeNumber(numbers.cpuRequestMc),
    cpuLimitMc: sizeNumber(numbers.cpuLimitMc),
    memoryRequestMb: sizeNumber(numbers.memoryRequestMb),
    memoryLimitMb: sizeNumber(numbers.memoryLimitMb),
    integration: described(
      Integration.optional(),
      'The repository that the app is built from. `apps sync` does not change it.',
    ),
    servicePortMappings: servicePortMappings.optional(),
    ...settings,
    buildArgs: AppSource.shape.buildArgs,
    secretFiles: described(z.array(SecretFile).optional(), 'Secret files of the app. Absent: they are kept.'),
    overrides: described(z.array(OverrideFile).optional(), 'Overrides of the app, in order. Absent: they are kept.'),
    requires: described(
      z.record(AppLinks.keyType, FileLink).optional(),
      'The instances that the app requires, by alias.',
    ),
    port: described(
      servicePortMappings.element.shape.port.optional(),
      'Short form of `servicePortMappings` with one port.',
    ),
    standardHttps: described(z.boolean().optional(), 'Short form: whether that port gets a public HTTPS host.'),
    domain: described(
      z.union([z.string(), z.array(z.string())]).optional(),
      'Short form: hosts of your own for the first mapped port.',
    ),
    storageMb: whole(storageMb),
  })
  .superRefine(({ id, deployType, image: named, port, servicePortMappings: mappings }, context) => {
    // An app that exists keeps its image: files of existing clients do not have the key.
    if (id === undefined && deployType === 'image' && named === undefined) {
      context.addIssue({ code: 'custom', path: ['image'], message: 'is missing: a new app needs one' });
    }
    if (port !== undefined && mappings !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['port'],
        message: 'has no effect beside servicePortMappings: remove it',
      });
    }
  });
export type AppFile = z.output<typeof AppFile>;
