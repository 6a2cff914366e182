import { Global, Module } from '@nestjs/common';
import { Signer } from '../../domain/events/signer.js';
import { Configuration } from '../config/configuration.js';
import { KeyFileSigner } from './key-file-signer.js';
import { signingKey } from './signing-key-file.js';

/** Gives the event log its Signer. */
@Global()
@Module({
  providers: [
    {
      provide: Signer,
      inject: [Configuration],
      useFactory: async ({ signingKeyFile }: Configuration): Promise<Signer> =>
        new KeyFileSigner(await signingKey(signingKeyFile)),
    },
  ],
  exports: [Signer],
})
export class CryptoModule {}
