import { documentation } from '@runos/catalog-model';
import { z } from 'zod';

/** The domain of the standard hosts, which existing clients choose by its id. Here a cluster has exactly one. */
export const ClusterDomainId = z
  .literal(['', null], {
    error: 'must be empty: the hosts of an app are in the one domain of its cluster. Leave it out',
  })
  .register(documentation, {
    description: 'Empty or null: the hosts are in the domain of the cluster, which is the only one.',
  });
