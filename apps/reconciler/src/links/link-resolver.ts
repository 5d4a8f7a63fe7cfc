import { Injectable } from '@nestjs/common';
import type { ServiceFields } from '@runos/api';
import { invalidInput, type Issue } from '@runos/kernel';
import { Osid } from '@runos/osid';
import { app, AppLinks, findInstanceType, storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets, type UnsealedSecrets } from '../instances/instance-secrets.js';
import { acceptedAppSpec, type AppSpec, type DesiredSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';

/** Links with the instances that they lead to, and the variables that they set. */
interface ResolvedLinks extends Pick<AppSpec, 'requires' | 'links'> {
  readonly linkedEnv: Readonly<Record<string, string>>;
}

const byOsid = ([, a]: [string, string], [, b]: [string, string]): number => (a < b ? -1 : 1);

/** The other name of a credential that existing clients use. */
const otherNames: Readonly<Record<string, string>> = { user: 'username' };

/** Finds the instances that an app requires, and their credentials. */
@Injectable()
export class LinkResolver {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
  ) {}

  /**
   * The spec of an app with these links instead of its own; without `links`, as it is. Variables of links win over secret
   * ones, because existing clients send those back that they have read.
   * @throws Fault as `resolve`; `request.invalid` for a variable that the app has already
   */
  async link(
    sql: EntityManager,
    { aid, cid, osid }: { readonly aid: string; readonly cid: string; readonly osid: string },
    spec: AppSpec,
    links: AppLinks | undefined,
    secrets: UnsealedSecrets,
  ): Promise<AppSpec> {
    if (links === undefined) return spec;
    const { linkedEnv, requires, links: envs } = await this.#resolve(sql, aid, { cid, osid, links });
    const open = secrets.open(spec.environment);
    const clashes = Object.keys(linkedEnv).filter((name) => Object.hasOwn(open.env, name));
    if (clashes.length > 0) {
      throw invalidInput(
        'request.invalid',
        clashes.map((name) => ({ path: 'requires', message: `the app has a variable ${name} of its own` })),
      );
    }
    const secretEnv = Object.fromEntries(
      Object.entries(open.secretEnv).filter(([name]) => !Object.hasOwn(linkedEnv, name)),
    );
    const environment = this.secrets.sealEnvironment(
      osid,
      secrets,
      { ...open, secretEnv, linkedEnv },
      spec.environment,
    );
    return { ...spec, requires, links: envs, environment };
  }

  /** @throws Fault `request.invalid` if an instance that the spec requires does not exist any more */
  async refuseGone(
    sql: EntityManager,
    { aid, cid }: Pick<InstanceRow, 'aid' | 'cid'>,
    spec: DesiredSpec,
  ): Promise<void> {
    if (spec.kind !== 'app') return;
    const issues: Issue[] = [];
    for (const [alias, osid] of Object.entries(spec.requires).sort(byOsid)) {
      const found = await this.#find(sql, aid, { cid, type: Osid.parse(osid)?.type ?? '', id: osid });
      if (typeof found === 'string') issues.push({ path: `requires.${alias}`, message: found });
    }
    if (issues.length > 0) throw invalidInput('request.invalid', issues);
  }

  /**
   * Locks the instances, so that none is deleted before the commit. `osid`: that of the app.
   * @throws Fault `request.invalid` with every issue: an unknown instance or credential, a variable that is set twice
   */
  async #resolve(
    sql: EntityManager,
    tenant: string,
    { cid, osid, links }: { readonly cid: string; readonly osid: string; readonly links: AppLinks },
  ): Promise<ResolvedLinks> {
    const issues: Issue[] = [];
    const requires: Record<string, string> = {};
    const linkedEnv: Record<string, string> = {};
    // In the order of their ids: two writes that lock the same instances wait for each other, and not in a circle.
    const inOrder = Object.entries(links).sort(([, a], [, b]) => (a.id < b.id ? -1 : 1));
    for (const [alias, { type, id, env = {} }] of inOrder) {
      const path = `requires.${alias}`;
      const found = await this.#find(sql, tenant, { cid, type, id });
      if (typeof found === 'string') issues.push({ path, message: found });
      else if (found.osid === osid) issues.push({ path, message: 'an app cannot require itself' });
      else {
        requires[alias] = found.osid;
        const credentials = this.#credentialsOf(found);
        for (const [name, variable] of Object.entries(env)) {
          const value = credentials[otherNames[name] ?? name];
          const at = `${path}.env.${name}`;
          if (value === undefined) {
            const known = Object.keys(credentials).join(', ');
            issues.push({ path: at, message: `${found.osid} has no credential "${name}"; it has ${known}` });
          } else if (Object.hasOwn(linkedEnv, variable)) {
            issues.push({ path: at, message: `the variable ${variable} is set by two links` });
          } else linkedEnv[variable] = value;
        }
      }
    }
    if (issues.length > 0) throw invalidInput('request.invalid', issues);
    return {
      linkedEnv,
      requires,
      links: Object.fromEntries(Object.entries(links).map(([alias, { env = {} }]) => [alias, env])),
    };
  }

  /** The locked instance, or the reason why there is none. */
  async #find(
    sql: EntityManager,
    tenant: string,
    name: { readonly cid: string; readonly type: string; readonly id: string },
  ): Promise<InstanceRow | string> {
    const { cid, type, id } = name;
    if (findInstanceType(type) === undefined) return `there is no type "${type}"`;
    const row = await this.instances.lockIfExists(sql, tenant, name);
    if (row === undefined) return `instance "${id}" of ${type} does not exist in cluster "${cid}"`;
    return row.deleting ? `instance "${id}" of ${type} is being deleted` : row;
  }

  /** How to connect, by the names of the credentials. An app has an address only. */
  #credentialsOf(instance: InstanceRow): Record<string, string> {
    if (instance.type === app.type) return addressOf(instance);
    const shown = storedType(instance.type).credentials.of(instance, this.secrets.unseal(instance).generated);
    return Object.fromEntries(
      Object.entries(shown as object)
        .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
        .map(([name, value]) => [name, String(value)]),
    );
  }
}

function addressOf(instance: InstanceRow): Record<string, string> {
  const host = `${instance.osid}.${instance.osid}.svc`;
  const [first] = acceptedAppSpec(instance).inputs.servicePortMappings;
  return first === undefined ? { host } : { host, port: String(first.port), url: `http://${host}:${first.port}` };
}

/** The links that a request names; undefined: none are named. @throws ZodError unless the catalog has checked them */
export const linksOf = ({ requires }: ServiceFields): AppLinks | undefined =>
  requires === undefined ? undefined : AppLinks.parse(requires);
