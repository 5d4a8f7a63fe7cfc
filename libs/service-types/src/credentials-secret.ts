import type { KubeObject } from '@runos/kube-objects';
import { owned } from './owned-object.js';
import type { RenderInput } from './service-type.js';

/** The name of the Secret with the user name and password of an instance. */
export const credentialsSecretName = (osid: string): string => `${osid}-credentials`;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** Uses `data`, never `stringData`: the API server moves that to `data`, which would be permanent drift. */
export const credentialsSecret = (
  input: RenderInput,
  texts: Readonly<Record<'username' | 'password', string>> & Readonly<Record<string, string>>,
): KubeObject =>
  owned(input, 'v1', 'Secret', credentialsSecretName(input.osid), {
    type: 'kubernetes.io/basic-auth',
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)])),
  });
