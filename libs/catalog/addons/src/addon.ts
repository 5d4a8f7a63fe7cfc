/** How an agent recognises an add-on in a cluster. */
export interface AddonRecognition {
  /** The CRD whose existence means that the add-on is present: `clusters.postgresql.cnpg.io`. */
  readonly crd: string;
  /**
   * The repository of the operator's image without its registry, because mirrors replace that. The tag of the image in
   * the operator's Deployment is the version of the add-on. Empty for an add-on that consists of CRDs only.
   */
  readonly image: string;
  /** The label or annotation of the CRD with the version, for an add-on that consists of CRDs only. */
  readonly versionKey?: string;
}

/** CRDs that service types need in the cluster, mostly with their operator, in the version that RunOS is tested with. */
export interface Addon {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** The names of the CRDs that this version brings. */
  readonly crds: readonly string[];
  readonly recognition: AddonRecognition;
  /** URLs of the manifests that the project publishes for this version. Their file names differ. */
  readonly manifestUrls: readonly string[];
  /** Those of the earlier versions that RunOS has installed, and that it upgrades to this one. */
  readonly earlierManifestUrls: readonly string[];
}

/** The file name of a published manifest: `cnpg-1.27.0.yaml`. */
export const manifestFile = (manifestUrl: string): string => manifestUrl.slice(manifestUrl.lastIndexOf('/') + 1);

/** The command that installs or upgrades an add-on. Its CRDs are too large for a client-side apply. */
export const installCommand = ({ manifestUrls }: Addon): string =>
  `kubectl apply --server-side ${manifestUrls.map((url) => `-f ${url}`).join(' ')}`;
