// A second real SMSC, by another author than the first: npm's smpp. It checks the password, answers with identifiers in
// hexadecimal and writes its receipts, as text alone, with the same in decimal and zeros before it.
//
//     node npm_smsc.js '{"log": "sms.jsonl", "password": "s3cr3t-8"}'
//
// "key" and "cert" (PEM files): over TLS. "host": where it listens. Prints "ready PORT".
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const given = JSON.parse(process.argv[2]);
const sessions = new Set();
let last = 0x1a2b3c;

function write(line) {
  fs.appendFileSync(given.log, JSON.stringify(line) + '\n');
}

function bound(session, pdu) {
  const good = pdu.system_id === 'venue' && pdu.password === given.password;
  session.send(pdu.response(good ? { system_id: 'npm' } : { command_status: 0x0e }));
  if (good) {
    session.receives = pdu.command !== 'bind_transmitter';
    sessions.add(session);
    write({ bound: pdu.command });
  } else {
    session.close();
  }
}

function receipt(id, pdu) {
  const receiver = [...sessions].find((session) => session.receives);
  if (receiver === undefined) return;
  const text = `id:${String(id).padStart(10, '0')} sub:001 dlvrd:001 stat:DELIVRD err:000 text:`;
  receiver.deliver_sm({
    source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: text,
  });
}

function submitted(session, pdu) {
  const id = ++last;
  const udh = pdu.short_message.udh ? Buffer.from(pdu.short_message.udh[0] || []).toString('hex') : '';
  write({
    id: id.toString(16), from: pdu.source_addr, to: pdu.destination_addr, udh,
    text: pdu.message_payload ? pdu.message_payload.message : pdu.short_message.message,
    coding: pdu.data_coding, esm_class: pdu.esm_class, sar: pdu.sar_segment_seqnum || 0,
  });
  session.send(pdu.response({ message_id: id.toString(16).toUpperCase() }));
  setImmediate(receipt, id, pdu);
}

const tls = given.key ? { key: fs.readFileSync(given.key), cert: fs.readFileSync(given.cert) } : {};
const server = smpp.createServer(tls, (session) => {
  session.on('error', () => session.close());
  session.on('close', () => sessions.delete(session));
  for (const command of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(command, (pdu) => bound(session, pdu));
  }
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
});
server.listen(given.port || 0, given.host || '127.0.0.1', () => console.log(`ready ${server.address().port}`));
