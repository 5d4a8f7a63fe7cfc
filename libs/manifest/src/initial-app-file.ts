import { clearableFields } from '@runos/service-types/fields';
import { documentation } from '@runos/catalog-model';
import { AppFile } from './app-file.js';
import { printAppFile } from './print-manifest.js';

/** What a new file of an app has from the start. */
export interface InitialApp {
  readonly app: string;
  readonly image: string;
  readonly cid: string;
  readonly aid: string;
  /** Absent: the app has no port. */
  readonly port?: number | undefined;
}

/** Fields that are shown as comments, each with an example. Their descriptions are those of the fields. */
const examples: Readonly<Record<string, string>> = {
  resourceRequirementClassId: 'resourceRequirementClassId: app.sl1.small',
  replicas: 'replicas: 2',
  healthCheck: 'healthCheck: standard',
  healthCheckPath: 'healthCheckPath: /healthz',
  metricsPort: 'metricsPort: 9090',
  deploymentStrategy: 'deploymentStrategy: zero-downtime',
  nodeAffinityTags: 'nodeAffinityTags: [ssd]',
  readOnlyRootFilesystem: 'readOnlyRootFilesystem: true',
  env: 'env: runos.config.env',
  secretEnv: 'secretEnv: .runos.env',
  secretFiles: 'secretFiles:\n    - local: .secret-files/ca.pem\n      mountPath: /etc/ssl/ca.pem',
  overrides: 'overrides:\n    - name: grace-period\n      local: overrides/grace-period.yaml',
  requires:
    'requires:\n    db:\n        type: postgresql\n        id: x7k2p\n        env:\n            url: DATABASE_URL',
};

/**
 * The text of a new file of an app: its fields, then other fields as comments. It can be read as it is.
 * @throws ZodError for values that no file can hold; its issues have the path of the field
 */
export function initialAppFile({ app, image, cid, aid, port }: InitialApp): string {
  const file = AppFile.parse({
    app,
    image,
    cid,
    aid,
    deployType: 'image',
    ...(port === undefined ? {} : { servicePortMappings: [{ port }] }),
  });
  const comments = Object.entries(examples).map(([name, example]) => {
    const lines = example.split('\n').map((line) => `# ${line}\n`);
    return `\n# ${descriptionOf(name)}${clearedText(name)}\n${lines.join('')}`;
  });
  return [
    '# The desired state of an app of RunOS. `runos apps add -f` creates the app and adds its id;\n',
    '# `runos apps diff` compares this file with the server, and `runos apps sync` makes the server equal.\n',
    printAppFile(file),
    ...comments,
  ].join('');
}

const descriptionOf = (name: string): string => {
  const field = AppFile.shape[name as keyof typeof AppFile.shape];
  const inner = 'unwrap' in field ? field.unwrap() : field;
  const stated = documentation.get(field) ?? documentation.get(inner as typeof field);
  return stated?.description ?? name;
};

/** What it means that a file lacks the field, where that is not to keep it. */
const clearedText = (name: string): string =>
  clearableFields.some((each) => each === name) ? ' Without it, a sync clears it.' : '';
