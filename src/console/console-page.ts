import { HTML, SCRIPT_HASH, STYLE_HASH } from "./page.generated.ts";

/**
 * What the page may do: run its own script and style, told by their hashes, and ask its own host. Nothing is loaded from
 * anywhere, nothing may frame it, and no text ever becomes markup (`require-trusted-types-for`, where a browser has it).
 */
const POLICY = [
	"default-src 'none'",
	`script-src '${SCRIPT_HASH}'`,
	`style-src '${STYLE_HASH}'`,
	"img-src data:",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
].join("; ");

/** The console page, as it is served. It holds no data; what it shows, it asks for. */
export const consolePage = {
	body: HTML,
	headers: {
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": POLICY,
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "no-cache",
	},
} as const;
