import { Schema } from 'mongoose';

export const INSTALLATIONS = 'installations';

/** The only document of its collection: its _id is a constant, so that a second one cannot be made. */
export interface InstallationRecord {
  _id: 'this';
  installationId: string;
  createdAt: Date;
}

export const InstallationSchema = new Schema<InstallationRecord>(
  {
    _id: { type: String, required: true },
    installationId: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: INSTALLATIONS, minimize: false, versionKey: false, strict: true },
);
