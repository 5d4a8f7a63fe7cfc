import type { Owner } from './account/owner.js';
import { networkPolicyNote } from '@runos/testing-kube';
import type { DevInfo } from './data/dev-file.js';

/** Prints lines for the user; events carry the name of their process. */
export class Terminal {
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** `[name] line` */
  printAbout(name: string): (line: string) => void {
    return (line) => this.print(`[${name}] ${line}`);
  }
}

/** Printed when the plane answers; contains the log-in when the account is new. */
export function describePlane(dev: DevInfo, owner: Owner, data: string): string {
  return [
    '',
    `RunOS answers at ${dev.apiUrl}`,
    `  account       ${dev.aid}`,
    ...(owner.isNew ? [`  log-in        ${owner.email}  password ${owner.password}  (shown this once)`] : []),
    `  agents        register ${dev.agentGateway.register}, stream ${dev.agentGateway.stream}`,
    `  data and logs ${data}`,
    `  for scripts   ${data}/dev.json`,
    ...(dev.cid
      ? [
          `  cluster       ${dev.cid}${dev.nodes ? ` with ${dev.nodes} nodes` : ''}: not connected yet, it is being started`,
        ]
      : []),
    '  Ctrl-C stops everything; the next start goes on where it ended.',
    '',
  ].join('\n');
}

/** Printed when the cluster is connected: three commands to paste. */
export function suggestCommands(dev: DevInfo, kubectl: string): string {
  const authorization = `-H 'authorization: Bearer ${dev.token}'`;
  const services = `${dev.apiUrl}/${dev.aid}/${dev.cid}/services`;
  return [
    '',
    `The cluster ${dev.cid} is connected${dev.nodes ? `, with ${dev.nodes} nodes` : ''}. Try:`,
    `  curl -s -X POST ${services}/postgresql ${authorization} -H 'content-type: application/json' -d '{"name":"orders"}'`,
    `  curl -s ${services} ${authorization}`,
    `  ${kubectl} --kubeconfig ${dev.kubeconfig} get clusters.postgresql.cnpg.io -A`,
    ...(dev.nodes === 'real' ? [networkPolicyNote] : []),
    '',
  ].join('\n');
}
