import type { BuildOptions } from "esbuild";

/**
 * How code becomes what the Functions worker loads. CommonJS, because the worker hooks `require` to hand out
 * `@azure/functions-core`, which exists nowhere else.
 */
export const BUNDLE_OPTIONS = {
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
	// The storage SDK asks where it lies, which a CommonJS file knows under another name.
	define: { "import.meta.url": "fileUrl" },
	banner: { js: 'const fileUrl=require("node:url").pathToFileURL(__filename).href;' },
	// `require` where the source says `import()`: it is quicker and is what the worker hooks.
	supported: { "dynamic-import": false },
	logLevel: "warning",
} as const satisfies BuildOptions;
