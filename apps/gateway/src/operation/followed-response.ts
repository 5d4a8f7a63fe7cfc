import type { FollowedMediaType } from '@runos/api';
import type { Readable } from 'node:stream';

/** A response that goes on until its source ends or the client disconnects. */
export class FollowedResponse {
  constructor(
    readonly source: Readable,
    readonly mediaType: FollowedMediaType,
  ) {}
}
