import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { type Kubectl } from '@runos/testing-kube';

/** Never applied with the others: the Deployment, whose program runs beside the cluster here. */
const deployment = 'deployment.yaml';
/** The rights on add-ons, which a user gives by choice. */
const addonRights = 'addons.yaml';

const folderOf = (checkout: string): string => join(checkout, 'deploy', 'cluster-agent');
const objectsIn = (checkout: string, file: string): KubeObject[] =>
  parseManifest(readFileSync(join(folderOf(checkout), file), 'utf8'));

/** The shipped Deployment of a checkout with its settings. */
export const deploymentOf = (checkout: string): KubeObject[] => objectsIn(checkout, deployment);

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
    const files = readdirSync(folderOf(checkout)).filter(
      (name) => name.endsWith('.yaml') && name !== deployment && (this.withAddons || name !== addonRights),
    );
    // Namespaces first, because a list is applied in its order. The rights on add-ons last, after their policies.
    const ordered = [...files.filter((name) => name !== addonRights), ...files.filter((name) => name === addonRights)];
    const items = ordered
      .flatMap((name) => objectsIn(checkout, name))
      .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
    await this.kubectl.apply(items, fieldManager);
    this.#checkout = checkout;
  }
}

/** The field manager of what `npm start` applies. */
export const fieldManager = 'runos-start';
