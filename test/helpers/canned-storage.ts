import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { LEDGER, type LedgerNames, type Storage } from "../../src/storage/storage.ts";

/** What is answered to every request, whatever it asks. */
export interface Canned {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
	/** Cuts the connection after the body, though more was announced. */
	readonly cut?: boolean;
}

/** A storage account whose every answer is what the test says. */
export interface CannedStorage {
	readonly storage: Storage;
	answer: Canned;
	/** Each request as `METHOD path`. */
	readonly requests: readonly string[];
	close(): Promise<void>;
}

const KEY = Buffer.from("key").toString("base64");

/** Starts it on a free port of this machine. */
export async function startCannedStorage(names: LedgerNames = LEDGER): Promise<CannedStorage> {
	const requests: string[] = [];
	const server = createServer((request, response) => {
		requests.push(`${request.method} ${request.url}`);
		request.resume().on("end", () => {
			const { status, headers = {}, body = "", cut = false } = canned.answer;
			response.writeHead(status, headers);
			if (cut) response.write(body, () => response.destroy());
			else response.end(body);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
	const endpoints = ["Blob", "Queue", "Table"].map((service) => `${service}Endpoint=${url};`).join("");
	const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${KEY};${endpoints}`;
	const canned: CannedStorage = {
		storage: openStorage({ kind: "connection-string", connectionString }, names),
		answer: { status: 500 },
		requests,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return canned;
}
