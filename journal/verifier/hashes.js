"use strict";
// SHA-256 and SHA-512 (FIPS 180-4). The browser has its own only on pages it deems secure, which a file on a stick is not
// everywhere, and its own takes no file in pieces.

const SHA256_K = new Uint32Array(64), SHA512_K = [];
{
  // The first bits of the fractions of the cube roots of the first 80 primes (FIPS 180-4, 4.2.2 and 4.2.3).
  const cubeRoot = (n) => {
    let root = 1n << 90n;
    for (let before = 0n; before !== root; ) {
      before = root;
      const next = (2n * root + n / (root * root)) / 3n;
      root = next < root ? next : root;
    }
    return root;
  };
  for (let n = 2, found = 0; found < 80; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) prime = prime && n % d !== 0;
    if (!prime) continue;
    const fraction = cubeRoot(BigInt(n) << 192n) & 0xffffffffffffffffn;
    SHA512_K.push(fraction);
    if (found < 64) SHA256_K[found] = Number(fraction >> 32n);
    found++;
  }
}

class Sha256 {
  constructor() {
    this.state = new Uint32Array([
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]);
    this.words = new Uint32Array(64);
    this.rest = new Uint8Array(64);
    this.kept = 0;
    this.size = 0;
  }

  update(bytes) {
    this.size += bytes.length;
    let at = 0;
    if (this.kept) {
      at = Math.min(64 - this.kept, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.kept);
      this.kept += at;
      if (this.kept < 64) return this;
      this.block(this.rest, 0);
      this.kept = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
    this.rest.set(bytes.subarray(at));
    this.kept = bytes.length - at;
    return this;
  }

  digest() {
    const size = this.size;
    const end = new Uint8Array(((this.kept + 9 + 63) & ~63) - this.kept);
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(size / 0x20000000));
    view.setUint32(end.length - 4, (size << 3) >>> 0);
    this.update(end);
    const out = new Uint8Array(32), digest = new DataView(out.buffer);
    this.state.forEach((word, place) => digest.setUint32(4 * place, word));
    return out;
  }

  block(bytes, at) {
    const w = this.words, s = this.state;
    for (let t = 0; t < 16; t++, at += 4)
      w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s1 + ((e & f) ^ (~e & g)) + SHA256_K[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0;
      d = c; c = b; b = a; a = (one + two) | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
  }
}

// For a few hundred bytes, so with BigInt and without haste.
function sha512(bytes) {
  const mask = 0xffffffffffffffffn;
  const rotr = (x, n) => ((x >> n) | (x << (64n - n))) & mask;
  let s = [
    0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
    0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
  ];
  const padded = new Uint8Array(((bytes.length + 17 + 127) >> 7) << 7);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  for (let at = 0; at < padded.length; at += 128) {
    const w = [];
    for (let t = 0; t < 16; t++) w.push(view.getBigUint64(at + 8 * t));
    for (let t = 16; t < 80; t++) {
      const x = w[t - 15], y = w[t - 2];
      const s0 = rotr(x, 1n) ^ rotr(x, 8n) ^ (x >> 7n), s1 = rotr(y, 19n) ^ rotr(y, 61n) ^ (y >> 6n);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) & mask);
    }
    let [a, b, c, d, e, f, g, h] = s;
    for (let t = 0; t < 80; t++) {
      const s1 = rotr(e, 14n) ^ rotr(e, 18n) ^ rotr(e, 41n);
      const one = h + s1 + ((e & f) ^ (~e & mask & g)) + SHA512_K[t] + w[t];
      const s0 = rotr(a, 28n) ^ rotr(a, 34n) ^ rotr(a, 39n);
      const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = (d + one) & mask;
      d = c; c = b; b = a; a = (one + two) & mask;
    }
    s = [a, b, c, d, e, f, g, h].map((word, place) => (word + s[place]) & mask);
  }
  const out = new Uint8Array(64), digest = new DataView(out.buffer);
  s.forEach((word, place) => digest.setBigUint64(8 * place, word));
  return out;
}
