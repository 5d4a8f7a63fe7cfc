import type { InstanceInput } from '@runos/catalog-model';
import type { AppFields } from './app-fields.js';

/** A file of an app that only its containers can read. */
export interface SecretFile {
  readonly filename: string;
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
  /** The `.dockerconfigjson` with which the image is pulled; absent for a public image. */
  readonly pullCredentials?: string;
}
