import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A page in a browser, and whatever it did that it should not have done. */
export interface OpenedPage {
	readonly page: Page;
	/** Errors in the browser's console, violations of the policy among them, uncaught errors, and dialogs. */
	readonly wrongs: string[];
	/** The addresses that it asked, its own among them. */
	readonly asked: string[];
	close(): Promise<void>;
}

/** Four tries at GitHub may take 30 s, chosen at random, and their wake-ups some more. */
const LONGEST_MS = 60_000;

/** Opens an address in a browser profile of its own. */
export async function openPage(
	browser: Browser,
	url: string,
	options: BrowserContextOptions = {},
): Promise<OpenedPage> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
	context.setDefaultTimeout(LONGEST_MS);
	const page = await context.newPage();
	const wrongs: string[] = [];
	const asked: string[] = [];
	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning") wrongs.push(message.text());
	});
	page.on("pageerror", (error) => void wrongs.push(`uncaught: ${error.message}`));
	page.on("dialog", (dialog) => {
		wrongs.push(`dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on("request", (request) => void asked.push(request.url()));
	await page.goto(url);
	return { page, wrongs, asked, close: () => context.close() };
}
