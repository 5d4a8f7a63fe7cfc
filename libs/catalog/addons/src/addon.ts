/** How an agent recognises an add-on in a cluster. */
export interface AddonRecognition {
  /** The CRD whose existence means that the add-on is present: `clusters.postgresql.cnpg.io`. */
  readonly crd: string;
  /**
   * The repository of the operator's image without its registry, because mirrors replace that. The tag of the image in
   * the operator's Deployment is the version of the add-on.
   */
  readonly image: string;
}

/** An operator that service types need in the cluster, in the version that RunOS is tested with. */
export interface Addon {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** The names of the CRDs that this version brings. */
  readonly crds: readonly string[];
  readonly recognition: AddonRecognition;
  /** URL of the manifest that the operator's project publishes for this version. */
  readonly manifestUrl: string;
  /** Those of the earlier versions that RunOS has installed, and that it upgrades to this one. */
  readonly earlierManifestUrls: readonly string[];
}

/** The file name of the published manifest: `cnpg-1.27.0.yaml`. */
export const manifestFile = ({ manifestUrl }: Addon): string => manifestUrl.slice(manifestUrl.lastIndexOf('/') + 1);

/** The command that installs or upgrades an add-on. Its CRDs are too large for a client-side apply. */
export const installCommand = ({ manifestUrl }: Addon): string => `kubectl apply --server-side -f ${manifestUrl}`;
