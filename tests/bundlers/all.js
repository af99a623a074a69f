// A program that keeps everything, to be weighed.

export * from "omnikv";
