import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The lineage of a config set: what stays the same in all its versions, and which version is the current one. */
@Entity('config_set')
export class ConfigSetRow {
  @PrimaryColumn({ type: 'uuid' }) setId: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) type: string;
  @Column({ type: 'int' }) latest: number;
}
