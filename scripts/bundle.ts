/**
 * Builds `dist/`: `index.cjs`, which registers the functions and stays small, and beside it one file for each SDK
 * that is loaded only when it is first needed (every dynamic `import()` in the sources becomes such a file).
 * CommonJS, because the Functions worker hooks `require` to hand out `@azure/functions-core`.
 */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

const lazyFiles: Plugin = {
	name: "a file for each dynamic import",
	setup({ onResolve }) {
		onResolve({ filter: /^\.\/.*\.ts$/ }, ({ kind, path }) =>
			kind === "dynamic-import" ? { path: `./${basename(path, ".ts")}.cjs`, external: true } : undefined,
		);
	},
};

const options: BuildOptions = {
	entryPoints: { index: "src/index.ts", octokit: "src/dispatch/octokit.ts", "key-vault": "src/dispatch/key-vault.ts" },
	absWorkingDir: root,
	outdir: "dist",
	outExtension: { ".js": ".cjs" },
	bundle: true,
	platform: "node",
	format: "cjs",
	target: "node20",
	external: ["@azure/functions-core"],
	// Names are kept, so that a stack trace in a log can be read without the map.
	minifyWhitespace: true,
	minifySyntax: true,
	sourcemap: "linked",
	sourcesContent: false,
	legalComments: "none",
	// `require` where the source says `import()`: it is quicker and is what the worker hooks.
	supported: { "dynamic-import": false },
	plugins: [lazyFiles],
	logLevel: "warning",
};

rmSync(join(root, "dist"), { recursive: true, force: true });
await build(options);
