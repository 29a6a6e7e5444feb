// The definition of a metric, shown while the pointer or the focus is on its card. The card's
// title says the same where this script does not run.
(() => {
  const GAP = 6; // pixels
  let tip = null;
  let shown = null;

  const hide = () => {
    if (!shown) return;
    shown.title = tip.textContent;
    shown = null;
    tip.hidden = true;
  };

  const show = (card) => {
    if (card === shown) return;
    hide();
    const text = card.getAttribute("aria-description");
    if (!text) return;
    tip ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "tip", role: "tooltip" }));
    tip.ariaHidden = "true"; // the card says it already
    tip.textContent = text;
    tip.hidden = false;
    card.removeAttribute("title");
    shown = card;
    const box = card.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = box.bottom + GAP + tip.offsetHeight < window.innerHeight;
    const top = below ? box.bottom + GAP : box.top - GAP - tip.offsetHeight;
    tip.style.left = `${Math.max(8, left + window.scrollX)}px`;
    tip.style.top = `${top + window.scrollY}px`;
  };

  const cardOf = (event) => event.target.closest?.(".metric-card[data-metric]");
  const follow = (event) => (cardOf(event) ? show(cardOf(event)) : hide());
  document.addEventListener("mouseover", follow);
  document.addEventListener("focusin", follow);
  document.addEventListener("focusout", hide);
  // The focus brings its card into view: that must not take the definition away.
  const scrolled = () => shown !== document.activeElement && hide();
  document.addEventListener("scroll", scrolled, { passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
