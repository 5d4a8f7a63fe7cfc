import { readFileSync, writeFileSync } from 'node:fs';
import { mapAt, mapsIn } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { type ContentsPolicy, contentsPolicyFile } from '@runos/overrides';

const policyName = 'runos-cluster-agent-contents';

/** The policy on the contents of objects in a manifest, as the control plane evaluates it. @throws Error without one */
export function contentsPolicyIn(manifest: string): ContentsPolicy {
  const policy = parseManifest(manifest).find(
    ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === policyName,
  );
  if (policy === undefined) throw new Error(`there is no policy ${policyName}`);
  const text = (value: unknown): string => String(value).trim();
  const spec = mapAt(policy, 'spec');
  return {
    variables: mapsIn(spec['variables']).map(({ name, expression }) => ({
      name: text(name),
      expression: text(expression),
    })),
    validations: mapsIn(spec['validations']).map(({ expression, message }) => ({
      expression: text(expression),
      message: text(message),
    })),
  };
}

/** The text of the file with the policy of this manifest. */
export const contentsPolicyText = (manifest: string): string =>
  `${JSON.stringify(contentsPolicyIn(manifest), null, 2)}\n`;

/** Writes the file if it is not current, and returns it then. */
export function writeContentsPolicy(manifest: string): string[] {
  const text = contentsPolicyText(manifest);
  if (readFileSync(contentsPolicyFile, { encoding: 'utf8', flag: 'a+' }) === text) return [];
  writeFileSync(contentsPolicyFile, text);
  return [contentsPolicyFile];
}
