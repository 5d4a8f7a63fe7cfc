import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The lineage of a config set: the fields that all its versions share, and its current version. */
@Entity('config_set')
export class ConfigSetRow {
  @PrimaryColumn({ type: 'uuid' }) setId: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) type: string;
  @Column({ type: 'int' }) latestVersion: number;
}
