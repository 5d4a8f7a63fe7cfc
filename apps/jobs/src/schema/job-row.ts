import type { Job, WorkItem } from '@runos/api';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A job as last received from the reconciler. The columns beside `job` are the filters of lists. */
@Entity('job')
export class JobRow {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'text', nullable: true }) cid: string | null;
  @Column({ type: 'text', nullable: true }) osid: string | null;
  @Column({ type: 'text' }) type: string;
  @Column({ type: 'text' }) status: string;
  @Column({ type: 'bigint' }) seq: string;
  @Column({ type: 'jsonb' }) job: Job;
  @Column({ type: 'jsonb' }) workItems: WorkItem[];
}
