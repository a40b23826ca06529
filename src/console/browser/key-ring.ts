/** Whose function key: each keyed function has its own, and neither is the master key. */
export type KeyName = (typeof KEY_NAMES)[number];
export const KEY_NAMES = ["receipts", "counts", "replay", "discard"] as const;

/** The function keys that were typed in. */
export interface KeyRing {
	get(name: KeyName): string | undefined;
	/** An empty text removes it. */
	set(name: KeyName, key: string): void;
	forget(): void;
}

/** What is used of a browser's `Storage`. */
export interface TabStorage {
	getItem(name: string): string | null;
	setItem(name: string, value: string): void;
	removeItem(name: string): void;
}

const place = (name: KeyName) => `grid-dispatch key ${name}`;

/**
 * Keeps keys in the tab: a reload, which a page that stays open for hours needs now and then, does not ask for them
 * again; another tab, and this one once it was closed, does. They go out in a header, and nowhere else.
 * @param tab `sessionStorage`
 */
export function createKeyRing(tab: TabStorage): KeyRing {
	return {
		get: (name) => tab.getItem(place(name)) ?? undefined,
		set(name, key) {
			if (key === "") tab.removeItem(place(name));
			else tab.setItem(place(name), key);
		},
		forget() {
			for (const name of KEY_NAMES) tab.removeItem(place(name));
		},
	};
}
