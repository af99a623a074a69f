// Remaining time as text.

/** The time until a deadline (milliseconds since 1970): `42 s`, `29:59`, `3 h 20 m`, `12 d`; empty if there is none. */
export function timeLeft(deadline) {
  if (!(deadline > 0)) return "";
  const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The time of day of a moment (milliseconds since 1970): `14:03:22`. */
export const timeOfDay = (moment) => new Date(moment).toLocaleTimeString("en-GB");
