import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { mapAt, mapsIn } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { contentsPolicyFile } from '@runos/overrides';
import { serviceTypes } from '@runos/service-types';
import { type AddonManifest, readAddonManifests } from './addons/addon-manifest.js';
import { agentRights } from './agent-rights.js';
import { contentsPolicyIn, contentsPolicyText } from './contents-policy-file.js';
import { customContents } from './custom-contents.js';
import { fillRegions } from './generated-regions.js';
import { admissionFile, generated, manifestFiles, regionsOf } from './manifest-files.js';
import { generatedPatchSchema } from './patch-schema-file.js';

let addonManifests: AddonManifest[];

interface Rule {
  readonly resources: readonly string[];
}

interface AccessObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly roleRef: { readonly name: string };
  readonly rules: readonly Rule[];
}

beforeAll(async () => {
  addonManifests = await readAddonManifests();
}, 900_000);

describe('the manifests of the cluster agent', () => {
  it.each(manifestFiles)('%s is current; else run `npm run manifests`', (file) => {
    const text = generated(file, addonManifests);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(() => parseManifest(text)).not.toThrow();
  });

  it('contain every region once', () => {
    const texts = manifestFiles.map((file) => readFileSync(file, 'utf8')).join('\n');
    for (const name of Object.keys(regionsOf(addonManifests))) {
      expect(texts.match(new RegExp(`# generated: ${name}\\b`, 'g'))).toHaveLength(1);
    }
  });

  it('give no right on Secrets in the whole cluster', () => {
    const bound = new Set<string>();
    const roles = new Map<string, readonly Rule[]>();
    for (const object of manifestFiles.flatMap((file) => parseManifest(readFileSync(file, 'utf8')))) {
      const { kind, metadata, roleRef, rules } = object as unknown as AccessObject;
      if (kind === 'ClusterRoleBinding') bound.add(roleRef.name);
      if (kind === 'ClusterRole') roles.set(metadata.name, rules);
    }
    expect(bound.size).toBe(2);
    const resources = [...bound].flatMap((name) => roles.get(name) ?? []).flatMap((rule) => rule.resources);
    expect(resources).toContain('configmaps');
    for (const resource of ['secrets', '*']) expect(resources).not.toContain(resource);
  });

  it('restrict the contents of every custom resource that a service type renders', () => {
    const policies = manifestFiles.flatMap((file) => parseManifest(readFileSync(file, 'utf8')));
    const contents = policies.find(
      ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === 'runos-cluster-agent-contents',
    );
    const rules = mapsIn(mapAt(contents, 'spec', 'matchConstraints')['resourceRules']) as readonly unknown[] as Rule[];
    const restricted = rules.flatMap(({ resources }) => resources);
    for (const { resource } of serviceTypes.flatMap(({ customKinds }) => customKinds)) {
      expect(restricted).toContain(resource);
    }
  });

  it('restrict the contents of a new type by its folder, which must name them', () => {
    const [first] = serviceTypes;
    if (first === undefined) throw new Error('no types');
    const kind = { ...first.customKinds[0], apiVersion: 'example.com/v2', kind: 'Widget', resource: 'widgets' };
    const widget = { type: 'widget', customKinds: [kind as (typeof first.customKinds)[number]] };
    expect(() => customContents([first, widget])).toThrow('widget has no contents for its kind Widget');
    const rules = [{ expression: "variables.spec.color == 'red'", message: 'a widget must be red' }];
    const regions = customContents([first, { ...widget, contents: [{ kind: 'Widget', storages: '[spec]', rules }] }]);
    const isWidget = "request.resource.group == 'example.com' && request.resource.resource == 'widgets'";
    expect(regions['contents-kinds']?.join('\n')).toContain('resources: [widgets]');
    expect(regions['contents-variables']?.join(' ')).toContain(`${isWidget} ? dyn(`);
    expect(regions['contents-rules']?.join('\n')).toContain(
      `!(${isWidget}) || (\n        variables.spec.color == 'red')`,
    );
  });

  it('give rights on the kinds of a new type, and on no others', () => {
    const [first, ...others] = serviceTypes;
    if (first === undefined) throw new Error('no types');
    const widget = {
      ...first,
      kinds: [],
      customKinds: [{ ...first.customKinds[0], apiVersion: 'example.com/v2', resource: 'widgets' }],
    };
    const before = agentRights(serviceTypes);
    const after = agentRights([first, ...others, widget as typeof first]);
    for (const name of Object.keys(before)) {
      expect(before[name]?.join('\n')).not.toContain('widgets');
      expect(after[name]?.join('\n')).toContain('widgets');
    }
    expect(after['excluded-kinds']?.join('\n')).toMatch(/apiGroups: \[example\.com\]\n *apiVersions: \[v2\]/);
    expect(after['excluded-kinds']?.join('\n')).not.toContain('namespaces');
  });
});

describe('the rules of overrides', () => {
  it('are those of the admission policy; else run `npm run manifests`', () => {
    const text = readFileSync(admissionFile, 'utf8');
    expect(readFileSync(contentsPolicyFile, 'utf8')).toBe(contentsPolicyText(text));
    expect(contentsPolicyIn(text).validations.length).toBeGreaterThan(5);
  });

  it('have the merge keys that Kubernetes publishes; else run `npm run manifests`', async () => {
    const { file, text } = await generatedPatchSchema();
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('a generated region', () => {
  const text = 'a\n  # generated: x (why)\n  old\n  # end: x\nb\n';

  it('is replaced between its markers', () => {
    expect(fillRegions(text, { x: ['  new', '  lines'] })).toBe(
      'a\n  # generated: x (why)\n  new\n  lines\n  # end: x\nb\n',
    );
    expect(() => fillRegions(text, {})).toThrow(/region x/);
  });
});
