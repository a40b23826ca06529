import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Azure Storage on this machine. */
export interface Azurite {
	readonly connectionString: string;
	/** To start it again on, so that the connection string stays true. */
	readonly ports: AzuritePorts;
	readonly pid: number;
	/** Lets it write its data to disk and end. */
	stop(): Promise<void>;
}

export interface AzuritePorts {
	readonly blob: number;
	readonly queue: number;
	readonly table: number;
}

export interface AzuriteOptions {
	/** Where the data lies; made if it is not there. */
	readonly folder: string;
	/** Left out, or 0: free ones. */
	readonly ports?: AzuritePorts;
	/** Told when it ends without having been stopped. */
	readonly onExit?: (code: number | null) => void;
}

const require = createRequire(import.meta.url);

/** What makes it end with this process, and quicker. */
const PRELOADED = [
	new URL("./end-with-parent.cjs", import.meta.url),
	new URL("./find-rows-by-key.cjs", import.meta.url),
];

const START_MS = 20_000;
/** SIGKILL costs what it has not written yet. */
const STOP_MS = 10_000;

/** Azurite's account and key, the same everywhere. Source: learn.microsoft.com, "Use the Azurite emulator". */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/**
 * Starts Azurite, Microsoft's emulator, as a child process; resolves when all three services listen. It ends with this
 * process, however that ends.
 * @throws Error with its output when it ends or stays silent instead
 */
export async function startAzurite({ folder, ports: wanted, onExit }: AzuriteOptions): Promise<Azurite> {
	const services = (["blob", "queue", "table"] as const).flatMap((service) => [
		...[`--${service}Host`, "127.0.0.1"],
		...[`--${service}Port`, String(wanted?.[service] ?? 0)],
	]);
	const flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", folder];
	const child = fork(require.resolve("azurite/dist/src/azurite.js"), [...flags, ...services], {
		execArgv: PRELOADED.flatMap((file) => ["--require", fileURLToPath(file)]),
		stdio: ["ignore", "pipe", "pipe", "ipc"],
		// A variable could give it other accounts, and no token is its business.
		env: {},
		// In a group of its own, where Ctrl+C does not end it before those who still write to it.
		detached: true,
	});
	const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
	let isStopping = false;
	const stop = () => {
		isStopping = true;
		return end(child, ended);
	};
	try {
		const ports = await listening(child, ended);
		void ended.then((code) => isStopping || onExit?.(code));
		return { connectionString: connectionString(ports), ports, pid: child.pid ?? 0, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Reads the ports from what it prints. */
function listening(child: ChildProcess, ended: Promise<number | null>): Promise<AzuritePorts> {
	return new Promise((resolve, reject) => {
		let output = "";
		const fail = (what: string) => reject(new Error(`Azurite ${what}\n${output}`.trimEnd()));
		const late = setTimeout(() => fail(`did not start within ${START_MS / 1000} s`), START_MS);
		const portOf = (service: string) =>
			Number(new RegExp(`${service} service is successfully listening at \\S+:(\\d+)\n`).exec(output)?.[1]);
		for (const stream of [child.stdout, child.stderr]) {
			// Read to the end of its life: a full pipe would block it.
			stream?.setEncoding("utf8").on("data", (text: string) => {
				if (output.length < 10_000) output += text;
				const ports = { blob: portOf("Blob"), queue: portOf("Queue"), table: portOf("Table") };
				if (Object.values(ports).every((port) => port > 0)) resolve(ports);
			});
		}
		child.once("error", reject);
		child.once("close", (code) => fail(`ended with exit code ${code} before it was ready`));
		void ended.then(() => clearTimeout(late));
	});
}

async function end(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
	child.kill("SIGTERM");
	const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
	await ended.finally(() => clearTimeout(late));
}

function connectionString({ blob, queue, table }: AzuritePorts): string {
	const at = (port: number) => `http://127.0.0.1:${port}/${ACCOUNT}`;
	return [
		"DefaultEndpointsProtocol=http",
		`AccountName=${ACCOUNT}`,
		`AccountKey=${KEY}`,
		`BlobEndpoint=${at(blob)}`,
		`QueueEndpoint=${at(queue)}`,
		`TableEndpoint=${at(table)}`,
	].join(";");
}
