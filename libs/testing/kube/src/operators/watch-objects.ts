import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '@runos/kube-objects';
import { kubeRequest, type Target } from '../cluster/kube-request.js';

/** Between two lists, after the end of a watch or without an API server, ms. */
const retryMs = 500;
/** The server ends each watch after this time. */
const watchSeconds = 300;

interface ObjectList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly KubeObject[];
}

export interface Watched {
  /** Undefined while the API server does not serve the resource. */
  readonly path: () => Promise<string | undefined>;
  readonly labelSelector?: string;
  /** Called for each listed object and for each change, deletions too. */
  readonly onChange: (object: KubeObject) => void;
}

/**
 * Lists objects, then watches them, again and again until the signal. `@runos/kube-client` has an informer, but its own
 * specs start clusters by this package, so an import would be a cycle.
 */
export async function watchObjects(target: () => Target, watched: Watched, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Without an API server, as during its restart, the next round lists them.
    await listAndWatch(target(), watched, signal).catch(() => undefined);
    await sleep(retryMs, undefined, { signal }).catch(() => undefined); // rejects when the signal aborts
  }
}

async function listAndWatch(
  target: Target,
  { path, labelSelector, onChange }: Watched,
  signal: AbortSignal,
): Promise<void> {
  const all = await path();
  if (all === undefined) return;
  const query = labelSelector === undefined ? '' : `labelSelector=${encodeURIComponent(labelSelector)}&`;
  const { status, body } = await kubeRequest(target, `${all}?${query}`);
  if (status !== 200) return;
  const { items, metadata } = JSON.parse(body) as ObjectList;
  for (const item of items) onChange(item);
  const since = `resourceVersion=${metadata.resourceVersion}&timeoutSeconds=${watchSeconds}`;
  for await (const line of lines(target, `${all}?watch=1&${query}${since}`, signal)) {
    const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: KubeObject };
    if (type === 'ERROR') return; // the version has expired
    onChange(object);
  }
}

/** The lines of a response as they arrive. @throws Error when the connection breaks */
async function* lines(target: Target, path: string, signal: AbortSignal): AsyncGenerator<string> {
  const { server, ca, token } = target;
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const sent = request(new URL(path, server), { ca, signal, headers, agent: false });
  const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end();
  });
  try {
    yield* createInterface({ input: response });
  } finally {
    sent.destroy();
  }
}
