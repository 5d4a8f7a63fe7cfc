import { Controller, Get, Module, NotFoundException, Param, Query } from '@nestjs/common';
import { Access } from '@runos/messaging';
import { Pool } from 'pg';

/** As many connections as a service of the plane. */
const connections = 10;

/** Shows and lists instances like the fastest possible service with the same queries. */
@Access('who measures')
@Controller()
class BareController {
  readonly #pool = new Pool({ connectionString: process.env['BENCH_DATABASE_URL'], max: connections });

  @Get('/:aid/:cid/services/:type/:id')
  async show(@Param() { aid, cid, type, id }: Record<string, string>) {
    const { rows } = await this.#pool.query(
      `SELECT i.id, i.aid, i.cluster_id, i.iid, i.type, i.osid, i.name, i.generation, i.revision, i.deleting,
         i.changed_by, i.created_at, i.updated_at, i.state, i.reason, i.message, i.conditions, i.observed_generation,
         i.ready_replicas, i.objects, i.secrets_sealed, r.spec, r.digest, r.trace, r.generation AS bundle_generation,
         c.cid, c.root, c.connected, c.session_no, c.ready, c.was_ready, c.deletion_requested_at, c.foreign_uid,
         c.last_heartbeat_at, c.local_storage_class, c.distributed_storage_class, clock_timestamp() AS now
       FROM instance i JOIN cluster c ON c.id = i.cluster_id
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE i.aid = $1 AND c.cid = $2 AND i.type = $3 AND i.iid = $4`,
      [aid, cid, type, id],
    );
    const [row] = rows as Record<string, unknown>[];
    if (row === undefined) throw new NotFoundException();
    const { objects: _objects, secrets_sealed: _sealed, ...shown } = row;
    return shown;
  }

  @Get('/:aid/:cid/services')
  async list(@Param() { aid, cid }: Record<string, string>, @Query('limit') limit: string) {
    const { rows } = await this.#pool.query(
      `SELECT i.id, i.iid, i.osid, i.type, i.name, i.state, i.created_at, c.ready,
         r.spec->'sizing'->>'resourceRequirementClassId' AS class_id
       FROM instance i JOIN cluster c ON c.id = i.cluster_id
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE i.aid = $1 AND i.cluster_id = (SELECT id FROM cluster WHERE aid = $1 AND cid = $2) AND i.id > $3
       ORDER BY i.id LIMIT $4`,
      [aid, cid, 0, Number(limit) + 1],
    );
    return { services: rows.slice(0, Number(limit)) };
  }
}

@Module({ controllers: [BareController] })
export class BareModule {}
