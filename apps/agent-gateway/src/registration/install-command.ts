/** The values of the placeholders in the template of an install command. */
export interface InstallFacts {
  readonly server: string;
  readonly registerPort: number;
  readonly streamPort: number;
  readonly aid: string;
  readonly cid: string;
  readonly token: string;
  readonly caSha256: string;
}

const placeholder = /\{([A-Za-z0-9]+)\}/g;
const known = new Set(['server', 'registerPort', 'streamPort', 'aid', 'cid', 'token', 'caSha256']);

/** The placeholders of a template that have no value. */
export const unknownPlaceholders = (template: string): string[] =>
  [...template.matchAll(placeholder)].flatMap(([, name = '']) => (known.has(name) ? [] : [name]));

/** The command that registers an agent: a user runs it on a machine, or against a cluster. */
export const installCommand = (template: string, facts: InstallFacts): string =>
  template.replace(placeholder, (whole, name: string) => String(facts[name as keyof InstallFacts] ?? whole));
