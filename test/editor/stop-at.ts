/**
 * Runs a program under Node's inspector, asks for an address until the program stops at a breakpoint that was set in a
 * TypeScript source, as an editor sets it (through source maps), and prints where it has stopped, as JSON.
 * node --import tsx stop-at.ts SOURCE LINE ADDRESS -- ARGUMENTS OF NODE…
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";

interface Script {
	readonly scriptId: string;
	readonly url: string;
	readonly sourceMapURL?: string;
}

interface Paused {
	readonly hitBreakpoints?: readonly string[];
	readonly callFrames: readonly { readonly location: { scriptId: string; lineNumber: number; columnNumber: number } }[];
}

/** What the inspector says: an answer has the question's id, an event a method. */
interface Said {
	readonly id?: number;
	readonly method?: string;
	readonly result?: unknown;
	readonly params?: unknown;
}

/** The part of a WebSocket that is used; Node 20 has one, and no type for it. */
interface Socket {
	send(text: string): void;
	close(): void;
	addEventListener(type: string, listener: (event: { data: string }) => void): void;
}

const ASK_EVERY_MS = 200;
const [source = "", line = "", address = "", , ...program] = process.argv.slice(2);
const child = spawn(process.execPath, ["--inspect=127.0.0.1:0", ...program], { stdio: ["ignore", "ignore", "pipe"] });
process.once("exit", () => child.kill("SIGKILL"));
const found = new Map<string, { readonly url: string; readonly map: SourceMap }>();
const answers = new Map<number, (result: unknown) => void>();
let questions = 0;

const socket = await connect();
setInterval(() => void fetch(address).catch(() => {}), ASK_EVERY_MS);

async function connect(): Promise<Socket> {
	const url = await new Promise<string>((resolve) => {
		let printed = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			printed += text;
			const [, listening] = /Debugger listening on (ws:\S+)/.exec(printed) ?? [];
			if (listening !== undefined) resolve(listening);
		});
	});
	const opened = new (globalThis as unknown as { WebSocket: new (url: string) => Socket }).WebSocket(url);
	opened.addEventListener("open", () => void ask("Debugger.enable"));
	opened.addEventListener("message", ({ data }) => hear(JSON.parse(data) as Said));
	return opened;
}

function ask(method: string, params: object = {}): Promise<unknown> {
	questions += 1;
	const id = questions;
	socket.send(JSON.stringify({ id, method, params }));
	return new Promise((resolve) => answers.set(id, resolve));
}

function hear({ id, method, result, params }: Said): void {
	if (id !== undefined) answers.get(id)?.(result);
	if (method === "Debugger.scriptParsed") void setBreakpoint(params as Script);
	if (method === "Debugger.paused") void finish(params as Paused);
}

/** Sets the breakpoint where a script's map has the wanted line, if it has. */
async function setBreakpoint({ scriptId, url, sourceMapURL }: Script): Promise<void> {
	const map = readMap(url, sourceMapURL);
	if (map === undefined || !map.payload.sources.some(isWanted)) return;
	const { scriptSource } = (await ask("Debugger.getScriptSource", { scriptId })) as { scriptSource: string };
	found.set(scriptId, { url, map });
	for (const [lineNumber, text] of scriptSource.split("\n").entries()) {
		for (let columnNumber = 0; columnNumber < text.length; columnNumber++) {
			const at = map.findEntry(lineNumber, columnNumber);
			if (!("originalLine" in at) || at.originalLine !== Number(line) - 1 || !isWanted(at.originalSource)) continue;
			await ask("Debugger.setBreakpointByUrl", { url, lineNumber, columnNumber });
			return;
		}
	}
}

function readMap(url: string, sourceMapURL: string | undefined): SourceMap | undefined {
	if (!sourceMapURL || !url.startsWith("file:") || url.includes("/node_modules/")) return undefined;
	const [, inline] = /^data:.*?base64,(.*)$/s.exec(sourceMapURL) ?? [];
	const text =
		inline === undefined ? readFileSync(new URL(sourceMapURL, url), "utf8") : Buffer.from(inline, "base64").toString();
	return new SourceMap(JSON.parse(text) as SourceMapPayload);
}

function isWanted(path: string): boolean {
	return path.replaceAll("\\", "/").endsWith(source);
}

async function finish({ hitBreakpoints = [], callFrames: [frame] }: Paused): Promise<void> {
	const script = found.get(frame?.location.scriptId ?? "");
	if (hitBreakpoints.length === 0 || frame === undefined || script === undefined) return;
	const at = script.map.findEntry(frame.location.lineNumber, frame.location.columnNumber);
	if (!("originalLine" in at)) return;
	process.stdout.write(JSON.stringify({ script: script.url, source: at.originalSource, line: at.originalLine + 1 }));
	// What has stopped hears no signal; it goes on, and can end, once nobody debugs it any more.
	socket.close();
	child.kill("SIGTERM");
	await once(child, "exit");
	process.exit(0);
}
