import type { InstanceType, Renderer, RenderInput, ServiceType } from '@runos/catalog-model';
import { Fault, type Random, randomString, unavailable } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import { app } from './app/app.js';
import type { AppInput } from './app/app-input.js';

/** The renderer version that a new revision pins. */
export const latestRenderer = ({ renderers }: { readonly renderers: Readonly<Record<number, unknown>> }): number =>
  Math.max(...Object.keys(renderers).map(Number));

/** The versions of new instances: those of the newest renderer, in the order of the type. */
export const offeredVersions = (type: ServiceType): string[] => {
  const images = type.renderers[latestRenderer(type)]?.images ?? {};
  return type.versions.filter((version) => Object.hasOwn(images, version));
};

/** Whether a renderer of this build has the version. If not, only a newer build can offer it. */
export const knowsVersion = ({ renderers }: ServiceType, version: string): boolean =>
  Object.values(renderers).some(({ images }) => Object.hasOwn(images, version));

/** What a spec pins of its renderer. */
export interface PinnedRenderer {
  readonly rendererVersion: number;
  readonly version: string;
}

/** Whether this build has the renderer, and the renderer the version. */
export const hasRenderer = ({ renderers }: ServiceType, { rendererVersion, version }: PinnedRenderer): boolean =>
  Object.hasOwn(renderers[rendererVersion]?.images ?? {}, version);

/**
 * The renderer that a spec pins.
 * @throws Fault `unavailable` when this build lacks it or its version: a newer build has accepted the spec
 */
export function rendererOf(type: ServiceType, pinned: PinnedRenderer): Renderer {
  const renderer = type.renderers[pinned.rendererVersion];
  if (renderer !== undefined && hasRenderer(type, pinned)) return renderer;
  throw newerBuild(`renderer ${pinned.rendererVersion} of ${type.type} ${pinned.version}`);
}

/** The fault `unavailable` of a replica that lacks `what` while the control plane is being upgraded. */
export const newerBuild = (what: string): Fault =>
  unavailable(`This replica has no ${what}, which only a newer build has; try again shortly.`, 1);

/**
 * The objects of an instance, in the order of applying. The same input and renderer always give the same bytes.
 * @throws Fault `unavailable` as `rendererOf`; `internal` for a missing secret, because every instance has all
 */
export function renderInstance(type: ServiceType, rendererVersion: number, input: RenderInput): KubeObject[] {
  const renderer = rendererOf(type, { rendererVersion, version: input.version });
  refuseMissingSecret(type, input);
  return renderer.render(input);
}

/**
 * As `renderInstance`, for an app.
 * @throws Fault `unavailable` when this build lacks the renderer; `internal` for a missing secret
 */
export function renderApp(rendererVersion: number, input: AppInput): KubeObject[] {
  const render = app.renderers[rendererVersion];
  if (render === undefined) throw newerBuild(`renderer ${rendererVersion} of apps`);
  refuseMissingSecret(app, input);
  return render(input);
}

function refuseMissingSecret(type: InstanceType, { osid, secrets }: Pick<RenderInput, 'osid' | 'secrets'>): void {
  const missing = type.secrets.find(({ name }) => !secrets[name]);
  if (missing) throw new Fault('internal', `${osid} has no secret "${missing.name}"`);
}

const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Generates the secrets of a new instance: letters and digits, which need no quoting in files, shells and URLs. */
export const mintSecrets = (type: InstanceType, random: Random): Record<string, string> =>
  Object.fromEntries(type.secrets.map(({ name, length }) => [name, randomString(random, lettersAndDigits, length)]));
