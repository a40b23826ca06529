import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { processIo } from "../../src/cli/io.ts";
import { eventually } from "../../support/eventually.ts";

/** A process that nobody has started. */
function fakeProcess({ isTTY = true } = {}) {
	const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
	const exits: number[] = [];
	const fake = Object.assign(new EventEmitter(), {
		stdin: Object.assign(stdin, { isTTY }),
		stdout,
		stderr: Object.assign(stderr, { isTTY }),
		env: { NAME: "value" },
		ppid: 1,
		exit: (code: number) => exits.push(code),
	});
	return { fake, io: processIo(fake as unknown as NodeJS.Process), exits };
}

describe("the world of a process", () => {
	it("holds its environment and its streams", () => {
		const { fake, io } = fakeProcess();
		expect(io.env["NAME"]).toBe("value");
		expect([io.stdout, io.stderr]).toEqual([fake.stdout, fake.stderr]);
		expect(io.signal?.aborted).toBe(false);
	});

	it.each(["SIGINT", "SIGTERM"])("comes to its end with %s, once; the next one is the platform's", (signal) => {
		const { fake, io } = fakeProcess();
		fake.emit(signal);
		expect(io.signal?.aborted).toBe(true);
		expect(fake.listenerCount(signal)).toBe(0);
	});

	it("comes to its end when its parent is gone", async () => {
		const { fake, io } = fakeProcess();
		fake.ppid = 2;
		await eventually("its end", () => io.signal?.aborted || undefined);
	});

	it.each([
		["EPIPE", 0],
		["EIO", 1],
	])("ends at once where its output is not read: %s", (code, exit) => {
		const { fake, exits } = fakeProcess();
		fake.stdout.emit("error", Object.assign(new Error("no"), { code }));
		expect(exits).toEqual([exit]);
	});

	it.each([
		["y\n", true],
		["YES\n", true],
		["\n", false],
		["no\n", false],
		["yesterday\n", false],
	])("asks on the terminal, where %j means %s", async (typed, meant) => {
		const { fake, io } = fakeProcess();
		const answer = io.ask?.("Start?");
		fake.stdin.write(typed);
		expect(await answer).toBe(meant);
		expect(String(fake.stderr.read())).toContain("Start? [y/N] ");
	});

	it("takes the end of the input for a no", async () => {
		const { fake, io } = fakeProcess();
		const answer = io.ask?.("Start?");
		fake.stdin.end();
		expect(await answer).toBe(false);
	});

	it("asks nothing where there is no terminal", () => {
		expect(fakeProcess({ isTTY: false }).io.ask).toBeUndefined();
	});
});
