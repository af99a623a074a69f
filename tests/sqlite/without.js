// Prints what opening a file answers where there is no SQLite.

import { connect } from "omnikv";

await connect("sqlite::memory:").catch(({ code, message }) => console.log(`${code}: ${message}`));
