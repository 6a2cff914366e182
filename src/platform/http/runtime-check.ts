import { Injectable } from '@nestjs/common';
import { ReadinessCheck } from '../../domain/health/readiness-check.js';
import type { ContainerRuntime, RuntimeInfo } from '../../domain/runtime/container-runtime.js';
import { RuntimeChoice } from '../../domain/runtime/runtime-choice.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';

const ASK_MS = 3_000;

/** The container runtime answers. */
@Injectable()
export class RuntimeCheck extends ReadinessCheck {
  readonly name = 'runtime';

  /** Anybody may ask whether Muster is ready; the engine is asked once at a time. */
  private asked: Promise<RuntimeInfo> | null = null;

  constructor(private readonly choice: RuntimeChoice) {
    super();
  }

  async check(): Promise<string> {
    const { runtime } = this.choice;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RuntimeError('timeout', `The ${runtime.name} runtime did not answer within ${ASK_MS} ms.`));
      }, ASK_MS);
    });
    try {
      const { name, version } = await Promise.race([this.ask(runtime), tooLate]);
      return `${runtime.name} (${name} ${version})`;
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask(runtime: ContainerRuntime): Promise<RuntimeInfo> {
    this.asked ??= runtime.info().finally(() => {
      this.asked = null;
    });
    return this.asked;
  }
}
