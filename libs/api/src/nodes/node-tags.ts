import { documentation } from '@runos/catalog-model';
import { maxNodeTags, NodeTag } from '@runos/service-types';
import { z } from 'zod';

const keyOf = (tag: string): string | undefined => tag.split(':', 1)[0];

/** The tags of a node. Each key has one value, because a tag is a label of the Kubernetes node. */
export const NodeTags = z
  .array(NodeTag)
  .max(maxNodeTags)
  .refine((tags) => new Set(tags.map(keyOf)).size === tags.length, 'names a key twice')
  .register(documentation, { description: 'All tags of the node, each `key` or `key:value`.' });
