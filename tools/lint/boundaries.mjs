/**
 * Which project may import which. Every list is an allow-list: a project without tags, or with a tag that has no line
 * here, may import nothing. Each tag of a project must allow an import; `[]` allows none.
 */

const only = (sourceTag, ...tags) => ({ sourceTag, onlyDependOnLibsWithTags: tags });

/** What a project is. Specs may use the kits that start real servers; apps and libraries may not. */
const kinds = (forSpecs) => {
  const kits = forSpecs ? ['type:testkit'] : [];
  return [
    only('type:app', 'type:lib', ...kits),
    only('type:lib', 'type:lib', ...kits),
    only('type:testkit', 'type:testkit', 'type:lib'),
    only('type:tool', 'type:tool', 'type:testkit', 'type:lib'),
  ];
};

/** Where it runs. What agents link must never reach NATS or the database, not even through other projects. */
const places = (forSpecs) => [
  // Rules without input or output: no library at all, and specs only what states properties and the seed of their tests.
  {
    ...only('env:pure', 'env:pure', ...(forSpecs ? ['env:neutral'] : [])),
    allowedExternalImports: forSpecs ? ['@jest/globals', 'fast-check'] : [],
  },
  only('env:neutral', 'env:pure', 'env:neutral'),
  {
    ...only('env:agent', 'env:pure', 'env:neutral', 'env:agent', ...(forSpecs ? ['env:tools'] : [])),
    notDependOnLibsWithTags: forSpecs ? [] : ['env:plane'],
  },
  only('env:plane', 'env:pure', 'env:neutral', 'env:plane', ...(forSpecs ? ['env:tools'] : [])),
  // What users install: of the plane it knows the public operations alone.
  only('env:client', 'env:pure', 'env:neutral', ...(forSpecs ? ['env:tools'] : [])),
  only('env:tools', 'env:pure', 'env:neutral', 'env:agent', 'env:plane', 'env:tools'),
];

const core = ['scope:kernel', 'scope:domain'];

/** What it is about. Apps never import apps: no app's scope is on any list. */
const scopes = (forSpecs) => {
  const kits = forSpecs ? ['scope:testing'] : [];
  const service = (name, ...more) =>
    only(`scope:${name}`, ...core, 'scope:api', 'scope:contracts', 'scope:platform', ...more, ...kits);
  const agent = (name, ...more) =>
    only(`scope:${name}`, ...core, 'scope:protocol', 'scope:agent', 'scope:engine', 'scope:platform', ...more, ...kits);
  return [
    only('scope:kernel', 'scope:kernel'),
    only('scope:domain', ...core, ...kits),
    only('scope:api', ...core, 'scope:catalog-types'),
    only('scope:protocol', ...core, ...kits),
    only('scope:contracts', ...core, 'scope:api', 'scope:protocol'),
    only('scope:engine', ...core, ...kits),
    only('scope:platform', ...core, 'scope:contracts', 'scope:platform', ...kits),
    only('scope:kube-objects', ...core, 'scope:kube-objects', ...kits),
    only('scope:kube-client', ...core, 'scope:engine', 'scope:kube-objects', 'scope:platform', ...kits),
    only('scope:catalog-types', ...core, 'scope:kube-objects', 'scope:catalog-types', ...kits),
    only('scope:agent', ...core, 'scope:protocol', 'scope:engine', 'scope:platform', ...kits),
    only('scope:manifest', ...core, 'scope:catalog-types', ...kits),
    service('gateway', 'scope:manifest'),
    service('identity'),
    service('catalog', 'scope:catalog-types'),
    service('config-sets', 'scope:catalog-types'),
    service('jobs'),
    service('reconciler', 'scope:engine', 'scope:protocol', 'scope:kube-objects', 'scope:catalog-types'),
    service('agent-gateway', 'scope:engine', 'scope:protocol', 'scope:catalog-types'),
    agent('cluster-agent', 'scope:kube-objects', 'scope:kube-client', ...(forSpecs ? ['scope:catalog-types'] : [])),
    agent('node-agent'),
    only('scope:cli', ...core, 'scope:api', 'scope:manifest', ...kits),
    only(
      'scope:testing',
      ...core,
      'scope:contracts',
      'scope:platform',
      'scope:catalog-types',
      'scope:kube-objects',
      'scope:kube-client',
      'scope:testing',
    ),
    only(
      'scope:tools',
      ...core,
      'scope:api',
      'scope:contracts',
      'scope:protocol',
      'scope:platform',
      'scope:kube-objects',
      'scope:kube-client',
      'scope:catalog-types',
      'scope:testing',
      'scope:tools',
    ),
  ];
};

const rule = (forSpecs) => [
  'error',
  {
    allow: [],
    enforceBuildableLibDependency: false,
    // A compiled test program imports its own library as other projects do.
    allowCircularSelfDependency: forSpecs,
    checkDynamicDependenciesExceptions: ['.*'],
    depConstraints: [...kinds(forSpecs), ...places(forSpecs), ...scopes(forSpecs)],
  },
];

export const boundaries = rule(false);
export const boundariesOfSpecs = rule(true);
