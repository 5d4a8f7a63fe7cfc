import type { KubeObject } from '@runos/kube-objects';

/** Events arrive at most this many of our writes late. */
const keptWrites = 8;
/** So often in a row a write may meet a newer object. Then it has no precondition, or it would never end. */
const maxStaleWrites = 3;

interface OwnWrite {
  readonly version: number;
  /** Hash of the desired content that was written. */
  readonly content: string | undefined;
  /** The write replaced exactly this version. Undefined: also what came after the last observed one. */
  readonly replaced: number | undefined;
}

/** A repair: what was between these two versions with one of these contents is the same foreign change. */
interface Repair {
  readonly from: number;
  readonly until: number;
  readonly contents: readonly string[];
}

const numberOf = (resourceVersion: string | undefined): number => Number(resourceVersion ?? 0);
const versionOf = ({ metadata }: KubeObject): number => numberOf(metadata.resourceVersion);

/** Our last writes of one object, and the objects of its name that we have deleted. */
export class OwnWrites {
  #writes: readonly OwnWrite[] = [];
  #replaced: number | undefined;
  #stale = 0;
  #deletedUid: string | undefined;
  #repair: Repair | undefined;
  #parts: readonly string[] = [];

  /**
   * A write begins. Returns its precondition: the given resourceVersion, or undefined after too many attempts in which the
   * object was newer.
   */
  begin(resourceVersion?: string): string | undefined {
    const precondition = this.#stale < maxStaleWrites ? resourceVersion : undefined;
    this.#parts = [];
    this.#replaced = precondition === undefined ? undefined : Number(precondition);
    return precondition;
  }

  /** The object was newer than the precondition of the write. */
  recordStale(): void {
    this.#stale += 1;
  }

  record(written: KubeObject, content?: string): void {
    const write = { version: versionOf(written), content, replaced: this.#replaced };
    this.#writes = [...this.#writes, write].slice(-keptWrites);
    this.#replaced = undefined;
    this.#stale = 0;
  }

  /** A write of a repair has left this content, and another one follows: an event may show it in between. */
  recordPart(content: string): void {
    this.#parts = [...this.#parts, content];
  }

  /** Our writes until `after` have repaired `before`, whose content has this hash. */
  recordRepair(before: KubeObject, content: string, after: KubeObject): void {
    this.#repair = { from: versionOf(before), until: versionOf(after), contents: [content, ...this.#parts] };
  }

  /** True if the last repair was of the same change: others have only written the status of the object since then. */
  haveRepaired(state: KubeObject, contentOf: (state: KubeObject) => string): boolean {
    const version = versionOf(state);
    if (this.#repair === undefined || version < this.#repair.from || version >= this.#repair.until) return false;
    return this.#repair.contents.includes(contentOf(state));
  }

  /** We have deleted the object with this uid ourselves, or it was deleted with its namespace. */
  recordDeletion(uid: string | undefined): void {
    this.#deletedUid = uid;
  }

  hasDeleted({ metadata: { uid } }: KubeObject): boolean {
    return uid !== undefined && uid === this.#deletedUid;
  }

  /** True if this state is the result of one of them. */
  includes(state: KubeObject): boolean {
    return this.#writes.some(({ version }) => version === versionOf(state));
  }

  /** True if one of them is newer than this state. */
  areAfter(state: KubeObject): boolean {
    return versionOf(state) < (this.#writes.at(-1)?.version ?? 0);
  }

  /** True if one of them has replaced this state without knowing it. */
  haveReplacedUnseen(state: KubeObject): boolean {
    const next = this.#writes.find(({ version }) => version > versionOf(state));
    return next !== undefined && (next.replaced === undefined || next.replaced < versionOf(state));
  }

  /** Hash of the content of the last write before this state; undefined if it is not known. */
  contentBefore(state: KubeObject): string | undefined {
    return this.#writes.findLast(({ version }) => version <= versionOf(state))?.content;
  }

  /** True if no write is known, as after a restart of the agent. */
  get areUnknown(): boolean {
    return this.#writes.length === 0;
  }
}
