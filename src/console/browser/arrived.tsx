import type { Receipt } from "./answers.ts";

/** A rejected event as it arrived, so that a person sees what is wrong with it. */
export function Arrived({ receipt: { arrived } }: { receipt: Receipt }) {
	if (arrived === null || arrived === undefined) return null;
	const { text, bytes, whole } = arrived;
	return (
		<>
			<h3>As it arrived</h3>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<pre tabIndex={0}>{whole ? indented(text) : text}</pre>
			{!whole && <p class="more">This is the beginning of {bytes.toLocaleString("en-GB")} bytes.</p>}
		</>
	);
}

/** JSON with line breaks, if that changes nothing else: a number may have more digits than JavaScript keeps. */
function indented(text: string): string {
	try {
		const value: unknown = JSON.parse(text);
		return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
	} catch {
		return text;
	}
}
