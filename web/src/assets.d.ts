// SPDX-License-Identifier: GPL-2.0-or-later
/* The address of what the gateway says, in German, and files as they are. */
declare module "words:de" {
	const address: string;
	export default address;
}
declare module "*?raw" {
	const text: string;
	export default text;
}
