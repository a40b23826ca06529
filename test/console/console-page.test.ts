import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { console as consoleFunction } from "../../src/functions/open-pages.ts";
import { callFunction } from "../helpers/call-function.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "src/console/browser");
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
	.filter((file) => /\.(tsx?|css|html)$/.test(file))
	.map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));

describe("GET /api/console", () => {
	async function asked() {
		const { status, headers, body } = await callFunction(consoleFunction(), { method: "GET", path: "/api/console" });
		return { status, headers: new Headers(headers), text: String(body) };
	}

	it("is open, and answers one page", async () => {
		expect(consoleFunction()).toMatchObject({ route: "console", methods: ["GET"], authLevel: "anonymous" });
		const { status, text } = await asked();
		expect(status).toBe(200);
		expect(text).toMatch(/^<!doctype html>/);
	});

	it("allows its own script and style by their hashes, its own host, and nothing else", async () => {
		const { headers, text } = await asked();
		const inline = (tag: string) => new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1] ?? "";
		const hash = (tag: string) => `'sha256-${createHash("sha256").update(inline(tag)).digest("base64")}'`;
		expect(headers.get("content-security-policy")?.split("; ")).toEqual([
			"default-src 'none'",
			`script-src ${hash("script")}`,
			`style-src ${hash("style")}`,
			"img-src data:",
			"connect-src 'self'",
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
			"require-trusted-types-for 'script'",
			"trusted-types 'none'",
		]);
		expect(Object.fromEntries(headers)).toMatchObject({
			"content-type": "text/html; charset=utf-8",
			"x-content-type-options": "nosniff",
			"referrer-policy": "no-referrer",
			"cross-origin-opener-policy": "same-origin",
			"cross-origin-resource-policy": "same-origin",
			"cache-control": "no-cache",
		});
	});

	it("names no address but the one of its own drawing's language", async () => {
		const { text } = await asked();
		const addresses = new Set(text.match(/\bhttps?:\/\/[^\s"'`)]+/g));
		// Preact names the two languages that it makes elements of.
		for (const address of addresses)
			expect(address).toMatch(/^http:\/\/www\.w3\.org\/(2000\/svg|1998\/Math\/MathML|1999\/xhtml)$/);
	});

	it("is small, and a file of its own that no cold start reads", () => {
		expect(statSync(join(root, "dist/console-page.cjs")).size).toBeLessThan(100_000);
		expect(readFileSync(join(root, "dist/index.cjs"), "utf8")).not.toContain("<!doctype");
	});
});

describe("the page's sources", () => {
	it("are found", () => {
		expect(sources.length).toBeGreaterThan(30);
	});

	it("never make markup of a text, or code", () => {
		const forbidden =
			/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\(|new Function|javascript:|style="|\bon[a-z]+="/;
		expect(sources.filter(({ text }) => forbidden.test(text)).map(({ file }) => file)).toEqual([]);
	});

	it("lead nowhere with what an event says", () => {
		const leading = /\b(href|src|action|formaction|xlink:href)=\{|location\.(href|assign|replace)|window\.open/;
		const led = sources.filter(({ text }) => leading.test(text)).map(({ file }) => file);
		// Pages of GitHub and Azure DevOps, of https alone (`runs.test.ts` tries others), and the page's own sections.
		expect(led.sort()).toEqual(["masthead.tsx", "receipt-parts.tsx"]);
		const masthead = sources.find(({ file }) => file === "masthead.tsx")?.text ?? "";
		expect(masthead.match(/href=\{[^}]*/g)).toEqual([expect.stringMatching(/^href=\{`#\$\{section$/)]);
	});

	it("keep nothing beyond the tab", () => {
		const keeping = /localStorage|indexedDB|document\.cookie|\bcaches\b|serviceWorker/;
		expect(sources.filter(({ text }) => keeping.test(text)).map(({ file }) => file)).toEqual([]);
	});

	it("import nothing but each other and Preact, so that nothing of the bridge gets into the page", () => {
		const imported = sources.flatMap(({ text }) => [...text.matchAll(/from "([^"]+)"/g)].map(([, from = ""]) => from));
		expect(imported.filter((from) => !/^(\.\/[\w.-]+|preact|preact\/hooks)$/.test(from))).toEqual([]);
	});

	it("are files of 250 lines or less", () => {
		expect(sources.filter(({ text }) => text.split("\n").length > 250).map(({ file }) => file)).toEqual([]);
	});
});

describe("the pictures of the page", () => {
	it.each(["light", "dark"])("there is one in %s, of less than 200 kB", (scheme) => {
		const bytes = statSync(join(root, `docs/images/console-${scheme}.png`)).size;
		expect(bytes).toBeGreaterThan(20_000);
		expect(bytes).toBeLessThan(200_000);
	});
});
