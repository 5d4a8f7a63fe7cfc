import type { Bundle } from '@runos/agent-protocol';
import { builtInCatalog, KindCatalog, type PackedKinds, unpackKinds } from '@runos/kube-kinds';
import { type FieldWriter } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';

/** Compiled kinds by digest: all bundles of a service type share one catalog. */
export class KindCatalogs {
  readonly #byDigest = new Map<string, KindCatalog>();
  /** Users choose the writers, so a catalog with writers is kept only as long as an instance uses it. */
  readonly #byWriters = new Map<string, WeakRef<KindCatalog>>();
  readonly #unused = new FinalizationRegistry<string>((key) => {
    if (this.#byWriters.get(key)?.deref() === undefined) this.#byWriters.delete(key);
  });

  constructor(private readonly logger: Logger) {}

  /**
   * With the fields that a user leaves to writers.
   * @throws Fault `request.invalid` if the bytes are damaged or have another digest
   */
  of(kinds: PackedKinds | undefined, writers: readonly FieldWriter[] = []): KindCatalog {
    const all = this.#ofDigest(kinds);
    if (writers.length === 0) return all;
    const key = JSON.stringify([kinds?.kindsDigest, writers]);
    const known = this.#byWriters.get(key)?.deref();
    if (known !== undefined) return known;
    const catalog = all.withWriters(writers);
    this.#byWriters.set(key, new WeakRef(catalog));
    this.#unused.register(catalog, key);
    return catalog;
  }

  #ofDigest(kinds: PackedKinds | undefined): KindCatalog {
    if (kinds === undefined) return builtInCatalog;
    const known = this.#byDigest.get(kinds.kindsDigest);
    if (known !== undefined) return known;
    const catalog = new KindCatalog(unpackKinds(kinds), (err) =>
      this.logger.warn({ err }, 'the health of a kind cannot be evaluated by its rules; its conditions are used'),
    );
    this.#byDigest.set(kinds.kindsDigest, catalog);
    return catalog;
  }
}

/** The kinds that travelled with a bundle; undefined for a bundle without any. */
export const packedKindsOf = ({ kindsDigest, kindsGz }: Bundle): PackedKinds | undefined =>
  kindsDigest === undefined || kindsGz === undefined ? undefined : { kindsDigest, kindsGz };
