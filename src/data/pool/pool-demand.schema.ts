import { Schema } from 'mongoose';

export const POOL_DEMAND_MODEL = 'PoolDemand';
export const POOL_LEAD_MODEL = 'PoolLead';

/** A document of `pool_demands`; its id is the specification's digest. */
export interface PoolDemandRecord {
  _id: string;
  /** JSON text: what it holds may have names that a document's fields may not have. */
  spec: string;
  lastUsedAt: Date;
  uses: Date[];
}

/** The only document of `pool_leads`: who fills the pool just now. */
export interface PoolLeadRecord {
  _id: 'filler';
  owner: string;
  until: Date;
}

export const poolDemandSchema = new Schema<PoolDemandRecord>(
  {
    _id: { type: String, required: true },
    spec: { type: String, required: true },
    lastUsedAt: { type: Date, required: true },
    uses: { type: [Date], required: true },
  },
  { collection: 'pool_demands', minimize: false, versionKey: false, strict: true },
);

export const poolLeadSchema = new Schema<PoolLeadRecord>(
  {
    _id: { type: String, required: true },
    owner: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { collection: 'pool_leads', minimize: false, versionKey: false, strict: true },
);
