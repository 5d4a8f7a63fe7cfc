import { Injectable } from '@nestjs/common';
import { invalidInput } from '@runos/kernel';
import type { EntityManager } from 'typeorm';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import { NodeRepository } from './node-repository.js';
import { matchesANode, unknownPins } from './node-tag-match.js';

interface Cluster {
  readonly id: number;
  readonly cid: string;
}

const pinsOf = (spec: DesiredSpec): readonly string[] =>
  spec.kind === 'app' ? (spec.inputs.nodeAffinityTags ?? []) : [];

/** Checks the tags of nodes that the spec of an app names. */
@Injectable()
export class NodePins {
  constructor(private readonly nodes: NodeRepository) {}

  /**
   * Returns a warning if no node of the cluster has all tags. Tags that the spec before the write named are not refused.
   * @throws Fault `request.invalid` with every tag that no node has
   */
  async check(sql: EntityManager, cluster: Cluster, spec: DesiredSpec, before?: DesiredSpec): Promise<string[]> {
    const pins = pinsOf(spec);
    if (pins.length === 0) return [];
    const tagged = await this.nodes.tagsOf(sql, cluster.id);
    const named = before === undefined ? [] : pinsOf(before);
    const unknown = [...new Set(unknownPins(tagged, pins))].filter((pin) => !named.includes(pin));
    if (unknown.length > 0) {
      const issueOf = (pin: string) => ({
        path: `nodeAffinityTags[${pins.indexOf(pin)}]`,
        message: `no node of cluster "${cluster.cid}" has the tag ${pin}`,
      });
      throw invalidInput('request.invalid', unknown.map(issueOf));
    }
    if (matchesANode(tagged, pins)) return [];
    return [`No node of cluster "${cluster.cid}" has all of the tags ${pins.join(', ')}. New pods wait until one has.`];
  }
}
