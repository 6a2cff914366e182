import { Injectable } from '@nestjs/common';
import type { RunType } from '../../../domain/runs/run.js';
import { ExecRuns } from './exec-runs.js';
import { PromptRuns } from './prompt-runs.js';
import type { RunKind } from './run-kind.js';

/** The kind of run that each type is. */
@Injectable()
export class RunKinds {
  private readonly kinds: { readonly [T in RunType]: RunKind<T> };

  constructor(prompt: PromptRuns, exec: ExecRuns) {
    this.kinds = { prompt, exec };
  }

  of<T extends RunType>(type: T): RunKind<T> {
    return this.kinds[type];
  }
}
