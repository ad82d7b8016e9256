"use strict";
// Files as they were dropped, or as they lie in a zip: each a {name, size, stream()}.

class NoZip extends Error {}

async function bytesOf(blob, from, to) {
  return new DataView(await blob.slice(from, to).arrayBuffer());
}

// APPNOTE.TXT 6.3: the end record, the central directory, and of each local header only how long it is.
async function unzipped(blob) {
  const tail = Math.max(0, blob.size - 65557), end = await bytesOf(blob, tail, blob.size);
  let at = end.byteLength - 22;
  while (at >= 0 && end.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw new NoZip();
  const count = end.getUint16(at + 10, true), size = end.getUint32(at + 12, true), start = end.getUint32(at + 16, true);
  if (count === 0xffff || start === 0xffffffff) throw new NoZip(); // larger than 4 GB
  const directory = await bytesOf(blob, start, start + size), files = [];
  for (let n = 0, place = 0; n < count; n++) {
    if (place + 46 > directory.byteLength || directory.getUint32(place, true) !== 0x02014b50) throw new NoZip();
    const nameSize = directory.getUint16(place + 28, true), local = directory.getUint32(place + 42, true);
    const packed = directory.getUint32(place + 20, true), method = directory.getUint16(place + 10, true);
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, place + 46, nameSize));
    place += 46 + nameSize + directory.getUint16(place + 30, true) + directory.getUint16(place + 32, true);
    if (local + 30 > blob.size) throw new NoZip();
    const header = await bytesOf(blob, local, local + 30);
    const from = local + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    const data = blob.slice(from, from + packed);
    if (method !== 0 && (method !== 8 || typeof DecompressionStream === "undefined")) throw new NoZip();
    const stream = () => (method ? data.stream().pipeThrough(new DecompressionStream("deflate-raw")) : data.stream());
    files.push({ name, stream });
  }
  return files;
}

async function given(dropped) {
  if (dropped.length === 1 && /\.zip$/i.test(dropped[0].name)) return unzipped(dropped[0]);
  return dropped.map((file) => ({ name: file.name, stream: () => file.stream() }));
}

async function* pieces(file) {
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function* lines(file) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const piece of pieces(file)) {
    const found = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = found.pop();
    yield* found;
  }
  if (rest + decoder.decode()) yield rest;
}

async function digestOf(file, read) {
  const digest = new Sha256();
  for await (const piece of pieces(file)) {
    digest.update(piece);
    read(piece.length);
  }
  return { size: digest.size, sha256: hex(digest.digest()) };
}

// A byte order mark is no JSON, and the command line takes none either.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

async function wholeText(file) {
  const all = [];
  for await (const piece of pieces(file)) all.push(piece);
  const bytes = joined(...all);
  return { sha256: hex(new Sha256().update(bytes).digest()), text: utf8.decode(bytes) };
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function unhex(text, size) {
  if (typeof text !== "string" || text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) throw new Error("no hex");
  return Uint8Array.from({ length: size }, (_, place) => parseInt(text.slice(2 * place, 2 * place + 2), 16));
}
