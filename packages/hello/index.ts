/**
 * The template of a Leashkit adapter.
 * @packageDocumentation
 */
export {};
