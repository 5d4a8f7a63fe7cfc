/** A result whose generation is in the ETag alone, because existing clients compare its body as a whole. */
export class VersionedBody<Body> {
  constructor(
    readonly body: Body,
    readonly generation: number,
  ) {}

  /** As a service replies it. */
  static async of<Body>(
    reply: Promise<{ readonly body: Body; readonly generation: number }>,
  ): Promise<VersionedBody<Body>> {
    const { body, generation } = await reply;
    return new VersionedBody(body, generation);
  }
}
