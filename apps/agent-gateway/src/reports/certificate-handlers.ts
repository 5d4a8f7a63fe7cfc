import type { Logger } from '@runos/observability';
import type { ReportHandlers } from './report-handler.js';

type Handled = 'GetCachedCert' | 'StoreCert' | 'Dns01ToServer';

/** The plane keeps no private key of a cluster and publishes no DNS records: clusters get their own certificates. */
export function certificateHandlers(logger: Logger): Pick<ReportHandlers, Handled> {
  const nothing = { tlsCert: '', tlsKey: '', caCert: '' };
  return {
    GetCachedCert: {
      from: ['cluster-agent'],
      handle: async () => ({ success: true, found: false, pending: false, ...nothing }),
    },
    StoreCert: {
      from: ['cluster-agent'],
      handle: async () => ({ success: false, message: 'certificates of clusters are not kept here' }),
    },
    Dns01ToServer: {
      from: ['cluster-agent'],
      handle: async (agent) => {
        logger.warn(agent.peer.identity, 'a DNS-01 challenge was asked for; this plane publishes no DNS records');
        return undefined;
      },
    },
  };
}
