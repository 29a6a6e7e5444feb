// The command palette: Ctrl-K (or Cmd-K) opens it with the pages and actions, which it knows;
// symbols, runs and studies are asked of the server while the user types. Focus stays in the box, the
// chosen entry is told to screen readers by aria-activedescendant.
(() => {
  const ASK_AFTER_MS = 60;
  const ICONS = { symbols: "graph-up", runs: "clock-history", studies: "grid-3x3-gap" };
  const HEADS = { entries: "Pages and actions", symbols: "Symbols", runs: "Runs", studies: "Studies" };
  const NOTHING = { symbols: [], runs: [], studies: [] };

  let found = NOTHING;
  let shown = []; // the entries of the list, top to bottom
  let chosen = 0;
  let request = null;
  let timer = null;
  let before = null; // what had the focus

  const part = (name) => document.getElementById(name ? `palette-${name}` : "palette");
  const box = () => part("input").firstElementChild;

  const make = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  const build = () => {
    const place = part("input");
    const input = make("input", {
      type: "text", role: "combobox", placeholder: place.dataset.placeholder, "aria-label": place.dataset.placeholder,
      "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
      autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "100",
    });
    input.addEventListener("input", () => {
      chosen = 0;
      draw();
      clearTimeout(timer);
      timer = setTimeout(look, ASK_AFTER_MS);
    });
    place.append(input);
    part().addEventListener("keydown", onKey);
    part().addEventListener("close", () => {
      request?.abort();
      clearTimeout(timer);
      if (before?.isConnected) before.focus();
    });
    part().addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) go(Number(option.dataset.place), event.ctrlKey || event.metaKey);
      else if (event.target === part()) part().close();
    });
    part("list").addEventListener("mousemove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && Number(option.dataset.place) !== chosen) mark(Number(option.dataset.place));
    });
  };

  const open = () => {
    if (!part() || part().open || document.querySelector("dialog[open]")) return;
    if (!box()) build();
    before = document.activeElement;
    box().value = "";
    chosen = 0;
    draw();
    part().showModal();
    box().focus();
    look();
  };

  const look = async () => {
    request?.abort();
    request = new AbortController();
    const { signal } = request;
    const asked = box().value;
    try {
      const answer = await fetch(`/api/palette?${new URLSearchParams({ q: asked })}`, { signal });
      if (!answer.ok) throw new Error((await answer.text()).trim());
      found = { ...(await answer.json()), asked };
    } catch (error) {
      if (error.name === "AbortError") return;
      const away = "The server does not answer: symbols, runs and studies cannot be looked for.";
      found = { ...NOTHING, asked, trouble: error instanceof TypeError ? away : error.message };
    }
    if (part().open) draw();
  };

  const words = () => box().value.toLowerCase().split(/\s+/).filter(Boolean);

  const known = () => {
    const wanted = words();
    return JSON.parse(part().dataset.entries).filter(({ title, words: more }) => {
      const text = `${title} ${more}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
  };

  // Old answers stay until new ones come, as far as they fit what has been typed since.
  const fitting = (places) => {
    if (found.asked === box().value) return places;
    return places.filter((place) => words().every((word) => `${place.title} ${place.detail}`.toLowerCase().includes(word)));
  };

  const option = (entry, place) => {
    const element = make("div", { role: "option", id: `palette-option-${place}`, class: "palette-option", "data-place": place });
    element.append(
      make("i", { class: `bi bi-${entry.icon}`, "aria-hidden": "true" }),
      make("span", { class: "palette-title" }, entry.title),
      make("span", { class: "palette-detail" }, entry.detail || ""),
    );
    return element;
  };

  const group = (kind, entries) => {
    if (!entries.length) return [];
    const element = make("div", { role: "group", "aria-label": HEADS[kind] });
    element.append(make("div", { class: "palette-group", "aria-hidden": "true" }, HEADS[kind]));
    for (const entry of entries) element.append(option(entry, shown.push(entry) - 1));
    return [element];
  };

  const draw = () => {
    const place = (kind) => fitting(found[kind]).map((one) => ({ ...one, icon: ICONS[kind] }));
    const kinds = { entries: known(), symbols: place("symbols"), runs: place("runs"), studies: place("studies") };
    const order = words().length ? ["symbols", "entries", "runs", "studies"] : ["entries", "symbols", "runs", "studies"];
    shown = [];
    part("list").replaceChildren(...order.flatMap((kind) => group(kind, kinds[kind])));
    const waits = found.asked !== box().value;
    part("none").hidden = shown.length > 0 && !found.trouble;
    part("none").textContent = found.trouble || (waits ? "Looking…" : `Nothing is called “${box().value.trim()}”. Try a symbol, or the number or name of a run or a study.`);
    if (!waits) part("said").textContent = `${shown.length} found`;
    mark(Math.min(chosen, Math.max(shown.length - 1, 0)));
  };

  const mark = (place) => {
    chosen = place;
    for (const element of part("list").querySelectorAll("[role=option]")) {
      const is = Number(element.dataset.place) === chosen;
      element.setAttribute("aria-selected", String(is));
      if (is) element.scrollIntoView({ block: "nearest" });
    }
    if (shown.length) box().setAttribute("aria-activedescendant", `palette-option-${chosen}`);
    else box().removeAttribute("aria-activedescendant");
  };

  const go = (place, second) => {
    const entry = shown[place];
    if (!entry) return;
    part().close();
    // After this click or key has been told to everyone: a click beside an open panel closes it.
    if (entry.press) setTimeout(() => document.getElementById(entry.press)?.click());
    else window.shell.visit((second && entry.other) || entry.address);
  };

  const onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step && shown.length) {
      event.preventDefault();
      const there = chosen + step;
      const around = Math.abs(step) === 1 ? (there + shown.length) % shown.length : there;
      mark(Math.max(0, Math.min(shown.length - 1, around)));
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      go(chosen, event.ctrlKey || event.metaKey);
    } else if (event.key === "Tab") {
      event.preventDefault(); // the box is the only stop
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      part().close();
    }
  };

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (part()?.open) part().close();
      else open();
    },
    true,
  );
  document.addEventListener("click", (event) => event.target.closest?.("#palette-open, .opens-palette") && open());
})();
