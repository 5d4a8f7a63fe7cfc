import { Injectable } from '@nestjs/common';
import { systemRandom } from '@runos/kernel';
import { Osid, type OsidParts, type TypeName } from '@runos/osid';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** The ids that accounts have used, also those of deleted instances. */
@Injectable()
export class MintedIdRepository {
  /** Mints an OSID whose id was never used in this account; no later OSID reuses it. */
  async mintOsid(sql: EntityManager, aid: string, type: TypeName): Promise<OsidParts> {
    for (;;) {
      const parts = Osid.mint(type, systemRandom);
      const minted = await runSql(
        sql,
        'INSERT INTO minted_id (aid, id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
        [aid, parts.id],
      );
      if (minted.length > 0) return parts;
    }
  }
}
