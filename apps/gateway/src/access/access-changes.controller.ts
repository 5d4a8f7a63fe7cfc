import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Subscribe } from '@runos/messaging';
import { type AccessChange, PrincipalCache } from './principal-cache.js';

/** Invalidates cached principals when a token was revoked or a membership changed. */
@Controller()
export class AccessChangesController {
  constructor(private readonly principals: PrincipalCache) {}

  @Subscribe(identity.accessChanged)
  accessChanged(change: AccessChange): void {
    this.principals.invalidate(change);
  }
}
