import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { ContainerRuntime } from '../domain/runtime/container-runtime.js';
import { RuntimeChoice } from '../domain/runtime/runtime-choice.js';
import { Telemetry } from '../domain/telemetry/telemetry.js';
import { chooseRuntime } from './choose-runtime.js';
import { measured } from './measured-runtime.js';
import type { RuntimeOptions } from './runtime-options.js';

export interface RuntimeModuleOptions
  extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider<RuntimeOptions>, 'inject' | 'useFactory'> {}

const OPTIONS = Symbol('RuntimeOptions');

/** Where agents run. Gives everybody the ContainerRuntime that is configured, and RuntimeChoice, which says why. */
@Module({})
export class RuntimeModule {
  static forRootAsync({ imports = [], inject = [], useFactory }: RuntimeModuleOptions): DynamicModule {
    return {
      module: RuntimeModule,
      global: true,
      imports,
      providers: [
        { provide: OPTIONS, inject, useFactory },
        {
          provide: RuntimeChoice,
          inject: [OPTIONS, { token: Telemetry, optional: true }],
          useFactory: async (options: RuntimeOptions, telemetry?: Telemetry): Promise<RuntimeChoice> => {
            const choice = await chooseRuntime(options);
            const { runtime, reason } = choice;
            return telemetry === undefined ? choice : { runtime: measured(runtime, telemetry), reason };
          },
        },
        { provide: ContainerRuntime, inject: [RuntimeChoice], useFactory: ({ runtime }: RuntimeChoice) => runtime },
      ],
      exports: [RuntimeChoice, ContainerRuntime],
    };
  }
}
