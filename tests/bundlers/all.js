// A program that imports everything, to measure its size.

export * from "omnikv";
