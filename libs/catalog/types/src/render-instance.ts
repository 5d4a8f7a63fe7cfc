import type { RenderInput, ServiceType } from '@runos/catalog-model';
import { Fault, type Random, randomString } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';

/** The renderer version that a new revision pins. */
export const latestRenderer = (type: ServiceType): number => Math.max(...Object.keys(type.renderers).map(Number));

/**
 * The objects of an instance, in the order of applying. The same input and renderer always give the same bytes.
 * @throws Fault `internal` for an unknown renderer, version or secret, because a revision never names one
 */
export function renderInstance(type: ServiceType, rendererVersion: number, input: RenderInput): KubeObject[] {
  const renderer = type.renderers[rendererVersion];
  if (!renderer) throw new Fault('internal', `${type.type} has no renderer ${rendererVersion}`);
  if (!Object.hasOwn(renderer.images, input.version))
    throw new Fault('internal', `renderer ${rendererVersion} of ${type.type} has no version ${input.version}`);
  const missing = type.secrets.find(({ name }) => !input.secrets[name]);
  if (missing) throw new Fault('internal', `${input.osid} has no secret "${missing.name}"`);
  return renderer.render(input);
}

const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Generates the secrets of a new instance: letters and digits, which need no quoting in files, shells and URLs. */
export const mintSecrets = (type: ServiceType, random: Random): Record<string, string> =>
  Object.fromEntries(type.secrets.map(({ name, length }) => [name, randomString(random, lettersAndDigits, length)]));
