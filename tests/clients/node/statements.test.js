// node-postgres: definitions, rows, parameters, prepared statements, errors, cancel, transactions, pools.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Client, Pool } = require('pg');
const { ENDLESS, newName, options, rows, withClient } = require('./server.js');

test('definitions, rows and queries', () =>
  withClient(async (client) => {
    const name = newName();
    await client.query(`CREATE TABLE ${name} (id INT, city STRING, PRIMARY KEY (id) NOT ENFORCED)`);
    for (const values of [[1, '北京'], [2, null], [1, '上海']]) {
      const result = await client.query(`INSERT INTO ${name} VALUES ($1, $2)`, values);
      assert.equal(result.command, 'INSERT');
      assert.equal(result.rowCount, 1);
    }
    const result = await client.query(`SELECT * FROM ${name} ORDER BY id`);
    assert.deepEqual(result.rows, [{ id: 1, city: '上海' }, { id: 2, city: null }]);
    assert.deepEqual(result.fields.map((field) => [field.name, field.dataTypeID]), [['id', 23], ['city', 25]]);
    await client.query(`DROP TABLE ${name}`);
    await assert.rejects(client.query(`SELECT * FROM ${name}`), { code: '42P01' });
  }));

test('parameters meet columns', () =>
  withClient(async (client) => {
    const sql = 'SELECT name FROM shop.customer WHERE id = $1 AND city = $2';
    assert.deepEqual(await rows(client, sql, [3, 'beijing']), [['丙']]);
    assert.deepEqual(await rows(client, sql, ['3', 'beijing']), [['丙']]);
    const any = 'SELECT name FROM shop.customer WHERE id = ANY($1) ORDER BY id';
    assert.deepEqual(await rows(client, any, [[1, 2]]), [['甲'], ['乙']]);
  }));

test('a named statement is used again', () =>
  withClient(async (client) => {
    const query = { name: 'by id', text: 'SELECT id FROM shop.customer WHERE id = $1', rowMode: 'array' };
    for (const id of [1, 2, 3, 1]) {
      assert.deepEqual((await client.query({ ...query, values: [id] })).rows, [[String(id)]]);
    }
  }));

test('several statements in one text', () =>
  withClient(async (client) => {
    const results = await client.query('SELECT 1 AS a; SELECT 2 AS a');
    assert.deepEqual(results.map((result) => result.rows), [[{ a: 1 }], [{ a: 2 }]]);
  }));

for (const [text, code, position] of [
  ['SELECT nam FROM shop.customer', '42703', '8'],
  ['SELECT * FROM nowhere', '42P01', '15'],
  ['SELEC 1', '42601', '1'],
  ["SELECT '北京', nam FROM shop.customer", '42703', '14'],
  ['SELECT no_such_function(1)', '42883', '8'],
  ["SELECT CAST('x' AS INT)", '22P02', undefined],
  ['CREATE TABLE every_type (a INT)', '42P07', undefined],
  ["CREATE TABLE bad (a INT) WITH ('connector' = 'nothing')", '42704', undefined],
]) {
  for (const values of [undefined, []]) {
    test(`error of ${text}, ${values ? 'extended' : 'simple'}`, () =>
      withClient(async (client) => {
        const error = await client.query({ text, values, queryMode: values && 'extended' }).then(
          () => assert.fail('it did not fail'),
          (thrown) => thrown,
        );
        assert.equal(error.code, code, error.message);
        assert.equal(error.severity, 'ERROR');
        if (position !== undefined) assert.equal(error.position, position);
        assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
      }));
  }
}

test('a hint names what was meant', () =>
  withClient((client) =>
    assert.rejects(client.query('SELECT nam FROM shop.customer'), (error) => error.hint.includes('name')),
  ));

test('cancel', () =>
  withClient(async (client) => {
    const running = client.query(ENDLESS);
    let ended = false;
    const failed = assert.rejects(running, { code: '57014' }).finally(() => {
      ended = true;
    });
    // A cancel that comes before its statement is lost, as in PostgreSQL.
    while (!ended) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (!ended) await cancel(client);
    }
    await failed;
    assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
  }));

// Sends a cancel request for what the client runs; resolves when the server has closed that connection.
function cancel(client) {
  return new Promise((resolve, reject) => {
    const canceller = new Client(options);
    canceller.connection.once('connect', () => canceller.connection.cancel(client.processID, client.secretKey));
    canceller.connection.once('end', resolve);
    canceller.connection.once('error', reject);
    canceller.connection.connect(options.port, options.host);
  });
}

test('a time limit of the session', () =>
  withClient(
    async (client) => {
      await assert.rejects(client.query(ENDLESS), { code: '57014' });
      assert.deepEqual(await rows(client, 'SELECT 1'), [[1]]);
    },
    { statement_timeout: 200 },
  ));

test('transactions', () =>
  withClient((client) =>
    withClient(async (other) => {
      const name = newName();
      await client.query(`CREATE TABLE ${name} (a INT)`);
      const count = async () => (await rows(other, `SELECT COUNT(*) FROM ${name}`))[0][0];
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${name} VALUES ($1)`, [1]);
      assert.equal(await count(), '0');
      await client.query('COMMIT');
      assert.equal(await count(), '1');
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${name} VALUES ($1)`, [2]);
      await assert.rejects(client.query('SELECT nowhere'), { code: '42703' });
      await assert.rejects(client.query('SELECT 1'), { code: '25P02' });
      await client.query('ROLLBACK');
      assert.equal(await count(), '1');
    }),
  ));

test('a pool', async () => {
  const pool = new Pool({ ...options, max: 4 });
  const asked = Array.from({ length: 20 }, (_, i) => pool.query('SELECT CAST($1 AS INT) + 1 AS n', [i]));
  assert.deepEqual((await Promise.all(asked)).map((result) => result.rows[0].n), Array.from({ length: 20 }, (_, i) => i + 1));
  await pool.end();
});

test('what the server is told and tells', () =>
  withClient(
    async (client) => {
      assert.deepEqual(await rows(client, 'SHOW application_name'), [['a suite']]);
      assert.match((await rows(client, 'SELECT version()'))[0][0], /^PostgreSQL 15.*Millrace/);
    },
    { application_name: 'a suite' },
  ));

test('a role that is not there', () =>
  assert.rejects(new Client({ ...options, user: 'nobody_at_all' }).connect(), (error) => error.code.startsWith('28')));

test('a warning', () =>
  withClient(async (client) => {
    const warnings = [];
    client.on('notice', (notice) => warnings.push(notice.severity));
    await client.query('BEGIN');
    await client.query('BEGIN');
    await client.query('ROLLBACK');
    assert.deepEqual(warnings, ['WARNING']);
  }));
