"use strict";
// What makes an extract whole. Every finding is {ok, word, with}: words.js has the sentences.

const ascii = (text) => new TextEncoder().encode(text);
const BODY = ascii("qaqpa journal body 1\0"), ENTRY = ascii("qaqpa journal entry 1\0"), EXTRACT = ascii("qaqpa extract 1\0");
const SEAL = ascii("qaqpa journal seal 1\0");

async function check(files, read = () => {}) {
  const findings = [], facts = {};
  const say = (ok, word, values = {}) => findings.push({ ok, word, with: values });
  const byName = new Map(), finish = () => ({ findings, facts, whole: findings.every((finding) => finding.ok) });
  for (const file of files) {
    if (byName.has(file.name)) say(false, "twice", { name: file.name });
    byName.set(file.name, file);
  }
  const manifest = await parsed(byName.get("manifest.json"), say, "manifest.json");
  if (!manifest) return finish();
  if (manifest.json.format !== 1 || !Array.isArray(manifest.json.files)) {
    say(false, "unreadable", { name: "manifest.json" });
    return finish();
  }
  facts.manifest = manifest.sha256;
  const signer = await signed(byName.get("signature.json"), manifest.sha256, say);
  if (signer) facts.fingerprint = fingerprint(signer.public);

  const listed = new Set(["manifest.json", "signature.json"]);
  for (const { name, size, sha256 } of manifest.json.files) {
    listed.add(name);
    const file = byName.get(name);
    if (!file) {
      say(false, "missing", { name });
      continue;
    }
    try {
      const found = await digestOf(file, read);
      const same = found.sha256 === sha256 && found.size === size;
      say(same, same ? "same" : "changed", { name });
      if (name === "record.json") facts.record = found.sha256;
    } catch {
      say(false, "unreadable", { name });
    }
  }
  for (const name of byName.keys()) if (!listed.has(name)) say(false, "foreign", { name });

  const record = await parsed(byName.get("record.json"), say, "record.json");
  if (!record) return finish();
  facts.says = record.json;
  const listing = new Set(manifest.json.files.map(described));
  if (!Array.isArray(record.json.files) || !record.json.files.every((file) => listing.has(described(file))))
    say(false, "contradiction");
  if (signer && record.json.public !== signer.public) say(false, "otherKey");
  if (record.json.seal) newest(record.json, say);
  if (byName.has("entries.jsonl")) await walked(byName.get("entries.jsonl"), record.json, say);
  return finish();
}

const described = (file) => (file ? JSON.stringify([file.name, file.size, file.sha256]) : "");

async function parsed(file, say, name) {
  if (!file) {
    say(false, "missing", { name });
    return null;
  }
  try {
    const { text, sha256 } = await wholeText(file), json = JSON.parse(text);
    if (json && typeof json === "object") return { json, sha256 };
  } catch {
    // said below
  }
  say(false, "unreadable", { name });
  return null;
}

async function signed(file, manifest, say) {
  if (!file) {
    say(false, "unsigned");
    return null;
  }
  const signature = await parsed(file, say, "signature.json");
  if (!signature) return null;
  try {
    const { json } = signature, seq = new Uint8Array(8);
    new DataView(seq.buffer).setBigUint64(0, BigInt(json.seq));
    const message = joined(EXTRACT, unhex(manifest, 32), seq, unhex(json.head, 32));
    if (verified(unhex(json.public, 32), message, unhex(json.signature, 64))) {
      say(true, "signed", { fingerprint: fingerprint(json.public), seq: json.seq });
      return json;
    }
  } catch {
    // a signature that cannot even be read is none
  }
  say(false, "forged");
  return null;
}

function fingerprint(publicKey) {
  return hex(new Sha256().update(unhex(publicKey, 32)).digest()).slice(0, 40).match(/.{4}/g).join(" ");
}

// A checkpoint: of which entry, and whether the key that it names has signed its digest.
function genuine(seal) {
  try {
    const seq = new Uint8Array(8);
    new DataView(seq.buffer).setBigInt64(0, BigInt(seal.seq));
    return verified(unhex(seal.public, 32), joined(SEAL, seq, unhex(seal.head, 32)), unhex(seal.signature, 64));
  } catch {
    return false;
  }
}

function newest({ seal, head, public: key }, say) {
  const fits = seal.seq !== head.seq || seal.head === head.digest;
  if (seal.kind !== "sealed" || !fits || !genuine(seal)) return say(false, "newestWrong");
  if (key && key !== seal.public) return say(false, "newestOther", { fingerprint: fingerprint(seal.public) });
  return say(true, "newestRight", { seq: seal.seq });
}

function sealed(line, previous, key, say) {
  let seal = {};
  try {
    seal = JSON.parse(line.body) || {};
  } catch {
    // no checkpoint, as is said below
  }
  if (seal.seq !== line.seq - 1 || seal.head !== previous || !genuine(seal)) say(false, "sealWrong", { seq: line.seq });
  else if (key && key !== seal.public)
    say(false, "sealOther", { seq: line.seq, fingerprint: fingerprint(seal.public) });
  else return true;
  return false;
}

async function walked(file, record, say) {
  let seq = record.first ? record.first.seq - 1 : 0, digest = record.before, count = 0, seals = true;
  const seal = record.seal || {};
  try {
    for await (const text of lines(file)) {
      const line = JSON.parse(text);
      if (line.seq !== seq + 1 || linked(digest, line) !== line.digest) return say(false, "broken", { seq: seq + 1 });
      if (line.kind === "sealed" && seals) seals = sealed(line, digest, record.public, say); // the first wrong one is named
      if (line.seq === seal.seq && line.digest !== seal.head) say(false, "newestUnfit", { seq: line.seq });
      [seq, digest, count] = [line.seq, line.digest, count + 1];
    }
  } catch {
    return say(false, "broken", { seq: seq + 1 });
  }
  const last = record.last || { seq: 0, digest: record.before };
  if (seq !== last.seq || digest !== last.digest) return say(false, "broken", { seq: seq + 1 });
  const atHead = seq !== record.head.seq || digest === record.head.digest;
  return say(atHead, atHead ? "walked" : "broken", { count, seq });
}

// The arithmetic of the journal's chain.
function linked(previous, line) {
  let kept;
  if ((typeof line.body === "string") === Boolean(line.commitment)) throw new Error("a body that no digest covers");
  if (typeof line.body === "string") {
    kept = new Sha256().update(BODY).update(unhex(line.salt, 16)).update(ascii(line.body)).digest();
  } else {
    kept = unhex(line.commitment, 32);
  }
  const boot = ascii(line.boot_id), kind = ascii(line.kind);
  const head = new DataView(new ArrayBuffer(28)), kindSize = new DataView(new ArrayBuffer(4));
  [line.seq, line.utc_ms, line.boot_ms].forEach((number, place) => head.setBigInt64(8 * place, BigInt(number)));
  head.setUint32(24, boot.length);
  kindSize.setUint32(0, kind.length);
  const bytes = joined(new Uint8Array(head.buffer), boot, new Uint8Array(kindSize.buffer), kind, kept);
  return hex(new Sha256().update(ENTRY).update(unhex(previous, 32)).update(bytes).digest());
}
