import { owned } from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from '../app-input.js';
import { names } from './names.js';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const secret = (input: AppInput, name: string, type: string, data: Readonly<Record<string, string>>): KubeObject =>
  owned(input, 'v1', 'Secret', name, { type, data });

/** The objects from which containers take variables, files and the credentials of the registry. */
export function environmentObjects(input: AppInput): KubeObject[] {
  const { osid, env, secretEnv, secretFiles, pullCredentials } = input;
  const encoded = Object.fromEntries(Object.entries(secretEnv).map(([key, value]) => [key, base64(value)]));
  const files = Object.fromEntries(secretFiles.map(({ key, content }) => [key, content]));
  return [
    owned(input, 'v1', 'ConfigMap', names.env(osid), { data: env }),
    secret(input, names.secretEnv(osid), 'Opaque', encoded),
    ...(secretFiles.length === 0 ? [] : [secret(input, names.secretFiles(osid), 'Opaque', files)]),
    ...(pullCredentials === undefined
      ? []
      : [
          secret(input, names.pullCredentials(osid), 'kubernetes.io/dockerconfigjson', {
            '.dockerconfigjson': base64(pullCredentials),
          }),
        ]),
  ];
}

/** Variables of both kinds; no key is in both. */
export const envFrom = (osid: string) => [
  { configMapRef: { name: names.env(osid) } },
  { secretRef: { name: names.secretEnv(osid) } },
];

/** Each file is mounted by itself, so that the folder around it keeps the files of the image. */
export const fileMounts = ({ secretFiles }: AppInput) =>
  secretFiles.map(({ key, mountPath }) => ({
    name: 'secret-files',
    mountPath,
    subPath: key,
    readOnly: true,
  }));

/** The volume of the secret files. Processes run as the user of the image, which is not known, so every user reads them. */
export const fileVolumes = ({ osid, secretFiles }: AppInput) =>
  secretFiles.length === 0
    ? []
    : [{ name: 'secret-files', secret: { secretName: names.secretFiles(osid), defaultMode: 0o444 } }];
