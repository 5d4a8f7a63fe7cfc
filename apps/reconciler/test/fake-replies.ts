import {
  APPLY_ADDON,
  APPLY_NODE_TAGS,
  type Bundle,
  DELETE_ADDON,
  DIFF_BUNDLE,
  HOLD_DELETION,
} from '@runos/agent-protocol';
import type { z } from 'zod';

type AddonReply = z.output<typeof APPLY_ADDON.reply>;
type TagInput = z.output<typeof APPLY_NODE_TAGS.input>;

/** The replies of a cluster agent to the instructions that change no bundle, and what it has received of them. */
export class FakeReplies {
  readonly addonInstructions: string[] = [];
  /** The tags that it has received, newest last. */
  readonly tagInstructions: TagInput['nodes'][] = [];
  /** Its replies to APPLY_ADDON and DELETE_ADDON. */
  onAddon: (type: string, body: unknown) => AddonReply = () => ({ accepted: true, done: true });
  /** Its reply to APPLY_NODE_TAGS. */
  onTags: (input: TagInput) => z.input<typeof APPLY_NODE_TAGS.reply> = ({ nodes }) => ({
    nodes: nodes.map(({ machineId }) => ({ machineId, problem: null })),
  });
  /** Its reply to DIFF_BUNDLE. */
  onDiff: (bundle: Bundle) => z.input<typeof DIFF_BUNDLE.reply> = () => ({ objects: [] });
  /** Its reply to HOLD_DELETION. */
  onHold: () => { held: boolean; reason?: string } = () => ({ held: false, reason: 'It is deleted already.' });

  /** Undefined for an instruction about a stored bundle. */
  protected replyTo(type: string, body: unknown): object | undefined {
    switch (type) {
      case APPLY_ADDON.type:
      case DELETE_ADDON.type: {
        const { name } = body as { name: string };
        this.addonInstructions.push(`${type} ${name}`);
        return this.onAddon(type, body);
      }
      case APPLY_NODE_TAGS.type: {
        const input = APPLY_NODE_TAGS.input.parse(body);
        this.tagInstructions.push(input.nodes);
        return this.onTags(input);
      }
      case DIFF_BUNDLE.type:
        return this.onDiff(DIFF_BUNDLE.input.parse(body));
      case HOLD_DELETION.type:
        return this.onHold();
      default:
        return undefined;
    }
  }
}
