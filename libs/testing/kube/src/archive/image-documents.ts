import { createHash } from 'node:crypto';

/** The part of the OCI image configuration that a container runtime reads. */
export interface ImageConfig {
  /** `uid:gid`; the kubelet compares numbers only with `runAsNonRoot`. */
  readonly User?: string;
  /** `NAME=value` each. */
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

/** A blob of the layout, by its digest `sha256:…` and its size in bytes. */
export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

interface ImageDocuments {
  /** Name in `blobs/sha256` and content. */
  readonly documents: readonly (readonly [name: string, content: string])[];
  readonly index: string;
  readonly manifestDigest: string;
}

const mediaType = (kind: string): string => `application/vnd.oci.image.${kind}`;

/** The architecture of this machine as OCI and Debian name it. */
export const architecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch);

/** Configuration, manifest and index of an image (OCI image specification 1.1). */
export function imageDocuments(
  reference: string,
  config: ImageConfig,
  layers: readonly StoredBlob[],
  machine: string,
): ImageDocuments {
  const documents: [string, string][] = [];
  const store = (value: object): StoredBlob => {
    const content = JSON.stringify(value);
    const digest = createHash('sha256').update(content).digest('hex');
    documents.push([digest, content]);
    return { digest: `sha256:${digest}`, size: Buffer.byteLength(content) };
  };
  const platform = { architecture: machine, os: 'linux' };
  const diffIds = layers.map(({ digest }) => digest); // of the uncompressed layers, which these are
  const stored = store({ ...platform, config, rootfs: { type: 'layers', diff_ids: diffIds } });
  const manifest = store({
    schemaVersion: 2,
    mediaType: mediaType('manifest.v1+json'),
    config: { mediaType: mediaType('config.v1+json'), ...stored },
    layers: layers.map((layer) => ({ mediaType: mediaType('layer.v1.tar'), ...layer })),
  });
  const annotations = {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  };
  const entry = { mediaType: mediaType('manifest.v1+json'), ...manifest, platform, annotations };
  const index = { schemaVersion: 2, mediaType: mediaType('index.v1+json'), manifests: [entry] };
  return { documents, index: JSON.stringify(index), manifestDigest: manifest.digest };
}
