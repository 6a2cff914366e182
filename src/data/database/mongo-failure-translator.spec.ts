import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { MongoFailureTranslator } from './mongo-failure-translator.js';

describe('MongoFailureTranslator', () => {
  const sut = new MongoFailureTranslator();
  const server = (code: number): mongo.MongoServerError => new mongo.MongoServerError({ message: 'x', code });

  it.each([
    ['a broken connection', new mongo.MongoNetworkError('connection closed')],
    ['a time-out of the network', new mongo.MongoNetworkTimeoutError('timed out')],
    ['a client that is closed', new mongo.MongoNotConnectedError('not connected')],
    ['a server that shuts down', server(91)],
    ['a server that is no primary any more', server(10107)],
    ['a server that ran out of time', server(50)],
  ])('tells %s as DATABASE_UNAVAILABLE, with the cause for the log', (_, error) => {
    expect(sut.translate(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: error });
  });

  it.each([
    ['a unique index', server(11000)],
    ['a validation', server(121)],
    ['another error', new TypeError('x')],
    ['no error', null],
  ])('has nothing to say about %s', (_, error) => {
    expect(sut.translate(error)).toBeNull();
  });
});
