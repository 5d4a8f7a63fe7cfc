import type { Issue } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import type { ResourceNumbers, ServiceSizing, StorageKind } from '@runos/sizing';
import type { ConfigSchema } from './config-schema.js';
import type { Image } from './image.js';

/** A field that users may set; `when` lists the operations. */
export interface InputField {
  readonly name: string;
  readonly kind: 'string' | 'integer';
  readonly when: readonly ('create' | 'update')[];
  readonly description: string;
  readonly options?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

export interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Another instance that this one needs, under the alias by which it refers to it. */
export interface Requirement {
  readonly alias: string;
  readonly type: string;
  readonly optional: boolean;
}

/** A secret that is generated once per instance and stored encrypted: a number of letters and digits. */
export interface SecretRecipe {
  readonly name: string;
  readonly length: number;
  readonly description: string;
}

/** How to connect to an instance. */
export interface Credentials {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database?: string;
  readonly url: string;
}

/** The complete input of a renderer; time and the instance's name have no influence. */
export interface RenderInput extends ResourceNumbers {
  readonly osid: string;
  readonly aid: string;
  readonly cid: string;
  readonly clusterDomain: string;
  readonly version: string;
  /** MiB; null for a type that stores nothing. */
  readonly storageMb: number | null;
  readonly storage: StorageKind;
  /** StorageClass names; a missing local one leaves the choice to the cluster's default class. */
  readonly storageClasses: { readonly local?: string | null; readonly distributed?: string | null };
  /** The values of the pinned config set, if there is one. */
  readonly configValues: Readonly<Record<string, string>>;
  /** By the names of the type's recipes. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Time of the last requested restart; a change replaces the pods one at a time. */
  readonly restartedAt?: string;
  /** Replaces the images' own registry: `registry.internal:5000/mirror`. */
  readonly imageRegistry?: string;
}

/**
 * A frozen renderer version. Its output never changes, because a change would restart every pod at the next upgrade of
 * the control plane. An improvement, also a new image tag, is the next version.
 */
export interface Renderer {
  /** The image of each version of the service. */
  readonly images: Readonly<Record<string, Image>>;
  readonly render: (input: RenderInput) => KubeObject[];
}

/** A service of the catalog, as data, with its pure functions. */
export interface ServiceType {
  readonly type: string;
  readonly title: string;
  readonly inputs: readonly InputField[];
  readonly versions: readonly string[];
  readonly defaultVersion: string;
  readonly sizing: ServiceSizing;
  readonly ports: readonly Port[];
  readonly requires: readonly Requirement[];
  readonly secrets: readonly SecretRecipe[];
  /** Absent for a type that takes no config set. */
  readonly config?: ConfigSchema;
  readonly renderers: Readonly<Record<number, Renderer>>;
  readonly credentials: (instance: { osid: string }, secrets: Readonly<Record<string, string>>) => Credentials;
  /** Issues between a config set and a size; absent when none are possible. */
  readonly clashes?: (numbers: ResourceNumbers, configValues: Readonly<Record<string, string>>) => Issue[];
}
