import { Injectable } from '@nestjs/common';
import { type Addon, manifestFile } from '@runos/addons';
import { type KubeObject, type PackedBundle, packObjects } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { InjectConfig } from '@runos/messaging';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReconcilerConfig } from '../config.js';

interface Container {
  readonly image: string;
  readonly imagePullPolicy?: string;
}

/**
 * An operator's image is pinned by its version. A node that has it starts the operator again without the registry, whose
 * outage would otherwise keep every database without its operator.
 */
function withPinnedImages(object: KubeObject): KubeObject {
  if (object.kind !== 'Deployment') return object;
  const { template, ...spec } = object['spec'] as { template: { spec: { containers: readonly Container[] } } };
  const containers = template.spec.containers.map((each) => ({ ...each, imagePullPolicy: 'IfNotPresent' }));
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } };
}

/** The manifests that the projects of the operators publish, from the directory `addonManifests` of the configuration. */
@Injectable()
export class AddonManifests {
  readonly #packed = new Map<string, Promise<PackedBundle>>();

  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  /** True if this control plane has the manifests of the pinned version. */
  has(addon: Addon): boolean {
    return this.#paths(addon)?.every((path) => existsSync(path)) ?? false;
  }

  /** The objects of the pinned version, packed once per process. @throws Error if there is no manifest */
  pack(addon: Addon): Promise<PackedBundle> {
    const known = this.#packed.get(addon.name);
    if (known !== undefined) return known;
    const packed = this.#read(addon);
    this.#packed.set(addon.name, packed);
    // A failed read is repeated with the next attempt.
    packed.catch(() => this.#packed.delete(addon.name));
    return packed;
  }

  async #read(addon: Addon): Promise<PackedBundle> {
    const paths = this.#paths(addon);
    if (paths === undefined) throw new Error(`there is no manifest of ${addon.title} ${addon.version}`);
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
    return packObjects(texts.flatMap(parseManifest).map(withPinnedImages));
  }

  #paths({ name, manifestUrls }: Addon): string[] | undefined {
    const { addonManifests } = this.config;
    return addonManifests === undefined
      ? undefined
      : manifestUrls.map((url) => join(addonManifests, name, manifestFile(url)));
  }
}
