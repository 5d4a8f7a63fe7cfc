import { Controller } from '@nestjs/common';
import { type AgentConnection, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { RecordConnection } from './record-connection.js';

/** Receives the connection changes of agents from the agent gateway. */
@Controller()
export class ConnectionsController {
  constructor(private readonly connections: RecordConnection) {}

  @Respond(reconciler.reportAgentConnection)
  async report(report: AgentConnection, { tenant }: CallContext<'tenant'>) {
    await this.connections.run(report, tenant);
    return {};
  }
}
