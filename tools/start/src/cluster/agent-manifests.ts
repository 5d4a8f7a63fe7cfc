import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Kubectl } from './kubectl.js';

/** Never applied: the Deployment, whose program runs beside the cluster here. */
const excluded = 'deployment.yaml';
/** The rights on add-ons, which a user gives by choice. */
const addonRights = 'addons.yaml';

/** The manifests of `deploy/cluster-agent` in one cluster. They belong to the build of the agent that runs. */
export class AgentManifests {
  #checkout: string | undefined;

  constructor(
    private readonly kubectl: Kubectl,
    private readonly withAddons: boolean,
  ) {}

  /** Applies the manifests of a checkout, if those of another one are in the cluster. */
  async apply(checkout: string): Promise<void> {
    if (checkout === this.#checkout) return;
    const folder = join(checkout, 'deploy', 'cluster-agent');
    const files = readdirSync(folder).filter(
      (name) => name.endsWith('.yaml') && name !== excluded && (this.withAddons || name !== addonRights),
    );
    // Namespaces first, because a list is applied in its order. The rights on add-ons last, after their policies.
    const ordered = [...files.filter((name) => name !== addonRights), ...files.filter((name) => name === addonRights)];
    const items = ordered
      .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
      .map((document) => document.toJS() as { kind: string })
      .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
    await this.kubectl.apply(items);
    this.#checkout = checkout;
  }
}
