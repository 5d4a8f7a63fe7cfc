/** A request to the API server of Kubernetes. */
export interface KubeAttempt {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The subresource has no dry run. */
  readonly isReal?: boolean;
}

export const get = (path: string): KubeAttempt => ({ method: 'GET', path });
export const post = (path: string, body: unknown, isReal = false): KubeAttempt => ({
  method: 'POST',
  path,
  body,
  isReal,
});
export const remove = (path: string): KubeAttempt => ({ method: 'DELETE', path });
export const patch = (path: string, body: unknown = { metadata: { labels: { stolen: 'true' } } }): KubeAttempt => ({
  method: 'PATCH',
  path,
  body,
});
/** The path of a collection; the key is its group and its resource. */
export const inNamespace = (key: string, namespace: string): string => {
  const [prefix, resource] = key.split(' ');
  return `${prefix}/namespaces/${namespace}/${resource}`;
};
