import type { InstanceInput } from '@runos/catalog-model';
import type { AppFields } from './app-fields.js';

/** A file of an app that only its containers can read. */
export interface SecretFile {
  /** The key of the file in a Secret; it never changes. */
  readonly key: string;
  /** The absolute path of the file in the containers. */
  readonly mountPath: string;
  /** Base64. */
  readonly content: string;
}

/** The complete input of the renderer of apps. */
export interface AppInput extends InstanceInput {
  readonly app: AppFields;
  readonly env: Readonly<Record<string, string>>;
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
  /** Changes with every variable and file, so that pods are replaced. Absent: there have been none. */
  readonly environmentDigest?: string;
  /** The `.dockerconfigjson` with which the image is pulled; absent for a public image. */
  readonly pullCredentials?: string;
}
