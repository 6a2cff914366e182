import { Global, Module } from '@nestjs/common';
import { Signer } from '../../domain/events/signer.js';
import { Configuration } from '../config/configuration.js';
import { KeyWrapper } from '../../domain/secrets/key-wrapper.js';
import { KeyFileWrapper } from './key-file-wrapper.js';
import { KeyFileSigner } from './key-file-signer.js';
import { signingKey } from './signing-key-file.js';

/** Gives the event log its Signer, and the secrets their KeyWrapper. */
@Global()
@Module({
  providers: [
    {
      provide: Signer,
      inject: [Configuration],
      useFactory: async ({ signingKeyFile }: Configuration): Promise<Signer> =>
        new KeyFileSigner(await signingKey(signingKeyFile)),
    },
    {
      provide: KeyWrapper,
      inject: [Configuration],
      useFactory: async ({ secretsKeyFile, secretsOldKeyFiles }: Configuration): Promise<KeyWrapper> =>
        KeyFileWrapper.of(secretsKeyFile, secretsOldKeyFiles),
    },
  ],
  exports: [Signer, KeyWrapper],
})
export class CryptoModule {}
