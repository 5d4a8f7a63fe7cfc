import { documentation } from '@runos/catalog-model';
import { z } from 'zod';

/** How an app gets its image; `image`: the request names it. Existing clients also know `cli` and `vcs`, which build it. */
export const DeployType = z
  .enum(['image'], {
    error: 'must be image: RunOS runs images that are built elsewhere. Build and push it, and give image',
  })
  .register(documentation, {
    description: 'How the app gets its image; `image`: the request names it. Default: `image`.',
    default: 'image',
  });
