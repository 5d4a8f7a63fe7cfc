import { Injectable } from '@nestjs/common';
import { agentGateway, type Credential, identity } from '@runos/contracts';
import { Fault, faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';

/**
 * The tokens of identity that create registration tokens. A registration token is of use only while its creator is, so
 * that a stolen personal access token leaves nothing behind that registers agents.
 */
@Injectable()
export class TokenCreators {
  constructor(private readonly bus: Bus) {}

  /** How long the creator is valid, ms. @throws Fault `auth.invalid`, `auth.session_expired`, `auth.forbidden`, `unavailable` */
  async validForMs(aid: string, credential: Credential): Promise<number> {
    const { role, validForMs } = await this.bus.request(identity.checkCredential, credential, { tenant: aid });
    if (agentGateway.mayCreateRegistrationTokens(role)) return validForMs;
    throw new Fault('auth.forbidden', `The role ${role} does not allow the creation of registration tokens.`);
  }

  /** Why the creator's tokens are invalid now; undefined while they are valid. @throws Fault `unavailable` */
  async refusal(aid: string, credential: Credential): Promise<string | undefined> {
    try {
      await this.validForMs(aid, credential);
      return undefined;
    } catch (error) {
      const fault = faultOf(error);
      if (fault?.code.startsWith('auth.') !== true) throw error;
      return `the ${credential.kind === 'pat' ? 'API key' : 'session'} that created it is not valid: ${fault.message}`;
    }
  }
}
