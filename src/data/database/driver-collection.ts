import type { Model, mongo } from 'mongoose';

/**
 * The driver's view of a model's collection: records go in and come out as they are. Mongoose would cast each of them
 * by its schema first, which the mappers make needless. Commands still wait until the connection stands.
 */
export const driverCollection = <R extends object>(model: Model<R>): mongo.Collection<R> =>
  model.db.collection<R>(model.collection.collectionName);
