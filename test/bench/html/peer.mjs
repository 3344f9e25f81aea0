// usage: node peer.mjs FILE SECONDS      DOMPurify cleans FILE again and again; prints MB of input a second of processor time
import { readFileSync } from "node:fs";
import createDOMPurify from "dompurify";
import { JSDOM } from "jsdom";

const purify = createDOMPurify(new JSDOM("").window);
const html = readFileSync(process.argv[2], "utf8");
const spent = () => { const used = process.cpuUsage(); return used.user + used.system; };

purify.sanitize(html); // the first one compiles
const begin = spent();
let bytes = 0;
do {
  purify.sanitize(html);
  bytes += Buffer.byteLength(html);
} while (spent() - begin < Number(process.argv[3]) * 1e6);
console.log((bytes / (spent() - begin)).toFixed(3));
