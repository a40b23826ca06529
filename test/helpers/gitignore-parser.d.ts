declare module "gitignore-parser" {
	export function compile(text: string): { denies(file: string): boolean };
}
