"use strict";
// The page itself: what was dropped goes to check.js, what it found is said in the language chosen.

const element = (name) => document.getElementById(name);
let language = ["kk", "ru"].find((each) => (navigator.language || "").startsWith(each)) || "en";
let last = null;

function line(list, text, kind) {
  const item = document.createElement("li");
  item.textContent = text; // never innerHTML: names come from outside
  item.className = kind;
  list.append(item);
}

function show() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.title = words.title;
  for (const name of ["title", "drop", "choose", "compare"]) element(name).textContent = words[name];
  element("compare").hidden = !(last && last.facts && last.facts.fingerprint);
  element("findings").replaceChildren();
  element("facts").replaceChildren();
  element("verdict").textContent = "";
  element("verdict").className = "";
  if (!last) return;
  if (last.word) {
    element("verdict").textContent = words[last.word];
    return;
  }
  element("verdict").textContent = last.whole ? words.whole : words.notWhole;
  element("verdict").className = last.whole ? "good" : "bad";
  for (const finding of last.findings) {
    const text = words[finding.word].replace(/{(\w+)}/g, (_, name) => String(finding.with[name]));
    line(element("findings"), text, finding.ok ? "good" : "bad");
  }
  const says = last.facts.says;
  if (!says) return;
  const values = [
    says.venue, `${says.since || "…"} – ${says.until || "…"}`, `${says.by}, ${says.made}`, says.why,
    says.counts && says.counts.visits, last.facts.record, last.facts.manifest,
  ];
  for (const broken of Array.isArray(says.breaks) ? says.breaks : [])
    line(element("facts"), `${words.broke} ${broken && broken.recorded}: ${broken && broken.why}`, "bad");
  words.facts.forEach((name, place) => line(element("facts"), `${name}: ${values[place]}`, ""));
}

async function take(files) {
  if (!files.length) return;
  last = { word: "busy" };
  show();
  try {
    last = await check(await given(files));
  } catch (error) {
    if (!(error instanceof NoZip)) throw error;
    last = { word: "noZip" };
  }
  show();
}

// A dropped folder is opened: all that lies in it directly.
async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
  const folder = entries.length === 1 && entries[0] && entries[0].isDirectory ? entries[0].createReader() : null;
  if (!folder) return Array.from(transfer.files);
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => folder.readEntries(done, failed));
    if (!some.length) break;
    found.push(...some.filter((each) => each.isFile));
  }
  return Promise.all(found.map((each) => new Promise((done, failed) => each.file(done, failed))));
}

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  await take(await dropped(event.dataTransfer));
});
element("files").addEventListener("change", (event) => take(Array.from(event.target.files)));
for (const button of document.querySelectorAll("button[lang]"))
  button.addEventListener("click", () => {
    language = button.lang;
    show();
  });
show();
