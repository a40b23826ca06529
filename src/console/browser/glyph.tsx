import type { Mark } from "./run-step.ts";
import type { Tone } from "./tones.ts";

const OF_TONE: Readonly<Record<Tone, Mark>> = {
	sent: "done",
	moving: "now",
	delayed: "stuck",
	lost: "failed",
	passed: "none",
};

/** A sign that says without colour what the colour says. The words beside it say the same to a screen reader. */
export function Glyph({ tone, mark }: { tone?: Tone; mark?: Mark }) {
	const sign = mark ?? (tone === undefined ? "none" : OF_TONE[tone]);
	return <i class={`glyph ${sign}-sign`} aria-hidden="true" />;
}
