import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DependentRepository, type LinkTo } from '../instances/dependent-repository.js';
import { acceptedSpec, type AppSpec, type DesiredSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { addressOf } from './app-address.js';

/** The credentials of an app that change with its first port. */
const portCredentials = ['port', 'url'] as const;
/** An answer names this many links at most. */
const maxNamedLinks = 10;

/** What a user should know of a change that reaches the links of other apps. */
@Injectable()
export class LinkRemarks {
  constructor(private readonly dependents: DependentRepository) {}

  /**
   * A warning for each link to the port of a locked app that `spec` removes or replaces. Also one for each secret variable
   * that a link of `spec` hides.
   */
  async of(sql: EntityManager, instance: InstanceRow, spec: DesiredSpec): Promise<string[]> {
    const before = acceptedSpec(instance);
    if (spec.kind !== 'app' || before.kind !== 'app') return [];
    return [...(await this.#ofPort(sql, instance, before, spec)), ...hiddenVariables(before, spec)];
  }

  async #ofPort(sql: EntityManager, { osid, id }: InstanceRow, before: AppSpec, spec: AppSpec): Promise<string[]> {
    const [old, next] = [addressOf(osid, before).port, addressOf(osid, spec).port];
    if (old === undefined || old === next) return [];
    const links = (await this.dependents.linksTo(sql, id)).flatMap((link) => {
      const variables = portCredentials.flatMap((name) => link.env[name] ?? []);
      return variables.length === 0 ? [] : [warningOf(link, { osid, old, next, variables })];
    });
    const more = links.length - maxNamedLinks;
    return [
      ...links.slice(0, maxNamedLinks),
      ...(more > 0 ? [`${more} more links use port ${old} of ${osid}, and change in the same way.`] : []),
    ];
  }
}

interface PortChange {
  readonly osid: string;
  readonly old: string;
  /** Undefined: the app has no port any more. */
  readonly next: string | undefined;
  /** The variables that the link sets by the port. */
  readonly variables: readonly string[];
}

function warningOf({ osid: app, alias }: LinkTo, { osid, old, next, variables }: PortChange): string {
  const named = variables.join(', ');
  const uses = `The link "${alias}" of ${app} uses port ${old} of ${osid}`;
  return next === undefined
    ? `${uses}, which has no port any more. These variables stay as they are: ${named}. Map a port, or change the link.`
    : `${uses}. These variables change to port ${next}, and the pods of ${app} are replaced: ${named}.`;
}

/** A warning for each secret variable that a link of `spec` hides, and that no link has hidden before. */
function hiddenVariables(before: AppSpec, spec: AppSpec): string[] {
  const known = hiddenIn(before);
  return hiddenIn(spec)
    .filter((name) => !known.includes(name))
    .map(
      (name) => `${settingLink(spec, name)}, so that its secret variable ${name} has no effect while the link exists.`,
    );
}

/** A warning for each value in a request that has no effect, because a link sets the variable to another one. */
export const ignoredVariables = (
  spec: AppSpec,
  linkedEnv: Readonly<Record<string, string>>,
  sent: Readonly<Record<string, string>> = {},
): string[] =>
  Object.entries(sent)
    .filter(([name, value]) => Object.hasOwn(linkedEnv, name) && linkedEnv[name] !== value)
    .map(([name]) => `${settingLink(spec, name)}, so that its value in the request is ignored.`);

const hiddenIn = ({ environment: { secretEnv, linkedEnv } }: AppSpec): string[] =>
  Object.keys(secretEnv).filter((name) => Object.hasOwn(linkedEnv, name));

function settingLink({ links }: AppSpec, name: string): string {
  const [alias] = Object.entries(links).find(([, env]) => Object.values(env).includes(name)) ?? [];
  return alias === undefined ? `A link sets ${name}` : `The link "${alias}" sets ${name}`;
}
