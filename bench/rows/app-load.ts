import { execFileSync } from "node:child_process";
import { childEnvironment } from "../../support/child-environment.ts";
import { exampleSettings, NO_STORAGE } from "../example-app.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

const TIMEOUT_MS = 30_000;

/** What a cold start pays for the app itself: reading, evaluating and registering, before any event. */
export const rows: readonly Row[] = [
	{
		name: "app-load",
		what: "require of dist/index.cjs in a fresh process, with five routes configured",
		baseline: "require of a hello-world app, bundled in the same way",
		better: "lower",
		goal: 1.5,
		measure(bench) {
			const env = childEnvironment(exampleSettings("http://127.0.0.1:9", NO_STORAGE));
			const load = async (entry: string): Promise<Sample> => {
				const start = performance.now();
				const printed = execFileSync(process.execPath, [bench.child("load"), entry], {
					env,
					timeout: TIMEOUT_MS,
					// What the app complains of would be a broken measurement.
					stdio: ["ignore", "pipe", 2],
					encoding: "utf8",
				});
				return { "require, ms": Number(printed), "whole process, ms": performance.now() - start };
			};
			return alternate(
				bench.times(41, 2),
				() => load(bench.app),
				() => load(bench.benchApp("hello-world")),
			);
		},
	},
];
