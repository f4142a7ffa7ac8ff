/* Reads the card anew when its tab is looked at again, and swaps it only when it has changed. Who may
   not see it any more is told so in its place. The page works without this file. */
(function () {
  "use strict";
  if (window.billingProxy) return;
  window.billingProxy = true;

  var PAUSE = 1000; // milliseconds between two readings
  var LIVE = 2100; // a card that is read live may be two seconds old, so there is a second look after those
  var OLD = 300000; // the pass in the links of a frame lives ten minutes: who comes near gets a newer one
  var last = 0;
  var read = Date.now();
  var busy = false;
  var later = 0;
  var second = 0;
  var announcer = document.createElement("p");
  announcer.className = "billing-unseen";
  announcer.setAttribute("role", "status");
  document.body.appendChild(announcer);

  // In a frame on another site: a <billing-card> around it takes over the height, and has a new token when
  // this one has ended. Nothing in what it is told is a secret. It says which of its colours it uses.
  var framed = document.body.classList.contains("billing-framed") && window.parent !== window;
  var ended = false;

  function tell() {
    var card = framed && document.querySelector(".billing-card");
    if (!card) return;
    var status = Number(card.dataset.billingStatus || 200);
    if (status === 401 && ended) return; // that is said once
    ended = status === 401;
    var height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    window.parent.postMessage({ billingCard: { status: status, version: card.dataset.billingVersion, height: height } }, "*");
  }

  if (framed) {
    tell();
    new ResizeObserver(tell).observe(document.body); // which a browser may put off while nobody sees the frame
    window.addEventListener("message", function (event) {
      var said = event.source === window.parent && event.data && event.data.billingCard;
      if (!said) return;
      if (["light", "dark"].indexOf(said.scheme) >= 0) document.querySelector("meta[name=color-scheme]").content = said.scheme;
      if (said.look) look(); // the focus of a window is told to one of its documents alone
    });
    ["pointerover", "focusin"].forEach(function (name) {
      document.addEventListener(name, function () { if (Date.now() - read > OLD) refresh(); });
    });
  }

  function swap(card, fresh) {
    var held = card.contains(document.activeElement) ? document.activeElement.className : "";
    var folded = card.querySelector("details");
    var unfolded = folded && folded.open && fresh.querySelector("details");
    if (unfolded) unfolded.open = true;
    if (fresh.dataset.billingUpdated) { // seen at the card's edge, where it moves nothing
      var sign = document.createElement("span");
      sign.className = "billing-updated";
      sign.setAttribute("aria-hidden", "true");
      sign.textContent = fresh.dataset.billingUpdated;
      fresh.prepend(sign);
    }
    card.replaceWith(fresh);
    if (held) {
      var next = fresh.getElementsByClassName(held)[0] || fresh.querySelector("a");
      if (next) next.focus({ preventScroll: true });
    }
    var badge = fresh.querySelector(".billing-facts .billing-badge");
    announcer.lang = fresh.lang;
    announcer.textContent = fresh.dataset.billingChanged + (badge ? " " + badge.textContent + "." : "");
  }

  function parse(html) {
    return new DOMParser().parseFromString(html, "text/html");
  }

  // Signed out, or signed in as somebody else: the card goes, and why stands in its place.
  function takeAway(card, html, status) {
    var said = parse(html).querySelector(".billing-card");
    var notice = said ? document.importNode(said, true) : document.createElement("section");
    notice.dataset.billingRefresh = card.dataset.billingRefresh; // who signs in again gets it back
    notice.dataset.billingStatus = status;
    card.replaceWith(notice);
    announcer.textContent = (notice.firstElementChild || notice).textContent;
  }

  function update(card, html) {
    var fresh = parse(html).querySelector("[data-billing-version]");
    if (!fresh) return;
    fresh.dataset.billingRefresh = card.dataset.billingRefresh;
    var offers = document.querySelector("[data-billing-offers]"); // on the page they stand below the card
    var links = fresh.querySelector(".billing-links");
    if (offers) {
      offers.innerHTML = links ? links.innerHTML : "";
      if (links) links.remove();
      var upgrade = document.querySelector("[data-billing-upgrade]"); // no steps to where nothing leads
      if (upgrade) upgrade.hidden = !offers.querySelector('[href$="flow=subscription_update"], [href*="flow=subscription_update&"]');
    }
    if (fresh.dataset.billingVersion !== card.dataset.billingVersion) {
      swap(card, document.importNode(fresh, true));
    } else { // the same card, but a pass in its links may be a newer one
      var newer = fresh.querySelectorAll("a");
      card.querySelectorAll("a").forEach(function (link, i) { link.href = newer[i].getAttribute("href"); });
    }
  }

  function cards() {
    return Array.from(document.querySelectorAll("[data-billing-refresh], [data-billing-heals]"));
  }

  function refresh() {
    var shown = cards();
    if (!shown.length || document.visibilityState !== "visible") return;
    var wait = busy ? PAUSE : last + PAUSE - Date.now();
    if (wait > 0) { // a look so soon after the last one is not lost, only later
      clearTimeout(later);
      later = setTimeout(refresh, wait);
      return;
    }
    busy = true;
    last = read = Date.now();
    var addresses = new Set(shown.map(function (card) { return card.dataset.billingRefresh; }));
    Promise.all(Array.from(addresses, renew)).then(function () { busy = false; });
  }

  // A site may show one card twice, say to a wide and to a narrow window: all of an address get its answer.
  function renew(address) {
    var heals = address === undefined;
    // A frame on another site has no cookie to say that its portal was opened: it asks for a live read.
    var cache = address ? "default" : "reload";
    return fetch(address || location.href, { cache: cache, credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (response) {
        var taken = [401, 403, 404].indexOf(response.status) >= 0;
        if (heals && response.ok) location.reload();
        if (heals || !(response.ok || taken)) return;
        return response.text().then(function (html) {
          cards().forEach(function (card) {
            if (card.dataset.billingRefresh !== address) return;
            if (taken) takeAway(card, html, response.status);
            else update(card, html);
          });
          tell();
        });
      })
      .catch(function () {}); // offline: what is shown stays, and the next look tries again
  }

  function look() {
    refresh();
    clearTimeout(second);
    second = setTimeout(refresh, LIVE);
  }

  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", function (event) {
    var navigation = performance.getEntriesByType("navigation")[0];
    if (event.persisted || (navigation && navigation.type === "back_forward")) look();
  });
})();
