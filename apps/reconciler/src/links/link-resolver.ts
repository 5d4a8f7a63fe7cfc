import { Injectable } from '@nestjs/common';
import type { ServiceFields } from '@runos/api';
import { invalidInput, type Issue } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { app, AppLinks, findInstanceType, storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { ReconcilerConfig } from '../config.js';
import { limitIssues } from '../environment/change-open-environment.js';
import { type InstanceName, InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets, type UnsealedSecrets } from '../instances/instance-secrets.js';
import { addressOf } from './app-address.js';
import { acceptedAppSpec, type AppSpec, type DesiredSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';

/** Links with the instances that they lead to, and the variables that they set. */
interface ResolvedLinks extends Pick<AppSpec, 'requires' | 'links'> {
  readonly linkedEnv: Readonly<Record<string, string>>;
}

/** The app that has the links. */
interface Linking {
  readonly aid: string;
  readonly cid: string;
  readonly osid: string;
}

/** The other name of a credential that existing clients use. */
const otherNames: Readonly<Record<string, string>> = { user: 'username' };

/** Finds the instances that an app requires, and their credentials. */
@Injectable()
export class LinkResolver {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /**
   * The spec of an app with these links instead of its own; without `links`, as it is.
   * @throws Fault `request.invalid` as `#resolve`, and for a variable that the app has already, or too many of them
   */
  async link(
    sql: EntityManager,
    instance: Linking,
    spec: AppSpec,
    links: AppLinks | undefined,
    secrets: UnsealedSecrets,
  ): Promise<AppSpec> {
    if (links === undefined) return spec;
    const { linkedEnv, requires, links: envs } = await this.#resolve(sql, instance, links);
    const open = { ...secrets.open(spec.environment), linkedEnv };
    const clashes = Object.keys(linkedEnv).filter((name) => Object.hasOwn(open.env, name));
    const issues = [
      ...clashes.map((name) => ({ path: 'requires', message: `the app has a variable ${name} of its own` })),
      ...limitIssues(open, this.config).map(({ message }) => ({ path: 'requires', message })),
    ];
    if (issues.length > 0) throw invalidInput('request.invalid', issues);
    const environment = this.secrets.sealEnvironment(instance.osid, secrets, open, spec.environment);
    return { ...spec, requires, links: envs, environment };
  }

  /** The spec with the present credentials of its links. Those of an instance that is gone stay as they were. */
  async refresh<S extends DesiredSpec>(sql: EntityManager, instance: InstanceRow, spec: S): Promise<S> {
    if (spec.kind !== 'app' || Object.keys(spec.requires).length === 0) return spec;
    const secrets = this.secrets.unseal(instance);
    const found = await this.#existing(sql, instance, spec);
    const open = secrets.open(spec.environment);
    const now = Object.entries(spec.requires).flatMap(([alias, osid]) => {
      const required = found.get(osid);
      const credentials = required === undefined ? {} : this.#credentialsOf(required);
      return Object.entries(spec.links[alias] ?? {}).flatMap(([name, variable]) => {
        const value = credentials[otherNames[name] ?? name];
        return value === undefined ? [] : [[variable, value] as const];
      });
    });
    const linkedEnv = { ...open.linkedEnv, ...Object.fromEntries(now) };
    const environment = this.secrets.sealEnvironment(instance.osid, secrets, { ...open, linkedEnv }, spec.environment);
    return { ...spec, environment };
  }

  /** @throws Fault `request.invalid` if an instance that the spec requires does not exist any more */
  async refuseGone(sql: EntityManager, instance: Linking, spec: DesiredSpec): Promise<void> {
    if (spec.kind !== 'app' || Object.keys(spec.requires).length === 0) return;
    const found = await this.#existing(sql, instance, spec);
    const issues = Object.entries(spec.requires)
      .filter(([, osid]) => !found.has(osid))
      .map(([alias, osid]) => ({ path: `requires.${alias}`, message: describeGone(osid) }));
    if (issues.length > 0) throw invalidInput('request.invalid', issues);
  }

  /** The required instances that are not being deleted, by OSID. */
  async #existing(sql: EntityManager, { aid }: Linking, { requires }: AppSpec): Promise<Map<string, InstanceRow>> {
    const rows = await this.instances.listByOsid(sql, aid, Object.values(requires));
    return new Map(rows.filter(({ deleting }) => !deleting).map((row) => [row.osid, row]));
  }

  /**
   * Locks the instances, so that none is deleted before the commit.
   * @throws Fault `request.invalid` with every issue: an unknown instance or credential, a variable that is set twice
   */
  async #resolve(sql: EntityManager, { aid, cid, osid }: Linking, links: AppLinks): Promise<ResolvedLinks> {
    const named = Object.entries(links);
    const names = named.map(([, { type, id }]) => ({ tenant: aid, cid, type, id }));
    const rows = await this.instances.lockAllExisting(sql, names);
    const issues: Issue[] = [];
    const requires: [alias: string, osid: string][] = [];
    const variables = new Map<string, string>();
    named.forEach(([alias, link], index) => {
      const path = `requires.${alias}`;
      const found = rows[index];
      const problem = problemOf(found, link, cid, osid);
      if (found === undefined || problem !== undefined) return issues.push({ path, message: problem ?? '' });
      requires.push([alias, found.osid]);
      const credentials = this.#credentialsOf(found);
      for (const [name, variable] of Object.entries(link.env ?? {})) {
        const value = credentials[otherNames[name] ?? name];
        const at = `${path}.env.${name}`;
        if (value === undefined) {
          const known = Object.keys(credentials).join(', ');
          issues.push({ path: at, message: `${found.osid} has no credential "${name}"; it has ${known}` });
        } else if (variables.has(variable)) {
          issues.push({ path: at, message: `the variable ${variable} is set by two links` });
        } else variables.set(variable, value);
      }
      return undefined;
    });
    if (issues.length > 0) throw invalidInput('request.invalid', issues);
    return {
      linkedEnv: Object.fromEntries(variables),
      requires: Object.fromEntries(requires),
      links: Object.fromEntries(named.map(([alias, { env = {} }]) => [alias, env])),
    };
  }

  /** How to connect, by the names of the credentials. An app has an address only. */
  #credentialsOf(instance: InstanceRow): Record<string, string> {
    if (instance.type === app.type) return { ...addressOf(instance.osid, acceptedAppSpec(instance)) };
    const shown = storedType(instance.type).credentials.of(instance, this.secrets.unseal(instance).generated);
    return Object.fromEntries(
      Object.entries(shown as object)
        .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
        .map(([name, value]) => [name, String(value)]),
    );
  }
}

/** A revision comes back as a whole, but an update may have its other fields. */
const describeGone = (osid: string): string =>
  `${osid} is deleted, or is being deleted: read the revision, and update the app to its fields without this link`;

/** Why an app cannot require this instance; undefined: it can. */
function problemOf(
  found: InstanceRow | undefined,
  { type, id }: { readonly type: string; readonly id: string },
  cid: string,
  osid: string,
): string | undefined {
  if (findInstanceType(type) === undefined) return `there is no type "${type}"`;
  if (found === undefined) return `instance "${id}" of ${type} does not exist in cluster "${cid}"`;
  if (found.deleting) return `instance "${id}" of ${type} is being deleted`;
  return found.osid === osid ? 'an app cannot require itself' : undefined;
}

/** The names of the instances that the links of an update of an app lead to. */
export const linkedNames = ({
  cid,
  type,
  fields,
}: {
  cid: string;
  type: string;
  fields: ServiceFields;
}): InstanceName[] =>
  type === app.type ? Object.values(linksOf(fields) ?? {}).map((link) => ({ cid, type: link.type, id: link.id })) : [];

/** The links that a request names; undefined: none are named. @throws ZodError unless the catalog has checked them */
export const linksOf = ({ requires }: ServiceFields): AppLinks | undefined =>
  requires === undefined ? undefined : AppLinks.parse(requires);
