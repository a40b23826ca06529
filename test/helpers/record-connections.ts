/**
 * Loaded into a child process before the program: writes down every connection that the process opens, and the bytes
 * that it hands to it, to the file that RECORD_CONNECTIONS
 * names, one JSON line for each.
 */
import { appendFileSync } from "node:fs";
import { Socket } from "node:net";

const file = process.env["RECORD_CONNECTIONS"] ?? "";
const record = (line: object) => appendFileSync(file, `${JSON.stringify(line)}\n`);

type Connect = (this: Socket, ...args: unknown[]) => Socket;
const connect = Socket.prototype.connect as unknown as Connect;

Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
	// `net.connect` hands its arguments over as one array.
	const [first, second] = Array.isArray(args[0]) ? args[0] : args;
	const options = typeof first === "object" && first !== null ? first : { port: first, host: second };
	const { host, port } = options as { host?: unknown; port?: unknown };
	record({ host, port });
	const { _write, _writev } = this;
	this._write = (chunk, ...rest) => {
		record({ host, port, sent: String(chunk) });
		_write.call(this, chunk, ...rest);
	};
	this._writev = (chunks, ...rest) => {
		record({ host, port, sent: chunks.map(({ chunk }) => String(chunk)).join("") });
		_writev?.call(this, chunks, ...rest);
	};
	return connect.apply(this, args);
} as unknown as Socket["connect"];
