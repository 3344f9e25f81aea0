// usage: node read_pdf.js FILE <PASSWORD
// What Chromium's viewer (pdfium) shows of a PDF, as JSON: title, pages, the text of all of them. Ends with 3 if the viewer
// asks for a password and does not take this one, with 1 if it cannot show the file.
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');

const PATIENCE_MS = 60000; // a machine with two slow cores and sanitizers everywhere
const ARGUMENTS = ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
	'--disable-sync', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND'];

async function start() {
	const launch = chromiumSandbox => chromium.launch({ chromiumSandbox, executablePath: '/usr/bin/chromium', args: ARGUMENTS });
	return process.getuid() === 0 ? launch(false) : launch(true).catch(() => launch(false));
}

async function until(what, page) {
	for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await page.waitForTimeout(50)) {
		const found = await what();
		if (found)
			return found;
	}
	throw new Error('the viewer does not come to an end');
}

// "dialog", "refused" (the dialog says that the password is wrong), "success", "failed"; null while it is loading.
function state() {
	const viewer = document.querySelector('pdf-viewer');
	const dialog = viewer?.shadowRoot?.querySelector('viewer-password-dialog');
	if (dialog)
		return dialog.shadowRoot?.querySelector('#password')?.invalid ? 'refused' : 'dialog';
	return ['success', 'failed'].includes(viewer?.loadState_) ? viewer.loadState_ : null;
}

async function shown() {
	const viewer = document.querySelector('pdf-viewer');
	viewer.pluginController_.selectAll();
	const text = await viewer.pluginController_.getSelectedText();
	return { title: viewer.title_, pages: viewer.docLength_, text: text.selectedText };
}

async function read(browser, file, password) {
	const page = await browser.newPage();
	await page.goto(pathToFileURL(path.resolve(file)).href);
	const viewer = await until(() => page.frames().find(f => f.url().startsWith('chrome-extension://')), page);
	let now = await until(() => viewer.evaluate(state), page);
	if (now === 'dialog' && password === '')
		return 'refused'; // it tried that one by itself
	if (now === 'dialog') {
		await viewer.locator('viewer-password-dialog input').fill(password);
		await viewer.locator('viewer-password-dialog #submit').click();
		now = await until(async () => { const s = await viewer.evaluate(state); return s !== 'dialog' && s; }, page);
	}
	return now === 'success' ? viewer.evaluate(shown) : now;
}

(async () => {
	const browser = await start();
	try {
		const found = await read(browser, process.argv[2], fs.readFileSync(0, 'utf8'));
		process.exitCode = found === 'refused' ? 3 : found === 'failed' ? 1 : 0;
		process.stdout.write(JSON.stringify(found));
	} finally {
		await browser.close();
	}
})();
