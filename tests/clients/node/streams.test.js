// node-postgres: cursors, streams of rows, COPY, and subscriptions by each of them.
'use strict';

const assert = require('node:assert/strict');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { test } = require('node:test');
const { from: copyFrom, to: copyTo } = require('pg-copy-streams');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { newName, rows, withClient } = require('./server.js');

const NINE = 'SELECT a.id + 3 * (b.id - 1) AS n FROM shop.customer a, shop.customer b ORDER BY n';

test('a cursor gives portions', () =>
  withClient(async (client) => {
    const cursor = client.query(new Cursor(NINE, [], { rowMode: 'array' }));
    assert.deepEqual(await cursor.read(4), [['1'], ['2'], ['3'], ['4']]);
    assert.deepEqual(await cursor.read(100), [['5'], ['6'], ['7'], ['8'], ['9']]);
    assert.deepEqual(await cursor.read(1), []);
    await cursor.close();
    assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
  }));

test('a cursor that is left', () =>
  withClient(async (client) => {
    const cursor = client.query(new Cursor('SELECT id FROM shop.customer WHERE id > $1 ORDER BY id', [1]));
    assert.deepEqual(await cursor.read(1), [{ id: '2' }]);
    await cursor.close();
    assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
  }));

test('a stream of rows', () =>
  withClient(async (client) => {
    const stream = client.query(new QueryStream('SELECT a1.id FROM ' +
      Array.from({ length: 8 }, (_, i) => `shop.customer a${i + 1}`).join(', '), [], { batchSize: 100 }));
    let count = 0;
    for await (const row of stream) count += Number(row.id) > 0 ? 1 : 0;
    assert.equal(count, 3 ** 8);
  }));

test('a stream of a wrong query', () =>
  withClient(async (client) => {
    await assert.rejects(client.query(new QueryStream('SELECT nowhere FROM shop.customer')).toArray(), { code: '42703' });
    assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
  }));

// The table `name` has (1, 'a'); what `next` gives are its changes, as arrays without the epoch.
async function followChanges(name, other, next) {
  assert.deepEqual(await next(), ['+I', 1, 'a']);
  await other.query(`INSERT INTO ${name} VALUES (1, 'b')`);
  assert.deepEqual(await next(), ['-U', 1, 'a']);
  assert.deepEqual(await next(), ['+U', 1, 'b']);
}

async function withTable(use) {
  await withClient(async (other) => {
    const name = newName();
    await other.query(`CREATE TABLE ${name} (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)`);
    await other.query(`INSERT INTO ${name} VALUES (1, 'a')`);
    await use(name, other);
  });
}

test('a subscription by pg-cursor', () =>
  withTable((name, other) =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor(`SUBSCRIBE TO ${name}`, [], { rowMode: 'array' }));
      await followChanges(name, other, async () => (await cursor.read(1))[0].slice(1));
      await cursor.close();
      assert.deepEqual(await rows(client, `SELECT v FROM ${name}`), [['b']]);
    }),
  ));

test('a subscription by pg-query-stream', () =>
  withTable((name, other) =>
    withClient(async (client) => {
      const options = { rowMode: 'array', batchSize: 1, highWaterMark: 1 };
      const stream = client.query(new QueryStream(`SUBSCRIBE TO ${name}`, [], options));
      const changes = stream[Symbol.asyncIterator]();
      await followChanges(name, other, async () => (await changes.next()).value.slice(1));
    }),
  ));

test('a subscription by FETCH', () =>
  withTable((name, other) =>
    withClient(async (client) => {
      await client.query('BEGIN');
      await client.query(`DECLARE c CURSOR FOR SUBSCRIBE TO ${name}`);
      await followChanges(name, other, async () => (await rows(client, 'FETCH 1 FROM c'))[0].slice(1));
      await client.query('COMMIT');
    }),
  ));

test('rows by COPY', () =>
  withClient(async (client) => {
    const name = newName();
    await client.query(`CREATE TABLE ${name} (id INT, s STRING)`);
    const lines = Array.from({ length: 1000 }, (_, i) => `${i}\t北京 ${i}\n`);
    await pipeline(Readable.from(lines), client.query(copyFrom(`COPY ${name} FROM STDIN`)));
    const pieces = [];
    for await (const piece of client.query(copyTo(`COPY (SELECT * FROM ${name} ORDER BY id) TO STDOUT`))) pieces.push(piece);
    assert.equal(Buffer.concat(pieces).toString(), lines.join(''));
  }));

test('a wrong line of COPY', () =>
  withClient(async (client) => {
    const name = newName();
    await client.query(`CREATE TABLE ${name} (id INT)`);
    const copy = client.query(copyFrom(`COPY ${name} FROM STDIN`));
    await assert.rejects(pipeline(Readable.from(['1\n', 'x\n']), copy), { code: '22P02' });
    assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
  }));
