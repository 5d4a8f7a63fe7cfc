import { Controller } from '@nestjs/common';
import {
  listAppDependencies,
  listAppDependents,
  listServiceDependencies,
  listServiceDependents,
  type OperationInput,
  showLinks,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { VersionedBody } from '../operation/versioned-body.js';
import { oneOf } from '../services/instance-request.js';

/** Which instances require which. */
@Controller()
export class LinksController {
  constructor(private readonly bus: Bus) {}

  @Operation(showLinks)
  show({ params: { cid, id } }: OperationInput<typeof showLinks>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.showLinks, { cid, id }, account));
  }

  @Operation(listAppDependencies)
  listAppDependencies({ params }: OperationInput<typeof listAppDependencies>, { account }: CallContext) {
    return this.bus.request(reconciler.listDependencies, oneOf(params), account);
  }

  @Operation(listAppDependents)
  listAppDependents({ params }: OperationInput<typeof listAppDependents>, { account }: CallContext) {
    return this.bus.request(reconciler.listDependents, oneOf(params), account);
  }

  @Operation(listServiceDependencies)
  listServiceDependencies({ params }: OperationInput<typeof listServiceDependencies>, { account }: CallContext) {
    return this.bus.request(reconciler.listDependencies, oneOf(params), account);
  }

  @Operation(listServiceDependents)
  listServiceDependents({ params }: OperationInput<typeof listServiceDependents>, { account }: CallContext) {
    return this.bus.request(reconciler.listDependents, oneOf(params), account);
  }
}
