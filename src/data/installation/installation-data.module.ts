import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { Installations } from '../../domain/installation.js';
import { INSTALLATIONS, InstallationSchema } from './installation.schema.js';
import { MongoInstallations } from './installations.repository.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: INSTALLATIONS, schema: InstallationSchema }])],
  providers: [{ provide: Installations, useClass: MongoInstallations }],
  exports: [Installations],
})
export class InstallationDataModule {}
