import type { Renderer, RenderInput } from '@runos/catalog-model';
import { credentialsSecret, imageReference, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import { names } from './names.js';
import { services } from './services.js';
import { statefulSet } from './stateful-set.js';
import { authConf, startScript, valkeyConf } from './valkey-conf.js';

const images = { '8.1': { registry: 'docker.io', repository: 'valkey/valkey', tag: '8.1.11' } };

const secret = (input: RenderInput) => {
  const password = input.secrets.password ?? '';
  return credentialsSecret(input, { username: names.username, password, 'auth.conf': authConf(password) });
};

const config = (input: RenderInput) =>
  owned(input, 'v1', 'ConfigMap', names.config(input.osid), {
    data: { 'start.sh': startScript(input.osid), 'valkey.conf': valkeyConf(input) },
  });

export const v1: Renderer = {
  images,
  render: (input) => [
    namespaceOf(input),
    secret(input),
    config(input),
    ...services(input),
    statefulSet(input, imageReference(images[input.version as keyof typeof images], input.imageRegistry)),
  ],
};
