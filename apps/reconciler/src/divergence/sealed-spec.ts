import { Injectable } from '@nestjs/common';
import { maxSealedSpecLength } from '@runos/agent-protocol';
import { AppFields } from '@runos/service-types';
import { AllowedWriters } from '@runos/catalog-model';
import { Sizing } from '@runos/contracts';
import { InjectConfig } from '@runos/messaging';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { ReconcilerConfig } from '../config.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';

/** The revision that a spec belongs to. */
type RevisionName = Pick<InstanceRow, 'aid' | 'cid' | 'osid' | 'revision'>;

/** A larger document is no spec, bytes. Overrides of 1 MiB are stored in base64 and as what they contain. */
const maxSpecBytes = 8 * 1024 * 1024;

const commonFields = {
  rendererVersion: z.int(),
  sizing: Sizing,
  requires: z.record(z.string(), z.string()),
  driftPolicy: z.enum(['repair', 'report']),
  allowedWriters: AllowedWriters.optional(),
  autoRollback: z.boolean().optional(),
  overrides: z
    .strictObject({
      version: z.int(),
      files: z.array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          enabled: z.boolean(),
          data: z.string(),
          documents: z.array(z.record(z.string(), z.unknown())),
        }),
      ),
    })
    .optional(),
  restartedAt: z.string().nullable(),
};

const Spec: z.ZodType<DesiredSpec> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('service'),
    version: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    config: z
      .strictObject({
        setId: z.string().nullable(),
        version: z.string().nullable(),
        values: z.record(z.string(), z.string()),
      })
      .nullable(),
    imageRegistry: z.string().nullable(),
    ...commonFields,
  }),
  z.strictObject({
    kind: z.literal('app'),
    inputs: AppFields,
    environment: z.strictObject({
      env: z.record(z.string(), z.string()),
      secretEnv: z.record(z.string(), z.string()),
      linkedEnv: z.record(z.string(), z.string()),
      secretFiles: z.array(
        z.strictObject({ filename: z.string(), mountPath: z.string(), key: z.string(), digest: z.string() }),
      ),
      digest: z.string(),
      sealed: z.string().nullable(),
    }),
    links: z.record(z.string(), z.record(z.string(), z.string())),
    pullCredentials: z
      .strictObject({ registry: z.string(), username: z.string(), digest: z.string(), sealed: z.string() })
      .optional(),
    ...commonFields,
  }),
]);

/** Specs that agents keep for the plane. They are sealed: an agent can neither read nor make one. */
@Injectable()
export class SealedSpecs {
  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  /** Undefined for a spec that is too long to be sent with its bundle. */
  seal(name: RevisionName, spec: DesiredSpec): string | undefined {
    const packed = gzipSync(JSON.stringify(spec)).toString('base64');
    const sealed = this.config.keyring.seal(packed, contextOf(name));
    return sealed.length > maxSealedSpecLength ? undefined : sealed;
  }

  /** Undefined unless this plane has sealed it for this revision of this instance, and this build can read it. */
  unseal(name: RevisionName, sealed: string): DesiredSpec | undefined {
    try {
      const packed = Buffer.from(this.config.keyring.unseal(sealed, contextOf(name)), 'base64');
      const text = gunzipSync(packed, { maxOutputLength: maxSpecBytes }).toString('utf8');
      return Spec.parse(JSON.parse(text));
    } catch {
      return undefined; // of another instance or revision, of a key that was removed, or of a newer build
    }
  }
}

const contextOf = ({ aid, cid, osid, revision }: RevisionName): string => `spec/${aid}/${cid}/${osid}/${revision}`;
