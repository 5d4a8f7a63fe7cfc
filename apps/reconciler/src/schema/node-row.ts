/** A row of `node` as reads return it, with the deletion of its cluster. */
export class NodeRow {
  readonly aid!: string;
  readonly nid!: string;
  readonly name!: string;
  readonly os!: string;
  readonly ready!: boolean;
  readonly was_ready!: boolean;
  readonly version!: string | null;
  readonly last_heartbeat_at!: Date | null;
  readonly certificate_expires_at!: Date | null;
  /** Its cluster is being deleted. */
  readonly deleting!: boolean;
}
