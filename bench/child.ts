import { fork } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { childEnvironment } from "../support/child-environment.ts";

/** A program of `bench/children` at work in a process of its own. It answers one question at a time. */
export interface Child {
	/** Rejects when the child fails, ends or takes too long. */
	ask<Answer>(question: object): Promise<Answer>;
	end(): Promise<void>;
}

/** Far longer than any question takes; only keeps a run from hanging. */
const ANSWER_MS = 600_000;

/** @param settings the environment of an app that it loads; nothing else is inherited but what a process needs */
export function startChild(program: string, settings: Readonly<Record<string, string>> = {}): Child {
	const name = basename(program);
	const child = fork(program, {
		execArgv: [],
		env: childEnvironment(settings),
		// The table is alone on standard output.
		stdio: ["ignore", 2, 2, "ipc"],
	});
	const ended = once(child, "exit").then(([code, signal]: unknown[]) => {
		throw new Error(`${name} ended with ${code ?? signal}`);
	});
	ended.catch(() => {});

	return {
		async ask<Answer>(question: object) {
			const stop = new AbortController();
			const late = setTimeout(() => stop.abort(new Error(`no answer of ${name}`)), ANSWER_MS);
			try {
				const answered = once(child, "message", { signal: stop.signal });
				child.send(question);
				const [reply] = (await Promise.race([answered, ended])) as [{ answer: Answer } | { error: string }];
				if ("error" in reply) throw new Error(`${name}: ${reply.error}`);
				return reply.answer;
			} finally {
				clearTimeout(late);
				stop.abort();
			}
		},
		async end() {
			child.kill("SIGKILL");
			await ended.catch(() => {});
		},
	};
}

/** The child's side: answers each question that the parent sends, and ends when the parent does. */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
	process.on("message", (question) => {
		const given = new Promise((resolve) => resolve(answer(question as Question)));
		given.then(
			(value) => process.send?.({ answer: value ?? null }),
			(error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
		);
	});
	process.once("disconnect", () => process.exit());
}
