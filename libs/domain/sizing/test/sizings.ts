import { type ServiceSizing, sizeNumbers as numbers } from '../src/service-sizing.js';
import { sizeIds } from '../src/class-id.js';

/** Sizes of services with and without storage, in one and in several tiers. */
export const sizings = {
  app: {
    service: 'app',
    sizes: {
      beff: numbers([0, 1000], [0, 2048]),
      small: numbers([250, 500], [256, 512]),
      medium: numbers([500, 1000], [1024, 2048]),
      large: numbers([1000, 2000], [2048, 4096]),
    },
    tiers: { sl1: sizeIds, sl2: sizeIds, sl3: sizeIds },
    storageChange: 'fixed',
    defaultTier: 'sl1',
  },
  postgresql: {
    service: 'postgresql',
    sizes: {
      beff: numbers([0, 1000], [0, 2048], 10_240),
      small: numbers([500, 1000], [1024, 2048], 20_480),
      medium: numbers([1000, 2000], [4096, 8192], 51_200),
      large: numbers([4000, 8000], [16_384, 32_768], 204_800),
    },
    tiers: { c0: sizeIds, c1: sizeIds, c2: sizeIds, c3: sizeIds, c4: sizeIds },
    storageChange: 'grows',
    defaultTier: 'c0',
  },
  valkey: {
    service: 'valkey',
    sizes: {
      beff: numbers([0, 500], [0, 512], 1024),
      small: numbers([250, 500], [512, 1024], 2048),
      medium: numbers([500, 1000], [2048, 4096], 8192),
      large: numbers([1000, 2000], [8192, 16_384], 32_768),
    },
    tiers: { c0: sizeIds, c1: sizeIds },
    storageChange: 'fixed',
    defaultTier: 'c0',
  },
  vllm: {
    service: 'vllm',
    sizes: {
      beff: numbers([0, 4000], [0, 16_384], 20_480),
      small: numbers([2000, 4000], [8192, 16_384], 51_200),
      medium: numbers([4000, 8000], [16_384, 32_768], 102_400),
      large: numbers([8000, 16_000], [32_768, 65_536], 204_800),
    },
    tiers: { c0: sizeIds, c1: sizeIds, c2: ['medium', 'large'], c4: ['large'] },
    storageChange: 'fixed',
    defaultTier: 'c0',
  },
  traefik: {
    service: 'traefik',
    sizes: {
      beff: numbers([0, 250], [0, 256]),
      small: numbers([100, 500], [128, 256]),
      medium: numbers([250, 1000], [256, 512]),
      large: numbers([500, 2000], [512, 1024]),
    },
    tiers: { c0: sizeIds },
    storageChange: 'fixed',
    defaultTier: 'c0',
  },
  'cert-manager': {
    service: 'cert-manager',
    sizes: { beff: numbers([0, 250], [0, 256]), small: numbers([50, 250], [128, 256]) },
    tiers: { c0: ['beff', 'small'] },
    storageChange: 'fixed',
    defaultTier: 'c0',
  },
} as const satisfies Record<string, ServiceSizing>;
