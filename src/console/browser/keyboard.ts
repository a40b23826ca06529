/** What a key does; each is a single letter, and none works while a person types. */
export interface Shortcuts {
	/** The next receipt, or the one before. */
	move(forward: boolean): void;
	replay(): void;
	discard(): void;
	find(): void;
	help(): void;
}

export const KEYS: readonly (readonly [string, string])[] = [
	["j, k", "next receipt, previous receipt"],
	["Enter", "open the receipt"],
	["r", "replay the dead letter"],
	["d", "discard the dead letter"],
	["/", "find"],
	["?", "this help"],
	["Esc", "close"],
];

/** Does what a key stands for; leaves all others alone, and those that a field or the browser needs. */
export function onKey(event: KeyboardEvent, shortcuts: Shortcuts): void {
	if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
	if (isTyping(event.target)) return;
	const done = doKey(event.key, shortcuts);
	if (done) event.preventDefault();
}

function doKey(key: string, shortcuts: Shortcuts): boolean {
	switch (key) {
		case "j":
		case "k":
			shortcuts.move(key === "j");
			return true;
		case "r":
			shortcuts.replay();
			return true;
		case "d":
			shortcuts.discard();
			return true;
		case "/":
			shortcuts.find();
			return true;
		case "?":
			shortcuts.help();
			return true;
		default:
			return false;
	}
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
}

/** The keys of the receipts on the page, in its order. */
export function keysOnPage(): readonly string[] {
	const all = [...document.querySelectorAll<HTMLElement>("main [data-key]")];
	return all.flatMap(({ dataset }) => dataset["key"] ?? []);
}

/** The receipt that has the focus. */
export function focusedKey(): string | undefined {
	return (document.activeElement as HTMLElement | null)?.dataset?.["key"];
}

/** Where the focus was last, for a row that has gone. */
let place = -1;

/** Moves the focus to the next receipt on the page, or to the one before. */
export function moveFocus(forward: boolean): void {
	const rows = [...document.querySelectorAll<HTMLElement>("main [data-key]")];
	const at = rows.indexOf(document.activeElement as HTMLElement);
	// Behind a row that has gone, its successor stands in its place.
	const from = at >= 0 ? at : forward ? Math.min(place, rows.length) - (place < 0 ? 0 : 1) : place;
	const next = Math.max(0, Math.min(rows.length - 1, from + (forward ? 1 : -1)));
	place = next;
	rows[next]?.focus();
}
