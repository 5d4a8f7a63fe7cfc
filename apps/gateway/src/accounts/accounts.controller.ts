import { Controller } from '@nestjs/common';
import { listAccounts, listModules, type OperationInput, showProfile, showSystemSetting } from '@runos/api';
import { identity } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus, InjectConfig } from '@runos/messaging';
import type { GatewayConfig } from '../config.js';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class AccountsController {
  readonly #settings: ReadonlyMap<string, string | undefined>;

  constructor(
    private readonly bus: Bus,
    @InjectConfig() { cliVersion }: GatewayConfig,
  ) {
    this.#settings = new Map([['CLI_VERSION', cliVersion]]);
  }

  @Operation(listAccounts)
  list(_: OperationInput<typeof listAccounts>, { principal: { userId, memberships } }: CallContext) {
    return this.bus.request(identity.listMemberships, { userId, aids: memberships.map(({ aid }) => aid) });
  }

  @Operation(showProfile)
  async profile({ params: { aid } }: OperationInput<typeof showProfile>, { principal: { userId } }: CallContext) {
    const { accounts } = await this.bus.request(identity.listMemberships, { userId, aids: [aid] });
    const found = accounts.find((account) => account.aid === aid);
    if (found === undefined) throw new Fault('account.not_found', `Account '${aid}' not found.`);
    const { name, companyName, accountRole } = found;
    return { aid, name, companyName, accountRole };
  }

  @Operation(listModules)
  modules() {
    return { modules: [] };
  }

  @Operation(showSystemSetting)
  systemSetting({ query: { key } }: OperationInput<typeof showSystemSetting>) {
    const value = this.#settings.get(key);
    if (value === undefined) {
      throw new Fault('setting.not_found', `The control plane has no setting "${key}". Clients work without it.`);
    }
    return { key, value, scope: 'system' as const };
  }
}
