import { builtInCatalog, KindCatalog, type PackedKinds, unpackKinds } from '@runos/kube-kinds';
import type { Logger } from '@runos/observability';

/** Compiled kinds by digest: all bundles of a service type share one catalog. */
export class KindCatalogs {
  readonly #byDigest = new Map<string, KindCatalog>();

  constructor(private readonly logger: Logger) {}

  /** @throws Fault `request.invalid` if the bytes are damaged or have another digest */
  of(kinds: PackedKinds | undefined): KindCatalog {
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
