/* <billing-card token-src="/billing-token">: the card of who is signed in, on a site of another origin. It
   takes the height of its content and the site's colour scheme, and brings a new token when one has ended. */
(function () {
  "use strict";
  if (customElements.get("billing-card")) return;

  const PAUSE = 10000; // milliseconds between two requests for a token that nobody clicked for
  const LONGEST_PAUSE = 300000;
  const ANSWERS_WITHIN = 10000; // the site, asked for a token
  const SPEAKS_WITHIN = 4000; // once loaded: what stays silent is no card but a page of the browser's own
  const EVENTS = ["message", "visibilitychange", "focus", "online"];
  const SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  // As wide as its place; where that is as wide as its content would like, a card's 40rem and not a frame's 300px.
  const FILLS = "display: block; width: 100%; height: 32rem; border: 0; contain: size; contain-intrinsic-width: 40rem";
  const WORDS = {
    nl: ["Je abonnement", "Je abonnement is nu niet op te halen", "Probeer het opnieuw"],
    en: ["Your subscription", "Your subscription cannot be loaded right now", "Try again"],
    de: ["Ihr Abonnement", "Ihr Abonnement lässt sich gerade nicht abrufen", "Noch einmal versuchen"],
    fr: ["Votre abonnement", "Impossible de charger votre abonnement pour le moment", "Réessayer"],
  };
  const script = document.currentScript || document.querySelector('script[src*="/billing-card.js"]');
  const address = script && script.src ? new URL("../card", script.src).href : "";
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  class BillingCard extends HTMLElement {
    static get observedAttributes() { return ["src", "token", "token-src"]; }

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      if (root.adoptedStyleSheets) { // no Content-Security-Policy of the site minds these
        root.adoptedStyleSheets = [new CSSStyleSheet()];
        root.adoptedStyleSheets[0].replaceSync(":host { display: block } :host([hidden]) { display: none }");
      }
      // A system colour follows the color-scheme in use here, and a transition tells when that changes.
      this._box = make("div", { style: "outline-color: CanvasText; transition: outline-color 1ms" });
      this._box.setAttribute("aria-live", "polite");
      this._box.addEventListener("transitionrun", () => this._paint());
      root.append(this._box);
      this._given = "";
      this._turn = 0;
      this._forget();
    }

    get token() { return this._given; }
    set token(value) { // as attribute or as property: the last one counts, also when it takes the token away
      const before = this._given;
      this._given = value || "";
      this._change(before, this._given);
    }

    connectedCallback() {
      const early = Object.getOwnPropertyDescriptor(this, "token"); // set before this file was there
      if (early && delete this.token) this.token = early.value;
      this._connected = true;
      EVENTS.forEach((name) => window.addEventListener(name, this));
      this._load();
    }

    disconnectedCallback() {
      this._connected = false;
      EVENTS.forEach((name) => window.removeEventListener(name, this));
      this._clear();
    }

    connectedMoveCallback() {} // moveBefore() leaves the frame as it is

    attributeChangedCallback(name, before, now) {
      if (name === "token") this.token = now;
      else this._change(before, now);
    }

    _change(before, now) {
      if (before === now) return;
      this._clear(); // another customer, perhaps: nothing of the last one stays
      this._forget();
      if (this._connected) this._load();
    }

    handleEvent(event) {
      if (event.type === "message") this._hear(event);
      else if (document.visibilityState !== "visible") return;
      else if (this._frame) this._say({ look: true });
      else if (this._failed && Date.now() >= this._next) this._load();
    }

    _forget() {
      Object.assign(this, { _held: "", _refused: "", _version: "", _status: 0, _asked: 0, _failures: 0 });
    }

    _clear() {
      this._turn += 1; // what is still under way comes too late
      clearTimeout(this._timer);
      this._failed = false;
      this._frame = null;
      this._box.replaceChildren();
    }

    async _load() {
      const turn = (this._turn += 1);
      this._failed = false;
      try {
        await null; // what a site does in one go is one change
        if (turn !== this._turn) return;
        const known = [this._held, this.token].find((token) => token && token !== this._refused);
        const source = this.getAttribute("token-src");
        if (!known && source === null) return; // the page has no token yet
        const token = known || await this._ask(source);
        if (turn === this._turn) this._show(token);
      } catch (error) {
        console.error(`billing-card: ${error.message}`);
        if (turn === this._turn) this._fail("token");
      }
    }

    async _ask(source) {
      this._asked = Date.now();
      const headers = { Accept: "application/json, text/plain" };
      const signal = AbortSignal.timeout && AbortSignal.timeout(ANSWERS_WITHIN);
      const answer = await fetch(source, { cache: "no-store", headers, signal });
      const said = (await answer.text()).trim();
      const token = said[0] === "{" ? JSON.parse(said).token : said;
      if (!answer.ok || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw new Error(`${source} gives no token`);
      return token;
    }

    _show(token) {
      const source = this.getAttribute("src") || address;
      if (!source) throw new Error("src is missing");
      const url = new URL(source, document.baseURI);
      Object.assign(this, { _held: token, _origin: url.origin, _scheme: this._used(), _heard: false });
      clearTimeout(this._timer);
      url.searchParams.set("token", token);
      url.searchParams.set("scheme", this._scheme);
      if (this._frame) {
        this._frame.contentWindow.location.replace(url.href); // no step in the history of the tab
        return;
      }
      this._clear();
      this._frame = make("iframe", { title: this._words()[0], style: FILLS, sandbox: SANDBOX, scrolling: "no", src: url.href });
      this._frame.addEventListener("load", () => this._expect());
      this._box.append(this._frame);
    }

    _expect() {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => { if (this._frame && !this._heard) this._fail("unreachable"); }, SPEAKS_WITHIN);
    }

    _hear(event) {
      const said = event.data && event.data.billingCard;
      if (!said || !this._frame || event.source !== this._frame.contentWindow || event.origin !== this._origin) return;
      this._heard = true;
      this._paint();
      if (said.status === 401) {
        this._renew();
        return;
      }
      this._frame.style.visibility = "";
      if (said.height > 0) this._frame.style.height = `${said.height}px`;
      if (said.status >= 400 && said.status !== this._status) this._tell("error", "unavailable");
      if (said.version && this._version && said.version !== this._version) this._tell("change");
      if (said.version) Object.assign(this, { _version: said.version, _failures: 0 });
      this._status = said.status;
    }

    _renew() {
      this._refused = this._held;
      if (!this.hasAttribute("token-src") || Date.now() < this._asked + PAUSE) {
        this._fail("expired");
        return;
      }
      this._frame.style.visibility = "hidden"; // and as high as it was
      this._load();
    }

    _fail(reason) {
      this._clear();
      this._next = Date.now() + Math.min(PAUSE * 2 ** this._failures, LONGEST_PAUSE);
      this._failures += 1;
      this._failed = true;
      const [, text, again] = this._words();
      this._box.append(make("p", { textContent: text }));
      if (reason === "unreachable" || this.hasAttribute("token-src")) {
        const style = "padding: .4em .8em; font: inherit";
        this._box.append(make("button", { type: "button", textContent: again, style, onclick: () => this._load() }));
      }
      this._tell("error", reason);
    }

    _paint() {
      const scheme = this._used();
      if (!this._frame || scheme === this._scheme) return;
      this._scheme = scheme;
      this._say({ scheme });
    }

    _used() {
      return getComputedStyle(this._box).outlineColor.match(/\d+/)[0] > 127 ? "dark" : "light";
    }

    _words() {
      const near = this.closest("[lang]");
      return WORDS[near ? near.lang.slice(0, 2).toLowerCase() : "nl"] || WORDS.nl;
    }

    _say(billingCard) {
      this._frame.contentWindow.postMessage({ billingCard }, this._origin);
    }

    _tell(what, reason) {
      const options = { bubbles: true, composed: true, detail: { reason } };
      this.dispatchEvent(new CustomEvent(`billing-card-${what}`, options));
    }
  }

  customElements.define("billing-card", BillingCard);
})();
