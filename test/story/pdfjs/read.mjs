// usage: node read.mjs FILE      opens a PDF with the password on standard input as Firefox does, and prints its text.
// Exit 3: the password is wrong or missing; 1: anything else.
import { readFileSync } from "node:fs";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

const password = readFileSync(0, "utf8");
const data = new Uint8Array(readFileSync(process.argv[2]));
try {
	const task = getDocument({ data, password, verbosity: 0, isEvalSupported: false });
	const file = await task.promise;
	for (let n = 1; n <= file.numPages; n++) {
		const { items } = await (await file.getPage(n)).getTextContent();
		console.log(items.map((i) => i.str).join(""));
	}
	console.log((await file.getMetadata()).info.Title ?? "");
	await task.destroy();
} catch (e) {
	console.error(String(e));
	process.exitCode = e?.name === "PasswordException" ? 3 : 1;
}
