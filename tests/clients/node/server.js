// The server that tests/clients/run names in the environment, and what the tests ask it with.
'use strict';

const { randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { Client } = require('pg');

const options = {
  host: process.env.MILLRACE_HOST,
  port: Number(process.env.MILLRACE_PORT),
  user: process.env.MILLRACE_USER,
  database: process.env.MILLRACE_DATABASE,
};

// A statement that nobody waits for the end of.
const ENDLESS =
  'SELECT SUM(a1.id + a21.id) FROM ' + Array.from({ length: 21 }, (_, i) => `shop.customer a${i + 1}`).join(', ');

// Runs `use` with a client that is connected, and ends it.
async function withClient(use, more = {}) {
  const client = new Client({ ...options, ...more });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

// A name that no other test uses.
const newName = () => 't_' + randomUUID().replaceAll('-', '').slice(0, 12);

// The rows of a query, as arrays.
async function rows(client, text, values) {
  return (await client.query({ text, values, rowMode: 'array' })).rows;
}

function unescape(field) {
  if (field === '\\N') return null;
  const controls = { t: '\t', n: '\n', r: '\r' };
  return field.replace(/\\(.)/gs, (_, c) => controls[c] ?? c);
}

// The rows of every_type in the text that PostgreSQL gives them.
const everyType = () =>
  readFileSync(process.env.MILLRACE_EVERY_TYPE, 'utf-8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(unescape));

module.exports = { ENDLESS, everyType, newName, options, rows, withClient };
