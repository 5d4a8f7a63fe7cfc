import { z } from 'zod';
import { text } from './field.js';
import { report } from './message.js';

const pemBase64 = text(64 * 1024).default('');

/** Requests the stored wildcard certificate of the cluster's domain. With `found: false` the cluster orders its own. */
export const GetCachedCert = report({
  type: 'GetCachedCert',
  body: z.object({ domain: text(253) }),
  reply: z.object({
    success: z.boolean(),
    found: z.boolean(),
    pending: z.boolean(),
    error_code: text(64).optional(),
    message: text(1024).optional(),
    tlsCert: pemBase64,
    tlsKey: pemBase64,
    caCert: pemBase64,
  }),
  deadlineMs: 30_000,
});

export const StoreCert = report({
  type: 'StoreCert',
  body: z.object({ domain: text(253), tlsCert: pemBase64, tlsKey: pemBase64, caCert: pemBase64 }),
  reply: z.object({ success: z.boolean(), message: text(1024).optional() }),
  deadlineMs: 30_000,
});

/** The TXT value to publish at `_acme-challenge.<cluster domain>`. */
export const Dns01ToServer = report({
  type: 'Dns01ToServer',
  body: z.object({ key: text(512) }),
  reply: null,
  deadlineMs: 0,
});
