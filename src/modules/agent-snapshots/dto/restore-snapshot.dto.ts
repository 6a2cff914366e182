import { IsReason } from '../../../platform/http/is-reason.decorator.js';

/** What goes with a restore: nothing has to. */
export class RestoreSnapshotDto {
  static readonly mayBeMissing = true;

  @IsReason({
    example: 'the rewrite went wrong',
    description: 'Why, in your own words. It stands in the event log for good: no secrets',
  })
  readonly reason?: string;
}
