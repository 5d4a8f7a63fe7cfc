import { Controller } from '@nestjs/common';
import {
  type OperationInput,
  showCatalog,
  showCatalogVersion,
  showToolsets,
  showWholeCatalog,
  showWholeCatalogVersion,
  toolsets,
} from '@runos/api';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { roleCatalog } from './role-catalogs.js';

/** The role that may call every command. */
const strongest = 'owner';

@Controller()
export class CommandsController {
  @Operation(showCatalogVersion)
  version(_: OperationInput<typeof showCatalogVersion>, { role }: CallContext) {
    return { version: roleCatalog(role).version };
  }

  @Operation(showCatalog)
  catalog(_: OperationInput<typeof showCatalog>, { role }: CallContext) {
    return roleCatalog(role);
  }

  @Operation(showWholeCatalogVersion)
  wholeVersion() {
    return { version: roleCatalog(strongest).version };
  }

  @Operation(showWholeCatalog)
  wholeCatalog() {
    return roleCatalog(strongest);
  }

  @Operation(showToolsets)
  toolsets() {
    return toolsets;
  }
}
