import { KubeClient, KubeError } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';

type Apply = () => Promise<KubeObject>;
type Watch = Parameters<KubeClient['watch']>;

/** A client that lets a test act around the next apply of a StatefulSet, and cut the watch of StatefulSets. */
export class InterleavingClient extends KubeClient {
  around: ((apply: Apply) => Promise<KubeObject>) | undefined;
  #cut = new AbortController();
  #mended: Promise<void> = Promise.resolve();

  override apply(...[object, options]: Parameters<KubeClient['apply']>): Promise<KubeObject> {
    const send = () => super.apply(object, options);
    const { around } = this;
    if (around === undefined || object.kind !== 'StatefulSet' || options?.dryRun) return send();
    this.around = undefined;
    return around(send);
  }

  /** Ends the watch. The next one starts when `mended` resolves, and is refused as too old, so that a list follows. */
  cutWatch(mended: Promise<void>): void {
    this.#mended = mended;
    this.#cut.abort();
  }

  override async *watch(...[selection, request]: Watch): AsyncGenerator<string> {
    if (selection.kind !== 'StatefulSet') {
      yield* super.watch(selection, request);
      return;
    }
    if (this.#cut.signal.aborted) {
      await this.#mended;
      this.#cut = new AbortController();
      throw new KubeError('too old resource version', { status: 410, reason: 'Expired' });
    }
    yield* super.watch(selection, { ...request, signal: AbortSignal.any([request.signal, this.#cut.signal]) });
  }
}
