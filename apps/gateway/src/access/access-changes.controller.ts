import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Subscribe } from '@runos/messaging';
import { type AccessChange, Principals } from './principals.js';

/** Hears of revoked tokens and changed memberships. */
@Controller()
export class AccessChangesController {
  constructor(private readonly principals: Principals) {}

  @Subscribe(identity.accessChanged)
  accessChanged(change: AccessChange): void {
    this.principals.changed(change);
  }
}
