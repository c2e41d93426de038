// node-postgres: values of every type, as results and as parameters. It reads results as text only: what it does with
// binary ones breaks bytes that are no UTF-8.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { everyType, rows, withClient } = require('./server.js');

const EVERY_TYPE = 'SELECT * FROM every_type ORDER BY id';
// Gives values as they came.
const RAW = { getTypeParser: () => (value) => value };

test('text is what PostgreSQL writes', () =>
  withClient(async (client) => {
    for (const values of [undefined, []]) {
      const query = { text: EVERY_TYPE, values, queryMode: values && 'extended', rowMode: 'array', types: RAW };
      const result = await client.query(query);
      assert.deepEqual(result.rows, everyType());
    }
  }));

test('values as JavaScript has them', () =>
  withClient(async (client) => {
    const [row] = (await client.query("SELECT * FROM every_type WHERE id = 1")).rows;
    assert.equal(row.b, true);
    assert.equal(row.i8, '5000000000');
    assert.equal(row.m, '1234.50');
    assert.equal(row.f8, 1e10);
    assert.deepEqual(row.bin, Buffer.from([0, 0xff, 0x10]));
    assert.equal(row.tz.toISOString(), '2020-02-29T01:02:03.250Z');
    assert.deepEqual({ ...row.im }, { years: 2, months: 1 });
    assert.deepEqual(row.a4, [1, 2, 3]);
    assert.deepEqual(row.ax, ['a', 'b c', 'd"e', 'NULL']);
    assert.deepEqual(row.aa, [[1, 2], [3, 4]]);
    assert.deepEqual(row.mp, { k: 1 });
    assert.deepEqual(row.r, { x: 7, y: 'z' });
  }));

for (const [type, value, expected] of [
  ['BOOLEAN', true],
  ['TINYINT', -128],
  ['SMALLINT', 32767],
  ['INT', -(2 ** 31)],
  ['BIGINT', '9223372036854775807'],
  ['BIGINT', 9007199254740993n, '9007199254740993'],
  ['DECIMAL(38, 10)', '9999999999999999999999999999.9999999999'],
  ['FLOAT', 0.5],
  ['DOUBLE', -1.5e300],
  ['STRING', 'tab\t\'北京\'\\'],
  ['BYTES', Buffer.from([0, 0xff])],
  ['TIMESTAMP_LTZ(3)', new Date('2020-02-29T01:02:03.250Z')],
  ['TIMESTAMP(3)', new Date(2020, 1, 29, 1, 2, 3, 250)],
  ['ARRAY<INT>', [1, null, -3]],
  ['ARRAY<STRING>', ['a,b', '"', null, 'NULL', '']],
  ['INT', null],
]) {
  test(`a parameter comes back: ${type} ${String(value)}`, () =>
    withClient(async (client) => {
      const found = await rows(client, `SELECT CAST($1 AS ${type}) AS a`, [value]);
      assert.deepEqual(found, [[expected === undefined ? value : expected]]);
    }));
}

test('an object as a parameter is JSON', () =>
  withClient(async (client) => {
    assert.deepEqual(await rows(client, 'SELECT CAST($1 AS STRING) AS a', [{ a: 1 }]), [['{"a":1}']]);
  }));
