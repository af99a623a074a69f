// The form that shows where the store is, and switches to another one. The token is removed from its field as soon as
// it is used.

import { announce, byId } from "./page.js";
import { apart, HOME, KEPT, PlaceError, plain } from "./place.js";
import { remember } from "./remember.js";

/** The form for a place; calls `changed()` when the store has changed. */
export class PlaceForm {
  #place;
  #changed;
  #url = byId("place-url");
  #token = byId("place-token");
  #connect = byId("place-connect");
  /** Whether the open store does not answer at the moment. */
  #isLost = false;

  constructor(place, changed) {
    this.#place = place;
    this.#changed = changed;
    byId("place").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(this.#url.value);
    });
    byId("place-leave").addEventListener("click", () => this.#go(HOME));
    byId("place-keep").addEventListener("click", () => this.#go(KEPT));
    this.#url.addEventListener("input", () => this.#typed());
    this.#show();
  }

  /** Call when the store did not answer. */
  lost(error) {
    if (!this.#place.isAway) return;
    this.#isLost = true;
    this.#say(
      "bad",
      `${this.#place.shown} does not answer as it should: ${plain(error)}. It is asked again, more seldom.`,
    );
  }

  /** Call when the store answered. */
  found() {
    if (this.#isLost) this.#show();
    this.#isLost = false;
  }

  async #go(url) {
    if (this.#connect.getAttribute("aria-disabled") === "true") return;
    const token = this.#token.value;
    this.#token.value = "";
    this.#connect.setAttribute("aria-disabled", "true");
    this.#say("busy", "Connecting…");
    try {
      const took = await this.#place.go(url, token === "" ? undefined : token);
      this.#isLost = false;
      remember("kept", this.#place.isKept);
      this.#show(took);
      announce(`Connected to ${this.#place.shown}`);
      this.#changed();
    } catch (error) {
      const text = error instanceof PlaceError ? error.message : plain(error);
      const stays = this.#place.isAway ? ` Still connected to ${this.#place.shown}.` : "";
      this.#say("bad", text + stays);
      if (!this.#isToken()) this.#url.focus();
      else this.#token.focus();
    } finally {
      this.#connect.removeAttribute("aria-disabled");
    }
  }

  /** Hides tokens, even one that came with a URL. */
  #typed() {
    const { url, token } = apart(this.#url.value);
    if (token !== undefined) {
      this.#url.value = url;
      this.#token.value = token;
    }
    byId("place-token-field").hidden = !this.#isToken();
  }

  #isToken() {
    return /^\s*(https?|upstash(\+https?)?):/i.test(this.#url.value);
  }

  #show(took) {
    const { isAway, isKept, shown } = this.#place;
    if (!isAway) this.#url.value = shown;
    this.#typed();
    byId("place-leave").hidden = !isAway && !isKept;
    byId("place-keep").hidden = isAway || isKept;
    byId("console-url").textContent = shown;
    byId("load").hidden = isAway;
    byId("foot-where").textContent = isAway
      ? `What you write goes to ${shown}. The token is forgotten with this page.`
      : isKept
        ? `What you write stays in this browser, in ${shown}, until you delete it.`
        : "What you write stays in this tab until you close it.";
    const answered = took === undefined ? "" : `, which answered in ${Math.max(1, Math.round(took))} ms`;
    if (isAway) this.#say("away", `Connected to ${shown}${answered}. Keys are looked at every few seconds.`);
    else if (isKept) {
      this.#say("here", "In this browser: it is still here after a reload, and other tabs see it too.");
    } else
      this.#say(
        "here",
        "In this tab: nothing leaves it. Or the URL and token of an Upstash database, or of npx omnikv serve.",
      );
  }

  #say(state, text) {
    byId("place").dataset.state = state;
    byId("place-state").textContent = text;
  }
}
