import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoClient, MongoServerError } from 'mongodb';
import { InvalidOptionsError, create } from '../src/index.js';
import { RunningServer } from './support/running-server.js';

describe('authentication', () => {
  let running: RunningServer;

  beforeAll(async () => {
    running = await RunningServer.start({ username: 'some=one,', password: 'pa:ss@w/ord%' });
  });
  afterAll(async () => running.dispose());

  const attempt = async (uri: string): Promise<unknown> => {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
    try {
      return await client.db('x').collection('x').countDocuments();
    } catch (error) {
      return error;
    } finally {
      await client.close();
    }
  };
  const plain = (): string => `mongodb://127.0.0.1:${String(running.server.port)}/?directConnection=true`;

  it('lets in who has the password', async () => {
    expect(await attempt(running.server.uri)).toBe(0);
  });

  it('finds the mechanism out with drivers that ask for it', async () => {
    const credentials = new URL(running.server.uri);
    expect(
      await attempt(
        `mongodb://${credentials.username}:${credentials.password}@127.0.0.1:${String(running.server.port)}/?directConnection=true`,
      ),
    ).toBe(0);
  });

  it('refuses a wrong password, a wrong user and no user at all', async () => {
    const wrong = { code: 18, codeName: 'AuthenticationFailed' };
    expect(await attempt(running.server.uri.replace('pa%3Ass', 'pass'))).toMatchObject(wrong);
    expect(await attempt(running.server.uri.replace('some%3Done', 'someone'))).toMatchObject(wrong);
    const error = await attempt(plain());
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject({ code: 13, codeName: 'Unauthorized' });
  });

  it('answers only handshake commands before the password is proved', async () => {
    const client = new MongoClient(plain());
    try {
      expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
      await expect(client.db('admin').command({ listDatabases: 1 })).rejects.toMatchObject({ code: 13 });
      await expect(client.db('admin').command({ serverStatus: 1 })).rejects.toMatchObject({ code: 13 });
    } finally {
      await client.close();
    }
  });

  it('keeps the data folder to its owner', async () => {
    expect((await stat(running.dataDir)).mode & 0o777).toBe(0o700);
  });

  it('makes a password where none is given, and keeps it', async () => {
    const other = await RunningServer.start();
    try {
      expect((await stat(join(other.dataDir, 'password'))).mode & 0o777).toBe(0o600);
      const { password } = new URL(other.server.uri);
      expect(password.length).toBeGreaterThanOrEqual(32);
      await other.server.stop();
      await other.restart();
      expect(new URL(other.server.uri).password).toBe(password);
    } finally {
      await other.dispose();
    }
  });

  it('refuses passwords that would have to be normalised', async () => {
    await expect(create({ dataDir: running.dataDir, password: 'pässword' })).rejects.toThrow(InvalidOptionsError);
  });
});
